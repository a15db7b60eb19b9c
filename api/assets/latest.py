"""The newest readings of assets."""

from collections.abc import Sequence
from datetime import UTC, datetime

from api.assets.schemas_seen import LatestValue
from api.services import Services
from plantroom.domain.assets import Asset, Plant, Point, Source
from plantroom.domain.quality import Reason, is_stale, quality_of
from plantroom.ports.readings import SeriesRef


def series_of(asset: Asset, point: str) -> SeriesRef:
    """Where the readings of a point live."""
    return SeriesRef(asset.site, asset.equipment_class, asset.key, point)


def latest_of(
    services: Services, assets: Sequence[tuple[Asset, Sequence[Point]]], plant: Plant
) -> dict[str, list[LatestValue]]:
    """The newest reading of each point, in the order of the points, by asset key; points without one are left out.
    One query of the store. The sources of ``plant`` say whose silence is judged."""
    sources = services.directory.sources(plant)
    series = [series_of(asset, p.key) for asset, points in assets for p in points]
    found = services.readings.latest(series) if series else {}
    now = services.clock.now()
    values: dict[str, list[LatestValue]] = {}
    for asset, points in assets:
        known = ((p, found.get(series_of(asset, p.key))) for p in points)
        source = sources.get(asset.key)
        values[asset.key] = [_value(p, reading, source, now) for p, reading in known if reading is not None]
    return values


def _value(point: Point, reading: tuple[int, float, int], source: Source | None, now: datetime) -> LatestValue:
    ts_ms, value, reason = reading
    at = datetime.fromtimestamp(ts_ms / 1000, UTC)
    return LatestValue(
        point=point.key,
        at=at,
        value=value,
        quality=int(quality_of(reason)),
        reason=reason,
        source="person" if reason == Reason.MANUAL else "sensor",
        stale=is_stale(point, source, at, now),
    )
