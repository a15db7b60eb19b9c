"""The echo of what a loop test asked for: who sends an event often sends the value that says the same.

Of a tested event a limit alarm of the same asset and failure mode is such an echo, of a tested limit the event; as
little of it as possible:

- The first one of each limit, or the one event, while what was tested stands, alone of what began after the question
  (an event: inside the window). It joins the test's episode. A value that comes back inside and goes beyond it again is
  real, and so is every further event, and one that comes when somebody has taken note of the test's alarm: nobody would
  look at it.
- One that came first is real until what was asked for follows. It is the test's from then on when nothing but this one
  alarm is in its episode and nobody has touched its ticket or taken note of its alarm.
- An echo is never over with the test: it ends with its own end, or is a real alarm.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from maintenance.episode_rules import LOOP_TEST, Level, marked_as_test, work_is_done
from maintenance.episode_subjects import PRIORITIES, calling, subject_of
from maintenance.episode_tickets import episodes_of
from maintenance.episodes import Episode, EpisodeState
from maintenance.event_order import over_at, told_at, with_telling
from maintenance.floods import FLOOD
from maintenance.loop_ends import Ends
from maintenance.loop_tests import TOLERANCE, CheckKind, LoopCheck, Step, began, by_our_clock, doubt, in_window
from maintenance.ports import MaintenanceTx
from maintenance.succession import endless_events
from maintenance.work_orders import State, WorkOrder
from plantroom.domain.assets import UNCLASSIFIED, EquipmentClass
from plantroom.domain.findings import FindingRaised, FindingSource

ECHO_WAIT = timedelta(minutes=2)
"""How long after we heard of the end of the tested event its echo may take to end: values come on other ways and less
often. By our clock alone, for that of the device may be off, or its word late."""

_EVENT = f"{FindingSource.RULE.value}:"
_ECHO_OF = {CheckKind.EVENT: FindingSource.LIMIT, CheckKind.POINT: FindingSource.RULE}


def clock_offset_ms(tx: MaintenanceTx, asset: str) -> int:
    """How far the clock of an asset's device is ahead of ours, as far as it is known. One that was never set, or is far
    ahead, says nothing of events, whose times are then those of their receipt."""
    clock = tx.assets.get(asset).clock
    return 0 if clock is None or clock.says_nothing else clock.offset_ms


def is_echo(
    tx: MaintenanceTx,
    finding: FindingRaised,
    level: Level,
    earlier: Episode | None,
    ticket: WorkOrder | None,
    classes: Mapping[str, EquipmentClass],
) -> bool:
    """Whether a finding that nobody asked for is the echo of what was tested and stands in the ``earlier`` episode of
    its asset and failure mode, whose (locked) ticket is given. One query, only while a test's alarm stands."""
    if finding.source not in _ECHO_OF.values() or not level.ticket or earlier is None or ticket is None:
        return False
    detail = earlier.detail or {}
    said = detail.get(PRIORITIES)
    heard = said if isinstance(said, Mapping) else {}
    if earlier.state is EpisodeState.CLOSED or LOOP_TEST not in earlier.tags or work_is_done(ticket):
        return False
    if finding.source is FindingSource.RULE:
        more = any(one.startswith(_EVENT) for one in heard)
        if more or not _may_echo(earlier, finding.subject, finding.detail, classes):
            return False
    elif subject_of(finding) in heard:
        return False
    since = began(finding.detail, finding.observed_at)
    at = by_our_clock(since, finding.observed_at, finding.received_at, clock_offset_ms(tx, finding.asset))
    return any(
        check.step(Step.TICKET).evidence == ticket.id
        and triggered(check, earlier)
        and _asked_by(check, finding.source, at)
        and (finding.source is FindingSource.LIMIT or _awaits_event(check, earlier, ticket, at, finding.received_at))
        for check in tx.loop_tests.active(str(detail.get(LOOP_TEST)))
    )


