"""The facts that figures are made of: one statement for each kind of fact."""

from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from maintenance.entered import ENTERED_BY
from maintenance.episode_rules import LOOP_TEST
from maintenance.figures.facts import Alarm, Booked, Due, Facts, Kept, Machine, Repaired, Stop, Ticket
from maintenance.figures.ports import FigureRepository
from maintenance.isolation import ISOLATES
from maintenance.lifecycle import INCOMPLETE
from maintenance.plan import SITE, OccurrenceState
from maintenance.sla.clocks import ClockState
from maintenance.sla.policy import ClockKind
from maintenance.work_orders import State
from plantroom.domain.audit import Action
from plantroom.storage.ledger import tables_maintenance as m
from plantroom.storage.ledger.tables_audit import audit_entries
from plantroom.storage.ledger.tables_plant import assets
from plantroom.storage.ledger.tables_sla import sla_clocks
from plantroom.storage.ledger.tables_work import cost_bookings, repairs, work_attachments, work_signatures
from plantroom.storage.ledger.work import Work

_o, _w, _p, _e, _s = (t.c for t in (m.occurrences, m.work_orders, m.plan_rows, m.episodes, m.maintenance_spells))
_a, _r, _c, _b, _x = assets.c, repairs.c, sla_clocks.c, cost_bookings.c, m.asset_rests.c
_t, _h = m.work_order_transitions.c, audit_entries.c

FAR = timedelta(days=400)
"""A last day is at most so far from its nominal day, and an order that isolates a machine so long under way, that an
index finds them by the period."""

RECORDED = _o.state != OccurrenceState.FORMER.value
"""Whether an occurrence is the program's own: what was done before it is in no figure."""

OF_TEST = f'%"{LOOP_TEST}"%'
"""What the tags of tickets and episodes of loop tests are like: nothing was wrong."""

PUT_OFF = sa.and_(_w.ended.is_(False), sa.cast(_w.tags, sa.Text).like(f'%"{State.DEFERRED.value}"%'))
"""Whether an order carries on what another one put off: the occurrences of that one stand in it."""

ORDER_STATE = sa.case((PUT_OFF, State.DEFERRED.value), else_=_w.state)
"""The state of an occurrence's order; of one that was put off and is not done yet, that of the order that ended so."""


def _nothing_of(table: sa.Table) -> sa.ColumnElement[bool]:
    return ~sa.exists().where(table.c.work_order == _w.id).correlate(m.work_orders)


BARE = sa.and_(
    _o.state.in_((OccurrenceState.DONE.value, OccurrenceState.CREDITED.value)),
    _o.evidence.is_(None),
    sa.or_(
        _w.id.is_(None),
        sa.and_(sa.cast(_w.answers, sa.Text) == "{}", _nothing_of(work_signatures), _nothing_of(work_attachments)),
    ),
)
"""Whether an occurrence counts as done, by no reading, and nothing is on its order's record."""

INCOMPLETE_RECORD = sa.and_(
    _o.state.in_((OccurrenceState.DONE.value, OccurrenceState.CREDITED.value)),
    _o.evidence.is_(None),
    _w.id.is_not(None),
    sa.cast(_w.tags, sa.Text).like(f'%"{INCOMPLETE}"%'),
    sa.not_(BARE),
)
"""Whether an occurrence counts as done, by no reading, and its order has something on its record, but not all that its
checklist asks for."""

ENTERED = sa.case(
    (
        _o.evidence.is_(None),
        sa.select(sa.func.min(_t.recorded_at))
        .where(
            _t.work_order == _o.work_order,
            _t.to.in_([state.value for state in ENTERED_BY]),
            _t.at == _o.completed_at,
        )
        .correlate(m.occurrences)
        .scalar_subquery(),
    )
)
"""When the completion of an occurrence was entered; ``NULL`` for one by a reading and for one that is not done."""


