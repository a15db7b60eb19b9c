"""What a loop test does to findings, episodes and tickets. Every function works inside the caller's transaction."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from maintenance.episode_rules import LOOP_TEST
from maintenance.episodes import Episode, EpisodeState
from maintenance.lifecycle import ENDED
from maintenance.loop_tests import CheckKind, LoopCheck, Step, answers, tick
from maintenance.orders import keep, take_step
from maintenance.ports import MaintenanceTx
from maintenance.tickets import unmarked_title
from maintenance.views import note_episode
from maintenance.work_orders import State, Transition, WorkOrder
from plantroom.domain.findings import FindingRaised, FindingSource

BY = "system:loop-test"
_SOURCES = (FindingSource.RULE, FindingSource.LIMIT)
_PASSED = "联动测试完成 / the loop test is done"
_STILL_THERE = "联动测试结束时仍在报警，按真实故障处理 / still there when the loop test ended: a real fault"


def asked_for(tx: MaintenanceTx, finding: FindingRaised) -> LoopCheck | None:
    """The check that a finding answers, its test locked; ``None`` for everything that is real. One query, more only
    while the asset is being tested."""
    if finding.source not in _SOURCES:
        return None
    check = tx.loop_tests.asked(finding.asset)
    if check is None:
        return None
    tx.loop_tests.lock(check.test)
    check = tx.loop_tests.asked(finding.asset)
    clock = tx.assets.get(finding.asset).clock
    offset_ms = 0 if clock is None else clock.offset_ms
    return check if check is not None and answers(check, finding, offset_ms) else None


def note_answer(
    tx: MaintenanceTx, check: LoopCheck, finding: FindingRaised, ticket: WorkOrder | None, now: datetime
) -> None:
    """Tick what a finding proves: nothing else can answer the check from now on."""
    seen = tick(check, Step.SENSOR, finding.observed_at, finding.finding_id)
    seen = tick(seen, Step.READING, finding.received_at, finding.finding_id)
    seen = tick(seen, Step.ALARM, finding.received_at, finding.finding_id)
    if ticket is not None:
        seen = tick(seen, Step.TICKET, now, ticket.id)
    tx.loop_tests.put_checks([seen])


def settle(
    tx: MaintenanceTx, check: LoopCheck, now: datetime, endless: Collection[str], *, finishing: bool
) -> LoopCheck:
    """The check after a look at its ticket: closed once what was triggered is over; at the end of the test, what still
    holds loses its mark. ``endless``: events that no other one ends."""
    evidence = check.step(Step.TICKET).evidence
    if check.settled or evidence is None:
        return replace(check, settled=check.settled or finishing)
    ticket = tx.orders.lock(evidence)
    if LOOP_TEST not in ticket.tags:
        return replace(check, settled=True)
    episode = tx.episodes.get(ticket.episode) if ticket.episode is not None else None
    over = episode is None or episode.state is EpisodeState.CLOSED
    if over or (check.kind is CheckKind.EVENT and check.subject in endless):
        if episode is not None and not over:
            _close(tx, episode, now)
        if ticket.state not in ENDED:
            keep(tx, take_step(tx, ticket, State.CANCELLED, now, BY, _PASSED))
        return replace(check, settled=True)
    if not finishing:
        return check
    _make_real(tx, ticket, episode, now)
    return replace(check, settled=True)


def _close(tx: MaintenanceTx, episode: Episode, now: datetime) -> None:
    closed = replace(
        episode, state=EpisodeState.CLOSED, open_subjects=(), closed_at=now, closed_observed_at=episode.last_observed_at
    )
    tx.episodes.update(closed)
    note_episode(tx, closed)


def _make_real(tx: MaintenanceTx, ticket: WorkOrder, episode: Episode | None, now: datetime) -> None:
    tags = tuple(tag for tag in ticket.tags if tag != LOOP_TEST)
    keep(tx, replace(ticket, tags=tags, title=unmarked_title(ticket.title)))
    tx.orders.add_transition(Transition(ticket.id, ticket.state, now, now, BY, _STILL_THERE))
    if episode is not None:
        real = replace(episode, tags=tuple(tag for tag in episode.tags if tag != LOOP_TEST))
        tx.episodes.update(real)
        note_episode(tx, real)
