"""The newest readings of assets."""

from collections.abc import Sequence
from datetime import UTC, datetime

from api.assets.schemas import LatestValue
from api.services import Services
from plantroom.domain.assets import Asset, Point
from plantroom.domain.quality import Reason, quality_of
from plantroom.ports.readings import SeriesRef


def series_of(asset: Asset, point: str) -> SeriesRef:
    """Where the readings of a point live."""
    return SeriesRef(asset.site, asset.equipment_class, asset.key, point)


def latest_values(services: Services, asset: Asset, points: Sequence[Point]) -> list[LatestValue]:
    """The newest reading of each point, in the order of the points; those without one are left out."""
    return latest_of(services, [(asset, points)])[asset.key]


def latest_of(services: Services, assets: Sequence[tuple[Asset, Sequence[Point]]]) -> dict[str, list[LatestValue]]:
    """As ``latest_values`` for several assets at once, by asset key; one query of the store."""
    series = [series_of(asset, p.key) for asset, points in assets for p in points]
    found = services.readings.latest(series) if series else {}
    now = services.clock.now()
    values: dict[str, list[LatestValue]] = {}
    for asset, points in assets:
        known = ((p, found.get(series_of(asset, p.key))) for p in points)
        values[asset.key] = [_value(p, reading, now) for p, reading in known if reading is not None]
    return values


def _value(point: Point, reading: tuple[int, float, int], now: datetime) -> LatestValue:
    ts_ms, value, reason = reading
    at = datetime.fromtimestamp(ts_ms / 1000, UTC)
    limit_s = point.template.stale_after_s
    return LatestValue(
        point=point.key,
        at=at,
        value=value,
        quality=int(quality_of(reason)),
        reason=reason,
        source="person" if reason == Reason.MANUAL else "sensor",
        stale=limit_s is not None and (now - at).total_seconds() > limit_s,
    )
