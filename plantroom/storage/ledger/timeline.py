"""One list of all that was done to a machine."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from maintenance.records.model import Addendum
from maintenance.records.model import Record as FrozenRecord
from maintenance.records.timeline import Line, LineType
from plantroom.domain.audit import Entry
from plantroom.ports.paging import Page, PageRequest
from plantroom.storage.ledger.order_rows import ORDERS
from plantroom.storage.ledger.paging import Keys, fetch_page
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.tables_audit import audit_entries
from plantroom.storage.ledger.tables_maintenance import work_orders
from plantroom.storage.ledger.tables_records import record_addenda, statutory_records
from plantroom.storage.ledger.work import Work

_DIGITS = 20

_KEPT: Mapping[LineType, tuple[Record[Any], str]] = {
    LineType.CHANGE: (Record(Entry, audit_entries), "position"),
    LineType.WORK_ORDER: (ORDERS, "id"),
    LineType.RECORD: (Record(FrozenRecord, statutory_records), "id"),
    LineType.ADDENDUM: (Record(Addendum, record_addenda), "id"),
}
"""How each type of line is read, and the column that its id is of."""

_THEMSELVES = ("work_order", "record", "addendum")
"""Entities that stand in the list by themselves."""


def timeline(work: Work, asset: str, page: PageRequest) -> Page[Line]:
    """See ``RecordRepository.timeline``."""
    lines = sa.union_all(*_parts(work, asset)).subquery()
    sorts: Mapping[str, Keys] = {"at": (lines.c.at, lines.c.type, lines.c.id)}
    statement = sa.select(lines.c.at, lines.c.type, lines.c.id)
    found = fetch_page(work.connection, statement, sorts, "-at", page, tuple)
    said = _said(work, found.items)
    return Page([Line(at, LineType(kind), said[kind, id_]) for at, kind, id_, *_ in found.items], found.next_cursor)


def _parts(work: Work, asset: str) -> Iterable[sa.Select[Any]]:
    e, w, r, a = audit_entries.c, work_orders.c, statutory_records.c, record_addenda.c
    # Entries of one transaction have one instant: their numbers must compare as texts.
    text = sa.cast(e.position, sa.Text)
    padded = (
        sa.func.lpad(text, _DIGITS, "0")
        if work.connection.dialect.name == "postgresql"
        else sa.func.printf(f"%0{_DIGITS}d", e.position)
    )
    when = sa.func.coalesce(w.verified_at, w.completed_at, w.opened_at)
    yield _part(e.at, LineType.CHANGE, padded, e.asset == asset, e.entity.not_in(_THEMSELVES))
    yield _part(when, LineType.WORK_ORDER, w.id, w.asset == asset, when.is_not(None))
    yield _part(r.frozen_at, LineType.RECORD, r.id, r.asset == asset)
    yield _part(a.recorded_at, LineType.ADDENDUM, a.id, a.asset == asset)


def _part(at: Any, kind: LineType, id_: Any, *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    word = sa.literal(kind.value, sa.Text)
    texts = [sa.cast(word, sa.Text).label("type"), sa.cast(id_, sa.Text).label("id")]
    return sa.select(at.label("at"), *texts).where(*conditions)


def _said(work: Work, places: Sequence[Sequence[Any]]) -> Mapping[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {}
    for kind, (record, column) in _KEPT.items():
        ids = [id_ for _, type_, id_, *_ in places if type_ == kind.value]
        if not ids:
            continue
        key = record.table.c[column]
        wanted = [int(id_) for id_ in ids] if kind is LineType.CHANGE else ids
        for row in work.connection.execute(record.select().where(key.in_(wanted))):
            item = record.item(row)
            name = f"{item.position:0{_DIGITS}d}" if kind is LineType.CHANGE else item.id
            found[kind.value, name] = item
    return found
