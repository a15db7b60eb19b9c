"""What was done last of each plan row before Plantroom: a table compared with the plan and its occurrences."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from maintenance.former import DONE_BY, RECORD_OF, as_said, former_work, over_on, run_out, told_otherwise
from maintenance.imports.columns import columns_of
from maintenance.imports.fields import NEEDED, Field, by_key, changed, date_field, text_field, told, values_of
from maintenance.imports.kinds import Asked
from maintenance.imports.last_completions_plan import SitesPlan
from maintenance.imports.naming import code_of, site_of
from maintenance.imports.outcome import Change, Outcome
from maintenance.imports.plan_told import from_nothing
from maintenance.imports.problems import CellProblem, Problems, count, in_words
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
        self._sites = {site.code: SitesPlan(tx, site, asked) for site in tx.assets.sites()}
        self._seen: dict[tuple[str, str, date], int] = {}
        self._orders: Mapping[str, WorkOrder] = {}
        self.outcome = Outcome(problems)

    def run(self, rows: Iterable[Row]) -> Outcome:
        """Compare every line; those of one machine together."""
        of: dict[tuple[str, str], list[Wanted]] = defaultdict(list)
        for row in rows:
            one = self._understood(row)
            if one is not None:
                of[one.site, one.asset].append(one)
        batch: list[Wanted] = []
        for lines in of.values():
            batch += lines
            if len(batch) >= AT_ONCE:
                self._batch(batch)
                batch = []
        self._batch(batch)
        return self.outcome

    def _understood(self, row: Row) -> Wanted | None:
        problems = self.outcome.problems
        before = count(problems)
        site = site_of(row, self._asked, self._sites, problems)
        asset, plan_row = code_of(row, "asset", problems, needed=False), code_of(row, "plan_row", problems)
        values = values_of(row, _BY_KEY, problems)
        if "done_on" not in row.cells and "done_on" not in row.refused:
            problems.error(row.problem("done_on", "missing_value"))
        if count(problems) > before or row.refused or site is None:
            return None
        return Wanted(row, site, asset, plan_row, values)

    def _may(self, site: str, department: str | None) -> bool:
        return self._asked.rights.may_change(site, department)

    def _batch(self, some: Sequence[Wanted]) -> None:
        codes = {(one.site, code) for one in some if one.asset for code in (one.asset, normal_code(one.asset))}
        assets = self._tx.assets.find_many(codes) if codes else {}
        of: dict[str, list[tuple[Wanted, Subject]]] = defaultdict(list)
        for one in some:
            subject = self._subject(one, assets)
            if subject is not None:
                of[subject.key].append((one, subject))
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
        if taken:
            self._together(self._newest(taken, subject), subject, site, history)

    def _newest(self, taken: Sequence[tuple[Wanted, PlanRow]], subject: Subject) -> list[tuple[Wanted, PlanRow]]:
        """Of several lines of one row the newest day: a history has many, and the last one counts."""
        last: dict[str, tuple[Wanted, PlanRow]] = {}
        for one, row in taken:
            if row.lineage not in last or one.day > last[row.lineage][0].day:
                last[row.lineage] = (one, row)
        for one, row in taken:
            newest = last[row.lineage][0]
            if newest is not one:
                said = LocalName(
                    f"第{newest.row.number}行的{newest.day}更近", f"line {newest.row.number} has {newest.day}"
                )
                self.outcome.problems.warn(one.row.problem("done_on", "older_line", in_words("older_line", said)))
                self.outcome.note(one.row, "unchanged", _code(subject, one.site, row.code))
        return list(last.values())

    def _together(
        self, taken: Sequence[tuple[Wanted, PlanRow]], subject: Subject, site: SitesPlan, history: Sequence[Occurrence]
    ) -> None:
        """The lines of one subject: what was done of a row was done of those that it contains, too."""
        known = {o.plan_row: said_of(o) for o in history if o.state is OccurrenceState.FORMER}
        said = known | {row.code: _told(one, known.get(row.code)) for one, row in taken}
        made: dict[str, Occurrence] = {}
        for one, row in taken:
            own = said[row.code]
            with_it = [(said[code].done_on, code) for code in site.containing(subject, row) if code in said]
            day, code = max(with_it, default=(own.done_on, row.code))
            if day > own.done_on:
                zh, en = f"{day}的{code}已包含此项目，按该日计", f"it was done with {code} on {day}, which counts"
                message = in_words("done_with", LocalName(zh, en))
                self.outcome.problems.warn(one.row.problem("done_on", "done_with", message))
                own = said[code]
            made[row.lineage] = former_work(
                row, subject.key, one.site, own.done_on, site.today, site.zone, site.floor(row),
                entered_by=self._asked.by, done_by=own.done_by, record=own.record,
            )  # fmt: skip
        found = site.stood_for(subject, made)
        coming = site.next_of(subject, found)
        for one, row in taken:
            self._take(one, subject, row, found[row.lineage], history, coming[row.lineage])

    def _check(self, one: Wanted, subject: Subject, row: PlanRow, today: date) -> None:
        """Raises ``CellProblem`` for a line that cannot be taken."""
        if one.day > today:
            raise CellProblem("still_to_come")
        department = row.department.zh or (subject.asset.department if subject.asset else None)
        if not self._may(one.site, department or None):
            raise CellProblem("not_yours")
        key = (row.lineage, subject.key, one.day)
        if key in self._seen:
            first = self._seen[key]
            raise CellProblem("duplicate_row", LocalName(f"与第{first}行相同", f"the same as line {first}"))
        self._seen[key] = one.row.number

    def _take(
        self, one: Wanted, subject: Subject, row: PlanRow, found: Occurrence, history: Sequence[Occurrence],
        coming: LocalName | date,
    ) -> None:  # fmt: skip
        problems = self.outcome.problems
        mine = [o for o in history if o.key.lineage == row.lineage]
        code = _code(subject, one.site, row.code)
        why = why_left_out(mine, over_on(history, self._sites[one.site].today), self._orders)
        if why is not None:
            problems.warn(one.row.problem("done_on", why))
            self.outcome.note(one.row, "unchanged", code)
            return
        known = next((as_said(o) for o in mine if o.state is OccurrenceState.FORMER), None)
        if known is not None and known.latest == found.latest:
            found = known if said_of(known) == said_of(found) else told_otherwise(known, found)
        if known == found:
            self.outcome.note(one.row, "unchanged", code)
            return
        in_service = None if subject.asset is None else subject.asset.in_service_on
        if in_service is not None and one.day < in_service:
            problems.warn(one.row.problem("done_on", "before_service"))
        if isinstance(coming, LocalName):
            said = LocalName(f"尚无下次日期：{coming.zh}", f"there is no next date yet: {coming.en}")
            problems.warn(one.row.problem("plan_row", "no_date", in_words("no_date", said)))
        elif coming <= self._sites[one.site].today or run_out(found) is not None:
            problems.warn(one.row.problem("done_on", "gap_is_over"))
        self.outcome.changes.append(
            Change(RECORD, _key(found.key), code, one.site, known, found, one.row.sheet, one.row.number)
        )
        said_now = said_of(found)
        changes = _told_new(row, said_now) if known is None else changed(said_of(known), _BY_KEY, asdict(said_now))[1]
        self.outcome.note(one.row, "created" if known is None else "updated", code, changes)


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
        if one.state is OccurrenceState.DUE and order is not None and order.state not in WAITING:
            return "work_begun"
    return None


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
