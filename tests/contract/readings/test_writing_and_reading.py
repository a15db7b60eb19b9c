"""What is written is read back, as it was."""

import numpy as np
import pytest

from plantroom.domain.quality import Reason
from plantroom.ports.readings import ReadingsStore, SeriesRef
from tests.contract.readings.given import FOR_EVER, T0, batch, pump, shown, wave

FLOW, HEAD = pump("flow"), pump("head")


def test_every_float64_comes_back_exactly(store: ReadingsStore) -> None:
    values = [0.1, -0.0, 1e-310, 5e-324, 1.7976931348623157e308, 2**53 + 0.0, 1e16, 1 / 3, -273.15, 3.0, 1e21, 1e-7]
    assert store.write(batch(*((FLOW, T0 + i, v) for i, v in enumerate(values)))).written == len(values)
    assert [value for _, value, _ in shown(store, FLOW)] == values


def test_an_empty_batch_is_written_at_once(store: ReadingsStore) -> None:
    assert store.write(batch()).written == 0


def test_readings_come_back_in_rising_time_whatever_order_they_came_in(store: ReadingsStore) -> None:
    store.write(batch((FLOW, T0 + 30, 3.0), (FLOW, T0 + 10, 1.0)))
    store.write(batch((FLOW, T0 + 20, 2.0), (FLOW, T0, 0.0)))
    assert shown(store, FLOW) == [(0, 0.0, 0), (10, 1.0, 0), (20, 2.0, 0), (30, 3.0, 0)]


def test_the_start_belongs_to_a_span_and_the_end_does_not(store: ReadingsStore) -> None:
    store.write(batch(*((FLOW, T0 + i, float(i)) for i in range(5))))
    (page,) = store.read([FLOW], T0 + 1, T0 + 4, 100)
    assert page.value.tolist() == [1.0, 2.0, 3.0]


def test_instants_before_1970_are_kept(store: ReadingsStore) -> None:
    store.write(batch((FLOW, -86_400_000, 1.0), (FLOW, -1, 2.0)))
    (page,) = store.read([FLOW], -(10**9), 1, 10)
    assert page.ts_ms.tolist() == [-86_400_000, -1]


def test_pages_come_in_the_order_asked_for_even_twice(store: ReadingsStore) -> None:
    store.write(batch((FLOW, T0, 1.0), (HEAD, T0, 2.0)))
    pages = store.read([HEAD, FLOW, HEAD], *FOR_EVER, 10)
    assert [(page.series.point, page.value.tolist()) for page in pages] == [
        ("head", [2.0]),
        ("flow", [1.0]),
        ("head", [2.0]),
    ]


def test_a_limit_counts_instants_over_all_the_series(store: ReadingsStore) -> None:
    store.write(
        batch((FLOW, T0, 1.0), (HEAD, T0 + 1, 2.0), (FLOW, T0 + 2, 3.0), (HEAD, T0 + 2, 4.0), (FLOW, T0 + 3, 5.0))
    )
    flow, head = store.read([FLOW, HEAD], *FOR_EVER, 3)
    assert (flow.value.tolist(), head.value.tolist()) == ([1.0, 3.0], [2.0, 4.0])


@pytest.mark.parametrize("limit", [1, 997, 20_000])
def test_paging_meets_every_reading_once(store: ReadingsStore, limit: int) -> None:
    rows = 60 if limit == 1 else 12_000
    written = wave([FLOW, HEAD], rows)
    store.write(written)
    start, met = FOR_EVER[0], []
    while True:
        flow, head = store.read([FLOW, HEAD], start, FOR_EVER[1], limit)
        if not len(flow.ts_ms):
            break
        assert len(flow.ts_ms) <= limit
        met.append(np.column_stack([flow.value, head.value]))
        start = int(flow.ts_ms[-1]) + 1
    assert np.array_equal(np.concatenate(met).ravel(), written.value)


def test_a_limit_of_nothing_gives_nothing(store: ReadingsStore) -> None:
    store.write(batch((FLOW, T0, 1.0)))
    assert shown(store, FLOW, limit=0) == []


