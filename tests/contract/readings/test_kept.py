"""Aggregates on shelves of their own; what is beyond its retention is refused or deleted, and nothing else."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from plantroom.ports.clock import FixedClock
from plantroom.ports.readings import DAY_MS, HOUR_MS, TEN_MINUTES_MS, AggregatePage, ReadingsStore, Retention, SeriesRef
from plantroom.storage.readings.factory import open_readings
from plantroom.storage.readings.kept import KeptReadings
from tests.contract.readings.given import batch, pump, wave

FLOW, HEAD = pump("flow"), pump("head")
POINTS = [pump(f"p{n}") for n in range(5)]
T0 = int(time.time()) * 1000
"""The present: InfluxDB's rules go by the server's clock."""

BASE = T0 // HOUR_MS * HOUR_MS
NOW = FixedClock(datetime.fromtimestamp(T0 / 1000, UTC))
KEEP = Retention(raw_days=90, ten_minute_days=1095)


@pytest.fixture
def kept(readings_url: str, tmp_path: Path) -> Iterator[ReadingsStore]:
    """A store that forgets, at ``T0``."""
    opened = open_readings(readings_url, tmp_path, KEEP, NOW)
    opened.open()
    yield opened
    opened.close()


def page(series: SeriesRef, *rows: tuple[int, float, float, float, int, float]) -> AggregatePage:
    columns = list(zip(*rows, strict=True))
    kinds = (np.int64, np.float64, np.float64, np.float64, np.int64, np.float64)
    return AggregatePage(series, *(np.array(c, kind) for c, kind in zip(columns, kinds, strict=True)))


def rows(found: AggregatePage) -> list[tuple[float, ...]]:
    names = ("ts_ms", "mean", "minimum", "maximum", "count", "last")
    return list(zip(*(getattr(found, name).tolist() for name in names), strict=True))


def shown(store: ReadingsStore, series: SeriesRef) -> list[tuple[int, float, int]]:
    """Everything that the store shows of a series: instant after ``T0``, value, reason."""
    (found,) = store.read([series], 0, T0 + DAY_MS, 10_000)
    return list(zip((found.ts_ms - T0).tolist(), found.value.tolist(), found.reason.tolist(), strict=True))


def never() -> bool:
    return False


@pytest.mark.parametrize("width_ms", [TEN_MINUTES_MS, HOUR_MS])
def test_aggregates_come_back_as_they_were_put(store: ReadingsStore, width_ms: int) -> None:
    one = (BASE, 1.5, -1.0, 4.0, 17, 0.1 + 0.2)
    two = (BASE + width_ms, 2.5, 2.0, 3.0, 2, 3.0)
    store.put_aggregates([page(FLOW, one, two), page(pump("flow", "a2"), one)], width_ms)
    flow, head = store.read_aggregates([FLOW, HEAD], BASE, BASE + 10 * width_ms, width_ms)
    assert (rows(flow), rows(head)) == ([one, two], [])
    (cut,) = store.read_aggregates([FLOW], BASE + 1, BASE + width_ms, width_ms)
    assert rows(cut) == []


def test_an_aggregate_replaces_the_earlier_one_of_its_window(store: ReadingsStore) -> None:
    store.put_aggregates([page(FLOW, (BASE, 1.0, 1.0, 1.0, 1, 1.0))], HOUR_MS)
    store.put_aggregates([page(FLOW, (BASE, 2.0, 1.0, 3.0, 2, 3.0))], HOUR_MS)
    store.put_aggregates([page(FLOW, (BASE, 2.0, 1.0, 3.0, 2, 3.0))], HOUR_MS)
    (found,) = store.read_aggregates([FLOW], BASE, BASE + 1, HOUR_MS)
    assert rows(found) == [(BASE, 2.0, 1.0, 3.0, 2, 3.0)]


def test_a_year_of_windows_is_read_page_by_page(store: ReadingsStore) -> None:
    starts = BASE + TEN_MINUTES_MS * np.arange(25_000)
    value = np.arange(25_000, dtype=np.float64)
    store.put_aggregates(
        [AggregatePage(FLOW, starts, value, value, value, np.ones(25_000, np.int64), value)], TEN_MINUTES_MS
    )
    (found,) = store.read_aggregates([FLOW], BASE, int(starts[-1]), TEN_MINUTES_MS)
    assert np.array_equal(found.ts_ms, starts[:-1])
    assert np.array_equal(found.mean, value[:-1])


def test_the_last_value_is_that_of_the_latest_reading(store: ReadingsStore) -> None:
    store.write(
        batch((FLOW, BASE + 5, 1.0), (FLOW, BASE + 9, 7.0), (FLOW, BASE + 7, 3.0), (FLOW, BASE + 11, 99.0, 100))
    )
    (found,) = store.aggregate([FLOW], BASE, BASE + HOUR_MS, HOUR_MS)
    assert found.last.tolist() == [7.0]


def test_other_widths_are_not_stored(store: ReadingsStore) -> None:
    with pytest.raises(ValueError, match="60000"):
        store.read_aggregates([FLOW], BASE, BASE + 1, 60_000)


def test_what_is_older_than_raw_readings_are_kept_is_given_back_and_the_rest_stored(kept: ReadingsStore) -> None:
    edge = T0 - 90 * DAY_MS
    result = kept.write(batch((FLOW, edge - 1, 1.0), (FLOW, edge, 2.0), (HEAD, edge - DAY_MS, 3.0), (HEAD, T0, 4.0)))
    assert (result.written, [one.position for one in result.rejected]) == (2, [0, 2])
    assert "90 days" in result.rejected[0].message
    assert all(one.too_old for one in result.rejected)
    assert shown(kept, FLOW) == [(edge - T0, 2.0, 0)]
    assert shown(kept, HEAD) == [(0, 4.0, 0)]


def test_data_of_three_days_ago_are_late_and_not_wrong(kept: ReadingsStore) -> None:
    assert kept.write(batch((FLOW, T0 - 3 * DAY_MS, 1.0))).written == 1


def write_at(store: ReadingsStore, *instants: int) -> None:
    """Readings that were stored when they were still young."""
    assert isinstance(store, KeptReadings)
    assert not store.raw.write(batch(*((FLOW, at, 1.0) for at in instants))).rejected


def test_expiry_deletes_what_is_beyond_its_retention_and_keeps_the_rest(
    store: ReadingsStore, readings_url: str, tmp_path: Path
) -> None:
    raw_edge, ten_edge = T0 - 91 * DAY_MS, (T0 - 1096 * DAY_MS) // HOUR_MS * HOUR_MS
    write_at(store, raw_edge - 10**9, raw_edge - 1, raw_edge, T0)
    for width_ms in (TEN_MINUTES_MS, HOUR_MS):
        store.put_aggregates(
            [page(FLOW, *((at, 1.0, 1.0, 1.0, 1, 1.0) for at in (ten_edge - HOUR_MS, ten_edge + HOUR_MS)))], width_ms
        )
    # The same shelves, looked at by a store that forgets; its buckets are there and have no rule yet.
    forgetful = open_readings(readings_url, tmp_path, KEEP, NOW)
    forgetful.open()
    forgetful.expire(None, never)
    assert [at for at, *_ in shown(store, FLOW)] == [raw_edge - T0, 0]
    ten, hours = (
        store.read_aggregates([FLOW], ten_edge - 10**9, T0, width_ms)[0].ts_ms.tolist()
        for width_ms in (TEN_MINUTES_MS, HOUR_MS)
    )
    assert ten == [ten_edge + HOUR_MS]
    assert hours == [ten_edge - HOUR_MS, ten_edge + HOUR_MS]
    assert forgetful.expire(None, never) == 0
    forgetful.close()


def test_expiry_keeps_what_is_still_to_be_computed(store: ReadingsStore, readings_url: str, tmp_path: Path) -> None:
    raw_edge = T0 - 91 * DAY_MS
    write_at(store, raw_edge - 2000, raw_edge - 1000)
    forgetful = open_readings(readings_url, tmp_path, KEEP, NOW)
    forgetful.open()
    forgetful.expire(raw_edge - 1500, never)
    assert [at - raw_edge + T0 for at, *_ in shown(store, FLOW)] == [-1000]
    forgetful.close()


def test_without_retention_nothing_is_refused_or_deleted(store: ReadingsStore) -> None:
    assert store.write(batch((FLOW, T0 - 9000 * DAY_MS, 1.0))).written == 1
    assert store.expire(None, never) == 0
    assert len(store.read([FLOW], 0, T0, 10)[0].ts_ms) == 1


def rules_of(influx: Any, prefix: str) -> dict[str, float]:
    """Days that each bucket keeps; 0: for ever."""
    names = [prefix, f"{prefix}_10m", f"{prefix}_1h"]
    found = [json.loads(influx.access.call("GET", f"/api/v2/buckets?name={name}"))["buckets"] for name in names]
    return {
        bucket["name"]: sum(rule["everySeconds"] for rule in bucket["retentionRules"]) / 86_400 for (bucket,) in found
    }


def test_the_rule_of_a_bucket_that_we_made_follows_the_setting(influx: Any, tmp_path: Path) -> None:
    url = influx.access.readings_url("forgetful")
    days = []
    for keep in (KEEP, Retention(30, 365), Retention(1, 1), Retention(365, 2000), Retention(0, 0), KEEP):
        opened = open_readings(url, tmp_path, keep, NOW)
        opened.open()
        rules = rules_of(influx, "forgetful")
        days.append((rules["forgetful"], rules["forgetful_10m"]))
        opened.expire(None, never)
        assert (opened.look().own_rules, opened.look().other_rules) == ((), ())
        opened.close()
        rules = rules_of(influx, "forgetful")
        kept = [days and days + 1 for days in (keep.raw_days, keep.ten_minute_days)]
        assert [rules["forgetful"], rules["forgetful_10m"]] == kept
        assert rules["forgetful_1h"] == 0
    # What only opens the store, as every command does, makes nothing shorter.
    assert days == [(91, 1096), (91, 1096), (31, 366), (366, 2001), (0, 0), (0, 0)]


def test_a_rule_is_not_made_shorter_than_what_is_still_to_be_computed(influx: Any, tmp_path: Path) -> None:
    url = influx.access.readings_url("waited_for")
    open_readings(url, tmp_path, Retention(400, 1095), NOW).open()
    opened = open_readings(url, tmp_path, KEEP, NOW)
    opened.open()
    opened.expire(T0 - 300 * DAY_MS, never)
    assert rules_of(influx, "waited_for")["waited_for"] == 401
    opened.expire(T0 - DAY_MS, never)
    assert rules_of(influx, "waited_for")["waited_for"] == 91
    opened.close()


def test_a_bucket_of_others_keeps_its_rule_and_it_is_told_when_that_is_another(influx: Any, tmp_path: Path) -> None:
    org = json.loads(influx.access.call("GET", f"/api/v2/orgs?org={influx.access.org}"))["orgs"][0]["id"]
    rule = {"type": "expire", "everySeconds": 400 * 86_400}
    influx.access.call("POST", "/api/v2/buckets", {"orgID": org, "name": "theirs", "retentionRules": [rule]})
    opened = open_readings(influx.access.readings_url("theirs"), tmp_path, KEEP, NOW)
    opened.open()
    opened.expire(None, never)
    assert rules_of(influx, "theirs")["theirs"] == 400
    (told,) = opened.look().other_rules
    assert told.startswith("bucket 'theirs' keeps 400 days, not 91 days: its rule is not of Plantroom's making")
    opened.close()
    same = open_readings(influx.access.readings_url("theirs"), tmp_path, Retention(399, 1095), NOW)
    same.open()
    assert same.look().other_rules == ()
    same.close()


def write_times_ms(store: ReadingsStore, start_ms: int, until: Callable[[int], bool]) -> list[float]:
    took: list[float] = []
    while not until(len(took)):
        begun = time.monotonic()
        store.write(wave(POINTS, 1, start_ms=start_ms + len(took)))
        took.append((time.monotonic() - begun) * 1000)
        time.sleep(0.002)
    return took


def test_ingest_never_waits_100_ms_while_sqlite_forgets(tmp_path: Path) -> None:
    store = open_readings(f"sqlite:///{tmp_path}/readings.db", tmp_path)
    store.open()
    for start in range(0, 60_000, 20_000):
        store.write(wave(POINTS, 20_000, start_ms=T0 + start * 1000))
    alone = write_times_ms(store, T0 + 300_000_000, lambda n: n == 50)
    deleting = threading.Thread(target=store.delete_before, args=(T0 + 60_000_000, never))
    deleting.start()
    beside = write_times_ms(store, T0 + 400_000_000, lambda n: not deleting.is_alive())
    assert store.count(POINTS, T0, T0 + 60_000_000) == 0
    assert store.count(POINTS, T0, T0 + 10**9) == len(alone) + len(beside)
    # A machine that is busy with other tests makes single writes wait without us.
    assert np.percentile(beside, 95) - np.percentile(alone, 95) < 100
    store.close()
