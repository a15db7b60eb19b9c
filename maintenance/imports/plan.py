"""The plan table: what a file would change in it. Pure.

A line changes only what it says: the frequency, the department, the columns that the file has. What an interval brings
along (the tolerance) follows it, and what the law asks for never becomes laxer by that.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date

from maintenance.imports.fields import changed, same
from maintenance.imports.outcome import AllRights, Change, Outcome, Rights
from maintenance.imports.plan_assets import Machines, subject_of
from maintenance.imports.plan_checks import RowChecks
from maintenance.imports.plan_columns import BY_KEY
from maintenance.imports.plan_hands import Companies, any_company
from maintenance.imports.plan_law import (
    keeps_its_dates,
    keeps_its_rule,
    kept_lawful,
    say_law_has_it,
    without_other_basis,
)
from maintenance.imports.plan_machines import put_machines
from maintenance.imports.plan_matching import (
    find_row,
    is_plain,
    law_has_all,
    law_of_machines,
    named_by_law,
    system_of,
)
from maintenance.imports.plan_months import with_first_day
from maintenance.imports.plan_new import new_row, with_tolerance
from maintenance.imports.plan_numbers import without_numbers
from maintenance.imports.plan_otherwise import counted_values, says_otherwise
from maintenance.imports.plan_present import Present
from maintenance.imports.plan_reading import Wanted, task_not_read, understand
from maintenance.imports.plan_several import called_apart, one_frequency_each
from maintenance.imports.plan_stand_ins import check_stand_ins
from maintenance.imports.plan_subject import EQUIPMENT, for_all_of, in_the_task, word_apart
from maintenance.imports.plan_told import told_new
from maintenance.imports.plan_words import in_full, names, standards, subject_text, tolerance
from maintenance.imports.problems import CellProblem, Problems, in_words
from maintenance.imports.resolutions import PlanLine, resolve
from maintenance.imports.tables import Row
from maintenance.imports.vocabulary import Departments, Named, seed_departments
from maintenance.plan import AppliesTo, Layer, PlanRow
from maintenance.plan_changes.waiting import Waiting
from maintenance.schedule_words import often_in_words
from maintenance.seed.lists import seed_checklists
from maintenance.stand_ins import standing_since
from plantroom.domain.assets import LocalName
from plantroom.domain.keys import new_key

RECORD = "plan_row"


class PlanImport:
    """One comparison of a table with the rows that there are."""

    def __init__(
        self,
        known: Sequence[PlanRow],
        site: str | None,
        departments: Departments | None = None,
        machines: Machines | None = None,
        rights: Rights | None = None,
        problems: Problems | None = None,
        has_checklist: Callable[[str], bool] = lambda code: code in seed_checklists(),
        waiting: Waiting | None = None,
        today: date = date.min,
        companies: Companies = any_company,
        present: Present | None = None,
    ) -> None:
        """``known``: rows of every site's profile and of ``site``; ``machines``: the assets that there are;
        ``has_checklist``: whether there is one of a code (default: those of the seed); ``waiting``: changes of the
        known rows that are not in effect yet; ``today``: from when what is written is in effect; ``companies``: whether
        a name is that of a contractor; ``present``: which kinds of machines the site has (default: all)."""
        self._present = present or Present()
        self._companies = companies
        self._known = known
        self._site = site
        self._departments = departments or seed_departments()
        self._machines = machines or Machines()
        self._rights = rights or AllRights()
        self._mine = [row for row in known if row.site == site]
        self._codes = frozenset(row.code for row in self._mine)
        self._every_site = [row for row in known if row.site is None and row.code not in self._codes] if site else []
        self._coming: frozenset[str] = frozenset()
        self._seen: dict[str, Row] = {}
        self._lines: list[PlanLine] = []
        self._today = today
        self._changed: dict[str, Wanted] = {}
        self._all: Sequence[Wanted] = ()
        self.outcome = Outcome(problems or Problems())
        waits = waiting or Waiting()
        self._checks = RowChecks(site, self._rights, self.outcome.problems, has_checklist, waits, self._machines)

    def run(self, rows: Iterable[Row]) -> Outcome:
        """Compare every row. Rows may name rows that come later in the table."""
        codes = self._codes.union(row.code for row in self._every_site)
        asked = one_frequency_each(without_numbers(list(rows), codes, self.outcome.problems))
        understood = [self._understood(row, codes) for row in asked.rows]
        placed = [self._placed(wanted) for wanted in understood if wanted is not None]
        lines = [wanted for wanted in placed if wanted is not None]
        self._coming = frozenset(wanted.code for wanted in lines if wanted.code is not None)
        self._all = lines
        for wanted in lines:
            self._line(wanted)
        problems, rights = self.outcome.problems, self._checks.rights
        check_stand_ins(self.outcome.changes, self._changed, self._known, self._today, rights, problems)
        resolve(self._lines, self._known, self.outcome.problems)
        asked.tell(self.outcome, [*self._known, *self._mine])
        return self.outcome

    def _understood(self, row: Row, codes: frozenset[str]) -> Wanted | None:
        work = put_machines(row, self._machines, self._site, self.outcome.problems)
        wanted = understand(row, self._departments, self.outcome.problems, codes, self._companies)
        return replace(wanted, work=work) if wanted is not None and work else wanted

    def _line(self, wanted: Wanted) -> None:
        wanted = called_apart(wanted, self._mine, self._every_site)
        match, shared = self._found(wanted)
        before = match or shared
        if before is not None and self._said_again(wanted, before):
            return
        law = None if before is not None else self._law_of(wanted)
        if law is not None and wanted.keys and wanted.code is None and law_has_all(wanted, law):
            say_law_has_it(wanted, law, self.outcome.problems)
            self.outcome.note(wanted.row, "unchanged", law.code)
            return
        wanted = with_first_day(replace(wanted, law=law), before, self._today, self.outcome.problems)
        made, changes = self._merged(wanted, before) if before is not None else (self._new(wanted), {})
        row: PlanRow | None = made
        if before is not None:
            row = kept_lawful(wanted, before, made, self._site, self._rights, self.outcome.problems)
            if row is not None:
                changes = _as_kept(changes, before, made, row)
                row = standing_since(before, row, max(self._today, row.effective_from))
        if row is None or not self._checks.is_sound(wanted, row, before, self._there):
            return
        if changes and not self._checks.leaves_waiting(wanted, match, shared):
            return
        if row.code in self._seen:
            self._twice(wanted, row)
            return
        self._seen[row.code] = wanted.row
        action = "unchanged" if before is not None and not changes else "created" if match is None else "updated"
        if shared is not None and changes:
            self.outcome.based_on[shared.lineage] = shared
            row = replace(row, lineage=new_key(), site=self._site, version=1)
        if action != "unchanged":
            change = Change(RECORD, row.lineage, row.code, self._site, match, row, wanted.row.sheet, wanted.row.number)
            self.outcome.changes.append(change)
            self._changed[row.code] = wanted
            self._mine = [r for r in self._mine if r.lineage != row.lineage] + [row]
        self._tell(wanted, before, row, action, changes)

    def _found(self, wanted: Wanted) -> tuple[PlanRow | None, PlanRow | None]:
        """The site's own row that a line means, or every site's, in whose place the site then gets one of its own."""
        match = find_row(wanted, self._mine)
        shared = find_row(wanted, self._every_site) if match is None else None
        return self._of_the_law(wanted) if match is None and shared is None else (match, shared)

    def _tell(
        self, wanted: Wanted, before: PlanRow | None, row: PlanRow, action: str, changes: dict[str, list[object]]
    ) -> None:
        is_new = before is None
        if is_new:
            changes = told_new(row, wanted.assets or (), wanted.values)
        self.outcome.note(wanted.row, action, row.code, changes)
        if wanted.code is not None and action == "unchanged":
            return  # an export that comes back says nothing of its own
        said = wanted.subject.system if wanted.subject is not None else None
        classes = self._machines.classes(row.applies_to)
        of = classes if row.applies_to.assets else frozenset()
        column = EQUIPMENT if EQUIPMENT in wanted.row.headings else "system"
        lacking = self._present.lacking(row.applies_to, classes)
        if lacking is not None:
            message = in_words("no_machine_of_kind", lacking)
            self.outcome.problems.warn(wanted.row.problem(column, "no_machine_of_kind", message))
        if is_new and wanted.of.device and not wanted.keys:
            message = in_words("equipment_in_task", for_all_of(wanted.of))
            self.outcome.problems.warn(wanted.row.problem(column, "equipment_in_task", message))
        has_department = wanted.department is not None
        self._lines.append(PlanLine(wanted.row, row, said, has_department, is_plain(row), of, is_new, wanted.law))

    def _said_again(self, wanted: Wanted, row: PlanRow) -> bool:
        """Whether the table has the row by another word already: the line is then a row by its own, or the same."""
        if row.code not in self._seen or not self._means_another(wanted, row):
            return False
        apart = self._apart(wanted, row)
        if apart is not None:
            self._line(apart)
        elif row.layer is Layer.LAW and wanted.task:
            self._same_as(wanted, row)
        else:
            return False
        return True

    def _new(self, wanted: Wanted) -> PlanRow:
        return new_row(wanted, self._site, self._there, self._machines, [*self._known, *self._mine])

    def _apart(self, wanted: Wanted, row: PlanRow) -> Wanted | None:
        """The line called by its own word, where another word of the table has its row already: of two words for one
        system the first line is its row. Work of the law is the same by either word: then ``None``."""
        word = word_apart(wanted.row, self._seen[row.code])
        if not wanted.task:
            return replace(wanted, task=word)
        task = in_the_task(word, wanted.task)
        is_part = wanted.subject is not None and wanted.subject.is_part
        says_which = EQUIPMENT in wanted.row.headings or bool(wanted.row.beside) or is_part
        if row.layer is Layer.LAW or not says_which or task == wanted.task:
            return None
        return replace(wanted, task=task, of=replace(wanted.of, device=word))

    def _same_as(self, wanted: Wanted, row: PlanRow) -> None:
        """A line that says work of the law again by another word for the machines."""
        first = self._seen[row.code]
        said = LocalName(
            f"与第{first.number}行同为“{row.name.zh}”（{row.code}），不另立一项",
            f"the same as line {first.number}: {row.name.en} ({row.code}); no second row is made",
        )
        self.outcome.problems.warn(wanted.row.problem("task", "same_row", in_words("same_row", said)))
        self.outcome.note(wanted.row, "unchanged", row.code)

    def _law_of(self, wanted: Wanted) -> PlanRow | None:
        """The row of the law whose work a new line names, whichever of its machines it is for, however often."""
        known = [*self._mine, *self._every_site]
        if wanted.keys:
            return law_of_machines(wanted, known, self._machines.classes(AppliesTo(assets=tuple(wanted.keys))))
        return named_by_law(replace(wanted, frequency=None, code=None), known)

    def _of_the_law(self, wanted: Wanted) -> tuple[PlanRow | None, PlanRow | None]:
        """The site's own row of the law that the line names, or every site's; none where another line means it."""
        found = named_by_law(wanted, self._mine), named_by_law(wanted, self._every_site)
        row = found[0] or found[1]
        if row is None or any(find_row(one, [row]) for one in self._all):
            return None, None
        if row.code in self._seen and not self._means_another(wanted, row):
            return None, None
        return found[0], found[1] if found[0] is None else None

    def _means_another(self, wanted: Wanted, row: PlanRow) -> bool:
        return wanted.code is None and bool(word_apart(wanted.row, self._seen[row.code]))

    def _twice(self, wanted: Wanted, row: PlanRow) -> None:
        first = self._seen[row.code]
        unread = task_not_read(wanted.row, first)
        if unread is not None:
            self.outcome.problems.error(unread)
            return
        said = LocalName(
            f"与第{first.number}行相同（{row.name.zh}）", f"the same row as line {first.number} ({row.name.en})"
        )
        key = "code" if wanted.code else "system"
        self.outcome.problems.error(wanted.row.problem(key, "duplicate_row", in_words("duplicate_row", said)))

    @property
    def _there(self) -> set[str]:
        return {row.code for row in self._known} | {row.code for row in self._mine} | self._coming

    def _placed(self, wanted: Wanted) -> Wanted | None:
        """The line with the keys of the assets that it names; an unknown one is an error, then ``None``. A word of the
        site is no more than their name where they may be such a thing."""
        if not wanted.assets:
            return wanted
        try:
            keys = self._machines.keys(wanted.assets, self._site)
        except CellProblem as problem:
            message = in_words(problem.code, problem.said)
            self.outcome.problems.error(wanted.row.problem("assets", problem.code, message))
            return None
        word = "" if self._machines.of_the_site(keys) else wanted.site_word
        return replace(wanted, keys=keys, site_word=word)

    def _merged(self, wanted: Wanted, row: PlanRow) -> tuple[PlanRow, dict[str, list[object]]]:
        match = row
        changes: dict[str, list[object]] = {}
        row = self._with_frequency(wanted, row, changes)
        if wanted.department is not None and wanted.department != row.department:
            changes["department"] = [row.department.zh, wanted.department.zh]
            row = replace(row, department=wanted.department)
        has_english = "task_en" in wanted.row.headings
        own_words = wanted.code is not None or wanted.task in (row.name.zh, row.name.en)
        said = {wanted.task, in_full(wanted)}
        if wanted.task and own_words and not any(same(task, one) for task in said for one in names(row, has_english)):
            changes["task"] = [row.name.zh, wanted.task]
            row = replace(row, name=LocalName(wanted.task, row.name.en if has_english else wanted.task))
        has_english = "standard_en" in wanted.row.headings
        if wanted.standard and not any(same(wanted.standard, one) for one in standards(row, has_english)):
            changes["standard"] = [row.standard.zh, wanted.standard]
            row = replace(row, standard=LocalName(wanted.standard, row.standard.en if has_english else wanted.standard))
        row, moved = self._with_subject(wanted, row)
        values = without_other_basis(wanted, match, counted_values(wanted, match), self.outcome.problems)
        row, others = changed(row, BY_KEY, values)
        row = replace(row, applies_to=self._machines.narrowest(row.applies_to))
        if "tolerance" in changes and {"early_days", "late_days"} & wanted.values.keys():
            changes["tolerance"] = [tolerance(match), tolerance(row)]
        return row, changes | moved | others

    def _with_frequency(self, wanted: Wanted, row: PlanRow, changes: dict[str, list[object]]) -> PlanRow:
        found = wanted.frequency
        if found is None or not says_otherwise(wanted, row):
            return row
        if keeps_its_dates(wanted, row, self.outcome.problems):
            return row
        before = row
        keeps = "schedule" in counted_values(wanted, row) or keeps_its_rule(row, found)
        schedule = row.schedule if keeps else found.schedule
        changes["frequency"] = [
            often_in_words(row.interval, row.schedule).zh,
            often_in_words(found.interval, schedule).zh,
        ]
        row = with_tolerance(replace(row, interval=found.interval, schedule=schedule))
        if tolerance(before) != tolerance(row):
            changes["tolerance"] = [tolerance(before), tolerance(row)]
        return row

    def _with_subject(self, wanted: Wanted, row: PlanRow) -> tuple[PlanRow, dict[str, list[object]]]:
        """A row that is known by its code may be given to another system or other assets; a system that it is part of
        says no more than where it belongs."""
        if wanted.code is None:
            return row, {}
        subject, applies = wanted.subject, row.applies_to
        if wanted.keys:
            applies = self._machines.narrowest(replace(subject_of(wanted), site=False))
            if set(applies.assets) == set(row.applies_to.assets):
                applies = replace(applies, assets=row.applies_to.assets)
        elif subject is not None and not self._belongs(subject, row, wanted):
            applies = replace(subject_of(wanted), site=False)
        if applies == row.applies_to:
            return row, {}
        return replace(row, applies_to=applies), {"applies_to": [subject_text(row.applies_to), subject_text(applies)]}

    def _belongs(self, subject: Named, row: PlanRow, wanted: Wanted) -> bool:
        """Whether what a line names is what its row is for, or has that in it. What the law asks for of a site belongs
        to whatever system a table has it under."""
        if subject.system is not None and subject.system == system_of(row):
            return True
        if row.applies_to.site and subject.system is not None:
            return row.layer is Layer.LAW or bool(wanted.values.get("site_wide"))
        return self._machines.covers(subject, row.applies_to)


def _as_kept(
    changes: dict[str, list[object]], before: PlanRow, asked: PlanRow, kept: PlanRow
) -> dict[str, list[object]]:
    """The changes of what the law has left of those that a line asked for."""
    if kept.max_gap_days not in (asked.max_gap_days, before.max_gap_days):
        changes = changes | {"max_gap_days": [before.max_gap_days, kept.max_gap_days]}
    if kept.interval == asked.interval:
        return changes
    found = {key: value for key, value in changes.items() if key not in ("frequency", "schedule", "tolerance")}
    if kept.interval != before.interval:
        found["frequency"] = [often_in_words(one.interval, one.schedule).zh for one in (before, kept)]
    return found


def compare(
    rows: Iterable[Row], known: Sequence[PlanRow], site: str | None = None, problems: Problems | None = None
) -> Outcome:
    """What a table would change in the known rows."""
    return PlanImport(known, site, problems=problems).run(rows)
