"""What a tablet sends, and what becomes of it."""

import itertools
from datetime import timedelta
from typing import Any

from maintenance.ports import MaintenanceTx
from maintenance.sync import apply_operations
from maintenance.work_orders import OperationResult, WorkOrder
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import LI, NOW

Store = Ledger[MaintenanceTx]
numbers = itertools.count()
PHOTO = {"sha256": "ab" * 32, "bytes": 1000, "mime": "image/jpeg"}


def op(order: WorkOrder | None, kind: str, step: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "op_id": f"op-{next(numbers)}",
        "user": "li",
        "type": kind,
        "work_order": None if order is None else order.id,
        "step": step,
        "base_version": 1,
        "captured_at": NOW.isoformat(),
        "value": {},
    } | more


def answer(order: WorkOrder, step: str, outcome: str = "ok", **value: Any) -> dict[str, Any]:
    return op(order, "answer", step, value={"outcome": outcome} | value)


def send(ledger: Store, *ops: dict[str, Any], device: str = "tab-1", **more: Any) -> list[OperationResult]:
    given: dict[str, Any] = {"device_now": NOW, "now": NOW + timedelta(seconds=1)} | more
    return apply_operations(ledger, LI, device, given["device_now"], ops, given["now"], given.get("effects"))


def stored(ledger: Store, order: WorkOrder) -> WorkOrder:
    with ledger.read() as tx:
        return tx.orders.get(order.id)


def codes(results: list[OperationResult]) -> list[tuple[str, str | None]]:
    return [(r.status, r.code) for r in results]
