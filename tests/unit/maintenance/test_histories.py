"""What must hold over any history: early, late, missed, credited and deferred work, outages, corrections."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings

from maintenance.facts import Facts
from maintenance.intervals import NO_INTERVAL
from maintenance.meters import Meter
from maintenance.plan import Layer, Missed, OccurrenceState, PlanRow, Roll
from maintenance.schedules import BeforeSchedule, IntervalSchedule
from plantroom.domain.assets import Asset, LocalName
from tests.examples import examples
from tests.unit.maintenance.histories import SITE, Life, Step, lives
from tests.unit.maintenance.living import live
from tests.unit.maintenance.rows import row

ASSET = Asset("k1", "demo", "X", "pump", LocalName("泵", "Pump"), installed_on=date(2024, 1, 1))
LAW, MAKER = Layer.LAW, Layer.MAKER


def life(rows: tuple[PlanRow, ...], start: date, *steps: Step) -> Life:
    return Life(rows, ASSET, start, steps, holidays=False, facts=Facts(SITE, {"run_hours": Meter([], "h")}, []))


@given(lives)
@settings(max_examples=examples(400), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_must_hold_holds_over_any_history(life: Life) -> None:
    live(life)


def test_a_job_that_is_done_early_does_not_take_a_later_visit_before_an_earlier_one() -> None:
    """The half-yearly job went back three months to the quarterly visit, with a monthly visit of the half-year's end
    before those of the two months between."""
    first = date(2024, 1, 1)
    rows = (
        row("R0", 15, "day", layer=LAW, anchor=first),
        row("R1", 1, "month", layer=MAKER, anchor=first, contains=("R0",)),
        row("R2", 3, "month", layer=MAKER, anchor=date(2024, 1, 2)),
        row("R3", 6, "month", layer=LAW, anchor=first, contains=("R0", "R1", "R2")),
    )
    live(life(rows, first, Step(0, "done", 0), Step(0, "done", 0), Step(42, "early", 3)))


def test_a_job_does_not_roll_off_a_holiday_to_before_the_visit_before_it() -> None:
    """The monthly job of 26 January, in the new year's holidays, went back to the 24th and took a visit with it whose
    row was to be done on the 25th."""
    rows = (
        row("R0", 15, "day", layer=LAW, anchor=date(2027, 1, 15)),
        row("R1", 1, "month", 2, max_gap_days=34, layer=LAW, anchor=date(2024, 1, 26), contains=("R0",)),
        row("R2", 3, "month", layer=Layer.CONTRACT, anchor=date(2025, 1, 1), contains=("R0", "R1")),
        row("R3", 6, "month", 3, 2, layer=LAW, anchor=date(2024, 6, 14)),
    )
    rows = (rows[0], *(replace(one, roll=Roll.BACK) for one in rows[1:3]), rows[3])
    steps = (
        *(Step(gone, "done", 0) for gone in (40, 16, 23, 2)), Step(5, "deferred", 3, is_up=False),
        Step(54, "credited", 3, is_up=False), Step(43, "deferred", 3, is_up=False), Step(5, "done", 0),
        Step(0, "done", 0, is_up=False), Step(101, "early", 3, is_up=False),
    )  # fmt: skip
    live(replace(life(rows, date(2027, 4, 16), *steps), holidays=True))


def test_work_before_another_row_is_pulled_with_each_of_its_jobs_to_come() -> None:
    """The other row, done early once, was pulled forward quarter by quarter; only its next job was known to the row
    before it, which therefore made its second job at the second look only."""
    other = row("OTHER", 3, "month", 15, 5, anchor=date(2024, 1, 1), max_gap_days=92)
    before = replace(row("KIND", 1, "day"), interval=NO_INTERVAL, schedule=BeforeSchedule("OTHER", 1))
    steps = (Step(0, "done", 0), Step(16, "early", 0), Step(123, "done", 0))
    live(life((other, before), date(2024, 1, 1), *steps))


def test_what_gives_way_together_counts_on_one_day_when_it_is_planned_and_on_record() -> None:
    """The half-yearly job of August was over on the last day of its shallowest visit, and on record on each row's own:
    the quarterly row counted from a month later at the second look and left a monthly visit alone."""
    rows = (
        row("R0", 1, "month", 13, 1, layer=LAW, anchor=date(2024, 1, 24)),
        row("R1", 3, "month", max_gap_days=92, layer=LAW, anchor=date(2024, 1, 1), contains=("R0",)),
        replace(
            row("R2", 6, "month", 7, 11, layer=LAW, anchor=date(2024, 3, 1), contains=("R0", "R1")),
            missed=Missed.SUPERSEDE,
        ),
    )
    live(life(rows, date(2024, 6, 1), Step(103, "nothing", 0)))


FIRST = date(2024, 1, 1)
SHALLOW = (
    row("R0", 15, "day", layer=Layer.CONTRACT, anchor=FIRST),
    row("R1", 1, "month", layer=Layer.CONTRACT, anchor=FIRST),
    row("R2", 3, "month", layer=Layer.CONTRACT, anchor=FIRST),
)


@pytest.mark.parametrize("rows", [SHALLOW, SHALLOW[:1]], ids=["four", "two"])
@pytest.mark.parametrize("days", [40, 100, 200, 400])
def test_no_date_comes_twice_behind_a_rest_when_lists_nest(rows: tuple[PlanRow, ...], days: int) -> None:
    """Behind 400 days at rest the quarter's 1 July was in two orders: what a deeper row takes with it went on from
    where it had been before the rest."""
    half = row("R3", 6, "month", layer=LAW, anchor=FIRST, contains=tuple(one.code for one in rows))
    live(life((*rows, half), date(2024, 4, 1), Step(days, "rests", 0)))


def test_a_daily_row_of_the_law_is_whole_at_the_first_look_behind_a_rest() -> None:
    rows = (row("R0", 1, "day", layer=LAW, anchor=FIRST, max_gap_days=1),)
    live(life(rows, FIRST, *(Step(0, "done", 0) for _ in range(6)), Step(2, "nothing", 0), Step(400, "rests", 2)))


def test_a_row_that_moves_with_what_is_done_goes_on_from_the_same_dates_at_the_second_look() -> None:
    """Half of a delay of 120 days moved the calendar, and what had been left out on account of the rest came back."""
    rows = (row("R0", 15, "day", layer=LAW, anchor=FIRST, shift_percent=50),)
    steps = Step(0, "done", 0), Step(135, "rests", 0, is_up=False), Step(0, "done", 0, is_up=False), Step(0, "done", 0)
    live(life(rows, FIRST, *steps))


def test_the_law_counts_from_what_was_overdue_before_a_rest_in_a_row_that_moves() -> None:
    rows = (row("R0", 3, "month", 7, 21, max_gap_days=92, layer=LAW, anchor=date(2024, 11, 3), shift_percent=50),)
    steps = Step(400, "done", 3, is_up=False), Step(400, "clicks", 2), Step(400, "rests", 1)
    live(life(rows, date(2025, 11, 28), *steps))


def test_what_a_return_asked_for_stays_on_its_date_when_it_is_overdue_in_a_row_that_moves() -> None:
    rows = (row("R0", 2, "month", 3, 5, max_gap_days=62, anchor=date(2026, 3, 28), shift_percent=50),)
    steps = (
        *(Step(gone, act, 2) for gone, act in ((62, "deferred"), (37, "missed"), (15, "moves"), (400, "missed"))),
        Step(400, "rests", 2),
    )
    live(life(tuple(replace(one, missed=Missed.STACK) for one in rows), date(2027, 3, 9), *steps))


def test_the_law_s_day_after_a_rest_is_no_date_before_one_that_was_done_already() -> None:
    """What the law had pulled forward to before the rest had a nominal date behind the return, which then became the
    nominal date of the next one."""
    quarterly = row("R0", 3, "month", 14, 30, layer=LAW, anchor=date(2024, 11, 10), max_gap_days=92)
    steps = (
        Step(192, "done", 0), Step(16, "done", 0, is_up=False), Step(153, "missed", 0), Step(78, "rests", 0),
    )  # fmt: skip
    record = live(life((quarterly,), date(2024, 6, 1), *steps))
    found = sorted(record.occurrences.values(), key=lambda one: one.key)
    assert [one.latest for one in found[-2:]] == [date(2025, 5, 13), date(2025, 8, 14)], "before the rest; the return"
    assert [one.nominal_date for one in found[-2:]] == [date(2025, 11, 10), date(2026, 2, 10)], "dates of the calendar"


def test_a_row_that_runs_in_a_season_is_not_asked_for_on_a_return_outside_of_it() -> None:
    """The week of the last job of the cooling season ended in a rest of October."""
    weekly = replace(
        row("KIND", 7, "day", 7, 1, max_gap_days=7, missed=Missed.SUPERSEDE),
        schedule=IntervalSchedule("cooling"),
    )
    steps = (
        Step(101, "nothing", 0), Step(400, "done", 2), Step(9, "rests", 2), Step(7, "credited", 2), Step(8, "done", 0),
    )  # fmt: skip
    record = live(life((weekly,), date(2025, 6, 7), *steps))
    assert max(one.nominal_date for one in record.occurrences.values()) == date(2026, 10, 9), "the season's last week"


def test_what_is_left_of_an_order_after_one_rest_may_lapse_in_the_next() -> None:
    """The monthly visit of the order had its last day in the first rest, the half-monthly one in the second, with one
    day of use between them: the order was over before the second and so nothing more of it lapsed."""
    rows = (
        row("R0", 15, "day", 4, 5, anchor=date(2026, 9, 8), max_gap_days=18, missed=Missed.SUPERSEDE),
        row("R1", 1, "month", 14, 3, anchor=date(2024, 5, 4), max_gap_days=31, contains=("R0",)),
    )
    steps = (Step(0, "done", 0), Step(28, "nothing", 0), Step(38, "rests", 1, is_up=False), Step(31, "rests", 1))
    live(life(rows, date(2027, 2, 26), *steps))


def test_a_floating_row_leaves_out_the_same_dates_at_the_second_look_behind_a_rest() -> None:
    """Two looks counted what was overdue before the rest on the last day it is given now, and on the one it had been
    given: the dates of a year were left out by the first look and made by the second."""
    monthly = row("R0", 1, "month", 6, 7, layer=LAW, anchor=date(2026, 3, 18), max_gap_days=31, shift_percent=100)
    steps = (Step(127, "nothing", 0), Step(102, "deferred", 0), Step(400, "rests", 1))
    live(life((replace(monthly, missed=Missed.SUPERSEDE),), date(2027, 3, 9), *steps))


@pytest.mark.parametrize("shift", [0, 50, 100])
@pytest.mark.parametrize("is_up", [True, False])
def test_what_lapsed_before_anything_was_ever_done_is_due_on_the_return(shift: int, is_up: bool) -> None:
    """The quarter's job of 10 January had its last day at rest, and the next one was that of April."""
    quarterly = row("R0", 3, "month", 15, 0, layer=LAW, anchor=date(2026, 1, 10), max_gap_days=92, shift_percent=shift)
    steps = (Step(2, "nothing", 0, is_up), Step(20, "rests", 0), Step(5, "done", 0))
    record = live(life((quarterly,), date(2026, 1, 1), *steps))
    found = sorted(record.occurrences.values(), key=lambda one: one.key)
    if found[0].state is OccurrenceState.WAIVED:
        assert found.pop(0).nominal_date == date(2026, 1, 10)
    assert (found[0].state, found[0].latest) == (OccurrenceState.DONE, date(2026, 1, 23)), "the day of the return"


