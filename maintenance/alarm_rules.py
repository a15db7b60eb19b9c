"""What an episode is as an alarm (ISA-18.2 / IEC 62682): its state for people and its priority. Pure.

An alarm is an open episode that a limit, a rule or silence raised; the episode alone says whether it stands. What
people see of it follows from the episode, the status of its machine and what is shelved.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum

from maintenance.episode_rules import QUIET_WHILE
from maintenance.episode_subjects import PRIORITIES
from maintenance.episodes import Episode, EpisodeState
from maintenance.event_order import STANDS_SINCE
from plantroom.domain.alarms import priority_of, urgency
from plantroom.domain.assets import AlarmPriority, AssetStatus
from plantroom.domain.findings import FindingSource

ALARM_SOURCES = (FindingSource.LIMIT, FindingSource.RULE, FindingSource.PRESENCE)
_ALARM_WORDS = frozenset(source.value for source in ALARM_SOURCES)


class AlarmState(StrEnum):
    """Where an alarm stands for people, in the standard's words."""

    ACTIVE_UNACKNOWLEDGED = "active_unacknowledged"
    ACTIVE_ACKNOWLEDGED = "active_acknowledged"
    RETURNED_UNACKNOWLEDGED = "returned_unacknowledged"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"
    """By design: its machine is under maintenance."""
    OUT_OF_SERVICE = "out_of_service"
    NORMAL = "normal"


QUIET = (AlarmState.SHELVED, AlarmState.SUPPRESSED, AlarmState.OUT_OF_SERVICE)
"""States in which nobody is called; a safety alarm is in none of them, ever."""


def alarm_state(episode: Episode, status: AssetStatus | None, shelved: Collection[str]) -> AlarmState:
    """The state of an episode as an alarm. ``status`` is its machine's (``None``: scrapped), ``shelved`` are the
    subjects of its asset and failure mode that are shelved now."""
    if episode.state is EpisodeState.CLOSED:
        noted = episode.acknowledged_at is not None
        return AlarmState.NORMAL if noted else AlarmState.RETURNED_UNACKNOWLEDGED
    if not episode.safety:
        found_by = {FindingSource(subject.partition(":")[0]) for subject in episode.open_subjects}
        if status in (None, AssetStatus.SCRAPPED):
            return AlarmState.OUT_OF_SERVICE
        if found_by and found_by <= QUIET_WHILE.get(status or AssetStatus.SCRAPPED, frozenset()):
            maintained = status is AssetStatus.UNDER_MAINTENANCE
            return AlarmState.SUPPRESSED if maintained else AlarmState.OUT_OF_SERVICE
        if episode.open_subjects and set(episode.open_subjects) <= set(shelved):
            return AlarmState.SHELVED
    noted = episode.acknowledged_at is not None
    return AlarmState.ACTIVE_ACKNOWLEDGED if noted else AlarmState.ACTIVE_UNACKNOWLEDGED


def alarm_priority(episode: Episode) -> AlarmPriority:
    """The most urgent of what stands; of an episode from before priorities were kept, what its severity says."""
    known = _priorities(episode)
    found = [AlarmPriority(known[subject]) for subject in episode.open_subjects or known if subject in known]
    if episode.safety:
        return AlarmPriority.CRITICAL
    return min(found, key=urgency) if found else priority_of(episode.severity)


def stands_since(episode: Episode) -> tuple[datetime, datetime]:
    """Since when it stands, by our clock and as it was observed: of what came back, since then."""
    said = (episode.detail or {}).get(STANDS_SINCE)
    if not isinstance(said, Mapping):
        return episode.opened_at, episode.opened_observed_at
    return datetime.fromisoformat(str(said["at"])), datetime.fromisoformat(str(said["observed"]))


def is_alarm(episode: Episode) -> bool:
    """Whether an episode is an alarm: one that a condition model alone has noticed is not."""
    found_by = {subject.partition(":")[0] for subject in episode.open_subjects or _priorities(episode)}
    return bool({*found_by, episode.source.value} & _ALARM_WORDS)


def alarms_among(subjects: Collection[str]) -> tuple[str, ...]:
    """Those of an episode's subjects that are alarms: what a condition model has noticed is none."""
    return tuple(one for one in subjects if one.partition(":")[0] in _ALARM_WORDS)


def _priorities(episode: Episode) -> Mapping[str, str]:
    said = (episode.detail or {}).get(PRIORITIES)
    return said if isinstance(said, dict) else {}
