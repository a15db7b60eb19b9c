"""What a request wants to change, as a change of the ledger; and who may ask for it or approve it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property

from pydantic import ValidationError

from api.access import Access
from api.field_words import words_of
from api.paging import bad_field
from api.plan.rows import departments_of, row_of, site_of
from api.plan.schemas import PlanRow as RowShape
from api.plan.schemas import PlanRowCreate
from api.plan_changes.schemas import PlanChangeFields, PlanRowPart
from api.services import Services
from maintenance.plan import EVIDENCE, PlanRow
from maintenance.plan_changes.keeping import proposal_of
from maintenance.plan_changes.model import Action, PlanChange
from maintenance.plan_changes.rules import Outcome, outcome_of
from maintenance.plan_changes.waiting import today_of
from maintenance.ports import MaintenanceTx
from plantroom.errors import BadData, FieldProblem, Forbidden, NotFound
from plantroom.ports.accounts import Role

SUBJECT = ("system", "classes", "assets", "site")
NOT_IN_FORMS = frozenset({"lineage", "status", "version"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """The part of a change that a request says."""

    site: str | None
    action: Action | None
    code: str | None
    before: PlanRow | None
    after: PlanRow | None
    effective_from: date | None


def wanted_of(
    tx: MaintenanceTx, services: Services, caller: Access, form: PlanChangeFields, site: str | None
) -> Wanted:
    """What a form says, checked against the ledger as it is. ``BadData`` naming the field, ``NotFound`` for a row that
    the caller does not see."""
    if form.action is None:
        return Wanted(site, None, None, None, None, form.effective_from)
    if form.action is Action.CREATE:
        assert form.row is not None
        whole = _create(form.row, site)
        own = site_of(tx, caller, whole)
        after = row_of(tx, services, whole, own)
        return Wanted(own, form.action, after.code, None, after, form.effective_from)
    before = _visible(tx, caller, form.plan_row or "", site)
    own = site or before.site
    changed: PlanRow | None = None
    if form.row is not None:
        whole = _merged(before, form.row)
        if site_of(tx, caller, whole) not in {None, own}:
            raise bad_field("row.assets", "several_sites", "a row names assets of one site, its own")
        changed = replace(row_of(tx, services, whole, own, before), effective_from=before.effective_from)
        if "evidence" not in form.row.model_fields_set:
            changed = replace(changed, evidence=before.evidence)
        if changed.code != before.code and own != before.site:
            text = "本项目自己的计划项须沿用编号 / a row of the site's own keeps the code of the one that it stands for"
            raise bad_field("row.code", "code_stays", text)
        if changed == before:
            raise bad_field("row", "no_change", "与现有计划项相同 / is what the row is already")
    return Wanted(own, form.action, before.code, before, changed, form.effective_from)


def _visible(tx: MaintenanceTx, caller: Access, code: str, site: str | None) -> PlanRow:
    """The row that holds on the site (``None``: every site's, else the only one by that code that the caller sees)."""
    found = tx.plan.row(code, site)
    if found is None and site is None:
        named = [row for row in tx.plan.rows() if row.code == code and caller.scope.allows(row.site or "")]
        found = named[0] if len(named) == 1 else None
    if found is None:
        raise bad_field("plan_row", "unknown_row", f"没有计划项“{code}” / there is no plan row {code!r}")
    if found.site is not None:
        caller.require_sight(found.site)
    return found


def _create(part: PlanRowPart, site: str | None) -> PlanRowCreate:
    return _validated(part.given() | ({} if site is None else {"site_code": site}))


def _merged(before: PlanRow, part: PlanRowPart) -> PlanRowCreate:
    """The row's own fields with those that are given. What it is for is given as a whole."""
    known = RowShape.of(before).model_dump(mode="json", by_alias=True, exclude=set(NOT_IN_FORMS))
    # What an earlier version took as evidence stays until somebody says otherwise.
    known["evidence"] = [one for one in known["evidence"] if one in EVIDENCE]
    if known["before_reuse"] is not None:
        known["before_reuse"].pop("status")
    given = part.given()
    if any(name in given for name in SUBJECT):
        known |= {"system": None, "classes": [], "assets": [], "site": False}
    if "interval" in given or "schedule" in given:
        # What followed from the interval follows from the new one, unless it is said.
        known["tolerance"] = {"late_days": known["tolerance"]["late_days"]}
    return _validated(known | given)


def _validated(document: dict[str, object]) -> PlanRowCreate:
    try:
        return PlanRowCreate.model_validate(document)
    except ValidationError as error:
        problems = [
            FieldProblem(
                ".".join(["row", *map(str, one["loc"])]),
                one["type"],
                words_of(one["type"], one["msg"], one.get("ctx", {})),
            )
            for one in error.errors()
        ]
        raise BadData("; ".join(f"{one.field}: {one.message}" for one in problems), problems) from None


class PlanAsItIs:
    """The plan table and the sites' days, read once for all the changes that a request shows."""

    def __init__(self, tx: MaintenanceTx, now: datetime) -> None:
        """``now``: as of planning."""
        self._tx = tx
        self._now = now
        self._days: dict[str | None, date] = {}

    def rows(self, site: str | None) -> Sequence[PlanRow]:
        """What a change of a site's rows can touch: its own and every site's; all there are where it is ``None``."""
        return self._all if site is None else [*self._by_site.get(None, ()), *self._by_site.get(site, ())]

    @cached_property
    def _all(self) -> Sequence[PlanRow]:
        return self._tx.plan.rows()

    @cached_property
    def _by_site(self) -> Mapping[str | None, Sequence[PlanRow]]:
        found: dict[str | None, list[PlanRow]] = defaultdict(list)
        for row in self._all:
            found[row.site].append(row)
        return found

    def today(self, site: str | None) -> date:
        """As ``maintenance.plan_changes.waiting.today_of``."""
        if site not in self._days:
            self._days[site] = today_of(self._tx, site, self._now)
        return self._days[site]


def cautions_of(plan: PlanAsItIs, change: PlanChange) -> Outcome | None:
    """What an approval would make of the change as it was asked for, whatever has become of the row; ``None`` for a
    suggestion without a change, and where the rules refuse it."""
    if change.action is None:
        return None
    try:
        return outcome_of(proposal_of(change, plan.today(change.site)), "new", plan.rows(change.site))
    except BadData:
        return None


def require_asking(tx: MaintenanceTx, caller: Access, change: PlanChange) -> None:
    """``Forbidden`` or ``NotFound`` unless the caller holds their role where the change is."""
    if change.site is None:
        caller.require_everywhere()
        return
    caller.require_change(change.site)
    try:
        tx.assets.site(change.site)
    except NotFound:
        raise bad_field("site", "unknown_site", f"there is no site {change.site!r}") from None


def require_approver(
    tx: MaintenanceTx, services: Services, caller: Access, change: PlanChange, leaves_law: bool
) -> None:
    """``Forbidden`` unless the caller may approve: a supervisor of the site and of the departments whose work it is; an
    administrator where something is taken out of what the law asks for."""
    approver = caller.raised(Role.ADMIN if leaves_law else Role.SUPERVISOR)
    if change.site is None:
        approver.require_everywhere()
        return
    rows = [row for row in (change.before, change.after) if row is not None]
    departments = {one for row in rows for one in departments_of(tx, services, row, change.site)}
    approver.require_change(change.site, departments)


def may_approve(tx: MaintenanceTx, services: Services, caller: Access, change: PlanChange, leaves_law: bool) -> bool:
    """Whether ``require_approver`` lets the caller through."""
    try:
        require_approver(tx, services, caller, change, leaves_law)
    except Forbidden:
        return False
    return True
