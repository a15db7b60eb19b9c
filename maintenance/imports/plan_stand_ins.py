"""Rows of a table that stand for those of the law (``fulfils``): with less than these ask for only by an administrator,
as when a change of the plan is asked for by hand. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date

from maintenance.fulfilling import fulfilled
from maintenance.imports.outcome import Change, Rights
from maintenance.imports.plan_reading import Wanted
from maintenance.imports.problems import Problems, in_words
from maintenance.plan import PlanRow
from maintenance.plan_changes.standing import DATES, PROOF, Weaker, weakened

_NEEDS_ADMIN = {DATES: "stand_in_dates_need_admin", PROOF: "stand_in_proof_needs_admin"}

_COLUMNS = {
    DATES: ("fulfils", "schedule", "anchor", "frequency", "early_days", "late_days", "before_reuse"),
    PROOF: ("fulfils", "evidence", "executor", "kind", "licence", "checklist", "fulfilled_by"),
}


def check_stand_ins(
    changes: Sequence[Change],
    lines: Mapping[str, Wanted],
    known: Sequence[PlanRow],
    today: date,
    rights: Rights,
    problems: Problems,
) -> None:
    """An error, or an administrator's warning, for each of the law's rows that the table lets others stand for with
    less. ``lines`` are those of the changed rows by code, ``known`` the rows as they are."""
    changed = {change.after.lineage: change.after for change in changes if isinstance(change.after, PlanRow)}
    if not changed:
        return
    after = [*(row for row in known if row.lineage not in changed), *changed.values()]
    by_code = {row.code: row for row in after}
    for one in weakened(known, after, today):
        codes = [one.row.code, *sorted(fulfilled(one.row, by_code))]
        line = next((lines[code] for code in codes if code in lines), next(iter(lines.values())))
        site = next((row.site for row in changed.values() if row.code in codes), one.row.site)
        admin = rights.may_leave_law(site)
        code = one.code if admin else _NEEDS_ADMIN[one.code]
        entry = line.row.problem(_column(line, one), code, in_words(code, one.said()))
        (problems.warn if admin else problems.error)(entry)


def _column(line: Wanted, one: Weaker) -> str:
    return next((key for key in _COLUMNS[one.code] if line.row.text(key)), _COLUMNS[one.code][0])