def test_series_of_several_assets_are_refused_in_one_read(store: ReadingsStore) -> None:
    with pytest.raises(ValueError, match="one asset"):
        store.read([FLOW, pump("flow", asset="a2")], *FOR_EVER, 10)


def test_assets_sites_and_classes_are_kept_apart(store: ReadingsStore) -> None:
    others = [pump("flow", asset="a2"), pump("flow", site="north"), pump("flow", equipment_class="chiller")]
    store.write(batch((FLOW, T0, 1.0), *((other, T0, 2.0 + i) for i, other in enumerate(others))))
    assert [shown(store, one)[0][1] for one in [FLOW, *others]] == [1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize(
    "unknown",
    [pump("never"), pump("flow", asset="never"), pump("flow", site="never"), pump("flow", equipment_class="never")],
    ids=["point", "asset", "site", "class"],
)
def test_an_unknown_series_reads_as_empty(store: ReadingsStore, unknown: SeriesRef) -> None:
    store.write(batch((FLOW, T0, 1.0)))
    assert shown(store, unknown) == []
    assert store.latest([unknown]) == {}
    assert store.count([unknown], *FOR_EVER) == 0
    assert [len(page.ts_ms) for page in store.aggregate([unknown], *FOR_EVER, 60_000)] == [0]


def test_the_last_of_two_values_of_one_instant_stands_within_a_batch(store: ReadingsStore) -> None:
    store.write(batch((FLOW, T0, 1.0), (HEAD, T0, 9.0), (FLOW, T0 + 1, 5.0), (FLOW, T0, 2.0), (FLOW, T0, 3.0)))
    assert shown(store, FLOW) == [(0, 3.0, 0), (1, 5.0, 0)]
    assert shown(store, HEAD) == [(0, 9.0, 0)]


def test_a_later_batch_replaces_an_earlier_value_and_leaves_the_other_points(store: ReadingsStore) -> None:
    store.write(batch((FLOW, T0, 1.0), (HEAD, T0, 9.0)))
    store.write(batch((FLOW, T0, 2.0)))
    assert (shown(store, FLOW), shown(store, HEAD)) == ([(0, 2.0, 0)], [(0, 9.0, 0)])


def test_writing_a_batch_again_changes_nothing(store: ReadingsStore) -> None:
    written = batch(
        (FLOW, T0, 1.0, Reason.RECEIVE_TIME), (FLOW, T0 + 1, 2.0), (FLOW, T0 + 2, 3.0, Reason.STUCK),
        (HEAD, T0, 7.0), (HEAD, T0, 8.0, Reason.SPIKE),
    )  # fmt: skip
    store.write(written)
    before = shown(store, FLOW), shown(store, HEAD)
    assert store.write(written).written == 5
    assert (shown(store, FLOW), shown(store, HEAD)) == before


def test_a_batch_of_many_rows_is_stored_whole(store: ReadingsStore) -> None:
    series = [pump(point, asset=f"a{i}") for i in range(7) for point in ("flow", "head", "power")]
    written = wave(series, 1_800)
    assert store.write(written).written == len(written) == 37_800
    for i, one in enumerate(series):
        (page,) = store.read([one], *FOR_EVER, 5_000)
        assert np.array_equal(page.value, written.value[i :: len(series)])


@pytest.mark.parametrize("end_ms", [9_223_372_036_854, 9_223_372_036_855, 32_503_680_000_000, 253_402_300_799_000])
def test_a_span_may_end_after_the_last_instant_that_a_store_has(store: ReadingsStore, end_ms: int) -> None:
    """The year 2262 of InfluxDB, 3000 and 9999 of whoever means "for ever"."""
    flow = pump("flow")
    store.write(batch((flow, T0, 1.0), (flow, T0 + 1000, 3.0)))
    assert len(store.read([flow], -(10**13), end_ms, 10)[0].ts_ms) == 2
    assert store.count([flow], 0, end_ms) == 2
    (page,) = store.aggregate([flow], T0 - T0 % 600_000, end_ms, 600_000)
    assert page.mean.tolist() == [2.0]
    assert len(store.read([flow], end_ms, end_ms + 1, 10)[0].ts_ms) == 0
