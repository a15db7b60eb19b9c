"""Column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware instant, UTC, to the microsecond: whole microseconds since 1970 on SQLite (so that the order is
    the order of time), ``timestamptz`` on PostgreSQL. A naive value raises ``ValueError``.
    """

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The type of the column."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(sa.BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """From Python to the database."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("the ledger stores aware instants only")
        return value if dialect.name == "postgresql" else to_microseconds(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From the database to Python."""
        if value is None:
            return None
        if isinstance(value, datetime):
            return value if value.tzinfo is UTC else value.astimezone(UTC)
        return from_microseconds(value)


def to_microseconds(value: datetime) -> int:
    """Whole microseconds since 1970."""
    return (value - EPOCH) // MICROSECOND


def from_microseconds(value: int) -> datetime:
    """The instant of so many microseconds since 1970. Raises ``OverflowError`` beyond the years 1 to 9999."""
    return EPOCH + timedelta(microseconds=value)


class Json(TypeDecorator[Any]):
    """JSON by the engine's codec; ``None`` is the database's NULL. Dataclasses go in, plain values come out."""

    impl = sa.JSON
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(none_as_null=True)


Text = sa.Text
"""Text for people, in the database's own collation."""

Word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Keys, codes and enumerations: compared byte by byte on both backends, so that lists have one order."""

Position = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A rising number that the database gives."""

FAR_FUTURE = datetime(9999, 12, 31, tzinfo=UTC)
"""Where records without a due date stand in a list by due date."""


def by_bytes(connection: Connection, text: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """A text that is compared and ordered byte by byte, as SQLite does, whatever the database's language is."""
    return sa.collate(text, "C") if connection.dialect.name == "postgresql" else text
