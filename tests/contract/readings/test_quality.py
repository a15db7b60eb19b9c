"""Bad readings are kept apart; uncertain ones stand, with a remark."""

from plantroom.domain.quality import Reason
from plantroom.ports.readings import ReadingsStore
from tests.contract.readings.given import FOR_EVER, T0, batch, pump, shown

FLOW, HEAD = pump("flow"), pump("head")


def test_a_bad_value_is_shown_with_its_reason(store: ReadingsStore) -> None:
    store.write(batch((FLOW, T0, 1.0), (FLOW, T0 + 1, 999.0, Reason.OUT_OF_RANGE), (FLOW, T0 + 2, 3.0, Reason.STUCK)))
    assert shown(store, FLOW) == [(0, 1.0, 0), (1, 999.0, Reason.OUT_OF_RANGE), (2, 3.0, Reason.STUCK)]


def test_a_bad_value_never_reaches_an_aggregate(store: ReadingsStore) -> None:
    store.write(batch((FLOW, T0, 1.0), (FLOW, T0 + 1, 999.0, Reason.OUT_OF_RANGE), (FLOW, T0 + 2, 3.0)))
    (page,) = store.aggregate([FLOW], *FOR_EVER, 3_600_000)
    assert (page.mean.tolist(), page.maximum.tolist(), page.count.tolist()) == ([2.0], [3.0], [2])


def test_a_series_with_only_bad_values_has_no_aggregates_and_can_be_read(store: ReadingsStore) -> None:
    store.write(batch((FLOW, T0, 999.0, Reason.SPIKE)))
    (page,) = store.aggregate([FLOW], *FOR_EVER, 60_000)
    assert len(page.ts_ms) == 0
    assert shown(store, FLOW) == [(0, 999.0, Reason.SPIKE)]
    assert store.latest([FLOW]) == {FLOW: (T0, 999.0, Reason.SPIKE)}


def test_an_uncertain_value_stands_with_its_remark_and_counts(store: ReadingsStore) -> None:
    store.write(batch((FLOW, T0, 4.0, Reason.RECEIVE_TIME), (FLOW, T0 + 1, 6.0)))
    assert shown(store, FLOW) == [(0, 4.0, Reason.RECEIVE_TIME), (1, 6.0, 0)]
    (page,) = store.aggregate([FLOW], *FOR_EVER, 3_600_000)
    assert page.mean.tolist() == [5.0]


def test_a_bad_value_never_replaces_a_good_one(store: ReadingsStore) -> None:
    store.write(batch((FLOW, T0, 1.0), (HEAD, T0, 5.0)))
    store.write(batch((FLOW, T0, 999.0, Reason.SPIKE)))
    assert shown(store, FLOW) == [(0, 1.0, 0)]
    assert store.latest([FLOW]) == {FLOW: (T0, 1.0, 0)}


def test_a_good_value_replaces_a_bad_one(store: ReadingsStore) -> None:
    store.write(batch((FLOW, T0, 999.0, Reason.SPIKE)))
    store.write(batch((FLOW, T0, 1.0)))
    assert shown(store, FLOW) == [(0, 1.0, 0)]
    assert store.latest([FLOW]) == {FLOW: (T0, 1.0, 0)}


def test_good_and_bad_at_one_instant_of_a_batch_show_the_good_one(store: ReadingsStore) -> None:
    store.write(
        batch((FLOW, T0, 1.0, Reason.RECEIVE_TIME), (FLOW, T0, 999.0, Reason.SPIKE), (HEAD, T0, 999.0, Reason.SPIKE))
    )
    store.write(batch((HEAD, T0 + 5, 998.0, Reason.STUCK), (HEAD, T0 + 5, 2.0)))
    assert shown(store, FLOW) == [(0, 1.0, Reason.RECEIVE_TIME)]
    assert shown(store, HEAD) == [(0, 999.0, Reason.SPIKE), (5, 2.0, 0)]


def test_a_plainly_good_value_takes_an_earlier_remark_away(store: ReadingsStore) -> None:
    store.write(batch((FLOW, T0, 4.0, Reason.RECEIVE_TIME), (HEAD, T0, 4.0, Reason.RECEIVE_TIME), (HEAD, T0, 5.0)))
    store.write(batch((FLOW, T0, 4.5)))
    assert shown(store, FLOW) == [(0, 4.5, 0)]
    assert shown(store, HEAD) == [(0, 5.0, 0)]


def test_the_newest_reading_is_shown_whatever_its_quality(store: ReadingsStore) -> None:
    store.write(batch((FLOW, T0, 1.0), (FLOW, T0 + 9, 999.0, Reason.SPIKE), (HEAD, T0 + 3, 2.0, Reason.RECEIVE_TIME)))
    store.write(batch((FLOW, T0 + 4, 5.0)))
    other = pump("flow", asset="a2", site="north")
    store.write(batch((other, T0 + 1, 8.0)))
    assert store.latest([FLOW, HEAD, other, pump("never")]) == {
        FLOW: (T0 + 9, 999.0, Reason.SPIKE),
        HEAD: (T0 + 3, 2.0, Reason.RECEIVE_TIME),
        other: (T0 + 1, 8.0, 0),
    }


def test_latest_answers_for_many_assets_and_points_at_once(store: ReadingsStore) -> None:
    series = [pump(f"p{p}", asset=f"a{a}") for p in range(25) for a in range(210)]
    store.write(batch(*((one, T0 + i, float(i)) for i, one in enumerate(series))))
    newest = store.latest(series)
    assert newest == {one: (T0 + i, float(i), 0) for i, one in enumerate(series)}


def test_rows_are_counted_once_however_many_readings_they_hold(store: ReadingsStore) -> None:
    store.write(batch((FLOW, T0, 1.0), (HEAD, T0, 1.0), (HEAD, T0 + 1, 1.0), (FLOW, T0 + 2, 9.0, Reason.SPIKE)))
    store.write(batch((FLOW, T0, 7.0, Reason.SPIKE), (pump("flow", asset="a2"), T0, 1.0)))
    assert store.count([FLOW], *FOR_EVER) == 2
    assert store.count([FLOW, HEAD], *FOR_EVER) == 3
    assert store.count([FLOW, HEAD, pump("flow", asset="a2")], *FOR_EVER) == 4
    assert store.count([FLOW, HEAD], T0, T0 + 2) == 2
    assert store.count([FLOW], T0, T0) == 0
    assert store.count([], *FOR_EVER) == 0


def test_counting_goes_beyond_a_page(store: ReadingsStore) -> None:
    store.write(
        batch(*((FLOW, T0 + i, 1.0) for i in range(0, 23_000, 2)), *((HEAD, T0 + i, 1.0) for i in range(0, 23_000, 3)))
    )
    assert store.count([FLOW, HEAD], *FOR_EVER) == len({*range(0, 23_000, 2), *range(0, 23_000, 3)})
