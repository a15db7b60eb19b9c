"""A drill on a tablet: its checklist is its record, and without one it is not done."""

from dataclasses import replace

import pytest

from maintenance.incidents.drills import DrillRecord, Grade, StageTime
from maintenance.incidents.holding import put_drill
from maintenance.incidents.links import link_problems
from maintenance.incidents.model import FollowUp, FollowUpKind, Stage
from maintenance.orders import create_order
from maintenance.plan_changes.model import ChangeOrigin, PlanChange
from maintenance.ports import MaintenanceTx
from maintenance.seed.lists import seed_checklists
from maintenance.transitions import apply_transition
from maintenance.work_orders import Kind, Origin, State, WorkOrder
from plantroom.domain.assets import LocalName, Site
from plantroom.errors import BadData
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


def test_the_record_of_a_drill_that_was_held_is_not_emptied(ledger: Store) -> None:
    times = (StageTime(Stage.REPORT, 1), StageTime(Stage.COMMAND, 4))
    with ledger.begin() as tx:
        drill = create_order(
            tx, site="demo", kind=Kind.DRILL, origin=Origin.STAFF, title=LocalName("演练", "Drill"), by="li", now=NOW
        )
        whole = DrillRecord(drill.id, "demo", "B座火警", ("李工",), None, times, "无", Grade.BY_PLAN)
        put_drill(tx, drill, replace(whole, findings=""), "li", NOW, None)
        put_drill(tx, drill, whole, "li", NOW, None)
        for to in (State.IN_PROGRESS, State.COMPLETED):
            drill = apply_transition(tx, drill.id, to, NOW, "li")
    with pytest.raises(BadData) as refused, ledger.begin() as tx:
        put_drill(tx, tx.orders.lock(drill.id), replace(whole, findings=" ", grade=None), "li", NOW, None)
    assert [one.field for one in refused.value.problems] == ["drill.findings", "drill.grade"]
    with ledger.begin() as tx:
        put_drill(tx, tx.orders.lock(drill.id), replace(whole, findings="对讲机没电"), "li", NOW, None)


def test_a_follow_up_links_to_what_the_site_has(ledger: Store, drill: WorkOrder) -> None:
    made = PlanChange("c1", "demo", ChangeOrigin.STAFF, "more often", "li", NOW)
    with ledger.begin() as tx:
        tx.assets.add_site(Site("north", LocalName("北", "North")))
        tx.plan_changes.add(made)
        tx.plan_changes.add(replace(made, id="c2", site="north"))

    def linked(ref: str) -> list[str]:
        with ledger.read() as tx:
            follow_up = FollowUp(FollowUpKind.PLAN_CHANGE, "改为每月 / monthly", ref)
            return [one.code for one in link_problems(tx, drill.site, [follow_up], "follow_ups")]

    assert (linked("c1"), linked("c2"), linked("nope")) == ([], ["unknown_plan_change"], ["unknown_plan_change"])


def test_work_that_is_no_drill_is_completed_as_before(ledger: Store, order: WorkOrder) -> None:
    assert codes(send(ledger, op(order, "start"), op(order, "complete")))[-1][0] == "applied"
    with ledger.read() as tx:
        assert tx.incidents.drill(order.id) is None
