"""One episode, one ticket: the rules, pure. Times are observed times (aware UTC instants).

- One episode per asset and failure mode at a time; it closes when no (source, subject) is raised any more.
- What is noticed again within 14 days of the close joins the earlier episode. Its ticket opens again when it had been
  completed or verified. A ticket that ended otherwise (rejected as a false alarm, cancelled, deferred, bypassed) was a
  decision of people: a recurrence joins silently with its evidence, and only critical or safety findings begin a new
  episode with a new ticket.
- Safety findings always make or update a ticket and never join an ended one, nor one that only waits for its photos:
  they begin a new episode instead. One that joins a ticket stands in its history and ends its hold.
- What still holds ``RECHECK`` after its ticket's work was done opens the ticket again, unless people judged it a false
  alarm or the sensor's fault; what is critical comes back all the same.
- Information and limit warnings open an episode at the level "watch", without a ticket.
- From an asset under maintenance, limits and models make no ticket, out of service its silence neither; the same holds
  for a shelved alarm. What was noticed is held back on the episode, so that it can become a ticket, or open a completed
  one again, if it still holds when that ends. Safety findings are never held back; during maintenance they gather on
  one ticket.
- What comes anew on an acknowledged episode has to be acknowledged again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from maintenance.episode_events import (
    ALSO_KEPT,
    MORE_ORIGINS,
    is_another_origin,
    is_repeated,
    origin_in,
    safety_with,
    with_event,
    with_origin,
)
from maintenance.episode_subjects import CALLING, PRIORITIES, SAFETY, calling, held_back, hold_back, let_go, subject_of
from maintenance.episodes import Episode, EpisodeState
from maintenance.event_order import RAISED_AT, first_observed, raised_at, standing_since, with_end, with_raise
from maintenance.lifecycle import ENDED
from maintenance.sensor_words import with_sensor
from maintenance.unknown_events import OTHERS, gathered_events, is_unknown, with_unknown
from maintenance.work_orders import State, WorkOrder
from plantroom.domain.alarms import priority_of
from plantroom.domain.assets import (
    OFFLINE,
    SENSOR_FAULT,
    UNCLASSIFIED,
    AlarmPriority,
    AssetStatus,
    EquipmentClass,
    Severity,
)
from plantroom.domain.findings import Evidence, FindingCleared, FindingRaised, FindingSource

RECURRENCE = timedelta(days=14)
"""How long after its close an episode is joined by a recurrence."""

RECHECK = timedelta(minutes=30)
"""How long after the work was done a fault may take to clear."""

PAUSE = timedelta(minutes=1)
"""After what pause an event that comes again is another one: few say when they are over. One that goes on coming gets a
line in the history of its ticket no more often."""

UNDER_MAINTENANCE = "under_maintenance"
REPEATED = "repeated"

RECURRED = "recurred"
"""Tag of an episode, and its ticket, that closed and came back."""

LOOP_TEST = "loop_test"
"""Tag of an episode, and its ticket, that a loop test asked for (``maintenance.loop_tests``)."""

_SHOWN_POINTS = 20

LINES = "lines"
"""Key in an episode's detail: when the events that came again had their last lines in the ticket's history."""

_ORDER = tuple(Severity)
_DONE = (State.COMPLETED, State.VERIFIED)
QUIET_WHILE = {
    AssetStatus.UNDER_MAINTENANCE: frozenset((FindingSource.MODEL, FindingSource.LIMIT)),
    AssetStatus.OUT_OF_SERVICE: frozenset((FindingSource.MODEL, FindingSource.LIMIT, FindingSource.PRESENCE)),
}
"""Whose findings, unless they are safety, make no ticket while their machine has that status."""

_NO_FAULT = ("false_alarm", "sensor")


class Ticketing(StrEnum):
    """What a finding does to the episode's ticket."""

    NONE = "none"
    NEW = "new"
    UPDATE = "update"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class Level:
    """How much a finding matters: its severity and whether it calls for a ticket (else "watch")."""

    severity: Severity
    ticket: bool


def rank(severity: Severity) -> int:
    """Place among the severities, the worst first."""
    return _ORDER.index(severity)


def severest(*severities: Severity) -> Severity:
    """The worst of them."""
    return min(severities, key=rank)


