"""What a store refuses is given back with its words; everything else of the batch is stored."""

import json
import math
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from plantroom.errors import NothingLeft, Unreachable
from plantroom.ports.readings import ReadingsStore
from plantroom.storage.readings.factory import open_readings
from plantroom.storage.readings.influx import InfluxReadings
from plantroom.storage.readings.sqlite import SqliteReadings
from tests.contract.readings.doorman import Doorman
from tests.contract.readings.given import FOR_EVER, T0, batch, pump, shown, wave

FLOW, HEAD = pump("flow"), pump("head")
HOUR_MS = 3_600_000


def by_hand(store: InfluxReadings, lines: str) -> None:
    """Line protocol from another program."""
    assert store._connection is not None
    store._connection.write(lines.encode())


def test_a_value_that_is_no_number_is_given_back(store: ReadingsStore) -> None:
    result = store.write(batch((FLOW, T0, 1.0), (FLOW, T0 + 1, math.nan), (HEAD, T0, math.inf), (HEAD, T0 + 1, 2.0)))
    assert (result.written, [one.position for one in result.rejected]) == (2, [1, 2])
    assert all("finite" in one.message for one in result.rejected)
    assert (shown(store, FLOW), shown(store, HEAD)) == ([(0, 1.0, 0)], [(1, 2.0, 0)])


def test_a_batch_of_nothing_but_refused_values_is_no_error(store: ReadingsStore) -> None:
    result = store.write(batch((FLOW, T0, math.nan)))
    assert (result.written, len(result.rejected)) == (0, 1)


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[SqliteReadings]:
    opened = SqliteReadings(tmp_path / "readings.db")
    opened.open()
    yield opened
    opened.close()


def test_what_sqlite_refuses_is_given_back_and_its_neighbours_are_stored(sqlite_store: SqliteReadings) -> None:
    sqlite_store.write(batch((FLOW, T0 - 1, 0.0), (HEAD, T0 - 1, 0.0)))
    with sqlite3.connect(sqlite_store.path) as other:
        other.execute(
            "CREATE TRIGGER picky BEFORE INSERT ON readings_1_pump WHEN NEW.flow = 13"
            " BEGIN SELECT RAISE(ABORT, 'thirteen'); END"
        )
    rows = [(one, T0 + t, float(t)) for t in range(500) for one in (FLOW, HEAD)]
    result = sqlite_store.write(batch(*rows))
    assert [(one.position, "thirteen" in one.message) for one in result.rejected] == [(26, True)]
    assert (result.written, len(shown(sqlite_store, FLOW)), len(shown(sqlite_store, HEAD))) == (999, 500, 501)


def test_a_name_that_has_no_form_in_the_file_is_given_back(sqlite_store: SqliteReadings) -> None:
    result = sqlite_store.write(batch((FLOW, T0, 1.0), (pump("flow\ud800"), T0, 2.0), (HEAD, T0, math.nan)))
    assert [one.position for one in result.rejected] == [1, 2]
    assert shown(sqlite_store, FLOW) == [(0, 1.0, 0)]


def test_a_file_that_is_damaged_refuses_no_reading(sqlite_store: SqliteReadings, tmp_path: Path) -> None:
    sqlite_store.write(batch((FLOW, T0, 1.0)))
    sqlite_store.close()
    for leftover in tmp_path.glob("readings.db-*"):
        leftover.unlink()
    raw = bytearray((tmp_path / "readings.db").read_bytes())
    raw[8192:] = b"\x55" * (len(raw) - 8192)
    (tmp_path / "readings.db").write_bytes(raw)
    sqlite_store.open()
    with pytest.raises(Unreachable):
        sqlite_store.write(batch((FLOW, T0 + 1, 1.0)))


def test_an_instant_that_influxdb_cannot_hold_is_given_back(influx_store: InfluxReadings) -> None:
    result = influx_store.write(batch((FLOW, 10**14, 1.0), (FLOW, T0, 2.0)))
    assert [one.position for one in result.rejected] == [0]
    assert shown(influx_store, FLOW) == [(0, 2.0, 0)]


def test_a_field_of_another_type_is_given_back_and_its_neighbours_are_stored(influx_store: InfluxReadings) -> None:
    by_hand(influx_store, f"pump,asset=a1,site=demo flow=7i {T0 - 1}")
    rows = [(one, T0 + t, float(t)) for t in range(20_000) for one in (FLOW, HEAD)]
    result = influx_store.write(batch(*rows))
    assert [one.position for one in result.rejected] == list(range(0, 40_000, 2))
    assert "field type conflict" in result.rejected[0].message
    assert result.written == 20_000
    assert influx_store.count([HEAD], T0, T0 + 20_000) == 20_000


def test_a_reason_code_that_conflicts_gives_its_reading_back_once(influx_store: InfluxReadings) -> None:
    by_hand(influx_store, f"pump,asset=a1,site=demo flow__q=7i {T0 - 1}")
    result = influx_store.write(batch((FLOW, T0, 1.0, 1), (HEAD, T0, 2.0, 1)))
    assert [one.position for one in result.rejected] == [0]
    assert shown(influx_store, HEAD) == [(0, 2.0, 1)]


