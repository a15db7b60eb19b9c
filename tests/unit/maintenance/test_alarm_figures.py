"""The figures of alarms and the summary of a flood, against the plain way of counting them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintenance.alarm_figures import performance
from maintenance.alarm_ports import Annunciation, ToldCounts
from maintenance.flood_summary import FloodSummary, summarise
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import OFFLINE, AlarmPriority, Asset, LocalName

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
CLASSES = equipment_classes()
NONE: Mapping[str, Asset] = {}
SHANGHAI = ZoneInfo("Asia/Shanghai")
NAMES = {"B1": LocalName("地下一层", "Basement 1")}


def told(second: float = 0, asset: str = "a0", **changes: object) -> Annunciation:
    at = NOW + timedelta(seconds=second)
    made = Annunciation("demo", asset, "bearing", "limit:vibration:alarm_high", AlarmPriority.LOW, False, at, at)
    return replace(made, **changes)  # type: ignore[arg-type]


def machine(key: str, made: str = "pump", location: str | None = None) -> Asset:
    return Asset(key, "demo", key.upper(), made, LocalName(f"{key}号", key), location=location)


def summary_of(
    announced: list[Annunciation], assets: Mapping[str, Asset] = NONE, total: int | None = None
) -> FloodSummary:
    counts = ToldCounts(len(announced) if total is None else total, 0, 0)
    return summarise(counts, NOW, announced, assets, CLASSES, NAMES, SHANGHAI)


def test_nothing_told_is_nothing_counted() -> None:
    figures = performance([], NOW, NOW + DAY)
    assert (figures.alarms, figures.peak_10min, figures.top, figures.chattering) == (0, 0, (), ())
    assert (figures.per_10min, figures.per_day, figures.over_limit_share) == (0.0, 0.0, 0.0)


def test_a_day_with_one_flood() -> None:
    figures = performance([told(60 * n) for n in range(12)], NOW, NOW + DAY)
    assert (figures.alarms, figures.peak_10min, figures.per_day) == (12, 10, 12.0)
    assert figures.per_10min == pytest.approx(12 / 144)
    figures = performance([told(n) for n in range(11)], NOW, NOW + DAY)
    assert figures.over_limit_share == pytest.approx(1 / 144)


@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from("abc")), max_size=40))
def test_chattering_is_three_times_within_a_minute_of_one_alarm(rows: list[tuple[int, str]]) -> None:
    announced = [told(second, asset) for second, asset in sorted(rows)]
    figures = performance(announced, NOW, NOW + DAY)
    minute = timedelta(minutes=1)
    plain = {
        asset
        for asset in "abc"
        for three in combinations([one.at for one in announced if one.asset == asset], 3)
        if max(three) - min(three) <= minute
    }
    assert {one.asset for one in figures.chattering} == plain
    assert sum(one.count for one in figures.top) == len(rows) == figures.alarms
    assert figures.top_share == pytest.approx(1.0 if rows else 0.0)
    assert sum(figures.by_priority.values()) == len(rows)


@pytest.mark.parametrize(
    ("announced", "assets", "cause"),
    [
        ([], [], None),
        ([told(0, "db"), *(told(n, f"a{n}") for n in range(1, 12))], [machine("db", "distribution_board")], "supply"),
        ([told(300 * n, f"a{n}", failure_mode=OFFLINE) for n in range(12)], [], "network"),
        ([told(300 * n, "a0") for n in range(12)], [], "machine"),
        ([told(300 * n, f"a{n}") for n in range(12)], [machine(f"a{n}", location="B1") for n in range(12)], "place"),
        (
            [told(300 * n, f"a{n}") for n in range(12)],
            [machine(f"a{n}", "elevator" if n > 9 else "pump") for n in range(12)],
            "system",
        ),
        ([told(300 * n, f"a{n}") for n in range(12)], [machine(f"a{n}") for n in range(12)], "system"),
        ([told(n, f"a{n}") for n in range(12)], [], None),
        ([told(300 * n, f"a{n}") for n in range(12)], [], None),
    ],
)
def test_a_flood_names_the_narrowest_thing_that_most_of_it_shares(
    announced: list[Annunciation], assets: list[Asset], cause: str | None
) -> None:
    summary = summary_of(announced, {one.key: one for one in assets})
    assert (summary.cause.code if summary.cause else None) == cause
    if summary.cause is not None and cause == "place":
        assert summary.cause.text == LocalName("同一位置：地下一层", "one place: Basement 1")


def test_a_summary_counts_by_machine_and_system_and_names_what_came_first() -> None:
    announced = [told(0, "b"), told(1, "a", safety=True), told(2, "a"), told(3, "gone")]
    summary = summary_of(announced, {"a": machine("a"), "b": machine("b", "elevator")})
    assert summary.by_asset == (("a", 2), ("b", 1), ("gone", 1))
    assert [one.en for one in summary.first] == ["B b", "A a", "gone"]
    assert sum(n for _, n in summary.by_system) == 3


def test_that_most_came_at_once_is_told_in_the_time_of_the_site_and_is_no_cause() -> None:
    summary = summary_of([told(n, asset=f"a{n}") for n in range(5)] + [told(3000, asset="b")])
    assert summary.cause is None
    assert summary.moment == LocalName("5条出现在同一分钟内（16:00）", "5 of them came within one minute (16:00)")
    assert summary_of([told(61 * n, asset=f"a{n}") for n in range(5)]).moment is None


def test_of_a_long_flood_the_moment_says_of_how_many_it_speaks() -> None:
    summary = summary_of([told(n, asset=f"a{n}") for n in range(5)], total=700)
    assert summary.moment is not None
    assert summary.moment.en == "5 of the first 5 came within one minute (16:00)"


@given(st.lists(st.integers(0, 400), min_size=1, max_size=30))
def test_the_moment_names_the_fullest_minute(seconds: list[int]) -> None:
    summary = summary_of([told(second, f"a{n}") for n, second in enumerate(seconds)])
    fullest = max(sum(first <= one <= first + 60 for one in seconds) for first in seconds)
    if fullest < max(2, round(0.6 * len(seconds))):
        assert summary.moment is None
    else:
        assert summary.moment is not None
        assert summary.moment.en.startswith(f"{fullest} of them")
