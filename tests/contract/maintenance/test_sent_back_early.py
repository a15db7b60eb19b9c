"""The law's work that was done before its window and is sent back: the history takes it for what it is."""

from datetime import timedelta

from maintenance.materialise import materialise
from maintenance.ports import OrderFilter
from maintenance.records.verifying import verify
from maintenance.transitions import apply_transition
from maintenance.work_orders import State
from plantroom.ports.paging import PageRequest
from tests.contract.maintenance.conftest import NOW, SYSTEMS
from tests.contract.maintenance.test_plan_changes import Store, put


def test_what_was_done_long_before_its_window_and_is_sent_back_leaves_the_history_intact(any_ledger: Store) -> None:
    put(any_ledger)
    materialise(any_ledger, NOW, SYSTEMS, 60)
    with any_ledger.begin() as tx:
        page = tx.orders.list(OrderFilter(origin="plan", open_only=True), PageRequest(limit=9))
        first, _, third, *_ = sorted(page.items, key=lambda one: one.due or NOW)
        for order, at in ((first, NOW), (third, NOW + timedelta(days=1))):
            for to in (State.IN_PROGRESS, State.COMPLETED):
                apply_transition(tx, order.id, to, at, "li")
        (listed,) = third.occurrences
        done = tx.plan.occurrences([listed.key])[listed.key]
        assert third.earliest is not None
        assert done.earliest < third.earliest, "it was closed by the law's last day"
        apply_transition(tx, third.id, State.IN_PROGRESS, NOW + timedelta(days=2), "wang", "not done")
    assert verify(any_ledger).broken is None
