"""Pages by keyset: a cursor says behind which key the next page begins, so that rows which come or go
meanwhile neither repeat nor hide others."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from plantroom.errors import BadData, FieldProblem
from plantroom.ports.paging import Page, PageRequest
from plantroom.storage.ledger.columns import Instant, from_microseconds, to_microseconds

T = TypeVar("T")
Keys = Sequence[sa.ColumnElement[Any]]
"""Expressions without NULL that together are unique; the whole tuple rises or falls."""

_INT64 = 2**63


def fetch_page(
    connection: Connection,
    statement: sa.Select[Any],
    sorts: Mapping[str, Keys],
    default: str,
    page: PageRequest,
    build: Callable[[Sequence[Any]], T],
) -> Page[T]:
    """One page of the statement's rows as ``build`` makes them (it sees the statement's columns first).

    ``sorts`` maps what may be asked for to its keys, ``default`` is a name of it, ``-`` before it: falling.
    Raises ``BadData`` for a sort, limit or cursor that fits no list of this kind.
    """
    sort = page.sort or default
    keys = sorts.get(sort.removeprefix("-"))
    if keys is None:
        raise _bad("sort", f"cannot sort by {sort!r}; can by {', '.join(sorts)}")
    if page.limit < 1:
        raise _bad("limit", "must be at least 1")
    falling = sort.startswith("-")
    if page.cursor is not None:
        behind = sa.tuple_(
            *[sa.literal(v, k.type) for v, k in zip(read_cursor(page.cursor, sort, keys), keys, strict=True)]
        )
        place = sa.tuple_(*keys)
        statement = statement.where(place < behind if falling else place > behind)
    statement = statement.order_by(*[k.desc() if falling else k.asc() for k in keys]).limit(page.limit + 1)
    width = len(statement.selected_columns)
    statement = statement.add_columns(*[k.label(f"page_key_{i}") for i, k in enumerate(keys)])
    rows = connection.execute(statement).all()
    more = len(rows) > page.limit
    rows = rows[: page.limit]
    return Page([build(row) for row in rows], make_cursor(sort, rows[-1][width:]) if more else None)


def make_cursor(sort: str, values: Sequence[Any]) -> str:
    """The opaque text of a place in a list."""
    body = orjson.dumps([sort, *[_to_json(v) for v in values]])
    return base64.urlsafe_b64encode(body).decode().rstrip("=")


def read_cursor(cursor: str, sort: str, keys: Keys) -> list[Any]:
    """The values of a cursor's keys. Raises ``BadData`` for one that ``make_cursor`` has not made for this sort."""
    try:
        body = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        given, *values = body if isinstance(body, list) and body else [None]
        if given == sort:
            return [_from_json(value, key) for value, key in zip(values, keys, strict=True)]
    except (ValueError, OverflowError, binascii.Error):
        pass
    raise _bad("cursor", "is not a cursor of this list in this order")


def _to_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_microseconds(value)
    return value.isoformat() if isinstance(value, date) else value


def _from_json(value: Any, key: sa.ColumnElement[Any]) -> Any:
    if isinstance(key.type, sa.Text):
        if not isinstance(value, str) or "\x00" in value:
            raise ValueError
        return value
    if isinstance(key.type, sa.Date):
        return date.fromisoformat(value) if isinstance(value, str) else _refuse()
    if not isinstance(value, int) or isinstance(value, bool) or not -_INT64 <= value < _INT64:
        raise ValueError
    return from_microseconds(value) if isinstance(key.type, Instant) else value


def _refuse() -> Any:
    raise ValueError


def _bad(field: str, message: str) -> BadData:
    return BadData(f"{field}: {message}", [FieldProblem(field, "invalid", message)])
