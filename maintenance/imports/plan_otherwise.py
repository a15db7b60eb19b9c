"""Whether a line of a plan table asks for other dates than its row has. Pure."""

from collections.abc import Mapping
from typing import Any

from maintenance.frequencies import canonical
from maintenance.imports.frequency_words import Frequency, read_frequency
from maintenance.imports.plan_matching import schedule_in_words
from maintenance.imports.plan_reading import Wanted
from maintenance.imports.rule_words import frequency_text
from maintenance.plan import PlanRow
from maintenance.schedules import BY_INTERVAL, BeforeSchedule, IntervalSchedule, MeterSchedule


def counted_values(wanted: Wanted, row: PlanRow) -> Mapping[str, Any]:
    """The values of the line's columns that count. Of an export's two cells that say when, the one that somebody has
    changed does: the schedule that the row has does not stand against another frequency, but for one that an interval
    stands beside (a season's weeks, another job, a meter that is capped)."""
    found, schedule = wanted.frequency, row.schedule
    if found is None or wanted.values.get("schedule") != schedule or not says_otherwise(wanted, row):
        return wanted.values
    beside = isinstance(schedule, IntervalSchedule | BeforeSchedule) or (
        isinstance(schedule, MeterSchedule) and row.interval.every > 0
    )
    if beside and found.schedule == BY_INTERVAL:
        return wanted.values
    return {key: value for key, value in wanted.values.items() if key != "schedule"}


def says_otherwise(wanted: Wanted, row: PlanRow) -> bool:
    """Whether a line's frequency is another than the row's. Yearly is what a row before a season or before another job
    is, in words."""
    found = wanted.frequency
    assert found is not None
    if found == _as_exported(row):
        return False
    if canonical(found.interval) != canonical(row.interval):
        return True
    if found.schedule == BY_INTERVAL:
        return row.schedule.type not in ("interval", "season", "before")
    return schedule_in_words(found.schedule) != schedule_in_words(row.schedule)


def _as_exported(row: PlanRow) -> Frequency | None:
    """What the row's own cell in an export means."""
    text = frequency_text(row.interval, row.schedule, "zh")
    return read_frequency(text) if text else None
