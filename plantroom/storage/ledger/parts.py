"""Spare parts."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from plantroom.domain.parts import Part
from plantroom.domain.searching import fold, words_of
from plantroom.errors import Conflict, NotFound, VersionConflict
from plantroom.ports.equipment import PartFilter, PartRepository
from plantroom.ports.paging import Page, PageRequest
from plantroom.storage.ledger import tables_plant as plant
from plantroom.storage.ledger.asset_rows import need_sites
from plantroom.storage.ledger.paging import Keys, fetch_page
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.tables_equipment import part_fits, parts
from plantroom.storage.ledger.work import Work, in_scope

PARTS = Record(Part, parts)
_c = parts.c
_SORTS: Mapping[str, Keys] = {
    "site": (_c.site, _c.number),
    "number": (_c.number, _c.site),
    "key": (_c.key,),
}


class SqlParts(PartRepository):
    """``PartRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def list(self, filters: PartFilter, page: PageRequest) -> Page[Part]:
        conditions = in_scope(_c.site, filters.scope, filters.site)
        if filters.number is not None:
            conditions.append(_c.number == filters.number)
        if filters.below_minimum:
            conditions.append(_c.stock < _c.minimum)
        if filters.fits is not None:
            a = plant.assets.c
            of_class = sa.select(a.equipment_class).where(a.key == filters.fits)
            fitting = sa.or_(part_fits.c.fits == filters.fits, part_fits.c.fits.in_(of_class))
            conditions.append(_c.key.in_(sa.select(part_fits.c.part).where(fitting)))
            conditions.append(_c.site.in_(sa.select(a.site).where(a.key == filters.fits)))
        conditions += [_c.search.contains(word, autoescape=True) for word in words_of(filters.text or "")]
        return fetch_page(self._connection, PARTS.select().where(*conditions), _SORTS, "site", page, PARTS.item)

    def get(self, key: str) -> Part:
        row = self._connection.execute(self._work.locking(PARTS.select().where(_c.key == key))).first()
        if row is None:
            raise NotFound(f"there is no part {key!r}")
        return PARTS.item(row)

    def find(self, site: str, number: str) -> Part | None:
        row = self._connection.execute(PARTS.select().where(_c.site == site, _c.number == number)).first()
        return None if row is None else PARTS.item(row)

    def add(self, part: Part) -> None:
        need_sites(self._work, [part.site])
        self._refuse_taken(part)
        self._connection.execute(parts.insert(), _row(part))
        self._write_fits(part)

    def update(self, part: Part, expected_version: int | None) -> Part:
        stored = self.get(part.key)
        if expected_version is not None and stored.version != expected_version:
            words = f"part {stored.number} is at version {stored.version} by now, not {expected_version}"
            raise VersionConflict(words)
        changed = replace(part, site=stored.site, version=stored.version + 1)
        self._refuse_taken(changed)
        self._connection.execute(parts.update().where(_c.key == part.key), _row(changed))
        self._connection.execute(part_fits.delete().where(part_fits.c.part == part.key))
        self._write_fits(changed)
        return changed

    def book(self, key: str, quantity: float) -> Part:
        booked = parts.update().where(_c.key == key)
        booked = booked.values(stock=_c.stock + quantity, version=_c.version + 1)
        if not self._connection.execute(booked).rowcount:
            raise NotFound(f"there is no part {key!r}")
        return self.get(key)

    def remove(self, key: str) -> None:
        self.get(key)
        self._connection.execute(part_fits.delete().where(part_fits.c.part == key))
        self._connection.execute(parts.delete().where(_c.key == key))

    def _refuse_taken(self, part: Part) -> None:
        known = self.find(part.site, part.number)
        if known is not None and known.key != part.key:
            raise Conflict(f"the site {part.site!r} has a part with the number {part.number!r} already")

    def _write_fits(self, part: Part) -> None:
        rows = [{"fits": one, "part": part.key} for one in sorted({*part.classes, *part.assets})]
        if rows:
            self._connection.execute(part_fits.insert(), rows)


def _row(part: Part) -> dict[str, Any]:
    found = [fold(text) for text in (part.number, part.name.zh, part.name.en, part.place)]
    return PARTS.row(part) | {"search": "\n".join(found)}
