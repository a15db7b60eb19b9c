"""Dates of rows that were done last before Plantroom, by every kind of calendar."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from maintenance.facts import Facts
from maintenance.former import entered_on, former_work, standing_for
from maintenance.intervals import Interval, IntervalUnit
from maintenance.plan import Layer, Occurrence, OccurrenceState, PlanRow
from maintenance.planner import asset_subject, plan_subject
from maintenance.preview import preview
from maintenance.reasons import reason
from maintenance.schedules import AgeSchedule, IntervalSchedule, SeasonSchedule
from plantroom.domain.assets import Asset, LocalName
from tests.unit.maintenance.histories import SITE, ZONE
from tests.unit.maintenance.rows import row

TODAY = date(2026, 3, 2)
PUMP = Asset("k1", "demo", "X", "pump", LocalName("泵", "Pump"), installed_on=date(2020, 3, 10))
YEARLY = Interval(1, IntervalUnit.YEAR)


def brought(one: PlanRow, day: date, asset: Asset = PUMP) -> Occurrence:
    """What was done of a row, entered today, as that of the date that it stands for."""
    made = former_work(one, "k1", "demo", day, TODAY, ZONE, one.max_gap_days)
    early = replace(made, evidence={"entered_on": day.isoformat()})
    (track,) = plan(one, [early], TODAY, asset).tracks
    return standing_for(made, track.series)


def plan(one: PlanRow, history: Sequence[Occurrence], today: date, asset: Asset = PUMP):  # type: ignore[no-untyped-def]
    return plan_subject([one], {one.code: one}, asset_subject(asset), history, today, ZONE, facts=Facts(SITE))


def days(one: PlanRow, day: date, asset: Asset = PUMP, until: date = date(2028, 12, 31)) -> list[tuple[date, date]]:
    """Nominal and last days of the first two dates behind what was done on a day."""
    found = plan(one, [brought(one, day, asset)], TODAY, asset).upcoming(until)
    return [(job.leader.window.nominal, job.latest) for job in found][:2]


@pytest.mark.parametrize(
    ("done", "dates"),
    [
        (date(2026, 2, 14), [date(2026, 5, 14), date(2026, 8, 14)]),
        (date(2026, 3, 2), [date(2026, 6, 2), date(2026, 9, 2)]),
        (date(2025, 11, 30), [date(2026, 2, 28), date(2026, 5, 30)]),
        (date(2020, 2, 29), [date(2026, 2, 28), date(2026, 5, 29)]),
    ],
)
def test_a_row_without_an_anchor_counts_from_it(done: date, dates: list[date]) -> None:
    one = row("Q", 3, "month", 10, 5)
    assert [day for day, _ in days(one, done, replace(PUMP, in_service_on=date(2019, 1, 1)))] == dates


def test_an_anchor_stays_and_what_was_early_for_its_date_counts_for_that() -> None:
    one = row("Q", 3, "month", 10, 5, anchor=date(2025, 1, 10))
    assert [day for day, _ in days(one, date(2025, 12, 31))] == [date(2026, 4, 10), date(2026, 7, 10)]
    assert days(one, date(2025, 12, 30)) == [(date(2026, 1, 10), TODAY), (date(2026, 4, 10), date(2026, 4, 15))]
    assert brought(one, date(2025, 12, 31)).nominal_date == date(2026, 1, 10)
    assert brought(one, date(2025, 12, 30)).nominal_date == date(2025, 12, 30)


def test_the_longest_gap_counts_from_it() -> None:
    one = row("Q", 3, "month", 10, 5, anchor=date(2025, 1, 30), max_gap_days=92)
    assert days(one, date(2026, 2, 3)) == [
        (date(2026, 4, 30), date(2026, 5, 5)),
        (date(2026, 7, 30), date(2026, 7, 31)),
    ]
    assert days(one, date(2026, 1, 10)) == [(date(2026, 1, 30), TODAY), (date(2026, 4, 30), date(2026, 5, 5))]
    early = replace(one, early_days=70)
    assert days(early, date(2025, 11, 10))[0] == (date(2026, 4, 30), TODAY), "what may be done by now is done"


def test_where_the_longest_gap_has_run_out_it_is_due_on_the_day_of_entering_once() -> None:
    one = row("Q", 3, "month", 10, 5, max_gap_days=92, layer=Layer.LAW)
    found = plan(one, [brought(one, date(2023, 5, 20))], TODAY).upcoming(date(2026, 12, 31))
    assert [job.latest for job in found][:2] == [TODAY, date(2026, 5, 25)]
    said = reason(found[0], {"Q": 92})
    assert "2026-02-20的一次在登记上次完成日期时已过期" in said.zh
    assert "the one of 2026-02-20 was over when its last completion was entered" in said.en
    one = replace(one, early_days=80)
    found = plan(one, [brought(one, date(2023, 5, 20))], TODAY).upcoming(date(2026, 12, 31))
    assert found[0].latest == TODAY
    assert "最长间隔92天" in reason(found[0], {"Q": 92}).zh
    assert "2023-05-20" in reason(found[0], {"Q": 92}).en
    assert "2023" not in reason(found[1], {"Q": 92}).en


def test_an_inspection_of_an_age_that_is_over_is_due_on_the_day_of_entering() -> None:
    one = row("INSP", 1, "year", 60, 0, schedule=AgeSchedule((1, 4, 7, 9), then=YEARLY))
    lift = replace(PUMP, installed_on=date(2022, 1, 15))
    assert days(one, date(2023, 1, 20), lift, date(2032, 1, 1)) == [
        (date(2026, 1, 15), TODAY), (date(2029, 1, 15), date(2029, 1, 15))
    ]  # fmt: skip


def test_an_anchor_ahead_is_the_next_date_where_the_law_lets_it() -> None:
    law = row("Q", 3, "month", 0, 0, anchor=date(2026, 4, 1), max_gap_days=92)
    assert days(law, date(2026, 2, 1))[0] == (date(2026, 4, 1), date(2026, 4, 1))
    assert days(law, date(2025, 12, 10))[0][1] == date(2026, 3, 12)
    lax = replace(law, max_gap_days=None)
    assert days(lax, date(2025, 6, 10))[0][0] == date(2026, 4, 1)


def test_inspections_by_age_go_on_with_the_next_age() -> None:
    one = row("INSP", 1, "year", 60, 0, schedule=AgeSchedule((1, 4, 7, 9), then=YEARLY))
    assert [day for day, _ in days(one, date(2024, 3, 5))] == [date(2027, 3, 10)]
    assert days(one, date(2024, 1, 20))[0][0] == date(2027, 3, 10), "early for the fourth year"
    assert days(one, date(2026, 2, 1))[0][0] == date(2027, 3, 10), "too early for the seventh year"
    assert brought(one, date(2027, 2, 1)).nominal_date == date(2027, 3, 10)


def test_before_a_season_the_last_one_that_was_done_counts() -> None:
    one = row("HEAT", 1, "year", 30, 20, schedule=SeasonSchedule(("heating",), 30))
    this, following = (start - timedelta(days=30) for start in (date(2026, 11, 15), date(2027, 11, 15)))
    assert [day for day, _ in days(one, date(2025, 10, 20))] == [this, following]
    assert [day for day, _ in days(one, date(2025, 6, 20))] == [this, following], (
        "nobody asks for a season that is over"
    )


def test_in_a_season_its_next_date_follows() -> None:
    one = row("COOL", 1, "month", 3, 3, schedule=IntervalSchedule("cooling"))
    assert days(one, date(2025, 8, 20))[0][0].year == 2026


def test_dates_that_move_with_the_work_move_from_it() -> None:
    one = row("FLOAT", 2, "month", 5, 5, shift_percent=100, anchor=date(2024, 1, 1))
    assert [day for day, _ in days(one, date(2026, 2, 11))] == [date(2026, 4, 11), date(2026, 6, 11)]


def test_what_was_over_when_it_was_entered_stays_left_out_later() -> None:
    one = row("FLOAT", 2, "month", 5, 5, shift_percent=100)
    former = brought(one, date(2025, 1, 11))
    first = plan(one, [former], TODAY).upcoming(date(2026, 4, 1))[0].leader.window
    assert (first.nominal, first.latest) == (date(2026, 1, 11), TODAY)
    due = Occurrence(
        replace(former.key, cycle=first.cycle), "demo", "FLOAT", first.nominal, first.earliest, first.latest
    )
    later = plan(one, [former, due], date(2026, 5, 1))
    (standing,) = later.standing
    assert (standing.job.leader.window.nominal, standing.job.latest) == (date(2026, 1, 11), TODAY)


def test_a_row_that_comes_into_the_plan_later_has_no_date_before() -> None:
    one = row("NEW", 1, "month", 0, 3, effective_from=date(2026, 6, 1))
    assert days(one, date(2026, 2, 11))[0][0] >= date(2026, 6, 1)


def test_it_says_when_it_was_entered() -> None:
    one = brought(row("M", 1, "month"), date(2026, 2, 1))
    assert entered_on(one) == TODAY
    assert one.state is OccurrenceState.FORMER
    assert one.completed_at is not None
    assert one.completed_at.astimezone(ZONE).date() == date(2026, 2, 1)


def test_the_preview_shows_what_is_made_up_for_on_its_day() -> None:
    one = row("INSP", 1, "year", 60, 0, schedule=AgeSchedule((1, 4, 7, 9), then=YEARLY))
    lift = replace(PUMP, installed_on=date(2022, 1, 15))
    history = {"k1": [brought(one, date(2023, 1, 20), lift)]}
    shown = preview([one], [asset_subject(lift)], history, TODAY, date(2026, 12, 31), TODAY, {}, ZONE)
    assert [(item.due, item.ends) for item in shown] == [(TODAY, TODAY)]
    later = date(2026, 3, 3)
    assert preview([one], [asset_subject(lift)], history, later, date(2026, 12, 31), TODAY, {}, ZONE) == []


def test_the_preview_shows_what_the_law_draws_into_its_days_from_behind_them() -> None:
    """Done on 1 February, a month before its date: the next one is due by the law on 4 March, in the calendar on the
    31st, which lies behind what was asked for."""
    one = row("M", 1, "month", 30, 0, max_gap_days=31, anchor=date(2026, 1, 31))
    history = {"k1": [brought(one, date(2026, 2, 1), PUMP)]}
    shown = preview(
        [one], [asset_subject(PUMP)], history, date(2026, 3, 1), date(2026, 3, 10), date(2026, 2, 1), {}, ZONE
    )
    assert [item.due for item in shown] == [date(2026, 3, 4)]
