"""Lists that come in one piece from the ledger, cut into pages; requests for pages that the ledger cuts."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

from api.shapes import ListQuery
from plantroom.errors import BadData, FieldProblem
from plantroom.ports.paging import Page, PageRequest

T = TypeVar("T")


def page_request(query: ListQuery) -> PageRequest:
    """What the ledger needs to cut a page."""
    return PageRequest(query.limit, query.cursor, query.sort)


def encode_cursor(text: str) -> str:
    """Opaque form of a place in a list."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> str:
    """The place that ``encode_cursor`` wrote; ``BadData`` for anything else."""
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise bad_field("cursor", "bad_cursor", "is not one that a list gave out") from None


def bad_field(field: str, code: str, message: str) -> BadData:
    """One wrong field."""
    return BadData(f"{field}: {message}", [FieldProblem(field, code, message)])


def cut(items: Sequence[T], query: ListQuery, key: Callable[[T], str], sorts: Sequence[str] = ()) -> Page[T]:
    """A page of a whole list, rising by ``key`` (unique text) unless ``sort`` is ``-`` and its name.

    ``sorts`` names the fields that may be asked for; ``key`` gives the one that is. Raises ``BadData`` for another.
    """
    falling = bool(query.sort) and str(query.sort).startswith("-")
    if query.sort is not None and query.sort.removeprefix("-") not in sorts:
        raise bad_field(
            "sort", "unknown_sort", "should be one of " + (", ".join(sorts) or "none: this list has one order")
        )
    ordered = sorted(items, key=key, reverse=falling)
    if query.cursor is not None:
        last = decode_cursor(query.cursor)
        ordered = [i for i in ordered if (key(i) < last if falling else key(i) > last)]
    page = ordered[: query.limit]
    more = len(ordered) > len(page)
    return Page(page, encode_cursor(key(page[-1])) if more else None)


def cut_in_order(items: Sequence[T], query: ListQuery, key: Callable[[T], str]) -> Page[T]:
    """A page of a whole list that has one order of its own; ``key`` is unique. ``BadData`` for any ``sort``."""
    if query.sort is not None:
        raise bad_field("sort", "unknown_sort", "this list has one order")
    start = 0
    if query.cursor is not None:
        behind = decode_cursor(query.cursor)
        start = next((n + 1 for n, item in enumerate(items) if key(item) == behind), len(items))
    page = items[start : start + query.limit]
    more = start + query.limit < len(items)
    return Page(page, encode_cursor(key(page[-1])) if more else None)