def test_a_row_without_a_longest_gap_goes_on_with_its_calendar() -> None:
    quarterly = row("R0", 3, "month", 15, 0, anchor=date(2026, 1, 10))
    record = live(life((quarterly,), date(2026, 1, 1), Step(2, "nothing", 0), Step(20, "rests", 0)))
    assert [one.nominal_date for one in sorted(record.occurrences.values(), key=lambda one: one.key)] == [
        date(2026, 1, 10)
    ]


def test_what_was_overdue_before_a_rest_counts_and_not_what_lapsed_in_it() -> None:
    rows = (row("R0", 15, "day", layer=LAW, anchor=date(2026, 1, 5), max_gap_days=15, missed=Missed.STACK),)
    record = live(life(rows, date(2026, 1, 5), Step(3, "nothing", 0), Step(50, "rests", 0)))
    found = sorted(record.occurrences.values(), key=lambda one: one.key)
    assert [one.latest for one in found if one.state is OccurrenceState.DUE][:2] == [
        date(2026, 1, 5), date(2026, 2, 27),
    ]  # fmt: skip


def test_what_a_job_takes_along_from_behind_a_rest_counts_over_the_rest() -> None:
    """The quarter's job of the one day between two rests took the monthly visit of the day behind the second along,
    and the visit after it had its last day in that rest: 31 days from the job's."""
    rows = (
        row("R0", 15, "day", layer=LAW, anchor=date(2024, 1, 1)),
        row("R1", 1, "month", 2, layer=LAW, anchor=date(2027, 2, 21), max_gap_days=31),
        row("R2", 3, "month", layer=LAW, anchor=date(2024, 1, 1), max_gap_days=92, contains=("R0", "R1")),
    )
    record = live(life(rows, date(2026, 11, 1), Step(80, "rests", 0, is_up=False), Step(32, "rests", 0)))
    visits = [(one.nominal_date, one.latest) for one in record.occurrences.values() if one.plan_row == "R1"]
    assert visits[:2] == [(date(2027, 2, 21), date(2027, 2, 21)), (date(2027, 3, 21), date(2027, 2, 21))]


