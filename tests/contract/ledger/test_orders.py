"""Work orders, transitions, operations."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from maintenance.plan import OccurrenceKey
from maintenance.ports import OrderFilter
from maintenance.work_orders import ChecklistItem, Kind, Origin, State, Transition, WorkOrderOccurrence
from plantroom.domain.assets import Severity
from plantroom.errors import Conflict, NotFound, VersionConflict
from plantroom.ports.paging import PageRequest, Scope
from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import MINUTE, NOW, name, operation, order

ALL = PageRequest()


def test_an_order_comes_back_with_every_field(planted: SqlLedger) -> None:
    full = order(
        number=2317,
        kind=Kind.STATUTORY,
        origin=Origin.PLAN,
        state=State.ON_HOLD,
        severity=Severity.CRITICAL,
        safety=True,
        department="工程部",
        assignee="u1",
        due=NOW + MINUTE,
        earliest=date(2026, 11, 20),
        acknowledged_at=NOW,
        arrived_at=NOW,
        completed_at=NOW,
        verified_at=NOW,
        hold_reason="part",
        end_reason="x",
        reopened=2,
        episode="e1",
        reason=name("why"),
        first_checks=(name("one"), name("two")),
        tags=("late",),
        occurrences=(
            WorkOrderOccurrence(OccurrenceKey("row-1", "p1", 7), "SP-01", date(2026, 2, 28), date(2026, 3, 1)),
        ),
        template=(ChecklistItem("1", "number", name("n"), point="vibration", low=0.1, choices=(name("c"),)),),
        answers={"1": {"outcome": "ok", "number": 3.5, "at": "2026-11-21T08:00:00Z"}},
        verdict={"verdict": "confirmed", "cause": "C1"},
        version=5,
    )
    with planted.begin() as tx:
        tx.orders.add(full)
    with planted.read() as tx:
        assert tx.orders.get("w1") == full
        with pytest.raises(NotFound):
            tx.orders.get("w9")


def test_the_plainest_order_comes_back_too(planted: SqlLedger) -> None:
    plain = order(number=1, asset=None, opened_at=None)
    with planted.begin() as tx:
        tx.orders.add(plain)
        assert tx.orders.get("w1") == plain


def test_an_order_is_of_a_known_site_and_asset_and_its_id_and_number_are_unique(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.orders.add(order("w1", 5))
    for wrong in (order("w1", 6), order("w2", 5), order("w3", 7, site="nowhere"), order("w3", 8, asset="p9")):
        with pytest.raises(Conflict), planted.begin() as tx:
            tx.orders.add(wrong)


def test_numbers_rise_and_are_given_where_there_is_none(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        first, second = tx.orders.next_number(), tx.orders.next_number()
        assert second > first > 0
        tx.orders.add(order("w1", first))
        tx.orders.add_many([order("w2"), order("w3"), order("w4", second)])
        tx.orders.add(order("w5"))
        tx.orders.add_many([])
        numbers = [tx.orders.get(f"w{n}").number for n in (1, 4, 2, 3, 5)]
        assert numbers == sorted(set(numbers))


def test_a_number_given_from_outside_is_never_given_again(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        beyond = tx.orders.next_number() + 100
        tx.orders.add(order("w1", beyond))
        assert tx.orders.next_number() > beyond


def test_writers_at_the_same_moment_get_different_numbers(planted: SqlLedger, other: SqlLedger) -> None:
    def write(number: int) -> list[int]:
        given = []
        for n in range(10):
            with (planted if number % 2 else other).begin() as tx:
                given.append(tx.orders.next_number())
                tx.orders.add(order(f"w{number}-{n}", given[-1]))
                tx.orders.add(order(f"v{number}-{n}"))
        return given

    with ThreadPoolExecutor(4) as pool:
        given = [n for numbers in pool.map(write, range(4)) for n in numbers]
    assert len(set(given)) == 40
    with planted.read() as tx:
        assert len({o.number for o in tx.orders.list(OrderFilter(), ALL).items}) == 80


def test_an_update_raises_the_version_and_an_outdated_one_is_refused(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.orders.add(order(number=1))
        changed = replace(order(number=1), state=State.ACKNOWLEDGED, answers={"1": {"outcome": "ok"}})
        assert tx.orders.update(changed, 1) == replace(changed, version=2)
        assert tx.orders.get("w1") == replace(changed, version=2)
    with planted.begin() as tx:
        with pytest.raises(VersionConflict):
            tx.orders.update(order(number=1), 1)
        with pytest.raises(NotFound):
            tx.orders.update(order("w9", 9), 1)
        assert tx.orders.get("w1").state is State.ACKNOWLEDGED


def test_a_locked_order_waits_for_the_end(planted: SqlLedger, other: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.orders.add(order(number=1))

    def acknowledge() -> int:
        with other.begin() as tx:
            mine = tx.orders.lock("w1")
            return tx.orders.update(replace(mine, state=State.ACKNOWLEDGED), mine.version).version

    with ThreadPoolExecutor(1) as pool:
        with planted.begin() as tx:
            mine = tx.orders.lock("w1")
            theirs = pool.submit(acknowledge)
            with pytest.raises(TimeoutError):
                theirs.result(timeout=0.2)
            tx.orders.update(replace(mine, assignee="u1"), 1)
        assert theirs.result(timeout=5) == 3
    with planted.read() as tx:
        stored = tx.orders.get("w1")
        assert (stored.assignee, stored.state) == ("u1", State.ACKNOWLEDGED)
        with pytest.raises(NotFound):
            tx.orders.lock("w9")


def _mixed(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.orders.add_many(
            [
                order("a", 1, due=NOW + 3 * MINUTE, severity=Severity.INFO, opened_at=NOW + MINUTE),
                order("b", 2, due=NOW + MINUTE, state=State.VERIFIED, department="d"),
                order("c", 3, due=None, kind=Kind.DRILL, origin=Origin.PLAN, state=State.SCHEDULED, opened_at=None),
                order("d", 4, due=NOW + MINUTE, site="north", asset="n1", severity=Severity.CRITICAL),
                order("e", 5, due=NOW + 2 * MINUTE, asset=None, state=State.EVIDENCE_PENDING, opened_at=NOW - MINUTE),
            ]
        )


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (OrderFilter(), "bdeac"),
        (OrderFilter(scope=Scope(frozenset({"north"}))), "d"),
        (OrderFilter(scope=Scope(frozenset({"north"})), site="demo"), ""),
        (OrderFilter(site="demo"), "beac"),
        (OrderFilter(kind="drill"), "c"),
        (OrderFilter(kind="drill, corrective", site="demo"), "beac"),
        (OrderFilter(state="verified,scheduled"), "bc"),
        (OrderFilter(state="nonsense"), ""),
        (OrderFilter(origin="plan"), "c"),
        (OrderFilter(asset="p1"), "bac"),
        (OrderFilter(department="d"), "b"),
        (OrderFilter(due_before=NOW + 2 * MINUTE), "bd"),
        (OrderFilter(open_only=True), "deac"),
        (OrderFilter(without_asset=True), "e"),
        (OrderFilter(without_asset=True, asset="p1"), ""),
        (OrderFilter(open_only=True, site="demo", kind="corrective"), "ea"),
    ],
)
def test_the_list_filters(planted: SqlLedger, filters: OrderFilter, ids: str) -> None:
    _mixed(planted)
    with planted.read() as tx:
        assert "".join(o.id for o in tx.orders.list(filters, ALL).items) == ids


@pytest.mark.parametrize(
    ("sort", "ids"),
    [
        ("due", "bdeac"),
        ("-due", "caedb"),
        ("number", "abcde"),
        ("-number", "edcba"),
        ("opened_at", "ebdac"),
        ("severity", "dbeca"),
    ],
)
def test_the_list_sorts_and_pages(planted: SqlLedger, sort: str, ids: str) -> None:
    _mixed(planted)
    found, cursor = "", None
    with planted.read() as tx:
        for _ in range(3):
            page = tx.orders.list(OrderFilter(), PageRequest(2, cursor, sort))
            found += "".join(o.id for o in page.items)
            cursor = page.next_cursor
    assert (found, cursor) == (ids, None)


def test_orders_are_counted_by_kind_and_state(planted: SqlLedger) -> None:
    _mixed(planted)
    with planted.read() as tx:
        assert tx.orders.counts(Scope()) == {
            ("corrective", State.OPEN): 2,
            ("corrective", State.VERIFIED): 1,
            ("corrective", State.EVIDENCE_PENDING): 1,
            ("drill", State.SCHEDULED): 1,
        }
        assert tx.orders.counts(Scope(frozenset({"north"}))) == {("corrective", State.OPEN): 1}


def test_transitions_come_back_in_the_order_they_were_made(planted: SqlLedger) -> None:
    steps = [
        Transition("w1", State.OPEN, NOW, NOW, "system"),
        Transition("w1", State.IN_PROGRESS, NOW - MINUTE, NOW + MINUTE, "u1"),
        Transition("w1", State.ON_HOLD, NOW, NOW + MINUTE, "u1", "等配件"),
    ]
    with planted.begin() as tx:
        tx.orders.add(order(number=1))
        for step in steps[:2]:
            tx.orders.add_transition(step)
        assert list(tx.orders.transitions("w1")) == steps[:2]
        tx.orders.add_transition(steps[2])
    with planted.read() as tx:
        assert list(tx.orders.transitions("w1")) == steps
        assert list(tx.orders.transitions("w9")) == []


def test_a_transition_is_of_a_known_order(planted: SqlLedger) -> None:
    with pytest.raises(Conflict), planted.begin() as tx:
        tx.orders.add_transition(Transition("w9", State.OPEN, NOW, NOW, "system"))


def test_operations_come_back_in_the_order_of_capture(planted: SqlLedger) -> None:
    late, early, alien = operation("op1", 5), operation("op2", 1), operation("op3", work_order=None, step=None)
    with planted.begin() as tx:
        for one in (late, early, alien, operation("op4", 9, work_order="unknown")):
            tx.orders.add_operation(*one)
    with planted.begin() as tx:
        assert list(tx.orders.operations("w1")) == [early, late]
        assert tx.orders.operation("op3") == alien
        assert tx.orders.operation("op9") is None
        with pytest.raises(Conflict):
            tx.orders.add_operation(*operation("op1"))


def test_operations_captured_at_one_instant_keep_their_order(planted: SqlLedger) -> None:
    wanted = [operation(f"op{n}") for n in (3, 1, 2)]
    with planted.begin() as tx:
        for one in wanted:
            tx.orders.add_operation(*one)
        assert list(tx.orders.operations("w1")) == wanted


@pytest.mark.parametrize("table", ["work_order_transitions", "operations"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET position = position + 1000",
        "DELETE FROM {}",
        "TRUNCATE {}",
        "REPLACE INTO {0} SELECT * FROM {0}",
    ],
)
def test_history_cannot_be_changed(planted: SqlLedger, table: str, statement: str) -> None:
    with planted.begin() as tx:
        tx.orders.add(order(number=1))
        tx.orders.add_transition(Transition("w1", State.OPEN, NOW, NOW, "system"))
        tx.orders.add_operation(*operation())
        dialect = tx.work.connection.dialect.name
    if dialect == "sqlite" and statement.startswith("TRUNCATE"):
        statement = "DELETE FROM {} WHERE true"  # SQLite has no other word for it
    if dialect == "postgresql" and statement.startswith("REPLACE"):
        statement = "INSERT INTO {0} SELECT * FROM {0} ON CONFLICT (position) DO UPDATE SET position = 0"
    with pytest.raises(Conflict, match="append-only"), planted.begin() as tx:
        tx.work.connection.execute(sa.text(statement.format(table)))
    with planted.read() as tx:
        assert len(tx.orders.transitions("w1")) == len(tx.orders.operations("w1")) == 1


def test_paging_while_others_insert_repeats_and_hides_nothing(planted: SqlLedger) -> None:
    def due(n: int) -> Any:
        return NOW + timedelta(hours=n)

    with planted.begin() as tx:
        tx.orders.add_many([order(f"w{n:02d}", due=due(n)) for n in range(0, 20, 2)])
    seen: list[str] = []
    cursor, newest = None, 0
    while True:
        with planted.begin() as tx:
            page = tx.orders.list(OrderFilter(), PageRequest(3, cursor))
            seen += [o.id for o in page.items]
            newest += 1
            tx.orders.add(order(f"early{newest}", due=due(-newest)))  # before everything seen so far
            cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"w{n:02d}" for n in range(0, 20, 2)]


def test_a_consumer_reads_operations_behind_its_cursor_in_order(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        for n in range(5):
            tx.orders.add_operation(*operation(f"op{n}", minutes=-n, done_at=NOW))
    with planted.read() as tx:
        first = tx.orders.operations_after("a", 3)
        assert [(q.operation.op_id, q.result.op_id) for q in first] == [(f"op{n}", f"op{n}") for n in range(3)]
        assert (first[0].operation, first[0].result) == operation("op0", done_at=NOW)
    with planted.begin() as tx:
        tx.orders.move_cursor("a", first[-1].position)
        tx.orders.move_cursor("a", first[0].position)  # never back
    with planted.begin() as tx:
        assert [q.operation.op_id for q in tx.orders.operations_after("a", 10)] == ["op3", "op4"]
        assert len(tx.orders.operations_after("b", 10)) == 5


def test_an_operation_never_appears_behind_one_that_a_consumer_has_seen(planted: SqlLedger, other: SqlLedger) -> None:
    def add_second() -> None:
        with other.begin() as tx:
            tx.orders.add_operation(*operation("second"))

    with ThreadPoolExecutor(1) as pool:
        with planted.begin() as tx:
            tx.orders.add_operation(*operation("first"))
            second = pool.submit(add_second)
            with pytest.raises(TimeoutError):
                second.result(timeout=0.3)
        second.result(timeout=5)
    with planted.read() as tx:
        assert [q.operation.op_id for q in tx.orders.operations_after("a", 10)] == ["first", "second"]
