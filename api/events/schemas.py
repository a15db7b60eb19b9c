"""Shapes of the live stream."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from api.shapes import Shape


class LiveMessage(Shape):
    """The `data` of one server-sent event. ``topic`` names what changed (`work_order`, `episode`, `asset`,
    `reading`, `collector`, `site`, `location`, `part`, `source`, `plan`, `plan_change`, `budget`, `flood`, `loop_test`,
    `sla`, `sla_policy`, `channel`, `notification`, `incident`, `drill`, `risk_report`, `risk_policy`, `report`), or is
    `hello` (first message, says where the stream stands) or `reload` (too much was missed: ask for everything again).
    ``position`` is the event's `id`."""

    position: int
    topic: str
    site: str | None
    data: dict[str, Any]


class EventsQuery(BaseModel):
    """Where to go on; the header `Last-Event-ID` counts before it."""

    model_config = ConfigDict(extra="forbid")

    after: int | None = None
