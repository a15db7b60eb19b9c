"""Shapes of readings."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.assets.schemas_seen import LatestValue
from api.shapes import AssetRef, Instant, ListQuery, Shape

DEFAULT_INSTANTS = 5_000
MAX_INSTANTS = 50_000
MAX_POINTS = 200


class ReadingsQuery(BaseModel):
    """Which readings. ``from`` is inside the span, ``to`` is not; without them: the last hour."""

    model_config = ConfigDict(extra="forbid", str_max_length=20_000)

    asset: Annotated[str, Field(description="the asset's key")]
    points: Annotated[str | None, Field(description="point keys with commas between; left out: all")] = None
    start: Annotated[Instant | None, Field(alias="from", description="default: an hour before `to`")] = None
    end: Annotated[Instant | None, Field(alias="to", description="default: now")] = None
    agg: Annotated[Literal["raw", "10m", "1h"], Field(description="windows begin at full multiples in UTC")] = "raw"
    limit: Annotated[int, Field(ge=1, le=MAX_INSTANTS, description="instants (or windows) of a page")] = (
        DEFAULT_INSTANTS
    )
    cursor: Annotated[str | None, Field(description="`next_cursor` of the page before")] = None


RawRow = tuple[int, float, int]
AggregateRow = tuple[int, float, float, float, int]


class Series(Shape):
    """Readings of a point in rising time. Rows are `[ts_ms, value, quality]` (quality 0 good, 1 uncertain,
    2 bad), with `agg` `[ts_ms, mean, min, max, count]`."""

    point: str
    unit: str
    rows: list[RawRow] | list[AggregateRow]


class Readings(Shape):
    """A series per point; a page spans the same instants in all of them."""

    series: list[Series]
    next_cursor: str | None


class LatestQuery(ListQuery):
    """Filters of the plant's newest readings."""

    site: str | None = None
    equipment_class: Annotated[str | None, Field(alias="class")] = None


class AssetLatest(Shape):
    """The newest readings of one asset."""

    asset: AssetRef
    site: str
    values: list[LatestValue]


class PlantLatest(Shape):
    """The newest readings of a page of assets, by site and code."""

    items: list[AssetLatest]
    next_cursor: str | None
