"""A safety event overtakes the other events of its machine: an episode is in the end what it would have been."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from maintenance.alarm_rules import alarm_priority, stands_since
from maintenance.episode_rules import absorb, clear, level_of, new_episode
from maintenance.episode_subjects import PRIORITIES, calling, safety_subjects
from maintenance.episodes import Episode, EpisodeState
from maintenance.event_order import raised_at
from maintenance.turns import Turns
from maintenance.unknown_events import KEPT, OTHERS, UNKNOWN_EVENT, gathered_events
from plantroom.domain.assets import Severity
from plantroom.domain.findings import Finding, FindingCleared, FindingRaised, FindingSource
from plantroom.ports.outbox import QueuedFinding, place_of
from tests.examples import examples

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)
APPLIED = NOW + timedelta(hours=1)


def raised(
    n: int, name: str, severity: Severity = Severity.GENERAL, *, safety: bool = False, known: bool = False
) -> FindingRaised:
    at, detail = NOW + n * SECOND, {"event": name, "tags": [] if known else [UNKNOWN_EVENT]}
    return FindingRaised(
        f"r{n}", "demo", "a", "unclassified", FindingSource.RULE, severity, safety, at, at, name, (), detail
    )


def over(n: int, name: str) -> FindingCleared:
    at = NOW + n * SECOND
    return FindingCleared(f"c{n}", "demo", "a", "unclassified", FindingSource.RULE, at, at, name)


def safety(n: int, name: str, *, known: bool = False) -> FindingRaised:
    return raised(n, name, Severity.CRITICAL, safety=True, known=known)


def overtaken(told: Sequence[Finding]) -> list[Finding]:
    """In the order in which they are taken up when all wait."""
    turns, queued = Turns(), {n: QueuedFinding(n, one) for n, one in enumerate(told, 1)}
    turns.note(map(place_of, queued.values()))
    ahead = [queued.pop(position) for _, position in turns.next(len(told))]
    return [one.finding for one in (*ahead, *queued.values())]


def taken_up(told: Iterable[Finding], episode: Episode | None = None) -> Episode:
    for one in told:
        if isinstance(one, FindingCleared):
            episode = episode and clear(episode, one, APPLIED)
        elif episode is None:
            episode = new_episode("e", one, level_of(one, None), APPLIED, under_maintenance=False)
        else:
            episode = absorb(episode, one, level_of(one, None), under_maintenance=False)
    assert episode is not None
    return episode


def what_matters(episode: Episode) -> dict[str, object]:
    """Without what stands together: of events that are told over and over, how many those are depends on the order."""
    standing = set(episode.open_subjects) - {OTHERS}
    priorities = (episode.detail or {})[PRIORITIES]
    assert isinstance(priorities, dict)
    return {
        "standing": standing,
        "state": episode.state,
        "severity": episode.severity,
        "safety": episode.safety,
        "priority": alarm_priority(episode),
        "priorities": {one: word for one, word in priorities.items() if one in standing},
        "calling": set(calling(episode)) - {OTHERS},
        "safety subjects": standing & set(safety_subjects(episode)),
        "raised at": {one: at for one, at in raised_at(episode).items() if one in standing},
        "first observed": episode.opened_observed_at,
        "last observed": episode.last_observed_at,
        "findings": episode.findings,
    }


def test_a_safety_event_overtakes_unknown_events_and_their_episode_is_the_same() -> None:
    told = [*(raised(n, f"e{n}") for n in range(60)), safety(60, "gas"), raised(61, "e0")]
    assert overtaken(told)[0] is told[60]
    arrived, ahead = taken_up(told), taken_up(overtaken(told))
    assert what_matters(arrived) == what_matters(ahead)
    assert set(arrived.open_subjects) == set(ahead.open_subjects)
    assert gathered_events(arrived) == gathered_events(ahead) == 61 - KEPT
    assert (ahead.opened_observed_at, ahead.last_observed_at) == (NOW, NOW + 61 * SECOND)


def test_one_that_ended_and_came_again_stands_with_its_own_times() -> None:
    told = [raised(1, "door", known=True), over(2, "door"), raised(3, "door", known=True), safety(4, "gas")]
    ahead = taken_up(overtaken(told))
    assert set(ahead.open_subjects) == {"rule:door", "rule:gas"}
    assert raised_at(ahead)["rule:door"] == NOW + 3 * SECOND
    assert what_matters(taken_up(told)) == what_matters(ahead)


def test_a_safety_event_that_ended_and_came_again_keeps_its_order() -> None:
    told = [raised(0, "door"), safety(1, "gas"), over(2, "gas"), safety(3, "gas")]
    assert overtaken(told) == [*told[1:], told[0]]
    assert set(taken_up(overtaken(told)).open_subjects) == {"rule:door", "rule:gas"}


def test_what_came_back_stands_since_what_was_received_first() -> None:
    before = taken_up([raised(0, "door", known=True), over(1, "door")])
    assert before.state is EpisodeState.CLOSED
    told = [raised(5, "login"), raised(6, "link_up"), safety(7, "gas")]
    for order in (told, overtaken(told)):
        assert stands_since(taken_up(order, before)) == (NOW + 5 * SECOND, NOW + 5 * SECOND)


def test_what_is_received_after_an_alarm_began_does_not_make_it_older() -> None:
    late = replace(raised(0, "login"), observed_at=NOW - timedelta(days=2), received_at=APPLIED + SECOND)
    assert taken_up([safety(1, "gas"), late]).opened_observed_at == NOW + SECOND


moves = st.lists(
    st.one_of(
        st.tuples(st.just("unknown"), st.integers(0, 60)),
        st.tuples(st.just("burst"), st.integers(1, 60)),
        st.tuples(st.sampled_from(["known", "safety", "over"]), st.integers(0, 2)),
        st.tuples(st.just("unknown safety"), st.integers(0, 60)),
    ),
    min_size=1,
    max_size=8,
)


@settings(deadline=None, max_examples=examples(40))
@given(moves)
def test_whatever_comes_the_episode_is_the_same_in_both_orders(made: list[tuple[str, int]]) -> None:
    told: list[Finding] = [raised(0, "known0", known=True)]
    for move, what in made:
        n = len(told)
        if move == "burst":
            told += [raised(n + k, f"burst{n + k}", list(Severity)[k % 4]) for k in range(what)]
        elif move == "over":
            told.append(over(n, f"known{what}"))
        elif move == "unknown":
            told.append(raised(n, f"unknown{what}"))
        elif move == "known":
            told.append(raised(n, f"known{what}", Severity.MAJOR, known=True))
        else:
            name = f"known{what}" if move == "safety" else f"alarm{what}"
            told.append(safety(n, name, known=move == "safety"))
    assert what_matters(taken_up(told)) == what_matters(taken_up(overtaken(told)))
