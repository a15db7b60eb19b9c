"""Who works when, whatever the clock does."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maintenance.people.rosters import (
    Absence,
    ChangeKind,
    checked,
    duties,
    instant,
    overlaps,
    people_on,
    who_is_on,
)
from plantroom.errors import BadData
from tests.examples import examples
from tests.unit.maintenance.people.given import BERLIN, SHANGHAI, change, shift

ZONES = (SHANGHAI, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe"), UTC)
zones = st.sampled_from(ZONES)
days_of_dst = st.dates(date(2025, 1, 1), date(2028, 12, 31))
minutes = st.integers(0, 1439).map(lambda n: time(n // 60, n % 60))
MONDAY = date(2026, 3, 2)


def test_a_night_shift_is_the_night_of_the_day_it_begins_on() -> None:
    night = shift("night", time(20), time(8))
    at_3 = datetime(2026, 3, 3, 3, tzinfo=SHANGHAI)
    assert [(d.user, d.day) for d in who_is_on(at_3, [night], [], [], SHANGHAI)] == [("li", MONDAY)]


def test_a_shift_holds_from_its_first_moment_up_to_its_last() -> None:
    early = shift("early", time(8), time(16))
    begins, ends = datetime(2026, 3, 2, 8, tzinfo=SHANGHAI), datetime(2026, 3, 2, 16, tzinfo=SHANGHAI)
    moment = timedelta(microseconds=1)
    on = [bool(who_is_on(at, [early], [], [], SHANGHAI)) for at in (begins - moment, begins, ends - moment, ends)]
    assert on == [False, True, True, False]


def test_a_night_shift_lasts_seven_or_nine_hours_when_the_clock_changes() -> None:
    night = shift("night", time(22), time(6))
    spring = duties([night], [], [], date(2026, 3, 28), date(2026, 3, 28), BERLIN)[0]
    autumn = duties([night], [], [], date(2026, 10, 24), date(2026, 10, 24), BERLIN)[0]
    assert (spring.ends_at - spring.starts_at, autumn.ends_at - autumn.starts_at) == (
        timedelta(hours=7),
        timedelta(hours=9),
    )


def test_a_time_that_the_clock_leaves_out_is_the_moment_of_the_change() -> None:
    assert instant(date(2026, 3, 29), time(2, 30), BERLIN) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert instant(date(2026, 3, 29), time(3), BERLIN) == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_a_shift_within_the_hour_that_is_left_out_does_not_take_place() -> None:
    short = shift("short", time(2, 10), time(2, 50))
    assert duties([short], [], [], date(2026, 3, 29), date(2026, 3, 29), BERLIN) == []
    assert len(duties([short], [], [], date(2026, 3, 28), date(2026, 3, 30), BERLIN)) == 2


def test_four_crews_in_turn() -> None:
    crews = [
        shift(f"crew{n}", time(8), time(20), f"p{n}", cycle_days=4, cycle_on=(n,), valid_from=MONDAY) for n in range(4)
    ]
    worked = [duty.user for duty in duties(crews, [], [], MONDAY, MONDAY + timedelta(days=7), SHANGHAI)]
    assert worked == ["p0", "p1", "p2", "p3"] * 2


def test_exceptions_change_one_day_only() -> None:
    early = shift("s", time(8), time(16), "li", "wang", weekdays=(0,))
    assert people_on(early, MONDAY, [change(ChangeKind.OFF, MONDAY)]) == ("wang",)
    assert people_on(early, MONDAY, [change(ChangeKind.REPLACE, MONDAY, "li", "zhao")]) == ("zhao", "wang")
    assert people_on(early, MONDAY, [change(ChangeKind.CANCELLED, MONDAY, None)]) == ()
    tuesday = MONDAY + timedelta(days=1)
    assert people_on(early, tuesday, []) == ()
    assert people_on(early, tuesday, [change(ChangeKind.EXTRA, tuesday, "zhao")]) == ("zhao",)


def test_who_is_away_does_not_work() -> None:
    early = shift("s", time(8), time(16), "li", "wang")
    away = Absence("a", "li", MONDAY, MONDAY)
    worked = duties([early], [], [away], MONDAY, MONDAY + timedelta(days=1), SHANGHAI)
    assert [(d.user, d.day.day) for d in worked] == [("wang", 2), ("li", 3), ("wang", 3)]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"ends": time(8)}, "ends"),
        ({"valid_until": date(2025, 1, 1)}, "valid_until"),
        ({"weekdays": ()}, "weekdays"),
        ({"weekdays": (7,)}, "weekdays"),
        ({"cycle_days": 4, "cycle_on": ()}, "cycle_on"),
        ({"cycle_days": 4, "cycle_on": (4,)}, "cycle_on"),
        ({"cycle_days": 0, "cycle_on": (0,)}, "cycle_days"),
        ({"minimum": 0}, "minimum"),
        ({"people": ("li", "li")}, "people"),
    ],
)
def test_a_shift_that_makes_no_sense_is_refused_by_its_field(wrong: dict[str, object], field: str) -> None:
    with pytest.raises(BadData) as said:
        checked(replace(shift("s", time(8), time(16)), **wrong))  # type: ignore[arg-type]
    assert said.value.problems[0].field == field


def test_overlaps_name_the_two_duties() -> None:
    early, long = shift("early", time(8), time(16)), shift("long", time(15), time(23))
    pairs = overlaps(duties([early, long], [], [], MONDAY, MONDAY, SHANGHAI))
    assert [(one.shift, other.shift) for one, other in pairs] == [("early", "long")]


def test_a_long_duty_is_seen_to_overlap_the_next_but_one_too() -> None:
    whole = shift("whole", time(0), time(23))
    morning, evening = shift("morning", time(8), time(9)), shift("evening", time(20), time(21))
    pairs = overlaps(duties([whole, morning, evening], [], [], MONDAY, MONDAY, SHANGHAI))
    assert [other.shift for _, other in pairs] == ["morning", "evening"]


@given(zones, days_of_dst, minutes, minutes, minutes)
def test_instants_keep_the_order_of_local_times(
    zone: ZoneInfo, day: date, first: time, second: time, third: time
) -> None:
    earliest, middle, latest = sorted([first, second, third])
    assert instant(day, earliest, zone) <= instant(day, middle, zone) <= instant(day, latest, zone)
    assert instant(day, latest, zone) <= instant(day + timedelta(days=1), time(0), zone)


@settings(max_examples=examples(200))
@given(zones, days_of_dst, st.lists(minutes, min_size=2, max_size=5, unique=True))
def test_shifts_that_meet_on_the_clock_cover_every_moment_once(zone: ZoneInfo, day: date, marks: list[time]) -> None:
    marks.sort()
    around = [
        shift(f"s{n}", begins, ends, f"p{n}", valid_from=date(2024, 1, 1))
        for n, (begins, ends) in enumerate(pairwise([*marks, marks[0]]))
    ]
    found = duties(around, [], [], day - timedelta(days=1), day + timedelta(days=1), zone)
    assert all(one.ends_at == other.starts_at for one, other in pairwise(found))
    for hour in range(24 * 4):
        at = instant(day, time(0), zone) + timedelta(minutes=15 * hour)
        assert len(who_is_on(at, around, [], [], zone)) == 1


@given(zones, days_of_dst, minutes, minutes)
def test_a_shift_recurs_at_the_same_local_time(zone: ZoneInfo, day: date, starts: time, ends: time) -> None:
    if starts == ends:
        return
    for duty in duties([shift("s", starts, ends, valid_from=date(2024, 1, 1))], [], [], day, day, zone):
        shown = duty.starts_at.astimezone(zone)
        exists = instant(day, starts, zone).astimezone(zone).time() == starts
        assert not exists or (shown.date(), shown.time()) == (day, starts)
