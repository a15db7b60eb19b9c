"""Maintenance by hand."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from maintenance.spell_ports import SpellRepository
from maintenance.spells import Spell
from plantroom.ports.paging import Page, PageRequest
from plantroom.storage.ledger import tables_maintenance as t
from plantroom.storage.ledger.paging import Keys, fetch_page
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.work import Work

SPELLS = Record(Spell, t.maintenance_spells)
_s = t.maintenance_spells.c
_SORTS: Mapping[str, Keys] = {"at": (_s.at, _s.id)}


class SqlSpells(SpellRepository):
    """``SpellRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def add(self, spell: Spell) -> None:
        self._connection.execute(t.maintenance_spells.insert(), SPELLS.row(spell))

    def standing(self, asset: str) -> Spell | None:
        statement = self._work.locking(SPELLS.select().where(_s.asset == asset, _s.ended_at.is_(None)))
        row = self._connection.execute(statement).first()
        return None if row is None else SPELLS.item(row)

    def over(self, now: datetime) -> Sequence[Spell]:
        statement = SPELLS.select().where(_s.ended_at.is_(None), _s.until <= now).order_by(_s.until, _s.id)
        return [SPELLS.item(row) for row in self._connection.execute(statement)]

    def end(self, spell_id: str, at: datetime, by: str) -> Spell | None:
        ended = t.maintenance_spells.update().where(_s.id == spell_id, _s.ended_at.is_(None))
        if not self._connection.execute(ended.values(ended_at=at, ended_by=by)).rowcount:
            return None
        return SPELLS.item(self._connection.execute(SPELLS.select().where(_s.id == spell_id)).one())

    def of(self, asset: str, page: PageRequest) -> Page[Spell]:
        statement = SPELLS.select().where(_s.asset == asset)
        return fetch_page(self._connection, statement, _SORTS, "-at", page, SPELLS.item)
