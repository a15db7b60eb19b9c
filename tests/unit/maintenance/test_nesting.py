"""Deeper jobs absorb the shallower ones they contain."""

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from maintenance.nesting import Job
from maintenance.plan import Roll
from tests.examples import examples
from tests.unit.maintenance.rows import ELEVATOR, plan, row

HALF = row("HALF", 15, "day", 3, 3)
QUART = row("QUART", 3, "month", 7, 7, contains=("HALF",))
days = st.dates(date(2024, 1, 1), date(2027, 12, 31))


def codes(job: Job) -> set[str]:
    return {p.row.code for p in job.occurrences}


def test_every_quarterly_job_takes_the_half_month_visit_nearest_to_it() -> None:
    found = plan([HALF, QUART], [date(2026, 1, 20), date(2026, 1, 22)], date(2026, 1, 16), date(2026, 12, 31))
    quarterly = [job for job in found if "QUART" in codes(job)]
    assert len(quarterly) == 4
    assert all(codes(job) == {"HALF", "QUART"} for job in quarterly)
    assert all(job.due == job.latest == min(p.window.latest for p in job.occurrences) for job in quarterly)


def test_a_job_lies_in_the_overlap_of_its_windows() -> None:
    first = plan([HALF, QUART], [date(2026, 1, 20), date(2026, 1, 22)], date(2026, 1, 16), date(2026, 2, 1))[0]
    assert (first.earliest, first.latest) == (date(2026, 1, 17), date(2026, 1, 23))


def test_windows_that_do_not_meet_stay_apart_when_nothing_may_leave_its_window() -> None:
    half = row("HALF", 15, "day", 0, 0)
    quart = row("QUART", 3, "month", 0, 0, contains=("HALF",))
    found = plan([half, quart], [date(2026, 1, 20), date(2026, 1, 26)], date(2026, 1, 16), date(2026, 3, 1))
    assert all(len(codes(job)) == 1 for job in found)


def test_law_rows_without_tolerance_meet_by_being_early() -> None:
    half = row("HALF", 15, "day", 0, 0, max_gap_days=15)
    quart = row("QUART", 3, "month", 0, 0, max_gap_days=92, contains=("HALF",))
    found = plan([half, quart], [date(2026, 1, 20), date(2026, 1, 26)], date(2026, 1, 16), date(2027, 1, 16))
    quarterly = [job for job in found if "QUART" in codes(job)]
    assert len(quarterly) >= 4
    assert all("HALF" in codes(job) and job.placed_early for job in quarterly)


def check_no_gap(found: Sequence[Job]) -> None:
    last: dict[str, date] = {}
    cycles: dict[str, int] = {}
    for job in found:
        assert job.earliest <= job.due <= job.latest
        for p in job.occurrences:
            code = p.row.code
            assert p.window.cycle == cycles.get(code, p.window.cycle - 1) + 1, "no cycle skipped or doubled"
            cycles[code] = p.window.cycle
            if code in last and p.row.max_gap_days is not None:
                assert timedelta(0) < job.due - last[code] <= timedelta(days=p.row.max_gap_days)
            last[code] = job.due


@given(anchors=st.lists(days, min_size=4, max_size=4), start=days)
@settings(max_examples=examples(60), deadline=None)
def test_the_law_holds_for_elevators_wherever_their_rows_are_anchored(anchors: list[date], start: date) -> None:
    found = plan(ELEVATOR, anchors, start, start + timedelta(days=800))
    check_no_gap(found)
    for job in found:
        if codes(job) != {"HM"} and job.latest >= anchors[0]:
            assert "HM" in codes(job), "from where the visits begin on, every deeper job takes one with it"


def test_visits_that_begin_in_two_years_are_not_done_today() -> None:
    half = row("HALF", 15, "day", 3, 3, max_gap_days=15)
    quart = row("QUART", 3, "month", 7, 7, max_gap_days=92, contains=("HALF",))
    found = plan([half, quart], [date(2028, 1, 20), date(2026, 1, 22)], date(2026, 1, 16), date(2026, 12, 31))
    assert [codes(job) for job in found] == [{"QUART"}] * 4


def test_yearly_takes_half_yearly_quarterly_and_half_monthly_with_it() -> None:
    found = plan(ELEVATOR, [date(2025, 3, 7)] * 4, date(2025, 12, 1), date(2026, 12, 31))
    yearly = [job for job in found if "Y" in codes(job)]
    assert [codes(job) for job in yearly] == [{"Y", "HY", "Q", "HM"}]


@given(start=days, horizon=st.integers(20, 200), more=st.integers(1, 200))
@settings(max_examples=examples(40), deadline=None)
def test_looking_further_ahead_does_not_regroup_what_is_near(start: date, horizon: int, more: int) -> None:
    anchors = [date(2024, 2, 29)] * 4
    near = plan(ELEVATOR, anchors, start, start + timedelta(days=horizon + 120))
    far = plan(ELEVATOR, anchors, start, start + timedelta(days=horizon + 120 + more))
    edge = start + timedelta(days=horizon)
    assert [j for j in near if j.earliest <= edge] == [j for j in far if j.earliest <= edge]


def test_a_row_that_contains_itself_or_a_longer_one_is_no_loop() -> None:
    a = row("A", 1, "month", 2, 2, contains=("A", "B"))
    b = row("B", 3, "month", 2, 2, contains=("A", "B"))
    found = plan([a, b], [date(2026, 1, 1)] * 2, date(2026, 1, 1), date(2026, 12, 31))
    assert sum("B" in codes(job) for job in found) == 4 + 1


def test_a_single_job_is_planned_off_the_holiday_and_keeps_its_window() -> None:
    monthly = row("M", 1, "month", 3, 3, roll=Roll.FORWARD)
    job = plan([monthly], [date(2026, 5, 1)], date(2026, 5, 1), date(2026, 5, 2), lambda d: d != date(2026, 5, 1))[0]
    assert (job.due, job.earliest, job.latest) == (date(2026, 5, 2), date(2026, 4, 28), date(2026, 5, 4))
