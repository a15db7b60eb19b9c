"""Readings of an asset over time, and the newest ones of the plant."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Response

from api.access import Viewer
from api.assets.latest import latest_of, series_of
from api.assets.lookup import visible_asset
from api.directory import ref_of
from api.paging import bad_field, decode_cursor, encode_cursor, page_request
from api.readings.query import aggregate_page, raw_page
from api.readings.schemas import MAX_POINTS, AssetLatest, LatestQuery, PlantLatest, Readings, ReadingsQuery
from api.readings.seamless import Aggregates, marked_span
from api.services import Parts, Services
from plantroom.domain.assets import Point
from plantroom.ports.ledger import AssetFilter
from plantroom.ports.readings import HOUR_MS, TEN_MINUTES_MS

router = APIRouter(prefix="/api/v1/readings", tags=["readings"])

WINDOW_MS = {"10m": TEN_MINUTES_MS, "1h": HOUR_MS}
DEFAULT_SPAN = timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _ms(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(milliseconds=1)


def _span(services: Services, query: ReadingsQuery) -> tuple[int, int]:
    """First and last (exclusive) millisecond asked for, the cursor's place instead of the first if given."""
    end = query.end or services.clock.now()
    start = query.start or end - DEFAULT_SPAN
    if start >= end:
        raise bad_field("from", "empty_span", "should be before `to`")
    start_ms, end_ms = _ms(start), _ms(end)
    if query.cursor is None:
        return start_ms, end_ms
    place = decode_cursor(query.cursor)
    if not (place.isascii() and place.lstrip("-").isdigit() and len(place) < 18):
        raise bad_field("cursor", "bad_cursor", "is not one that this list gave out")
    return max(start_ms, int(place)), end_ms


def _chosen(points: Sequence[Point], wanted: str | None) -> list[Point]:
    """The points asked for, once each and in that order; ``BadData`` for one that the asset does not have."""
    if wanted is None:
        return list(points)
    known = {p.key: p for p in points}
    keys = list(dict.fromkeys(k.strip() for k in wanted.split(",") if k.strip()))
    unknown = [k for k in keys if k not in known]
    if unknown:
        raise bad_field("points", "unknown_point", f"the asset has no point {', '.join(unknown[:5])}")
    if len(keys) > MAX_POINTS:
        raise bad_field("points", "too_many", f"should name at most {MAX_POINTS}")
    return [known[k] for k in keys]


@router.get("", operation_id="getReadings", response_model=Readings)
def get_readings(query: Annotated[ReadingsQuery, Query()], caller: Viewer, services: Parts) -> Response:
    """Readings of one asset. `next_cursor` pages over instants: a page spans the same time in every series."""
    with services.ledger.read() as tx:
        asset = visible_asset(tx, caller, query.asset).asset
        points = _chosen(tx.assets.points(asset.key), query.points)
        start_ms, end_ms = _span(services, query)
        # Looked at before the store: a mark that is taken away meanwhile only means raw readings for that window.
        marks = () if query.agg == "raw" else tx.roll_ups.among(asset.key, *marked_span(start_ms, end_ms))
    marked = {mark.start_ms for mark in marks if mark.width_ms <= WINDOW_MS[query.agg]}
    series = [series_of(asset, p.key) for p in points]
    if not series:
        return _answer([], None)
    if query.agg == "raw":
        page = raw_page(services.readings, series, start_ms, end_ms, query.limit)
    else:
        source = Aggregates(services.readings, series, WINDOW_MS[query.agg], marked, _ms(services.clock.now()))
        page = aggregate_page(source, start_ms, end_ms, query.limit)
    body: list[dict[str, object]] = [
        {"point": p.key, "unit": p.template.unit, "rows": rows} for p, rows in zip(points, page.rows, strict=True)
    ]
    return _answer(body, page.next_ms)


def _answer(series: list[dict[str, object]], next_ms: int | None) -> Response:
    cursor = None if next_ms is None else encode_cursor(str(next_ms))
    return Response(orjson.dumps({"series": series, "next_cursor": cursor}), media_type="application/json")


@router.get("/latest", operation_id="getPlantLatest")
def get_plant_latest(query: Annotated[LatestQuery, Query()], caller: Viewer, services: Parts) -> PlantLatest:
    """The newest reading of every point of a page of assets: the live view in one request."""
    filters = AssetFilter(scope=caller.scope, site=query.site, equipment_class=query.equipment_class)
    with services.ledger.read() as tx:
        page = tx.assets.list(filters, page_request(query))
        plant = services.directory.plant(tx)
    assets = [(v.asset, list(plant.points.get(v.asset.key, {}).values())) for v in page.items]
    values = latest_of(services, assets, plant)
    items = [AssetLatest(asset=ref_of(a), site=a.site, values=values[a.key]) for a, _ in assets]
    return PlantLatest(items=items, next_cursor=page.next_cursor)
