"""What a refused time is said to look like."""

import orjson
import pytest

from ingest.dialects.json.decoder import decode
from ingest.time_hints import EXPECTED, hint_of, hint_of_unreadable
from plantroom.ports.clock import YEAR_2000_MS
from tests.unit.ingest.plants import NOON_MS


@pytest.mark.parametrize(
    ("ts", "unit"),
    [
        (NOON_MS // 1000, "seconds"),
        (NOON_MS // 1000 + 300, "seconds"),
        (YEAR_2000_MS // 1000, "seconds"),
        (NOON_MS * 1000, "microseconds"),
        (YEAR_2000_MS * 1000, "microseconds"),
    ],
)
def test_a_number_in_another_unit_is_named(ts: int, unit: str) -> None:
    assert hint_of(ts, NOON_MS) == f"{ts} looks like {unit}; ts is in milliseconds"


@pytest.mark.parametrize(
    "ts", [0, -1, 86_400_000, NOON_MS // 1000 + 301, YEAR_2000_MS // 1000 - 1, NOON_MS + 3_600_000, NOON_MS * 1001]
)
def test_a_number_that_no_unit_makes_plausible_is_not(ts: int) -> None:
    assert hint_of(ts, NOON_MS) == ""


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (NOON_MS * 1_000_000, f"{NOON_MS * 1_000_000} looks like nanoseconds; {EXPECTED}"),
        ((1 << 64) - 1, EXPECTED),
        (str(NOON_MS), f"a text of digits; {EXPECTED}"),
        ("yesterday", EXPECTED),
        (True, EXPECTED),
        (1e300, EXPECTED),
        ([1], EXPECTED),
    ],
)
def test_what_cannot_be_read_says_what_is_expected(raw: object, said: str) -> None:
    assert hint_of_unreadable(raw) == said
    decoded = decode([orjson.dumps({"ts": raw, "values": {"vibration": 1}})])
    assert [one.reason for one in decoded.rejections] == [f"unreadable_time: {said}"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (NOON_MS, f"{NOON_MS} looks like milliseconds; t is in seconds"),
        (NOON_MS // 1000 + 3600, ""),
        (YEAR_2000_MS // 1000 - 1, ""),
    ],
)
def test_of_a_device_that_sends_seconds_the_number_is_told_as_it_was_sent(seconds: int, said: str) -> None:
    assert hint_of(seconds * 1000, NOON_MS, in_seconds=True) == said
