"""The history on SQL: reading it, sealing it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

import sqlalchemy as sa

from plantroom.domain.audit import EPOCH, Entry, Head, Seal, digest_of_fields, make_seal
from plantroom.ports.audit import AuditFilter, AuditRepository, Change, KeptTable, NamedFile, RawEntry
from plantroom.ports.paging import Page, PageRequest
from plantroom.storage.ledger.audit_links import linked, named_files
from plantroom.storage.ledger.audit_raw import AT_ONCE, raw_entries, raw_seals
from plantroom.storage.ledger.audit_rows import changes_of, kept_tables, not_compared, rows_of
from plantroom.storage.ledger.backend import Lock
from plantroom.storage.ledger.paging import Keys, fetch_page
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.tables_audit import audit_entries, audit_heads, audit_seals
from plantroom.storage.ledger.work import Work

ENTRIES = Record(Entry, audit_entries)
SEALS = Record(Seal, audit_seals)
HEADS = Record(Head, audit_heads)

_e, _s, _h = audit_entries.c, audit_seals.c, audit_heads.c
_SORTS: Mapping[str, Keys] = {"position": (_e.position,)}


class SqlAudit(AuditRepository):
    """``AuditRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection

    def list(self, filters: AuditFilter, page: PageRequest) -> Page[Entry]:
        statement = ENTRIES.select().where(*_conditions(filters))
        return fetch_page(self._connection, statement, _SORTS, "-position", page, ENTRIES.item)

    def ledger_id(self) -> str:
        begun = sa.select(_e.key).where(_e.entity == "ledger").order_by(_e.position).limit(1)
        return str(self._connection.execute(begun).scalar() or "")

    def settle(self) -> int | None:
        if not self._work.backend.try_lock(self._connection, Lock.AUDIT):
            return None
        return int(self._connection.execute(sa.select(sa.func.max(_e.position))).scalar() or 0)

    def seal_next(self, up_to: int, most: int) -> Seal | None:
        if not self._work.backend.try_lock(self._connection, Lock.SEAL):
            return None
        last = self.last_seal()
        behind = 0 if last is None else last.last
        rows = list(raw_entries(self._connection, behind, up_to, most))
        if not rows:
            return None
        milliseconds = int(self._connection.execute(sa.select(self._work.backend.now_ms())).scalar_one())
        positions = [int(str(row[0])) for row in rows]
        seal = make_seal(
            last, positions, [digest_of_fields(r) for r in rows], EPOCH + timedelta(milliseconds=milliseconds)
        )
        self._connection.execute(audit_seals.insert(), SEALS.row(seal))
        return seal

    def last_seal(self) -> Seal | None:
        row = self._connection.execute(SEALS.select().order_by(_s.number.desc()).limit(1)).first()
        return None if row is None else SEALS.item(row)

    def seals(self) -> Iterator[Seal]:
        return raw_seals(self._connection)

    def entries(self) -> Iterator[RawEntry]:
        return raw_entries(self._connection)

    def of_entity(self, entity: str) -> Iterator[Change]:
        statement = sa.select(_e.key, _e.position, _e.action, _e.before, _e.after).where(_e.entity == entity)
        ordered = statement.order_by(_e.key, _e.position)
        with self._connection.execute(ordered, execution_options={"yield_per": AT_ONCE}) as result:
            yield from map(Change._make, result)

    def kept_tables(self) -> Sequence[KeptTable]:
        return kept_tables()

    def not_compared(self) -> Mapping[str, str]:
        return not_compared()

    def linked(self) -> int:
        return linked(self._connection, self._work.backend)

    def named_files(self) -> Iterator[NamedFile]:
        return named_files(self._connection)

    def changes_of(self, entity: str) -> Iterator[Change]:
        return changes_of(self._connection, entity)

    def rows_of(self, entity: str) -> Iterator[tuple[str, str]]:
        return rows_of(self._connection, entity)

    def add_head(self, head: Head, *, again: bool = False) -> bool:
        self._work.backend.lock(self._connection, Lock.SEAL)
        known = sa.select(_h.seal).where(_h.date == head.date)
        if self._connection.execute(known.where(_h.seal == head.seal) if again else known).first() is not None:
            return False
        self._connection.execute(audit_heads.insert(), HEADS.row(head))
        return True

    def heads(self) -> Sequence[Head]:
        statement = HEADS.select().order_by(_h.date, _h.seal)
        return [HEADS.item(row) for row in self._connection.execute(statement)]


def _conditions(filters: AuditFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if filters.scope.sites is not None:
        own = _e.site.in_(sorted(filters.scope.sites))
        conditions.append(sa.or_(own, _e.site.is_(None)) if filters.with_siteless else own)
    elif not filters.with_siteless:
        conditions.append(_e.site.is_not(None))
    pairs = (
        (_e.entity, filters.entity), (_e.key, filters.key), (_e.asset, filters.asset), (_e.by, filters.by),
        (_e.site, filters.site), (_e.request_id, filters.request_id),
    )  # fmt: skip
    conditions += [column == value for column, value in pairs if value is not None]
    if filters.start is not None:
        conditions.append(_e.at >= filters.start)
    if filters.end is not None:
        conditions.append(_e.at < filters.end)
    return conditions
