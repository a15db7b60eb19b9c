"""Whether a row of the plan table can stand as a line makes it; what is in its way becomes errors. Pure."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from maintenance.going_by import GoingBy, misfit, unknown_name
from maintenance.imports.outcome import Rights
from maintenance.imports.plan_assets import Machines
from maintenance.imports.plan_reading import Wanted
from maintenance.imports.problems import Problems, count, in_words, not_yours
from maintenance.imports.tables import Row
from maintenance.imports.values import listed
from maintenance.imports.words import EVIDENCE
from maintenance.plan import PlanRow
from maintenance.plan_changes.model import PlanChange
from maintenance.plan_changes.waiting import Waiting, said_of
from maintenance.schedules import BeforeSchedule
from plantroom.catalogue.classes import equipment_classes
from plantroom.catalogue.systems import systems
from plantroom.domain.assets import LocalName

_COLUMNS = {"interval": "frequency", "site": "site_wide"}
_UNKNOWN = frozenset({"unknown_point", "unknown_mode"})


@dataclass(frozen=True, slots=True)
class RowChecks:
    """Looks at the rows of one table. ``has_checklist``: whether there is one of a code; ``waiting``: changes of rows
    that are not in effect yet."""

    site: str | None
    rights: Rights
    problems: Problems
    has_checklist: Callable[[str], bool]
    waiting: Waiting = field(default_factory=Waiting)
    machines: Machines = field(default_factory=Machines)

    def is_sound(self, wanted: Wanted, row: PlanRow, known: PlanRow | None, codes: Collection[str]) -> bool:
        """Whether the row can stand. ``known``: as it was; ``codes``: the rows that there are, or will be."""
        before = count(self.problems)
        subject = row.applies_to
        given = [subject.system is not None, bool(subject.classes), bool(subject.assets), subject.site]
        other = self.machines.misfit(subject)
        if other is not None:
            self.problems.error(wanted.row.problem("assets", "asset_elsewhere", in_words("asset_elsewhere", other)))
        elif sum(given) != 1:
            self.problems.error(wanted.row.problem("system", "several_subjects"))
        for key, named in (("contains", row.contains), ("fulfils", row.fulfils)):
            if key in wanted.values:
                self._require_rows(wanted, key, [one for one in named if one not in codes])
        self._check_words(wanted, row, known)
        if known is None or GoingBy.of(known) != GoingBy.of(row):
            self._check_dates(wanted, row, codes)
        for of in (row, known):
            if of is not None and not self.rights.may_change(self.site, of.department.zh or None):
                self.problems.error(wanted.row.problem("department", "not_yours", not_yours(of.department)))
                break
        return count(self.problems) == before

    def leaves_waiting(self, wanted: Wanted, match: PlanRow | None, shared: PlanRow | None) -> bool:
        """As ``leave_waiting``. ``match`` is the row that is changed, ``shared`` every site's row in whose place the
        site gets one of its own."""
        key = "code" if wanted.code else "system"
        if match is not None:
            return leave_waiting(self.waiting, wanted.row, key, match, self.problems)
        if shared is not None:
            return leave_waiting(self.waiting, wanted.row, key, shared, self.problems, self.site)
        return True

    def _require_rows(self, wanted: Wanted, key: str, unknown: list[str]) -> None:
        if unknown:
            said = LocalName(f"没有计划项目 {unknown[0]}", f"there is no plan row {unknown[0]}")
            self.problems.error(wanted.row.problem(key, "unknown_row", in_words("unknown_row", said)))

    def _check_words(self, wanted: Wanted, row: PlanRow, known: PlanRow | None) -> None:
        """Checklists that there are, proof that the product knows; what the row had already stays."""
        had = () if known is None else known.evidence
        words = EVIDENCE.table()
        if any(one not in words and one not in had for one in row.evidence):
            said = listed("unknown_choice", words.values())
            self.problems.error(wanted.row.problem("evidence", "unknown_choice", in_words("unknown_choice", said)))
        if known is not None and row.checklist == known.checklist:
            return
        for one in filter(None, map(str.strip, (row.checklist or "").split("+"))):
            if not self.has_checklist(one):
                said = LocalName(f"没有检查表 {one}", f"there is no checklist {one}")
                message = in_words("unknown_checklist", said)
                self.problems.error(wanted.row.problem("checklist", "unknown_checklist", message))

    def _check_dates(self, wanted: Wanted, row: PlanRow, codes: Collection[str]) -> None:
        """What the row's dates go by, as rows by hand are checked."""
        by = GoingBy.of(row)
        rule = "schedule" if "schedule" in wanted.values else "frequency"
        if isinstance(row.schedule, BeforeSchedule) and (
            row.schedule.code == row.code or row.schedule.code not in codes
        ):
            self._require_rows(wanted, rule, [row.schedule.code])
            return
        found = misfit(by) or unknown_name(by, equipment_classes(), systems())
        if found is None:
            return
        top = found.field.partition(".")[0]
        key = rule if top == "schedule" else _COLUMNS.get(top, top)
        code = found.code if found.code in _UNKNOWN else "bad_rule"
        self.problems.error(wanted.row.problem(key, code, in_words(code, found.said)))


def leave_waiting(
    waiting: Waiting, line: Row, key: str, row: PlanRow, problems: Problems, apart: str | None = None
) -> bool:
    """Whether a change of a row writes over nothing that somebody has asked for: an approved change that is not in
    effect yet is an error, one that nobody has decided on a warning. ``apart``: the site that gets a row of its own in
    the place of this one, so that only what was asked for there is touched."""
    for change in waiting.requested.get(row.lineage, ()):
        if apart is None or change.site == apart:
            message = in_words("change_requested", _said_request(row, change))
            problems.warn(line.problem(key, "change_requested", message))
    approved = waiting.approved.get(row.lineage)
    if approved is None:
        return True
    message = in_words("change_waiting", _with_code(row, said_of(row, approved)))
    problems.error(line.problem(key, "change_waiting", message))
    return False


def _with_code(row: PlanRow, said: LocalName) -> LocalName:
    return LocalName(f"{row.code} {said.zh}", f"{row.code}: {said.en}")


def _said_request(row: PlanRow, change: PlanChange) -> LocalName:
    by, day = change.requested_by, change.requested_at.date()
    return LocalName(
        f"{by}于{day}申请了对 {row.code} 的变更，尚未批准",
        f"{by} asked on {day} for a change of {row.code}, not decided yet",
    )
