"""When what a loop test triggered is over although its event goes on standing: in another zone of the same panel. Pure.

Of an event that stands in several places the ingest tells the end of the last one alone: only then the machine has
it no more. What ended before is in the history of events.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from maintenance.loop_tests import CheckKind, LoopCheck, Step
from maintenance.succession import endless_events
from plantroom.domain.assets import EquipmentClass
from plantroom.domain.findings import PLACE
from plantroom.ports.events import AssetEvent

EVENTS_LOOKED_AT = 200
"""The newest of its asset: an end that more events have followed since the last look is not found."""

_DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Ends:
    """Events that no other one ends (``endless``), and of the others which ones end them."""

    endless: frozenset[str]
    enders: Mapping[str, Collection[str]]


def ends_of(classes: Mapping[str, EquipmentClass]) -> Ends:
    """What ends what, in all classes together."""
    enders: dict[str, set[str]] = {}
    for event in (event for known in classes.values() for event in known.events):
        if event.clears is not None:
            enders.setdefault(event.clears, set()).add(event.key)
    return Ends(endless_events(classes), enders)


def own_end(check: LoopCheck, events: Sequence[AssetEvent], ends: Ends) -> bool:
    """Whether one of the asset's newest events ended the very one that answered the check: an end that names no more
    than where that came from, and is no older. In doubt it has not ended."""
    sensor = check.step(Step.SENSOR)
    if check.kind is not CheckKind.EVENT or sensor.at is None:
        return False
    began = next((event for event in events if event.id == sensor.evidence), None)
    place = _place(check.expected if began is None else began.data)
    enders = ends.enders.get(check.subject, ())
    return any(
        event.event in enders
        and event.observed_at >= sensor.at
        and _DAMAGED not in _tags(event)
        and _place(event.data) <= place
        for event in events
    )


def _tags(event: AssetEvent) -> Collection[object]:
    said = event.data.get("tags")
    return said if isinstance(said, (list, tuple)) else ()


def _place(data: Mapping[str, object]) -> frozenset[tuple[str, str]]:
    """Where in its device an event says that it comes from."""
    return frozenset((word, text) for word in PLACE if (text := _plain(data.get(word))))


def _plain(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    return str(whole).strip()
