"""What a loop test does to findings, episodes and tickets. Every function works inside the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from maintenance.alarm_rules import alarm_priority, alarms_among
from maintenance.episode_rules import LOOP_TEST, acknowledged, work_is_done
from maintenance.episode_tickets import EpisodeTickets
from maintenance.episodes import Episode, EpisodeState
from maintenance.event_order import ringing, with_real
from maintenance.floods import announce
from maintenance.lifecycle import ENDED
from maintenance.loop_echoes import clock_offset_ms, echoes, may_end, news_since, triggered
from maintenance.loop_ends import EVENTS_LOOKED_AT, Ends, own_end
from maintenance.loop_tests import NO_WORDS, CheckKind, CheckResult, LoopCheck, Step, answers, before_its_event, tick
from maintenance.orders import keep, take_step
from maintenance.ports import MaintenanceTx
from maintenance.succession import endless_events, unmarked, without_subjects
from maintenance.tickets import unmarked_title
from maintenance.verdicts import of_before
from maintenance.views import note_episode
from maintenance.work_orders import State, Transition, WorkOrder
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import EquipmentClass, LocalName
from plantroom.domain.findings import FindingRaised, FindingSource
from plantroom.errors import Conflict

BY = "system:loop-test"
_ACCEPTED = (State.ACKNOWLEDGED, State.IN_PROGRESS)
_SOURCES = (FindingSource.RULE, FindingSource.LIMIT)
_PASSED = "回路测试完成 / the loop test is done"
_JOINED = LocalName(
    "并入此前已有的真实故障，工单为真实工单",
    "joined a fault that stood before: its ticket is real",
)
_OF_TEST = LocalName("当时为回路测试", "on the loop test that it was then")
_PHOTOS = "工单#{number}的照片仍在上传，收到后再试 / the photos of ticket #{number} are on their way: try again then"
_UNSEEN = "回路测试结束时无人确认，按真实报警处理 / nobody had seen it when the loop test ended: a real alarm"
_ECHO = "被测事件已结束，但其测点仍在报警，按真实故障处理 / the tested event is over, its value is not: a real fault"
_STILL_THERE = "回路测试结束时仍在报警，按真实故障处理 / still there when the loop test ended: a real fault"


def asked_for(tx: MaintenanceTx, finding: FindingRaised, classes: Mapping[str, EquipmentClass]) -> LoopCheck | None:
    """The check that a finding answers, its test locked; ``None`` for everything that is real. One query, more only
    while the asset is being tested."""
    if finding.source not in _SOURCES:
        return None
    check = tx.loop_tests.asked(finding.asset)
    if check is None:
        return None
    tx.loop_tests.lock(check.test)
    check = tx.loop_tests.asked(finding.asset)
    offset_ms = clock_offset_ms(tx, finding.asset)
    return check if check is not None and answers(check, finding, offset_ms, endless_events(classes)) else None


def note_answer(
    tx: MaintenanceTx, check: LoopCheck, finding: FindingRaised, ticket: WorkOrder | None, now: datetime, *, real: bool
) -> None:
    """Tick what a finding proves: nothing else can answer the check from now on. ``real``: it joined a fault that stood
    before, and so does its ticket."""
    began = before_its_event(check) if check.kind is CheckKind.EVENT else check
    seen = tick(began, Step.SENSOR, finding.observed_at, finding.finding_id)
    seen = tick(seen, Step.READING, finding.received_at, finding.finding_id)
    seen = tick(seen, Step.ALARM, finding.received_at, finding.finding_id)
    if ticket is not None:
        seen = tick(seen, Step.TICKET, now, ticket.id, _JOINED if real else NO_WORDS)
    tx.loop_tests.put_checks([seen])


def acknowledge_test(tx: MaintenanceTx, check: LoopCheck, now: datetime) -> None:
    """Whoever saw the ticket of a test has taken note of the test's alarm, be it over or not; the first one stands.
    Nobody has of a real fault that the test met: they took it for the test."""
    ticket, person = check.step(Step.TICKET).evidence, check.step(Step.PERSON).evidence
    if ticket is None or person is None:
        return
    for episode in tx.episodes.of_order(ticket):
        if LOOP_TEST in episode.tags and episode.acknowledged_at is None:
            _store(tx, acknowledged(episode, person, now))


def accepted(tx: MaintenanceTx, check: LoopCheck) -> Transition | None:
    """By which step of a check's ticket somebody who had signed in saw what the check waits for; ``None``: none has.

    A ticket may have stood before that came to it, and be accepted without a network: who accepted it before, by the
    tablet's corrected time, has not seen it, whenever we hear of it.
    """
    ticket = check.step(Step.TICKET)
    if ticket.evidence is None or ticket.at is None:
        return None
    history = tx.orders.transitions(ticket.evidence)
    found = [one for one in history if one.person and one.to in _ACCEPTED and one.recorded_at >= ticket.at]
    if not found:
        return None
    own = tx.orders.get(ticket.evidence).episode
    episode = None if own is None else tx.episodes.get(own)
    for step in found:
        # Nobody accepts a ticket before it is there: that is a slow clock.
        at = max(step.at, history[0].recorded_at)
        if at >= ticket.at and not (episode is not None and news_since(episode, at)):
            return step
    return None


def settle(tx: MaintenanceTx, check: LoopCheck, now: datetime, ends: Ends, *, finishing: bool) -> LoopCheck:
    """The check after a look at its ticket: closed once the check has passed and what was triggered is over; at the end
    of the test, what still holds and what nobody has seen lose their mark, as does an echo that outlives its event."""
    evidence = check.step(Step.TICKET).evidence
    if check.settled or evidence is None:
        return replace(check, settled=check.settled or finishing)
    if check.result is CheckResult.PASSED:
        acknowledge_test(tx, check, now)
    episode = _standing(tx, evidence)
    ticket = tx.orders.lock(evidence)
    if LOOP_TEST not in ticket.tags:
        return replace(check, settled=True)
    still, over = _left(tx, check, episode, ends)
    if over and episode is not None and _echoing(check, ticket, episode, ends):
        given_up = finishing or not may_end(check, episode, ends, now)
        if given_up:
            left = without_subjects(episode, still, now) if check.result is CheckResult.PASSED else episode
            _make_real(tx, ticket, left, left.open_subjects, now, _ECHO)
        return replace(check, settled=given_up)
    if over and check.result is CheckResult.PASSED:
        if ticket.state is State.EVIDENCE_PENDING:
            if finishing:
                raise Conflict(_PHOTOS.format(number=ticket.number))
            return check
        _close(tx, ticket, episode, still, now)
        return replace(check, settled=True)
    if finishing and not over:
        _make_real(tx, ticket, episode, still, now, _STILL_THERE)
    elif finishing and (ticket.state not in ENDED or (episode is not None and episode.id == ticket.episode)):
        own = None if ticket.episode is None else tx.episodes.get(ticket.episode)
        _make_real(tx, ticket, own, () if own is None else own.open_subjects, now, _UNSEEN)
    return replace(check, settled=finishing)


def _close(tx: MaintenanceTx, ticket: WorkOrder, episode: Episode | None, still: Sequence[str], now: datetime) -> None:
    if episode is not None and still and LOOP_TEST in episode.tags:
        _store(tx, without_subjects(episode, still, now))
    if ticket.state not in ENDED:
        keep(tx, take_step(tx, ticket, State.CANCELLED, now, BY, _PASSED))


def awaits_photos(tx: MaintenanceTx, check: LoopCheck) -> bool:
    """Whether a check's ticket cannot be closed yet, since photos of the work on it are on their way."""
    evidence = check.step(Step.TICKET).evidence
    return not check.settled and evidence is not None and tx.orders.get(evidence).state is State.EVIDENCE_PENDING


