"""What was done last of each plan row before Plantroom, as a kind of table."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from maintenance.former import (
    Anew,
    as_said,
    counts_alike,
    done_with,
    due_by_entering,
    due_day,
    is_of,
    over_on,
    taken_back,
    to_be_made_anew,
    words_in,
)
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
from maintenance.imports.site_names import SiteNames
from maintenance.imports.tables import Row
from maintenance.imports.undoing import Restored, refused
from maintenance.imports.zoned_days import with_local_days, zone_of
from maintenance.plan import Occurrence, OccurrenceKey, OccurrenceState
from maintenance.plan_changes.waiting import today_of
from maintenance.planner import is_site
from maintenance.ports import MaintenanceTx, OccurrenceFilter
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
        zones = zone_of(SiteNames(tx.assets.sites()), asked.site)
        rows = with_local_days(self.rows(book, asked, problems), ("done_on",), zones, problems)
        return LastCompletionsImport(tx, asked, problems).run(rows)

    def rows(self, book: Book, asked: Asked, problems: Problems) -> Iterator[Row]:
        """Those of another program's table that are in force."""
        return asked.counted(in_force(table_rows(book, self.headings, problems, asked.sheet), problems))

    def write(self, tx: MaintenanceTx, changes: Sequence[Change], asked: Asked) -> None:
        """What is due of these rows and nobody has begun the planner withdraws, subject by subject."""
        tx.plan.hold()
        formers = [(one.before, one.after) for one in changes if isinstance(one.after, Occurrence)]
        known = tx.plan.occurrences_of_several(sorted({one.key.subject for _, one in formers}))
        new: list[Occurrence] = []
        told: list[Occurrence] = []
        for before, after in formers:
            history = known.get(after.key.subject, ())
            if not isinstance(before, Occurrence):
                new.append(to_be_made_anew(after, history))
            elif counts_alike(before, after):
                told.append(_with_words(after, next(one for one in history if one.key == after.key)))
            else:
                told.append(to_be_made_anew(after, history, due_day(before)))
        tx.plan.add_occurrences(new)
        tx.plan.update_occurrences(told)
        for site in {one.site for _, one in formers}:
            tx.live.note("plan", site, {"change": "imported"})

    def current(self, tx: MaintenanceTx, changes: Sequence[Change]) -> Mapping[str, object]:
        keys = {one.after.key: one.key for one in changes if isinstance(one.after, Occurrence)}
        return {keys[key]: as_said(one) for key, one in tx.plan.occurrences(list(keys)).items()}

    def still(self, tx: MaintenanceTx, outcome: Outcome) -> bool:
        """Not where work of these rows was done, missed or begun since."""
        tx.plan.hold()
        mine = [one.after for one in outcome.changes if isinstance(one.after, Occurrence)]
        return super().still(tx, outcome) and not _used(tx, mine)

    def revert(self, tx: MaintenanceTx, restored: Sequence[Restored], asked: Asked) -> list[Problem]:
        tx.plan.hold()
        mine = [change.after for change, _ in restored if isinstance(change.after, Occurrence)]
        used = _used(tx, mine, asked)
        problems = [
            replace(refused(change, "in_use"), message=_USED)
            for change, _ in restored
            if isinstance(change.after, Occurrence) and change.after.key in used
        ]
        if problems:
            return problems
        _tell_planner(tx, restored, asked)
        tx.plan.forget(
            [change.after.key for change, one in restored if one is None and isinstance(change.after, Occurrence)]
        )
        again = [one for _, one in restored if isinstance(one, Occurrence)]
        known = tx.plan.occurrences([one.key for one in again])
        tx.plan.update_occurrences([_with_words(one, known[one.key]) for one in again])
        for one in mine:
            tx.plan.changed(one.key.subject, one.site)
        return []

    def export(self, tx: MaintenanceTx, site: str | None, language: str) -> Iterator[Sequence[Cell]]:
        wanted, cursor = OccurrenceFilter(site=site, state=OccurrenceState.FORMER.value), None
        own = {(row.site, row.code): row.lineage for row in tx.plan.rows(site) if row.site is not None}
        while True:
            page = tx.plan.list_occurrences(wanted, PageRequest(_AT_ONCE, cursor))
            codes = {key: one.code for key, one in tx.assets.several({one.key.subject for one in page.items}).items()}
            for one in page.items:
                gone = one.key.subject not in codes and not is_site(one.key.subject)
                # A site's own row answers for the general one of its code.
                replaced = own.get((one.site, one.plan_row), one.key.lineage) != one.key.lineage
                if gone or replaced or done_with(one) is not None:
                    continue
                cells = cells_of(said_of(one), FIELDS, language)
                yield [one.site, codes.get(one.key.subject), one.plan_row, *cells]
            cursor = page.next_cursor
            if cursor is None:
                return


