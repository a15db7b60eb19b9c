"""The echo of an event that a loop test asked for: who sends the event often sends the value that says the same.

A limit alarm of the same asset and failure mode is such an echo, as little of it as possible:

- The first one of each limit while the tested event stands, alone of values that went beyond it after the question. It
  joins the test's episode. A value that comes back inside and goes beyond it again is real.
- One that came first is real until the asked-for event follows. It is the test's from then on when nothing but the one
  limit alarm is in its episode and nobody has touched its ticket.
- An echo is never over with the test: it ends with its own value, or is a real alarm.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from maintenance.episode_rules import LOOP_TEST, Level, marked_as_test, work_is_done
from maintenance.episode_subjects import PRIORITIES, calling, subject_of
from maintenance.episode_tickets import episodes_of
from maintenance.episodes import Episode, EpisodeState
from maintenance.event_order import over_at
from maintenance.floods import FLOOD
from maintenance.loop_ends import Ends
from maintenance.loop_tests import TOLERANCE, CheckKind, LoopCheck, Step, began
from maintenance.ports import MaintenanceTx
from maintenance.work_orders import State, WorkOrder
from plantroom.domain.findings import FindingRaised, FindingSource

ECHO_WAIT = timedelta(minutes=2)
"""How long after we heard of the end of the tested event its echo may take to end: values come on other ways and less
often. By our clock alone, for that of the device may be off, or its word late."""

_LIMIT = f"{FindingSource.LIMIT.value}:"


def clock_offset(tx: MaintenanceTx, asset: str) -> timedelta:
    """How far the clock of an asset's device is ahead of ours, as far as it is known. One that was never set says
    nothing of events, whose times are then those of their receipt."""
    clock = tx.assets.get(asset).clock
    return timedelta(milliseconds=0 if clock is None or clock.never_set else clock.offset_ms)


def is_echo(
    tx: MaintenanceTx, finding: FindingRaised, level: Level, earlier: Episode | None, ticket: WorkOrder | None
) -> bool:
    """Whether a finding that nobody asked for is the echo of the tested event that stands in the ``earlier`` episode of
    its asset and failure mode, whose (locked) ticket is given. One query, only while a test's alarm stands."""
    if finding.source is not FindingSource.LIMIT or not level.ticket or earlier is None or ticket is None:
        return False
    detail = earlier.detail or {}
    test, heard = detail.get(LOOP_TEST), detail.get(PRIORITIES)
    known = isinstance(heard, Mapping) and subject_of(finding) in heard
    if earlier.state is EpisodeState.CLOSED or LOOP_TEST not in earlier.tags or known or work_is_done(ticket):
        return False
    at = began(finding.detail, finding.observed_at) - clock_offset(tx, finding.asset)
    return any(
        check.step(Step.TICKET).evidence == ticket.id
        and f"{FindingSource.RULE.value}:{check.subject}" in earlier.open_subjects
        and _asked_by(check, at)
        for check in tx.loop_tests.active(str(test))
    )


def came_first(tx: MaintenanceTx, check: LoopCheck | None, earlier: Episode | None, ticket: WorkOrder | None) -> bool:
    """Whether all of the ``earlier`` episode, and of its (locked) ticket, is the echo of the event that has just
    answered the check (``None``: nobody asked for it)."""
    if check is None or earlier is None or ticket is None or LOOP_TEST in earlier.tags:
        return False
    standing = calling(earlier)
    if earlier.findings != 1 or len(standing) != 1 or not standing[0].startswith(_LIMIT):
        return False
    untouched = ticket.state is State.OPEN and FLOOD not in ticket.tags and episodes_of(ticket) == [earlier.id]
    at = began(earlier.detail or {}, earlier.opened_observed_at) - clock_offset(tx, earlier.asset)
    return untouched and _asked_by(check, at) and _asked_by(check, earlier.opened_at)


def _asked_by(check: LoopCheck, at: datetime) -> bool:
    return check.kind is CheckKind.EVENT and check.asked_at is not None and at >= check.asked_at - TOLERANCE


def with_echo(absorbed: Episode, earlier: Episode, check: LoopCheck | None) -> Episode:
    """The test's episode after the echo or, where that came first, after the event that answered the ``check``. An echo
    is no news to whoever has taken note of the test's alarm, and neither is a repetition."""
    one = replace(absorbed, tags=earlier.tags)
    if check is not None:
        return marked_as_test(one, check.test)
    return replace(one, acknowledged_at=earlier.acknowledged_at, acknowledged_by=earlier.acknowledged_by)


def echoes(check: LoopCheck, ticket: WorkOrder, episode: Episode | None) -> list[str]:
    """The echoes that stand in a check's own episode."""
    own = episode is not None and episode.id == ticket.episode and LOOP_TEST in episode.tags
    if episode is None or not own or check.kind is not CheckKind.EVENT:
        return []
    return [one for one in episode.open_subjects if one.startswith(_LIMIT)]


def may_end(check: LoopCheck, episode: Episode, ends: Ends, now: datetime) -> bool:
    """Whether what is left of a tested event, its echo, is waited for. Of an event that no other one ends the value is
    the only one who tells its end."""
    return check.subject in ends.endless or now - (over_at(episode) or episode.last_observed_at) < ECHO_WAIT