def settles(tx: MaintenanceTx, check: LoopCheck, now: datetime, ends: Ends) -> bool:
    """Whether ``settle`` would do something about an answered check before the test ends. Reads alone."""
    evidence = check.step(Step.TICKET).evidence
    if check.settled or evidence is None:
        return not check.settled
    ticket = tx.orders.get(evidence)
    if LOOP_TEST not in ticket.tags:
        return True
    episode = _standing(tx, evidence)
    _, over = _left(tx, check, episode, ends)
    if over and episode is not None and _echoing(check, ticket, episode, ends):
        return not may_end(check, episode, ends, now)
    return over and check.result is CheckResult.PASSED and ticket.state is not State.EVIDENCE_PENDING


def awaited(tx: MaintenanceTx, check: LoopCheck, now: datetime, ends: Ends) -> list[str]:
    """The alarms (``source:subject``) whose end a passed check waits for; empty: none. Reads alone."""
    evidence = check.step(Step.TICKET).evidence
    if check.result is not CheckResult.PASSED or evidence is None or settles(tx, check, now, ends):
        return []
    episode, ticket = _standing(tx, evidence), tx.orders.get(evidence)
    if check.settled or episode is None:
        return []
    still, over = _left(tx, check, episode, ends)
    found = echoes(check, ticket, episode) if over else [*still, *echoes(check, ticket, episode)]
    return list(dict.fromkeys(one for one in found if not _is_endless(one, ends)))


