"""What the SLA clocks keep: marks, clocks at rest, steps of escalation, policies."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from maintenance.sla.clocks import Clock, ClockState, Pause
from maintenance.sla.documents import built_in, policy_json, read_policy
from maintenance.sla.policy import ClockKind, Policies, PolicyVersion
from maintenance.sla.ports import KeptCount, SlaRepository, StoredClock
from maintenance.sla.steps import StepDone
from maintenance.sla.words import Mark
from maintenance.work_orders import Kind, WorkOrder
from plantroom.domain.assets import Severity
from plantroom.errors import NotFound, VersionConflict
from plantroom.ports.paging import Scope
from plantroom.storage.ledger import tables_sla as t
from plantroom.storage.ledger.backend import Backend
from plantroom.storage.ledger.columns import EPOCH, FAR_FUTURE, MICROSECOND
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.tables_maintenance import work_orders
from plantroom.storage.ledger.tables_plant import sites
from plantroom.storage.ledger.work import Work, chunks, in_scope

MARKS = Record(Mark, t.work_order_marks)
STEPS = Record(StepDone, t.sla_steps)
_m = t.work_order_marks.c
_c = t.sla_clocks.c
_s = t.sla_steps.c
_p = t.sla_policies.c
_w = work_orders.c
_KINDS = {kind.value: place for place, kind in enumerate(ClockKind)}


class SqlSla(SlaRepository):
    """``SlaRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection
        self._policies: dict[str, Policies] = {}

    def add_mark(self, mark: Mark) -> None:
        made, row = t.work_order_marks, MARKS.row(mark)
        position = self._connection.execute(made.insert().returning(made.c.position), row).scalar_one()
        self._work.made(made, position, row | {"position": position})

    def marks(self, order_id: str) -> Sequence[Mark]:
        return [MARKS.item(row) for row in self._connection.execute(_MARKS_OF, {"order_id": order_id})]

    def marks_of(self, order_ids: Sequence[str]) -> Mapping[str, Sequence[Mark]]:
        found = defaultdict[str, list[Mark]](list)
        for some in chunks(sorted(set(order_ids))):
            statement = MARKS.select().where(_m.work_order.in_(some)).order_by(_m.position)
            for mark in map(MARKS.item, self._connection.execute(statement)):
                found[mark.work_order].append(mark)
        return found

    def policies(self, site: str) -> Policies:
        if site not in self._policies:
            self._policies[site] = Policies(built_in(), self.policy_versions(None), self.policy_versions(site))
        return self._policies[site]

    def policy_versions(self, site: str | None) -> Sequence[PolicyVersion]:
        statement = sa.select(_p.version, _p.effective_at, _p.document, _p.by, _p.reason)
        rows = self._connection.execute(statement.where(_p.profile == (site or "")).order_by(_p.version))
        return [
            PolicyVersion(site, version, at, read_policy(document), by, reason)
            for version, at, document, by, reason in rows
        ]

    def add_policy(self, version: PolicyVersion) -> None:
        if version.site is not None:
            known = sa.select(sites.c.code).where(sites.c.code == version.site)
            if self._connection.execute(known).first() is None:
                raise NotFound(f"there is no site {version.site!r}")
        insert = self._work.backend.insert(t.sla_policies).on_conflict_do_nothing().returning(_p.version)
        values = {
            "profile": version.site or "",
            "version": version.version,
            "effective_at": version.effective_at,
            "document": policy_json(version.policy),
            "by": version.by,
            "reason": version.reason,
        }
        if self._connection.execute(insert, values).first() is None:
            raise VersionConflict("somebody else has changed the policy meanwhile")
        self._policies.clear()

    def clocks_of(self, order_ids: Sequence[str]) -> Mapping[str, Sequence[Clock]]:
        found: dict[str, list[Clock]] = {}
        for some in chunks(sorted(set(order_ids))):
            for row in self._connection.execute(_CLOCKS.where(_c.work_order.in_(some))):
                found.setdefault(row[0], []).append(_clock(row))
        for listed in found.values():
            listed.sort(key=lambda one: (_KINDS[one.kind.value], one.cycle))
        return found

    def put_clocks(
        self,
        order: WorkOrder,
        stored: Sequence[StoredClock],
        next_limit: datetime | None,
        risk_at: datetime | None,
        *,
        fewer: bool = True,
    ) -> None:
        rows = [_clock_values(order, one) for one in stored]
        if rows:
            self._connection.execute(_upsert(self._work.backend), rows)
        if fewer:
            stays = [(one["kind"], one["cycle"]) for one in rows]
            others = t.sla_clocks.delete().where(_c.work_order == order.id)
            if stays:
                others = others.where(sa.tuple_(_c.kind, _c.cycle).not_in(stays))
            self._connection.execute(others)
        values = {"order_id": order.id, "limit": next_limit or FAR_FUTURE, "risk": risk_at or FAR_FUTURE}
        self._connection.execute(_LIMITS, values)

    def steps(self, order_id: str) -> Sequence[StepDone]:
        return [STEPS.item(row) for row in self._connection.execute(_STEPS_OF, {"order_id": order_id})]

    def add_step(self, step: StepDone) -> bool:
        insert = self._work.backend.insert(t.sla_steps).on_conflict_do_nothing().returning(_s.step)
        return self._connection.execute(insert, STEPS.row(step)).first() is not None

    def count_messages(self, step: StepDone, messages: int) -> None:
        this = t.sla_steps.update().where(
            _s.work_order == step.work_order, _s.kind == step.kind, _s.cycle == step.cycle, _s.step == step.step
        )
        self._connection.execute(this, {"messages": messages})

    def waking(self, now: datetime, limit: int) -> Sequence[str]:
        statement = sa.select(_c.work_order).where(_c.wake_at <= now).order_by(_c.wake_at).limit(limit)
        return list(dict.fromkeys(self._connection.execute(statement).scalars()))

    def take(self, order_id: str, now: datetime) -> bool:
        statement = sa.select(_c.work_order).where(_c.work_order == order_id, _c.wake_at <= now).limit(1)
        return self._connection.execute(statement).first() is not None

    def unclocked(self, limit: int) -> Sequence[str]:
        statement = sa.select(_w.id).where(
            _w.ended.is_(False), _w.next_limit == EPOCH, _w.kind == Kind.CORRECTIVE.value
        )
        return list(self._connection.execute(statement.limit(limit)).scalars())

    def kept(self, scope: Scope, site: str | None, begins: datetime, ends: datetime) -> Sequence[KeptCount]:
        stopped, void = _c.stopped_at.is_not(None), _c.state == ClockState.VOID.value
        kept = sa.and_(stopped, _c.stopped_at <= _c.limit_at, sa.not_(void))
        in_target = sa.and_(stopped, _c.stopped_at <= _c.target_at, sa.not_(void))
        judged = sa.and_(stopped, sa.not_(void))
        spent = self._work.backend.seconds_between(_c.started_at, _c.stopped_at)
        statement = (
            sa.select(
                _c.severity,
                _c.kind,
                sa.func.count(),
                _count(in_target),
                _count(kept),
                _count(sa.and_(sa.not_(kept), sa.not_(void))),
                _count(void),
                _count(judged),
                sa.cast(sa.func.sum(sa.case((judged, spent), else_=0.0)), sa.Float),
                sa.cast(sa.func.sum(sa.case((judged, _c.paused_s), else_=0.0)), sa.Float),
            )
            .where(*in_scope(_c.site, scope, site), _c.decided_at >= begins, _c.decided_at < ends)
            .group_by(_c.severity, _c.kind)
        )
        order = list(Severity)
        rows = [KeptCount(*row) for row in self._connection.execute(statement)]
        return sorted(rows, key=lambda one: (order.index(Severity(one.severity)), _KINDS[one.kind]))


