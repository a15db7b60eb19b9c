"""What a table may change of a row that the law asks for: what a change of the plan by hand may, and no more."""

from collections.abc import Mapping
from typing import Any

from maintenance.hours import by_the_hour
from maintenance.imports.cells import fold
from maintenance.imports.codes import CODES
from maintenance.imports.frequency_words import Frequency
from maintenance.imports.law_names import is_as_often
from maintenance.imports.outcome import Rights
from maintenance.imports.plan_columns import BY_KEY, NO_BASIS
from maintenance.imports.plan_matching import has_first_day, not_taken_over
from maintenance.imports.plan_reading import Wanted
from maintenance.imports.problems import Problem, Problems, in_words
from maintenance.intervals import Interval
from maintenance.plan import Layer, PlanRow
from maintenance.plan_changes.law_hours import LAW_HOURS, hours_of
from maintenance.plan_changes.rules import floor_of_change, lawful
from maintenance.recurrence import longest_between, longest_days
from maintenance.schedule_words import how_often
from maintenance.schedules import BY_INTERVAL, AgeSchedule, BeforeSchedule, IntervalSchedule, MeterSchedule
from maintenance.stand_ins import shortest_between
from plantroom.domain.assets import LocalName
from plantroom.domain.wording import counted
from plantroom.errors import BadData

_LEAVES = {
    "law_applies_otherwise": "law_needs_admin",
    "law_dates": "law_dates_need_admin",
    "law_proof": "law_proof_needs_admin",
}
"""What takes a row out of the law (``maintenance.plan_changes.rules``), and the error of whoever may not."""

_COLUMNS = {
    "law_applies_otherwise": ("system", "classes", "assets", "site_wide"),
    "law_dates": ("schedule", "anchor", "frequency", "early_days", "late_days", "before_reuse"),
    "law_proof": ("evidence", "executor", "kind", "licence", "checklist", "fulfilled_by"),
}


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
    leaves = [one.code for one in found.cautions if one.code in _LEAVES]
    if leaves and not rights.may_leave_law(site):
        for code in leaves:
            column = _column(wanted, before, found.row, code)
            problems.error(_problem(wanted, column, _LEAVES[code]))
        return None
    floor = floor_of_change(before, found.row) if found.row != before else None
    if by_the_hour(found.row.interval) and hours_of(after.interval) > hours_of(found.row.interval):
        problems.warn(_law_is_stricter(wanted, found.row))
    if floor is not None and longest_between(found.row) > floor:
        said = LocalName(
            f"比法规宽松，仍按法规间隔（最长{floor}天）安排",
            f"laxer than the law: still scheduled by the law's longest gap, {counted(floor, 'day')}",
        )
        problems.warn(wanted.row.problem("frequency", "law_is_stricter", in_words("law_is_stricter", said)))
    for code in leaves:
        problems.warn(_problem(wanted, _column(wanted, before, found.row, code), code, _said(code, before, found.row)))
    return found.row


def without_other_basis(
    wanted: Wanted, row: PlanRow, values: Mapping[str, Any], problems: Problems
) -> Mapping[str, Any]:
    """The line's values without another basis than the one that the law's row has, with a warning that names both:
    the basis says which rule asks for the work, and a table does not change that."""
    said = str(values.get("basis", row.basis))
    if row.layer is not Layer.LAW or row.basis in ("", NO_BASIS) or said == row.basis:
        return values
    if not said or fold(said) not in fold(row.basis):
        told = LocalName(
            f"“{row.name.zh}”（{row.code}）的依据是“{row.basis}”，表中为“{said}”，保留原依据",
            f"the basis of {row.name.en} ({row.code}) is {row.basis}, the table says {said or 'none'}: it stays so",
        )
        problems.warn(wanted.row.problem("basis", "law_basis", in_words("law_basis", told)))
    return {key: value for key, value in values.items() if key != "basis"}


def say_law_has_it(wanted: Wanted, law: PlanRow, problems: Problems) -> None:
    """Say of a line for single machines that it asks for work of the law again, which all of their class have, and
    which of its columns are not taken over."""
    often, left = how_often(law), not_taken_over(wanted, law)
    said = LocalName(
        f"法规项目 {law.code}“{law.name.zh}”（{often.zh}）已包含该设备，不另立一项",
        f"{law.code} {law.name.en} ({often.en}), which the law asks for, is for that machine too: no second row",
    )
    if left:
        names = [wanted.row.heading(key) for key in left]
        said = LocalName(
            f"{said.zh}；未采用的列：{'、'.join(names)}", f"{said.en}; columns not taken over: {', '.join(names)}"
        )
    if has_first_day(wanted):
        said = LocalName(
            f"{said.zh}；某台设备的日期请用“上次完成日期”表（last_completions）录入其上次完成日期",
            f"{said.en}; a machine has its own dates from what was done last, which the table last_completions enters",
        )
    problems.warn(wanted.row.problem("task", "law_has_it", in_words("law_has_it", said)))


