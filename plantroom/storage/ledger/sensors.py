"""Sensors of points, with their calibration."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

import sqlalchemy as sa

from plantroom.domain.assets import AssetStatus
from plantroom.domain.parts import PointSensor, due_sensors
from plantroom.ports.equipment import SensorRepository
from plantroom.ports.paging import Scope
from plantroom.storage.ledger import tables_plant as plant
from plantroom.storage.ledger.asset_bulk import lock_assets
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.tables_equipment import point_sensors
from plantroom.storage.ledger.work import Work, chunks, in_scope

SENSORS = Record(PointSensor, point_sensors)
_c = point_sensors.c


class SqlSensors(SensorRepository):
    """``SensorRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def of(self, assets: Collection[str]) -> Mapping[tuple[str, str], PointSensor]:
        found: dict[tuple[str, str], PointSensor] = {}
        for some in chunks(sorted(assets)):
            rows = self._connection.execute(SENSORS.select().where(_c.asset.in_(some)))
            found |= {(sensor.asset, sensor.point): sensor for sensor in map(SENSORS.item, rows)}
        return found

    def put(self, sensors: Sequence[PointSensor]) -> None:
        if not sensors:
            return
        lock_assets(self._work, {sensor.asset for sensor in sensors})
        insert = self._work.backend.insert(point_sensors)
        written = {c.name: insert.excluded[c.name] for c in point_sensors.c if c.name not in {"asset", "point"}}
        statement = insert.on_conflict_do_update(index_elements=["asset", "point"], set_=written)
        rows = [SENSORS.row(s) | {"due_on": s.due_on or (date.min if s.interval_days else None)} for s in sensors]
        self._connection.execute(statement, rows)

    def due(self, scope: Scope, on: date, site: str | None = None) -> Sequence[PointSensor]:
        a = plant.assets.c
        alive = sa.select(a.key).where(a.status != AssetStatus.SCRAPPED.value, *in_scope(a.site, scope, site))
        statement = SENSORS.select().where(_c.due_on <= on, _c.asset.in_(alive))
        return due_sensors(map(SENSORS.item, self._connection.execute(statement)), on)