def level_of(finding: FindingRaised, equipment_class: EquipmentClass | None) -> Level:
    """Severity from the class's failure mode for models and limit alarms, from the finding otherwise.

    A safety finding is never below general, and critical when nothing is known of it.
    """
    if finding.safety:
        if finding.failure_mode == UNCLASSIFIED:
            return Level(Severity.CRITICAL, ticket=True)
        return Level(severest(finding.severity, Severity.GENERAL), ticket=True)
    if finding.severity is Severity.INFO or str(finding.detail.get("level", "")).startswith("warning"):
        return Level(Severity.INFO, ticket=False)
    if finding.failure_mode in (SENSOR_FAULT, OFFLINE):
        return Level(finding.severity, ticket=True)
    mode = None if equipment_class is None else equipment_class.mode(finding.failure_mode)
    known = mode is not None and finding.source in QUIET_WHILE[AssetStatus.UNDER_MAINTENANCE]
    judged: Severity = mode.severity if mode is not None and known else finding.severity
    return Level(judged, ticket=judged is not Severity.INFO)


def suppressed(finding: FindingRaised, status: AssetStatus) -> bool:
    """Whether its machine's status keeps a finding from making a ticket."""
    return not finding.safety and finding.source in QUIET_WHILE.get(status, ())


def quiet_subjects(episode: Episode, status: AssetStatus) -> frozenset[str]:
    """Those of the open subjects that the status of their machine keeps quiet, as ``suppressed`` does a finding."""
    quiet = QUIET_WHILE.get(status, frozenset()) if not episode.safety else frozenset()
    return frozenset(one for one in episode.open_subjects if FindingSource(one.partition(":")[0]) in quiet)


def priority_in(finding: FindingRaised, level: Level) -> AlarmPriority:
    """The alarm priority that a finding names, or the one that follows from its level."""
    said = finding.detail.get("priority")
    if isinstance(said, str) and said in set(AlarmPriority):
        return AlarmPriority(said)
    return priority_of(level.severity, safety=finding.safety, warning=not level.ticket)


def noticed_before(done: WorkOrder | None, episode: Episode, subjects: Collection[str]) -> bool:
    """Whether all that was held back of some subjects was noticed before the work of the episode's ticket was done: it
    is over with that."""
    if done is None or done.state not in _DONE or done.completed_at is None:
        return False
    held = held_back(episode)
    return all(held[one] <= done.completed_at for one in subjects)


def work_is_done(ticket: WorkOrder) -> bool:
    """Whether nobody works on a ticket any more (its photos may still be on the way)."""
    return ticket.state in ENDED or ticket.state is State.EVIDENCE_PENDING


def joins(
    finding: FindingRaised, level: Level, earlier: Episode, ticket: WorkOrder | None, *, asked_for: bool = False
) -> bool:
    """Whether a finding belongs to the earlier episode of its asset and mode (else it begins a new one). Nothing joins
    that of a loop test; what a loop test asked for joins what stands, unless nobody would get a ticket of it."""
    unwanted = asked_for and (earlier.state is EpisodeState.CLOSED or _leads_nowhere(ticket))
    if unwanted or LOOP_TEST in earlier.tags:
        return False
    if earlier.state is EpisodeState.CLOSED:
        ended = earlier.closed_observed_at or earlier.last_observed_at
        if abs(finding.observed_at - ended) > RECURRENCE:
            return False
    if ticket is None:
        return True
    if finding.safety:
        return not work_is_done(ticket)
    if ticket.state not in ENDED:
        return True
    return ticket.state in _DONE or not (level.ticket and level.severity is Severity.CRITICAL)


def _leads_nowhere(ticket: WorkOrder | None) -> bool:
    return ticket is not None and work_is_done(ticket) and ticket.state not in _DONE


def ticketing(level: Level, ticket: WorkOrder | None) -> Ticketing:
    """What becomes of the ticket of the episode that a finding belongs to."""
    if not level.ticket:
        return Ticketing.NONE
    if ticket is None:
        return Ticketing.NEW
    if ticket.state not in ENDED:
        return Ticketing.UPDATE
    return Ticketing.REOPEN if ticket.state in _DONE else Ticketing.NONE


