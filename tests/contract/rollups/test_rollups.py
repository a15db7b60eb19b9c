"""What is computed, from what, and when."""

import numpy as np
import pytest

from ingest.rollups import RollUps, fullest, merged
from plantroom.ports.readings import DAY_MS, HOUR_MS, TEN_MINUTES_MS, AggregatePage, ReadingsStore, SeriesRef
from plantroom.ports.rollups import Window, windows_of
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.readings.kept import KeptReadings
from tests.contract.ledger.given import asset
from tests.contract.rollups.given import (
    BASE,
    CLOCK,
    NOW_MS,
    WIDTHS,
    Reading,
    at_once,
    batch_of,
    see_the_same,
    settle,
    stored,
)

VIBRATION, FLOW = SeriesRef("demo", "pump", "p1", "vibration"), SeriesRef("demo", "pump", "p1", "flow")
MINUTE = 60_000


def minutes(start_ms: int, number: int, series: SeriesRef = FLOW) -> list[Reading]:
    """A reading a minute, no two alike."""
    return [(series, start_ms + n * MINUTE, (n * 37 % 101) / 8, 0) for n in range(number)]


def store_and_mark(store: ReadingsStore, ledger: SqlLedger, readings: list[Reading]) -> None:
    batch = batch_of(readings)
    assert not store.write(batch).rejected
    with ledger.begin() as tx:
        tx.roll_ups.mark(windows_of(batch))


def roll(store: ReadingsStore, ledger: SqlLedger) -> RollUps:
    job = RollUps(ledger, store, CLOCK)
    settle(job, "p1")
    return job


def marks(ledger: SqlLedger) -> int:
    with ledger.read() as tx:
        return int(tx.roll_ups.count())


def test_both_widths_are_those_of_all_readings(store: ReadingsStore, ledger: SqlLedger) -> None:
    readings = minutes(BASE, 150) + minutes(BASE + 30_000, 40, VIBRATION)
    store_and_mark(store, ledger, readings)
    job = roll(store, ledger)
    for series in (FLOW, VIBRATION):
        for width_ms in WIDTHS:
            see_the_same(stored(store, series, width_ms), at_once(readings, series, width_ms))
    assert job.rolled_up == 15 + 3
    assert marks(ledger) == 0


def test_data_three_days_late_are_in_the_aggregates_of_their_time(store: ReadingsStore, ledger: SqlLedger) -> None:
    readings = minutes(BASE, 60)
    store_and_mark(store, ledger, readings)
    roll(store, ledger)
    late: list[Reading] = [(FLOW, BASE + 61_001, 1e6, 0), (VIBRATION, BASE + 61_001, 7.0, 1)]
    store_and_mark(store, ledger, late)
    roll(store, ledger)
    for series in (FLOW, VIBRATION):
        for width_ms in WIDTHS:
            see_the_same(stored(store, series, width_ms), at_once(readings + late, series, width_ms))


