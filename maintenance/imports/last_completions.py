"""What was done last of each plan row before Plantroom: a table compared with the plan and its occurrences."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from zoneinfo import ZoneInfo

from maintenance.facts import Facts
from maintenance.former import DONE_BY, ENTERED_ON, RECORD_OF, former_work, standing_for
from maintenance.imports.cells import fold
from maintenance.imports.kinds import Asked
from maintenance.imports.outcome import Change, Outcome
from maintenance.imports.problems import CellProblem, Problems, count, in_words, there_are
from maintenance.imports.tables import Row
from maintenance.imports.values import normal_code, read_code, read_date, read_text
from maintenance.plan import FORMER_CYCLE, Occurrence, OccurrenceKey, OccurrenceState, PlanRow
from maintenance.planner import Subject, asset_subject, hour_rows_for, plan_subject, rows_for, site_subject
from maintenance.ports import MaintenanceTx
from maintenance.recurrence import local_day, shifted
from plantroom.catalogue.systems import systems
from plantroom.domain.assets import Asset, AssetStatus, LocalName, Site

RECORD = "former_work"
AT_ONCE = 2_000
LONGEST = 200
_LISTED = 20


@dataclass(slots=True)
class Wanted:
    """One line, understood as far as its cells go."""

    row: Row
    site: str
    asset: str
    plan_row: str
    day: date
    said: tuple[str, str]


class LastCompletionsImport:
    """One comparison of a table with the plan and what was done of it."""

    def __init__(self, tx: MaintenanceTx, asked: Asked, problems: Problems) -> None:
        self._tx, self._asked = tx, asked
        self._sites = {site.code: _SitesPlan(tx, site, asked) for site in tx.assets.sites()}
        self._seen: dict[OccurrenceKey, int] = {}
        self.outcome = Outcome(problems)

    def run(self, rows: Iterable[Row]) -> Outcome:
        """Compare every line."""
        batch: list[Wanted] = []
        for row in rows:
            one = self._understood(row)
            if one is not None:
                batch.append(one)
            if len(batch) >= AT_ONCE:
                self._batch(batch)
                batch = []
        self._batch(batch)
        return self.outcome

    def _understood(self, row: Row) -> Wanted | None:
        problems = self.outcome.problems
        before = count(problems)
        site = row.text("site") or self._asked.site or (next(iter(self._sites)) if len(self._sites) == 1 else "")
        if not site:
            problems.error(row.problem("site", "needs_site"))
        elif site not in self._sites or self._asked.site not in (None, site) or not self._may(site, None):
            problems.error(row.problem("site", "site_not_yours"))
        asset, plan_row = self._code(row, "asset"), self._code(row, "plan_row")
        if not plan_row and "plan_row" not in row.refused:
            problems.error(row.problem("plan_row", "missing_value"))
        day = self._day(row)
        said = (self._text(row, "done_by"), self._text(row, "record"))
        if count(problems) > before or row.refused or day is None:
            return None
        return Wanted(row, site, asset, plan_row, day, said)

    def _may(self, site: str, department: str | None) -> bool:
        return self._asked.rights.may_change(site, department)

    def _code(self, row: Row, name: str) -> str:
        try:
            return "" if name in row.refused else read_text(read_code(row.cells.get(name)), LONGEST)
        except CellProblem as problem:
            self._refuse(row, name, problem)
            return ""

    def _text(self, row: Row, name: str) -> str:
        try:
            return "" if name in row.refused or name not in row.cells else read_text(row.cells[name], LONGEST)
        except CellProblem as problem:
            self._refuse(row, name, problem)
            return ""

    def _day(self, row: Row) -> date | None:
        if "done_on" in row.refused:
            return None
        if "done_on" not in row.cells:
            self.outcome.problems.error(row.problem("done_on", "missing_value"))
            return None
        try:
            return read_date(row.cells["done_on"])
        except CellProblem as problem:
            self._refuse(row, "done_on", problem)
            return None

    def _refuse(self, row: Row, name: str, problem: CellProblem) -> None:
        self.outcome.problems.error(row.problem(name, problem.code, in_words(problem.code, problem.said)))
        row.refused.add(name)

    def _batch(self, some: Sequence[Wanted]) -> None:
        codes = {(one.site, code) for one in some if one.asset for code in (one.asset, normal_code(one.asset))}
        assets = self._tx.assets.find_many(codes) if codes else {}
        of: dict[str, list[tuple[Wanted, Subject]]] = defaultdict(list)
        for one in some:
            subject = self._subject(one, assets)
            if subject is not None:
                of[subject.key].append((one, subject))
        known = self._tx.plan.occurrences_of_several(list(of))
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
                name = "done_on" if problem.code == "still_to_come" else "plan_row"
                self.outcome.problems.error(one.row.problem(name, problem.code, in_words(problem.code, problem.said)))
                continue
            taken.append((one, row))
        if taken:
            found = site.stood_for(
                subject, {row.lineage: former_of_line(one, row, subject, site) for one, row in taken}
            )
            for one, row in taken:
                self._take(one, subject, row, found[row.lineage], history)

    def _check(self, one: Wanted, subject: Subject, row: PlanRow, today: date) -> None:
        """Raises ``CellProblem`` for a line that cannot be taken."""
        if one.day > today:
            raise CellProblem("still_to_come")
        key = OccurrenceKey(row.lineage, subject.key, FORMER_CYCLE)
        if key in self._seen:
            first = self._seen[key]
            raise CellProblem("duplicate_row", LocalName(f"与第{first}行相同", f"the same as line {first}"))
        self._seen[key] = one.row.number

    def _take(
        self, one: Wanted, subject: Subject, row: PlanRow, found: Occurrence, history: Sequence[Occurrence]
    ) -> None:
        problems, today = self.outcome.problems, self._sites[one.site].today
        mine = [o for o in history if o.key.lineage == row.lineage]
        code = f"{subject.asset.code if subject.asset else one.site}/{row.code}"
        own = [o for o in mine if o.state in _OWN]
        if own:
            problems.warn(one.row.problem("done_on", "own_record"))
            self.outcome.note(one.row, "unchanged", code)
            return
        known = next((o for o in mine if o.state is OccurrenceState.FORMER), None)
        if known is not None and known.latest == found.latest:
            # A blank cell leaves what is known of it.
            told = {name: text for name, text in (found.evidence or {}).items() if name != ENTERED_ON}
            found = replace(known, evidence=dict(known.evidence or {}) | told)
        if known == found:
            self.outcome.note(one.row, "unchanged", code)
            return
        in_service = None if subject.asset is None else subject.asset.in_service_on
        if in_service is not None and one.day < in_service:
            problems.warn(one.row.problem("done_on", "before_service"))
        gap = row.max_gap_days
        if gap is not None and shifted(one.day, gap) < today:
            problems.warn(one.row.problem("done_on", "gap_is_over"))
        self.outcome.changes.append(
            Change(RECORD, _key(found.key), code, one.site, known, found, one.row.sheet, one.row.number)
        )
        changes = {} if known is None else _differences(known, found)
        self.outcome.note(one.row, "created" if known is None else "updated", code, changes)


_OWN = (OccurrenceState.DONE, OccurrenceState.CREDITED, OccurrenceState.MISSED)
"""What the program has on record of a row itself: nothing before it is asked for any more."""


class _SitesPlan:
    """The plan of a site, as lines name its rows."""

    def __init__(self, tx: MaintenanceTx, site: Site, asked: Asked) -> None:
        self._tx, self._site = tx, site
        self.zone = ZoneInfo(site.time_zone)
        self.today = local_day(asked.now, self.zone)
        self.itself = site_subject(site.code, site.name)
        self._held: dict[str, tuple[Sequence[PlanRow], Sequence[PlanRow]]] = {}

    @cached_property
    def _rows(self) -> Sequence[PlanRow]:
        return self._tx.plan.rows(self._site.code, self.today)

    @cached_property
    def _by_code(self) -> Mapping[str, PlanRow]:
        return {row.code: row for row in self._rows}

    def _holding(self, subject: Subject) -> tuple[Sequence[PlanRow], Sequence[PlanRow]]:
        """The dated rows that hold for a subject, and those by the hour."""
        if subject.key not in self._held:
            classes = {key: one.classes for key, one in systems().items()}
            found = (rows_for(self._rows, subject, classes), hour_rows_for(self._rows, subject, classes))
            self._held = {subject.key: found}
        return self._held[subject.key]

    def row_named(self, subject: Subject, text: str) -> PlanRow:
        """The row of a subject with that code or name. Raises ``CellProblem``."""
        dated, hourly = self._holding(subject)
        codes = {text, normal_code(text)}
        found = [row for row in (*dated, *hourly) if row.code in codes] or [
            row for row in (*dated, *hourly) if fold(text) in {fold(row.name.zh), fold(row.name.en)}
        ]
        names = [f"{row.code}（{row.name.zh}）" for row in dated][:_LISTED]
        english = [f"{row.code} ({row.name.en})" for row in dated][:_LISTED]
        if len(found) == 1:
            if found[0] in hourly:
                raise CellProblem("by_the_hour")
            return found[0]
        if found:
            said = LocalName("有几个计划项同名", "several plan rows have that name")
            raise CellProblem("unknown_row", there_are(said, [row.code for row in found]))
        elsewhere = codes & self._by_code.keys()
        said = LocalName("该计划项不适用于此处", "the plan row does not hold here")
        if not elsewhere:
            said = LocalName("没有这个计划项目", "there is no such plan row")
        raise CellProblem("not_for_asset" if elsewhere else "unknown_row", there_are(said, names, english))

    def stood_for(self, subject: Subject, formers: Mapping[str, Occurrence]) -> Mapping[str, Occurrence]:
        """What was done of a subject's rows (by lineage), each as that of the date that it stands for."""
        rows, _ = self._holding(subject)
        as_entered = [replace(o, evidence={ENTERED_ON: o.latest.isoformat()}) for o in formers.values()]
        facts = Facts(self._site.calendar)
        plan = plan_subject(rows, self._by_code, subject, as_entered, self.today, self.zone, facts=facts)
        series = {track.row.lineage: track.series for track in plan.tracks}
        return {lineage: standing_for(one, series[lineage]) for lineage, one in formers.items()}


def former_of_line(one: Wanted, row: PlanRow, subject: Subject, site: _SitesPlan) -> Occurrence:
    """What a line says."""
    return former_work(row, subject.key, one.site, one.day, site.today, site.zone, one.said)


def said_of(one: Occurrence) -> tuple[date, str, str]:
    """What a table says of it: the day, who did it, where that is written."""
    evidence = one.evidence or {}
    return one.latest, str(evidence.get(DONE_BY, "")), str(evidence.get(RECORD_OF, ""))


def _differences(before: Occurrence, after: Occurrence) -> dict[str, Sequence[object]]:
    pairs = zip(("done_on", "done_by", "record"), said_of(before), said_of(after), strict=True)
    return {name: [str(had), str(has)] for name, had, has in pairs if had != has}


def _key(key: OccurrenceKey) -> str:
    return f"{key.lineage}/{key.subject}"
