"""What was confirmed is there after a kill; a store out of reach says so at once."""

import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from plantroom.errors import Unreachable
from plantroom.ports.readings import ReadingsStore
from plantroom.storage.readings.factory import open_readings
from plantroom.storage.readings.sqlite import SqliteReadings
from tests.contract.readings.given import FOR_EVER, T0, batch, pump, shown, wave
from tests.servers.process import free_port

FLOW, HEAD = pump("flow"), pump("head")


def test_sqlite_keeps_every_confirmed_row_when_its_process_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "readings.db"
    confirmed = 0
    for _ in range(3):
        command = [sys.executable, "-m", "tests.contract.readings.sqlite_victim", str(file)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as victim:
            assert victim.stdout is not None
            said = [int(victim.stdout.readline()) for _ in range(25)]
            victim.kill()
            said += [int(line) for line in victim.stdout.read().splitlines() if line]
        confirmed = max(confirmed, *said)
        store = SqliteReadings(file)
        store.open()
        assert store.count([FLOW, HEAD], T0, T0 + confirmed * 1000) == confirmed
        store.close()


def test_influxdb_keeps_every_confirmed_row_when_the_server_is_killed(own_influx, tmp_path: Path) -> None:
    store = open_readings(own_influx.access.readings_url("killed"), tmp_path)
    store.open()
    confirmed: list[int] = []
    refused: list[Unreachable] = []
    done = threading.Event()

    def write_on() -> None:
        rows = 0
        while not done.is_set():
            try:
                store.write(wave([FLOW, HEAD], 500, start_ms=T0 + rows * 1000))
            except Unreachable as error:
                refused.append(error)
                done.wait(0.05)
                continue
            rows += 500
            confirmed.append(rows)

    writer = threading.Thread(target=write_on)
    writer.start()
    for _ in range(2):
        before = len(confirmed)
        _until(lambda before=before: len(confirmed) > before + 10)
        failures = len(refused)
        own_influx.kill()
        _until(lambda failures=failures: len(refused) > failures)
        own_influx.start()
    before = len(confirmed)
    _until(lambda: len(confirmed) > before + 2)
    done.set()
    writer.join()
    assert store.count([FLOW, HEAD], *FOR_EVER) == confirmed[-1]
    store.close()


def _until(condition, within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def test_a_server_that_is_not_there_is_reported_quickly(tmp_path: Path) -> None:
    store = open_readings(f"influxdb://secret@127.0.0.1:{free_port()}/o/b", tmp_path)
    started = time.monotonic()
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1.*does not answer") as caught:
        store.open()
    assert time.monotonic() - started < 5
    assert "secret" not in str(caught.value)


def test_something_else_on_the_port_is_reported(mosquitto, tmp_path: Path) -> None:
    store = open_readings(f"influxdb://t@127.0.0.1:{mosquitto.port}/o/b", tmp_path)
    with pytest.raises(Unreachable):
        store.open()


def test_a_server_that_goes_away_is_reported_quickly_and_taken_up_again(own_influx, tmp_path: Path) -> None:
    store = open_readings(own_influx.access.readings_url("gone"), tmp_path)
    store.open()
    store.write(batch((FLOW, T0, 1.0)))
    own_influx.stop()
    started = time.monotonic()
    attempts = (
        store.ping,
        lambda: store.write(batch((FLOW, T0, 1.0))),
        lambda: shown(store, FLOW),
        lambda: store.aggregate([FLOW], *FOR_EVER, 1000),
        lambda: store.latest([FLOW]),
        lambda: store.count([FLOW], *FOR_EVER),
    )
    for attempt in attempts:
        with pytest.raises(Unreachable, match="does not answer"):
            attempt()
    assert time.monotonic() - started < 5
    own_influx.start()
    store.ping()
    assert shown(store, FLOW) == [(0, 1.0, 0)]
    store.close()


def test_a_folder_that_cannot_be_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(Unreachable, match="file"):
        SqliteReadings(tmp_path / "file" / "readings.db").open()


def test_a_file_that_is_no_database_is_reported_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "readings.db"
    file.write_bytes(b"my holiday pictures " * 500)
    with pytest.raises(Unreachable, match="not an SQLite database"):
        SqliteReadings(file).open()
    assert file.read_bytes() == b"my holiday pictures " * 500


def test_a_file_that_another_program_holds_is_reported_and_taken_up_again(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("plantroom.storage.readings.sqlite.BUSY_S", 0.2)
    store = SqliteReadings(tmp_path / "readings.db")
    store.open()
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unreachable, match="locked"):
        store.write(batch((FLOW, T0, 1.0)))
    other.execute("ROLLBACK")
    assert store.write(batch((FLOW, T0, 1.0))).written == 1
    assert shown(store, FLOW) == [(0, 1.0, 0)]
    other.close()
    store.close()


def test_two_processes_share_a_store_and_see_each_others_points(readings_url: str, tmp_path: Path) -> None:
    one, two = open_readings(readings_url, tmp_path), open_readings(readings_url, tmp_path)
    one.open()
    two.open()
    one.write(batch((FLOW, T0, 1.0)))
    two.write(batch((HEAD, T0, 2.0), (FLOW, T0 + 1, 3.0)))
    one.write(batch((pump("power"), T0, 4.0), (HEAD, T0 + 1, 5.0, 102)))
    for store in (one, two):
        assert shown(store, FLOW) == [(0, 1.0, 0), (1, 3.0, 0)]
        assert shown(store, HEAD) == [(0, 2.0, 0), (1, 5.0, 102)]
        assert shown(store, pump("power")) == [(0, 4.0, 0)]
        store.close()


def test_a_closed_store_says_that_it_is_closed_and_can_be_opened_again(store: ReadingsStore) -> None:
    store.write(batch((FLOW, T0, 1.0)))
    store.close()
    store.close()
    with pytest.raises(Unreachable, match="not open"):
        store.write(batch((FLOW, T0, 2.0)))
    with pytest.raises(Unreachable, match="not open"):
        shown(store, FLOW)
    store.open()
    store.ping()
    assert shown(store, FLOW) == [(0, 1.0, 0)]


def test_readers_are_right_while_a_writer_writes(store: ReadingsStore) -> None:
    series = [pump(f"p{i}") for i in range(8)]
    parts = [wave(series, 40, start_ms=T0 + part * 40_000) for part in range(25)]
    written = {
        key: value
        for part in parts
        for *key_parts, value in zip(part.series_id.tolist(), part.ts_ms.tolist(), part.value.tolist(), strict=True)
        if (key := tuple(key_parts))
    }
    done = threading.Event()

    def read_on() -> int:
        rounds = 0
        while not done.is_set():
            for number, page in enumerate(store.read(series, T0, T0 + 10**9, 100_000)):
                assert np.all(np.diff(page.ts_ms) > 0)
                met = zip(page.ts_ms.tolist(), page.value.tolist(), page.reason.tolist(), strict=True)
                assert all(written[number, ts] == value and reason == 0 for ts, value, reason in met)
            newest = store.latest(series)
            assert all(written[series.index(one), ts] == value for one, (ts, value, _) in newest.items())
            assert all(np.all(page.count > 0) for page in store.aggregate(series, T0, T0 + 10**9, 60_000))
            rounds += 1
        return rounds

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read_on) for _ in range(3)]
        try:
            for part in parts:
                store.write(part)
        finally:
            done.set()
        assert all(reader.result() > 0 for reader in readers)
    assert store.count(series, T0, T0 + 10**9) == 1000


def test_writers_in_several_threads_lose_nothing(store: ReadingsStore) -> None:
    def write(number: int) -> None:
        for part in range(10):
            own = [pump(f"p{number}"), pump("shared", asset=f"a{number}")]
            store.write(wave(own, 20, start_ms=T0 + part * 20_000))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    for n in range(4):
        assert store.count([pump(f"p{n}")], *FOR_EVER) == 200
        assert store.count([pump("shared", asset=f"a{n}")], *FOR_EVER) == 200
    assert np.all(np.diff(store.read([pump("p0")], *FOR_EVER, 1000)[0].ts_ms) > 0)
