"""Events that no class knows, among the subjects of an episode: a device may vary their names without end (a counter, a
time). The newest ``KEPT`` stand by themselves, the others together under one subject: no harmless event takes the place
of a safety event, of which the newest ``KEPT`` stand by themselves, too. Pure.

Nothing that can be told over is gathered: no event ends one that no class knows, and what maintenance or a shelf holds
back stays by itself.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from maintenance.episode_subjects import CALLING, PRIORITIES, SAFETY, calling, held_back, safety_subjects, subject_of
from maintenance.episodes import Episode
from maintenance.event_order import RAISED_AT, raised_at
from plantroom.domain.alarms import urgency
from plantroom.domain.assets import AlarmPriority, LocalName
from plantroom.domain.findings import FindingRaised, FindingSource

KEPT = 50
UNKNOWN_EVENT = "unknown_event"
"""Tag of a finding whose event no class knows."""

OTHERS = f"{FindingSource.RULE.value}: others"
"""The subject under which the older ones stand. No event is called so: names begin with no space."""

UNKNOWN = "unknown_events"
"""Key in an episode's detail: its subjects that are unknown events, the newest last."""

GATHERED = "gathered_events"
"""Key in an episode's detail: how many stand under ``OTHERS``; one that comes again stands by itself again, and may be
counted once more later."""


def is_unknown(finding: FindingRaised) -> bool:
    """Whether no class knows the event of a finding."""
    tags = finding.detail.get("tags")
    return finding.source is FindingSource.RULE and isinstance(tags, (list, tuple)) and UNKNOWN_EVENT in tags


def unknown_events(episode: Episode) -> list[str]:
    """The open subjects that are unknown events by themselves, those that came last behind the others."""
    said, standing = (episode.detail or {}).get(UNKNOWN), set(episode.open_subjects)
    return [one for one in said if one in standing] if isinstance(said, (list, tuple)) else []


def gathered_events(episode: Episode) -> int:
    """How many unknown events stand together."""
    said = (episode.detail or {}).get(GATHERED)
    return said if isinstance(said, int) and OTHERS in episode.open_subjects else 0


def gathered_name(episode: Episode) -> LocalName:
    """What those that stand together are called."""
    gathered = gathered_events(episode)
    return LocalName(f"另有{gathered}个未知事件", f"{gathered} other unknown events")


def with_unknown(episode: Episode, finding: FindingRaised) -> Episode:
    """The episode that has taken up a finding, with no more unknown events by themselves than may be."""
    subject = subject_of(finding)
    known = [one for one in unknown_events(episode) if one != subject]
    return gathering(episode, [*known, subject] if is_unknown(finding) else known, gathered_events(episode))


def gathering(episode: Episode, unknown: Sequence[str], gathered: int) -> Episode:
    """The episode of whose open subjects those are unknown events, the oldest first, of which so many stand together
    already: with the oldest safety events beyond ``KEPT``, and the oldest others, among them. Cost: linear in its
    subjects."""
    detail = {key: said for key, said in (episode.detail or {}).items() if key not in (UNKNOWN, GATHERED)}
    held, safety = held_back(episode), safety_subjects(episode)
    marked = set(safety)
    over = [
        *_oldest([one for one in unknown if one in marked], held),
        *_oldest([one for one in unknown if one not in marked], held),
    ]
    left = set(over)
    if unknown:
        detail[UNKNOWN] = [one for one in unknown if one not in left]
    if gathered + len(over):
        detail[GATHERED] = gathered + len(over)
    if not over:
        return replace(episode, detail=detail)
    together = left | {OTHERS}
    calls, raised = calling(episode), raised_at(episode)
    detail[CALLING] = [one for one in calls if one not in together] + ([] if together.isdisjoint(calls) else [OTHERS])
    if not left.isdisjoint(marked):
        detail[SAFETY] = list(dict.fromkeys((*safety, OTHERS)))
    detail[PRIORITIES] = _together(detail.get(PRIORITIES), together)
    newest = [at for one, at in raised.items() if one in together]
    detail[RAISED_AT] = {one: at.isoformat() for one, at in raised.items() if one not in together} | (
        {OTHERS: max(newest).isoformat()} if newest else {}
    )
    subjects = (*(one for one in episode.open_subjects if one not in together), OTHERS)
    return replace(episode, open_subjects=subjects, detail=detail)


def _oldest(unknown: Sequence[str], held: Collection[str]) -> list[str]:
    """Those too many to stand by themselves; none that is held back."""
    return [one for one in unknown if one not in held][: max(0, len(unknown) - KEPT)]


def _together(said: object, together: Collection[str]) -> dict[str, object]:
    """The priorities of subjects, of those that stand together the most urgent one."""
    known: Mapping[str, object] = said if isinstance(said, Mapping) else {}
    words = [AlarmPriority(str(word)) for one, word in known.items() if one in together]
    apart = {one: word for one, word in known.items() if one not in together}
    if words:
        apart[OTHERS] = min(words, key=urgency).value
    return apart