def new_episode(
    episode_id: str, finding: FindingRaised, level: Level, now: datetime, under_maintenance: bool
) -> Episode:
    """The episode that a finding begins."""
    begun = Episode(
        id=episode_id,
        site=finding.site,
        asset=finding.asset,
        failure_mode=finding.failure_mode,
        source=finding.source,
        state=EpisodeState.OPEN,
        severity=level.severity,
        safety=finding.safety,
        opened_observed_at=finding.observed_at,
        opened_at=now,
        last_observed_at=finding.observed_at,
        open_subjects=(subject_of(finding),),
        evidence=_merged((), finding.evidence),
        tags=_tags((), finding, under_maintenance, repeated=False),
        detail=with_sensor(with_origin(dict(finding.detail), finding, ()), finding)
        | {
            "ticket": level.ticket,
            CALLING: [subject_of(finding)] if level.ticket else [],
            SAFETY: [subject_of(finding)] if finding.safety else [],
            PRIORITIES: {subject_of(finding): priority_in(finding, level).value},
            RAISED_AT: with_raise(None, finding, subject_of(finding)),
        },
    )
    return with_unknown(begun, finding)


def marked_as_test(episode: Episode, test: str) -> Episode:
    """The episode as that of a loop test."""
    detail = dict(episode.detail or {}) | {LOOP_TEST: test}
    return replace(episode, tags=tuple(dict.fromkeys((*episode.tags, LOOP_TEST))), detail=detail)


def absorb(
    earlier: Episode, finding: FindingRaised, level: Level, under_maintenance: bool, *, quiet: bool = False
) -> Episode:
    """The episode with one more finding, open again if it was closed. ``quiet``: it is held back, so that what people
    took note of stays so.

    Source and detail are those of the finding that calls for the ticket, as long as there is none.
    """
    subjects = tuple(dict.fromkeys((*earlier.open_subjects, subject_of(finding))))
    leads = earlier.work_order is None and level.ticket
    recurred = (RECURRED,) if earlier.state is EpisodeState.CLOSED else ()
    known_detail, safety = dict(earlier.detail or {}), {SAFETY: safety_with(earlier, finding)}
    takes = leads or not known_detail
    detail = known_detail | dict(finding.detail) | safety if takes else with_event(known_detail | safety, finding)
    detail = with_sensor(with_origin(detail, finding, earlier.open_subjects), finding, earlier.open_subjects)
    detail["ticket"] = bool(detail.get("ticket")) or level.ticket
    others = [one for one in calling(earlier) if one != subject_of(finding)]
    detail[CALLING] = [*others, subject_of(finding)] if level.ticket else others
    detail |= standing_since(earlier, finding)
    known = detail.get(PRIORITIES) if earlier.state is EpisodeState.OPEN else None
    detail[PRIORITIES] = (known if isinstance(known, dict) else {}) | {
        subject_of(finding): priority_in(finding, level).value
    }
    detail[RAISED_AT] = with_raise(earlier, finding, subject_of(finding))
    absorbed = replace(
        unacknowledged(earlier) if not quiet and rings_anew(earlier, finding) else earlier,
        state=EpisodeState.OPEN,
        closed_at=None,
        closed_observed_at=None,
        source=finding.source if leads else earlier.source,
        severity=severest(earlier.severity, level.severity),
        safety=earlier.safety or finding.safety,
        opened_observed_at=first_observed(earlier, finding),
        last_observed_at=max(earlier.last_observed_at, finding.observed_at),
        open_subjects=subjects,
        evidence=_merged(earlier.evidence, finding.evidence),
        tags=_tags(
            (*earlier.tags, *recurred),
            finding,
            under_maintenance,
            repeated=finding.safety and is_repeated(earlier, finding),
        ),
        detail=detail,
        findings=earlier.findings + 1,
    )
    told = hold_back(absorbed, finding) if quiet else let_go(absorbed, [subject_of(finding)])
    return with_unknown(told, finding)


def rings_anew(earlier: Episode | None, finding: FindingRaised) -> bool:
    """Whether people have to be told of a finding: what goes on, and what an event says over and over, is no news."""
    if earlier is None or earlier.state is EpisodeState.CLOSED or subject_of(finding) not in earlier.open_subjects:
        return True
    before = raised_at(earlier).get(subject_of(finding), earlier.last_observed_at)
    pause = min(finding.observed_at, finding.received_at) - before
    another = finding.source is FindingSource.RULE and pause >= PAUSE
    return another or is_another_origin(earlier.detail or {}, finding) or (finding.safety and not earlier.safety)


def acknowledged(episode: Episode, by: str, at: datetime) -> Episode:
    """The episode as one that somebody has taken note of."""
    return replace(episode, acknowledged_at=at, acknowledged_by=by)