def test_work_behind_a_rest_that_nobody_has_planned_anew_has_its_last_day_on_the_return() -> None:
    """What was asked for first lapsed in the rest; what was done next, in an order of before it, counted as in time
    until its own last day, two weeks behind the return."""
    rows = (row("R0", 15, "day", layer=LAW, anchor=date(2024, 1, 1), max_gap_days=15),)
    steps = (Step(9, "rests", 0, is_up=False), Step(14, "done", 1, is_up=False))
    record = live(life(rows, date(2025, 1, 2), *steps))
    (done,) = (one for one in record.occurrences.values() if one.state is OccurrenceState.DONE)
    assert (done.nominal_date, done.latest) == (date(2025, 1, 25), date(2025, 1, 11))


def test_work_before_another_row_is_found_at_once_behind_a_rest() -> None:
    """The quarter's job is due on the day of the return and then goes on with its calendar; the work before it knew
    of neither date until the first of them stood."""
    rows = (
        row("OTHER", 3, "month", 15, 5, layer=Layer.CONTRACT, anchor=date(2024, 2, 1), max_gap_days=92),
        replace(row("KIND", 1, "day", schedule=BeforeSchedule("OTHER", 1)), interval=NO_INTERVAL),
    )
    record = live(life(rows, date(2024, 2, 1), Step(6, "rests", 0, is_up=False), Step(0, "moves", 0)))
    assert [one.latest for one in record.occurrences.values() if one.plan_row == "KIND"] == [date(2024, 4, 5)]


