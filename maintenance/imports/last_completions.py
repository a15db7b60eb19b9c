"""What was done last of each plan row before Plantroom: a table compared with the plan and its occurrences."""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from maintenance.former import (
    DONE_BY,
    RECORD_OF,
    as_said,
    done_with,
    due_by_entering,
    former_work,
    over_on,
    run_out,
    told_otherwise,
)
from maintenance.imports.columns import columns_of
from maintenance.imports.fields import NEEDED, Field, by_key, changed, date_field, text_field, told, values_of
from maintenance.imports.kinds import Asked
from maintenance.imports.last_completions_plan import SitesPlan, goes_by_readings, is_after
from maintenance.imports.naming import code_of, site_of
from maintenance.imports.outcome import Change, Outcome
from maintenance.imports.plan_told import from_nothing
from maintenance.imports.problems import CellProblem, Problem, Problems, count, in_words
from maintenance.imports.site_names import SiteNames
from maintenance.imports.tables import Row
from maintenance.imports.values import normal_code
from maintenance.plan import Occurrence, OccurrenceKey, OccurrenceState, PlanRow
from maintenance.planner import Subject, asset_subject
from maintenance.planner_steps import WAITING
from maintenance.ports import MaintenanceTx
from maintenance.work_orders import WorkOrder
from plantroom.domain.assets import Asset, AssetStatus, LocalName

RECORD = "former_work"
AT_ONCE = 2_000
LONGEST = 200


COLUMNS = columns_of("last_completions")


@dataclass(frozen=True, slots=True)
class Said:
    """What a table says of a completion: the day, who did it, and where that is written."""

    done_on: date = date.min
    done_by: str = ""
    record: str = ""


FIELDS: tuple[Field[Said], ...] = (
    date_field(COLUMNS["done_on"], "done_on", NEEDED),
    text_field(COLUMNS["done_by"], "done_by", LONGEST),
    text_field(COLUMNS["record"], "record", LONGEST),
)
_BY_KEY = by_key(FIELDS)


@dataclass(slots=True)
class Wanted:
    """One line, understood as far as its cells go."""

    row: Row
    site: str
    asset: str
    plan_row: str
    values: Mapping[str, Any]

    @property
    def day(self) -> date:
        """The day that it was done."""
        day: date = self.values["done_on"]
        return day


