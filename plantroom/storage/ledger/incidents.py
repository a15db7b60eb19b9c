"""Incidents and records of drills on SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from maintenance.incidents.drills import DrillRecord
from maintenance.incidents.model import Incident, Stage
from maintenance.incidents.ports import DrillFilter, IncidentFilter, IncidentRepository
from maintenance.incidents.rules import refuse_closed
from plantroom.errors import NotFound
from plantroom.ports.paging import Page, PageRequest, Scope
from plantroom.storage.ledger.codec import dump, load
from plantroom.storage.ledger.paging import Keys, fetch_page
from plantroom.storage.ledger.tables_incidents import drill_records, incidents
from plantroom.storage.ledger.work import Work, in_scope, one_of

MOST = 10_000
_i, _d = incidents.c, drill_records.c
_SORTS: Mapping[str, Keys] = {"reported_at": (_i.reported_at, _i.id)}
_DRILL_SORTS: Mapping[str, Keys] = {"recorded_at": (_d.recorded_at, _d.work_order)}


class SqlIncidents(IncidentRepository):
    """``IncidentRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def list(self, filters: IncidentFilter, page: PageRequest) -> Page[Incident]:
        statement = sa.select(_i.document).where(*_conditions(filters))
        return fetch_page(self._connection, statement, _SORTS, "-reported_at", page, _incident)

    def get(self, incident_id: str) -> Incident:
        return self._one(sa.select(_i.document).where(_i.id == incident_id), incident_id)

    def lock(self, incident_id: str) -> Incident:
        return self._one(self._work.locking(sa.select(_i.document).where(_i.id == incident_id)), incident_id)

    def next_number(self, site: str, year: int) -> int:
        self._work.backend.lock_text(self._connection, f"incidents {site} {year}")
        last = sa.select(sa.func.max(_i.number)).where(_i.site == site, _i.year == year)
        return int(self._connection.execute(last).scalar() or 0) + 1

    def of_order(self, order_id: str) -> Incident | None:
        open_ones = (_i.work_order == order_id, _i.stage != Stage.CLOSING.value)
        row = self._connection.execute(sa.select(_i.document).where(*open_ones).limit(1)).first()
        return None if row is None else _incident(row)

    def add(self, incident: Incident) -> None:
        self._connection.execute(incidents.insert(), _values(incident))

    def update(self, incident: Incident) -> Incident:
        stored = self.lock(incident.id)
        refuse_closed(stored)
        changed = replace(incident, version=stored.version + 1)
        values = _values(changed)
        del values["year"], values["number"]
        self._connection.execute(incidents.update().where(_i.id == incident.id), values)
        return changed

    def drill(self, order_id: str) -> DrillRecord | None:
        row = self._connection.execute(sa.select(_d.document).where(_d.work_order == order_id)).first()
        return None if row is None else _drill(row)

    def put_drill(self, record: DrillRecord) -> None:
        if record.recorded_at is None:
            raise ValueError("a drill record says when it was written")
        values = {
            "work_order": record.work_order,
            "site": record.site,
            "emergency_plan": record.emergency_plan,
            "recorded_at": record.recorded_at,
            "version": record.version,
            "document": dump(record),
        }
        there = drill_records.update().where(_d.work_order == record.work_order)
        if self._connection.execute(there, values).rowcount == 0:
            self._connection.execute(drill_records.insert(), values)

    def drills(self, filters: DrillFilter, page: PageRequest) -> Page[DrillRecord]:
        conditions = in_scope(_d.site, filters.scope, filters.site)
        if filters.emergency_plan is not None:
            conditions.append(_d.emergency_plan == filters.emergency_plan)
        if filters.begins is not None:
            conditions.append(_d.recorded_at >= filters.begins)
        if filters.ends is not None:
            conditions.append(_d.recorded_at < filters.ends)
        statement = sa.select(_d.document).where(*conditions)
        return fetch_page(self._connection, statement, _DRILL_SORTS, "-recorded_at", page, _drill)

    def within(self, scope: Scope, site: str | None, begins: datetime, ends: datetime) -> Sequence[Incident]:
        conditions = _conditions(IncidentFilter(scope=scope, site=site, begins=begins, ends=ends))
        newest = sa.select(_i.document).where(*conditions).order_by(_i.reported_at.desc(), _i.id.desc()).limit(MOST)
        return [_incident(row) for row in self._connection.execute(newest)]

    def _one(self, statement: sa.Select[Any], incident_id: str) -> Incident:
        row = self._connection.execute(statement).first()
        if row is None:
            raise NotFound(f"there is no incident {incident_id!r}")
        return _incident(row)


def _conditions(filters: IncidentFilter) -> list[sa.ColumnElement[bool]]:
    conditions = in_scope(_i.site, filters.scope, filters.site)
    for column, text in ((_i.stage, filters.stage), (_i.kind, filters.kind), (_i.severity, filters.severity)):
        if text is not None:
            conditions.append(one_of(column, text))
    for column, wanted in ((_i.asset, filters.asset), (_i.work_order, filters.work_order)):
        if wanted is not None:
            conditions.append(column == wanted)
    if filters.open_only:
        conditions.append(_i.stage != Stage.CLOSING.value)
    if filters.begins is not None:
        conditions.append(_i.reported_at >= filters.begins)
    if filters.ends is not None:
        conditions.append(_i.reported_at < filters.ends)
    return conditions


def _values(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "site": incident.site,
        "year": int(incident.code.split("-")[1]),
        "number": incident.number,
        "code": incident.code,
        "kind": incident.kind.value,
        "severity": incident.severity.value,
        "stage": incident.stage.value,
        "asset": incident.asset,
        "work_order": incident.work_order,
        "reported_at": incident.reported_at,
        "version": incident.version,
        "document": dump(incident),
    }


def _incident(row: Sequence[Any]) -> Incident:
    return load(Incident, row[0])


def _drill(row: Sequence[Any]) -> DrillRecord:
    return load(DrillRecord, row[0])
