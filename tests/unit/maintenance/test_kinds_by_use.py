"""Rows that go by running hours and by what is noticed."""

from datetime import UTC, date, datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from maintenance.facts import Facts, Sighting
from maintenance.meters import Meter, Sample, use_since
from maintenance.plan import OccurrenceState
from maintenance.schedules import (
    ConditionSchedule,
    MeterSchedule,
)
from plantroom.domain.assets import LocalName
from tests.unit.maintenance.kinds_given import YEAR, ahead, by, closed, here, plan, shown

# meters


def hours(start: date, days: int, per_day: float, first: float = 12_000.0) -> list[Sample]:
    begin = datetime(start.year, start.month, start.day, tzinfo=UTC)
    return [Sample(begin + timedelta(days=n), first + n * per_day) for n in range(days + 1)]


GREASE = MeterSchedule("run_hours", 1500)


def metered(samples: list[Sample]) -> Facts:
    return Facts(meters={"run_hours": Meter(samples, "h", LocalName("运行小时", "Run hours"))})


def test_greasing_is_due_1500_running_hours_after_the_last_one_at_the_measured_rate() -> None:
    grease = here(by("WA-GRE", GREASE, late=14))
    facts = metered(hours(date(2026, 1, 1), 60, 9.2))
    done = closed(grease, 0, date(2026, 1, 11), date(2026, 1, 11))
    found = plan([grease], date(2026, 3, 2), [done], facts)
    # 1,500 h at 9.2 h a day are 163.04 days after noon (UTC+8) of the 11th
    assert ahead(found, date(2026, 12, 31))["WA-GRE"][0] == date(2026, 6, 23)
    items = shown([grease], date(2026, 3, 2), date(2026, 12, 31), facts)
    assert "1,500 running hours expected on 2026-06-13 at 9.2 h/day" in items[0].reason.en
    assert "按每天9.2小时计，预计2026-06-13达到运行1,500小时" in items[0].reason.zh
    assert "after another 1,500 running hours at the present rate" in items[1].reason.en
    assert "按目前用量再满运行1,500小时" in items[1].reason.zh


def test_hours_that_are_reached_are_due_now_and_not_in_the_past_for_a_machine_without_a_history() -> None:
    grease = by("WA-GRE", GREASE, late=14)
    found = plan([grease], date(2026, 8, 1), facts=metered(hours(date(2026, 1, 1), 200, 10)))
    job = found.upcoming(date(2026, 9, 1))[0]
    assert (job.leader.window.nominal, job.latest) == (date(2026, 8, 1), date(2026, 8, 15))


def test_hours_reached_while_nobody_looked_are_overdue() -> None:
    grease = by("WA-GRE", GREASE, late=14)
    done = closed(grease, 0, date(2026, 1, 1), date(2026, 1, 1))
    found = plan([grease], date(2026, 8, 1), [done], metered(hours(date(2026, 1, 1), 200, 10)))
    job = found.upcoming(date(2026, 9, 1))[0]
    assert job.leader.window.nominal == date(2026, 5, 31)
    assert job.latest < date(2026, 8, 1)


def test_the_calendars_cap_comes_first_where_the_machine_hardly_runs() -> None:
    grease = here(by("WA-GRE", GREASE, late=14, interval=YEAR))
    facts = metered(hours(date(2026, 1, 1), 60, 0.5))
    items = shown([grease], date(2026, 3, 2), date(2027, 12, 31), facts)
    assert items[0].job.due == date(2027, 1, 1)
    assert "the calendar's limit" in items[0].reason.en


def test_further_dates_by_the_cap_do_not_say_the_first_ones_day() -> None:
    grease = here(by("WA-GRE", GREASE, interval=YEAR))
    items = shown([grease], date(2026, 3, 2), date(2028, 12, 31), metered(hours(date(2026, 1, 1), 60, 0.1)))
    assert len(items) > 1
    assert "comes before 1,500 running hours" in items[0].reason.en
    assert all("the calendar's limit behind the one before" in one.reason.en for one in items[1:])
    assert all("前一次之后的日历上限" in one.reason.zh for one in items[1:])


def test_a_meter_without_readings_or_use_has_no_date_and_says_so() -> None:
    grease = by("WA-GRE", GREASE)
    for facts, words in (
        (Facts(), "no readings of run_hours"),
        (metered(hours(date(2026, 1, 1), 30, 0.0)), "not in use"),
    ):
        found = plan([grease], date(2026, 3, 2), facts=facts)
        assert ahead(found, date(2027, 1, 1)) == {}
        assert words in found.undated[0].because.en


