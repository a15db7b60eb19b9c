"""Work orders, their history, and the operations that tablets sent."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from maintenance.lifecycle import ENDED
from maintenance.ports import OrderFilter, OrderRepository, QueuedOperation
from maintenance.records.model import RECORD_KINDS
from maintenance.work_orders import Operation, OperationResult, Origin, State, Transition, WorkOrder
from plantroom.domain.assets import Severity
from plantroom.errors import Conflict, NotFound, VersionConflict
from plantroom.ports.paging import EVERYTHING, Page, PageRequest, Scope
from plantroom.storage.ledger import tables_maintenance as t
from plantroom.storage.ledger.backend import Lock
from plantroom.storage.ledger.columns import FAR_FUTURE
from plantroom.storage.ledger.cursors import cursor, set_cursor
from plantroom.storage.ledger.drafts import freeze
from plantroom.storage.ledger.frozen import refuse_frozen
from plantroom.storage.ledger.order_rows import ORDERS
from plantroom.storage.ledger.paging import Keys, fetch_page
from plantroom.storage.ledger.records import Record
from plantroom.storage.ledger.work import Work, chunks, in_scope, one_of

TRANSITIONS = Record(Transition, t.work_order_transitions)
OPERATIONS = Record(Operation, t.operations)
RESULTS = Record(OperationResult, t.operations)

_w = t.work_orders.c
_BY_DUE: Keys = (_w.due_order, _w.number)
SORTS: Mapping[str, Keys] = {
    "due": _BY_DUE,
    "number": (_w.number,),
    "opened_at": (sa.func.coalesce(_w.opened_at, sa.literal(FAR_FUTURE, _w.opened_at.type)), _w.number),
    "next_limit": (_w.next_limit, _w.number),
    "severity": (
        sa.case({severity.value: i for i, severity in enumerate(Severity)}, value=_w.severity, else_=len(Severity)),
        *_BY_DUE,
    ),
}
"""Orders of the list; severity: the worst first; what has no date comes last."""


class SqlOrders(OrderRepository):
    """``OrderRepository`` on SQL."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._connection = work.connection
        self._steps: list[dict[str, Any]] = []

    def next_number(self) -> int:
        return self._work.backend.take_numbers(self._connection, 1)[0]

    def add(self, order: WorkOrder) -> None:
        self.add_many([order])

    def add_many(self, orders: Sequence[WorkOrder]) -> None:
        if not orders:
            return
        rows = [_order_values(order) | {"next_limit": FAR_FUTURE, "risk_at": FAR_FUTURE} for order in orders]
        for row, key in zip(rows, freeze(self._work, [order.template for order in orders]), strict=True):
            row["template"] = key
        for order in orders:
            self._changed(order)
        nameless = [row for row in rows if row["number"] == 0]
        numbered = [row["number"] for row in rows if row["number"] != 0]
        if numbered:
            self._work.backend.note_number(self._connection, max(numbered))
        if nameless:
            for row, number in zip(
                nameless, self._work.backend.take_numbers(self._connection, len(nameless)), strict=True
            ):
                row["number"] = number
        self._work.backend.insert_many(self._connection, t.work_orders, rows)

    def get(self, order_id: str) -> WorkOrder:
        return self._one(ORDERS.select().where(_w.id == order_id), order_id)

    def lock(self, order_id: str) -> WorkOrder:
        return self._one(self._work.locking(ORDERS.select().where(_w.id == order_id)), order_id)

    def update(self, order: WorkOrder, expected_version: int) -> WorkOrder:
        if order.kind in RECORD_KINDS and order.state is not State.SCHEDULED:
            refuse_frozen(self._work, self.get(order.id), order)
        changed = replace(order, version=expected_version + 1)
        values = _order_values(changed)
        del values["template"]
        self._changed(order)
        statement = t.work_orders.update().where(_w.id == order.id, _w.version == expected_version)
        if self._connection.execute(statement, values).rowcount != 1:
            stored = self.get(order.id)
            raise VersionConflict(
                f"work order #{stored.number} is at version {stored.version} by now, not {expected_version}"
            )
        return changed

    def standing(self, ids: Sequence[str]) -> Mapping[str, WorkOrder]:
        found: dict[str, WorkOrder] = {}
        for some in chunks(sorted(set(ids))):
            rows = self._connection.execute(ORDERS.select().where(_w.id.in_(some), _w.ended.is_(False)))
            found |= {order.id: order for order in map(ORDERS.item, rows)}
        return found

    def planned_for(self, assets: Sequence[str]) -> Sequence[WorkOrder]:
        found: dict[str, WorkOrder] = {}
        for some in chunks(sorted(set(assets))):
            mine = (_w.asset.in_(some), _w.origin == Origin.PLAN.value, _w.ended.is_(False))
            rows = self._connection.execute(ORDERS.select().where(*mine).order_by(_w.number))
            found |= {order.id: order for order in map(ORDERS.item, rows)}
        return list(found.values())

    def list(self, filters: OrderFilter, page: PageRequest) -> Page[WorkOrder]:
        statement = ORDERS.select().where(*_conditions(filters))
        return fetch_page(self._connection, statement, SORTS, "due", page, ORDERS.item)

    def counts(self, scope: Scope) -> Mapping[tuple[str, State], int]:
        statement = sa.select(_w.kind, _w.state, sa.func.count()).where(*in_scope(_w.site, scope, None))
        rows = self._connection.execute(statement.group_by(_w.kind, _w.state))
        return {(kind, State(state)): int(count) for kind, state, count in rows}

    def add_transition(self, transition: Transition) -> None:
        self._steps.append(TRANSITIONS.row(transition))

    def transitions(self, order_id: str) -> Sequence[Transition]:
        self.flush()
        h = t.work_order_transitions.c
        statement = TRANSITIONS.select().where(h.work_order == order_id).order_by(h.position)
        return [TRANSITIONS.item(row) for row in self._connection.execute(statement)]

    def transitions_of(self, order_ids: Sequence[str]) -> Mapping[str, Sequence[Transition]]:
        self.flush()
        h, found = t.work_order_transitions.c, defaultdict[str, list[Transition]](list)
        for some in chunks(sorted(set(order_ids))):
            statement = TRANSITIONS.select().where(h.work_order.in_(some)).order_by(h.position)
            for step in map(TRANSITIONS.item, self._connection.execute(statement)):
                found[step.work_order].append(step)
        return found

    def operation(self, op_id: str) -> tuple[Operation, OperationResult] | None:
        row = self._connection.execute(_OPERATIONS.where(t.operations.c.op_id == op_id)).first()
        return None if row is None else _operation(row)

    def add_operation(self, operation: Operation, result: OperationResult) -> None:
        """Add; ``Conflict`` when the operation is there already."""
        if result.op_id != operation.op_id:
            raise ValueError("the result is another operation's")
        if self.operation(operation.op_id) is not None:
            raise Conflict(f"the operation {operation.op_id!r} is there already")
        # Held until the commit, so that positions become visible in their order.
        self._work.backend.lock(self._connection, Lock.OPERATIONS)
        insert = t.operations.insert().returning(t.operations.c.position)
        position = self._connection.execute(insert, OPERATIONS.row(operation) | RESULTS.row(result)).scalar_one()
        self._work.made(t.operations, position)

    def operations(self, order_id: str) -> Sequence[tuple[Operation, OperationResult]]:
        o = t.operations.c
        statement = _OPERATIONS.where(o.work_order == order_id).order_by(o.captured_at, o.position)
        return [_operation(row) for row in self._connection.execute(statement)]

    def operations_after(self, consumer: str, limit: int) -> Sequence[QueuedOperation]:
        """As the port says. A writing transaction locks the cursor until it ends."""
        position = t.operations.c.position
        behind = cursor(self._work, consumer)
        statement = _OPERATIONS.add_columns(position).where(position > behind).order_by(position).limit(limit)
        return [QueuedOperation(row[-1], *_operation(row)) for row in self._connection.execute(statement)]

    def move_cursor(self, consumer: str, position: int) -> None:
        if cursor(self._work, consumer) < position:
            set_cursor(self._work, consumer, position)

    def flush(self) -> None:
        """Write the transitions; they are gathered, because a scheduler adds thousands."""
        if self._steps:
            steps, self._steps = self._steps, []
            position = t.work_order_transitions.c.position
            insert = t.work_order_transitions.insert().returning(position, sort_by_parameter_order=True)
            positions = self._connection.execute(insert, steps).scalars().all()
            for step, one in zip(steps, positions, strict=True):
                self._work.made(t.work_order_transitions, one, step | {"position": one})

    def _changed(self, order: WorkOrder) -> None:
        """The planning goes by what becomes of its orders."""
        for one in order.occurrences:
            self._work.changed_subjects[one.key.subject] = order.site

    def _one(self, statement: sa.Select[Any], order_id: str) -> WorkOrder:
        row = self._connection.execute(statement).first()
        if row is None:
            raise NotFound(f"there is no work order {order_id!r}")
        return ORDERS.item(row)


