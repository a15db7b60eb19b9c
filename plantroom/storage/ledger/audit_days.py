"""The days of orders that have not ended, beside those of what they are for.

``due`` and ``earliest`` of a planned order are columns of their own, by which people and lists go. They are what its
occurrences say: the end of the first of their last days (of a patrol by the hour its last moment), and the first day of
one of their windows. Work that was put off is due on the day that its first step names instead.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maintenance.recurrence import end_of_day
from maintenance.work_orders import State
from plantroom.domain.audit_verify import Broken, Place, Tampering
from plantroom.storage.ledger.columns import FAR_FUTURE
from plantroom.storage.ledger.tables_maintenance import occurrences, work_order_transitions
from plantroom.storage.ledger.tables_plant import sites

_o, _s, _t = occurrences.c, sites.c, work_order_transitions.c
_PUT_OFF = re.compile(r"\((\d{4}-\d{2}-\d{2})\)$")
"""How the first step of an order ends that carries on what was put off (``maintenance.work.deferring``)."""


class OrderDays(NamedTuple):
    """An order that has not ended, with what it says of its occurrences."""

    id: str
    number: int
    site: str
    listed: Sequence[Mapping[str, Any]]
    due: datetime | None
    due_order: datetime
    earliest: date | None


class RowDays(NamedTuple):
    """What the table says of an occurrence. ``is_due``: it is not closed."""

    nominal: str
    latest: str
    due_at: datetime | None
    earliest: date
    is_due: bool

    def may_begin(self, day: date | None) -> bool:
        """Whether an order for it may name that day as its first one. What was done before the law's last day, which
        comes sooner than its window, is closed with that day, and its order keeps its own."""
        return day == self.earliest or (not self.is_due and day is not None and day > self.earliest)


class OrdersDays:
    """Compares orders with what they are for. Zones are read once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._zones = {code: ZoneInfo(zone) for code, zone in connection.execute(sa.select(_s.code, _s.time_zone))}
        self._end = cache(lambda day, zone: end_of_day(date.fromisoformat(day), zone))

    def compare(self, order: OrderDays, rows: Sequence[RowDays]) -> None:
        """``Broken`` where an order's days are not those of what it lists; ``rows`` are these occurrences as the table
        has them."""
        if order.due_order != (order.due or FAR_FUTURE):
            self._wrong(order, f"due_order {_said(order.due_order)}", f"due {_said(order.due)}")
        if not order.listed:
            return
        end = min(self._ends(order, one) for one in order.listed)
        if order.due != end and not self._is_put_off(order) and not self._was_lightened(order, end):
            self._wrong(order, f"due {_said(order.due)}", _said(end))
        fits = any(one.may_begin(order.earliest) for one in rows)
        if rows and not fits and not self._is_of_another(order, _o.earliest, order.earliest):
            days = ", ".join(sorted({one.earliest.isoformat() for one in rows}))
            self._wrong(order, f"earliest {order.earliest}", days)

    def _ends(self, order: OrderDays, one: Mapping[str, Any]) -> datetime:
        until = one.get("due_at")
        return self._end(one["due"], self._zones[order.site]) if until is None else datetime.fromisoformat(until)

    def _is_put_off(self, order: OrderDays) -> bool:
        first = sa.select(_t.reason).where(_t.work_order == order.id, _t.to == State.OPEN.value).order_by(_t.position)
        said = _PUT_OFF.search(self._connection.execute(first.limit(1)).scalar() or "")
        return said is not None and order.due == self._end(said[1], self._zones[order.site])

    def _was_lightened(self, order: OrderDays, end: datetime) -> bool:
        """Whether it goes by the earlier last day of something that was withdrawn of it."""
        if order.due is None or order.due > end:
            return False
        zone = self._zones[order.site]
        day = order.due.astimezone(zone).date()
        return order.due == end_of_day(day, zone) and self._is_of_another(order, _o.latest, day)

    def _is_of_another(self, order: OrderDays, column: sa.Column[Any], day: date | None) -> bool:
        """Whether it is the day of another occurrence of the same machine: an order that has lost one of its own may
        still go by it."""
        subject = order.listed[0]["key"]["subject"]
        there = sa.select(sa.literal(1)).where(_o.subject == subject, column == day).limit(1)
        return self._connection.execute(there).first() is not None

    def _wrong(self, order: OrderDays, said: str, should: str) -> None:
        detail = f"work_orders {order.id} (#{order.number}) has {said}; what it is for says {should}"
        raise Broken(Place(Tampering.ROW_CHANGED, detail=detail))


def _said(at: datetime | None) -> str:
    return "none" if at is None else at.isoformat()