def keeps_its_dates(wanted: Wanted, row: PlanRow, problems: Problems) -> bool:
    """Whether a row that the law gives dates of their own (by age, before a season, before another job) goes on by
    these although the line says how often, with a warning: an interval says nothing of the years and seasons."""
    found = wanted.frequency
    if found is None or row.layer is not Layer.LAW or isinstance(row.schedule, IntervalSchedule):
        return False
    other_rule = wanted.values.get("schedule", row.schedule) != row.schedule
    if other_rule or not isinstance(found.schedule, IntervalSchedule):
        return False
    if not _as_people_say(wanted, row, found.interval) and _is_as_strict(row, found.interval):
        return False
    problems.warn(_law_is_stricter(wanted, row))
    return True


def _as_people_say(wanted: Wanted, row: PlanRow, interval: Interval) -> bool:
    """Whether a line without a code says by the row's usual interval what the law gives years of its own: 年检 once a
    year is the periodic inspection, whose years the law names."""
    return wanted.code is None and isinstance(row.schedule, AgeSchedule) and is_as_often(interval, row)


def _law_is_stricter(wanted: Wanted, row: PlanRow) -> Problem:
    law = how_often(row)
    said = LocalName(
        f"“{row.name.zh}”依法按“{law.zh}”安排，不改为表中的周期",
        f"{row.name.en} goes by what the law says ({law.en}), not by the table's frequency",
    )
    return wanted.row.problem("frequency", "law_is_stricter", in_words("law_is_stricter", said))


def keeps_its_rule(row: PlanRow, found: Frequency) -> bool:
    """Whether another frequency leaves what the row goes by beside it: the other job that the law's row comes before,
    the meter that it is capped by, the opening hours of a row by the hour."""
    if found.schedule == BY_INTERVAL and isinstance(row.schedule, IntervalSchedule) and by_the_hour(row.interval):
        return row.layer is Layer.LAW and (by_the_hour(found.interval) or LAW_HOURS not in row.custom)
    beside = isinstance(row.schedule, BeforeSchedule | MeterSchedule)
    return row.layer is Layer.LAW and beside and isinstance(found.schedule, IntervalSchedule)


def _is_as_strict(row: PlanRow, interval: Interval) -> bool:
    """Whether an interval is never longer than the row's own dates are apart."""
    days, schedule = longest_days(interval), row.schedule
    if isinstance(schedule, AgeSchedule):
        return days <= shortest_between(schedule)
    if isinstance(schedule, MeterSchedule) and not row.interval.every:
        return True
    beside = isinstance(schedule, BeforeSchedule | MeterSchedule)
    return beside and row.interval.every > 0 and days <= longest_days(row.interval)


def _said(code: str, before: PlanRow, after: PlanRow) -> LocalName:
    was, is_now = how_often(before), how_often(after)
    if code != "law_dates" or was == is_now:
        known = CODES[code].meaning
        return LocalName(f"“{before.name.zh}”：{known.zh}", f"{before.name.en}: {known.en}")
    return LocalName(
        f"法规项目“{before.name.zh}”原按“{was.zh}”安排，现改为“{is_now.zh}”",
        f"{before.name.en}, which the law asks for, went by {was.en} and now by {is_now.en}",
    )


def _column(wanted: Wanted, before: PlanRow, after: PlanRow, code: str) -> str:
    """The column that takes the row out of the law: the first of the code's that is filled in and has changed."""
    columns = [one for one in _COLUMNS[code] if wanted.row.text(one)]
    moved = [one for one in columns if one in BY_KEY and BY_KEY[one].get(before) != BY_KEY[one].get(after)]
    plain = [one for one in columns if one not in BY_KEY]
    return next(iter([*moved, *plain, *columns]), _COLUMNS[code][0])


def _problem(wanted: Wanted, column: str, code: str, said: LocalName | None = None) -> Problem:
    return wanted.row.problem(column, code, in_words(code, said))
