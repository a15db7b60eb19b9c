"""Figures of a site's period."""

from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query

from api.access import Viewer, sees_money
from api.figures.schemas import Definition, FigureList, FigureQuery, Group
from api.paging import cut_in_order
from api.retrying import BeginAgain
from api.services import Parts, Services
from api.shapes import Name
from maintenance.figures.figure import DEFINITIONS
from maintenance.figures.groups import Catalogue, figures, period_of
from maintenance.ports import MaintenanceTx
from maintenance.recurrence import local_day

router = APIRouter(prefix="/api/v1/figures", tags=["figures"], route_class=BeginAgain)

PERIOD = timedelta(days=29)


@router.get("", operation_id="listFigures")
def list_figures(query: Annotated[FigureQuery, Query()], caller: Viewer, services: Parts) -> FigureList:
    """Compliance, failures, repairs, availability, precision and ages of a site, or of each system, class, machine or
    department of it. A figure that rests on too little says so instead of a number."""
    caller.require_sight(query.site)
    now = services.planning_now()
    with services.ledger.read() as tx:
        site = tx.assets.site(query.site)
        end = query.end or local_day(now, ZoneInfo(site.time_zone))
        period = period_of(site, query.start or end - PERIOD, end)
        found = figures(tx, site, period, query.by, now, catalogue(services, tx, site.code))
    page = cut_in_order(found, query, lambda group: group.key)
    costs = sees_money(caller, site.code)
    return FigureList(
        site=site.code,
        start=period.first,
        end=period.last,
        by=query.by,
        items=[Group.of(one, costs=costs) for one in page.items],
        definitions=[
            Definition(key=key, name=_name(one.name), formula=_name(one.formula), source=one.source)
            for key, one in DEFINITIONS.items()
        ],
        next_cursor=page.next_cursor,
    )


def catalogue(services: Services, tx: MaintenanceTx, site: str) -> Catalogue:
    """What groups go by, with the site's plan rows."""
    return Catalogue(
        services.classes_of_systems(),
        services.classes,
        {key: one.name for key, one in services.systems.items()},
        {row.lineage: row for row in tx.plan.rows(site)},
    )


def _name(name: object) -> Name:
    return Name.model_validate(name)
