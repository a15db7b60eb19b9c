"""A drill on a tablet: its checklist is its record, and without one it is not done."""

import pytest

from maintenance.incidents.model import Stage
from maintenance.orders import create_order
from maintenance.ports import MaintenanceTx
from maintenance.seed.lists import seed_checklists
from maintenance.work_orders import Kind, Origin, State, WorkOrder
from plantroom.domain.assets import LocalName
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.tablet import PHOTO, answer, codes, op, send, stored

Store = Ledger[MaintenanceTx]
ANSWERS = {
    "DR-REC-01": {"text": "B座火警"}, "DR-REC-02": {"number": 12}, "DR-REC-03": {"number": 1},
    "DR-REC-04": {"number": 4}, "DR-REC-05": {}, "DR-REC-06": {}, "DR-REC-07": {}, "DR-REC-09": {"text": "无"},
}  # fmt: skip


@pytest.fixture
def drill(ledger: Store) -> WorkOrder:
    with ledger.begin() as tx:
        return create_order(
            tx, site="demo", kind=Kind.DRILL, origin=Origin.PLAN, title=LocalName("消防演练", "Fire drill"),
            by="system:planner", now=NOW, template=seed_checklists()["DR-REC"].items,
        )  # fmt: skip


def test_a_drill_that_tells_nothing_is_not_completed(ledger: Store, drill: WorkOrder) -> None:
    assert codes(send(ledger, op(drill, "start"), op(drill, "complete"))) == [
        ("applied", None), ("rejected", "drill_record_missing"),
    ]  # fmt: skip
    assert stored(ledger, drill).state is State.IN_PROGRESS


def test_the_checklist_of_a_drill_becomes_its_record(ledger: Store, drill: WorkOrder) -> None:
    sent = [answer(drill, step, **value) for step, value in ANSWERS.items()]
    sent += [op(drill, "photo", "DR-REC-08", value=PHOTO), op(drill, "complete")]
    assert {status for status, _ in codes(send(ledger, *sent))} == {"applied"}
    assert stored(ledger, drill).state is State.EVIDENCE_PENDING
    with ledger.read() as tx:
        record = tx.incidents.drill(drill.id)
    assert record is not None
    assert (record.scenario, record.headcount, record.findings, record.by) == ("B座火警", 12, "无", "li")
    assert [one.stage for one in record.times] == [Stage.REPORT, Stage.COMMAND]


def test_work_that_is_no_drill_is_completed_as_before(ledger: Store, order: WorkOrder) -> None:
    assert codes(send(ledger, op(order, "start"), op(order, "complete")))[-1][0] == "applied"
    with ledger.read() as tx:
        assert tx.incidents.drill(order.id) is None
