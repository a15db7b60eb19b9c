"""Rows beside each other: what names an order that is not there, due occurrences that are not what their orders say.

For tables of which nothing is entered while the plan makes them: a million occurrences that are only due, and the
orders for them. What is written in both is compared, and an order's own days with them
(``plantroom.storage.ledger.audit_days``); whoever forges all of it is not found here.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maintenance.plan import OccurrenceState
from plantroom.domain.audit_verify import Broken, Place, Tampering
from plantroom.ports.audit import NamedFile
from plantroom.storage.ledger.audit_days import OrderDays, OrdersDays, RowDays
from plantroom.storage.ledger.backend import Backend
from plantroom.storage.ledger.tables_equipment import files
from plantroom.storage.ledger.tables_maintenance import occurrences, work_order_transitions, work_orders
from plantroom.storage.ledger.tables_reports import stored_reports

AT_ONCE = 1_000
"""Orders that are looked at together."""

_o, _w, _t, _f, _r = occurrences.c, work_orders.c, work_order_transitions.c, files.c, stored_reports.c
_Key = tuple[str, str, int]
_Stored = tuple[RowDays, str, str]
"""Days, state and work order of an occurrence."""


def linked(connection: Connection, backend: Backend) -> int:
    """As ``AuditRepository.linked``."""
    _orders_of_steps(connection)
    _orders_of_due(connection)
    try:
        days = OrdersDays(connection)
        return sum(_as_ordered(connection, backend, some, days) for some in _standing(connection))
    except (ValueError, TypeError, KeyError) as error:
        detail = f"a value in the table work_orders is none: it was changed ({error!r})"
        raise Broken(Place(Tampering.ROW_CHANGED, detail=detail)) from error


def named_files(connection: Connection) -> Iterator[NamedFile]:
    """As ``AuditRepository.named_files``."""
    for digest, size, name, site in connection.execute(sa.select(_f.sha256, _f.size, _f.name, _f.site)):
        yield NamedFile(digest, size, f"files {digest}/{site} ({name})")
    for digest, size in ((_r.html_sha256, _r.html_bytes), (_r.pdf_sha256, _r.pdf_bytes)):
        made = sa.select(digest, size, _r.id).where(digest.is_not(None))
        for sha256, count, key in connection.execute(made):
            yield NamedFile(sha256, count, f"stored_reports {key}")


def _orders_of_steps(connection: Connection) -> None:
    there = sa.exists().where(_w.id == _t.work_order)
    lost = sa.select(_t.work_order, _t.position).where(~there).order_by(_t.position).limit(1)
    for order, position in connection.execute(lost):
        _removed(f"work_orders {order} is not there, and its step {position} (work_order_transitions) is")


def _orders_of_due(connection: Connection) -> None:
    there = sa.exists().where(_w.id == _o.work_order)
    due = sa.select(_o.subject, _o.lineage, _o.cycle, _o.plan_row, _o.work_order).where(
        _o.state == OccurrenceState.DUE.value, _o.work_order.is_not(None), ~there
    )
    for subject, lineage, cycle, row, order in connection.execute(due.limit(1)):
        _removed(f"work_orders {order} is not there, and the due occurrence {subject}/{lineage}/{cycle} of {row} is")


def _removed(detail: str) -> None:
    raise Broken(Place(Tampering.ROW_REMOVED, detail=detail))


def _standing(connection: Connection) -> Iterator[Sequence[OrderDays]]:
    """Orders that have not ended, with what they say of their occurrences."""
    columns = (_w.id, _w.number, _w.site, _w.occurrences, _w.due, _w.due_order, _w.earliest)
    orders = sa.select(*columns).where(_w.ended.is_(False)).order_by(_w.id).limit(AT_ONCE)
    last = ""
    while rows := [OrderDays(*row) for row in connection.execute(orders.where(_w.id > last))]:
        yield rows
        last = rows[-1].id


def _as_ordered(connection: Connection, backend: Backend, orders: Sequence[OrderDays], days: OrdersDays) -> int:
    """How many due occurrences of some orders there are, each as its order has it."""
    said = {_key(one): (order, one) for order in orders for one in order.listed}
    there, count = _rows(connection, backend, list(said)), 0
    for key, (order, one) in said.items():
        name = f"the occurrence {'/'.join(map(str, key))} of {one['plan_row']}"
        if key not in there and (heirs := _handed_over(connection, key, order)) is not None:
            there[key] = heirs
        if key not in there:
            detail = f"{name} is not there, and order #{order.number}, which has not ended, is for it"
            raise Broken(Place(Tampering.OCCURRENCE_REMOVED, detail=detail))
        is_, state, for_order = there[key]
        if state != OccurrenceState.DUE.value or for_order != order.id:
            continue
        count += 1
        until = one.get("due_at")
        then = (one["nominal_date"], one["due"], None if until is None else datetime.fromisoformat(until))
        if then != is_[:3]:
            words = f"{_words(*is_[:3])}; order #{order.number} has {_words(*then)}"
            detail = f"{name} is due and not as its order has it: {words}"
            raise Broken(Place(Tampering.OCCURRENCE_CHANGED, detail=detail))
    for order in orders:
        days.compare(order, [there[_key(one)][0] for one in order.listed])
    return count


def _key(one: Mapping[str, Any]) -> _Key:
    return one["key"]["subject"], one["key"]["lineage"], int(one["key"]["cycle"])


def _words(nominal: str, latest: str, until: datetime | None) -> str:
    return f"nominal day {nominal}, latest {latest}{'' if until is None else f', until {until.isoformat()}'}"


def _handed_over(connection: Connection, key: _Key, order: OrderDays) -> _Stored | None:
    """An occurrence of an order that names it by the row that it was of: the site has had a row of its own since the
    order was completed (``hand_over``), and it was sent back to be done again."""
    subject, _, cycle = key
    listed = {one["key"]["lineage"] for one in order.listed}
    mine = (_o.subject == subject, _o.cycle == cycle, _o.work_order == order.id, _o.lineage.not_in(listed))
    return next((found for _, found in _stored(connection, sa.and_(*mine))), None)


def _rows(connection: Connection, backend: Backend, keys: Sequence[_Key]) -> dict[_Key, _Stored]:
    columns = (_o.subject, _o.lineage, _o.cycle)
    found: dict[_Key, _Stored] = {}
    for start in range(0, len(keys), AT_ONCE):
        found.update(_stored(connection, backend.among(columns, keys[start : start + AT_ONCE])))
    return found


def _stored(connection: Connection, which: sa.ColumnElement[bool]) -> Iterator[tuple[_Key, _Stored]]:
    days = (_o.nominal_date, _o.latest, _o.due_at, _o.earliest)
    wanted = sa.select(_o.subject, _o.lineage, _o.cycle, *days, _o.state, _o.work_order).where(which)
    for subject, lineage, cycle, nominal, latest, until, earliest, state, order in connection.execute(wanted):
        row = RowDays(_day(nominal), _day(latest), until, earliest, state == OccurrenceState.DUE.value)
        yield (subject, lineage, cycle), (row, state, order)


def _day(value: date) -> str:
    return value.isoformat()