BEFORE = row("KIND", 3, "month", layer=Layer.CONTRACT, schedule=BeforeSchedule("OTHER", 1))


def test_work_before_a_job_that_was_missed_is_not_asked_for_behind_it() -> None:
    """The law had drawn the job forward to 1 November, and so the work before it; once the job was missed, the work
    was asked for by the job's date in the calendar, two weeks behind its last day."""
    other = row("OTHER", 3, "month", 15, 5, layer=Layer.CONTRACT, anchor=date(2024, 1, 1), max_gap_days=92)
    done = [Step(days, "done", 0) for days in (38, 40, 58, 32)]
    steps = (Step(0, "moves", 1), *done, Step(0, "moves", 0), Step(138, "done", 0))
    live(life((other, BEFORE), date(2024, 1, 1), *steps))


def test_work_before_a_job_of_the_day_of_return_lapses_with_the_rest() -> None:
    """The job is due on the return, the work before it on the last day at rest; its calendar began before what it had
    given already, and so that day was taken for open."""
    other = row("OTHER", 3, "month", 15, 5, layer=Layer.CONTRACT, anchor=date(2024, 2, 6), max_gap_days=92)
    steps = (
        Step(400, "done", 0), Step(400, "moves", 0), Step(0, "missed", 0), Step(8, "done", 0), Step(19, "missed", 0),
        Step(40, "rests", 0),
    )  # fmt: skip
    live(life((other, BEFORE), date(2026, 1, 1), *steps))


