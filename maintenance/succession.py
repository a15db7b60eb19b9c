"""An episode that gives way to another one of its asset and failure mode while something of it still stands. Pure.

What stands goes over to the successor: there it is seen, and there it is over when its end is told. Nothing that stands
is lost with the episode that it began.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from maintenance.episode_events import MORE_ORIGINS, origins_of, with_origins
from maintenance.episode_rules import LOOP_TEST, severest, unacknowledged
from maintenance.episode_subjects import CALLING, HELD_BACK, PRIORITIES, SAFETY, calling, held_back, safety_subjects
from maintenance.episodes import Episode, EpisodeState
from maintenance.event_order import RAISED_AT, newest_of, raised_at
from maintenance.unknown_events import gathered_events, gathering, unknown_events
from plantroom.domain.assets import CLOCK, EquipmentClass
from plantroom.domain.findings import FindingRaised, FindingSource


def begins_as_test(earlier: Episode | None) -> bool:
    """Whether what a loop test asked for is taken for the test, given the newest episode of its asset and mode: only
    while nothing real stands there. In doubt it is real."""
    return earlier is None or earlier.state is EpisodeState.CLOSED or LOOP_TEST in earlier.tags


def endless_events(classes: Mapping[str, EquipmentClass]) -> frozenset[str]:
    """The events that no other one ends: nobody can say that they still stand."""
    events = [event for known in classes.values() for event in known.events]
    return frozenset(event.key for event in events) - {event.clears for event in events if event.clears is not None}


def endless_subjects(episode: Episode, known: EquipmentClass | None) -> tuple[str, ...]:
    """The events among an episode's open subjects that no event of its machine's class ends (``None``: of no class that
    is known). A wrong clock is none: it is ours, and we see when it goes right."""
    if episode.failure_mode == CLOCK:
        return ()
    ended = set() if known is None else {event.clears for event in known.events}
    split = ((one, *one.partition(":")[::2]) for one in episode.open_subjects)
    return tuple(one for one, source, name in split if source == FindingSource.RULE.value and name not in ended)


def closed_by_successor(earlier: Episode, finding: FindingRaised, now: datetime) -> Episode:
    """An open episode that ends because a finding of its mode begins a new one."""
    return replace(
        earlier, state=EpisodeState.CLOSED, open_subjects=(), closed_at=now, closed_observed_at=finding.observed_at
    )


def inheriting(episode: Episode, earlier: Episode, endless: Collection[str]) -> Episode:
    """The new episode with what still stands of the open one that it follows. ``endless`` are the events that no other
    one ends."""
    # What nobody has taken note of may be real.
    tested = LOOP_TEST in earlier.tags and earlier.acknowledged_at is not None
    left = [
        one
        for one in earlier.open_subjects
        if one not in episode.open_subjects and not (tested and _ended(one, endless))
    ]
    stays = set(left)
    before, detail = earlier.detail or {}, dict(episode.detail or {})
    # What began the new one may have come late: an end has to follow the newest.
    detail[RAISED_AT] = newest_of(raised_at(episode), raised_at(earlier), [*episode.open_subjects, *left])
    standing = (*episode.open_subjects, *left)
    safety = [*safety_subjects(episode), *(one for one in safety_subjects(earlier) if one in stays)]
    detail[SAFETY] = list(dict.fromkeys(safety))
    new = origins_of(detail)
    old = [one for one in origins_of(before) if one[0] in standing and one not in new]
    detail = with_origins(detail, [*old, *new], more=bool(old) and bool(before.get(MORE_ORIGINS)))
    if not left:
        return replace(episode, detail=detail)
    detail[CALLING] = [*calling(episode), *(one for one in calling(earlier) if one in stays)]
    detail[PRIORITIES] = {one: word for one, word in _priorities(before).items() if one in stays} | _priorities(detail)
    held = {one: at.isoformat() for one, at in held_back(earlier).items() if one in stays}
    if held:
        detail[HELD_BACK] = held
    heir = replace(
        episode,
        open_subjects=(*episode.open_subjects, *left),
        severity=severest(episode.severity, earlier.severity),
        safety=episode.safety or earlier.safety,
        detail=detail,
    )
    unknown = [*(one for one in unknown_events(earlier) if one in stays), *unknown_events(episode)]
    return gathering(heir, unknown, gathered_events(earlier))


def without_subjects(episode: Episode, subjects: Collection[str], now: datetime) -> Episode:
    """The episode after some of what stands is over; closed when nothing is left."""
    left = tuple(one for one in episode.open_subjects if one not in subjects)
    if left:
        return replace(episode, open_subjects=left)
    closed = replace(episode, state=EpisodeState.CLOSED, open_subjects=(), closed_at=now)
    return replace(closed, closed_observed_at=episode.last_observed_at)


def unmarked(episode: Episode) -> Episode:
    """The episode of a loop test as a real one, which nobody has taken note of."""
    tags = tuple(tag for tag in episode.tags if tag != LOOP_TEST)
    detail = {key: said for key, said in (episode.detail or {}).items() if key != LOOP_TEST}
    return replace(unacknowledged(episode), tags=tags, detail=detail)


def _ended(subject: str, endless: Collection[str]) -> bool:
    source, _, name = subject.partition(":")
    return source == FindingSource.RULE.value and name in endless


def _priorities(detail: Mapping[str, object]) -> dict[str, object]:
    said = detail.get(PRIORITIES)
    return dict(said) if isinstance(said, dict) else {}
