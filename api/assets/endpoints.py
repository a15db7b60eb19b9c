"""Assets: list, one, make, change; their newest values, events and baselines."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.access import Supervisor, Viewer
from api.assets.card import AssetCard, card_of
from api.assets.changes import change_asset, make_asset
from api.assets.latest import latest_of
from api.assets.lookup import visible_asset
from api.assets.schemas import Asset, AssetChange, AssetCreate, AssetList, AssetQuery
from api.assets.schemas_seen import AssetEvent, AssetEventList, EventQuery, LatestValues, PointBaselines
from api.episodes.shaping import shape_baseline
from api.paging import cut_in_order, page_request
from api.preconditions import IfMatch, etag, expected_version
from api.retrying import BeginAgain
from api.services import Parts
from api.shapes import ListQuery, Name, as_json
from plantroom.ports.ledger import AssetFilter

router = APIRouter(prefix="/api/v1/assets", tags=["assets"], route_class=BeginAgain)


@router.get("", operation_id="listAssets", response_model=AssetList)
def list_assets(query: Annotated[AssetQuery, Query()], caller: Viewer, services: Parts) -> Response:
    """Assets by site and code."""
    filters = AssetFilter(
        scope=caller.scope,
        code=query.code,
        equipment_class=query.equipment_class,
        site=query.site,
        status=query.status,
        text=query.text,
        location=query.location,
        department=query.department,
        criticality=query.criticality,
        parent=query.parent,
        keys=None if query.keys is None else query.keys.split(","),
    )
    with services.ledger.read() as tx:
        page = tx.assets.list(filters, page_request(query))
    items = [Asset.of(v, services.readings.retention) for v in page.items]
    return as_json(AssetList(items=items, next_cursor=page.next_cursor))


@router.post("", operation_id="createAsset", status_code=201)
def create_asset(form: AssetCreate, caller: Supervisor, services: Parts, response: Response) -> Asset:
    """A new asset with the points of its class; collectors take it up within two seconds."""
    caller.require_site(form.site, [form.department])
    with services.ledger.begin() as tx:
        view = make_asset(tx, services.classes, form, services.clock.now())
    response.headers["ETag"] = etag(view.asset.version)
    response.headers["Location"] = f"/api/v1/assets/{view.asset.key}"
    return Asset.of(view, services.readings.retention)


@router.get("/{key}", operation_id="getAsset")
def get_asset(key: str, caller: Viewer, services: Parts, response: Response) -> Asset:
    """One asset; its `ETag` is what a change has to send as `If-Match`."""
    with services.ledger.read() as tx:
        view = visible_asset(tx, caller, key)
    response.headers["ETag"] = etag(view.asset.version)
    return Asset.of(view, services.readings.retention)


@router.get("/{key}/card", operation_id="getAssetCard", response_model=AssetCard)
def get_card(key: str, caller: Viewer, services: Parts) -> Response:
    """Everything that the ledger holds of one asset: itself, where it stands, what it is part of and what are its
    parts, its partner, its points with limits and sensors."""
    with services.ledger.read() as tx:
        view = visible_asset(tx, caller, key)
        card = card_of(tx, view, services.readings.retention)
    answer = as_json(card)
    answer.headers["ETag"] = etag(view.asset.version)
    return answer


@router.patch("/{key}", operation_id="changeAsset")
def patch_asset(
    key: str, form: AssetChange, caller: Supervisor, services: Parts, response: Response, if_match: IfMatch = None
) -> Asset:
    """Change fields of an asset. 412 with the asset as it stands now when somebody else was faster."""
    with services.ledger.begin() as tx:
        before = visible_asset(tx, caller, key, lock=True)
        departments = [before.asset.department, *([form.department] if "department" in form.model_fields_set else [])]
        caller.require_change(before.asset.site, departments)
        by, now, kept = caller.principal.name, services.clock.now(), services.readings.retention
        view = change_asset(tx, before, form, expected_version(if_match), by, now, kept)
    response.headers["ETag"] = etag(view.asset.version)
    return Asset.of(view, services.readings.retention)


@router.get("/{key}/latest", operation_id="getLatestValues")
def get_latest(key: str, query: Annotated[ListQuery, Query()], caller: Viewer, services: Parts) -> LatestValues:
    """The newest reading of each point of the asset."""
    with services.ledger.read() as tx:
        asset = visible_asset(tx, caller, key).asset
        points = tx.assets.points(key)
        plant = services.directory.plant(tx)
    values = latest_of(services, [(asset, points)], plant)[asset.key]
    page = cut_in_order(values, query, lambda v: v.point)
    return LatestValues(items=list(page.items), next_cursor=page.next_cursor)


@router.get("/{key}/events", operation_id="listAssetEvents")
def list_events(key: str, query: Annotated[EventQuery, Query()], caller: Viewer, services: Parts) -> AssetEventList:
    """What the asset reported, newest first."""
    with services.ledger.read() as tx:
        asset = visible_asset(tx, caller, key).asset
        events = tx.collect.events(key, query.limit)
    made = services.classes.get(asset.equipment_class)
    names = {e.key: Name.model_validate(e.name) for e in made.events} if made else {}
    return AssetEventList(items=[AssetEvent.of(e, names.get(e.event, Name(zh=e.event, en=e.event))) for e in events])


@router.get("/{key}/baseline", operation_id="getBaseline")
def get_baseline(key: str, query: Annotated[ListQuery, Query()], caller: Viewer, services: Parts) -> PointBaselines:
    """What the condition model holds for normal, by point; empty while it still learns."""
    with services.ledger.read() as tx:
        visible_asset(tx, caller, key)
    found = services.model_view.baselines(key) if services.model_view else {}
    items = [shape_baseline(point, b) for point, b in found.items()]
    page = cut_in_order(items, query, lambda b: b.point)
    return PointBaselines(items=list(page.items), next_cursor=page.next_cursor)