def _order_values(order: WorkOrder) -> dict[str, Any]:
    values = ORDERS.row(order)
    values["due_order"] = order.due or FAR_FUTURE
    values["ended"] = order.state in ENDED
    return values


def _conditions(filters: OrderFilter) -> list[sa.ColumnElement[bool]]:
    conditions = in_scope(_w.site, filters.scope, filters.site)
    if filters.contractors:
        seen = sa.or_(
            sa.and_(sa.true(), *in_scope(_w.site, filters.scope, None)), _w.contractor.in_(sorted(filters.contractors))
        )
        conditions = [seen, *in_scope(_w.site, EVERYTHING, filters.site)]
    conditions += _listed(filters)
    for column in (_w.asset, _w.department, _w.assignee, _w.contractor):
        wanted = getattr(filters, column.name)
        if wanted is not None:
            conditions.append(column == wanted)
    if filters.given:
        conditions.append(sa.or_(_w.assignee.is_not(None), _w.contractor.is_not(None)))
    if filters.unassigned:
        conditions.append(_w.assignee.is_(None))
    if filters.due_before is not None:
        conditions.append(_w.due_order < filters.due_before)
    if filters.without_asset:
        conditions.append(_w.asset.is_(None))
    if filters.at_risk is not None:
        conditions += [_w.ended.is_(False), _w.risk_at <= filters.at_risk]
    if filters.open_only:
        conditions.append(_w.ended.is_(False))
    return conditions


def _listed(filters: OrderFilter) -> list[sa.ColumnElement[bool]]:
    """What a filter lists, separated by commas. What is added about states says nothing new: it names an index."""
    columns = ((_w.kind, filters.kind), (_w.state, filters.state), (_w.origin, filters.origin))
    conditions = [one_of(column, text) for column, text in columns if text is not None]
    if filters.state is not None and State.SCHEDULED.value not in filters.state:
        conditions.append(t.NOT_SCHEDULED)
    elif filters.state == State.SCHEDULED.value:
        conditions.append(_w.ended.is_(False))
    return conditions


_OPERATIONS = sa.select(
    *OPERATIONS.columns,
    *[column.label(f"result_{column.name}") for column in RESULTS.columns],
)


def _operation(row: Sequence[Any]) -> tuple[Operation, OperationResult]:
    return OPERATIONS.item(row), RESULTS.item(row, offset=len(OPERATIONS.columns))
