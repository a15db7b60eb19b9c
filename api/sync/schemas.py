"""Shapes of a tablet's traffic."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from api.assets.schemas import Asset
from api.assets.schemas_seen import LatestValue
from api.points.schemas import Point
from api.session.schemas import User
from api.shapes import DeviceInstant, Instant, Payload, Shape
from api.sla.schemas import PauseCode
from api.work_orders.schemas import WorkOrderDetail

MAX_OPS = 2000


class Operation(Payload):
    """One operation of a tablet. ``op_id`` is a UUID (version 7); ``captured_at`` is the device's time."""

    op_id: Annotated[str, Field(min_length=1, max_length=100)]
    user: Annotated[str, Field(min_length=1, max_length=200)]
    type: Literal[
        "start", "acknowledge", "arrive", "resume", "hold", "answer", "photo", "signature", "complete", "verdict",
        "report_fault", "interim",
    ]  # fmt: skip
    work_order: str | None = None
    step: str | None = None
    base_version: int | None = None
    captured_at: DeviceInstant
    value: Annotated[dict[str, Any], Field(default_factory=dict)]


class SyncRequest(BaseModel):
    """Operations in the order in which they were done. ``device_now`` tells how wrong the device's clock is.

    Only the envelope is checked here: an operation that cannot be read is rejected by itself and never holds up
    the others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    device: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
    device_now: DeviceInstant
    ops: Annotated[
        list[Any],
        Field(max_length=MAX_OPS),
        WithJsonSchema({"type": "array", "maxItems": MAX_OPS, "items": {"$ref": "#/components/schemas/Operation"}}),
    ]


class OperationResult(Shape):
    """What became of an operation, with the order's version after it. ``op_id`` is as it was sent (empty
    when it was not text)."""

    op_id: str
    status: Literal["applied", "duplicate", "conflict", "rejected"]
    code: str | None
    version: int | None


class SyncAnswer(Shape):
    """A result per operation, in the order they were sent."""

    server_now: Instant
    results: list[OperationResult]


class BundleAsset(Shape):
    """An asset card: what it is, its points with limits, its newest readings."""

    asset: Asset
    points: list[Point]
    latest: list[LatestValue]


class Bundle(Shape):
    """Everything a tablet takes along for a shift; ``pauses`` are the codes of a hold. ``live_position`` is where `GET
    /events` goes on. With ``readings_away`` the readings store does not answer: no card has its newest readings, those
    of an earlier bundle are the last known."""

    generated_at: Instant
    live_position: int
    user: User
    work_orders: list[WorkOrderDetail]
    assets: list[BundleAsset]
    pauses: list[PauseCode]
    readings_away: bool
