"""The history as it is hashed: read straight from the driver, a million entries in seconds."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from plantroom.domain.audit import Entry, Seal
from plantroom.domain.audit_verify import Broken, Place, Tampering
from plantroom.ports.audit import RawEntry
from plantroom.storage.ledger.columns import EPOCH, from_microseconds
from plantroom.storage.ledger.tables_audit import audit_entries, audit_seals

AT_ONCE = 5_000
"""Rows that are fetched at a time."""

_ENTRY = tuple(Entry.__dataclass_fields__)
_SEAL = tuple(Seal.__dataclass_fields__)


def raw_entries(
    connection: Connection, behind: int | None = None, up_to: int | None = None, most: int | None = None
) -> Iterator[RawEntry]:
    """Entries in their order, each as the tuple that its digest is taken of."""
    position = audit_entries.c.position
    statement = sa.select(*_columns(connection, audit_entries, _ENTRY)).order_by(position)
    if behind is not None:
        statement = statement.where(position > behind)
    if up_to is not None:
        statement = statement.where(position <= up_to)
    if most is not None:
        statement = statement.limit(most)
    for some in _partitions(connection, statement):
        yield from map(tuple, some)


def raw_seals(connection: Connection) -> Iterator[Seal]:
    """Seals in their order. What no sealer has written (a text for a number) reads as something that no seal has."""
    statement = sa.select(*_columns(connection, audit_seals, _SEAL)).order_by(audit_seals.c.number)
    for some in _partitions(connection, statement):
        for number, previous, behind, last, count, spans, marks, at, digest in some:
            yield Seal(
                _number(number), str(previous), _number(behind), _number(last), _number(count), str(spans), str(marks),
                _instant(at), str(digest),
            )  # fmt: skip


def _number(value: object) -> int:
    return value if isinstance(value, int) else -1


def _instant(value: object) -> datetime:
    try:
        return from_microseconds(_number(value))
    except OverflowError:
        return EPOCH


def _columns(connection: Connection, table: sa.Table, names: tuple[str, ...]) -> list[sa.ColumnElement[Any]]:
    """The columns, an instant as whole microseconds."""
    return [_microseconds(connection, table.c.at) if name == "at" else table.c[name] for name in names]


def _microseconds(connection: Connection, column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    if connection.dialect.name == "postgresql":
        # Exact: the extracted number is a decimal with six places.
        return sa.cast(sa.extract("epoch", column) * 1_000_000, sa.BigInteger)
    return sa.type_coerce(column, sa.BigInteger)


def _partitions(connection: Connection, statement: sa.Select[Any]) -> Iterator[Any]:
    """Rows as they come; the database holds the rest (a cursor of its own on PostgreSQL)."""
    try:
        with connection.execute(statement, execution_options={"yield_per": AT_ONCE}) as result:
            yield from result.partitions()
    except sa.exc.OperationalError as error:
        if "UTF-8" not in str(error):
            raise
        raise Broken(Place(Tampering.ENTRY_CHANGED, detail="a text in the history is none: it was changed")) from error
