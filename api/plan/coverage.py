"""Assets without a plan, and rows without a machine."""

from typing import Annotated, Self
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from api.access import Viewer
from api.paging import cut
from api.plan.schedules import Every
from api.services import Parts
from api.shapes import AssetRef, ListQuery, Name, Shape
from maintenance.coverage import NO_MACHINE, PROPOSED, Proposal, coverage, rows_without_machines
from maintenance.plan import PlanRow as DomainRow
from maintenance.recurrence import local_day
from plantroom.domain.assets import Asset, LocalName

router = APIRouter(prefix="/api/v1/plan", tags=["plan"])


class ProposedRow(Shape):
    """A row that is proposed for an asset without a plan; ``status`` says how far it can be trusted."""

    name: Name
    interval: Every
    status: str

    @classmethod
    def of(cls, proposal: Proposal) -> Self:
        """From the planner's proposal."""
        return cls.model_validate(proposal)


class Unplanned(Shape):
    """An asset that no row of the plan table applies to, with what is proposed for it."""

    asset: AssetRef
    site: str
    department: str | None
    proposed: list[ProposedRow]

    @classmethod
    def of(cls, asset: Asset) -> Self:
        """From the ledger's record."""
        ref = AssetRef(
            key=asset.key, code=asset.code, name=Name.model_validate(asset.name), equipment_class=asset.equipment_class
        )
        return cls(
            asset=ref,
            site=asset.site,
            department=asset.department,
            proposed=[ProposedRow.of(one) for one in PROPOSED],
        )


class RowWithoutMachine(Shape):
    """A row that is in force on the site and plans nothing, since no machine is there that it is for."""

    plan_row: str
    name: Name
    reason: Name

    @classmethod
    def of(cls, row: DomainRow, reason: LocalName) -> Self:
        """From the plan's row."""
        return cls(plan_row=row.code, name=Name.model_validate(row.name), reason=Name.model_validate(reason))


class Coverage(Shape):
    """How far the plan table reaches on a site: assets in use, and a page of those without a plan, by code.
    ``without_machines`` are the site's own rows and those of the user's table that no machine goes by, with the first
    page."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "site": "demo",
                    "assets": 12,
                    "with_plan": 11,
                    "without_plan": [
                        {
                            "asset": {
                                "key": "0198c0ffee",
                                "code": "CAM-1",
                                "name": {"zh": "摄像头", "en": "Camera"},
                                "class": "generic",
                            },
                            "site": "demo",
                            "department": None,
                            "proposed": [
                                {
                                    "name": {"zh": "每月外观检查", "en": "Monthly look"},
                                    "interval": {"every": 1, "unit": "month"},
                                    "status": "default",
                                }
                            ],
                        }
                    ],
                    "without_machines": [
                        {
                            "plan_row": "LIGHTING-7DAY",
                            "name": {"zh": "楼道灯：巡查", "en": "楼道灯：巡查"},
                            "reason": {"zh": NO_MACHINE.zh, "en": NO_MACHINE.en},
                        }
                    ],
                    "next_cursor": None,
                }
            ]
        }
    )

    site: str
    assets: int
    with_plan: int
    without_plan: list[Unplanned]
    without_machines: list[RowWithoutMachine]
    next_cursor: str | None


class CoverageQuery(ListQuery):
    """Of which site."""

    site: Annotated[str, Field(max_length=200)]


@router.get("/coverage", operation_id="planCoverage")
def plan_coverage(query: Annotated[CoverageQuery, Query()], caller: Viewer, services: Parts) -> Coverage:
    """Assets in use that no row of the plan table applies to, each with a proposed default: nothing is made of it. And
    rows that plan nothing, since there is no machine that they are for."""
    caller.require_sight(query.site)
    with services.ledger.read() as tx:
        site = tx.assets.site(query.site)
        today = local_day(services.planning_now(), ZoneInfo(site.time_zone))
        mine = [a for a in services.directory.plant(tx).assets.values() if a.site == site.code]
        rows, systems = tx.plan.rows(site.code), services.classes_of_systems()
        found = coverage(mine, rows, systems, today)
    idle = rows_without_machines(site.code, mine, rows, systems, today) if query.cursor is None else []
    page = cut(list(found.without_plan), query, lambda a: a.code, ["code"])
    return Coverage(
        site=site.code,
        assets=found.assets,
        with_plan=found.with_plan,
        without_plan=[Unplanned.of(a) for a in page.items],
        without_machines=[RowWithoutMachine.of(row, reason) for row, reason in idle],
        next_cursor=page.next_cursor,
    )
