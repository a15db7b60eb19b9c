"""Emergency plans as a kind of table: the plans, and the drill rows of the plan table that go with them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from maintenance.emergency.plans import EmergencyPlan
from maintenance.imports.cells import Cell
from maintenance.imports.emergency import COLUMN_ORDER, HEADINGS, RECORD, EmergencyImport, plan_cells_of
from maintenance.imports.grids import Book
from maintenance.imports.kinds import Asked, TableKind
from maintenance.imports.outcome import Change, Outcome
from maintenance.imports.plan import RECORD as PLAN_ROW
from maintenance.imports.plan_kind import locked_rows, put_row, revert_rows
from maintenance.imports.problems import Problem, Problems
from maintenance.imports.site_departments import departments_in
from maintenance.imports.undoing import Restored
from maintenance.plan import PlanRow
from maintenance.plan_changes.waiting import today_of, waiting_changes
from maintenance.ports import MaintenanceTx
from plantroom.domain.assets import LocalName
from plantroom.errors import NotFound
from plantroom.ports.accounts import Role


class EmergencyPlanKind(TableKind):
    """Emergency plans of every site, or one site's own."""

    key = "emergency_plans"
    name = LocalName("应急预案", "Emergency plans")
    role = Role.SUPERVISOR
    columns = COLUMN_ORDER
    headings = HEADINGS

    def compare(self, tx: MaintenanceTx, book: Book, asked: Asked, problems: Problems) -> Outcome:
        plans, rows = tx.emergency.list(asked.site), tx.plan.rows(asked.site)
        drills = [row for row in rows if row.kind == "drill"]
        waiting = waiting_changes(tx, drills, today_of(tx, asked.site, asked.now))
        done = EmergencyImport(plans, rows, asked, departments_in(tx)(asked.site), problems, waiting)
        return done.run(self.rows(book, asked, problems))

    def write(self, tx: MaintenanceTx, changes: Sequence[Change], asked: Asked) -> None:
        for change in changes:
            if isinstance(change.after, PlanRow):
                put_row(tx, change, asked)
            elif isinstance(change.after, EmergencyPlan) and change.before is None:
                tx.emergency.add(change.after)
            elif isinstance(change.after, EmergencyPlan):
                tx.emergency.update(change.after, None)
        tx.live.note("emergency_plan", asked.site, {"change": "imported"})

    def current(self, tx: MaintenanceTx, changes: Sequence[Change]) -> Mapping[str, object]:
        # Plans before rows, as who changes one by hand.
        found: dict[str, object] = {}
        for key in sorted(one.key for one in changes if one.record == RECORD):
            with suppress(NotFound):
                found[key] = tx.emergency.lock(key)
        return found | locked_rows(tx, [one.key for one in changes if one.record == PLAN_ROW])

    def still(self, tx: MaintenanceTx, outcome: Outcome) -> bool:
        based = outcome.based_on
        now = locked_rows(tx, based)
        return all(now.get(key) == row for key, row in based.items()) and super().still(tx, outcome)

    def revert(self, tx: MaintenanceTx, restored: Sequence[Restored], asked: Asked) -> list[Problem]:
        problems = revert_rows(tx, [one for one in restored if one[0].record == PLAN_ROW], asked)
        for change, record in reversed(restored):
            if change.record != RECORD:
                continue
            if isinstance(record, EmergencyPlan):
                tx.emergency.update(record, None)
            else:
                tx.emergency.remove(change.key)
        return problems

    def export(self, tx: MaintenanceTx, site: str | None, language: str) -> Iterator[Sequence[Cell]]:
        for plan in tx.emergency.list(site):
            if plan.site != site:
                continue
            yield plan_cells_of(plan, language)
