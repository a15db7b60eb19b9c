"""The plan table, its dates, and making work orders of them."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Access, Supervisor, Viewer, sees_money_of_row
from api.paging import cut, cut_in_order
from api.plan.preview import preview_of
from api.plan.rows import departments_of, make_row, row_of, site_of
from api.plan.schemas import (
    MaterialiseResult,
    PlanRow,
    PlanRowCreate,
    PlanRowList,
    PlanRowQuery,
    Preview,
    PreviewItem,
    PreviewQuery,
    UndatedRow,
)
from api.retrying import BeginAgain
from api.services import Parts
from api.shapes import ListQuery
from maintenance.materialise import materialise
from maintenance.plan import PlanRow as DomainRow
from maintenance.preview import PreviewItem as DomainItem

router = APIRouter(prefix="/api/v1", tags=["plan"], route_class=BeginAgain)


def _wanted(row: DomainRow, query: PlanRowQuery, caller: Access) -> bool:
    return (
        (row.site is None or caller.scope.allows(row.site))
        and (query.kind is None or row.kind == query.kind)
        and (query.layer is None or row.layer == query.layer)
        and (query.system is None or row.applies_to.system == query.system)
        and (query.code is None or row.code == query.code)
    )


@router.get("/plan-rows", operation_id="listPlanRows")
def list_plan_rows(query: Annotated[PlanRowQuery, Query()], caller: Viewer, services: Parts) -> PlanRowList:
    """The plan table at its newest version, by code."""
    if query.site is not None:
        caller.require_sight(query.site)
    with services.ledger.read() as tx:
        rows = [r for r in tx.plan.rows(query.site) if _wanted(r, query, caller)]
    page = cut(rows, query, lambda r: f"{r.code}\n{r.site or ''}", ["code"])
    return PlanRowList(
        items=[PlanRow.seen(r, costs=sees_money_of_row(caller, r.site)) for r in page.items],
        next_cursor=page.next_cursor,
    )


@router.post("/plan-rows", operation_id="createPlanRow", status_code=201)
def create_plan_row(form: PlanRowCreate, caller: Supervisor, services: Parts) -> PlanRow:
    """A new line of the plan table. It counts from the next time that work orders are made."""
    with services.ledger.begin() as tx:
        site = site_of(tx, caller, form)
        if site is None:
            caller.require_everywhere()
        else:
            caller.require_site(site)
            caller.require_site(site, departments_of(tx, services, row_of(tx, services, form, site), site))
        return PlanRow.of(make_row(tx, services, form, site))


@router.get("/plan/preview", operation_id="previewPlan")
def preview_plan(query: Annotated[PreviewQuery, Query()], caller: Viewer, services: Parts) -> Preview:
    """What the plan table asks for of an asset or a site, by due day, each date with its reason. With today among the
    days it begins with what was due before them and is still to be done."""
    with services.ledger.read() as tx:
        refs = services.directory.refs(tx)
        found = preview_of(tx, services, caller, query)
    page = cut_in_order(found.items, ListQuery(limit=query.limit, cursor=query.cursor), _place)
    undated = [UndatedRow.of(item, refs(item.asset)) for item in found.undated] if query.cursor is None else []
    items = [PreviewItem.of(item, refs(item.asset)) for item in page.items]
    return Preview(items=items, undated=undated, next_cursor=page.next_cursor)


def _place(item: DomainItem) -> str:
    first = item.job.leader
    return f"{item.due.isoformat()}\n{item.asset}\n{first.row.code}\n{first.window.cycle}"


@router.post("/plan/materialise", operation_id="materialisePlan")
def materialise_plan(caller: Supervisor, services: Parts) -> MaterialiseResult:
    """Make the work orders that fall due within the horizon now, instead of at the next tick. Idempotent."""
    caller.require_everywhere()
    systems = services.classes_of_systems()
    counts = materialise(services.ledger, services.planning_now(), systems, readings=services.plan_readings)
    return MaterialiseResult(created=counts["created"], existing=counts["existing"], missed=counts["missed"])