def test_dates_made_up_for_take_nothing_from_what_was_done_behind_them() -> None:
    """The quarter's overdue job was done at the end of an outage; of the quarters that had passed the last one's last
    day took its place, and the jobs to come were put together otherwise at the second look."""
    rows = (
        row("R0", 1, "month", 8, 2, layer=LAW, anchor=date(2024, 1, 1), max_gap_days=28, roll=Roll.FORWARD),
        row("R1", 3, "month", 18, 0, layer=LAW, anchor=date(2024, 1, 1), max_gap_days=89, contains=("R0",)),
    )
    steps = (
        Step(9, "done", 0), Step(30, "moves", 1), Step(116, "done", 0), Step(52, "done", 1),
        Step(400, "done", 0, is_up=False), Step(0, "done", 0),
    )  # fmt: skip
    live(replace(life(rows, date(2024, 4, 17), *steps), holidays=True))


def test_what_stands_counts_from_nothing_that_was_missed_behind_it() -> None:
    """The half-monthly visits of an outage stayed due beside each other, but for those that were missed with a job; an
    earlier one counted from a later one that was missed, and so the visits to come moved at the second look."""
    rows = (
        row("R0", 15, "day", 2, 3, anchor=date(2026, 3, 2), max_gap_days=15, layer=LAW, missed=Missed.STACK),
        row("R1", 1, "month", layer=LAW, anchor=date(2024, 1, 11), contains=("R0",)),
        row("R2", 3, "month", 28, layer=LAW, anchor=date(2024, 1, 1), max_gap_days=92, contains=("R0", "R1")),
    )
    steps = (Step(38, "rests", 0, is_up=False), *(Step(days, "done", 0) for days in (0, 12, 36, 400, 400)))
    live(life(rows, date(2025, 8, 1), *steps))


def test_what_is_overdue_counts_alike_before_and_after_a_later_date_is_missed() -> None:
    rows = (
        row("R0", 15, "day", 0, 1, anchor=date(2024, 2, 1), max_gap_days=12, layer=LAW),
        row("R1", 1, "month", layer=LAW, anchor=date(2024, 1, 1)),
        row("R2", 3, "month", layer=LAW, anchor=date(2024, 3, 1), max_gap_days=92, contains=("R0", "R1")),
        row("R3", 6, "month", layer=LAW, anchor=date(2024, 1, 1), contains=("R0", "R1", "R2")),
    )
    live(life(rows, date(2025, 4, 1), Step(296, "rests", 0, is_up=False), Step(9, "done", 0), Step(162, "done", 0)))


def test_work_before_jobs_of_the_law_comes_in_the_order_of_its_dates() -> None:
    """The law had drawn the next job forward to before a date of the row that no job of the other one goes with."""
    other = row("OTHER", 3, "month", 15, 5, layer=Layer.CONTRACT, anchor=date(2025, 1, 1), max_gap_days=92)
    steps = (Step(3, "moves", 0), Step(400, "done", 0), Step(0, "done", 0))
    live(replace(life((other, BEFORE), date(2024, 1, 1), *steps), former=(32,)))
