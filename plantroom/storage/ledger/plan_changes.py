"""Changes of the plan table."""

from collections.abc import Mapping
from dataclasses import replace

import sqlalchemy as sa

from maintenance.plan_changes.model import PlanChange
from maintenance.plan_changes.ports import ChangeFilter, PlanChangeRepository
from plantroom.errors import NotFound
from plantroom.ports.paging import EVERYTHING, Page, PageRequest
from plantroom.storage.ledger import tables_plan_changes as t
from plantroom.storage.ledger.asset_rows import need_sites
from plantroom.storage.ledger.paging import fetch_page
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.versions import stale
from plantroom.storage.ledger.work import Work, in_scope, one_of

CHANGES = Record(PlanChange, t.plan_changes)
_c = t.plan_changes.c
_SORTS = {"requested_at": (_c.requested_at, _c.id)}


class SqlPlanChanges(PlanChangeRepository):
    """``PlanChangeRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def add(self, change: PlanChange) -> None:
        if change.site is not None:
            need_sites(self._work, {change.site})
        self._connection.execute(t.plan_changes.insert(), CHANGES.row(change))

    def get(self, change_id: str) -> PlanChange:
        return self._one(CHANGES.select(), change_id)

    def lock(self, change_id: str) -> PlanChange:
        return self._one(self._work.locking(CHANGES.select()), change_id)

    def update(self, change: PlanChange, expected_version: int | None) -> PlanChange:
        stored = self.lock(change.id)
        if expected_version is not None and stored.version != expected_version:
            raise stale("the plan change", stored.version, expected_version)
        changed = replace(change, version=stored.version + 1)
        self._connection.execute(t.plan_changes.update().where(_c.id == change.id), CHANGES.row(changed))
        return changed

    def applied(self, lineage: str) -> Mapping[int, PlanChange]:
        mine = CHANGES.select().where(_c.lineage == lineage, _c.applied_version.is_not(None))
        found = map(CHANGES.item, self._connection.execute(mine))
        return {change.applied_version: change for change in found if change.applied_version is not None}

    def list(self, wanted: ChangeFilter, page: PageRequest) -> Page[PlanChange]:
        conditions = in_scope(_c.site, EVERYTHING, wanted.site)
        if wanted.scope.sites is not None:
            conditions.append(sa.or_(_c.site.is_(None), *in_scope(_c.site, wanted.scope, None)))
        for column, text in ((_c.state, wanted.state), (_c.origin, wanted.origin)):
            if text is not None:
                conditions.append(one_of(column, text))
        if wanted.code is not None:
            conditions.append(_c.code == wanted.code)
        statement = CHANGES.select().where(*conditions)
        return fetch_page(self._connection, statement, _SORTS, "-requested_at", page, CHANGES.item)

    def _one(self, statement: sa.Select[tuple[object, ...]], change_id: str) -> PlanChange:
        row = self._connection.execute(statement.where(_c.id == change_id)).first()
        if row is None:
            raise NotFound(f"there is no plan change {change_id!r}")
        return CHANGES.item(row)
