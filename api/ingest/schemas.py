"""Shapes of what the collectors say of themselves."""

from typing import Any

from api.shapes import Instant, Shape


class CollectorStats(Shape):
    """The last word of one collector, and how old it is."""

    collector: str
    reported_at: Instant
    age_s: float
    ready: bool
    problems: list[str]
    stats: dict[str, Any]


class IngestStats(Shape):
    """Sums over all collectors (`lag_s`: the worst). Readings, but `received` and `dead_lettered` count
    messages."""

    received: int
    stored: int
    duplicates: int
    dead_lettered: int
    gaps: int
    spool_depth: int
    lag_s: float
    collectors: list[CollectorStats]
