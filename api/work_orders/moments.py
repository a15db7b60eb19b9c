"""When a step of an order's life was taken, as the request says it."""

import uuid
from datetime import UTC, datetime, timedelta

from api.paging import bad_field
from maintenance.lifecycle import EARLIEST
from maintenance.work_orders import WorkOrder

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far the caller's clock may be ahead of ours; what is ahead counts as now."""


def moment(order: WorkOrder, at: datetime | None, now: datetime) -> datetime:
    """The moment of a step: ``at``, or now. ``BadData`` naming ``at`` when it is before the order was opened (for
    one that was not: made), before the year 2000 or more than five minutes ahead."""
    if at is None:
        return now
    begun = order.opened_at or made_at(order.id) or EARLIEST
    # Instants are shown in milliseconds: what was read from us is not too early.
    floor = min(begun, now).replace(microsecond=min(begun, now).microsecond // 1000 * 1000)
    if at < max(EARLIEST, floor):
        raise bad_field("at", "too_early", f"is before the work order was opened ({floor.isoformat()})")
    if at > now + CLOCKS_DIFFER:
        raise bad_field("at", "in_the_future", "is more than five minutes ahead of now")
    return at


def made_at(key: str) -> datetime | None:
    """When a key of ``new_key`` was made (its first 48 bits, RFC 9562, section 5.7); ``None`` for other keys."""
    try:
        value = uuid.UUID(key)
    except ValueError:
        return None
    return datetime.fromtimestamp((value.int >> 80) / 1000, UTC) if value.version == 7 else None
