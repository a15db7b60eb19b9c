"""Points of one asset: made, changed and taken away by hand, with their sensors."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from api.paging import bad_field
from api.points.schemas import Point, PointChange, PointCreate, PointDetail, SensorFields
from api.problems import StaleVersion
from plantroom.domain.assets import Asset, EquipmentClass, Limits, LocalName, PointKind, PointTemplate
from plantroom.domain.assets import Point as DomainPoint
from plantroom.domain.parts import PointSensor
from plantroom.errors import Conflict
from plantroom.ports.ledger import LedgerTx
from plantroom.units import UnitError, check_unit

_SENSOR = {"sensor_serial": "serial", "calibrated_on": "calibrated_on", "interval_days": "interval_days"} | {
    "certificate": "certificate"
}
"""Fields of a form that are the sensor's, with their names there."""

_TEMPLATE = ("name", "physical_low", "physical_high", "stale_after_s", "failure_mode")


def keys_of_class(classes: Mapping[str, EquipmentClass], asset: Asset) -> set[str]:
    """Points that the asset's class has."""
    made = classes.get(asset.equipment_class)
    return {template.key for template in made.points} if made else set()


def point_detail(tx: LedgerTx, classes: Mapping[str, EquipmentClass], asset: Asset, point: DomainPoint) -> PointDetail:
    """One point as it is answered."""
    sensor = tx.sensors.of([asset.key]).get((asset.key, point.key))
    shown = Point.of(point, sensor, point.key not in keys_of_class(classes, asset))
    return PointDetail(**dict(shown), asset=asset.key, version=sensor.version if sensor else 1)


def add_point(tx: LedgerTx, classes: Mapping[str, EquipmentClass], asset: Asset, form: PointCreate) -> PointDetail:
    """Add a point to the locked asset. ``Conflict`` where it has one of that key, ``BadData`` for a unit that nobody
    knows, and for a state or counter without one."""
    if any(point.key == form.key for point in tx.assets.points(asset.key)):
        raise Conflict(f"{asset.code} has a point {form.key!r} already")
    made = classes.get(asset.equipment_class)
    known = next((one for one in made.points if one.key == form.key), None) if made else None
    if known is None:
        known = _own(form)
    elif form.unit not in ("", known.unit):
        raise bad_field("unit", "another_unit", f"points {form.key!r} of the class are in {known.unit!r}")
    template = _with_fields(known, form, made)
    point = DomainPoint(asset.key, template)
    tx.assets.put_points([point])
    sensor = _sensor(PointSensor(asset.key, form.key), form)
    if sensor != PointSensor(asset.key, form.key):
        tx.sensors.put([sensor])
    tx.live.note("asset", asset.site, {"key": asset.key, "change": "points", "point": form.key})
    return point_detail(tx, classes, asset, point)


def change_point(
    tx: LedgerTx,
    classes: Mapping[str, EquipmentClass],
    asset: Asset,
    point: DomainPoint,
    form: PointChange,
    expected: int | None,
) -> PointDetail:
    """Write the fields that ``form`` names; the asset is locked. ``StaleVersion`` when ``expected`` is not the stored
    version."""
    stored = tx.sensors.of([asset.key]).get((asset.key, point.key)) or PointSensor(asset.key, point.key)
    if expected is not None and expected != stored.version:
        current = point_detail(tx, classes, asset, point)
        shown = current.model_dump(mode="json")
        words = f"point {point.key} is at version {stored.version} by now, not {expected}"
        raise StaleVersion(words, shown, stored.version, _differing(stored, point, form))
    template = _with_fields(point.template, form, classes.get(asset.equipment_class))
    changed = DomainPoint(asset.key, template)
    if changed != point:
        tx.assets.put_points([changed])
    tx.sensors.put([replace(_sensor(stored, form), version=stored.version + 1)])
    tx.live.note("asset", asset.site, {"key": asset.key, "change": "points", "point": point.key})
    return point_detail(tx, classes, asset, changed)


def take_point_away(tx: LedgerTx, classes: Mapping[str, EquipmentClass], asset: Asset, point: DomainPoint) -> None:
    """Take a point away from the locked asset. ``Conflict`` for one that its class has: alarms and models know it."""
    if point.key in keys_of_class(classes, asset):
        raise Conflict(f"{point.key!r} belongs to the class {asset.equipment_class}: it cannot be taken away")
    tx.assets.remove_points([(asset.key, point.key)])
    tx.live.note("asset", asset.site, {"key": asset.key, "change": "points", "point": point.key})


def _own(form: PointCreate) -> PointTemplate:
    if form.unit:
        try:
            check_unit(form.unit)
        except UnitError as error:
            raise bad_field("unit", "unknown_unit", str(error)) from None
    elif form.kind is not PointKind.MEASURE:
        raise bad_field("unit", "required", "a state or counter has unit 1 or its own")
    return PointTemplate(
        form.key,
        LocalName(form.key, form.key),
        form.unit,
        form.kind,
        Limits(),
        in_model=form.kind is PointKind.MEASURE,
    )


def _with_fields(
    template: PointTemplate, form: PointCreate | PointChange, made: EquipmentClass | None
) -> PointTemplate:
    given: dict[str, Any] = {name: getattr(form, name) for name in _TEMPLATE if name in form.model_fields_set}
    if "name" in given:
        name = form.name.to_domain()
        given["name"] = name if name.zh else template.name
    mode = given.get("failure_mode")
    if mode is not None and (made is None or made.mode(mode) is None):
        known = ", ".join(one.key for one in made.failure_modes) if made else "none"
        raise bad_field("failure_mode", "unknown_mode", f"should be one of {known}")
    changed = replace(template, **given)
    low, high = changed.physical_low, changed.physical_high
    if low is not None and high is not None and low >= high:
        raise bad_field("physical_high", "empty_range", "should lie above physical_low")
    return changed


def _sensor(stored: PointSensor, form: SensorFields) -> PointSensor:
    given = {name: getattr(form, field) for field, name in _SENSOR.items() if field in form.model_fields_set}
    return replace(stored, **given)


def _differing(stored: PointSensor, point: DomainPoint, form: PointChange) -> list[str]:
    found = []
    for name in sorted(form.model_fields_set):
        if name in _SENSOR:
            now, wanted = getattr(stored, _SENSOR[name]), getattr(form, name)
        else:
            now = getattr(point.template, name)
            wanted = form.name.to_domain() if name == "name" else getattr(form, name)
        if now != wanted:
            found.append(name)
    return found
