"""A recording that is replayed again: what the store had before is none of its rows."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from plantroom.bootstrap import replaying
from plantroom.bootstrap.parts import Parts, open_parts
from plantroom.bootstrap.replaying import held_instants, wait_until_stored
from plantroom.domain.assets import Asset, LocalName
from plantroom.ports.readings import ReadingBatch, SeriesRef
from plantroom.settings import Settings
from simulators.recording import Recording

PUMP = Asset("k1", "demo", "B-1", "pump", LocalName("泵", "Pump"))
SERIES = (SeriesRef("demo", "pump", "k1", "a"), SeriesRef("demo", "pump", "k1", "b"))
START = 1_795_262_400_000


def recording(*offsets: int) -> Recording:
    ts_ms = np.array([START + one for one in offsets], np.int64)
    values = np.column_stack([np.arange(len(ts_ms), dtype=np.float64)] * 2)
    values[0, 0] = np.nan
    return Recording(("A", "B"), ("a", "b"), ts_ms, values)


@pytest.fixture
def parts(started: Path) -> Iterator[Parts]:
    found = open_parts(Settings(data_dir=started))
    found.readings.open()
    yield found
    found.close()


def store(parts: Parts, *offsets: int) -> None:
    ts_ms = np.array([START + one for one in offsets], np.int64)
    series_id = np.ones(len(ts_ms), np.int32)
    parts.readings.write(ReadingBatch(SERIES, series_id, ts_ms, np.ones(len(ts_ms)), np.zeros(len(ts_ms), np.uint8)))


def test_rows_of_an_earlier_replay_are_not_counted(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "ROWS", 2)
    store(parts, 100, 200, 300, 1_000, 9_999)
    again = recording(0, 1_000, 2_000)
    held = held_instants(parts, PUMP, again)
    assert held.tolist() == [START + one for one in (100, 200, 300, 1_000)]
    said: list[str] = []

    def progress(words: str) -> None:
        said.append(words)
        if words == "2 of 3 rows stored":
            threading.Thread(target=store, args=(parts, 2_000)).start()

    store(parts, 0)
    assert wait_until_stored(parts, PUMP, again, held, progress) == 3
    assert said == ["2 of 3 rows stored", "3 of 3 rows stored"]


def test_what_does_not_come_is_not_said_to_be_stored(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "STORE_STALL_S", 0.3)
    store(parts, 100, 200, 300, 400)
    again = recording(0, 1_000, 2_000)
    assert wait_until_stored(parts, PUMP, again, held_instants(parts, PUMP, again), lambda _: None) == 0


def test_an_empty_store_holds_nothing(parts: Parts) -> None:
    assert held_instants(parts, PUMP, recording(0, 1_000)).tolist() == []
