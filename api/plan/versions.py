"""The versions of a plan row, each with the change that made it."""

from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import ConfigDict

from api.access import Viewer, sees_money_of_row
from api.paging import cut_in_order
from api.plan.schemas import PlanRow
from api.services import Parts
from api.shapes import Instant, ListQuery, Shape
from maintenance.notify.outbox import ZONE
from maintenance.plan_changes.model import PlanChange
from maintenance.recurrence import local_day
from plantroom.errors import NotFound

router = APIRouter(prefix="/api/v1/plan-rows", tags=["plan"])


class MadeBy(Shape):
    """The change that made a version: who asked for it and why, who approved it."""

    id: str
    reason: str
    requested_by: str
    decided_by: str | None
    decided_at: Instant | None
    decision: str


class PlanRowVersion(Shape):
    """One version of a row. `in_effect`: it is the one that dates go by today. `change` is `null` for versions that
    were entered or imported at once: who did it stands in the history (`/audit?entity=plan_row`)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"version": 2, "effective_from": "2027-01-01", "in_effect": False, "row": {}, "change": None}]
        }
    )

    version: int
    effective_from: date
    in_effect: bool
    row: PlanRow
    change: MadeBy | None


class PlanRowVersionList(Shape):
    """A page of versions, the newest first."""

    items: list[PlanRowVersion]
    next_cursor: str | None


@router.get("/{lineage}/versions", operation_id="listPlanRowVersions")
def list_versions(
    lineage: str, query: Annotated[ListQuery, Query()], caller: Viewer, services: Parts
) -> PlanRowVersionList:
    """All versions of a row, with reason and approver."""
    with services.ledger.read() as tx:
        rows = tx.plan.versions(lineage)
        if not rows:
            raise NotFound("there is nothing by that name")
        site = rows[0].site
        if site is not None:
            caller.require_sight(site)
        zone = ZoneInfo(ZONE if site is None else tx.assets.site(site).time_zone)
        made = tx.plan_changes.applied(lineage)
    today = local_day(services.planning_now(), zone)
    current = next((row.version for row in rows if row.effective_from <= today), rows[-1].version)
    page = cut_in_order(rows, query, lambda row: str(row.version))
    items = [
        PlanRowVersion(
            version=row.version,
            effective_from=row.effective_from,
            in_effect=row.version == current,
            row=PlanRow.seen(row, costs=sees_money_of_row(caller, row.site)),
            change=_made_by(made.get(row.version)),
        )
        for row in page.items
    ]
    return PlanRowVersionList(items=items, next_cursor=page.next_cursor)


def _made_by(change: PlanChange | None) -> MadeBy | None:
    return None if change is None else MadeBy.model_validate(change)
