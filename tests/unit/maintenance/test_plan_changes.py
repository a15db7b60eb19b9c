"""What a change makes of a row, and two plans laid side by side."""

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from maintenance.budget.costing import cost_of, deepest, line_of_row, system_of_class
from maintenance.intervals import NO_INTERVAL, Interval, IntervalUnit
from maintenance.plan import AppliesTo, BeforeReuse, Layer, Missed, PlanRow
from maintenance.plan_changes.effects import COMES, GOES, MOVES, Effects, compared
from maintenance.plan_changes.model import Action, differing
from maintenance.plan_changes.rules import Outcome, Proposal, law_floor, outcome_of
from maintenance.planner import asset_subject
from maintenance.preview import Horizon, PreviewItem, preview_all
from maintenance.recurrence import longest_between
from maintenance.schedules import BY_INTERVAL, AgeSchedule, FulfilledBy, IntervalSchedule, MeterSchedule
from maintenance.stand_ins import stand_ins
from plantroom.domain.assets import Asset, LocalName
from plantroom.domain.calendars import ALWAYS_OPEN
from plantroom.errors import BadData
from tests.unit.maintenance.rows import row

ZONE = ZoneInfo("Asia/Shanghai")
TODAY, END = date(2026, 1, 15), date(2027, 1, 15)
PUMP = asset_subject(Asset("k1", "demo", "X-1", "pump", LocalName("泵", "Pump")))
MONTHLY = row("M", 1, "month", 3, 3, anchor=date(2026, 1, 20), estimated_minutes=60, job_cost=10.0)

LEGAL = row(
    "L", 15, "day", max_gap_days=15, layer=Layer.LAW, kind="statutory", executor="contractor",
    evidence=("photo", "signature"), checklist="A-1+A-2", licence=("T",),
)  # fmt: skip
UNCAPPED = row("U", 1, "month", 3, 3, layer=Layer.LAW)
IN_HOUSE = row("W", 7, "day", 1, 1, layer=Layer.LAW, max_gap_days=7)


def jobs(*rows: PlanRow) -> list[PreviewItem]:
    horizon = Horizon(TODAY, END, TODAY, ZONE, calendar=ALWAYS_OPEN)
    return preview_all(rows, [PUMP], {}, horizon, {"water": ("pump",)}, {}).items


def side_by_side(before: PlanRow, after: PlanRow, *others: PlanRow, rate: float | None = None) -> Effects:
    return compared(jobs(before, *others), jobs(after, *others), before.lineage, {}, rate)


def changed(before: PlanRow, day: date = TODAY, site: str | None = None, **fields: object) -> Outcome:
    wanted = replace(before, **fields)  # type: ignore[arg-type]
    return outcome_of(Proposal(Action.CHANGE, site, before, wanted, day), "new-lineage")


def test_a_monthly_row_that_becomes_quarterly_loses_two_of_three() -> None:
    quarterly = replace(MONTHLY, interval=Interval(3, IntervalUnit.MONTH))
    found = side_by_side(MONTHLY, quarterly, rate=60.0)
    (counts,) = found.rows
    assert (counts.before, counts.after, counts.goes, counts.comes, counts.moves) == (12, 4, 8, 0, 0)
    assert {one.change for one in found.changes} == {GOES}
    assert (found.before.total, found.after.total, found.after.minutes) == (840.0, 280.0, 240)


def test_another_anchor_moves_every_date() -> None:
    found = side_by_side(MONTHLY, replace(MONTHLY, anchor=date(2026, 1, 25)))
    assert {one.change for one in found.changes} == {MOVES}
    assert {((one.after or TODAY) - (one.before or TODAY)).days for one in found.changes} == {5}
    assert all(one.reason is not None and one.reason.zh for one in found.changes)


def test_other_minutes_move_nothing_but_cost() -> None:
    found = side_by_side(MONTHLY, replace(MONTHLY, estimated_minutes=30), rate=60.0)
    assert (found.changes, found.rows) == ((), ())
    assert found.before.total - found.after.total == 12 * 30.0


def test_a_deeper_row_that_takes_visits_with_it_is_one_job() -> None:
    deep = row("Q", 3, "month", 7, 7, anchor=date(2026, 1, 20), contains=("M",))
    before, after = jobs(MONTHLY), jobs(MONTHLY, deep)
    found = compared(before, after, None, {}, None)
    assert (found.before.jobs, found.after.jobs) == (12, 12)
    assert [one.row.code for one in found.rows if one.comes] == ["Q"]


DAYS = st.integers(1, 400)


