"""Points of an asset with their limits, and changing those."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.access import Supervisor, Viewer
from api.assets.lookup import visible_asset
from api.paging import cut_in_order
from api.points.changes import change_limits, limits_detail
from api.points.own import add_point, change_point, keys_of_class, point_detail, take_point_away
from api.points.schemas import (
    LimitsChange,
    Point,
    PointChange,
    PointCreate,
    PointDetail,
    PointLimitsDetail,
    PointList,
)
from api.preconditions import IfMatch, etag, expected_version
from api.retrying import BeginAgain
from api.services import Parts
from api.shapes import ListQuery
from maintenance.point_limits import point_of

router = APIRouter(prefix="/api/v1/assets", tags=["points"], route_class=BeginAgain)


@router.get("/{key}/points", operation_id="listPoints")
def list_points(key: str, query: Annotated[ListQuery, Query()], caller: Viewer, services: Parts) -> PointList:
    """What the asset measures, with the limits that hold for it."""
    with services.ledger.read() as tx:
        asset = visible_asset(tx, caller, key).asset
        page = cut_in_order(tx.assets.points(key), query, lambda p: p.key)
        sensors = tx.sensors.of([key])
    known = keys_of_class(services.classes, asset)
    items = [Point.of(p, sensors.get((key, p.key)), p.key not in known) for p in page.items]
    return PointList(items=items, next_cursor=page.next_cursor)


@router.post("/{key}/points", operation_id="createPoint", status_code=201)
def create_point(key: str, form: PointCreate, caller: Supervisor, services: Parts, response: Response) -> PointDetail:
    """A point beside those that the asset has. 409 where it has one of that key."""
    with services.ledger.begin() as tx:
        asset = visible_asset(tx, caller, key, lock=True).asset
        caller.require_change(asset.site, [asset.department])
        detail = add_point(tx, services.classes, asset, form)
    response.headers["ETag"] = etag(detail.version)
    return detail


@router.get("/{key}/points/{point}", operation_id="getPoint")
def get_point(key: str, point: str, caller: Viewer, services: Parts, response: Response) -> PointDetail:
    """One point with its sensor. The `ETag` is what a change sends as `If-Match`."""
    with services.ledger.read() as tx:
        asset = visible_asset(tx, caller, key).asset
        detail = point_detail(tx, services.classes, asset, point_of(tx, key, point))
    response.headers["ETag"] = etag(detail.version)
    return detail


@router.patch("/{key}/points/{point}", operation_id="changePoint")
def patch_point(
    key: str,
    point: str,
    form: PointChange,
    caller: Supervisor,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> PointDetail:
    """Change a point's name, or its sensor and when that was calibrated. 412 with the point as it stands when somebody
    else was faster."""
    with services.ledger.begin() as tx:
        asset = visible_asset(tx, caller, key, lock=True).asset
        caller.require_change(asset.site, [asset.department])
        found = point_of(tx, key, point)
        detail = change_point(tx, services.classes, asset, found, form, expected_version(if_match))
    response.headers["ETag"] = etag(detail.version)
    return detail


@router.delete("/{key}/points/{point}", operation_id="removePoint", status_code=204)
def remove_point(key: str, point: str, caller: Supervisor, services: Parts) -> None:
    """Take a point away from the asset; its readings stay. 409 for one that its class has."""
    with services.ledger.begin() as tx:
        asset = visible_asset(tx, caller, key, lock=True).asset
        caller.require_change(asset.site, [asset.department])
        take_point_away(tx, services.classes, asset, point_of(tx, key, point))


@router.get("/{key}/points/{point}/limits", operation_id="getPointLimits")
def get_limits(key: str, point: str, caller: Viewer, services: Parts, response: Response) -> PointLimitsDetail:
    """The limits of a point, with who changed them, when and why. The `ETag` is what a change sends as `If-Match`."""
    with services.ledger.read() as tx:
        visible_asset(tx, caller, key)
        detail = limits_detail(point_of(tx, key, point), tx.alarms.limit_changes(key, point))
    response.headers["ETag"] = etag(detail.version)
    return detail


@router.patch("/{key}/points/{point}/limits", operation_id="changePointLimits")
def patch_limits(
    key: str,
    point: str,
    form: LimitsChange,
    caller: Supervisor,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> PointLimitsDetail:
    """Change limits, deadband, delays or priorities. They hold from the next reading on, within two seconds; what is
    raised is judged by the new limit. 412 with the limits as they stand when somebody else was faster."""
    with services.ledger.begin() as tx:
        asset = visible_asset(tx, caller, key, lock=True).asset
        caller.require_change(asset.site, [asset.department])
        found, by = point_of(tx, key, point), caller.principal.name
        detail = change_limits(tx, asset.site, found, form, expected_version(if_match), by, services.clock.now())
    response.headers["ETag"] = etag(detail.version)
    return detail
