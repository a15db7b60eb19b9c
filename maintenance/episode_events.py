"""Which events an episode stands for: one ticket may hold several, and each must be readable on it. Pure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

from maintenance.episode_subjects import SAFETY, safety_subjects, subject_of, worst_first
from maintenance.episodes import Episode
from plantroom.domain.findings import FindingRaised, FindingSource

T = TypeVar("T")

ALSO_KEPT = 50
"""How many events besides its first one an episode names: the newest, of safety events and of others so many each."""

ORIGINS = "origins"
"""Key in an episode's detail: where in its device each of its events came from (a zone, a detector), as pairs of
subject and words, the newest last."""

MORE_ORIGINS = "more_origins"
"""Key in an episode's detail: that there were more of them than are kept."""

LEFT_OUT = "also_left_out"
"""Key in an episode's detail: how many events it named once and names no more."""


def with_event(detail: dict[str, object], finding: FindingRaised) -> dict[str, object]:
    """The detail with the finding's event under ``also``, when it is another than those named there already: one
    ticket may stand for several events, and each must be readable on it. Of more than ``ALSO_KEPT`` the newest stay; no
    other event takes a safety event's place."""
    event = finding.detail.get("event")
    if not event or names_event(detail, event):
        return detail
    entry = {"event": event, "name": finding.detail.get("name")}
    also = [*events_also(detail), entry]
    kept = _newest(also, detail, subject_named)
    left_out = events_left_out(detail) + len(also) - len(kept)
    return detail | {"also": kept} | ({LEFT_OUT: left_out} if left_out else {})


def subject_named(entry: Mapping[str, object]) -> str:
    """The subject of an event that an episode names."""
    return f"{FindingSource.RULE.value}:{entry.get('event')}"


def events_told(episode: Episode) -> list[Mapping[str, object]]:
    """The entries of an episode's events: of safety events first, then the most urgent, of those alike the first."""
    detail, place = episode.detail or {}, worst_first(episode)
    return sorted((detail, *events_also(detail)), key=lambda entry: place(subject_named(entry)))


def safety_with(earlier: Episode, finding: FindingRaised) -> list[str]:
    """The subjects that came as safety findings after one more finding; without those that neither stand nor have a
    name any more."""
    told = {subject_named(entry) for entry in events_told(earlier)} | set(earlier.open_subjects)
    known = [one for one in safety_subjects(earlier) if one in told]
    return list(dict.fromkeys((*known, subject_of(finding)))) if finding.safety else known


def is_repeated(earlier: Episode, finding: FindingRaised) -> bool:
    """Whether an episode has heard a finding before: another event, or another zone of one that stands, is none."""
    detail, event = earlier.detail or {}, finding.detail.get("event")
    if subject_of(finding) in earlier.open_subjects:
        return not is_another_origin(detail, finding)
    return bool(event) and names_event(detail, event)


def _newest(told: Sequence[T], detail: Mapping[str, object], subject: Callable[[T], str]) -> list[T]:
    """Of safety subjects the newest ``ALSO_KEPT``, and of the others as many; the newest last."""
    said = detail.get(SAFETY)
    safety = set(said) if isinstance(said, (list, tuple)) else set[str]()
    places: tuple[list[int], list[int]] = ([], [])
    for place, one in enumerate(told):
        places[subject(one) in safety].append(place)
    return [told[place] for place in sorted((*places[False][-ALSO_KEPT:], *places[True][-ALSO_KEPT:]))]


def names_event(detail: Mapping[str, object], event: object) -> bool:
    """Whether an episode's detail names the event."""
    return event in (detail.get("event"), *(also.get("event") for also in events_also(detail)))


def events_also(detail: Mapping[str, object]) -> list[Mapping[str, object]]:
    """Events that joined an episode after its first one: ``event`` and, where the class knows it, ``name``."""
    found = detail.get("also")
    return [entry for entry in found if isinstance(entry, Mapping)] if isinstance(found, list) else []


def events_left_out(detail: Mapping[str, object]) -> int:
    """How many events joined an episode that it does not name any more; one that came again may be counted again."""
    said = detail.get(LEFT_OUT)
    return said if isinstance(said, int) else 0


def origin_in(detail: Mapping[str, object]) -> str:
    """Where in its device a finding's event comes from, as people read it; empty when it does not say."""
    said = detail.get("origin")
    return said if isinstance(said, str) else ""


def origins_of(detail: Mapping[str, object]) -> list[tuple[str, str]]:
    """Subject and origin of what an episode heard since each of its subjects stands, the newest last."""
    found = detail.get(ORIGINS)
    known = found if isinstance(found, (list, tuple)) else ()
    return [(str(one[0]), str(one[1])) for one in known if isinstance(one, (list, tuple)) and len(one) == 2]


def is_another_origin(detail: Mapping[str, object], finding: FindingRaised) -> bool:
    """Whether the event comes from elsewhere in its device than any before. Of more than ``ALSO_KEPT`` nobody knows."""
    origin = origin_in(finding.detail)
    return bool(origin) and not detail.get(MORE_ORIGINS) and (subject_of(finding), origin) not in origins_of(detail)


def with_origin(detail: dict[str, object], finding: FindingRaised, standing: Collection[str]) -> dict[str, object]:
    """The detail with the finding's origin; without those of subjects that did not stand before."""
    known = [one for one in origins_of(detail) if one[0] in standing]
    more = bool(detail.get(MORE_ORIGINS)) and bool(known)
    one = (subject_of(finding), origin_in(finding.detail))
    if one[1]:
        known = [*(other for other in known if other != one), one]
    return with_origins(detail, known, more=more)


def with_origins(detail: dict[str, object], known: list[tuple[str, str]], *, more: bool) -> dict[str, object]:
    """The detail with these origins, the newest ``ALSO_KEPT`` of safety events and of others."""
    plain = {key: said for key, said in detail.items() if key not in (ORIGINS, MORE_ORIGINS)}
    if not known:
        return plain
    kept = _newest(known, detail, lambda one: one[0])
    marked = {MORE_ORIGINS: True} if more or len(known) > len(kept) else {}
    return plain | {ORIGINS: [list(one) for one in kept]} | marked