@settings(max_examples=60, deadline=None)
@given(DAYS, DAYS, st.integers(0, 27), st.integers(0, 27))
def test_what_stays_goes_comes_and_moves_adds_up(every: int, then: int, first: int, second: int) -> None:
    before = row("R", every, "day", anchor=date(2026, 1, 1 + first))
    after = replace(before, interval=Interval(then, IntervalUnit.DAY), anchor=date(2026, 1, 1 + second))
    found = side_by_side(before, after)
    for counts in found.rows:
        assert counts.before - counts.goes + counts.comes == counts.after
        assert counts.moves <= min(counts.before, counts.after)
    # The changes turn the days of one plan into those of the other.
    days = [item.job.due for item in jobs(before)]
    for one in found.changes:
        if one.before is not None:
            days.remove(one.before)
        if one.after is not None:
            days.append(one.after)
        if one.change == MOVES:
            assert one.before is not None
            assert one.after is not None
            assert abs((one.after - one.before).days) < max(1, then // 2)
    assert sorted(days) == sorted(item.job.due for item in jobs(after))
    assert {GOES, COMES, MOVES} >= {one.change for one in found.changes}


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 400), st.none() | st.integers(1, 400), st.integers(1, 400), st.none() | st.integers(1, 800))
def test_no_change_of_a_legal_row_loosens_its_floor(every: int, gap: int | None, then: int, wanted: int | None) -> None:
    before = row("L", every, "day", max_gap_days=gap, layer=Layer.LAW)
    found = changed(before, interval=Interval(then, IntervalUnit.DAY), max_gap_days=wanted)
    floor = law_floor(before)
    assert floor is not None
    kept = found.row.max_gap_days or longest_between(found.row)
    assert kept <= floor
    asked = max(wanted or then, then if then != every else 0)
    assert [one.code for one in found.cautions] == (["law_floor"] if asked > floor else [])
    assert not found.leaves_law


def test_a_legal_row_stays_one_and_other_machines_need_an_administrator() -> None:
    law = row("L", 15, "day", max_gap_days=15, layer=Layer.LAW, basis="TSG T5002")
    with pytest.raises(BadData) as error:
        changed(law, layer=Layer.CONTRACT)
    assert [one.field for one in error.value.problems] == ["layer"]
    other = changed(law, applies_to=AppliesTo(classes=("escalator",)))
    assert (other.leaves_law, [one.code for one in other.cautions]) == (True, ["law_applies_otherwise"])
    ended = outcome_of(Proposal(Action.RETIRE, None, law, None, TODAY), "")
    assert (ended.row.ends, ended.leaves_law, [one.code for one in ended.cautions]) == (TODAY, True, ["law_ends"])
    assert all("TSG T5002" in one.text.zh and "TSG T5002" in one.text.en for one in (*other.cautions, *ended.cautions))


INSPECTION = row("I", 1, "year", layer=Layer.LAW, schedule=AgeSchedule((1, 4, 7), Interval(1, IntervalUnit.YEAR)))
AFTER_REST = replace(INSPECTION, before_reuse=BeforeReuse(365))


@pytest.mark.parametrize(
    ("law", "fields", "code"),
    [
        (LEGAL, {"anchor": date(2099, 1, 1)}, "law_dates"),
        (INSPECTION, {"schedule": AgeSchedule((1, 4, 7), Interval(3, IntervalUnit.YEAR))}, "law_dates"),
        (INSPECTION, {"schedule": BY_INTERVAL, "interval": Interval(1, IntervalUnit.YEAR)}, "law_dates"),
        (AFTER_REST, {"before_reuse": None}, "law_dates"),
        (AFTER_REST, {"before_reuse": BeforeReuse(366)}, "law_dates"),
        (LEGAL, {"kind": "preventive"}, "law_proof"),
        (LEGAL, {"executor": "in_house"}, "law_proof"),
        (LEGAL, {"evidence": ("photo",)}, "law_proof"),
        (LEGAL, {"checklist": None}, "law_proof"),
        (LEGAL, {"checklist": "A-1"}, "law_proof"),
        (LEGAL, {"licence": ()}, "law_proof"),
        (LEGAL, {"fulfilled_by": FulfilledBy("door_open")}, "law_proof"),
        (IN_HOUSE, {"executor": "automatic"}, "law_proof"),
        (UNCAPPED, {"late_days": 60}, "law_dates"),
        (UNCAPPED, {"early_days": 25}, "law_dates"),
        (IN_HOUSE, {"late_days": 60}, "law_dates"),
        (INSPECTION, {"late_days": 30}, "law_dates"),
        (INSPECTION, {"early_days": 300}, "law_dates"),
    ],
)
def test_what_no_floor_holds_needs_an_administrator(law: PlanRow, fields: dict[str, object], code: str) -> None:
    found = changed(law, **fields)
    assert (found.leaves_law, [one.code for one in found.cautions]) == (True, [code])
    assert all(one.text.zh and one.text.en for one in found.cautions)