def _left(tx: MaintenanceTx, check: LoopCheck, episode: Episode | None, ends: Ends) -> tuple[list[str], bool]:
    """What the check asked for and still stands, and whether it is over, but for what has no end."""
    still = [] if episode is None else _still(check, episode, ends)
    return still, all(_is_endless(one, ends) for one in still) or _over_elsewhere(tx, check, episode, ends)


def _echoing(check: LoopCheck, ticket: WorkOrder, episode: Episode, ends: Ends) -> bool:
    """Whether an echo stands whose end is to be told."""
    return any(not _is_endless(one, ends) for one in echoes(check, ticket, episode))


def _over_elsewhere(tx: MaintenanceTx, check: LoopCheck, episode: Episode | None, ends: Ends) -> bool:
    """Whether the test's own alarm is over while a real one of the same event stands, of another place in the device.
    Of the test's own episode the ingest tells the end."""
    if episode is None or LOOP_TEST in episode.tags:
        return False
    return own_end(check, tx.collect.events(check.asset, EVENTS_LOOKED_AT), ends)


def _standing(tx: MaintenanceTx, order_id: str) -> Episode | None:
    """What stands of a test ticket's asset and failure mode, locked before the ticket as everybody does: not only the
    test's own episode, for another one may have followed it while its alarm went on."""
    order = tx.orders.get(order_id)
    if order.episode is None:
        return None
    own = tx.episodes.get(order.episode)
    latest = tx.episodes.latest(own.asset, own.failure_mode)
    return latest if latest is not None and latest.state is EpisodeState.OPEN else None


def _still(check: LoopCheck, episode: Episode, ends: Ends) -> list[str]:
    """What the check asked for and still stands, and events beside its value that no other one ends."""
    found = triggered(check, episode)
    if check.kind is not CheckKind.POINT or LOOP_TEST not in episode.tags:
        return found
    return found + [one for one in episode.open_subjects if _is_endless(one, ends)]


def _is_endless(subject: str, ends: Ends) -> bool:
    source, _, event = subject.partition(":")
    return source == FindingSource.RULE.value and event in ends.endless


def _make_real(
    tx: MaintenanceTx, ticket: WorkOrder, episode: Episode | None, subjects: Sequence[str], now: datetime, why: str
) -> None:
    """People are told of it as of any other alarm, from now on: whoever accepted the test's ticket, or did its work,
    took it for a test. So a hold ends, a verdict does not count, and where the work is done the alarm has a ticket of
    its own."""
    tags = tuple(tag for tag in ticket.tags if tag != LOOP_TEST)
    bare = replace(ticket, tags=tags, title=unmarked_title(ticket.title))
    if ticket.state is State.ON_HOLD:
        keep(tx, take_step(tx, bare, State.OPEN, now, BY, why, recurrence=True))
    else:
        verdict = None if work_is_done(ticket) else of_before(ticket, now, _OF_TEST)
        if verdict is not None:
            tx.orders.add_transition(verdict)
            bare = replace(bare, verdict=None)
        keep(tx, bare)
        tx.orders.add_transition(Transition(ticket.id, ticket.state, now, now, BY, why))
    if episode is None:
        return
    real = ringing(unmarked(episode), now)
    if LOOP_TEST in episode.tags:
        # One that followed has a ticket of its own, and what was said of that was said of a real alarm.
        real = replace(real, detail=with_real(real.detail, now), work_order=ticket.id)
    elif real.work_order is None:
        real = replace(real, work_order=ticket.id)
    _store(tx, real)
    for subject in alarms_among(subjects):
        announce(tx, real, subject, alarm_priority(real), real.last_observed_at, now)
    if real.state is EpisodeState.OPEN and work_is_done(tx.orders.get(real.work_order or ticket.id)):
        tickets = EpisodeTickets(tx, now, equipment_classes())
        own = tickets.open_ticket(real, tx.assets.get(real.asset).asset)
        tickets.tell_floods()
        said = f"见工单#{own.number} / see ticket #{own.number}"
        tx.orders.add_transition(Transition(ticket.id, ticket.state, now, now, BY, said))


def _store(tx: MaintenanceTx, episode: Episode) -> None:
    tx.episodes.update(episode)
    note_episode(tx, episode)
