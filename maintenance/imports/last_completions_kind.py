"""What was done last of each plan row before Plantroom, as a kind of table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from maintenance.imports.cells import Cell
from maintenance.imports.columns import Headings, columns_of
from maintenance.imports.fields import as_text
from maintenance.imports.grids import Book
from maintenance.imports.kinds import Asked, TableKind
from maintenance.imports.last_completions import LastCompletionsImport, said_of
from maintenance.imports.outcome import Change, Outcome
from maintenance.imports.problems import Problem, Problems
from maintenance.imports.undoing import Restored, refused
from maintenance.plan import Occurrence, OccurrenceKey, OccurrenceState
from maintenance.planner_steps import waive
from maintenance.ports import MaintenanceTx, OccurrenceFilter
from plantroom.domain.assets import LocalName
from plantroom.ports.accounts import Role
from plantroom.ports.paging import PageRequest

COLUMNS = columns_of("last_completions")
COLUMN_ORDER = tuple(COLUMNS.values())
HEADINGS = Headings(COLUMN_ORDER)

WHY = "上次完成日期已登记，重新排期 / its last completion was entered: planned anew"
"""Why orders that nobody has begun are cancelled."""

_CLOSED = (OccurrenceState.DONE, OccurrenceState.CREDITED, OccurrenceState.MISSED)
_AT_ONCE = 500


class LastCompletionsKind(TableKind):
    """Last completions that were brought along."""

    key = "last_completions"
    name = LocalName("上次完成日期", "Last completions")
    role = Role.SUPERVISOR
    columns = COLUMN_ORDER
    headings = HEADINGS

    def compare(self, tx: MaintenanceTx, book: Book, asked: Asked, problems: Problems) -> Outcome:
        return LastCompletionsImport(tx, asked, problems).run(self.rows(book, asked, problems))

    def write(self, tx: MaintenanceTx, changes: Sequence[Change], asked: Asked) -> None:
        tx.plan.hold()
        after = [one.after for one in changes if isinstance(one.after, Occurrence)]
        _plan_anew(tx, after, asked)
        tx.plan.add_occurrences(
            [one.after for one in changes if one.before is None and isinstance(one.after, Occurrence)]
        )
        tx.plan.update_occurrences(
            [one.after for one in changes if one.before is not None and isinstance(one.after, Occurrence)]
        )
        for site in {one.site for one in after}:
            tx.live.note("plan", site, {"change": "imported"})

    def current(self, tx: MaintenanceTx, changes: Sequence[Change]) -> Mapping[str, object]:
        keys = {one.after.key: one.key for one in changes if isinstance(one.after, Occurrence)}
        return {keys[key]: one for key, one in tx.plan.occurrences(list(keys)).items()}

    def revert(self, tx: MaintenanceTx, restored: Sequence[Restored], asked: Asked) -> list[Problem]:
        tx.plan.hold()
        mine = [change.after for change, _ in restored if isinstance(change.after, Occurrence)]
        known = tx.plan.occurrences_of_several([one.key.subject for one in mine])
        counted = {(o.key.lineage, o.key.subject) for some in known.values() for o in some if o.state in _CLOSED}
        said = LocalName("之后已有完成或漏做的工作", "work was done or missed since")
        problems = [
            refused(change, "in_use", said)
            for change, _ in restored
            if isinstance(change.after, Occurrence) and (change.after.key.lineage, change.after.key.subject) in counted
        ]
        if problems:
            return problems
        _plan_anew(tx, mine, asked)
        tx.plan.forget(
            [change.after.key for change, one in restored if one is None and isinstance(change.after, Occurrence)]
        )
        tx.plan.update_occurrences([one for _, one in restored if isinstance(one, Occurrence)])
        for one in mine:
            tx.plan.changed(one.key.subject, one.site)
        return []

    def export(self, tx: MaintenanceTx, site: str | None, language: str) -> Iterator[Sequence[Cell]]:
        wanted, cursor = OccurrenceFilter(site=site, state=OccurrenceState.FORMER.value), None
        while True:
            page = tx.plan.list_occurrences(wanted, PageRequest(_AT_ONCE, cursor))
            codes = {key: one.code for key, one in tx.assets.several({one.key.subject for one in page.items}).items()}
            for one in page.items:
                day, by, record = said_of(one)
                cells = (as_text(text, language) for text in (by, record))
                yield [one.site, codes.get(one.key.subject), one.plan_row, day, *cells]
            cursor = page.next_cursor
            if cursor is None:
                return


def _plan_anew(tx: MaintenanceTx, formers: Sequence[Occurrence], asked: Asked) -> None:
    """Take away what is due of these rows and nobody has begun: the planner makes it again with its new dates."""
    rows = {(one.key.lineage, one.key.subject) for one in formers}
    known = tx.plan.occurrences_of_several(sorted({subject for _, subject in rows}))
    over: list[Occurrence] = [
        replace(one, state=OccurrenceState.WAIVED)
        for some in known.values()
        for one in some
        if one.state is OccurrenceState.DUE and (one.key.lineage, one.key.subject) in rows
    ]
    gone: list[OccurrenceKey] = [one.key for one in waive(tx, over, asked.now, lambda _: WHY)]
    tx.plan.forget(gone)