@pytest.mark.parametrize(
    "fields",
    [
        {"schedule": BY_INTERVAL, "interval": Interval(3, IntervalUnit.YEAR)},
        {"schedule": BY_INTERVAL, "interval": Interval(1, IntervalUnit.YEAR), "max_gap_days": 1200},
        {"schedule": MeterSchedule("run_hours", 9000), "interval": NO_INTERVAL},
    ],
)
def test_the_law_s_years_keep_their_shortest_gap_as_the_floor_of_whatever_takes_their_place(
    fields: dict[str, object],
) -> None:
    found = changed(INSPECTION, **fields)
    assert found.row.max_gap_days == 366
    assert (found.leaves_law, [one.code for one in found.cautions]) == (True, ["law_floor", "law_dates"])
    later = changed(found.row, interval=Interval(9, IntervalUnit.YEAR), max_gap_days=None)
    assert later.row.max_gap_days == 366


@pytest.mark.parametrize(
    "fields",
    [
        {"anchor": TODAY + timedelta(days=15)},
        {"anchor": date(2025, 1, 1)},
        {"evidence": ("photo", "signature", "report")},
        {"checklist": "A-3+A-1+A-2", "licence": ("T", "T2")},
        {"late_days": 15, "early_days": 15},
        {"estimated_minutes": 5},
    ],
)
def test_what_the_floor_holds_does_not(fields: dict[str, object]) -> None:
    assert changed(LEGAL, **fields) == Outcome(changed(LEGAL, **fields).row, (), leaves_law=False)


@pytest.mark.parametrize(
    "fields",
    [
        {"executor": "contractor"},
        {"late_days": 0},
        {"early_days": 5, "late_days": 1},
        {"interval": Interval(15, IntervalUnit.DAY), "early_days": 5},
        {"max_gap_days": 31, "late_days": 20},
    ],
)
def test_a_law_s_row_without_a_gap_may_come_as_soon_as_it_did(fields: dict[str, object]) -> None:
    assert changed(UNCAPPED, **fields) == Outcome(changed(UNCAPPED, **fields).row, (), leaves_law=False)


PATROL = row(
    "P", 2, "hour", layer=Layer.LAW, max_gap_days=1, schedule=IntervalSchedule(open_hours=True), missed=Missed.SUPERSEDE
)


def hourly(every: int) -> dict[str, object]:
    return {"interval": Interval(every, IntervalUnit.HOUR)}


@pytest.mark.parametrize(
    "fields",
    [
        hourly(3),
        hourly(12),
        {"interval": Interval(1, IntervalUnit.DAY), "schedule": BY_INTERVAL, "missed": Missed.HOLD, "late_days": 1},
    ],
)
def test_a_patrol_by_the_hour_keeps_the_law_s_hours_and_that_is_said(fields: dict[str, object]) -> None:
    """Two hours were a floor of one day: twelve-hourly, or daily, was taken without a word."""
    found = changed(PATROL, **fields)
    assert (found.leaves_law, [one.code for one in found.cautions]) == (False, ["law_floor"])
    assert "每2小时" in found.cautions[0].text.zh
    assert "every 2 hours" in found.cautions[0].text.en
    assert differing(PATROL, found.row) == []


def test_a_patrol_more_often_than_the_law_s_is_taken_and_may_become_the_law_s_again() -> None:
    often = changed(PATROL, **hourly(1))
    assert (often.cautions, often.row.interval, often.row.schedule) == ((), hourly(1)["interval"], PATROL.schedule)
    assert changed(often.row, **hourly(2)).cautions == ()
    lax = changed(often.row, **hourly(12))
    assert ([one.code for one in lax.cautions], lax.row.interval) == (["law_floor"], PATROL.interval)
    assert lax.row.custom == PATROL.custom


def test_a_daily_row_of_the_law_s_that_comes_by_the_hour_may_become_daily_again_but_no_laxer() -> None:
    daily = row("D", 1, "day", layer=Layer.LAW)
    often = changed(daily, **hourly(2)).row
    again = changed(often, interval=Interval(1, IntervalUnit.DAY))
    assert (again.cautions, again.row.interval, again.row.custom) == ((), daily.interval, {})
    two_days = changed(row("D2", 2, "day", layer=Layer.LAW), **hourly(2)).row
    assert changed(two_days, interval=Interval(2, IntervalUnit.DAY)).cautions == ()
    lax = changed(often, interval=Interval(1, IntervalUnit.WEEK))
    assert ([one.code for one in lax.cautions], lax.row.max_gap_days) == (["law_floor"], 1)
    hours = changed(often, **hourly(36))
    assert ([one.code for one in hours.cautions], hours.row.interval) == (["law_floor"], hourly(24)["interval"])


