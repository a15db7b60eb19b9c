"""Timestamps: one rule of validity, and whole milliseconds by cutting."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.instants import from_ms, parse_all_ts, parse_ts
from plantroom.ports.clock import to_ms

CANONICAL = "2026-11-21T12:00:00.000Z"
NOON_MS = 1_795_262_400_000


def changed(places: dict[int, str]) -> str:
    return "".join(places.get(n, c) for n, c in enumerate(CANONICAL))


NEARLY = st.dictionaries(
    st.integers(0, len(CANONICAL) - 1), st.sampled_from("0123456789TtZz :.-+WNa\u0661\n"), max_size=4
).map(changed)
STAMPS = NEARLY | st.datetimes().map(lambda d: d.isoformat(timespec="milliseconds") + "Z") | st.just(CANONICAL)


@given(st.lists(STAMPS | st.none() | st.integers() | st.floats(), max_size=4))
@example([CANONICAL, "2026-11-21T12:00:00.12 Z"])
@example([CANONICAL, "2026-11-21T12:00:00.-12Z"])
@example([CANONICAL, "0000-11-21T12:00:00.000Z"])
@example(["2026-11-21T24:00:00.000Z"])
@example(["2026-11-21T12:00:60.000Z"])
@example(["2026-11-21T12:00-02:000Z"])
@example(["2026-11-21T12:00:00+02:0Z"])
def test_a_time_is_as_good_alone_as_among_others(raw: list[object]) -> None:
    assert parse_all_ts(raw) == [parse_ts(one) for one in raw]
    many = [one for one in raw for _ in range(100)]
    assert parse_all_ts(many) == [parse_ts(one) for one in many]


@pytest.mark.parametrize(
    ("raw", "ms"),
    [
        ("2026-11-21T12:00:00.123999Z", NOON_MS + 123),
        ("2026-11-21T12:00:00.999999999Z", NOON_MS + 999),
        ("1969-12-31T23:59:59.9999Z", -1),
        (NOON_MS + 0.9, NOON_MS),
        (-0.1, -1),
    ],
)
def test_what_is_finer_than_a_millisecond_is_cut(raw: object, ms: int) -> None:
    assert parse_ts(raw) == ms


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_is_cut_never_rounded(instant: datetime) -> None:
    assert timedelta(0) <= instant - from_ms(to_ms(instant)) < timedelta(milliseconds=1)


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_milliseconds_survive_the_way_there_and_back(ts_ms: int) -> None:
    assert to_ms(from_ms(ts_ms)) == ts_ms
