"""What a table may change of a row that the law asks for: what a change of the plan by hand may, and no more."""

from itertools import pairwise

from maintenance.imports.frequency_words import Frequency
from maintenance.imports.outcome import Rights
from maintenance.imports.plan_reading import Wanted
from maintenance.imports.problems import Problems, in_words
from maintenance.intervals import Interval, IntervalUnit
from maintenance.plan import Layer, PlanRow
from maintenance.plan_changes.rules import law_floor, lawful
from maintenance.recurrence import longest_between, longest_days
from maintenance.schedule_words import how_often
from maintenance.schedules import AgeSchedule, BeforeSchedule, IntervalSchedule, MeterSchedule
from plantroom.domain.assets import LocalName
from plantroom.errors import BadData

_DATES = ("schedule", "anchor", "frequency")


def kept_lawful(
    wanted: Wanted, before: PlanRow, after: PlanRow, site: str | None, rights: Rights, problems: Problems
) -> PlanRow | None:
    """The row with the law's longest gap, a warning where the table is laxer or has other dates; ``None`` with an error
    for what is no more asked for by the law, or is for other machines without an administrator's right."""
    try:
        found = lawful(before, after)
    except BadData:
        problems.error(wanted.row.problem("layer", "law_stays"))
        return None
    if found.leaves_law and not rights.may_leave_law(site):
        problems.error(wanted.row.problem("system", "law_needs_admin", value=before.code))
        return None
    floor = law_floor(before) if found.row != before else None
    if floor is not None and longest_between(found.row) > floor:
        said = LocalName(
            f"比法规宽松，仍按法规间隔（最长{floor}天）安排",
            f"laxer than the law: still scheduled by the law's longest gap, {floor} days",
        )
        problems.warn(wanted.row.problem("frequency", "law_is_stricter", in_words("law_is_stricter", said)))
    if any(one.code == "law_dates" for one in found.cautions):
        problems.warn(
            wanted.row.problem(_first_of(wanted, _DATES), "law_dates", in_words("law_dates", _moved(before, found.row)))
        )
    return found.row


def keeps_its_dates(wanted: Wanted, row: PlanRow, problems: Problems) -> bool:
    """Whether a row that the law gives dates of their own (by age, before a season, before another job) goes on by
    these although the line says how often, with a warning: an interval says nothing of the years and seasons."""
    found = wanted.frequency
    if found is None or row.layer is not Layer.LAW or isinstance(row.schedule, IntervalSchedule):
        return False
    other_rule = wanted.values.get("schedule", row.schedule) != row.schedule
    if other_rule or not isinstance(found.schedule, IntervalSchedule) or _is_as_strict(row, found.interval):
        return False
    law = how_often(row)
    said = LocalName(
        f"“{row.name.zh}”依法按“{law.zh}”安排，不改为表中的周期",
        f"{row.name.en} goes by what the law says ({law.en}), not by the table's frequency",
    )
    problems.warn(wanted.row.problem("frequency", "law_is_stricter", in_words("law_is_stricter", said)))
    return True


def keeps_its_rule(row: PlanRow, found: Frequency) -> bool:
    """Whether another frequency leaves what the row goes by beside it: the other job that the law's row comes before,
    the meter that it is capped by."""
    beside = isinstance(row.schedule, BeforeSchedule | MeterSchedule)
    return row.layer is Layer.LAW and beside and isinstance(found.schedule, IntervalSchedule)


def _is_as_strict(row: PlanRow, interval: Interval) -> bool:
    """Whether an interval is never longer than the row's own dates are apart."""
    days, schedule = longest_days(interval), row.schedule
    if isinstance(schedule, AgeSchedule):
        gaps = [b - a for a, b in pairwise((0, *schedule.years))]
        shortest = [longest_days(Interval(years, IntervalUnit.YEAR)) for years in gaps]
        return days <= min([*shortest, *([] if schedule.then is None else [longest_days(schedule.then)])])
    if isinstance(schedule, MeterSchedule) and not row.interval.every:
        return True
    beside = isinstance(schedule, BeforeSchedule | MeterSchedule)
    return beside and row.interval.every > 0 and days <= longest_days(row.interval)


def _moved(before: PlanRow, after: PlanRow) -> LocalName:
    was, is_now = how_often(before), how_often(after)
    if was == is_now:
        return LocalName(
            f"法规项目“{before.name.zh}”改按其他规则或起始日期安排",
            f"{before.name.en}, which the law asks for, gets its dates by another rule or first day",
        )
    return LocalName(
        f"法规项目“{before.name.zh}”原按“{was.zh}”安排，现改为“{is_now.zh}”",
        f"{before.name.en}, which the law asks for, went by {was.en} and now by {is_now.en}",
    )


def _first_of(wanted: Wanted, columns: tuple[str, ...]) -> str:
    """The first of the columns that the line fills in."""
    return next((one for one in columns if wanted.row.text(one)), columns[-1])
