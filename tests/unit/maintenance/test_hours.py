"""Rows under a day: patrols in opening hours, on the site's clock."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from maintenance.facts import Facts
from maintenance.hourly import HourCase, to_make
from maintenance.hours import Moment, moments
from maintenance.plan import AppliesTo, Layer, Occurrence, OccurrenceKey, OccurrenceState, PlanRow
from maintenance.planner import rows_for, site_subject
from maintenance.preview import Horizon, PreviewItem, preview_all
from maintenance.schedules import IntervalSchedule
from maintenance.site_calendar import opening
from plantroom.domain.assets import LocalName
from plantroom.domain.calendars import Opening, SiteCalendar
from tests.examples import examples
from tests.unit.maintenance.rows import row

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
MALL = SiteCalendar(openings=tuple(opening(day, "09:00", "21:00") for day in range(6)))
DAY = timedelta(days=1)


def patrol(every: int = 2, open_hours: bool = True, **more: object) -> PlanRow:
    schedule = IntervalSchedule(open_hours=open_hours)
    return row("PAT", every, "hour", schedule=schedule, applies_to=AppliesTo(site=True), **more)


def of_days(one: PlanRow, calendar: SiteCalendar, zone: ZoneInfo, first: date, last: date) -> list[Moment]:
    start = datetime.combine(first, time(), zone)
    end = datetime.combine(last + DAY, time(), zone)
    found = moments(one, date(2020, 1, 1), calendar, zone, start.astimezone(UTC), end.astimezone(UTC))
    return [m for m in found if m.at >= start]


def clock(found: list[Moment], zone: ZoneInfo) -> list[str]:
    return [f"{m.at.astimezone(zone):%d %H:%M}" for m in found]


def test_a_two_hourly_patrol_runs_in_opening_hours_only() -> None:
    found = of_days(patrol(), MALL, SHANGHAI, date(2026, 3, 7), date(2026, 3, 9))  # Saturday to Monday
    times = ["09:00", "11:00", "13:00", "15:00", "17:00", "19:00"]
    assert clock(found, SHANGHAI) == [*(f"07 {t}" for t in times), *(f"09 {t}" for t in times)], "closed on Sunday"
    assert (found[5].until - found[5].at) == timedelta(hours=2), "the last one ends when the site closes"


@pytest.mark.parametrize("change", [date(2026, 3, 29), date(2026, 10, 25)])
def test_nine_o_clock_stays_nine_o_clock_when_the_clocks_change(change: date) -> None:
    all_week = SiteCalendar(openings=tuple(opening(day, "09:00", "21:00") for day in range(7)))
    found = of_days(patrol(), all_week, BERLIN, change - DAY, change + DAY)
    hours = {f"{m.at.astimezone(BERLIN):%H:%M}" for m in found}
    assert hours == {"09:00", "11:00", "13:00", "15:00", "17:00", "19:00"}
    assert len({m.at.hour for m in found if m.local.hour == 9}) == 2, "another hour of UTC"


def test_a_time_that_does_not_exist_moves_forward_and_one_that_comes_twice_counts_once() -> None:
    night = SiteCalendar(openings=tuple(opening(day, "00:30", "06:00") for day in range(7)))
    spring = of_days(patrol(), night, BERLIN, date(2026, 3, 29), date(2026, 3, 29))
    assert clock(spring, BERLIN) == ["29 00:30", "29 03:30", "29 04:30"]
    autumn = of_days(patrol(), night, BERLIN, date(2026, 10, 25), date(2026, 10, 25))
    assert clock(autumn, BERLIN) == ["25 00:30", "25 02:30", "25 04:30"]
    assert autumn[2].at - autumn[1].at == timedelta(hours=3), "the first of the two half past twos"


def test_two_moments_that_fall_together_are_one() -> None:
    hourly = of_days(patrol(1, open_hours=False), SiteCalendar(), BERLIN, date(2026, 3, 29), date(2026, 3, 29))
    assert len(hourly) == 23
    assert clock(hourly, BERLIN)[:4] == ["29 00:00", "29 01:00", "29 03:00", "29 04:00"]


def test_open_over_midnight_and_closed_for_lunch() -> None:
    late = SiteCalendar(openings=(opening(4, "10:00", "13:00"), opening(4, "13:30", "02:00")))
    found = of_days(patrol(), late, SHANGHAI, date(2026, 3, 6), date(2026, 3, 7))
    assert clock(found, SHANGHAI) == [
        "06 10:00",
        "06 12:00",
        "06 14:00",
        "06 16:00",
        "06 18:00",
        "06 20:00",
        "06 22:00",
        "07 00:00",
    ]


def test_a_site_without_opening_hours_is_patrolled_day_and_night() -> None:
    assert len(of_days(patrol(), SiteCalendar(), SHANGHAI, date(2026, 3, 6), date(2026, 3, 6))) == 12


def test_numbers_stay_when_opening_hours_change() -> None:
    longer = SiteCalendar(openings=tuple(opening(day, "07:00", "23:00") for day in range(7)))
    before = {m.at: m.cycle for m in of_days(patrol(), MALL, SHANGHAI, date(2026, 3, 2), date(2026, 3, 7))}
    after = {m.at: m.cycle for m in of_days(patrol(), longer, SHANGHAI, date(2026, 3, 2), date(2026, 3, 7))}
    assert before.items() <= after.items()
    assert len(set(after.values())) == len(after)


def test_only_in_season() -> None:
    wet = row("PUMP", 4, "hour", schedule=IntervalSchedule(in_season="rain"))
    found = of_days(wet, SiteCalendar(), SHANGHAI, date(2026, 5, 30), date(2026, 6, 1))
    assert clock(found, SHANGHAI) == [f"01 {h:02d}:00" for h in range(0, 24, 4)]


def an_opening(day: int, opens: int, length: int) -> Opening:
    return Opening(day, opens, opens + length)


CALENDARS = st.lists(
    st.builds(an_opening, st.integers(0, 6), st.integers(0, 1439), st.integers(1, 1440)), min_size=1, max_size=10
).map(lambda found: SiteCalendar(openings=tuple(found)))


@given(
    calendar=CALENDARS,
    every=st.integers(1, 24),
    zone=st.sampled_from([BERLIN, SHANGHAI, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")]),
    first=st.dates(date(2024, 1, 1), date(2027, 12, 1)),
)
@settings(max_examples=examples(100), deadline=None)
def test_moments_rise_have_numbers_of_their_own_lie_in_opening_hours_and_do_not_depend_on_the_look(
    calendar: SiteCalendar, every: int, zone: ZoneInfo, first: date
) -> None:
    one = patrol(every)
    found = of_days(one, calendar, zone, first, first + 9 * DAY)
    assert [m.at for m in found] == sorted({m.at for m in found})
    assert len({m.cycle for m in found}) == len(found)
    assert all(a.cycle < b.cycle for a, b in pairwise(found))
    for moment in found:
        minute = moment.local.hour * 60 + moment.local.minute
        weekday = moment.local.weekday()
        assert any(
            (o.weekday == weekday and o.opens <= minute < o.closes)
            or (o.weekday == (weekday - 1) % 7 and o.opens <= minute + 1440 < o.closes)
            for o in calendar.openings
        )
        assert moment.at < moment.until
    middle = of_days(one, calendar, zone, first + 4 * DAY, first + 4 * DAY)
    assert middle == [m for m in found if m.at.astimezone(zone).date() == first + 4 * DAY]


NOW = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai, a Wednesday


def case(history: tuple[Occurrence, ...] = (), calendar: SiteCalendar = MALL, **more: object) -> HourCase:
    return HourCase(patrol(**more), date(2020, 1, 1), calendar, SHANGHAI, history)


def known(moment: Moment, state: OccurrenceState = OccurrenceState.DUE) -> Occurrence:
    day = moment.local.date()
    key = OccurrenceKey("lineage-PAT", "site:demo", moment.cycle)
    return Occurrence(key, "demo", "PAT", day, day, day, state, nominal_at=moment.at, due_at=moment.until)


def test_a_new_row_begins_with_the_patrol_that_is_going_on() -> None:
    made = to_make(case(), NOW, NOW + DAY)
    assert clock(made, SHANGHAI)[:3] == ["04 11:00", "04 13:00", "04 15:00"]
    assert clock(made, SHANGHAI)[-1] == "05 11:00"


def test_nothing_is_made_twice_and_an_outage_leaves_each_patrol_once() -> None:
    first = to_make(case(), NOW, NOW + 2 * DAY)
    history = tuple(known(m) for m in first)
    assert to_make(case(history), NOW, NOW + 2 * DAY) == []
    later = to_make(case(history), NOW + 21 * DAY, NOW + 23 * DAY)
    numbers = [o.key.cycle for o in history] + [m.cycle for m in later]
    assert len(numbers) == len(set(numbers))
    days = {m.local.date() for m in later}
    assert {date(2026, 3, 6) + n * DAY for n in range(21)} - days == {
        date(2026, 3, 8),
        date(2026, 3, 15),
        date(2026, 3, 22),
    }


def test_an_opening_that_becomes_longer_is_patrolled_from_today_on() -> None:
    history = tuple(known(m) for m in to_make(case(), NOW, NOW + 2 * DAY))
    longer = SiteCalendar(openings=tuple(opening(day, "07:00", "21:00") for day in range(7)))
    assert clock(to_make(case(history, longer), NOW, NOW + 2 * DAY), SHANGHAI) == ["05 07:00", "06 07:00"]


def test_the_preview_shows_moments_with_the_sites_offset_and_why() -> None:
    one = patrol(layer=Layer.LAW)
    site = site_subject("demo", LocalName("园区", "Estate"))
    assert rows_for([one], site, {}) == []
    horizon = Horizon(date(2026, 3, 4), date(2026, 3, 4), date(2026, 3, 4), SHANGHAI, calendar=MALL)
    items: list[PreviewItem] = preview_all([one], [site], {}, horizon, {}, {"site:demo": Facts(MALL)}).items
    shown = items[0].as_json()
    assert shown["due"] == "2026-03-04T09:00:00+08:00"
    assert shown["latest"] == "2026-03-04T11:00:00+08:00"
    occurrences = shown["occurrences"]
    assert isinstance(occurrences, list)
    assert occurrences[0]["nominal_date"] == "2026-03-04T09:00:00+08:00"
    assert items[0].reason.en == "PAT: every 2 hours in opening hours (09:00–21:00), required by law."
    assert items[0].reason.zh == "PAT：每2小时一次（营业时间09:00–21:00内），法规要求。"
