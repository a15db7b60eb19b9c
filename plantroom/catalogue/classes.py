"""Loader of the equipment class files (``classes/<key>.toml``).

A file has the class's ``key``, ``name`` and ``systems``, the codes of its ``checklists``, its ``life`` (``years``,
``basis``, ``status``), a ``[defaults]`` table (``stale_after_s``,
``stuck_after_s`` of its measures), and the tables ``[[points]]``, ``[[failure_modes]]`` and ``[[events]]``.
A point's ``stuck_while`` names the state that has to be true for a value that stays the same to be stuck.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from plantroom.domain.alarms import limit_problems
from plantroom.domain.assets import (
    UNCLASSIFIED,
    AlarmPriority,
    DesignLife,
    EquipmentClass,
    EventTemplate,
    FailureModeSpec,
    LimitOrigin,
    Limits,
    LocalName,
    PointKind,
    PointTemplate,
    Severity,
    Status,
)
from plantroom.errors import BadData, NotFound

FOLDER = Path(__file__).parent / "classes"

_LIMIT_KEYS = frozenset(f.name for f in fields(Limits))
_POINT_KEYS = frozenset(
    (
        "key",
        "name",
        "unit",
        "difference",
        "kind",
        "limits",
        "physical",
        "stuck_after_s",
        "stuck_while",
        "stale_after_s",
        "failure_mode",
        "in_model",
        "optional",
    )
)
_MODE_KEYS = frozenset(("key", "name", "severity", "points", "first_checks", "ticket", "safety_limits", "by_work"))
_EVENT_KEYS = frozenset(("key", "name", "failure_mode", "severity", "safety", "clears"))
_CLASS_KEYS = frozenset(
    (
        "key",
        "name",
        "systems",
        "checklists",
        "life",
        "warm_up_days",
        "offline_after_s",
        "defaults",
        "points",
        "failure_modes",
        "events",
    )
)


@cache
def equipment_classes() -> Mapping[str, EquipmentClass]:
    """All equipment classes by key, in the order of their keys; read once.

    Raises ``plantroom.errors.BadData`` naming the file when one of them is wrong.
    """
    found = {path.stem: _read(path) for path in sorted(FOLDER.glob("*.toml"))}
    return MappingProxyType(found)


def equipment_class(key: str) -> EquipmentClass:
    """One class by key. Raises ``plantroom.errors.NotFound``."""
    try:
        return equipment_classes()[key]
    except KeyError:
        raise NotFound(f"no equipment class {key!r}; there are: {', '.join(equipment_classes())}") from None


def parse_class(text: str, where: str) -> EquipmentClass:
    """The class that a TOML text describes, checked. Raises ``BadData`` beginning with ``where``."""
    try:
        data = tomllib.loads(text)
        _only(data, _CLASS_KEYS, "class")
        built = _class(data)
        _check(built)
    except BadData as error:
        raise BadData(f"{where}: {error}") from error
    except (KeyError, ValueError, TypeError) as error:
        raise BadData(f"{where}: {type(error).__name__}: {error}") from error
    return built


def _read(path: Path) -> EquipmentClass:
    built = parse_class(path.read_text(encoding="utf-8"), path.name)
    if built.key != path.stem:
        raise BadData(f"{path.name}: key is {built.key!r}, expected the file's name")
    return built


def _class(data: Mapping[str, Any]) -> EquipmentClass:
    defaults = data.get("defaults", {})
    return EquipmentClass(
        key=data["key"],
        name=_name(data["name"]),
        systems=tuple(data["systems"]),
        points=tuple(_point(p, defaults) for p in data.get("points", ())),
        events=tuple(_event(e) for e in data.get("events", ())),
        failure_modes=tuple(_mode(m) for m in data.get("failure_modes", ())),
        warm_up_days=float(data.get("warm_up_days", 14.0)),
        offline_after_s=float(data.get("offline_after_s", 900.0)),
        checklists=tuple(data.get("checklists", ())),
        life=_life(data["life"]) if "life" in data else None,
    )


def _life(data: Mapping[str, Any]) -> DesignLife:
    _only(data, frozenset(("years", "basis", "status")), "life")
    if not data["years"] > 0 or not data["basis"]:
        raise BadData("life: years above 0 and a basis")
    return DesignLife(float(data["years"]), data["basis"], Status(data["status"]))


def _name(data: Mapping[str, str]) -> LocalName:
    if not data["zh"] or not data["en"]:
        raise BadData("a name needs zh and en")
    return LocalName(zh=data["zh"], en=data["en"])


def _point(data: Mapping[str, Any], defaults: Mapping[str, float]) -> PointTemplate:
    _only(data, _POINT_KEYS, f"point {data.get('key')}")
    kind = PointKind(data["kind"])
    low, high = data.get("physical", (None, None))
    is_measure = kind is PointKind.MEASURE
    return PointTemplate(
        key=data["key"],
        name=_name(data["name"]),
        unit=data["unit"],
        kind=kind,
        limits=_limits(data.get("limits", {}), data["key"]),
        physical_low=None if low is None else float(low),
        physical_high=None if high is None else float(high),
        stuck_after_s=data.get("stuck_after_s", defaults.get("stuck_after_s") if is_measure else None),
        stuck_while=data.get("stuck_while"),
        stale_after_s=data.get("stale_after_s", defaults.get("stale_after_s")),
        failure_mode=data.get("failure_mode"),
        in_model=bool(data.get("in_model", is_measure)),
        difference=data.get("difference"),
        optional=bool(data.get("optional", False)),
    )


def _limits(data: Mapping[str, Any], point: str) -> Limits:
    _only(data, _LIMIT_KEYS, f"limits of {point}")
    words: Mapping[str, Callable[[Any], Any]] = {
        "source": str, "status": Status, "warning_priority": AlarmPriority, "alarm_priority": AlarmPriority,
        "origin": LimitOrigin,
    }  # fmt: skip
    if data.keys() - words.keys() and not data.get("source"):
        raise BadData(f"limits of {point} name no source")
    return Limits(**{key: words.get(key, float)(value) for key, value in data.items()})


def _mode(data: Mapping[str, Any]) -> FailureModeSpec:
    _only(data, _MODE_KEYS, f"failure mode {data.get('key')}")
    return FailureModeSpec(
        key=data["key"],
        name=_name(data["name"]),
        severity=Severity(data["severity"]),
        points=tuple(data.get("points", ())),
        first_checks=tuple(_name(c) for c in data.get("first_checks", ())),
        ticket=_name(data["ticket"]),
        safety_limits=data.get("safety_limits", True),
        by_work=data.get("by_work", False),
    )


def _event(data: Mapping[str, Any]) -> EventTemplate:
    _only(data, _EVENT_KEYS, f"event {data.get('key')}")
    return EventTemplate(
        key=data["key"],
        name=_name(data["name"]),
        failure_mode=data["failure_mode"],
        severity=Severity(data["severity"]),
        safety=bool(data.get("safety", False)),
        clears=data.get("clears"),
    )


def _only(data: Mapping[str, Any], known: frozenset[str], what: str) -> None:
    unknown = sorted(set(data) - known)
    if unknown:
        raise BadData(f"{what}: unknown field {', '.join(unknown)}")


def _check(built: EquipmentClass) -> None:
    _unique("point", [p.key for p in built.points])
    _unique("failure mode", [m.key for m in built.failure_modes])
    _unique("event", [e.key for e in built.events])
    points = {p.key for p in built.points}
    modes = {m.key for m in built.failure_modes} | {UNCLASSIFIED}
    events = {e.key for e in built.events}
    for point in built.points:
        if point.failure_mode is not None and point.failure_mode not in modes:
            raise BadData(f"point {point.key}: no failure mode {point.failure_mode!r}")
        _check_point(point)
        _check_stuck(point, built.points)
    of_safety = {event.failure_mode for event in built.events if event.safety}
    for mode in built.failure_modes:
        if mode.safety_limits is not True and (mode.safety_limits is not False or mode.key not in of_safety):
            raise BadData(f"failure mode {mode.key}: safety_limits is false, where a safety event is of the mode")
        if mode.by_work is not True and mode.by_work is not False:
            raise BadData(f"failure mode {mode.key}: by_work is neither true nor false")
        missing = sorted(set(mode.points) - points)
        if missing:
            raise BadData(f"failure mode {mode.key}: no point {', '.join(missing)}")
    for event in built.events:
        if event.failure_mode not in modes:
            raise BadData(f"event {event.key}: no failure mode {event.failure_mode!r}")
        if event.clears is not None and (event.clears not in events or event.clears == event.key):
            raise BadData(f"event {event.key}: clears {event.clears!r}, which is no other event")


def _unique(what: str, keys: Sequence[str]) -> None:
    for key in keys:
        if not key or not all(c.islower() or c.isdigit() or c == "_" for c in key):
            raise BadData(f"{what} {key!r}: a key is lower_snake_case")
        if keys.count(key) > 1:
            raise BadData(f"{what} {key!r} is there twice")


def _check_stuck(point: PointTemplate, points: Sequence[PointTemplate]) -> None:
    if point.stuck_while is None:
        return
    if point.stuck_after_s is None:
        raise BadData(f"point {point.key}: stuck_while goes with stuck_after_s")
    if not any(one.key == point.stuck_while and one.kind is PointKind.STATE for one in points):
        raise BadData(f"point {point.key}: no state {point.stuck_while!r}")


def _check_point(point: PointTemplate) -> None:
    if point.difference not in (None, True, False):
        raise BadData(f"point {point.key}: difference is true or false")
    if point.unit != point.unit.strip():
        raise BadData(f"point {point.key}: blanks around the unit")
    if point.kind is not PointKind.MEASURE and point.unit == "":
        raise BadData(f"point {point.key}: a state or counter has unit 1 or its own")
    low, high = point.physical_low, point.physical_high
    if low is not None and high is not None and low >= high:
        raise BadData(f"point {point.key}: physical range is empty")
    for problem in limit_problems(point.limits, low, high, point.stuck_after_s):
        raise BadData(f"point {point.key}: {problem.field} {problem.message}")
