"""Points of an asset with their limits."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Viewer
from api.assets.lookup import visible_asset
from api.paging import cut_in_order
from api.points.schemas import Point, PointList
from api.services import Parts
from api.shapes import ListQuery

router = APIRouter(prefix="/api/v1/assets", tags=["points"])


@router.get("/{key}/points", operation_id="listPoints")
def list_points(key: str, query: Annotated[ListQuery, Query()], caller: Viewer, services: Parts) -> PointList:
    """What the asset measures, with the limits that hold for it."""
    with services.ledger.read() as tx:
        visible_asset(tx, caller, key)
        page = cut_in_order(tx.assets.points(key), query, lambda p: p.key)
    return PointList(items=[Point.of(p) for p in page.items], next_cursor=page.next_cursor)