@example(24, 1, 25)
@given(st.integers(1, 200), st.integers(1, 200), st.integers(1, 200))
def test_no_two_changes_of_a_patrol_loosen_its_hours(every: int, first: int, second: int) -> None:
    law = row("L", every, "hour", layer=Layer.LAW)
    once = changed(law, **hourly(first))
    twice = changed(once.row, **hourly(second))
    assert once.row.interval.every == min(first, every)
    assert twice.row.interval.every == min(second, every)
    assert bool(once.cautions) == (first > every)
    assert bool(twice.cautions) == (second > every)


def test_a_new_version_keeps_since_when_the_row_is_in_the_plan() -> None:
    before = replace(MONTHLY, effective_from=date(2025, 1, 1))
    found = changed(before, day=date(2026, 3, 1), estimated_minutes=5).row
    assert (found.effective_from, found.since, found.first_day) == (
        date(2026, 3, 1),
        date(2025, 1, 1),
        date(2025, 1, 1),
    )
    again = changed(found, day=date(2026, 6, 1), estimated_minutes=6).row
    assert again.since == date(2025, 1, 1)
    with pytest.raises(BadData) as error:
        changed(again, day=date(2026, 4, 1), estimated_minutes=7)
    assert [one.code for one in error.value.problems] == ["before_waiting_version"]


def test_a_site_s_own_row_is_another_row_with_the_same_code() -> None:
    found = changed(MONTHLY, site="demo", estimated_minutes=5).row
    assert (found.lineage, found.site, found.code, found.version) == ("new-lineage", "demo", "M", 1)
    assert differing(MONTHLY, found) == ["estimated_minutes"]


def test_what_a_job_costs() -> None:
    own = cost_of(MONTHLY, 60.0)
    assert (own.labour, own.job_cost, own.total, own.unpriced) == (60.0, 10.0, 70.0, 0)
    outside = cost_of(replace(MONTHLY, executor="contractor", material_cost=5.0), 60.0)
    assert (outside.labour, outside.total) == (0.0, 15.0)
    bare = replace(MONTHLY, job_cost=None)
    assert (cost_of(bare, None).unpriced, cost_of(bare, 60.0).unpriced) == (1, 0)
    assert cost_of(replace(bare, executor="contractor"), 60.0).unpriced == 1
    free = cost_of(replace(bare, executor="automatic"), None)
    assert (free.minutes, free.total, free.unpriced) == (0, 0.0, 0)


def test_which_line_and_system_a_row_s_cost_belongs_to() -> None:
    assert line_of_row(MONTHLY) == "upkeep"
    assert line_of_row(replace(MONTHLY, kind="statutory")) == "inspection"
    assert line_of_row(replace(MONTHLY, budget_line="records")) == "records"
    systems = {"all": ("pump", "ahu", "chiller"), "water": ("pump", "water_tank")}
    assert system_of_class(systems) == {"pump": "water", "water_tank": "water", "ahu": "all", "chiller": "all"}
    assert deepest([MONTHLY, row("Q", 3, "month")]).code == "Q"


def test_a_row_stands_for_those_that_a_later_version_names_since_that_version() -> None:
    law = row("L", 1, "month", layer=Layer.LAW)
    plain = replace(MONTHLY, effective_from=date(2025, 1, 1), fulfils=("K",))
    day, later = date(2026, 3, 1), date(2026, 5, 1)

    def since(one: PlanRow, *others: PlanRow) -> dict[str, date]:
        rows = [one, law, replace(law, code="K", lineage="k"), *others]
        return {link.law: link.since for link in stand_ins(rows, {}) if link.row == one.code}

    second = changed(plain, day=day, fulfils=("K", "L")).row
    assert since(second) == {"K": date(2025, 1, 1), "L": day}
    third = changed(second, day=later, estimated_minutes=5).row
    assert since(third) == since(second)
    dropped = changed(third, day=later, fulfils=("K",)).row
    assert (since(dropped), dropped.fulfils_since) == ({"K": date(2025, 1, 1)}, ())
    assert since(changed(dropped, day=later, fulfils=("L",)).row) == {"L": later}
    outer = row("OUT", 1, "month", fulfils=("M",), effective_from=date(2025, 6, 1))
    assert since(outer, second) == {"M": date(2025, 6, 1), "K": date(2025, 6, 1), "L": day}


def test_a_row_that_only_ceases_to_stand_for_the_law_s_hands_nothing_back_and_says_so() -> None:
    ours = replace(MONTHLY, fulfils=("L", "K"))
    (caution,) = changed(ours, fulfils=("K",)).cautions
    assert caution.code == "fulfils_dropped"
    assert "L had since then" in caution.text.en
    assert "L后" in caution.text.zh
    assert changed(ours, fulfils=("K", "L", "N")).cautions == ()
