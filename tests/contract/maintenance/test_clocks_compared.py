"""What the comparison of SLA clocks with the words on their tickets asks of the ledger."""

from datetime import timedelta

from maintenance.orders import create_order
from maintenance.ports import MaintenanceTx
from maintenance.records.clocks import clocks_as_said
from maintenance.transitions import apply_transition
from maintenance.work_orders import Kind, Origin, State
from plantroom.domain.assets import LocalName
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.test_figures import counted

Store = Ledger[MaintenanceTx]


def tickets(ledger: Store, count: int) -> None:
    with ledger.begin() as tx:
        for _ in range(count):
            order = create_order(
                tx, site="demo", kind=Kind.CORRECTIVE, origin=Origin.STAFF, title=LocalName("异响", "Noise"), by="li",
                now=NOW, asset="lift-1",
            )  # fmt: skip
            for hours, to in enumerate((State.ACKNOWLEDGED, State.IN_PROGRESS, State.COMPLETED), 1):
                then = NOW + timedelta(hours=hours)
                apply_transition(tx, order.id, to, then, "li", now=then)


def compared(ledger: Store) -> tuple[int, int]:
    """How many clocks, and how many statements that took."""
    with ledger.read() as tx, counted() as statements:
        return clocks_as_said(tx), len(statements)


def test_many_tickets_take_no_more_statements_than_one(any_ledger: Store) -> None:
    tickets(any_ledger, 1)
    clocks, few = compared(any_ledger)
    tickets(any_ledger, 11)
    assert compared(any_ledger)[0] == 12 * clocks > 0
    assert compared(any_ledger)[1] == few
