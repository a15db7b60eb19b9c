"""Imports: their runs, documents and changes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from maintenance.emergency.plans import EmergencyPlan
from maintenance.imports.outcome import Change
from maintenance.imports.ports import ImportFilter, ImportRepository, ImportRun, Mode
from maintenance.plan import Occurrence, PlanRow
from plantroom.domain.assets import Asset, Location, Point
from plantroom.domain.parts import PointSensor
from plantroom.errors import Conflict, NotFound
from plantroom.ports.accounts import User
from plantroom.ports.paging import Page, PageRequest
from plantroom.storage.ledger import tables_imports as t
from plantroom.storage.ledger.codec import dump, load
from plantroom.storage.ledger.paging import fetch_page
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.work import Work, chunks

RUNS = Record(ImportRun, t.imports)
RECORDS: Mapping[str, type[Any]] = {
    "asset": Asset,
    "location": Location,
    "point": Point,
    "sensor": PointSensor,
    "plan_row": PlanRow,
    "former_work": Occurrence,
    "emergency_plan": EmergencyPlan,
    "user": User,
}
"""What a change may be about, by its word in the table."""

_AT_ONCE = 5_000
_c = t.import_changes.c


class SqlImports(ImportRepository):
    """``ImportRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def add(self, run: ImportRun) -> None:
        if self.find(run.id) is not None:
            raise Conflict(f"there is an import {run.id!r} already")
        self._connection.execute(t.imports.insert(), RUNS.row(run))

    def find(self, import_id: str) -> ImportRun | None:
        row = self._connection.execute(RUNS.select().where(t.imports.c.id == import_id)).first()
        return None if row is None else RUNS.item(row)

    def lock(self, import_id: str) -> ImportRun:
        row = self._connection.execute(self._work.locking(RUNS.select().where(t.imports.c.id == import_id))).first()
        if row is None:
            raise NotFound(f"there is no import {import_id!r}")
        return RUNS.item(row)

    def update(self, run: ImportRun) -> None:
        self._connection.execute(t.imports.update().where(t.imports.c.id == run.id), RUNS.row(run))

    def list(self, filters: ImportFilter, page: PageRequest) -> Page[ImportRun]:
        i = t.imports.c
        conditions: list[sa.ColumnElement[bool]] = []
        if filters.scope.sites is not None:
            conditions.append(
                sa.or_(i.site.in_(sorted(filters.scope.sites)), sa.and_(i.author == filters.author, i.author != ""))
            )
        for column, wanted in ((i.kind, filters.kind), (i.state, filters.state), (i.site, filters.site)):
            if wanted is not None:
                conditions.append(column == wanted)
        if filters.without_kinds:
            conditions.append(i.kind.not_in(filters.without_kinds))
        sorts = {"started_at": (i.started_at, i.id)}
        return fetch_page(self._connection, RUNS.select().where(*conditions), sorts, "-started_at", page, RUNS.item)

    def put_document(self, import_id: str, document: Mapping[str, object]) -> None:
        insert = self._work.backend.insert(t.import_documents)
        statement = insert.on_conflict_do_update(
            index_elements=["import"], set_={"document": insert.excluded["document"]}
        )
        self._connection.execute(statement, {"import": import_id, "document": dump(document)})

    def document(self, import_id: str) -> Mapping[str, object] | None:
        d = t.import_documents.c
        text = self._connection.execute(sa.select(d.document).where(d["import"] == import_id)).scalar()
        found: Mapping[str, object] | None = None if text is None else orjson.loads(text)
        return found

    def add_changes(self, import_id: str, changes: Sequence[Change]) -> None:
        for start in range(0, len(changes), _AT_ONCE):
            rows = [
                {
                    "import": import_id,
                    "position": start + n,
                    "record": one.record,
                    "key": one.key,
                    "code": one.code,
                    "site": one.site,
                    "sheet": one.sheet,
                    "row": one.row,
                    "before": None if one.before is None else dump(one.before),
                    "after": dump(one.after),
                }
                for n, one in enumerate(changes[start : start + _AT_ONCE])
            ]
            self._work.backend.insert_many(self._connection, t.import_changes, rows)

    def changes(self, import_id: str) -> Sequence[Change]:
        statement = sa.select(_c.record, _c.key, _c.code, _c.site, _c.before, _c.after, _c.sheet, _c.row)
        rows = self._connection.execute(statement.where(_c["import"] == import_id).order_by(_c.position))
        found = []
        for record, key, code, site, before, after, sheet, row in rows:
            kind = RECORDS[record]
            was = None if before is None else load(kind, before)
            found.append(Change(record, key, code, site, was, load(kind, after), sheet, row))
        return found

    def forget_dry_runs(self, before: datetime) -> int:
        i = t.imports.c
        old = sa.select(i.id).where(i.mode == Mode.DRY_RUN.value, i.started_at < before)
        ids = list(self._connection.execute(old).scalars())
        for some in chunks(ids):
            self._connection.execute(t.import_documents.delete().where(t.import_documents.c["import"].in_(some)))
            self._connection.execute(t.imports.delete().where(i.id.in_(some)))
        return len(ids)