def came_first(
    tx: MaintenanceTx,
    check: LoopCheck | None,
    earlier: Episode | None,
    ticket: WorkOrder | None,
    classes: Mapping[str, EquipmentClass],
) -> bool:
    """Whether all of the ``earlier`` episode, and of its (locked) ticket, is the echo of the finding that has just
    answered the check (``None``: nobody asked for it)."""
    if check is None or earlier is None or ticket is None or LOOP_TEST in earlier.tags:
        return False
    standing, detail = calling(earlier), earlier.detail or {}
    if earlier.findings != 1 or len(standing) != 1 or not check.waits_for(Step.TICKET):
        return False
    source, _, subject = standing[0].partition(":")
    if source == FindingSource.RULE.value and not _may_echo(earlier, subject, detail, classes):
        return False
    alone = FLOOD not in ticket.tags and episodes_of(ticket) == [earlier.id]
    untouched = alone and ticket.state is State.OPEN and earlier.acknowledged_at is None
    at = began(detail, earlier.opened_observed_at) - timedelta(milliseconds=clock_offset_ms(tx, earlier.asset))
    return untouched and all(_asked_by(check, source, one) for one in (at, earlier.opened_at))


def _may_echo(
    episode: Episode, event: str, detail: Mapping[str, object], classes: Mapping[str, EquipmentClass]
) -> bool:
    """Whether an event may be the echo of a value of the episode's failure mode: without a known one it may be
    anything, and in doubt it is real."""
    return episode.failure_mode != UNCLASSIFIED and not doubt(detail, event, endless_events(classes))


def _asked_by(check: LoopCheck, source: str, at: datetime) -> bool:
    echo = check.asked_at is not None and _ECHO_OF.get(check.kind) == source
    return echo and check.asked_at is not None and at >= check.asked_at - TOLERANCE


def _awaits_event(check: LoopCheck, episode: Episode, ticket: WorkOrder, at: datetime, received_at: datetime) -> bool:
    """Whether an event comes inside the window, and before anybody has seen the ticket or the alarm."""
    unseen = ticket.state is State.OPEN and episode.acknowledged_at is None and check.waits_for(Step.PERSON)
    return unseen and in_window(check, at, received_at, 0)


def triggered(check: LoopCheck, episode: Episode) -> list[str]:
    """Those of the open subjects that the check asked for."""
    if check.kind is CheckKind.POINT:
        begins = f"{FindingSource.LIMIT.value}:{check.subject}:{check.expected.get('level')}"
        return [one for one in episode.open_subjects if one.startswith(begins)]
    return [one for one in episode.open_subjects if one == f"{FindingSource.RULE.value}:{check.subject}"]


def with_echo(
    absorbed: Episode, earlier: Episode, check: LoopCheck | None, finding: FindingRaised, now: datetime
) -> Episode:
    """The test's episode after a ``finding`` that is the echo or, where that came first, what answers the ``check``. An
    echo is no news to whoever has taken note of the test's alarm, and neither is a repetition. When an event, or what
    was asked for, joined is kept: see ``news_since``."""
    told = check is not None or finding.source is FindingSource.RULE
    one = replace(absorbed, tags=earlier.tags, detail=with_telling(absorbed.detail, now) if told else absorbed.detail)
    if check is not None:
        return marked_as_test(one, check.test)
    return replace(one, acknowledged_at=earlier.acknowledged_at, acknowledged_by=earlier.acknowledged_by)


def news_since(episode: Episode, at: datetime) -> bool:
    """Whether what a loop test waits for joined its ticket only after ``at``: whoever accepted that before it has not
    seen it."""
    told = told_at(episode)
    return LOOP_TEST in episode.tags and told is not None and at < told


def echoes(check: LoopCheck, ticket: WorkOrder, episode: Episode | None) -> list[str]:
    """The echoes that stand in a check's own episode."""
    own = episode is not None and episode.id == ticket.episode and LOOP_TEST in episode.tags
    source = _ECHO_OF.get(check.kind)
    if episode is None or not own or source is None:
        return []
    return [one for one in episode.open_subjects if one.startswith(f"{source.value}:")]


def may_end(check: LoopCheck, episode: Episode, ends: Ends, now: datetime) -> bool:
    """Whether what is left of what was tested, its echo, is waited for. Of an event that no other one ends the value is
    the only one who tells its end."""
    event = check.kind is CheckKind.EVENT
    if event and check.subject in ends.endless:
        return True
    tested = FindingSource.RULE if event else FindingSource.LIMIT
    return now - (over_at(episode, tested) or episode.last_observed_at) < ECHO_WAIT