def test_readings_older_than_the_bucket_keeps_are_given_back(influx_store: InfluxReadings, influx) -> None:
    found = json.loads(influx.access.call("GET", f"/api/v2/buckets?name={influx_store.target.bucket}"))["buckets"][0]
    rule = {"retentionRules": [{"type": "expire", "everySeconds": 3600, "shardGroupDurationSeconds": 3600}]}
    influx.access.call("PATCH", f"/api/v2/buckets/{found['id']}", rule)
    now = round(time.time() * 1000)
    old = [(FLOW, now - 5 * HOUR_MS + t, 1.0) for t in range(6_000)]
    result = influx_store.write(batch(*old, (FLOW, now, 2.0), (HEAD, now, 3.0)))
    assert [one.position for one in result.rejected] == list(range(6_000))
    assert "retention" in result.rejected[0].message
    assert result.rejected[0].too_old
    assert influx_store.latest([FLOW, HEAD]) == {FLOW: (now, 2.0, 0), HEAD: (now, 3.0, 0)}


def test_a_request_too_large_for_a_proxy_is_divided(guarded: InfluxReadings, doorman: Doorman) -> None:
    doorman.max_body = 20_000
    written = wave([FLOW, HEAD], 5_000)
    assert guarded.write(written).written == 10_000
    assert guarded.count([FLOW, HEAD], *FOR_EVER) == 5_000
    assert doorman.writes < 100


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_to_wait_is_heard(guarded: InfluxReadings, doorman: Doorman, status: int) -> None:
    doorman.refusal = (status, {"Retry-After": "7"}, b'{"code":"unavailable","message":"too busy"}')
    with pytest.raises(Unreachable, match="too busy") as caught:
        guarded.write(batch((FLOW, T0, 1.0)))
    assert (caught.value.retryable, caught.value.retry_after_s) == (True, 7.0)
    doorman.refusal = None
    assert guarded.write(batch((FLOW, T0, 1.0))).written == 1


def test_a_full_disk_is_told_apart(guarded: InfluxReadings, doorman: Doorman) -> None:
    message = b'{"code":"internal error","message":"write /engine/wal/00001.wal: no space left on device"}'
    doorman.refusal = (500, {}, message)
    with pytest.raises(NothingLeft, match="disk is full"):
        guarded.write(batch((FLOW, T0, 1.0)))


def test_a_wrong_token_is_named_and_never_shown(influx, tmp_path: Path) -> None:
    access = replace(influx.access, token="not-the-token")
    opened = open_readings(access.readings_url(), tmp_path)
    with pytest.raises(Unreachable, match="token is not accepted") as caught:
        opened.open()
    assert caught.value.retryable
    assert "not-the-token" not in str(caught.value)


def test_a_token_that_is_withdrawn_later_is_named(influx_store: InfluxReadings, influx) -> None:
    token = _limited_token(influx, influx_store.target.bucket)
    opened = InfluxReadings(replace(influx_store.target, token=token["token"]))
    opened.open()
    assert opened.write(batch((FLOW, T0, 1.0))).written == 1
    influx.access.call("DELETE", f"/api/v2/authorizations/{token['id']}")
    for attempt in (lambda: opened.write(batch((FLOW, T0, 1.0))), lambda: shown(opened, FLOW), opened.ping):
        with pytest.raises(Unreachable, match="token"):
            attempt()
    opened.close()


def test_a_bucket_that_may_not_be_made_is_named(influx_store: InfluxReadings, influx) -> None:
    token = _limited_token(influx, influx_store.target.bucket)["token"]
    opened = InfluxReadings(replace(influx_store.target, token=token, bucket="somebody else's"))
    with pytest.raises(Unreachable, match="somebody else's"):
        opened.open()


def test_a_bucket_that_was_removed_is_named(influx_store: InfluxReadings, influx) -> None:
    found = json.loads(influx.access.call("GET", f"/api/v2/buckets?name={influx_store.target.bucket}"))["buckets"][0]
    influx.access.call("DELETE", f"/api/v2/buckets/{found['id']}")
    for attempt in (lambda: influx_store.write(batch((FLOW, T0, 1.0))), lambda: shown(influx_store, FLOW)):
        with pytest.raises(Unreachable, match=influx_store.target.bucket[:20]):
            attempt()


def _limited_token(influx, bucket: str) -> dict:
    found = json.loads(influx.access.call("GET", f"/api/v2/buckets?name={bucket}"))["buckets"][0]
    permissions = [
        {"action": action, "resource": {"type": "buckets", "id": found["id"], "orgID": found["orgID"]}}
        for action in ("read", "write")
    ]
    body = {"orgID": found["orgID"], "permissions": permissions}
    return json.loads(influx.access.call("POST", "/api/v2/authorizations", body))
