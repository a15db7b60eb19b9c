"""Cursors: opaque, checked, and of one list in one order."""

import base64

import orjson
import pytest

from maintenance.ports import OrderFilter
from plantroom.errors import BadData
from plantroom.ports.ledger import AssetFilter
from plantroom.ports.paging import PageRequest, Scope
from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import order


def forged(*values: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")


BAD_CURSORS = [
    "",
    "!!!",
    "振动",
    "AAAA",
    forged(),
    forged("due"),
    forged("due", 1),
    forged("due", 1, 2, 3),
    forged("due", "1", 2),
    forged("due", 1, True),
    forged("due", 1, None),
    forged("due", 2**63 - 1, 2),
    forged("due", 1, 2**64 - 1),
    forged("number", 1),
    base64.urlsafe_b64encode(b'{"a":1}').decode(),
    base64.urlsafe_b64encode(b'"due"').decode(),
]


@pytest.mark.parametrize("cursor", BAD_CURSORS)
def test_a_cursor_that_this_list_has_not_given_is_bad_data(planted: SqlLedger, cursor: str) -> None:
    with planted.read() as tx, pytest.raises(BadData) as caught:
        tx.orders.list(OrderFilter(), PageRequest(cursor=cursor))
    assert caught.value.problems[0].field == "cursor"


@pytest.mark.parametrize("cursor", [forged("site", "a", 1), forged("site", "a\x00", "b"), forged("site", "a", None)])
def test_a_cursor_of_texts_is_checked_too(planted: SqlLedger, cursor: str) -> None:
    with planted.read() as tx, pytest.raises(BadData):
        tx.assets.list(AssetFilter(), PageRequest(cursor=cursor))


@pytest.mark.parametrize("sort", ["nonsense", "--due", "-", "title", "due,number"])
def test_an_unknown_sort_is_bad_data(planted: SqlLedger, sort: str) -> None:
    with planted.read() as tx:
        for ask in (
            lambda: tx.orders.list(OrderFilter(), PageRequest(sort=sort)),
            lambda: tx.assets.list(AssetFilter(), PageRequest(sort=sort)),
            lambda: tx.episodes.list(Scope(), PageRequest(sort=sort)),
            lambda: tx.collect.dead_letters(Scope(), PageRequest(sort=sort)),
        ):
            with pytest.raises(BadData) as caught:
                ask()
            assert caught.value.problems[0].field == "sort"


@pytest.mark.parametrize("limit", [0, -1])
def test_a_page_holds_at_least_one(planted: SqlLedger, limit: int) -> None:
    with planted.read() as tx, pytest.raises(BadData):
        tx.orders.list(OrderFilter(), PageRequest(limit=limit))


def test_a_cursor_works_after_its_row_is_gone_and_survives_a_new_order_of_the_rest(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.orders.add_many([order(f"w{n}", n) for n in range(1, 6)])
        first = tx.orders.list(OrderFilter(), PageRequest(2, sort="number"))
        assert first.next_cursor is not None
        assert first.next_cursor.isascii()
        tx.orders.add(order("late", 100))
        rest = tx.orders.list(OrderFilter(), PageRequest(10, first.next_cursor, "number"))
    assert [o.number for o in rest.items] == [3, 4, 5, 100]


def test_an_exactly_full_last_page_has_no_successor(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.orders.add_many([order(f"w{n}") for n in range(4)])
        page = tx.orders.list(OrderFilter(), PageRequest(4))
    assert (len(page.items), page.next_cursor) == (4, None)
