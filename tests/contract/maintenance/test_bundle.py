"""What a tablet takes along, on a real ledger."""

from dataclasses import replace
from datetime import date, timedelta

from maintenance.bundle import bundle
from maintenance.materialise import materialise
from maintenance.orders import create_order
from maintenance.work_orders import Kind, Origin, WorkOrder
from plantroom.ports.accounts import Grant, Role
from tests.contract.maintenance.conftest import LI, NAME, NOW, SYSTEMS, orders
from tests.contract.maintenance.tablet import Store
from tests.unit.maintenance.rows import row as plan_row


def test_the_bundle_has_the_work_with_frozen_template_and_the_machine(ledger: Store, order: WorkOrder) -> None:
    with ledger.read() as tx:
        mine = bundle(tx, LI, NOW)
        foreign = bundle(tx, replace(LI, grants=(Grant(Role.TECHNICIAN, "elsewhere"),)), NOW)
    (taken,), (asset,) = mine["work_orders"], mine["assets"]  # type: ignore[misc]
    assert taken["id"] == order.id  # type: ignore[has-type]
    assert len(taken["template"]) == 3  # type: ignore[has-type]
    assert asset["code"] == "P-1"  # type: ignore[has-type]
    assert foreign["work_orders"] == []


def test_a_ticket_that_is_due_late_is_in_the_bundle_and_far_planned_work_is_not(ledger: Store) -> None:
    with ledger.begin() as tx:
        tx.plan.put_row(plan_row("M", 1, "month", 1, 1, anchor=date(2026, 3, 20)))
        far = create_order(
            tx, site="demo", kind=Kind.CORRECTIVE, origin=Origin.STAFF, title=NAME, by="wang", now=NOW,
            asset="lift-1", due=NOW + timedelta(days=40),
        )  # fmt: skip
    materialise(ledger, NOW, SYSTEMS)
    with ledger.read() as tx:
        taken = {o["id"] for o in bundle(tx, LI, NOW)["work_orders"]}  # type: ignore[attr-defined]
    planned = [o.id for o in orders(ledger, asset="pump-1")]
    assert len(planned) == 2
    assert taken == {far.id}
