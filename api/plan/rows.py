"""Plan rows out of what a request says."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from api.access import Access
from api.assets.lookup import visible_asset
from api.paging import bad_field
from api.plan.going_by import check_points, what_it_goes_by
from api.plan.schemas import PlanRowCreate
from api.services import Services
from maintenance.going_by import GoingBy
from maintenance.plan import BeforeReuse, Layer, PlanRow
from maintenance.plan_changes.standing import Weaker, weakened
from maintenance.plan_changes.waiting import today_of
from maintenance.ports import MaintenanceTx
from maintenance.recurrence import default_early_days, default_missed
from maintenance.schedules import BeforeSchedule
from plantroom.domain.assets import LocalName
from plantroom.domain.keys import new_key
from plantroom.errors import Conflict, NotFound


class StandsForLess(Conflict):
    """A row that is not simply written: it is to stand for the law's with less than that one asks for."""

    code = "stand_in_weakens_law"

    def __init__(self, laxer: Sequence[Weaker]) -> None:
        said = [one.said() for one in laxer]
        super().__init__(
            "；".join(one.zh for one in said)
            + "：请申请变更，由管理员批准 / "
            + "; ".join(one.en for one in said)
            + ": ask for it as a change (POST /api/v1/plan-changes), which an administrator approves"
        )


def make_row(tx: MaintenanceTx, services: Services, form: PlanRowCreate, site: str | None) -> PlanRow:
    """Write a new row of a site (``None``: of every one). Raises as ``row_of``; ``StandsForLess``."""
    row = row_of(tx, services, form, site)
    if row.fulfils:
        rows = tx.plan.rows()
        laxer = weakened(rows, [*rows, row], today_of(tx, site, services.planning_now()))
        if laxer:
            raise StandsForLess(laxer)
    written = tx.plan.put_row(row)
    tx.live.note("plan", written.site, {"code": written.code, "change": "created"})
    return written


def row_of(
    tx: MaintenanceTx, services: Services, form: PlanRowCreate, site: str | None, known: PlanRow | None = None
) -> PlanRow:
    """The row that a form describes, new or the ``known`` one as it is to be. Nothing is written.

    ``BadData`` naming the field for an unknown system, class, site, row or checklist; ``Conflict`` when the code
    is taken."""
    by = what_it_goes_by(form)
    _check_subject(tx, services, form)
    _check_schedule(tx, services, form, by, site)
    for field, codes in (("fulfils", form.fulfils), ("contains", form.contains)):
        for code in codes:
            if tx.plan.row(code, site) is None:
                raise bad_field(field, "unknown_row", f"there is no plan row {code!r}")
    unknown = [c for c in (form.checklist or "").split("+") if c.strip() and not tx.plan.checklist(c.strip())]
    if unknown:
        raise bad_field("checklist", "unknown_checklist", f"there is no checklist {unknown[0]!r}")
    taken = tx.plan.row(form.code, site)
    if taken is not None and taken.site == site and (known is None or taken.lineage != known.lineage):
        raise Conflict(f"there is a plan row {form.code!r} already")
    other = taken is not None and (known is None or taken.lineage != known.lineage)
    if taken is not None and other and taken.layer is Layer.LAW:
        # A site's own row stands for every site's of its code: the law's row would be out of the plan.
        raise Conflict(
            f"{form.code}是法规要求的计划项，请对其提出变更 / {form.code} is a row that the law asks for: ask for a"
            " change of it (POST /api/v1/plan-changes)"
        )
    name = form.name.to_domain()
    own = form.model_dump(
        include={
            "code", "kind", "anchor", "max_gap_days", "shift_percent", "roll", "layer", "basis", "executor",
            "checklist", "estimated_minutes", "effective_from", "licence", "budget_line", "job_cost", "material_cost",
            "ends",
        }
    )  # fmt: skip
    early = form.tolerance.early_days
    made: dict[str, Any] = own | {
        "name": name if name.zh else LocalName(form.code, form.code),
        "applies_to": by.applies_to,
        "interval": by.interval,
        "schedule": by.schedule,
        "fulfilled_by": by.fulfilled_by,
        "missed": form.missed or default_missed(by.interval),
        "early_days": default_early_days(by.interval, form.tolerance.late_days) if early is None else early,
        "late_days": form.tolerance.late_days,
        "fulfils": form.fulfils,
        "contains": form.contains,
        "evidence": form.evidence,
        "department": form.department.to_domain(),
        "standard": form.standard.to_domain(),
        "before_reuse": _before_reuse(form, known),
    }
    return PlanRow(lineage=new_key(), site=site, **made) if known is None else replace(known, **made)


def _before_reuse(form: PlanRowCreate, known: PlanRow | None) -> BeforeReuse | None:
    """What is said as it is known keeps how sure it is."""
    if form.before_reuse is None:
        return None
    had, said = None if known is None else known.before_reuse, form.before_reuse
    if had is not None and (had.after_days, had.basis) == (said.after_days, said.basis):
        return had
    return BeforeReuse(said.after_days, said.basis)


def _check_schedule(tx: MaintenanceTx, services: Services, form: PlanRowCreate, by: GoingBy, site: str | None) -> None:
    check_points(services, by)
    schedule = by.schedule
    if isinstance(schedule, BeforeSchedule):
        other = tx.plan.row(schedule.code, site)
        if other is None or schedule.code == form.code:
            raise bad_field("schedule.code", "unknown_row", f"there is no other plan row {schedule.code!r}")


def _check_subject(tx: MaintenanceTx, services: Services, form: PlanRowCreate) -> None:
    if form.system is not None and form.system not in services.systems:
        raise bad_field("system", "unknown_system", f"should be one of {', '.join(services.systems)}")
    for key in form.classes:
        if key not in services.classes:
            raise bad_field("classes", "unknown_class", f"there is no class {key!r}")
    if form.site_code is not None:
        try:
            tx.assets.site(form.site_code)
        except NotFound:
            raise bad_field("site_code", "unknown_site", f"there is no site {form.site_code!r}") from None


def site_of(tx: MaintenanceTx, caller: Access, form: PlanRowCreate) -> str | None:
    """The site that a new row belongs to: the one it names, else that of its assets, else none in particular
    (the default profile of every site). ``BadData`` for assets unknown to the caller or of several sites."""
    try:
        sites = {visible_asset(tx, caller, key).asset.site for key in form.assets}
    except NotFound:
        raise bad_field("assets", "unknown_asset", "names an asset that does not exist") from None
    if form.site_code is not None:
        sites.add(form.site_code)
    if len(sites) > 1:
        raise bad_field("assets", "several_sites", "a row names assets of one site, its own")
    return next(iter(sites), None)


def departments_of(tx: MaintenanceTx, services: Services, row: PlanRow, site: str) -> set[str | None]:
    """Whose work a row makes on a site: the department that it names (as its orders will), else those of the
    assets that it applies to now."""
    if row.department.zh:
        return {row.department.zh}
    to = row.applies_to
    system = services.systems.get(to.system or "")
    classes = {*to.classes, *(system.classes if system is not None else ())}
    assets = [a for a in services.directory.plant(tx).assets.values() if a.site == site]
    return {a.department for a in assets if a.key in to.assets or a.equipment_class in classes}