def unacknowledged(episode: Episode) -> Episode:
    """The episode as one that nobody has taken note of."""
    return replace(episode, acknowledged_at=None, acknowledged_by=None)


def clear(earlier: Episode, finding: FindingCleared, now: datetime) -> Episode:
    """The episode after something is over; the same object when that was not open, or when its event came again
    after this end, whose word came late."""
    subject = f"{finding.source.value}:{finding.subject}"
    if earlier.state is EpisodeState.CLOSED or subject not in earlier.open_subjects:
        return earlier
    newest = raised_at(earlier).get(subject)
    if newest is not None and finding.observed_at < newest:
        return earlier
    left = tuple(s for s in earlier.open_subjects if s != subject)
    observed = max(earlier.last_observed_at, finding.observed_at)
    others = let_go(earlier, [subject])
    if left:
        detail = with_end(others.detail, finding, now)
        return replace(others, open_subjects=left, last_observed_at=observed, detail=detail)
    return replace(
        others,
        state=EpisodeState.CLOSED,
        open_subjects=(),
        last_observed_at=observed,
        closed_at=now,
        closed_observed_at=finding.observed_at,
    )


def with_line(episode: Episode, finding: FindingRaised, now: datetime) -> Episode:
    """The episode with the word that the finding gets a line in its ticket's history; the same object when its event
    had one less than a minute ago, by both the device's time and ours, and from the same place in it. Unknown events
    share theirs when some of them stand together."""
    known, shared = _lines(episode), is_unknown(finding) and gathered_events(episode)
    origin = "" if shared or (episode.detail or {}).get(MORE_ORIGINS) else origin_in(finding.detail)
    event = OTHERS if shared else finding.subject
    of = {"subject": event} | ({"origin": origin} if origin else {})
    before = next((one for one in known if one["subject"] == event and one.get("origin", "") == origin), None)
    if before is not None:
        newer = finding.observed_at - datetime.fromisoformat(str(before["observed"])) >= PAUSE
        if not newer and now - datetime.fromisoformat(str(before["written"])) < PAUSE:
            return episode
    line = of | {"observed": finding.observed_at.isoformat(), "written": now.isoformat()}
    kept = [one for one in known if one is not before][1 - ALSO_KEPT :]
    return replace(episode, detail=dict(episode.detail or {}) | {LINES: [*kept, line]})


def goes_on(episode: Episode, ended_events: Collection[str], unseen: Collection[FindingSource] = ()) -> bool:
    """Whether something that calls for a ticket is still raised. An event is known to go on only when another ends it
    (``ended_events``: those that have such); what ``unseen`` sources noticed last proves nothing."""
    if episode.state is not EpisodeState.OPEN:
        return False
    for subject in calling(episode):
        source, _, name = subject.partition(":")
        believed = name in ended_events if source == FindingSource.RULE.value else source not in unseen
        if believed:
            return True
    return False


def outlives_work(episode: Episode, ticket: WorkOrder, now: datetime) -> bool:
    """Whether the ticket's work has been done for so long that what goes on outlived it."""
    if ticket.state not in _DONE or ticket.completed_at is None or now - ticket.completed_at < RECHECK:
        return False
    verdict = (ticket.verdict or {}).get("verdict")
    # Of a sensor's own ticket "the sensor" is what was wrong.
    no_fault = verdict in _NO_FAULT and not (verdict == "sensor" and episode.failure_mode == SENSOR_FAULT)
    return not no_fault or severest(ticket.severity, episode.severity) is Severity.CRITICAL


def _lines(episode: Episode) -> list[Mapping[str, object]]:
    found = (episode.detail or {}).get(LINES)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, (list, tuple)) else []


def _merged(known: Sequence[Evidence], new: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Newest word on each point, largest contribution first; of those alike the newest."""
    newest = {e.point: e for e in new}
    by_age = [*newest.values(), *(e for e in known if e.point not in newest)]
    return tuple(sorted(by_age, key=lambda e: -e.contribution)[:_SHOWN_POINTS])


def _tags(known: Sequence[str], finding: FindingRaised, under_maintenance: bool, repeated: bool) -> tuple[str, ...]:
    said = finding.detail.get("tags")
    found = [*known, *(str(tag) for tag in (said if isinstance(said, (list, tuple)) else ()))]
    if under_maintenance:
        found.append(UNDER_MAINTENANCE)
    if repeated:
        found.append(REPEATED)
    return tuple(dict.fromkeys(found))