_UPSERTS: dict[type[Backend], Any] = {}
"""Made once for each database: a ticket's every step needs it."""


def _upsert(backend: Backend) -> Any:
    if type(backend) not in _UPSERTS:
        insert = backend.insert(t.sla_clocks)
        changes = {c.name: insert.excluded[c.name] for c in t.sla_clocks.columns if not c.primary_key}
        made = insert.on_conflict_do_update(index_elements=["work_order", "kind", "cycle"], set_=changes)
        _UPSERTS[type(backend)] = made
    return _UPSERTS[type(backend)]


_LIMITS = (
    work_orders.update()
    .where(_w.id == sa.bindparam("order_id"))
    .values(next_limit=sa.bindparam("limit"), risk_at=sa.bindparam("risk"))
)
_MARKS_OF = MARKS.select().where(_m.work_order == sa.bindparam("order_id")).order_by(_m.position)
_STEPS_OF = STEPS.select().where(_s.work_order == sa.bindparam("order_id")).order_by(_s.recorded_at, _s.due_at, _s.step)


def _count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
    return sa.func.sum(sa.case((condition, 1), else_=0))


_CLOCKS = sa.select(
    _c.work_order,
    _c.kind,
    _c.cycle,
    _c.severity,
    _c.state,
    _c.started_at,
    _c.counts_from,
    _c.target_s,
    _c.limit_s,
    _c.target_at,
    _c.limit_at,
    _c.stopped_at,
    _c.pauses,
    _c.paused_s,
)


def _clock(row: Sequence[Any]) -> Clock:
    _, kind, cycle, severity, state, started, counts, target_s, limit_s, target, limit, stopped, pauses, paused = row
    return Clock(
        kind=ClockKind(kind),
        cycle=cycle,
        severity=Severity(severity),
        started_at=started,
        target_at=target,
        limit_at=limit,
        state=ClockState(state),
        remaining_s=0.0,
        paused_s=paused,
        stopped_at=stopped,
        counts_from=counts,
        target_s=target_s,
        limit_s=limit_s,
        pauses=tuple(
            Pause(code, _instant(since), None if until is None else _instant(until)) for code, since, until in pauses
        ),
    )


def _clock_values(order: WorkOrder, stored: StoredClock) -> dict[str, Any]:
    clock = stored.clock
    return {
        "work_order": order.id,
        "kind": clock.kind.value,
        "cycle": clock.cycle,
        "site": order.site,
        "severity": clock.severity.value,
        "state": clock.state.value,
        "started_at": clock.started_at,
        "counts_from": clock.counts_from or clock.started_at,
        "target_s": clock.target_s,
        "limit_s": clock.limit_s,
        "target_at": clock.target_at,
        "limit_at": clock.limit_at,
        "stopped_at": clock.stopped_at,
        "decided_at": stored.decided_at,
        "pauses": [[p.code, _micros(p.since), None if p.until is None else _micros(p.until)] for p in clock.pauses],
        "paused_s": clock.paused_s,
        "wake_at": stored.wake_at,
    }


def _micros(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def _instant(micros: int) -> datetime:
    return EPOCH + micros * MICROSECOND
