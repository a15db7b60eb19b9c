"""Which events an episode stands for: one ticket may hold several, and each must be readable on it. Pure."""

from collections.abc import Mapping

from plantroom.domain.findings import FindingRaised

ALSO_KEPT = 50
"""How many events besides its first one an episode names: the newest."""


LEFT_OUT = "also_left_out"
"""Key in an episode's detail: how many events it named once and names no more."""


def with_event(detail: dict[str, object], finding: FindingRaised) -> dict[str, object]:
    """The detail with the finding's event under ``also``, when it is another than those named there already: one
    ticket may stand for several events, and each must be readable on it. Of more than ``ALSO_KEPT`` the newest stay."""
    event = finding.detail.get("event")
    if not event or names_event(detail, event):
        return detail
    entry = {"event": event, "name": finding.detail.get("name")}
    also = [*events_also(detail), entry]
    left_out = events_left_out(detail) + max(0, len(also) - ALSO_KEPT)
    return detail | {"also": also[-ALSO_KEPT:]} | ({LEFT_OUT: left_out} if left_out else {})


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
