"""Rows of every kind of schedule, and what the planning makes of them, for tests."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from maintenance.facts import NO_FACTS, Facts
from maintenance.intervals import Interval, IntervalUnit
from maintenance.plan import AppliesTo, Occurrence, OccurrenceKey, OccurrenceState, PlanRow
from maintenance.planner import SubjectPlan, asset_subject, plan_subject
from maintenance.preview import Horizon, PreviewItem, preview_all
from maintenance.schedules import (
    Schedule,
    implied_interval,
)
from plantroom.domain.assets import Asset, LocalName
from tests.unit.maintenance.rows import row

ZONE = ZoneInfo("Asia/Shanghai")
YEAR = Interval(1, IntervalUnit.YEAR)
LIFT = Asset("k1", "demo", "L-1", "elevator", LocalName("梯", "Lift"), installed_on=date(2022, 5, 10))


def by(code: str, schedule: Schedule, early: int = 0, late: int = 0, **more: object) -> PlanRow:
    """A row of a schedule, with the interval that it implies unless another one is given."""
    interval = more.pop("interval", implied_interval(schedule))
    assert isinstance(interval, Interval)
    return row(code, interval.every, interval.unit.value, early, late, schedule=schedule, **more)


def closed(
    one: PlanRow, cycle: int, nominal: date, on: date | None, state: OccurrenceState = OccurrenceState.DONE
) -> Occurrence:
    at = None if on is None else datetime(on.year, on.month, on.day, 4, tzinfo=UTC)
    return Occurrence(OccurrenceKey(one.lineage, "k1", cycle), "demo", one.code, nominal, nominal, nominal, state, at)


def plan(
    rows: list[PlanRow],
    today: date,
    history: list[Occurrence] | None = None,
    facts: Facts = NO_FACTS,
    asset: Asset = LIFT,
) -> SubjectPlan:
    every_row = {one.code: one for one in rows}
    return plan_subject(rows, every_row, asset_subject(asset), history or [], today, ZONE, facts=facts)


def ahead(found: SubjectPlan, until: date) -> dict[str, list[date]]:
    dates: dict[str, list[date]] = {}
    for job in found.upcoming(until):
        for planned in job.occurrences:
            dates.setdefault(planned.row.code, []).append(planned.window.nominal)
    return dates


def shown(
    rows: list[PlanRow],
    start: date,
    end: date,
    facts: Facts = NO_FACTS,
    today: date | None = None,
) -> list[PreviewItem]:
    horizon = Horizon(start, end, today or start, ZONE, calendar=facts.calendar)
    return preview_all(rows, [asset_subject(LIFT)], {}, horizon, {"x": ("elevator", "pump")}, {"k1": facts}).items


def here(one: PlanRow) -> PlanRow:
    return replace(one, applies_to=AppliesTo(assets=("k1",)))