class LastCompletionsImport:
    """One comparison of a table with the plan and what was done of it."""

    def __init__(self, tx: MaintenanceTx, asked: Asked, problems: Problems) -> None:
        self._tx, self._asked = tx, asked
        self._names = SiteNames(tx.assets.sites())
        self._sites = {code: SitesPlan(tx, site, asked) for code, site in self._names.sites.items()}
        self._orders: Mapping[str, WorkOrder] = {}
        self.outcome = Outcome(problems)

    def run(self, rows: Iterable[Row]) -> Outcome:
        """Compare every line; those of one machine together, by whichever of its codes, however typed."""
        understood = [one for one in map(self._understood, rows) if one is not None]
        assets: dict[tuple[str, str], Asset] = {}
        for some in _chunks(understood):
            codes = {(one.site, code) for one in some if one.asset for code in (one.asset, normal_code(one.asset))}
            assets |= self._tx.assets.find_many(codes) if codes else {}
        of: defaultdict[str, list[tuple[Wanted, Subject]]] = defaultdict(list)
        for one in understood:
            subject = self._subject(one, assets)
            if subject is not None:
                of[subject.key].append((one, subject))
        batch: dict[str, list[tuple[Wanted, Subject]]] = {}
        lines = 0
        for key, mine in of.items():
            batch[key] = mine
            lines += len(mine)
            if lines >= AT_ONCE:
                self._batch(batch)
                batch, lines = {}, 0
        self._batch(batch)
        return self.outcome

    def _understood(self, row: Row) -> Wanted | None:
        problems = self.outcome.problems
        before = count(problems)
        site = site_of(row, self._asked, self._names, problems)
        asset, plan_row = code_of(row, "asset", problems, needed=False), code_of(row, "plan_row", problems)
        values = values_of(row, _BY_KEY, problems)
        if "done_on" not in row.cells and "done_on" not in row.refused:
            problems.error(row.problem("done_on", "missing_value"))
        if count(problems) > before or row.refused or site is None:
            return None
        return Wanted(row, site, asset, plan_row, values)

    def _may(self, site: str, department: str | None) -> bool:
        return self._asked.rights.may_change(site, department)

    def _batch(self, of: Mapping[str, Sequence[tuple[Wanted, Subject]]]) -> None:
        known = self._tx.plan.occurrences_of_several(list(of))
        due = {o.work_order for some in known.values() for o in some if o.state is OccurrenceState.DUE}
        self._orders = self._tx.orders.standing(sorted(one for one in due if one is not None))
        for key, lines in of.items():
            self._of_subject(lines, known.get(key, ()))

    def _subject(self, one: Wanted, assets: Mapping[tuple[str, str], Asset]) -> Subject | None:
        problems = self.outcome.problems
        if not one.asset:
            return self._sites[one.site].itself
        asset = assets.get((one.site, one.asset)) or assets.get((one.site, normal_code(one.asset)))
        if asset is None:
            problems.error(one.row.problem("asset", "unknown_asset"))
        elif not self._may(asset.site, asset.department):
            problems.error(one.row.problem("asset", "not_yours"))
        else:
            # A machine that is out of use has its rows again when it comes back.
            return asset_subject(replace(asset, status=AssetStatus.IN_SERVICE))
        return None

    def _of_subject(self, lines: Sequence[tuple[Wanted, Subject]], history: Sequence[Occurrence]) -> None:
        site, subject = self._sites[lines[0][0].site], lines[0][1]
        taken: list[tuple[Wanted, PlanRow]] = []
        for one, _ in lines:
            try:
                row = site.row_named(subject, one.plan_row)
                self._check(one, subject, row, site.today)
            except CellProblem as problem:
                if _is_known(one, history):
                    self.outcome.note(one.row, "unchanged", _code(subject, one.site, one.plan_row))
                    continue
                name = "done_on" if problem.code == "still_to_come" else "plan_row"
                self.outcome.problems.error(one.row.problem(name, problem.code, in_words(problem.code, problem.said)))
                continue
            taken.append((one, row))
        taken = [both for both in self._newest(taken, subject) if not self._is_left_out(*both, subject, history)]
        if taken:
            self._together(taken, subject, site, history)

    def _why_left_out(self, site: SitesPlan, row: PlanRow, history: Sequence[Occurrence]) -> str | None:
        mine = [o for o in history if o.key.lineage == row.lineage]
        by = None if self._asked.rights.may_leave_law(site.code) else self._asked.by
        former = next((o for o in mine if o.state is OccurrenceState.FORMER), None)
        excused = set[OccurrenceKey]() if former is None else due_by_entering(former, history, by)
        return why_left_out(mine, over_on(history, site.today, excused), self._orders)

    def _is_left_out(self, one: Wanted, row: PlanRow, subject: Subject, history: Sequence[Occurrence]) -> bool:
        """Whether a line says nothing that counts any more; a warning says why."""
        why = self._why_left_out(self._sites[one.site], row, history)
        if why is not None:
            self.outcome.problems.warn(one.row.problem("done_on", why))
            self.outcome.note(one.row, "unchanged", _code(subject, one.site, row.code))
        return why is not None

    def _newest(self, taken: Sequence[tuple[Wanted, PlanRow]], subject: Subject) -> list[tuple[Wanted, PlanRow]]:
        """Of several lines of one row the newest day, of one day the first line: a history has many, and the last one
        counts."""
        last: dict[str, tuple[Wanted, PlanRow]] = {}
        for one, row in taken:
            if row.lineage not in last or one.day > last[row.lineage][0].day:
                last[row.lineage] = (one, row)
        for one, row in taken:
            newest = last[row.lineage][0]
            if newest is not one:
                self.outcome.problems.warn(_beside(one, newest))
                self.outcome.note(one.row, "unchanged", _code(subject, one.site, row.code))
        return list(last.values())

    def _together(
        self, taken: Sequence[tuple[Wanted, PlanRow]], subject: Subject, site: SitesPlan, history: Sequence[Occurrence]
    ) -> None:
        """The lines of one subject: what was done of a row was done of those that it contains, too."""
        formers = {o.plan_row: as_said(o) for o in history if o.state is OccurrenceState.FORMER}
        own = {code: said_of(o) for code, o in formers.items() if done_with(o) is None}
        known = {code: said_of(o) for code, o in formers.items()}
        said = own | {row.code: _told(one, known.get(row.code)) for one, row in taken}
        made: dict[str, Occurrence] = {}
        for one, row in taken:
            day, code = site.newest_with(subject, row, said)
            if code != row.code:
                zh, en = f"{day}的{code}已包含此项目，按该日计", f"it was done with {code} on {day}, which counts"
                message = in_words("done_with", LocalName(zh, en))
                self.outcome.problems.warn(one.row.problem("done_on", "done_with", message))
            made[row.lineage] = self._made(row, code, said, subject, site)
        along = self._along(taken, subject, site, said, history)
        made |= {row.lineage: self._made(row, code, said, subject, site) for _, row, code in along}
        found = site.stood_for(subject, made)
        coming = site.next_of(subject, found)
        for one, row in taken:
            self._take(one, subject, row, found[row.lineage], history, coming[row.lineage])
        for one, row, _ in along:
            former = formers.get(row.code)
            is_open = run_out(found[row.lineage]) is None and is_after(coming[row.lineage], site.today)
            if former is not None or is_open:
                self._put(one, subject, row, former, found[row.lineage])

    def _made(self, row: PlanRow, code: str, said: Mapping[str, Said], subject: Subject, site: SitesPlan) -> Occurrence:
        """The completion of a row that was done with the row of a code, if not by itself."""
        with_it = "" if code == row.code else code
        return former_work(
            row, subject.key, site.code, said[code].done_on, site.today, site.zone, site.floor(row),
            entered_by=self._asked.by, done_by=said[code].done_by, record=said[code].record, done_with=with_it,
        )  # fmt: skip

    def _along(
        self, taken: Sequence[tuple[Wanted, PlanRow]], subject: Subject, site: SitesPlan, said: Mapping[str, Said],
        history: Sequence[Occurrence],
    ) -> list[tuple[Wanted, PlanRow, str]]:  # fmt: skip
        """The rows without a line that were done last with one that has a line, with that line and the code of the row
        that counts. Not those with a record of their own."""
        lines = {row.code: one for one, row in taken}
        found: list[tuple[Wanted, PlanRow, str]] = []
        for row in site.dated(subject):
            inside = site.containing(subject, row) & lines.keys()
            if row.code in lines or not inside or not self._is_mine(subject, row):
                continue
            _, code = site.newest_with(subject, row, said)
            if code != row.code and self._why_left_out(site, row, history) is None:
                found.append((lines.get(code) or lines[min(inside)], row, code))
        return found

    def _check(self, one: Wanted, subject: Subject, row: PlanRow, today: date) -> None:
        """Raises ``CellProblem`` for a line that cannot be taken."""
        if one.day > today:
            raise CellProblem("still_to_come")
        if not self._is_mine(subject, row):
            raise CellProblem("not_yours")

    def _is_mine(self, subject: Subject, row: PlanRow) -> bool:
        department = row.department.zh or (subject.asset.department if subject.asset else None)
        return self._may(subject.site, department or None)

    def _take(
        self, one: Wanted, subject: Subject, row: PlanRow, found: Occurrence, history: Sequence[Occurrence],
        coming: LocalName | date,
    ) -> None:  # fmt: skip
        problems = self.outcome.problems
        mine = [o for o in history if o.key.lineage == row.lineage]
        code = _code(subject, one.site, row.code)
        known = next((as_said(o) for o in mine if o.state is OccurrenceState.FORMER), None)
        if not self._put(one, subject, row, known, found):
            self.outcome.note(one.row, "unchanged", code)
            return
        in_service = None if subject.asset is None else subject.asset.in_service_on
        if in_service is not None and one.day < in_service:
            problems.warn(one.row.problem("done_on", "before_service"))
        if isinstance(coming, LocalName):
            # What goes by readings has its date from those, which the planner has.
            if not goes_by_readings(row):
                said = LocalName(f"尚无下次日期：{coming.zh}", f"there is no next date yet: {coming.en}")
                problems.warn(one.row.problem("plan_row", "no_date", in_words("no_date", said)))
        elif coming <= self._sites[one.site].today or run_out(found) is not None:
            problems.warn(one.row.problem("done_on", "gap_is_over"))

    def _put(self, one: Wanted, subject: Subject, row: PlanRow, known: Occurrence | None, found: Occurrence) -> bool:
        """Note what a line makes of a row's completion. Gives whether it changes anything."""
        if known is not None and known.latest == found.latest:
            same = (said_of(known), done_with(known)) == (said_of(found), done_with(found))
            found = known if same else told_otherwise(known, found)
        if known == found:
            return False
        code = _code(subject, one.site, row.code)
        self.outcome.changes.append(
            Change(RECORD, _key(found.key), code, one.site, known, found, one.row.sheet, one.row.number)
        )
        said_now = said_of(found)
        changes = _told_new(row, said_now) if known is None else changed(said_of(known), _BY_KEY, asdict(said_now))[1]
        self.outcome.note(one.row, "created" if known is None else "updated", code, changes)
        return True


