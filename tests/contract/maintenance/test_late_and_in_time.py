"""Whatever happens around a loop test, and whenever we hear of what people did: no safety event
is swallowed, and nothing that the test left."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from maintenance.episode_rules import LOOP_TEST, work_is_done
from maintenance.episode_subjects import calling, safety_subjects
from maintenance.episodes import Episode, EpisodeState
from maintenance.event_order import rang_at, real_after, told_at
from plantroom.domain.assets import Asset, LocalName, Severity
from plantroom.domain.findings import FindingRaised
from tests.contract.maintenance.loop_walk import S, Walk, walk
from tests.contract.maintenance.tablet import op, send
from tests.contract.maintenance.test_findings import episodes
from tests.contract.maintenance.test_loop_echoes import FIRE, Told, asked, event, value
from tests.contract.maintenance.test_loop_value_echoes import asked_for_the_value
from tests.contract.maintenance.test_over_with_work import MINUTE, look
from tests.examples import examples

__all__ = ["walk"]

CALL = "manual_call_point"
FINISHED, LONG_AFTER = 80, 100
VALUE = {"verdict": {"verdict": "false_alarm"}, "hold": {"reason": "parts"}}
Word = tuple[str, int]
panels = itertools.count()


class Panel:
    """A fire panel with what is told of it, safety or not, and with its first ticket."""

    def __init__(self, walk: Walk, *, safety: bool = True) -> None:
        self.walk, self.safety = walk, safety
        self.what = replace(FIRE, asset=f"panel-{next(panels)}")
        self.stands: dict[str, tuple[FindingRaised, int]] = {}
        asset = Asset(self.what.asset, "demo", self.what.asset, "fire_panel", LocalName("火警主机", "Panel"))
        with walk.ledger.begin() as tx:
            tx.assets.add(asset, [])

    def tell(self, name: str, second: int) -> None:
        began, _, over = name.partition(" ")
        if over and began in self.stands:
            self.walk.comes(self.walk.over(self.stands.pop(began)[0]))
        elif not over:
            what: Told = replace(self.what, event=began)
            raised = value(self.walk, what) if began == "value" else event(self.walk, what)
            if not self.safety:
                raised = replace(raised, safety=False, severity=Severity.MAJOR)
            # What is said over and over within a minute is no news.
            self.stands[began] = raised, self.stands[began][1] if began in self.stands else second
            self.walk.comes(raised)

    def say(self, words: Sequence[Word], began: int) -> None:
        """A tablet tells of it now."""
        ticket = self.walk.tickets(self.what.asset)[0]
        done = ((name, self.walk.now + (at - began) * S) for name, at in words)
        sent = [op(ticket, one, value=VALUE.get(one, {}), captured_at=at.isoformat()) for one, at in done]
        send(self.walk.ledger, *sent, device_now=self.walk.now, now=self.walk.now)


def happens(
    walk: Walk,
    ask: Callable[..., None] | None,
    told: Sequence[str],
    words: Sequence[Word],
    heard: int,
    *,
    safety: bool = True,
) -> Panel:
    """Told of every 10 s, words at their seconds, of which we hear no sooner than ``heard``."""
    walk.after(24 * 3600)
    panel, begins = Panel(walk, safety=safety), walk.now
    if ask is not None:
        ask(walk, panel.what)
    steps: dict[int, Callable[[int], None]] = {
        10 * n: lambda at, one=one: panel.tell(one, at)  # type: ignore[misc]
        for n, one in enumerate(told, 1)
    }
    for at in sorted({max(heard, at) for _, at in words}):
        steps[at] = lambda now: panel.say([one for one in words if max(heard, one[1]) == now], now)
    if ask is not None:
        steps[FINISHED] = lambda _: walk.keep(lambda keeper: keeper.finish(walk.test.id, "wang")) and None
    for at, step in sorted(steps.items()):
        walk.now = begins + at * S
        step(at)
        if ask is not None:
            walk.look()
    walk.now = begins + LONG_AFTER * S
    look(walk.ledger, walk.now + MINUTE)
    return panel


def is_seen_to(walk: Walk, alarm: Episode) -> bool:
    """Whether an alarm has an open ticket, or somebody took note of it, or worked on, after people were told of it."""
    with walk.ledger.read() as tx:
        ticket = tx.orders.get(str(alarm.work_order))
        ended = max(step.at for step in tx.orders.transitions(ticket.id) if step.to is ticket.state)
    told = max(at for at in (alarm.opened_at, rang_at(alarm), told_at(alarm)) if at is not None)
    noted = alarm.acknowledged_at is not None and alarm.acknowledged_at >= told
    return noted or not work_is_done(ticket) or ended >= told


def nothing_is_swallowed(panel: Panel, words: Sequence[Word]) -> None:
    standing = [one for one in episodes(panel.walk.ledger, panel.what.asset) if one.state is EpisodeState.OPEN]
    assert not any(LOOP_TEST in one.tags for one in standing), "the test is over"
    safety = [one for one in standing if set(safety_subjects(one)) & set(one.open_subjects)]
    assert all(is_seen_to(panel.walk, one) for one in safety)
    left = [one for one in standing if real_after(one, one.opened_at) and calling(one)]
    assert all(is_seen_to(panel.walk, one) for one in left)
    if not panel.safety:
        return
    last = max((at for _, at in words), default=0)
    unseen = {f"rule:{name}" for name, (_, at) in panel.stands.items() if name != "value" and at > last}
    calls = {name for one in standing if one.acknowledged_at is None for name in one.open_subjects}
    assert unseen <= calls, "nobody can have seen to it"


TOLD = st.lists(st.sampled_from(["value", FIRE.event, CALL, "value over", f"{FIRE.event} over"]), max_size=4)
WORD = st.sampled_from(["acknowledge", "start", "verdict", "hold", "complete"])


@settings(
    max_examples=examples(25),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    ask=st.sampled_from([None, asked, asked_for_the_value]),
    first=st.sampled_from(["value", FIRE.event, CALL]),
    told=TOLD,
    words=st.lists(st.tuples(WORD, st.sampled_from([15, 25, 35, 45, 55])), max_size=4),
    heard=st.sampled_from([58, 90]),
    safety=st.booleans(),
)
@example(
    ask=asked_for_the_value, first="value", told=[], words=[("start", 15), ("complete", 25)], heard=90, safety=False
)
@example(ask=asked, first=CALL, told=[], words=[("verdict", 15), ("complete", 25)], heard=90, safety=False)
def test_of_words_in_time_and_late_alike(
    walk: Walk,
    ask: Callable[..., None] | None,
    first: str,
    told: list[str],
    words: list[Word],
    heard: int,
    *,
    safety: bool,
) -> None:
    words = sorted(words, key=lambda one: one[1])
    for at_least in (0, heard):
        nothing_is_swallowed(happens(walk, ask, [first, *told], words, at_least, safety=safety), words)