_USED = (
    "之后已有完成、漏做、逾期或已开始的工作，请在工单上登记之后的工作；登记当日即到期而无人动过的，由登记人或管理员撤销"
    " / work was done, missed, overdue or begun since: enter later work on its order; what was due on the day of"
    " entering and nobody has touched is taken back by who entered it, or by an administrator"
)


def _with_words(one: Occurrence, known: Occurrence) -> Occurrence:
    """The completion with what its planner has not heard yet, where that stays so."""
    said = words_in(known) if counts_alike(one, known) else {}
    return replace(one, evidence=dict(one.evidence or {}) | said)


def _used(tx: MaintenanceTx, formers: Sequence[Occurrence], asked: Asked | None = None) -> set[OccurrenceKey]:
    """Those whose rows have a record of their own by now, or work that has begun. Without ``asked`` what is overdue is
    left to the comparison."""
    known = tx.plan.occurrences_of_several(sorted({one.key.subject for one in formers}))
    due = {o.work_order for some in known.values() for o in some if o.state is OccurrenceState.DUE}
    orders = tx.orders.standing(sorted(one for one in due if one is not None))
    found: set[OccurrenceKey] = set()
    for history, mine in _by_subject(known, formers):
        for one in mine:
            over = set[OccurrenceKey]()
            if asked is not None:
                by = None if asked.rights.may_leave_law(one.site) else asked.by
                over = over_on(history, today_of(tx, one.site, asked.now), due_by_entering(one, history, by))
            if why_left_out((o for o in history if is_of(o, one)), over, orders):
                found.add(one.key)
    return found


def _tell_planner(tx: MaintenanceTx, restored: Sequence[Restored], asked: Asked) -> None:
    """What is due of rows whose completions are taken back and nobody has begun the planner makes anew."""
    taken = [
        change.after
        for change, one in restored
        if isinstance(change.after, Occurrence)
        and not (isinstance(one, Occurrence) and counts_alike(one, change.after))
    ]
    known = tx.plan.occurrences_of_several(sorted({one.key.subject for one in taken}))
    told: list[Occurrence] = []
    for history, mine in _by_subject(known, taken):
        today = today_of(tx, mine[0].site, asked.now)
        words = [Anew(of.key.lineage, today, min(today, due_day(of))) for of in mine]
        told += [taken_back(words, one) for one in _still_due(tx, history)]
    tx.plan.update_occurrences(told)


def _still_due(tx: MaintenanceTx, history: Sequence[Occurrence]) -> list[Occurrence]:
    """One that is due of a subject, its order locked; of none none."""
    for one in history:
        if one.state is not OccurrenceState.DUE:
            continue
        if one.work_order is not None:
            tx.orders.lock(one.work_order)
        now = tx.plan.occurrences([one.key]).get(one.key)
        if now is not None and now.state is OccurrenceState.DUE:
            return [now]
    return []


def _by_subject(
    known: Mapping[str, Sequence[Occurrence]], formers: Sequence[Occurrence]
) -> Iterator[tuple[Sequence[Occurrence], list[Occurrence]]]:
    """The history of each subject, with the completions that are of it."""
    of: defaultdict[str, list[Occurrence]] = defaultdict(list)
    for one in formers:
        of[one.key.subject].append(one)
    return ((known.get(subject, ()), mine) for subject, mine in of.items())