def _told_new(row: PlanRow, said: Said) -> dict[str, list[object]]:
    """What is entered, as differences from nothing."""
    return from_nothing({"plan_row": row.name.zh} | {one.key: told(one, one.get(said)) for one in FIELDS})


_OWN = (OccurrenceState.DONE, OccurrenceState.CREDITED, OccurrenceState.MISSED)


def why_left_out(
    mine: Iterable[Occurrence], over: Container[OccurrenceKey], orders: Mapping[str, WorkOrder]
) -> str | None:
    """The code that says why nothing before it is asked for of a row any more: the program has a record of its own
    (done, missed, ``over``), or somebody is at it. ``orders`` are those that have not ended."""
    for one in mine:
        if one.state in _OWN or one.key in over:
            return "own_record"
        order = orders.get(one.work_order or "")
        if one.state is not OccurrenceState.DUE or order is None:
            continue
        if order.state not in WAITING or order.arrived_at is not None or order.answers:
            return "work_begun"
    return None


def _chunks(some: Sequence[Wanted]) -> Iterator[Sequence[Wanted]]:
    return (some[start : start + AT_ONCE] for start in range(0, len(some), AT_ONCE))


def _beside(one: Wanted, counts: Wanted) -> Problem:
    """The warning about a line beside which another one counts."""
    number, day = counts.row.number, counts.day
    if one.day < day:
        said = LocalName(f"第{number}行的{day}更近", f"line {number} has {day}")
        return one.row.problem("done_on", "older_line", in_words("older_line", said))
    said = LocalName(f"第{number}行已有同一天，以该行为准", f"line {number} has the same day and counts")
    return one.row.problem("done_on", "same_day_line", in_words("same_day_line", said))


def _told(one: Wanted, known: Said | None) -> Said:
    """What a line says; a blank cell leaves what is known of the same day."""
    same = known is not None and known.done_on == one.day
    return changed(known if same and known is not None else Said(), _BY_KEY, one.values, is_new=True)[0]


def _is_known(one: Wanted, history: Iterable[Occurrence]) -> bool:
    """Whether a line says what is on record already, whatever the plan has become."""
    return any(
        o.state is OccurrenceState.FORMER and o.plan_row == one.plan_row and _told(one, said_of(o)) == said_of(o)
        for o in history
    )


def _code(subject: Subject, site: str, row: str) -> str:
    return f"{subject.asset.code if subject.asset else site}/{row}"


def said_of(one: Occurrence) -> Said:
    """What a table says of it."""
    evidence = one.evidence or {}
    return Said(one.latest, str(evidence.get(DONE_BY, "")), str(evidence.get(RECORD_OF, "")))


def _key(key: OccurrenceKey) -> str:
    return f"{key.lineage}/{key.subject}"
