"""The readings that the plan goes by, out of a real readings store."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from maintenance.meters import Meter, Sample, use_since
from plantroom.bootstrap.plan_readings import StoredReadings
from plantroom.domain.assets import Asset, LocalName
from plantroom.domain.quality import Reason
from plantroom.ports.readings import ReadingBatch, ReadingsStore, SeriesRef
from plantroom.storage.readings.factory import open_readings

PUMP = Asset("k1", "demo", "P-1", "pump", LocalName("泵", "Pump"))
T0 = datetime(2026, 3, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReadingsStore]:
    made = open_readings(f"sqlite:///{tmp_path / 'readings.db'}", tmp_path)
    made.open()
    yield made
    made.close()


def write(store: ReadingsStore, point: str, rows: list[tuple[datetime, float, int]]) -> None:
    batch = ReadingBatch(
        [SeriesRef("demo", "pump", "k1", point)],
        np.zeros(len(rows), np.int32),
        np.array([int(at.timestamp() * 1000) for at, _, _ in rows], np.int64),
        np.array([value for _, value, _ in rows], np.float64),
        np.array([reason for _, _, reason in rows], np.uint8),
    )
    assert not store.write(batch).rejected


def test_a_meter_is_read_by_the_hour_and_goes_on_from_where_it_was(store: ReadingsStore) -> None:
    write(store, "run_hours", [(T0 + n * HOUR / 2, 100 + n * 0.5, Reason.GOOD) for n in range(97)])
    readings = StoredReadings(store)
    first = readings.meter(PUMP, "run_hours", T0 + 2 * DAY)
    assert len(first) == 48
    assert first[-1] == Sample(T0 + 2 * DAY, 147.5)
    found = use_since(Meter(first, "h"), 1500, T0 + DAY)
    assert found is not None
    assert found.used == pytest.approx(24, abs=1.5)
    assert found.rate == pytest.approx(24, abs=1.5)
    write(store, "run_hours", [(T0 + 2 * DAY + n * HOUR, 148.0 + n, Reason.GOOD) for n in range(1, 25)])
    again = readings.meter(PUMP, "run_hours", T0 + 2 * DAY + timedelta(minutes=5))
    assert again == first, "not asked for again so soon"
    later = readings.meter(PUMP, "run_hours", T0 + 3 * DAY)
    assert later[-1] == Sample(T0 + 3 * DAY, 171.0)
    assert [s.ts for s in later] == sorted({s.ts for s in later})


def test_bad_readings_are_no_use_of_a_meter(store: ReadingsStore) -> None:
    write(store, "run_hours", [(T0 + n * HOUR, 100.0 + n, Reason.GOOD) for n in range(30)])
    write(store, "run_hours", [(T0 + 31 * HOUR, 99_999.0, Reason.OUT_OF_RANGE)])
    found = StoredReadings(store).meter(PUMP, "run_hours", T0 + 2 * DAY)
    assert max(s.value for s in found) == 129.0


@pytest.mark.parametrize("reason", [Reason.OUT_OF_RANGE, Reason.SAID_BAD, Reason.MANUAL, Reason.RECEIVE_TIME])
def test_only_plainly_good_readings_are_changes(store: ReadingsStore, reason: Reason) -> None:
    write(store, "running", [(T0, 0, Reason.GOOD), (T0 + HOUR, 1, reason), (T0 + 2 * HOUR, 0, Reason.GOOD)])
    found = StoredReadings(store).changes(PUMP, "running", T0, T0 + DAY)
    assert {s.value for s in found} == {0.0}


def test_changes_that_come_late_are_seen_at_the_next_look(store: ReadingsStore) -> None:
    readings = StoredReadings(store)
    write(store, "running", [(T0, 0, Reason.GOOD), (T0 + 5 * HOUR, 0, Reason.GOOD)])
    assert {s.value for s in readings.changes(PUMP, "running", T0, T0 + 6 * HOUR)} == {0.0}
    write(store, "running", [(T0 + 2 * HOUR, 1, Reason.GOOD), (T0 + 3 * HOUR, 0, Reason.GOOD)])
    seen = readings.changes(PUMP, "running", T0, T0 + 6 * HOUR)
    assert [(s.ts, s.value) for s in seen if s.value] == [(T0 + 2 * HOUR, 1.0)]


def test_windows_of_two_rows_are_each_whole(store: ReadingsStore) -> None:
    readings = StoredReadings(store)
    write(store, "running", [(T0 + n * HOUR, n % 2, Reason.GOOD) for n in range(24 * 20)])
    for _ in range(2):
        day = readings.changes(PUMP, "running", T0 + 18 * DAY, T0 + 19 * DAY)
        month = readings.changes(PUMP, "running", T0 + DAY, T0 + 19 * DAY)
        assert len(day) == 48
        assert len(month) == 24 * 19
