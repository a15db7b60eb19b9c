"""Rows beside each other: what names an order that is not there, due occurrences that are not what their orders say.

For tables of which nothing is entered while the plan makes them: a million occurrences that are only due, and the
orders for them. What is written in both is compared; whoever forges both is not found here.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maintenance.plan import OccurrenceState
from plantroom.domain.audit_verify import Broken, Place, Tampering
from plantroom.ports.audit import NamedFile
from plantroom.storage.ledger.backend import Backend
from plantroom.storage.ledger.tables_equipment import files
from plantroom.storage.ledger.tables_maintenance import occurrences, work_order_transitions, work_orders
from plantroom.storage.ledger.tables_reports import stored_reports

AT_ONCE = 1_000
"""Orders that are looked at together."""

_o, _w, _t, _f, _r = occurrences.c, work_orders.c, work_order_transitions.c, files.c, stored_reports.c
_Key = tuple[str, str, int]


class _Said(NamedTuple):
    """What an order says of one of its occurrences, or the table does."""

    nominal: str
    latest: str


def linked(connection: Connection, backend: Backend) -> int:
    """As ``AuditRepository.linked``."""
    _orders_of_steps(connection)
    _orders_of_due(connection)
    try:
        return sum(_as_ordered(connection, backend, some) for some in _standing(connection))
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


def _standing(connection: Connection) -> Iterator[Sequence[Any]]:
    """Orders that have not ended, with what they say of their occurrences."""
    orders = sa.select(_w.id, _w.number, _w.occurrences).where(_w.ended.is_(False)).order_by(_w.id).limit(AT_ONCE)
    last = ""
    while rows := connection.execute(orders.where(_w.id > last)).all():
        yield rows
        last = rows[-1][0]


def _as_ordered(connection: Connection, backend: Backend, orders: Sequence[Any]) -> int:
    """How many due occurrences of some orders there are, each as its order has it."""
    said = {
        (one["key"]["subject"], one["key"]["lineage"], int(one["key"]["cycle"])): (number, order, one)
        for order, number, listed in orders
        for one in listed
    }
    there, count = _rows(connection, backend, list(said)), 0
    for key, (number, order, one) in said.items():
        name = f"the occurrence {'/'.join(map(str, key))} of {one['plan_row']}"
        if key not in there:
            detail = f"{name} is not there, and order #{number}, which has not ended, is for it"
            raise Broken(Place(Tampering.OCCURRENCE_REMOVED, detail=detail))
        is_, state, for_order = there[key]
        if state != OccurrenceState.DUE.value or for_order != order:
            continue
        count += 1
        then = _Said(one["nominal_date"], one["due"])
        if then != is_:
            words = f"nominal day {is_.nominal}, latest {is_.latest}; order #{number} has {then.nominal}, {then.latest}"
            detail = f"{name} is due and not as its order has it: {words}"
            raise Broken(Place(Tampering.OCCURRENCE_CHANGED, detail=detail))
    return count


def _rows(connection: Connection, backend: Backend, keys: Sequence[_Key]) -> Mapping[_Key, tuple[_Said, str, str]]:
    columns = (_o.subject, _o.lineage, _o.cycle)
    found: dict[_Key, tuple[_Said, str, str]] = {}
    for start in range(0, len(keys), AT_ONCE):
        among = backend.among(columns, keys[start : start + AT_ONCE])
        wanted = sa.select(*columns, _o.nominal_date, _o.latest, _o.state, _o.work_order).where(among)
        for subject, lineage, cycle, nominal, latest, state, order in connection.execute(wanted):
            found[subject, lineage, cycle] = (_Said(_day(nominal), _day(latest)), state, order)
    return found


def _day(value: date) -> str:
    return value.isoformat()
