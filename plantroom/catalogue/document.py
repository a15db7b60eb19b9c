"""The class data as the document that ``plantroom classes --json`` prints."""

from typing import Any

from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.alarms import safety_modes
from plantroom.domain.assets import EquipmentClass, Limits, LocalName


def classes_document() -> list[dict[str, Any]]:
    """All classes, one dictionary each; bands are ``[low, high]`` with ``None`` for an open end."""
    return [_class(built) for built in equipment_classes().values()]


def _class(built: EquipmentClass) -> dict[str, Any]:
    return {
        "class": built.key,
        "name": _name(built.name),
        "systems": list(built.systems),
        "checklists": list(built.checklists),
        "life": None
        if built.life is None
        else {"years": built.life.years, "basis": built.life.basis, "status": built.life.status.value},
        "points": [
            {
                "key": point.key,
                "name": _name(point.name),
                "unit": point.unit,
                "difference": point.is_difference,
                "kind": point.kind.value,
                "optional": point.optional,
                **_bands(point.limits),
                "failure_mode": point.failure_mode,
                "safety": point.failure_mode in safety_modes(built),
            }
            for point in built.points
        ],
        "failure_modes": [
            {
                "key": mode.key,
                "name": _name(mode.name),
                "severity": mode.severity.value,
                "points": list(mode.points),
                "ticket": _name(mode.ticket),
                "first_checks": [_name(check) for check in mode.first_checks],
            }
            for mode in built.failure_modes
        ],
        "events": [
            {
                "key": event.key,
                "name": _name(event.name),
                "failure_mode": event.failure_mode,
                "severity": event.severity.value,
                "safety": event.safety,
                "clears": event.clears,
            }
            for event in built.events
        ],
    }


def _name(name: LocalName) -> dict[str, str]:
    return {"zh": name.zh, "en": name.en}


def _bands(limits: Limits) -> dict[str, Any]:
    return {
        "normal": [limits.normal_low, limits.normal_high],
        "warning": [limits.warning_low, limits.warning_high],
        "alarm": [limits.alarm_low, limits.alarm_high],
        "limit_source": limits.source,
        "limit_status": limits.status.value if limits.source else None,
    }
