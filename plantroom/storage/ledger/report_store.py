"""Reports, and lists of a site's work in a period."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from maintenance.evidence import unanswered
from maintenance.plan import OccurrenceState
from maintenance.reports.model import Report, ReportKind, ReportState
from maintenance.reports.ports import (
    Attached,
    Commented,
    DueLine,
    Mended,
    OrderLine,
    PlannedLine,
    ReportFilter,
    ReportRepository,
    Signed,
    Step,
)
from maintenance.work.endings import USES
from maintenance.work_orders import Kind, State, WorkOrder
from plantroom.errors import NotFound
from plantroom.ports.paging import Page, PageRequest
from plantroom.storage.ledger import tables_maintenance as m
from plantroom.storage.ledger.figures import BARE, ENTERED, FAR, INCOMPLETE_RECORD, ORDER_STATE, PUT_OFF, RECORDED
from plantroom.storage.ledger.order_rows import ORDERS
from plantroom.storage.ledger.paging import Keys, fetch_page
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.tables_accounts import users
from plantroom.storage.ledger.tables_reports import stored_reports
from plantroom.storage.ledger.tables_work import repairs, work_attachments, work_comments, work_signatures
from plantroom.storage.ledger.work import Work, chunks, in_scope, one_of

REPORTS = Record(Report, stored_reports)
T = TypeVar("T")

_t, _w, _o, _s = stored_reports.c, m.work_orders.c, m.occurrences.c, m.work_order_transitions.c
_p, _n = m.plan_rows.c, work_comments.c
_g, _f, _r = work_signatures.c, work_attachments.c, repairs.c
_SORTS: Mapping[str, Keys] = {"requested_at": (_t.requested_at, _t.id)}

_ORDER = sa.select(
    _w.id, _w.number, _w.kind, _w.origin, _w.state, _w.severity, _w.safety, _w.title_zh, _w.title_en, _w.asset,
    _w.opened_at, _w.completed_at, _w.due, _w.end_reason,
)  # fmt: skip

_OPENING = (
    sa.select(_s.reason).where(_s.work_order == _w.id).order_by(_s.position).limit(1).correlate(m.work_orders)
).scalar_subquery()
_WHY = sa.case((PUT_OFF, _OPENING), else_=_w.end_reason)
"""Why an order ended; of one that carries on what was put off, why that was."""

_DUE = (
    sa.select(
        _o.subject, _o.lineage, _o.plan_row, _o.cycle, _o.nominal_date, _o.latest, _o.due_at, _o.state,
        _o.completed_at, _o.work_order, _w.number, ORDER_STATE, _WHY, sa.func.coalesce(_p.kind, ""),
        sa.func.coalesce(_p.layer, ""), BARE, ENTERED, INCOMPLETE_RECORD,
    )
    .outerjoin_from(m.occurrences, m.work_orders, _w.id == _o.work_order)
    .outerjoin(m.plan_rows, _p.lineage == _o.lineage)
)  # fmt: skip


class SqlReports(ReportRepository):
    """``ReportRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def add(self, report: Report) -> bool:
        insert = self._work.backend.insert(stored_reports).on_conflict_do_nothing().returning(_t.id)
        return self._connection.execute(insert, REPORTS.row(report)).first() is not None

    def get(self, report_id: str) -> Report:
        row = self._connection.execute(REPORTS.select().where(_t.id == report_id)).first()
        if row is None:
            raise NotFound(f"there is no report {report_id!r}")
        return REPORTS.item(row)

    def list(self, wanted: ReportFilter, page: PageRequest) -> Page[Report]:
        for_all = sa.and_(_t.kind != ReportKind.PACK.value, _t.costs.is_(False))
        conditions = in_scope(_t.site, wanted.scope, wanted.site)
        if wanted.staff.sites is not None:
            conditions.append(sa.or_(for_all, _t.site.in_(sorted(wanted.staff.sites))))
        for column, text in ((_t.kind, wanted.kind), (_t.state, wanted.state)):
            if text is not None:
                conditions.append(one_of(column, text))
        statement = REPORTS.select().where(*conditions)
        return fetch_page(self._connection, statement, _SORTS, "-requested_at", page, REPORTS.item)

    def made_for(self, occasion: str) -> bool:
        return self._connection.execute(sa.select(_t.id).where(_t.occasion == occasion)).first() is not None

    def waiting(self, now: datetime) -> bool:
        return self._connection.execute(sa.select(_t.id).where(*_free(now)).limit(1)).first() is not None

    def take(self, now: datetime, until: datetime, report_id: str | None = None) -> Report | None:
        free = _free(now)
        if report_id is not None:
            free.append(_t.id == report_id)
        oldest = REPORTS.select().where(*free).order_by(_t.requested_at, _t.id).limit(1)
        row = self._connection.execute(self._work.locking(oldest, waiting=False)).first()
        if row is None:
            return None
        found = REPORTS.item(row)
        values = {"taken_until": until, "attempts": found.attempts + 1}
        this = stored_reports.update().where(_t.id == found.id, *free)
        return self.get(found.id) if self._connection.execute(this, values).rowcount else None

    def finish(self, report: Report) -> bool:
        waits = (_t.id == report.id, _t.state == ReportState.WAITING.value)
        changed = self._connection.execute(stored_reports.update().where(*waits), REPORTS.row(report))
        return bool(changed.rowcount)

    def opened(self, site: str, begins: datetime, ends: datetime) -> Sequence[OrderLine]:
        theirs = sa.select(_r.work_order).where(_r.site == site, _r.opened_at >= begins, _r.opened_at < ends)
        return self._orders(_ORDER.where(_w.id.in_(theirs)).order_by(_w.number))

    def planned(self, site: str, begins: datetime, ends: datetime) -> Sequence[PlannedLine]:
        statement = _ORDER.add_columns(_w.occurrences).where(
            _w.site == site,
            _w.ended.is_(False),
            _w.due_order >= begins,
            _w.due_order < ends,
            _w.kind != Kind.CORRECTIVE.value,
        )
        rows = self._connection.execute(statement.order_by(_w.due_order, _w.number))
        return [
            PlannedLine(OrderLine._make(row), tuple(str(one["key"]["lineage"]) for one in stands_for))
            for *row, stands_for in rows
        ]

    def completed(self, site: str, begins: datetime, ends: datetime) -> Sequence[OrderLine]:
        statement = _ORDER.where(
            _w.site == site, _w.ended.is_(True), _w.completed_at >= begins, _w.completed_at < ends,
            _w.state.in_((State.COMPLETED.value, State.VERIFIED.value)),
        )  # fmt: skip
        return self._orders(statement.order_by(_w.completed_at, _w.number))

    def standing(self, site: str, ends: datetime) -> Sequence[OrderLine]:
        statement = _ORDER.where(
            _w.site == site,
            _w.kind == Kind.CORRECTIVE.value,
            _w.opened_at < ends,
            sa.or_(_w.ended.is_(False), _w.completed_at >= ends),
        )
        return self._orders(statement.order_by(_w.number))

    def unanswered(self, orders: Collection[str]) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for some in chunks(sorted(set(orders))):
            found |= {key: steps for key, order in self.whole(some).items() if (steps := len(unanswered(order)))}
        return found

    def whole(self, orders: Collection[str]) -> Mapping[str, WorkOrder]:
        found: dict[str, WorkOrder] = {}
        for some in chunks(sorted(set(orders))):
            rows = self._connection.execute(ORDERS.select().where(_w.id.in_(some)))
            found |= {order.id: order for order in map(ORDERS.item, rows)}
        return found

    def contractors(self, site: str, since: datetime) -> Mapping[str, Sequence[str]]:
        last = sa.func.max(_w.due_order)
        statement = (
            sa.select(_w.asset, _w.contractor)
            .where(
                _w.contractor.is_not(None),
                _w.site == site,
                _w.asset.is_not(None),
                _w.kind != Kind.CORRECTIVE.value,
                _w.due_order >= since,
            )
            .group_by(_w.asset, _w.contractor)
            .order_by(last.desc(), _w.contractor)
        )
        found: defaultdict[str, list[str]] = defaultdict(list)
        for asset, contractor in self._connection.execute(statement):
            found[asset].append(contractor)
        return found

    def _orders(self, statement: sa.Select[Any]) -> Sequence[OrderLine]:
        return [OrderLine._make(row) for row in self._connection.execute(statement)]

    def due(self, site: str, first: date, last: date) -> Sequence[DueLine]:
        statement = _DUE.where(
            _o.site == site,
            RECORDED,
            _o.nominal_date >= first - FAR,
            _o.nominal_date <= last + FAR,
            _o.latest >= first,
            _o.latest <= last,
        )
        return self._occurrences(statement.order_by(_o.latest, _o.subject, _o.lineage, _o.cycle))

    def done(self, site: str, begins: datetime, ends: datetime) -> Sequence[DueLine]:
        statement = _DUE.where(
            _o.site == site,
            _o.state.in_((OccurrenceState.DONE.value, OccurrenceState.CREDITED.value)),
            _o.completed_at >= begins,
            _o.completed_at < ends,
        )
        return self._occurrences(statement.order_by(_o.completed_at, _o.subject, _o.lineage, _o.cycle))

    def _occurrences(self, statement: sa.Select[Any]) -> Sequence[DueLine]:
        return [DueLine._make(row) for row in self._connection.execute(statement)]

    def steps(self, orders: Collection[str]) -> Mapping[str, Sequence[Step]]:
        done = (State.COMPLETED.value, State.VERIFIED.value, *(state.value for state in USES))
        statement = sa.select(_s.work_order, _s.to, _s.at, _s.by).where(_s.to.in_(done)).order_by(_s.position)
        return self._of(orders, statement, _s.work_order, Step)

    def signed(self, orders: Collection[str]) -> Mapping[str, Sequence[Signed]]:
        statement = sa.select(_g.work_order, _g.role, _g.name, _g.by, _g.at, _g.sha256).order_by(_g.at, _g.id)
        return self._of(orders, statement, _g.work_order, Signed)

    def attached(self, orders: Collection[str]) -> Mapping[str, Sequence[Attached]]:
        statement = sa.select(_f.work_order, _f.step, _f.kind, _f.by, _f.at, _f.sha256, _f.size)
        return self._of(orders, statement.order_by(_f.at, _f.id), _f.work_order, Attached)

    def commented(self, orders: Collection[str]) -> Mapping[str, Sequence[Commented]]:
        statement = sa.select(_n.work_order, _n.kind, _n.text, _n.by, _n.at).order_by(_n.recorded_at, _n.id)
        return self._of(orders, statement, _n.work_order, Commented)

    def mended(self, orders: Collection[str]) -> Mapping[str, Mended]:
        statement = sa.select(_r.work_order, _r.failure_mode, _r.cause, _r.action, _r.note, _r.verdict)
        found = self._of(orders, statement.order_by(_r.attempt), _r.work_order, Mended)
        return {order: attempts[-1] for order, attempts in found.items()}

    def names(self, usernames: Collection[str]) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for some in chunks(sorted(set(usernames))):
            rows = self._connection.execute(sa.select(users.c.username, users.c.name).where(users.c.username.in_(some)))
            found |= {username: name for username, name in rows if name}
        return found

    def _of(
        self,
        orders: Collection[str],
        statement: sa.Select[Any],
        key: sa.ColumnElement[str],
        build: Callable[..., T],
    ) -> Mapping[str, Sequence[T]]:
        found: defaultdict[str, list[T]] = defaultdict(list)
        for some in chunks(sorted(set(orders))):
            for row in self._connection.execute(statement.where(key.in_(some))):
                found[row[0]].append(build(*row))
        return found


def _free(now: datetime) -> list[sa.ColumnElement[bool]]:
    return [_t.state == ReportState.WAITING.value, sa.or_(_t.taken_until.is_(None), _t.taken_until < now)]
