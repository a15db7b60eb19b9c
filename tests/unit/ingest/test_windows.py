"""Windows that got readings: noted with the batch, saved with the cursor, told when they are over."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.pipeline import Pipeline
from ingest.presence import PresenceTracker
from ingest.windows import GRACE_MS, TouchedWindows
from plantroom.ports.readings import TEN_MINUTES_MS, ReadingBatch, RejectedReading, SeriesRef
from plantroom.ports.rollups import Window, windows_of
from plantroom.ports.spool import Lane, SpoolRecord
from tests.unit.ingest.house import House, until
from tests.unit.ingest.plants import CLASSES, NOON_MS, plant_of

W = TEN_MINUTES_MS
DAY = 86_400_000
SERIES = [SeriesRef("demo", "pump", asset, point) for asset in ("a", "b", "c") for point in ("x", "y")]


def batch(*readings: tuple[int, int]) -> ReadingBatch:
    """(series number, instant)"""
    number = len(readings)
    return ReadingBatch(
        SERIES,
        np.array([one for one, _ in readings], np.int32),
        np.array([ts for _, ts in readings], np.int64),
        np.zeros(number),
        np.zeros(number, np.uint8),
    )


def window(asset: str, number: int) -> Window:
    return Window(asset, W, number * W, "demo")


def complete(windows: TouchedWindows, now_ms: int = 1 << 50) -> list[Window]:
    return sorted(windows.complete(now_ms))


readings_of_any_kind = st.lists(st.tuples(st.integers(0, 5), st.integers(-(10**13), 10**13)), min_size=1, max_size=200)


@given(readings_of_any_kind)
def test_they_are_those_that_any_reading_fell_into(readings: list[tuple[int, int]]) -> None:
    windows = TouchedWindows("demo")
    windows.touch(batch(*readings))
    wanted = sorted({Window(SERIES[n].asset, W, ts // W * W, "demo") for n, ts in readings})
    assert complete(windows) == wanted
    assert windows_of(batch(*readings)) == wanted


def test_a_window_is_complete_some_time_after_its_end() -> None:
    windows = TouchedWindows("demo")
    windows.touch(batch((0, 0), (2, W)))
    assert complete(windows, W + GRACE_MS - 1) == []
    assert complete(windows, W + GRACE_MS) == [window("a", 0)]


def test_what_was_told_is_forgotten_until_it_is_touched_again() -> None:
    windows = TouchedWindows("demo")
    windows.touch(batch((0, 0), (2, 0)))
    windows.told([window("a", 0)])
    assert complete(windows) == [window("b", 0)]
    windows.touch(batch((1, 5)))
    assert complete(windows) == [window("a", 0), window("b", 0)]
    windows.told(complete(windows))
    assert len(windows) == 0


def test_restoring_adds_and_forgets_nothing() -> None:
    one, two = TouchedWindows("demo"), TouchedWindows("demo")
    one.touch(batch((0, 0)))
    two.touch(batch((2, W)))
    two.restore(one.snapshot())
    assert complete(two) == [window("a", 0), window("b", 1)]


def test_after_restoring_series_may_have_other_numbers() -> None:
    windows = TouchedWindows("demo")
    windows.touch(batch((0, 0)))
    windows.restore(b"")
    other = ReadingBatch(SERIES[::-1], np.zeros(1, np.int32), np.full(1, W), np.zeros(1), np.zeros(1, np.uint8))
    windows.touch(other)
    assert complete(windows) == [window("a", 0), window("c", 1)]


@pytest.mark.parametrize("state", [b"[]", b"{", b'{"a": ["x"]}', b"7"])
def test_what_is_no_snapshot_is_refused(state: bytes) -> None:
    with pytest.raises(ValueError):
        TouchedWindows("demo").restore(state)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


def marked(house: House) -> list[int]:
    """Beginnings of the marked windows, in windows from that of three days ago."""
    with house.ledger.read() as tx:
        found = tx.roll_ups.among("key-P-1", 0, 1 << 60)
    first = (house.now_ms - 3 * DAY) // W
    return [one.start_ms // W - first for one in found]


def send_late(house: House, windows_later: int = 0) -> None:
    house.send({"vibration": 1.0}, s=-3 * DAY / 1000 + windows_later * W / 1000)


def test_late_readings_mark_their_window(house: House) -> None:
    house.start()
    send_late(house)
    house.send({"vibration": 1.5})
    until(lambda: marked(house) == [0])
    send_late(house, windows_later=2)
    until(lambda: marked(house) == [0, 2])


def test_only_what_the_store_took_marks_its_window() -> None:
    pipeline = Pipeline("demo", Lane.NORMAL, (), CLASSES, PresenceTracker(CLASSES))
    pipeline.follow(plant_of())
    body = [{"ts": NOON_MS - n * W, "values": {"vibration": 1}} for n in range(100)]
    batch = pipeline.sort([SpoolRecord(1, NOON_MS, "plantroom/demo/P-1/telemetry", orjson.dumps(body))])
    read = pipeline.read(batch)
    stored = int(np.flatnonzero(read.columns[0].readings.ts_ms == NOON_MS - 40 * W)[0])
    refused = [RejectedReading(n, "observed too long ago") for n in range(100) if n != stored]
    pipeline.conclude(batch, read, [refused])
    assert [one.start_ms for one in pipeline.windows.complete(1 << 50)] == [(NOON_MS - 40 * W) // W * W]


def test_a_ledger_that_is_away_keeps_no_reading_waiting_and_hears_of_the_window_later(house: House) -> None:
    house.start()
    house.send({"vibration": 1.0})
    house.settle()
    house.ledger.away = True
    send_late(house)
    until(lambda: len(house.readings("vibration")) == 2)
    house.settle()
    house.ledger.away = False
    until(lambda: marked(house) == [0])


def test_a_window_whose_mark_was_owed_at_a_restart_is_marked_after_it(house: House) -> None:
    house.start()
    house.send({"vibration": 1.0})
    house.settle()
    house.ledger.away = True
    send_late(house)
    house.settle()
    house.stop()
    house.ledger.away = False
    assert marked(house) == []
    house.start()
    until(lambda: marked(house) == [0])
