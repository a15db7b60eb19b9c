"""What the classes of the catalogue know of events, beyond the class of an asset itself."""

from collections.abc import Mapping
from dataclasses import replace

from plantroom.domain.assets import UNCLASSIFIED, EquipmentClass, EventTemplate, Severity


def safety_events(classes: Mapping[str, EquipmentClass]) -> dict[str, EventTemplate]:
    """By name, the events that any class knows as safety events."""
    return {event.key: event for one in classes.values() for event in one.events if event.safety}


def of_another_class(template: EventTemplate) -> EventTemplate:
    """What a safety event is on an asset whose class does not know it: its failure modes are other ones, and what ends
    it there ends nothing here."""
    return replace(template, failure_mode=UNCLASSIFIED, severity=Severity.CRITICAL, clears=None)
