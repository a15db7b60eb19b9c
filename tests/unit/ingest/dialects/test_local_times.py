"""Times without a zone are of the zone that the source gives."""

import json
from datetime import UTC, datetime

import pytest

from ingest.dialects.dialect import Message
from ingest.dialects.mapped_json import JsonDialect
from ingest.instants import parse_ts, with_zone
from ingest.time_hints import EXPECTED
from plantroom.ports.clock import to_ms

NOON_MS = 1_795_262_400_000
LOCAL, UTC_TEXT = "2026-11-21T20:00:00", "2026-11-21T12:00:00Z"


def message(body: object, zone: str = "Asia/Shanghai") -> Message:
    return Message("t", NOON_MS, json.dumps(body).encode(), time_zone=zone)


def test_only_times_without_a_zone_and_only_of_sources_that_give_one() -> None:
    body = [{"ts": ts, "vibration": 1} for ts in (LOCAL, UTC_TEXT, "2026-11-21T20:00:00+08:00", NOON_MS, None)]
    heard = JsonDialect().decode([message(body), message({"ts": LOCAL, "vibration": 1}, zone=""), message(body[:1])])
    eight_hours = 8 * 3_600_000
    assert [sample.ts_ms for sample in heard.samples][:4] == [NOON_MS] * 4
    assert [sample.ts_ms for sample in heard.samples][5:] == [NOON_MS + eight_hours, NOON_MS]
    assert heard.rejections == []


def test_what_is_no_time_stays_none() -> None:
    for raw in ("yesterday", "", True, [], "2026-13-01T00:00:00"):
        assert with_zone(raw, "Asia/Shanghai", NOON_MS) == raw
    assert parse_ts(with_zone("0001-01-01T00:00:00", "Asia/Shanghai", NOON_MS)) is not None
    heard = JsonDialect().decode([message({"ts": "yesterday", "vibration": 1})])
    assert [rejection.reason for rejection in heard.rejections] == [f"unreadable_time: {EXPECTED}"]


@pytest.mark.parametrize(("received", "expected"), [(0, 0), (1, 1)])
def test_of_an_hour_that_comes_twice_the_one_nearer_to_the_receipt(received: int, expected: int) -> None:
    """Berlin, 25 October 2026: 02:30 is 00:30 and 01:30 UTC."""
    instants = [to_ms(datetime(2026, 10, 25, hour, 30, tzinfo=UTC)) for hour in (0, 1)]
    found = with_zone("2026-10-25T02:30:00", "Europe/Berlin", instants[received] + 60_000)
    assert found == instants[expected]


def test_an_hour_that_is_left_out_is_an_hour_off_at_most() -> None:
    """Berlin, 29 March 2026: there is no 02:30; the clock may not have been put forward yet."""
    at_ms = to_ms(datetime(2026, 3, 29, 1, 30, tzinfo=UTC))
    assert with_zone("2026-03-29T02:30:00", "Europe/Berlin", at_ms) == at_ms


def test_an_event_keeps_all_but_its_time() -> None:
    (event,) = JsonDialect().events([message({"ts": LOCAL, "event": "tripped", "data": {"n": 1}})])
    assert event.fields == {"ts": NOON_MS, "event": "tripped", "data": {"n": 1}}
    (event,) = JsonDialect().events([message({"event": "tripped"})])
    assert event.fields == {"event": "tripped"}
