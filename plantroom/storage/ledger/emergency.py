"""Emergency plans."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from maintenance.emergency.plans import EmergencyPlan
from maintenance.emergency.ports import EmergencyPlanRepository
from plantroom.errors import Conflict, NotFound, VersionConflict
from plantroom.storage.ledger import tables_imports as t
from plantroom.storage.ledger.asset_rows import need_sites
from plantroom.storage.ledger.codec import dump, load
from plantroom.storage.ledger.work import Work

_e = t.emergency_plans.c


class SqlEmergencyPlans(EmergencyPlanRepository):
    """``EmergencyPlanRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def list(self, site: str | None = None) -> Sequence[EmergencyPlan]:
        statement = sa.select(_e.document).order_by(_e.profile, _e.code)
        if site is not None:
            statement = statement.where(_e.profile.in_(["", site]))
        return [load(EmergencyPlan, text) for text in self._connection.execute(statement).scalars()]

    def get(self, key: str) -> EmergencyPlan:
        return self._read(sa.select(_e.document).where(_e.key == key), key)

    def lock(self, key: str) -> EmergencyPlan:
        return self._read(self._work.locking(sa.select(_e.document).where(_e.key == key)), key)

    def add(self, plan: EmergencyPlan) -> None:
        if plan.site is not None:
            need_sites(self._work, {plan.site})
        self._need_code(plan)
        self._connection.execute(t.emergency_plans.insert(), _row(plan))

    def update(self, plan: EmergencyPlan, expected_version: int | None) -> EmergencyPlan:
        stored = self.lock(plan.key)
        if expected_version is not None and stored.version != expected_version:
            raise VersionConflict(f"plan {stored.code} is at version {stored.version} by now, not {expected_version}")
        changed = replace(plan, site=stored.site, version=stored.version + 1)
        if changed.code != stored.code:
            self._need_code(changed)
        self._connection.execute(t.emergency_plans.update().where(_e.key == plan.key), _row(changed))
        return changed

    def remove(self, key: str) -> None:
        self._connection.execute(t.emergency_plans.delete().where(_e.key == key))

    def _read(self, statement: sa.Select[Any], key: str) -> EmergencyPlan:
        text = self._connection.execute(statement).scalar()
        if text is None:
            raise NotFound(f"there is no emergency plan {key!r}")
        return load(EmergencyPlan, text)

    def _need_code(self, plan: EmergencyPlan) -> None:
        taken = sa.select(_e.key).where(_e.profile == (plan.site or ""), _e.code == plan.code, _e.key != plan.key)
        if self._connection.execute(taken).first() is not None:
            raise Conflict(f"there is an emergency plan {plan.code!r} already")


def _row(plan: EmergencyPlan) -> dict[str, Any]:
    return {
        "key": plan.key,
        "profile": plan.site or "",
        "code": plan.code,
        "site": plan.site,
        "version": plan.version,
        "document": dump(plan),
    }