class SqlFigures(FigureRepository):
    """``FigureRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def facts(self, site: str, first: date, last: date, begins: datetime, ends: datetime, now: datetime) -> Facts:
        until = min(ends, now)
        return Facts(
            machines=self._machines(site, begins, ends),
            due=self._due(site, first, last),
            tickets=self._tickets(site, begins, ends),
            repaired=self._repaired(site, begins, ends),
            stops=self._stops(site, begins, ends),
            kept=self._kept(site, begins, until),
            alarms=self._alarms(site, begins, ends),
            booked=self._booked(site, begins, ends),
        )

    def anything(self, site: str, first: date, last: date, begins: datetime, ends: datetime) -> bool:
        fell_due = sa.select(sa.literal(1)).where(_o.site == site, _o.nominal_date >= first, _o.nominal_date <= last)
        opened = sa.select(sa.literal(1)).where(_r.site == site, _r.opened_at >= begins, _r.opened_at < ends)
        done = sa.select(sa.literal(1)).where(_o.site == site, _o.completed_at >= begins, _o.completed_at < ends)
        fell_due, done = fell_due.where(RECORDED), done.where(RECORDED)
        return any(self._connection.execute(one.limit(1)).first() is not None for one in (fell_due, opened, done))

    def _machines(self, site: str, begins: datetime, ends: datetime) -> tuple[Machine, ...]:
        rests: dict[str, list[tuple[datetime, datetime | None]]] = {}
        statement = sa.select(_x.asset, _x.since, _x.until).where(
            _x.site == site, _x.since < ends, sa.or_(_x.until.is_(None), _x.until >= begins)
        )
        for asset, since, until in self._connection.execute(statement):
            rests.setdefault(asset, []).append((since, until))
        return tuple(
            Machine._make((*row, tuple(rests.get(row[0], ())), _known_since(entered, first_ticket, first_stop)))
            for *row, entered, first_ticket, first_stop in self._connection.execute(_MACHINES, {"site": site})
        )

    def _due(self, site: str, first: date, last: date) -> tuple[Due, ...]:
        statement = (
            sa.select(
                _o.subject, _o.lineage, _o.plan_row, _p.kind, _p.layer, _w.department, _o.latest, _o.due_at, _o.state,
                _o.completed_at, ORDER_STATE, BARE, ENTERED, INCOMPLETE_RECORD,
            )
            .outerjoin_from(m.occurrences, m.plan_rows, _p.lineage == _o.lineage)
            .outerjoin(m.work_orders, _w.id == _o.work_order)
            .where(
                _o.site == site,
                RECORDED,
                _o.nominal_date >= _shifted(first, -FAR),
                _o.nominal_date <= _shifted(last, FAR),
                _o.latest >= first,
                _o.latest <= last,
            )
        )  # fmt: skip
        return tuple(
            Due(None if subject.startswith(SITE) else subject, lineage, row, kind or "", layer or "", *rest)
            for subject, lineage, row, kind, layer, *rest in self._connection.execute(statement)
        )

    def _tickets(self, site: str, begins: datetime, ends: datetime) -> tuple[Ticket, ...]:
        statement = (
            sa.select(
                _r.work_order, _r.attempt, _r.asset, _r.department, _w.origin, _w.severity, _r.state, _r.verdict,
                _r.confirmed, _r.failure_mode, _r.opened_at, _r.completed_at,
            )
            .join_from(repairs, m.work_orders, _w.id == _r.work_order)
            .where(
                _r.site == site,
                _r.opened_at < ends,
                sa.or_(_r.opened_at >= begins, _r.completed_at >= begins),
                sa.cast(_w.tags, sa.Text).not_like(OF_TEST),
            )
        )  # fmt: skip
        return tuple(Ticket._make(row) for row in self._connection.execute(statement))

    def _repaired(self, site: str, begins: datetime, ends: datetime) -> tuple[Repaired, ...]:
        ran = self._work.backend.seconds_between(_c.started_at, _c.stopped_at)
        statement = (
            sa.select(_r.work_order, _r.asset, _r.department, _c.stopped_at, ran, _c.paused_s)
            .distinct()
            .join_from(repairs, sla_clocks, _c.work_order == _r.work_order)
            .where(
                _r.site == site,
                _r.completed_at >= begins,
                _r.completed_at < ends,
                _c.kind == ClockKind.RESOLVE.value,
                _c.state != ClockState.VOID.value,
                _c.stopped_at >= begins,
                _c.stopped_at < ends,
            )
        )
        return tuple(
            Repaired(order, asset, department, stopped, max(float(ran_s) - float(paused_s), 0.0))
            for order, asset, department, stopped, ran_s, paused_s in self._connection.execute(statement)
        )

    def _stops(self, site: str, begins: datetime, ends: datetime) -> tuple[Stop, ...]:
        by_hand = sa.select(_s.asset, _s.at, sa.func.coalesce(_s.ended_at, _s.until, type_=_s.until.type)).where(
            _s.site == site, _s.at < ends, sa.or_(_s.ended_at.is_(None), _s.ended_at >= begins)
        )
        isolated = sa.select(_w.asset, _w.arrived_at, _w.completed_at).where(
            _w.site == site,
            _w.ended.in_((True, False)),
            _w.due_order >= begins - FAR,
            _w.due_order < ends + FAR,
            _w.asset.is_not(None),
            _w.arrived_at < ends,
            sa.or_(_w.completed_at >= begins, sa.and_(_w.completed_at.is_(None), _w.ended.is_(False))),
            sa.cast(_w.tags, sa.Text).like(f'%"{ISOLATES}"%'),
        )
        return tuple(Stop._make(row) for query in (by_hand, isolated) for row in self._connection.execute(query))

    def _kept(self, site: str, begins: datetime, until: datetime) -> tuple[Kept, ...]:
        statement = (
            sa.select(
                _w.asset, _w.department, _c.kind, sa.func.count(), _count(_c.stopped_at <= _c.target_at),
                _count(_c.stopped_at <= _c.limit_at),
            )
            .join_from(sla_clocks, m.work_orders, _w.id == _c.work_order)
            .where(
                _c.site == site,
                _c.decided_at >= begins,
                _c.decided_at < until,
                _c.state != ClockState.VOID.value,
            )
            .group_by(_w.asset, _w.department, _c.kind)
        )  # fmt: skip
        return tuple(Kept._make(row) for row in self._connection.execute(statement))

    def _alarms(self, site: str, begins: datetime, ends: datetime) -> tuple[Alarm, ...]:
        statement = (
            sa.select(_e.asset, _e.failure_mode, _e.source, _w.state, _w.verdict)
            .outerjoin_from(m.episodes, m.work_orders, _w.id == _e.work_order)
            .where(_e.site == site, _e.opened_at >= begins, _e.opened_at < ends)
            .where(sa.cast(_e.tags, sa.Text).not_like(OF_TEST))
        )
        return tuple(
            Alarm(asset, mode, source, state, str(said["verdict"]) if said and said.get("verdict") else None)
            for asset, mode, source, state, said in self._connection.execute(statement)
        )

    def _booked(self, site: str, begins: datetime, ends: datetime) -> tuple[Booked, ...]:
        statement = (
            sa.select(_b.asset, _w.department, sa.func.sum(_b.amount))
            .join_from(cost_bookings, m.work_orders, _w.id == _b.work_order)
            .where(_b.site == site, _b.booked_at >= begins, _b.booked_at < ends)
            .group_by(_b.asset, _w.department)
        )
        return tuple(Booked._make(row) for row in self._connection.execute(statement))


_MACHINES = sa.select(
    _a.key, _a.code, _a.name_zh, _a.name_en, _a.equipment_class, _a.status, _a.department, _a.installed_on,
    _a.in_service_on, _a.design_life_years,
    sa.select(sa.func.min(_h.at))
    .where(_h.entity == "asset", _h.key == _a.key, _h.action == Action.CREATED.value)
    .correlate(assets).scalar_subquery().label("entered"),
    sa.select(sa.func.min(_r.opened_at)).where(_r.asset == _a.key).correlate(assets).scalar_subquery().label("ticket"),
    sa.select(sa.func.min(_s.at)).where(_s.asset == _a.key).correlate(assets).scalar_subquery().label("stop"),
).where(_a.site == sa.bindparam("site")).order_by(_a.code)  # fmt: skip


def _known_since(entered: datetime | None, *told: datetime | None) -> datetime | None:
    """Since when something would be told of a machine; ``None``: since before the history began."""
    return None if entered is None else min([entered, *(at for at in told if at is not None)])


def _count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
    return sa.func.sum(sa.case((condition, 1), else_=0))


def _shifted(day: date, span: timedelta) -> date:
    try:
        return day + span
    except OverflowError:
        return date.min if span < timedelta() else date.max
