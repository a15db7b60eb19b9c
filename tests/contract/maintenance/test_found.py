"""What fails on a checklist becomes a ticket with its evidence."""

import pytest

from maintenance.orders import create_order
from maintenance.work_orders import ChecklistItem, Kind, Origin, WorkOrder
from plantroom.domain.assets import Asset, LocalName, Severity
from tests.contract.maintenance.conftest import LI, NOW, orders
from tests.contract.maintenance.tablet import PHOTO, Store, answer, op, send, stored


def ticket_of(ledger: Store) -> WorkOrder:
    (ticket,) = [o for o in orders(ledger) if o.origin is Origin.CHECKLIST]
    return ticket


def test_remark_number_limits_severity_and_links_arrive(ledger: Store, order: WorkOrder) -> None:
    send(ledger, answer(order, "S2", "not_ok", number=1.7, remark="压力偏高", severity="major"))
    ticket = ticket_of(ledger)
    assert (ticket.severity, ticket.asset) == (Severity.MAJOR, order.asset)
    assert "压力偏高 1.7 MPa [0.2, 1]" in ticket.reason.zh
    with ledger.read() as tx:
        found = tx.work_records.found_on(ticket.id)
        assert found is not None
        assert list(tx.work_records.found_by(order.id)) == [found]
    assert (found.work_order, found.step, found.item_zh, found.remark) == (order.id, "S2", "出水压力", "压力偏高")
    assert (found.number, found.unit, found.low, found.high) == (1.7, "MPa", 0.2, 1.0)
    assert (found.severity, found.by, found.at) == ("major", LI.username, NOW)
    assert stored(ledger, order).answers["S2"]["ticket"] == ticket.id


@pytest.mark.parametrize("photo_first", [True, False])
def test_photos_of_the_step_arrive_whichever_came_first(ledger: Store, order: WorkOrder, photo_first: bool) -> None:
    photo, failed = op(order, "photo", "S1", value=PHOTO), answer(order, "S1", "not_ok", remark="漏水")
    send(ledger, *((photo, failed) if photo_first else (failed, photo)))
    with ledger.read() as tx:
        (kept,) = tx.work_records.attachments(ticket_of(ledger).id)
    assert (kept.sha256, kept.kind, kept.note, kept.by) == (PHOTO["sha256"], "photo", "S1", "li")


def test_a_signature_is_no_evidence_of_a_fault(ledger: Store, order: WorkOrder) -> None:
    send(ledger, op(order, "signature", "S1", value=PHOTO), answer(order, "S1", "not_ok", remark="漏水"))
    with ledger.read() as tx:
        assert tx.work_records.attachments(ticket_of(ledger).id) == []


@pytest.mark.parametrize("department", [None, "清洁维护部门"])
def test_what_the_cleaners_find_on_the_stairs_is_for_the_engineers(ledger: Store, department: str | None) -> None:
    with ledger.begin() as tx:
        name = LocalName("A座楼梯", "Stairs A")
        tx.assets.add(Asset("stairs-1", "demo", "S-1", "stairs", name, department=department), [])
        check = create_order(
            tx, site="demo", kind=Kind.INSPECTION, origin=Origin.STAFF, title=name, by="wang", now=NOW,
            asset="stairs-1", department="清洁维护部门",
            template=(ChecklistItem("H1", "ok", LocalName("扶手", "Rail")),),
        )  # fmt: skip
    send(ledger, answer(check, "H1", "not_ok", remark="松动"))
    assert ticket_of(ledger).department == "工程管理部门"


@pytest.mark.parametrize(("kind", "department"), [("security_device", "安保人员"), ("pump", "水务管理部门")])
def test_it_is_for_the_department_that_lists_the_class_like_every_ticket(
    ledger: Store, kind: str, department: str
) -> None:
    with ledger.begin() as tx:
        name = LocalName("设备", "Thing")
        tx.assets.add(Asset("thing-1", "demo", "T-1", kind, name), [])
        other = create_order(
            tx, site="demo", kind=Kind.CORRECTIVE, origin=Origin.STAFF, title=name, by="wang", now=NOW, asset="thing-1"
        )
        check = create_order(
            tx, site="demo", kind=Kind.INSPECTION, origin=Origin.STAFF, title=name, by="wang", now=NOW,
            asset="thing-1", department="清洁维护部门",
            template=(ChecklistItem("H1", "ok", LocalName("外观", "Look")),),
        )  # fmt: skip
    send(ledger, answer(check, "H1", "not_ok", remark="松动"))
    assert ticket_of(ledger).department == other.department == department


def test_a_machine_s_own_department_mends_it_whoever_looked(ledger: Store) -> None:
    with ledger.begin() as tx:
        check = create_order(
            tx, site="demo", kind=Kind.INSPECTION, origin=Origin.STAFF, title=LocalName("巡检", "Round"), by="wang",
            now=NOW, asset="lift-1", department="安保人员",
            template=(ChecklistItem("L1", "ok", LocalName("轿厢照明", "Light")),),
        )  # fmt: skip
    send(ledger, answer(check, "L1", "not_ok", remark="不亮"))
    assert ticket_of(ledger).department == "电梯维修部门"
