"""Marks of windows: set again they get another token, and only the token takes them away."""

from plantroom.ports.readings import HOUR_MS, TEN_MINUTES_MS
from plantroom.ports.rollups import Mark, Window
from plantroom.storage.ledger import SqlLedger

T0 = 1_795_003_200_000
FAR = T0 + 10**9


def window(number: int, asset: str = "p1", width_ms: int = TEN_MINUTES_MS, site: str = "demo") -> Window:
    return Window(asset, width_ms, T0 + number * width_ms, site)


def mark(ledger: SqlLedger, *windows: Window) -> None:
    with ledger.begin() as tx:
        tx.roll_ups.mark(windows)


def due(ledger: SqlLedger, width_ms: int = TEN_MINUTES_MS, before: int = FAR, limit: int = 100, **only: object) -> list:
    with ledger.read() as tx:
        return list(tx.roll_ups.due(width_ms, before, limit, **only))


def done(ledger: SqlLedger, *marks: Mark) -> int:
    with ledger.begin() as tx:
        return tx.roll_ups.done(marks)


def test_marks_come_out_earliest_first_and_by_width(ledger: SqlLedger) -> None:
    mark(ledger, window(2), window(0, "p2"), window(1), window(0, width_ms=HOUR_MS))
    assert [m.window for m in due(ledger)] == [window(0, "p2"), window(1), window(2)]
    assert [m.window for m in due(ledger, HOUR_MS)] == [window(0, width_ms=HOUR_MS)]
    assert [m.window for m in due(ledger, limit=2)] == [window(0, "p2"), window(1)]


def test_a_window_is_due_when_it_has_ended(ledger: SqlLedger) -> None:
    mark(ledger, window(0))
    assert not due(ledger, before=T0 + TEN_MINUTES_MS - 1)
    assert len(due(ledger, before=T0 + TEN_MINUTES_MS)) == 1


def test_marking_twice_is_one_mark(ledger: SqlLedger) -> None:
    mark(ledger, window(0), window(0))
    mark(ledger, window(0))
    with ledger.read() as tx:
        assert tx.roll_ups.count() == 1


def test_what_was_marked_again_while_it_was_computed_stays_marked(ledger: SqlLedger, other: SqlLedger) -> None:
    mark(ledger, window(0), window(1))
    taken = due(ledger)
    mark(other, window(1))
    assert done(ledger, *taken) == 1
    assert [m.window for m in due(ledger)] == [window(1)]
    assert done(ledger, *due(ledger)) == 1
    assert due(ledger) == []


def test_what_somebody_else_has_taken_away_meanwhile_is_marked_again(ledger: SqlLedger, other: SqlLedger) -> None:
    mark(ledger, window(0))
    mine, theirs = due(ledger), due(other)
    assert done(other, *theirs) == 1
    assert done(ledger, *mine) == 0
    again = due(ledger)
    assert [m.window for m in again] == [window(0)]
    assert again[0].token != mine[0].token


def test_only_some_sites_or_one_asset(ledger: SqlLedger) -> None:
    mark(ledger, window(0), window(1, "n1", site="north"))
    assert [m.window.asset for m in due(ledger, sites=["north"])] == ["n1"]
    assert due(ledger, sites=[]) == []
    assert [m.window.asset for m in due(ledger, asset="p1")] == ["p1"]
    with ledger.read() as tx:
        assert (tx.roll_ups.count(["demo"]), tx.roll_ups.count(), tx.roll_ups.count([])) == (1, 2, 0)


def test_marks_of_an_asset_in_a_span_and_the_oldest(ledger: SqlLedger) -> None:
    with ledger.read() as tx:
        assert tx.roll_ups.oldest_ms() is None
    mark(ledger, window(0), window(3), window(0, width_ms=HOUR_MS), window(1, "p2"))
    with ledger.read() as tx:
        assert tx.roll_ups.among("p1", T0, T0 + 3 * TEN_MINUTES_MS) == [window(0), window(0, width_ms=HOUR_MS)]
        assert tx.roll_ups.oldest_ms() == T0


def test_thousands_of_windows_at_once(ledger: SqlLedger) -> None:
    mark(ledger, *(window(n % 50, f"a{n // 50}") for n in range(5_000)))
    taken = due(ledger, limit=10_000)
    assert len(taken) == 5_000
    assert done(ledger, *taken) == 5_000
    assert due(ledger) == []
