"""What was done last of each plan row before Plantroom, as a kind of table."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from maintenance.former import as_said, is_of, over_on, to_be_made_anew
from maintenance.imports.cells import Cell
from maintenance.imports.columns import Headings
from maintenance.imports.fields import cells_of
from maintenance.imports.grids import Book
from maintenance.imports.kinds import Asked, TableKind
from maintenance.imports.last_completions import COLUMNS, FIELDS, LastCompletionsImport, said_of, why_left_out
from maintenance.imports.outcome import Change, Outcome
from maintenance.imports.plan_states import STATE, in_force
from maintenance.imports.problems import Problem, Problems
from maintenance.imports.reading import table_rows
from maintenance.imports.tables import Row
from maintenance.imports.undoing import Restored, refused
from maintenance.plan import Occurrence, OccurrenceKey, OccurrenceState
from maintenance.plan_changes.waiting import today_of
from maintenance.planner import is_site
from maintenance.ports import MaintenanceTx, OccurrenceFilter
from maintenance.withdrawing import made_anew
from plantroom.domain.assets import LocalName
from plantroom.ports.accounts import Role
from plantroom.ports.paging import PageRequest

COLUMN_ORDER = tuple(COLUMNS.values())
HEADINGS = Headings((*COLUMN_ORDER, replace(STATE, also=(*STATE.also, "status"))))

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

    def rows(self, book: Book, asked: Asked, problems: Problems) -> Iterator[Row]:
        """Those of another program's table that are in force."""
        return asked.counted(in_force(table_rows(book, self.headings, problems, asked.sheet), problems))

    def write(self, tx: MaintenanceTx, changes: Sequence[Change], asked: Asked) -> None:
        """What is due of these rows and nobody has begun the planner withdraws, subject by subject."""
        tx.plan.hold()
        formers = [(one.before is None, one.after) for one in changes if isinstance(one.after, Occurrence)]
        known = tx.plan.occurrences_of_several(sorted({one.key.subject for _, one in formers}))
        told = [(is_new, to_be_made_anew(one, known.get(one.key.subject, ()))) for is_new, one in formers]
        tx.plan.add_occurrences([one for is_new, one in told if is_new])
        tx.plan.update_occurrences([one for is_new, one in told if not is_new])
        for site in {one.site for _, one in formers}:
            tx.live.note("plan", site, {"change": "imported"})

    def current(self, tx: MaintenanceTx, changes: Sequence[Change]) -> Mapping[str, object]:
        keys = {one.after.key: one.key for one in changes if isinstance(one.after, Occurrence)}
        return {keys[key]: as_said(one) for key, one in tx.plan.occurrences(list(keys)).items()}

    def still(self, tx: MaintenanceTx, outcome: Outcome) -> bool:
        """Not where work of these rows was done, missed or begun since."""
        tx.plan.hold()
        mine = [one.after for one in outcome.changes if isinstance(one.after, Occurrence)]
        return super().still(tx, outcome) and not _used(tx, mine, None)

    def revert(self, tx: MaintenanceTx, restored: Sequence[Restored], asked: Asked) -> list[Problem]:
        tx.plan.hold()
        mine = [change.after for change, _ in restored if isinstance(change.after, Occurrence)]
        used = _used(tx, mine, asked.now)
        said = LocalName("之后已有完成、漏做、逾期或已开始的工作", "work was done, missed, overdue or begun since")
        problems = [
            refused(change, "in_use", said)
            for change, _ in restored
            if isinstance(change.after, Occurrence) and change.after.key in used
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
                if one.key.subject not in codes and not is_site(one.key.subject):
                    continue
                cells = cells_of(said_of(one), FIELDS, language)
                yield [one.site, codes.get(one.key.subject), one.plan_row, *cells]
            cursor = page.next_cursor
            if cursor is None:
                return


def _used(tx: MaintenanceTx, formers: Sequence[Occurrence], now: datetime | None) -> set[OccurrenceKey]:
    """Those whose rows have a record of their own by now, or work that has begun. ``now`` of ``None``: what is overdue
    is left to the comparison."""
    known = tx.plan.occurrences_of_several(sorted({one.key.subject for one in formers}))
    due = {o.work_order for some in known.values() for o in some if o.state is OccurrenceState.DUE}
    orders = tx.orders.standing(sorted(one for one in due if one is not None))
    found: set[OccurrenceKey] = set()
    for history, mine in _by_subject(known, formers):
        over = set() if now is None else over_on(history, today_of(tx, mine[0].site, now))
        found |= {one.key for one in mine if why_left_out((o for o in history if is_of(o, one)), over, orders)}
    return found


def _plan_anew(tx: MaintenanceTx, formers: Sequence[Occurrence], asked: Asked) -> None:
    """Take away what is due of these rows and nobody has begun: the planner makes it again with its new dates."""
    known = tx.plan.occurrences_of_several(sorted({one.key.subject for one in formers}))
    for history, mine in _by_subject(known, formers):
        rows = {one.key.lineage for one in mine}
        due = [one for one in history if one.state is OccurrenceState.DUE and one.key.lineage in rows]
        made_anew(tx, due, history, asked.now)


def _by_subject(
    known: Mapping[str, Sequence[Occurrence]], formers: Sequence[Occurrence]
) -> Iterator[tuple[Sequence[Occurrence], list[Occurrence]]]:
    """The history of each subject, with the completions that are of it."""
    of: defaultdict[str, list[Occurrence]] = defaultdict(list)
    for one in formers:
        of[one.key.subject].append(one)
    return ((known.get(subject, ()), mine) for subject, mine in of.items())
