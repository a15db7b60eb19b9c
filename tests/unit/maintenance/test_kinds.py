"""Rows that do not simply go by an interval: seasons, ages, in season, before another row; what all kinds share."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from maintenance.facts import Facts
from maintenance.grids import AgeGrid, InSeasonGrid, SeasonGrid
from maintenance.intervals import NO_INTERVAL, Interval, IntervalUnit
from maintenance.nesting import Job
from maintenance.plan import Layer
from maintenance.recurrence import longest_between, longest_days
from maintenance.schedules import (
    AgeSchedule,
    BeforeSchedule,
    ConditionSchedule,
    FulfilledBy,
    IntervalSchedule,
    SeasonSchedule,
)
from maintenance.site_calendar import working_days
from plantroom.domain.assets import Asset, LocalName
from plantroom.domain.calendars import MonthDay, Season, SiteCalendar
from tests.examples import examples
from tests.unit.maintenance.kinds_given import YEAR, ahead, by, closed, here, plan, shown

# seasons


def test_the_heating_overhaul_is_done_before_the_heating_season_and_says_when_that_begins() -> None:
    overhaul = here(by("HE-Y", SeasonSchedule(("heating",), lead_days=14), early=30, late=30))
    items = shown([overhaul], date(2026, 3, 1), date(2028, 1, 1))
    assert [i.job.due for i in items] == [date(2026, 11, 1), date(2027, 11, 1)]
    assert all(i.job.latest == date(y, 11, 14) for i, y in zip(items, (2026, 2027), strict=True)), "never in the season"
    assert "before the heating season that starts on 15 Nov" in items[0].reason.en
    assert "在11月15日开始的供暖季之前完成" in items[0].reason.zh


def test_the_overhaul_counts_from_the_season_and_not_from_the_last_one() -> None:
    overhaul = by("HE-Y", SeasonSchedule(("heating",), 14), early=30, late=5)
    late = closed(overhaul, 0, date(2025, 11, 1), date(2025, 12, 20))
    assert ahead(plan([overhaul], date(2026, 1, 5), [late]), date(2027, 1, 1)) == {"HE-Y": [date(2026, 11, 1)]}


def test_a_half_yearly_row_of_two_seasons_comes_before_each() -> None:
    change = by("HV-HY", SeasonSchedule(("cooling", "heating"), 14), early=10, late=10)
    assert longest_between(change) <= 184
    dates = ahead(plan([change], date(2026, 1, 1)), date(2026, 12, 31))["HV-HY"]
    assert dates == [date(2026, 5, 1), date(2026, 11, 1)]


def test_a_season_that_is_moved_by_some_days_brings_no_second_job_in_the_same_year() -> None:
    overhaul = by("HE-Y", SeasonSchedule(("heating",), 14), early=30)
    done = closed(overhaul, 0, date(2026, 11, 1), date(2026, 10, 20))
    moved = Facts(SiteCalendar(seasons=(Season("heating", MonthDay(11, 25), MonthDay(3, 15)),)))
    assert ahead(plan([overhaul], date(2026, 11, 5), [done], moved), date(2027, 12, 31)) == {
        "HE-Y": [date(2027, 11, 11)]
    }


def test_a_job_before_a_season_that_has_begun_waits_for_the_next_one() -> None:
    overhaul = by("HE-Y", SeasonSchedule(("heating",), 14), early=30, late=60)
    assert ahead(plan([overhaul], date(2026, 11, 20)), date(2027, 12, 31)) == {"HE-Y": [date(2027, 11, 1)]}


@given(
    start=st.builds(MonthDay, st.integers(1, 12), st.integers(1, 31)),
    lead=st.integers(1, 366),
    anchor=st.dates(date(1990, 1, 1), date(2030, 1, 1)),
    day=st.dates(date(1985, 1, 1), date(2060, 1, 1)),
)
def test_each_season_has_one_date_and_the_first_of_a_day_is_the_first(
    start: MonthDay, lead: int, anchor: date, day: date
) -> None:
    grid = SeasonGrid((Season("heating", start, MonthDay(3, 15)),), lead, anchor)
    index = grid.first(day)
    assert grid.day(index) >= day
    assert index == 0 or grid.day(index - 1) < day
    assert 365 <= (grid.day(index + 1) - grid.day(index)).days <= 366
    assert grid.span(grid.day(index))[1] == grid.day(index) + timedelta(days=lead - 1)
    assert grid.after(grid.day(index)) == index + 1


# in season


def test_legionella_is_looked_for_quarterly_while_the_towers_run() -> None:
    test = here(by("HV-LEG", IntervalSchedule(in_season="cooling"), late=7, interval=Interval(3, IntervalUnit.MONTH)))
    items = shown([test], date(2026, 1, 1), date(2027, 12, 31))
    assert [i.job.due for i in items] == [date(y, m, 15) for y in (2026, 2027) for m in (5, 8)]
    assert "quarterly, only in the cooling season (15 May to 15 Oct)" in items[0].reason.en


def test_an_anchor_of_the_rows_own_keeps_its_calendar_inside_the_season() -> None:
    test = by("HV-LEG", IntervalSchedule("cooling"), interval=Interval(3, IntervalUnit.MONTH), anchor=date(2025, 1, 1))
    assert ahead(plan([test], date(2026, 1, 1)), date(2026, 12, 31))["HV-LEG"] == [date(2026, 7, 1), date(2026, 10, 1)]


def test_the_daily_patrol_of_a_heat_station_stops_with_the_season_and_counts_no_gap_over_summer() -> None:
    patrol = by("HE-D", IntervalSchedule("heating"), interval=Interval(1, IntervalUnit.DAY), max_gap_days=1)
    last = closed(patrol, 90, date(2026, 3, 15), date(2026, 3, 15))
    dates = ahead(plan([patrol], date(2026, 3, 16), [last]), date(2026, 11, 18))["HE-D"]
    assert dates == [date(2026, 11, 15) + timedelta(days=n) for n in range(4)]


def test_a_row_none_of_whose_dates_is_in_its_season_says_so() -> None:
    never = here(by("HE-X", IntervalSchedule("heating"), interval=YEAR, anchor=date(2025, 6, 15)))
    (found,) = plan([never], date(2026, 3, 2)).undated
    assert found.because.en == "no date counted from 2025-06-15 is in the heating season"
    assert found.because.zh == "从2025-06-15起按周期推算的日期都不在供暖季内"
    seldom = here(
        by("HE-X", IntervalSchedule("heating"), interval=Interval(7, IntervalUnit.MONTH), anchor=date(2025, 6, 15))
    )
    assert plan([seldom], date(2026, 3, 2)).undated == ()


@given(
    every=st.sampled_from([(1, "day"), (7, "day"), (15, "day"), (1, "month"), (3, "month")]),
    start=st.builds(MonthDay, st.integers(1, 12), st.integers(1, 31)),
    end=st.builds(MonthDay, st.integers(1, 12), st.integers(1, 31)),
    anchor=st.none() | st.dates(date(2018, 1, 1), date(2024, 1, 1)),
)
@settings(max_examples=examples(60), deadline=None)
def test_dates_in_season_lie_in_the_season_rise_and_are_never_further_apart_than_the_interval(
    every: tuple[int, str], start: MonthDay, end: MonthDay, anchor: date | None
) -> None:
    interval = Interval(every[0], IntervalUnit(every[1]))
    season = Season("cooling", start, end)
    grid = InSeasonGrid(season, interval, anchor, date(2024, 1, 1), longest_days(interval))
    days = [grid.day(n) for n in range(40)]
    known = [day for day in days if day < date.max]
    assert known == sorted(set(known))
    for day in known:
        first, last = grid.span(day)
        assert first <= day <= last
    for before, after in pairwise(known):
        if grid.span(before) == grid.span(after):
            assert (after - before).days <= longest_days(interval)


# age


def test_elevator_inspections_come_in_years_1_4_7_9_11_13_15_then_yearly() -> None:
    inspection = here(by("EL-INSP", AgeSchedule((1, 4, 7, 9, 11, 13, 15), then=YEAR), early=60, layer=Layer.LAW))
    found = plan([inspection], date(2022, 6, 1))
    dates = ahead(found, date(2040, 6, 1))["EL-INSP"]
    assert dates == [date(2022 + n, 5, 10) for n in (1, 4, 7, 9, 11, 13, 15, 16, 17, 18)]
    items = shown([inspection], date(2026, 1, 1), date(2027, 1, 1))
    assert items[0].job.earliest == date(2026, 3, 11)
    assert "4 years after it was installed (2022-05-10), required by law" in items[0].reason.en


def test_an_inspection_two_months_early_moves_none_of_the_following_ones() -> None:
    inspection = by("EL-INSP", AgeSchedule((1, 4, 7, 9, 11, 13, 15), then=YEAR), early=60, layer=Layer.LAW)
    early = closed(inspection, 1, date(2026, 5, 10), date(2026, 3, 11))
    assert ahead(plan([inspection], date(2026, 4, 1), [early]), date(2032, 1, 1))["EL-INSP"] == [
        date(2029, 5, 10),
        date(2031, 5, 10),
    ]


def test_the_governor_is_checked_every_two_years_and_yearly_from_the_fifteenth_on() -> None:
    years = tuple(range(2, 15, 2))
    governor = by("EL-GOV", AgeSchedule((*years, 15), then=YEAR))
    dates = ahead(plan([governor], date(2022, 6, 1)), date(2041, 1, 1))["EL-GOV"]
    assert [d.year - 2022 for d in dates] == [2, 4, 6, 8, 10, 12, 14, 15, 16, 17, 18]


def test_ages_of_a_leap_day_come_back_to_it() -> None:
    grid = AgeGrid(date(2024, 2, 29), (1, 4), YEAR, in_service=False, longest=1096)
    assert [grid.day(n) for n in range(6)] == [
        date(2025, 2, 28), date(2028, 2, 29), date(2029, 2, 28), date(2030, 2, 28), date(2031, 2, 28),
        date(2032, 2, 29),
    ]  # fmt: skip


def test_a_corrected_day_of_installation_brings_no_inspection_twice() -> None:
    inspection = by("EL-INSP", AgeSchedule((1, 4, 7), then=YEAR), early=60)
    done = closed(inspection, 1, date(2026, 5, 2), date(2026, 5, 2))
    assert ahead(plan([inspection], date(2026, 5, 5), [done]), date(2030, 1, 1))["EL-INSP"] == [date(2029, 5, 10)]


def test_an_asset_without_a_day_of_installation_has_no_date_and_says_so() -> None:
    inspection = by("EL-INSP", AgeSchedule((1, 4, 7), then=YEAR))
    found = plan([inspection], date(2026, 1, 1), asset=Asset("k1", "demo", "L", "elevator", LocalName("梯", "Lift")))
    assert ahead(found, date(2040, 1, 1)) == {}
    assert [(u.row.code, u.because.en) for u in found.undated] == [
        ("EL-INSP", "the asset's card has no day of installation")
    ]


@given(
    since=st.dates(date(1990, 1, 1), date(2025, 12, 31)),
    years=st.sets(st.integers(1, 30), min_size=1, max_size=6).map(lambda y: tuple(sorted(y))),
    then=st.none() | st.builds(Interval, st.integers(1, 6), st.sampled_from([IntervalUnit.MONTH, IntervalUnit.YEAR])),
    day=st.dates(date(1990, 1, 1), date(2080, 1, 1)),
)
def test_ages_rise_and_never_drift_from_the_day_that_they_count_from(
    since: date, years: tuple[int, ...], then: Interval | None, day: date
) -> None:
    grid = AgeGrid(since, years, then, in_service=False, longest=0)
    index = grid.first(day)
    assert grid.day(index) >= day
    assert index == 0 or grid.day(index - 1) < day
    known = [d for d in (grid.day(n) for n in range(20)) if d < date.max]
    assert known == sorted(set(known))
    assert all(d.day == since.day or d.day >= 28 for d in known)


# before another row


def test_the_yearly_self_inspection_comes_before_the_inspection_and_also_in_years_without_one() -> None:
    inspection = here(by("EL-INSP", AgeSchedule((1, 4, 7), then=YEAR), early=60))
    own = here(by("EL-SELF", BeforeSchedule("EL-INSP", 30), early=30, interval=YEAR, max_gap_days=366))
    items = [
        i for i in shown([own, inspection], date(2025, 1, 1), date(2027, 1, 1)) if i.job.leader.row.code == "EL-SELF"
    ]
    assert [i.job.leader.window.nominal for i in items] == [date(2025, 4, 10), date(2026, 4, 10)]
    assert "in a period without EL-INSP" in items[0].reason.en
    assert "yearly, before EL-INSP on 2026-05-10" in items[1].reason.en


def test_what_comes_before_a_job_that_is_pulled_forward_is_due_before_that_too() -> None:
    main = by(
        "MAIN", IntervalSchedule(), interval=Interval(3, IntervalUnit.MONTH), max_gap_days=92, anchor=date(2026, 1, 31)
    )
    prepare = by("PREP", BeforeSchedule("MAIN", 5), early=40, late=4)
    history = [closed(main, 0, date(2026, 1, 31), date(2026, 1, 5))]
    jobs = {
        job.leader.row.code: job for job in plan([prepare, main], date(2026, 2, 1), history).upcoming(date(2026, 4, 20))
    }
    assert jobs["MAIN"].due == date(2026, 4, 7), "92 days after the last one"
    assert jobs["PREP"].latest == date(2026, 4, 6)


def test_each_job_of_the_other_row_has_one_before_it() -> None:
    main = by("MAIN", IntervalSchedule(), interval=Interval(3, IntervalUnit.MONTH), anchor=date(2026, 1, 31))
    prepare = by("PREP", BeforeSchedule("MAIN", 5))
    assert ahead(plan([prepare, main], date(2026, 1, 1)), date(2026, 8, 1))["PREP"] == [
        date(2026, 1, 26), date(2026, 4, 25), date(2026, 7, 26),
    ]  # fmt: skip


@pytest.mark.parametrize("other", ["NOPE", "SELF", "B"])
def test_a_row_before_nothing_or_before_itself_has_no_date(other: str) -> None:
    rows = [by("SELF", BeforeSchedule(other, 5)), by("B", BeforeSchedule("SELF", 5))]
    found = plan(rows, date(2026, 1, 1))
    assert ahead(found, date(2027, 1, 1)) == {}
    assert {u.row.code for u in found.undated} == {"SELF", "B"}


# what all of them share


def test_a_row_laxer_than_the_law_that_it_fulfils_is_scheduled_at_the_floor() -> None:
    law = by("LAW", IntervalSchedule(), interval=Interval(6, IntervalUnit.MONTH), max_gap_days=184, layer=Layer.LAW)
    ours = here(by("OURS", SeasonSchedule(("heating",)), fulfils=("LAW",), anchor=date(2026, 1, 1)))
    items = [i for i in shown([here(law), ours], date(2026, 1, 1), date(2027, 6, 1)) if i.job.leader.row is ours]
    gaps = [(b.job.due - a.job.due).days for a, b in pairwise(items)]
    assert gaps
    assert max(gaps) <= 184
    assert "laxer than the law allows, so scheduled every 184 days" in items[0].reason.en


def test_a_row_that_stands_for_one_of_two_seasons_keeps_their_dates_though_they_are_far_apart() -> None:
    """Half a year, which is how deep such a row is, was the longest gap of whatever stood for it."""
    cold = (Season("cooling", MonthDay(6, 15), MonthDay(9, 1)), Season("heating", MonthDay(10, 1), MonthDay(4, 30)))
    law = here(by("LAW", SeasonSchedule(("cooling", "heating"), 14), early=10, layer=Layer.LAW))
    ours = replace(law, lineage="ours", code="OURS", layer=Layer.CONTRACT, fulfils=("LAW",))
    calendar = Facts(calendar=SiteCalendar(seasons=cold))
    found = [shown(rows, date(2026, 1, 1), date(2028, 1, 1), calendar) for rows in ([law], [law, ours])]
    assert [item.job.due for item in found[0]] == [
        date(2026, 6, 1), date(2026, 9, 17), date(2027, 6, 1), date(2027, 9, 17),
    ]  # fmt: skip
    assert [item.job.due for item in found[1]] == [item.job.due for item in found[0]]
    assert {item.job.leader.row.code for item in found[1]} == {"OURS"}


def test_a_seasonal_row_contains_the_quarterly_one_due_in_the_same_window() -> None:
    change = by("HV-HY", SeasonSchedule(("cooling", "heating"), 14), early=10, late=10, contains=("HV-Q",))
    quarterly = by(
        "HV-Q", IntervalSchedule(), early=15, late=7, interval=Interval(3, IntervalUnit.MONTH), anchor=date(2026, 1, 20)
    )
    jobs = plan([change, quarterly], date(2026, 1, 10)).upcoming(date(2026, 12, 31))
    assert [{p.row.code for p in job.occurrences} for job in jobs if job.leader.row is change] == [
        {"HV-HY", "HV-Q"}, {"HV-HY", "HV-Q"},
    ]  # fmt: skip


def test_the_country_s_make_up_working_days_are_worked_and_the_site_s_own_days_go_first() -> None:
    works = working_days(SiteCalendar(days_off=(date(2026, 3, 4),), working_days=(date(2026, 10, 6),)), "Asia/Shanghai")
    assert not works(date(2026, 10, 1)), "National Day"
    assert works(date(2026, 10, 10)), "a Saturday that makes up for the holiday"
    assert not works(date(2026, 10, 17)), "any other Saturday"
    assert not works(date(2026, 3, 4)), "the site's own day off"
    assert works(date(2026, 10, 6)), "the site's own working day"
    assert working_days(SiteCalendar(country="", weekend=()), "Asia/Shanghai")(date(2026, 10, 1))


def test_a_credited_row_says_by_what() -> None:
    test = here(
        by(
            "FI-JOC",
            IntervalSchedule(),
            interval=Interval(1, IntervalUnit.DAY),
            fulfilled_by=FulfilledBy("jockey_running"),
        )
    )
    items = shown([test], date(2026, 3, 2), date(2026, 3, 3))
    assert "credited by the readings of jockey_running" in items[0].reason.en


def test_rows_without_an_interval_are_no_floor_for_what_fulfils_them() -> None:
    other = by("CM", ConditionSchedule(("bearing_wear",)))
    ours = here(by("OURS", IntervalSchedule(), interval=YEAR, fulfils=("CM",), anchor=date(2026, 1, 1)))
    assert other.interval == NO_INTERVAL
    jobs: list[Job] = plan([ours, other], date(2026, 1, 1)).upcoming(date(2028, 6, 1))
    assert [j.due for j in jobs] == [date(2026, 1, 1), date(2027, 1, 1), date(2028, 1, 1)]
