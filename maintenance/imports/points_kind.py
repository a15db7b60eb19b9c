"""Points as a kind of table, each with the sensor behind it."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from maintenance.alarm_ports import LimitChange
from maintenance.imports.cells import Cell
from maintenance.imports.fields import cells_of, changed, same, values_of
from maintenance.imports.grids import Book
from maintenance.imports.kinds import Asked, TableKind
from maintenance.imports.naming import code_of, site_of
from maintenance.imports.outcome import Change, Outcome
from maintenance.imports.point_columns import (
    COLUMN_ORDER,
    HEADINGS,
    LIMITS,
    SENSOR_BY_KEY,
    SENSOR_FIELDS,
    TEMPLATE_BY_KEY,
    TEMPLATE_FIELDS,
)
from maintenance.imports.problems import Problem, Problems, count, in_words
from maintenance.imports.site_names import SiteNames
from maintenance.imports.tables import Row
from maintenance.imports.undoing import Restored
from maintenance.imports.values import normal_code
from maintenance.ports import MaintenanceTx
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.alarms import MAX_DELAY_S, limit_problems
from plantroom.domain.assets import Asset, LimitOrigin, LocalName, Point, PointKind, PointTemplate, Status
from plantroom.domain.parts import PointSensor
from plantroom.ports.accounts import Role
from plantroom.ports.ledger import AssetFilter
from plantroom.ports.paging import PageRequest
from plantroom.units import UnitError, check_unit

RECORD, SENSOR = "point", "sensor"
AT_ONCE = 2_000
BY_IMPORT, BY_UNDOING = "表格导入 / table import", "撤销导入 / import undone"
"""Why limits have changed, in their history."""

_LIMITS_ZH = {
    "not_finite": "应为有限的数",
    "bad_delay": f"应为 0 至 {MAX_DELAY_S:.0f} 秒",
    "beyond_stuck": "延时过长：数值在此之前已被判为卡死",
    "not_ordered": "下限应低于上限，报警限应在预警限之外",
    "not_physical": "超出传感器的物理量程",
    "negative": "应为 0 或以上",
    "too_wide": "死区不应大于限值之间的范围",
}
_KEY = re.compile(r"[a-z][a-z0-9_]{0,99}")


@dataclass(slots=True)
class Wanted:
    """One row, understood."""

    row: Row
    site: str
    asset: str
    key: str
    values: Mapping[str, Any]
    sensor: Mapping[str, Any]


class PointsImport:
    """One comparison of a table with the points that there are."""

    def __init__(self, tx: MaintenanceTx, asked: Asked, problems: Problems) -> None:
        self._tx, self._asked = tx, asked
        self._sites = SiteNames(tx.assets.sites())
        self._seen: dict[tuple[str, str], int] = {}
        self.outcome = Outcome(problems)

    def run(self, rows: Iterable[Row]) -> Outcome:
        """Compare every row."""
        batch: list[Wanted] = []
        for row in rows:
            one = self._understood(row)
            if one is not None:
                batch.append(one)
            if len(batch) >= AT_ONCE:
                self._batch(batch)
                batch = []
        self._batch(batch)
        return self.outcome

    def _understood(self, row: Row) -> Wanted | None:
        problems = self.outcome.problems
        before = count(problems)
        site = site_of(row, self._asked, self._sites, problems)
        asset, key = code_of(row, "asset", problems), code_of(row, "key", problems)
        values, sensor = values_of(row, TEMPLATE_BY_KEY, problems), values_of(row, SENSOR_BY_KEY, problems)
        if count(problems) > before or row.refused or site is None:
            return None
        return Wanted(row, site, asset, key, values, sensor)

    def _may(self, site: str, department: str | None) -> bool:
        return self._asked.rights.may_change(site, department)

    def _batch(self, some: Sequence[Wanted]) -> None:
        codes = {(one.site, code) for one in some for code in (one.asset, normal_code(one.asset))}
        assets = self._tx.assets.find_many(codes)
        keys = {asset.key for asset in assets.values()}
        points = {
            (asset, point.key): point
            for asset, some_points in self._tx.assets.points_of(keys).items()
            for point in some_points
        }
        sensors = self._tx.sensors.of(keys)
        for one in some:
            asset = assets.get((one.site, one.asset)) or assets.get((one.site, normal_code(one.asset)))
            if asset is None:
                self.outcome.problems.error(one.row.problem("asset", "unknown_asset"))
            elif not self._may(asset.site, asset.department):
                self.outcome.problems.error(one.row.problem("asset", "not_yours"))
            else:
                self._take(one, asset, points, sensors.get((asset.key, one.key)))

    def _take(
        self, one: Wanted, asset: Asset, points: Mapping[tuple[str, str], Point], sensor: PointSensor | None
    ) -> None:
        problems = self.outcome.problems
        place = (asset.key, one.key)
        if place in self._seen:
            said = LocalName(f"与第{self._seen[place]}行相同", f"the same point as line {self._seen[place]}")
            problems.error(one.row.problem("key", "duplicate_row", in_words("duplicate_row", said)))
            return
        self._seen[place] = one.row.number
        match = points.get(place)
        template = match.template if match is not None else self._new(one, asset)
        if template is None or not self._is_sound_unit(one, match):
            return
        after, changes = changed(template, TEMPLATE_BY_KEY, one.values)
        if LIMITS & changes.keys() and "source" not in one.values:
            limits = replace(after.limits, source=BY_IMPORT, status=Status.DEFAULT, origin=LimitOrigin.OWN)
            after = replace(after, limits=limits)
        if not self._are_sound_limits(one, template, after, is_new=match is None):
            return
        had = sensor or PointSensor(asset.key, one.key)
        has, more = changed(had, SENSOR_BY_KEY, one.sensor)
        action = "created" if match is None else ("updated" if changes or more else "unchanged")
        if match is None or changes:
            before = None if match is None else match
            self._change(one, RECORD, asset, before, Point(asset.key, after))
        if more:
            self._change(one, SENSOR, asset, sensor, has)
        self.outcome.note(one.row, action, f"{asset.code}/{one.key}", {} if match is None else changes | more)

    def _change(self, one: Wanted, record: str, asset: Asset, before: object, after: object) -> None:
        key = f"{record}:{asset.key}/{one.key}"
        change = Change(
            record, key, f"{asset.code}/{one.key}", asset.site, before, after, one.row.sheet, one.row.number
        )
        self.outcome.changes.append(change)

    def _new(self, one: Wanted, asset: Asset) -> PointTemplate | None:
        """The class's point of that key, else one of the asset's own."""
        made = equipment_classes().get(asset.equipment_class)
        known = next((t for t in made.points if t.key == one.key), None) if made is not None else None
        if known is not None:
            return known
        if _KEY.fullmatch(one.key) is None:
            self.outcome.problems.error(one.row.problem("key", "bad_key"))
            return None
        kind = one.values.get("kind", PointKind.MEASURE)
        if kind is not PointKind.MEASURE and not one.values.get("unit"):
            self.outcome.problems.error(one.row.problem("unit", "missing_value"))
            return None
        name = str(one.values.get("name") or one.values.get("name_en") or one.key)
        english = str(one.values.get("name_en") or name)
        return PointTemplate(one.key, LocalName(name, english), "", kind, in_model=kind is PointKind.MEASURE)

    def _is_sound_unit(self, one: Wanted, match: Point | None) -> bool:
        unit = one.values.get("unit")
        has = match.template.unit if match is not None else ""
        if unit is None or same(unit, has):
            return True
        if has:
            said = LocalName(f"测点单位不能更改（现为 {has}）", f"the unit cannot be changed (it is {has})")
            self.outcome.problems.error(one.row.problem("unit", "unit_fixed", in_words("unit_fixed", said)))
            return False
        try:
            check_unit(unit)
        except UnitError as error:
            said = LocalName(f"不认识的单位 {unit}", str(error))
            self.outcome.problems.error(one.row.problem("unit", "unknown_unit", in_words("unknown_unit", said)))
            return False
        return True

    def _are_sound_limits(self, one: Wanted, before: PointTemplate, after: PointTemplate, *, is_new: bool) -> bool:
        """Limits that are there already stay as they are, whatever rules have come since."""
        if after.limits == before.limits and not is_new:
            return True
        found = limit_problems(after.limits, after.physical_low, after.physical_high, after.stuck_after_s)
        for problem in found:
            said = LocalName(f"限值不成立：{_LIMITS_ZH.get(problem.code, problem.message)}", problem.message)
            message = in_words("bad_limits", said)
            self.outcome.problems.error(one.row.problem(problem.field, "bad_limits", message))
        return not found


class PointsKind(TableKind):
    """Points of assets."""

    key = "points"
    name = LocalName("测点", "Points")
    role = Role.SUPERVISOR
    columns = COLUMN_ORDER
    headings = HEADINGS

    def compare(self, tx: MaintenanceTx, book: Book, asked: Asked, problems: Problems) -> Outcome:
        return PointsImport(tx, asked, problems).run(self.rows(book, asked, problems))

    def write(self, tx: MaintenanceTx, changes: Sequence[Change], asked: Asked) -> None:
        self._put(tx, [(one.site, one.before, one.after) for one in changes], asked, BY_IMPORT)

    def _put(
        self, tx: MaintenanceTx, records: Sequence[tuple[str | None, object, object]], asked: Asked, why: str
    ) -> None:
        points = [after for _, _, after in records if isinstance(after, Point)]
        if points:
            tx.assets.put_points(sorted(points, key=lambda point: point.asset))
        for site, before, after in records:
            if isinstance(before, Point) and isinstance(after, Point):
                old, new = before.template.limits, after.template.limits
                if old != new:
                    tx.alarms.add_limit_change(
                        LimitChange(site or "", after.asset, after.key, asked.now, asked.by, why, old, new)
                    )
        sensors = [
            replace(after, version=(before.version if isinstance(before, PointSensor) else 0) + 1)
            for _, before, after in records
            if isinstance(after, PointSensor)
        ]
        if sensors:
            tx.sensors.put(sensors)
        for site in {site for site, _, _ in records}:
            tx.live.note("asset", site, {"change": "points"})

    def current(self, tx: MaintenanceTx, changes: Sequence[Change]) -> Mapping[str, object]:
        wanted = {one.key for one in changes}
        assets = {one.after.asset for one in changes if isinstance(one.after, Point | PointSensor)}
        tx.assets.several(assets, lock=True)  # whoever changes a point or its sensor locks the asset
        found: dict[str, object] = {}
        for asset, points in tx.assets.points_of(assets).items():
            found |= {f"{RECORD}:{asset}/{point.key}": point for point in points}
        for (asset, key), sensor in tx.sensors.of(assets).items():
            found[f"{SENSOR}:{asset}/{key}"] = sensor
        return {key: record for key, record in found.items() if key in wanted}

    def revert(self, tx: MaintenanceTx, restored: Sequence[Restored], asked: Asked) -> list[Problem]:
        back = [(change.site, change.after, record) for change, record in restored if record is not None]
        self._put(tx, back, asked, BY_UNDOING)
        created = [change.after for change, record in restored if record is None]
        tx.assets.remove_points([(one.asset, one.key) for one in created if isinstance(one, Point)])
        bare = [
            PointSensor(one.asset, one.point, version=one.version + 1)
            for one in created
            if isinstance(one, PointSensor)
        ]
        if bare:
            tx.sensors.put(bare)
        return []

    def export(self, tx: MaintenanceTx, site: str | None, language: str) -> Iterator[Sequence[Cell]]:
        cursor: str | None = None
        while True:
            page = tx.assets.list(AssetFilter(site=site), PageRequest(500, cursor))
            assets = [view.asset for view in page.items]
            points = tx.assets.points_of([asset.key for asset in assets])
            sensors = tx.sensors.of([asset.key for asset in assets])
            for asset in assets:
                for point in points.get(asset.key, ()):
                    sensor = sensors.get((asset.key, point.key)) or PointSensor(asset.key, point.key)
                    head: list[Cell] = [asset.site, asset.code, point.key]
                    body = cells_of(point.template, TEMPLATE_FIELDS, language)
                    yield [*head, *body, *cells_of(sensor, SENSOR_FIELDS, language)]
            cursor = page.next_cursor
            if cursor is None:
                return
