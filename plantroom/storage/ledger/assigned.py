"""Who was given which order, how much everybody has to do, how much was done in time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

import sqlalchemy as sa

from maintenance.people.assignment import Load
from maintenance.people.ports import Assignment, OnTime, PeopleRepository
from maintenance.work_orders import State
from plantroom.domain.assets import Severity
from plantroom.errors import Conflict
from plantroom.ports.paging import Scope
from plantroom.storage.ledger import tables_people as t
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.tables_maintenance import work_orders
from plantroom.storage.ledger.tables_plant import assets
from plantroom.storage.ledger.work import Work, in_scope

ASSIGNMENTS = Record(Assignment, t.assignments)
_a, _w = t.assignments.c, work_orders.c
_LEFT_OUT = tuple(s.value for s in (State.CANCELLED, State.DEFERRED, State.BYPASSED, State.REJECTED))
_WORST_FIRST = sa.case({severity.value: n for n, severity in enumerate(Severity)}, value=_w.severity, else_=9)


class SqlAssigned(PeopleRepository):
    """The part of ``PeopleRepository`` that says who does what."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def add_assignment(self, assignment: Assignment) -> None:
        standing = sa.select(_a.id).where(_a.work_order == assignment.work_order, _a.ended_at.is_(None))
        if self._connection.execute(standing).first() is not None:
            raise Conflict("the order has been given to somebody: end that first")
        self._connection.execute(t.assignments.insert(), ASSIGNMENTS.row(assignment))

    def end_assignment(self, work_order: str, at: datetime, how: str, why: str, by: str) -> Assignment | None:
        statement = ASSIGNMENTS.select().where(_a.work_order == work_order, _a.ended_at.is_(None))
        row = self._connection.execute(self._work.locking(statement)).first()
        if row is None:
            return None
        ended = replace(ASSIGNMENTS.item(row), ended_at=at, ended_how=how, ended_why=why, ended_by=by)
        self._connection.execute(t.assignments.update().where(_a.id == ended.id), ASSIGNMENTS.row(ended))
        return ended

    def assignments(self, work_order: str) -> Sequence[Assignment]:
        statement = ASSIGNMENTS.select().where(_a.work_order == work_order).order_by(_a.at, _a.id)
        return [ASSIGNMENTS.item(row) for row in self._connection.execute(statement)]

    def loads(self) -> Mapping[str, Load]:
        still = (
            sa.select(_a.user, sa.func.count(), sa.func.sum(_a.minutes))
            .join_from(t.assignments, work_orders, _w.id == _a.work_order)
            .where(_a.ended_at.is_(None), _a.user.is_not(None), _w.ended.is_(False))
            .group_by(_a.user)
        )
        given = sa.select(_a.user, sa.func.max(_a.at)).where(_a.user.is_not(None)).group_by(_a.user)
        last = {row[0]: row[1] for row in self._connection.execute(given)}
        found = {user: (int(orders), int(minutes)) for user, orders, minutes in self._connection.execute(still)}
        return {user: Load(*found.get(user, (0, 0)), last[user]) for user in last}

    def ownerless(self, before: date, site: str | None = None) -> Sequence[str]:
        begins = sa.or_(_w.state != State.SCHEDULED.value, _w.earliest < before)
        statement = sa.select(_w.id).where(
            _w.ended.is_(False), _w.assignee.is_(None), _w.contractor.is_(None), begins, *_on(site)
        )
        ordered = statement.order_by(_WORST_FIRST, _w.due_order, _w.number)
        return list(self._connection.execute(ordered).scalars())

    def given(self, username: str | None = None, site: str | None = None) -> Sequence[str]:
        mine = sa.or_(_w.assignee.is_not(None), _w.contractor.is_not(None))
        if username is not None:
            mine = _w.assignee == username
        statement = sa.select(_w.id).where(_w.ended.is_(False), mine, *_on(site)).order_by(_w.due_order, _w.number)
        return list(self._connection.execute(statement).scalars())

    def open_places(self, site: str) -> Sequence[tuple[str, str]]:
        statement = (
            sa.select(_w.assignee, assets.c.location)
            .join_from(work_orders, assets, assets.c.key == _w.asset)
            .where(_w.site == site, _w.ended.is_(False), _w.assignee.is_not(None), assets.c.location.is_not(None))
            .distinct()
        )
        return [(user, location) for user, location in self._connection.execute(statement)]

    def on_time(
        self,
        scope: Scope,
        start: datetime,
        end: datetime,
        by: str,
        site: str | None = None,
        now: datetime | None = None,
    ) -> Sequence[OnTime]:
        who = {"person": _w.assignee, "department": _w.department}[by]
        done, over = _w.completed_at.is_not(None), now or end
        counted = [
            sa.and_(done, _w.completed_at <= _w.due),
            sa.and_(done, _w.completed_at > _w.due),
            _w.state == State.MISSED.value,
            sa.and_(sa.not_(done), _w.ended.is_(False), _w.due <= over),
        ]
        sums = [sa.func.sum(sa.case((condition, 1), else_=0)) for condition in counted]
        statement = (
            sa.select(who, *sums)
            .where(
                who.is_not(None),
                _w.due >= start,
                _w.due < end,
                _w.state.not_in(_LEFT_OUT),
                *in_scope(_w.site, scope, site),
            )
            .group_by(who)
            .order_by(who)
        )
        return [OnTime(name, *map(int, counts)) for name, *counts in self._connection.execute(statement)]


def _on(site: str | None) -> list[sa.ColumnElement[bool]]:
    return [] if site is None else [_w.site == site]
