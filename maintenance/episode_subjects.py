"""What an episode keeps of each of its subjects: whether it calls for a ticket, is held back, is safety. Pure."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime

from maintenance.episodes import Episode
from plantroom.domain.alarms import urgency
from plantroom.domain.assets import AlarmPriority
from plantroom.domain.findings import FindingRaised

CALLING = "calling"
"""Key in an episode's detail: those of its open subjects whose last finding calls for a ticket."""

PRIORITIES = "priorities"
"""Key in an episode's detail: the priority of each of its subjects."""

SAFETY = "safety_subjects"
"""Key in an episode's detail: those of its subjects, standing or named, that came as safety findings."""

HELD_BACK = "held_back"
"""Key in an episode's detail: of each of its subjects that maintenance or a shelf holds back, when (RFC 3339) its last
finding was observed. (In episodes of earlier versions one instant for all of them.)"""


def subject_of(finding: FindingRaised) -> str:
    """Which of its episode's subjects a finding is."""
    return f"{finding.source.value}:{finding.subject}"


def calling(episode: Episode) -> list[str]:
    """The open subjects that call for a ticket; of an episode from before they were kept, all."""
    said = (episode.detail or {}).get(CALLING)
    calls = set(said) if isinstance(said, (list, tuple)) else None
    return [one for one in episode.open_subjects if calls is None or one in calls]


def safety_subjects(episode: Episode) -> list[str]:
    """The subjects that came as safety findings; of a safety episode from before they were kept, the critical ones."""
    detail = episode.detail or {}
    said, words = detail.get(SAFETY), detail.get(PRIORITIES)
    if isinstance(said, (list, tuple)):
        return [str(one) for one in said]
    known = words if episode.safety and isinstance(words, Mapping) else {}
    return [one for one, word in known.items() if word == AlarmPriority.CRITICAL.value]


def worst_first(episode: Episode) -> Callable[[str], tuple[bool, int]]:
    """Sorts subjects by what people have to read first: safety, then by priority."""
    safety, said = set(safety_subjects(episode)), (episode.detail or {}).get(PRIORITIES)
    words: Mapping[str, object] = said if isinstance(said, Mapping) else {}
    urgencies = {one: urgency(AlarmPriority(str(word))) for one, word in words.items()}
    last = max(map(urgency, AlarmPriority)) + 1
    return lambda subject: (subject not in safety, urgencies.get(subject, last))


def held_back(episode: Episode) -> dict[str, datetime]:
    """The open subjects that wait for the end of maintenance or of a shelf, and when the last finding of each was
    observed."""
    said = (episode.detail or {}).get(HELD_BACK)
    known = dict.fromkeys(calling(episode), said) if isinstance(said, str) else said
    found, standing = known if isinstance(known, Mapping) else {}, set(episode.open_subjects)
    return {one: datetime.fromisoformat(str(at)) for one, at in found.items() if one in standing}


def hold_back(episode: Episode, finding: FindingRaised) -> Episode:
    """The episode with the word that a finding waits for the end of the maintenance or the shelf."""
    return _holding(episode, held_back(episode) | {subject_of(finding): finding.observed_at})


def let_go(episode: Episode, subjects: Collection[str]) -> Episode:
    """The episode without that word on some of its subjects; the same object when there was none."""
    held, freed = held_back(episode), set(subjects)
    left = {one: at for one, at in held.items() if one not in freed}
    return episode if left == held else _holding(episode, left)


def _holding(episode: Episode, held: Mapping[str, datetime]) -> Episode:
    detail = {key: said for key, said in (episode.detail or {}).items() if key != HELD_BACK}
    if held:
        detail[HELD_BACK] = {one: at.isoformat() for one, at in held.items()}
    return replace(episode, detail=detail)
