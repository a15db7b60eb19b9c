"""Shifts, absences and on-call rotas."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TypeVar

import sqlalchemy as sa

from maintenance.people.on_call import Cover, Rota
from maintenance.people.ports import PeopleRepository
from maintenance.people.rosters import Absence, Shift, ShiftChange
from plantroom.errors import NotFound
from plantroom.storage.ledger import tables_people as t
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.versions import put_versioned
from plantroom.storage.ledger.work import Work, chunks

SHIFTS = Record(Shift, t.shifts)
CHANGES = Record(ShiftChange, t.shift_changes)
ABSENCES = Record(Absence, t.absences)
ROTAS = Record(Rota, t.on_call_rotas)
COVERS = Record(Cover, t.on_call_covers)
_s, _x, _a = t.shifts.c, t.shift_changes.c, t.absences.c
_r, _v = t.on_call_rotas.c, t.on_call_covers.c
R = TypeVar("R")


class SqlRosters(PeopleRepository):
    """The part of ``PeopleRepository`` that says who works when."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def shifts(self, site: str | None = None, users: Sequence[str] | None = None) -> Sequence[Shift]:
        statement = SHIFTS.select().order_by(_s.site, _s.department, _s.starts, _s.id)
        if site is not None:
            statement = statement.where(_s.site == site)
        found = [SHIFTS.item(row) for row in self._connection.execute(statement)]
        return found if users is None else [shift for shift in found if set(users) & set(shift.people)]

    def shift(self, shift_id: str) -> Shift:
        return self._one(SHIFTS, shift_id, "shift")

    def put_shift(self, shift: Shift, expected: int | None = None) -> Shift:
        self._one_at_a_time()
        return put_versioned(self._work, SHIFTS, shift, {"id": shift.id}, expected, f"shift {shift.name.zh}")

    def drop_shift(self, shift_id: str) -> None:
        self._connection.execute(t.shift_changes.delete().where(_x.shift == shift_id))
        self._drop(SHIFTS, shift_id, "shift")

    def shift_changes(self, first: date, last: date, shifts: Sequence[str]) -> Sequence[ShiftChange]:
        statement = CHANGES.select().where(_x.day >= first, _x.day <= last).order_by(_x.at, _x.id)
        return [
            CHANGES.item(row)
            for some in chunks(sorted(set(shifts)))
            for row in self._connection.execute(statement.where(_x.shift.in_(some)))
        ]

    def shift_change(self, change_id: str) -> ShiftChange:
        return self._one(CHANGES, change_id, "change of a shift")

    def shifts_changed_for(self, users: Sequence[str], first: date, last: date) -> Sequence[str]:
        names = sorted(set(users))
        about = sa.or_(_x.user.in_(names), _x.other.in_(names))
        statement = sa.select(_x.shift).where(_x.day >= first, _x.day <= last, about).distinct()
        return list(self._connection.execute(statement.order_by(_x.shift)).scalars())

    def add_shift_change(self, change: ShiftChange) -> None:
        self._one_at_a_time()
        self._connection.execute(t.shift_changes.insert(), CHANGES.row(change))

    def drop_shift_change(self, change_id: str) -> None:
        self._drop(CHANGES, change_id, "change of a shift")

    def absences(self, first: date, last: date, users: Sequence[str] | None = None) -> Sequence[Absence]:
        statement = ABSENCES.select().where(_a.first <= last, _a.last >= first).order_by(_a.first, _a.id)
        if users is not None:
            statement = statement.where(_a.user.in_(sorted(set(users))))
        return [ABSENCES.item(row) for row in self._connection.execute(statement)]

    def absence(self, absence_id: str) -> Absence:
        return self._one(ABSENCES, absence_id, "absence")

    def add_absence(self, absence: Absence) -> None:
        self._connection.execute(t.absences.insert(), ABSENCES.row(absence))

    def drop_absence(self, absence_id: str) -> None:
        self._drop(ABSENCES, absence_id, "absence")

    def rotas(self, site: str) -> Sequence[Rota]:
        statement = ROTAS.select().where(_r.site == site).order_by(_r.level, _r.id)
        return [ROTAS.item(row) for row in self._connection.execute(statement)]

    def rota(self, rota_id: str) -> Rota:
        return self._one(ROTAS, rota_id, "on-call rota")

    def put_rota(self, rota: Rota, expected: int | None = None) -> Rota:
        return put_versioned(self._work, ROTAS, rota, {"id": rota.id}, expected, f"on-call rota {rota.name.zh}")

    def drop_rota(self, rota_id: str) -> None:
        self._connection.execute(t.on_call_covers.delete().where(_v.rota == rota_id))
        self._drop(ROTAS, rota_id, "on-call rota")

    def covers(self, rotas: Sequence[str], start: datetime, end: datetime) -> Sequence[Cover]:
        statement = COVERS.select().where(_v.starts_at <= end, _v.ends_at >= start).order_by(_v.at, _v.id)
        return [
            COVERS.item(row)
            for some in chunks(sorted(set(rotas)))
            for row in self._connection.execute(statement.where(_v.rota.in_(some)))
        ]

    def cover(self, cover_id: str) -> Cover:
        return self._one(COVERS, cover_id, "cover")

    def add_cover(self, cover: Cover) -> None:
        self._connection.execute(t.on_call_covers.insert(), COVERS.row(cover))

    def drop_cover(self, cover_id: str) -> None:
        self._drop(COVERS, cover_id, "cover")

    def _one_at_a_time(self) -> None:
        """Held until the commit: nobody else puts the same person on another shift meanwhile."""
        self._work.backend.lock_text(self._connection, "rosters")

    def _one(self, record: Record[R], key: str, what: str) -> R:
        row = self._connection.execute(record.select().where(record.table.c.id == key)).first()
        if row is None:
            raise NotFound(f"there is no {what} {key!r}")
        return record.item(row)

    def _drop(self, record: Record[R], key: str, what: str) -> None:
        if not self._connection.execute(record.table.delete().where(record.table.c.id == key)).rowcount:
            raise NotFound(f"there is no {what} {key!r}")