def test_data_that_come_while_their_window_is_computed_are_not_forgotten(
    store: ReadingsStore, ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings, late = minutes(BASE, 10), minutes(BASE + 30_000, 10)
    store_and_mark(store, ledger, readings)
    put = store.put_aggregates

    def late_put(pages: object, window_ms: int) -> None:
        monkeypatch.undo()
        store_and_mark(store, ledger, late)
        put(pages, window_ms)  # type: ignore[arg-type]

    monkeypatch.setattr(store, "put_aggregates", late_put)
    RollUps(ledger, store, CLOCK).run_once()
    roll(store, ledger)
    for width_ms in WIDTHS:
        see_the_same(stored(store, FLOW, width_ms), at_once(readings + late, FLOW, width_ms))


def test_bad_readings_are_in_no_aggregate(store: ReadingsStore, ledger: SqlLedger) -> None:
    store_and_mark(store, ledger, [(FLOW, BASE, 1.0, 0), (FLOW, BASE + 1, 99.0, 100), (VIBRATION, BASE, 99.0, 101)])
    roll(store, ledger)
    assert stored(store, FLOW, HOUR_MS) == [(BASE, 1.0, 1.0, 1.0, 1, 1.0)]
    assert stored(store, VIBRATION, HOUR_MS) == []


def test_a_window_is_computed_when_it_is_over_and_so_is_an_hour(store: ReadingsStore, ledger: SqlLedger) -> None:
    now_window = NOW_MS + 5 * MINUTE - (NOW_MS + 5 * MINUTE) % TEN_MINUTES_MS
    before = NOW_MS - TEN_MINUTES_MS
    store_and_mark(store, ledger, [(FLOW, before - 1, 1.0, 0), (FLOW, before, 2.0, 0), (FLOW, NOW_MS + 1, 3.0, 0)])
    roll(store, ledger)
    # At the full hour the grace of the last window is not over.
    assert [row[0] for row in stored(store, FLOW, TEN_MINUTES_MS)] == [before - TEN_MINUTES_MS]
    assert stored(store, FLOW, HOUR_MS) == []
    with ledger.read() as tx:
        left = tx.roll_ups.among("p1", 0, 1 << 60)
    assert {(w.width_ms, w.start_ms) for w in left} == {
        (TEN_MINUTES_MS, before), (TEN_MINUTES_MS, now_window), (HOUR_MS, NOW_MS - HOUR_MS)
    }  # fmt: skip


def forget(store: ReadingsStore, before_ms: int) -> None:
    """The raw readings expire."""
    store.delete_before(before_ms, lambda: False)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_hours_come_from_10_minutes_once_raw_readings_are_gone(store: ReadingsStore, ledger: SqlLedger) -> None:
    old = NOW_MS - 200 * DAY_MS
    readings = minutes(old, 120)
    assert isinstance(store, KeptReadings)
    store.raw.write(batch_of(readings))
    job = RollUps(ledger, store, CLOCK)
    assert job.recompute(asset(), old, old + 2 * HOUR_MS) == 12
    first = stored(store, FLOW, HOUR_MS)
    see_the_same(first, at_once(readings, FLOW, HOUR_MS))
    forget(store, old + HOUR_MS + 25 * MINUTE)
    assert job.recompute(asset(), old, old + 2 * HOUR_MS) == 12
    assert stored(store, FLOW, HOUR_MS) == first
    see_the_same(stored(store, FLOW, TEN_MINUTES_MS), at_once(readings, FLOW, TEN_MINUTES_MS))


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_lost_hours_are_merged_from_10_minutes(store: ReadingsStore, ledger: SqlLedger) -> None:
    old = NOW_MS - 200 * DAY_MS
    readings = [(FLOW, old + n * n * 1000, n * 1.1, 0) for n in range(58)]
    assert isinstance(store, KeptReadings)
    store.raw.write(batch_of(readings))
    store.put_aggregates(store.aggregate([FLOW], old, old + HOUR_MS, TEN_MINUTES_MS), TEN_MINUTES_MS)
    forget(store, NOW_MS)
    RollUps(ledger, store, CLOCK).recompute(asset(), old, old + HOUR_MS)
    see_the_same(stored(store, FLOW, HOUR_MS), at_once(readings, FLOW, HOUR_MS))


def test_by_hand_everything_is_computed_again(store: ReadingsStore, ledger: SqlLedger) -> None:
    readings = minutes(BASE, 100)
    store.write(batch_of(readings))
    assert RollUps(ledger, store, CLOCK).recompute(asset(), BASE + 5 * MINUTE, BASE + 65 * MINUTE) == 10
    for width_ms in WIDTHS:
        see_the_same(stored(store, FLOW, width_ms), at_once(readings, FLOW, width_ms))


def test_marks_of_an_asset_that_nobody_knows_are_taken_away(store: ReadingsStore, ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.roll_ups.mark([Window("nobody", TEN_MINUTES_MS, BASE, "demo")])
    settle(RollUps(ledger, store, CLOCK), "nobody")
    assert marks(ledger) == 0


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_expiry_waits_for_what_is_marked(store: ReadingsStore, ledger: SqlLedger) -> None:
    assert isinstance(store, KeptReadings)
    readings = minutes(NOW_MS - 200 * DAY_MS, 60)
    store.raw.write(batch_of(readings))
    with ledger.begin() as tx:
        tx.roll_ups.mark(windows_of(batch_of(readings)))
    job = RollUps(ledger, store, CLOCK)
    assert job.expire(lambda: False) == 0
    settle(job, "p1")
    assert job.expire(lambda: False) == 60
    for width_ms in WIDTHS:
        see_the_same(stored(store, FLOW, width_ms), at_once(readings, FLOW, width_ms))


def page(*rows: tuple[int, float, float, float, int, float]) -> AggregatePage:
    kinds = (np.int64, np.float64, np.float64, np.float64, np.int64, np.float64)
    columns = list(zip(*rows, strict=True)) if rows else [()] * 6
    return AggregatePage(FLOW, *(np.array(c, kind) for c, kind in zip(columns, kinds, strict=True)))


def test_merging_weights_means_by_counts() -> None:
    found = merged(
        page((0, 1.0, 0.0, 2.0, 1, 5.0), (600_000, 4.0, -1.0, 9.0, 3, 6.0), (HOUR_MS, 7.0, 7.0, 7.0, 1, 7.0)), HOUR_MS
    )
    assert found.ts_ms.tolist() == [0, HOUR_MS]
    assert (found.mean.tolist(), found.count.tolist()) == ([3.25, 7.0], [4, 1])
    assert (found.minimum.tolist(), found.maximum.tolist(), found.last.tolist()) == (
        [-1.0, 7.0],
        [9.0, 7.0],
        [6.0, 7.0],
    )
    assert len(merged(page(), HOUR_MS).ts_ms) == 0


def test_the_fullest_stands_and_among_equals_the_first() -> None:
    one = page((0, 1.0, 1.0, 1.0, 5, 1.0), (10, 1.0, 1.0, 1.0, 2, 1.0))
    two = page((0, 2.0, 2.0, 2.0, 5, 2.0), (10, 2.0, 2.0, 2.0, 3, 2.0), (20, 2.0, 2.0, 2.0, 1, 2.0))
    found = fullest([one, two])
    assert (found.ts_ms.tolist(), found.mean.tolist()) == ([0, 10, 20], [1.0, 2.0, 2.0])
    assert len(fullest([page(), page()]).ts_ms) == 0
