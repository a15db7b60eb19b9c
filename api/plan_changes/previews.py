"""The planner's comparison for a change."""

from api.access import Access, sees_money_of_row
from api.paging import cut_in_order
from api.plan.schemas import PlanRow as RowShape
from api.plan_changes.schemas import (
    Changed,
    Effort,
    OrderAfter,
    PlanChangePreview,
    PreviewPage,
    RowCounts,
    Warned,
    differences,
)
from api.problems import Differs
from api.services import Services
from maintenance.plan_changes.effects import Effect
from maintenance.plan_changes.keeping import RowHasMoved, outcome
from maintenance.plan_changes.model import PlanChange
from maintenance.plan_changes.previewing import AHEAD, Look, effects_of, sites_of
from maintenance.plan_changes.waiting import today_of
from maintenance.ports import MaintenanceTx


def preview_of(
    tx: MaintenanceTx, services: Services, caller: Access, change: PlanChange, page: PreviewPage
) -> PlanChangePreview:
    """What the change will change, as far as the caller sees it. ``Differs`` when the row is another one by now."""
    now = services.planning_now()
    today, costs = today_of(tx, change.site, now), sees_money_of_row(caller, change.site)
    try:
        found = outcome(tx, change, today)
    except RowHasMoved as error:
        raise has_moved(error, costs=costs) from error
    assets = list(services.directory.plant(tx).assets.values())
    look = Look(assets, services.classes_of_systems(), now, services.plan_readings)
    sites = [site for site in sites_of(tx, change) if caller.scope.allows(site.code)]
    effects = effects_of(tx, change, found, sites, look)
    refs = services.directory.refs(tx)
    some = cut_in_order(effects.changes, page, _place)
    first = page.cursor is None
    before = None if change.before is None else RowShape.seen(change.before, costs=costs)
    return PlanChangePreview(
        start=today,
        end=today + AHEAD,
        effective_from=found.row.ends or found.row.effective_from if change.after is None else found.row.effective_from,
        fields=differences(before, RowShape.seen(found.row, costs=costs)),
        before=Effort.of(effects.before, costs=costs),
        after=Effort.of(effects.after, costs=costs),
        cost_difference=round(effects.after.total - effects.before.total, 2) if costs else None,
        rows=[RowCounts.of(one) for one in effects.rows],
        orders=[OrderAfter.of(one) for one in effects.orders] if first else [],
        warnings=[Warned.model_validate(one) for one in found.cautions],
        changes=[Changed.of(one, refs(one.asset)) for one in some.items],
        next_cursor=some.next_cursor,
    )


def _place(effect: Effect) -> str:
    day, asset, code, change = effect.place()
    return f"{day}\n{asset}\n{code}\n{change}\n{effect.before}"


def has_moved(error: RowHasMoved, *, costs: bool = True) -> Differs:
    """The conflict as the API tells it: the row as it is now, and the fields that have changed since."""
    current = RowShape.seen(error.current, costs=costs)
    fields = differences(RowShape.seen(error.before, costs=costs), current)
    return Differs(
        str(error), error.code, current.model_dump(mode="json", by_alias=True), [one.model_dump() for one in fields]
    )