def test_without_readings_the_cap_alone_gives_the_date() -> None:
    grease = here(by("WA-GRE", GREASE, interval=YEAR, anchor=date(2025, 6, 1)))
    items = shown([grease], date(2026, 3, 2), date(2026, 12, 31))
    assert [i.job.due for i in items] == [date(2026, 6, 1)]
    assert "no readings of run_hours" in items[0].reason.en


def test_a_meter_that_is_replaced_goes_on_counting_from_there() -> None:
    grease = by("WA-GRE", GREASE)
    old, new = hours(date(2026, 1, 1), 50, 10, 8_000), hours(date(2026, 2, 21), 50, 10, 0)
    jump = hours(date(2026, 4, 13), 30, 10, 6_500)
    done = closed(grease, 0, date(2026, 1, 1), date(2026, 1, 1))
    facts = metered([*old, *new, *jump])
    found = ahead(plan([grease], date(2026, 5, 14), [done], facts), date(2026, 12, 1))["WA-GRE"][0]
    assert date(2026, 6, 1) <= found <= date(2026, 6, 4), "1,500 h after 1 January, less the days of the two changes"


@given(
    rises=st.lists(st.floats(0, 24), min_size=2, max_size=60),
    resets=st.sets(st.integers(1, 59), max_size=3),
    done_on=st.integers(0, 59),
)
def test_use_is_what_has_risen_since_the_completion_over_every_reset(
    rises: list[float], resets: set[int], done_on: int
) -> None:
    begin, value, samples, used = datetime(2026, 1, 1, tzinfo=UTC), 500.0, [], 0.0
    for n, rise in enumerate(rises):
        value = 0.0 if n in resets else value + rise
        used += rise if n not in resets and n > done_on else 0.0
        samples.append(Sample(begin + timedelta(days=n), value))
    at = begin + timedelta(days=done_on)
    found = use_since(Meter(samples, "h"), 1e9, at)
    assert found is not None
    assert found.used == pytest.approx(used, abs=1e-6)


# conditions

BEARING = ConditionSchedule(("bearing_wear",))


def seen(on: date) -> Sighting:
    at = datetime(on.year, on.month, on.day, 2, tzinfo=UTC)
    return Sighting("bearing_wear", at, LocalName("轴承磨损", "bearing wear"))


def test_an_episode_opens_one_job_and_no_other_before_it_is_done() -> None:
    check = by("CM-B", BEARING, late=7)
    facts = Facts(sightings=[seen(date(2026, 3, 1)), seen(date(2026, 3, 2))])
    first = plan([check], date(2026, 3, 2), facts=facts).upcoming(date(2026, 5, 1))
    assert [(j.leader.window.cycle, j.leader.window.nominal, j.latest) for j in first] == [
        (0, date(2026, 3, 2), date(2026, 3, 9))
    ]
    standing = closed(check, 0, date(2026, 3, 2), None, OccurrenceState.DUE)
    again = plan([check], date(2026, 3, 8), [standing], facts)
    assert again.upcoming(date(2026, 5, 1)) == []
    assert again.standing[0].job.leader.window.nominal == date(2026, 3, 2), "what stands does not move"


def test_after_it_is_done_only_what_is_seen_anew_opens_another() -> None:
    check = by("CM-B", BEARING, late=7)
    done = closed(check, 0, date(2026, 3, 2), date(2026, 3, 4))
    old = Facts(sightings=[seen(date(2026, 3, 1))])
    assert plan([check], date(2026, 3, 5), [done], old).upcoming(date(2026, 5, 1)) == []
    new = Facts(sightings=[seen(date(2026, 3, 1)), seen(date(2026, 3, 20))])
    jobs = plan([check], date(2026, 3, 20), [done], new).upcoming(date(2026, 5, 1))
    assert [(j.leader.window.cycle, j.leader.window.nominal) for j in jobs] == [(1, date(2026, 3, 20))]


def test_a_job_by_condition_says_what_was_noticed() -> None:
    items = shown(
        [here(by("CM-B", BEARING, late=7))],
        date(2026, 3, 2),
        date(2026, 4, 1),
        Facts(sightings=[seen(date(2026, 3, 1))]),
    )
    assert "because bearing wear was noticed on 2026-03-01" in items[0].reason.en
    assert "2026-03-01发现“轴承磨损”" in items[0].reason.zh
