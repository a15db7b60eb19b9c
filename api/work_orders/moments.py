"""When a step of an order's life was taken, as the request says it."""

import uuid
from datetime import UTC, datetime, timedelta, tzinfo

from api.paging import bad_field
from maintenance.lifecycle import EARLIEST
from maintenance.work_orders import WorkOrder
from plantroom.domain.assets import LocalName

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far the caller's clock may be ahead of ours; what is ahead counts as now."""


def moment(order: WorkOrder, at: datetime | None, now: datetime, zone: tzinfo) -> datetime:
    """The moment of a step: ``at``, or now. ``BadData`` naming ``at``, with the time of the site (``zone``), when it is
    before the order was there, before the year 2000 or more than five minutes ahead.

    Planned work may be done as soon as its order has been made, whenever the planner opens it; everything else is there
    from its opening on."""
    if at is None:
        return now
    floor, since = _there_since(order)
    # What was read from us, or from the message, is not too early.
    floor = max(EARLIEST, min(floor, now).replace(microsecond=0))
    if at < floor:
        shown = f"{floor.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        words = (
            f"早于工单{since.zh}（站点当地时间{shown}） / is before the work order was {since.en} ({shown} on the site)"
        )
        raise bad_field("at", "too_early", words)
    if at > now + CLOCKS_DIFFER:
        raise bad_field("at", "in_the_future", "比现在晚5分钟以上 / is more than five minutes ahead of now")
    return at


_MADE, _OPENED = LocalName("生成", "made"), LocalName("打开", "opened")


def _there_since(order: WorkOrder) -> tuple[datetime, LocalName]:
    made = made_at(order.id)
    if made is not None and (order.occurrences or order.opened_at is None):
        return made, _MADE
    return order.opened_at or EARLIEST, _OPENED


def made_at(key: str) -> datetime | None:
    """When a key of ``new_key`` was made (its first 48 bits, RFC 9562, section 5.7); ``None`` for other keys."""
    try:
        value = uuid.UUID(key)
    except ValueError:
        return None
    return datetime.fromtimestamp((value.int >> 80) / 1000, UTC) if value.version == 7 else None
