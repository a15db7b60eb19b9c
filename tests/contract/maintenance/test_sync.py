"""Operations of tablets, on a real ledger."""

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from maintenance.bundle import bundle
from maintenance.operations import ChecklistReading, SyncEffects
from maintenance.orders import create_order
from maintenance.ports import MaintenanceTx
from maintenance.sync import apply_operations
from maintenance.work_orders import ChecklistItem, Kind, OperationResult, Origin, State, WorkOrder
from plantroom.domain.assets import AssetStatus, LocalName, Severity
from plantroom.ports.accounts import Grant, Role
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import LI, NOW, orders

Store = Ledger[MaintenanceTx]
numbers = itertools.count()
NAME = LocalName("项目", "Item")
TEMPLATE = (
    ChecklistItem("S1", "ok", NAME),
    ChecklistItem(
        "S2", "number", LocalName("出水压力", "Pressure"), unit="MPa", low=0.2, high=1.0, point="discharge_pressure"
    ),
    ChecklistItem("S3", "ok", NAME, evidence=("photo",)),
)
PHOTO = {"sha256": "ab" * 32, "bytes": 1000, "mime": "image/jpeg"}


@pytest.fixture
def order(ledger: Store) -> WorkOrder:
    with ledger.begin() as tx:
        return create_order(
            tx, site="demo", kind=Kind.INSPECTION, origin=Origin.STAFF, title=LocalName("巡检", "Round"), by="wang",
            now=NOW, asset="pump-1", template=TEMPLATE,
        )  # fmt: skip


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


def test_the_same_operation_is_applied_once_and_another_body_is_refused(ledger: Store, order: WorkOrder) -> None:
    one = answer(order, "S1")
    assert codes(send(ledger, one)) == [("applied", None)]
    assert codes(send(ledger, one)) == [("duplicate", None)]
    changed = one | {"value": {"outcome": "na"}}
    assert codes(send(ledger, changed)) == [("rejected", "op_reused")]
    assert stored(ledger, order).answers["S1"]["outcome"] == "ok"


def test_a_shift_from_start_to_completion(ledger: Store, order: WorkOrder) -> None:
    no_photo = answer(order, "S3", "na")
    begin = (op(order, "acknowledge"), op(order, "start"))
    answers = (answer(order, "S1"), answer(order, "S2", number="0.5"), no_photo)
    results = send(ledger, *begin, *answers, op(order, "complete", value={"note": "fine"}))
    assert codes(results) == [("applied", None)] * 6
    done = stored(ledger, order)
    assert (done.state, done.completed_at) == (State.COMPLETED, NOW)
    assert results[-1].version == done.version


def test_different_steps_of_two_devices_merge(ledger: Store, order: WorkOrder) -> None:
    send(ledger, answer(order, "S1"), device="tab-1")
    assert codes(send(ledger, answer(order, "S2", number=0.4), device="tab-2")) == [("applied", None)]
    assert set(stored(ledger, order).answers) == {"S1", "S2"}


def test_two_answers_to_one_step_are_both_kept_and_flagged(ledger: Store, order: WorkOrder) -> None:
    send(ledger, answer(order, "S2", number=0.4), device="tab-1")
    assert codes(send(ledger, answer(order, "S2", number=0.6), device="tab-2")) == [("conflict", "step_changed")]
    kept = stored(ledger, order)
    assert kept.answers["S2"]["number"] == 0.4
    conflicts = kept.answers["S2"]["conflicts"]
    assert isinstance(conflicts, (list, tuple))
    assert [c["number"] for c in conflicts] == [0.6]
    assert "conflict" in kept.tags


def test_an_answer_that_has_seen_the_other_replaces_it_and_keeps_it(ledger: Store, order: WorkOrder) -> None:
    first = send(ledger, answer(order, "S2", number=0.4), device="tab-1")
    later = answer(order, "S2", number=0.6) | {"base_version": first[0].version}
    assert codes(send(ledger, later, device="tab-2")) == [("applied", None)]
    entry = stored(ledger, order).answers["S2"]
    assert entry["number"] == 0.6
    assert entry["earlier"][0]["number"] == 0.4  # type: ignore[index]


def test_not_ok_needs_a_remark_and_opens_one_ticket(ledger: Store, order: WorkOrder) -> None:
    bad = answer(order, "S1", "not_ok", remark="漏水", severity="major")
    assert codes(send(ledger, answer(order, "S1", "not_ok"))) == [("rejected", "remark_required")]
    send(ledger, bad)
    send(ledger, bad)
    (ticket,) = orders(ledger, kind="corrective")
    assert (ticket.origin, ticket.severity, ticket.asset) == (Origin.CHECKLIST, Severity.MAJOR, "pump-1")
    assert "漏水" in ticket.reason.zh


def test_a_number_beyond_its_limits_is_taken_flagged_and_opens_a_ticket(ledger: Store, order: WorkOrder) -> None:
    assert codes(send(ledger, answer(order, "S2", number=1.4))) == [("applied", "outside_limits")]
    assert len(orders(ledger, kind="corrective")) == 1


def test_a_number_of_a_point_is_a_reading_of_the_instant_it_was_taken(ledger: Store, order: WorkOrder) -> None:
    readings: list[ChecklistReading] = []
    send(ledger, answer(order, "S2", number="０．５"), effects=SyncEffects(readings_sink=readings.append))
    assert [(r.asset, r.point, r.value, r.observed_at) for r in readings] == [
        ("pump-1", "discharge_pressure", 0.5, NOW)
    ]


def test_completion_waits_for_evidence_that_has_not_arrived(ledger: Store, order: WorkOrder) -> None:
    effects = SyncEffects(file_arrived={PHOTO["sha256"]}.__contains__)
    results = send(
        ledger, answer(order, "S1"), answer(order, "S2", number=0.5), answer(order, "S3"), op(order, "complete")
    )
    assert codes(results)[-1] == ("applied", "evidence_pending")
    assert stored(ledger, order).state is State.EVIDENCE_PENDING
    send(ledger, op(order, "photo", "S3", value=PHOTO), effects=effects)
    assert stored(ledger, order).state is State.COMPLETED


def test_work_on_an_ended_order_is_kept_as_late_evidence(ledger: Store, order: WorkOrder) -> None:
    send(ledger, answer(order, "S1"), answer(order, "S3", "na"), op(order, "complete"))
    before = stored(ledger, order)
    late = answer(order, "S1", "not_ok", remark="late")
    assert codes(send(ledger, late, device="tab-2")) == [("applied", "late_evidence")]
    after = stored(ledger, order)
    assert (after.answers, after.state) == (before.answers, before.state)
    with ledger.read() as tx:
        assert late["op_id"] in {kept.op_id for kept, _ in tx.orders.operations(order.id)}


def test_completion_with_open_steps_is_taken_and_says_so(ledger: Store, order: WorkOrder) -> None:
    assert codes(send(ledger, answer(order, "S3", "na"), op(order, "complete")))[-1] == ("applied", "incomplete")
    assert "incomplete" in stored(ledger, order).tags


def test_work_counts_when_it_was_done_by_the_corrected_clock(ledger: Store, order: WorkOrder) -> None:
    slow = NOW - timedelta(hours=2)
    send(ledger, op(order, "start", captured_at=(slow - timedelta(minutes=30)).isoformat()), device_now=slow, now=NOW)
    assert stored(ledger, order).arrived_at == NOW - timedelta(minutes=30)


def test_a_hold_says_why_and_is_resumed(ledger: Store, order: WorkOrder) -> None:
    send(ledger, op(order, "start"))
    assert codes(send(ledger, op(order, "hold"))) == [("rejected", "reason_required")]
    send(ledger, op(order, "hold", value={"reason": "waiting for part"}))
    assert stored(ledger, order).hold_reason == "waiting for part"
    send(ledger, op(order, "resume"))
    assert stored(ledger, order).state is State.IN_PROGRESS


def test_a_false_alarm_ends_as_rejected(ledger: Store) -> None:
    fault = op(None, "report_fault", value={"asset": "pump-1", "text": "异响", "severity": "general"})
    assert codes(send(ledger, fault)) == [("applied", None)]
    (ticket,) = orders(ledger, kind="corrective")
    assert (ticket.origin, ticket.title.zh) == (Origin.STAFF, "1号泵：异响")
    send(ledger, op(ticket, "verdict", value={"verdict": "false_alarm", "cause": "door open"}), op(ticket, "complete"))
    ended = stored(ledger, ticket)
    assert (ended.state, ended.end_reason) == (State.REJECTED, "door open")
    assert ended.verdict is not None
    assert ended.verdict["verdict"] == "false_alarm"


def test_isolating_work_puts_the_machine_under_maintenance_while_it_lasts(ledger: Store, order: WorkOrder) -> None:
    with ledger.begin() as tx:
        tx.orders.update(replace(tx.orders.lock(order.id), tags=("isolates",)), 1)
    statuses = []
    for one in (op(order, "start"), op(order, "complete")):
        send(ledger, answer(order, "S3", "na") if one["type"] == "complete" else one, one)
        with ledger.read() as tx:
            statuses.append(tx.assets.get("pump-1").asset.status)
    assert statuses == [AssetStatus.UNDER_MAINTENANCE, AssetStatus.IN_SERVICE]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"user": "wang"}, "wrong_user"),
        ({"type": "dance"}, "unknown_type"),
        ({"work_order": "nothing"}, "unknown_work_order"),
        ({"captured_at": "yesterday"}, "malformed"),
        ({"step": "S99"}, "unknown_step"),
        ({"value": {"outcome": "perhaps"}}, "unknown_outcome"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_a_code_and_costs_no_other(
    ledger: Store, order: WorkOrder, change: dict[str, Any], code: str
) -> None:
    results = send(ledger, answer(order, "S1") | change, answer(order, "S2", number=0.5))
    assert codes(results) == [("rejected", code), ("applied", None)]


def test_another_sites_work_is_refused(ledger: Store, order: WorkOrder) -> None:
    stranger = replace(LI, grants=(Grant(Role.TECHNICIAN, "elsewhere"),))
    viewer = replace(LI, grants=(Grant(Role.VIEWER),))
    for user in (stranger, viewer):
        (result,) = apply_operations(ledger, user, "t", NOW, [answer(order, "S1")], NOW)
        assert (result.status, result.code) == ("rejected", "forbidden")


def test_the_bundle_has_the_work_with_frozen_template_and_the_machine(ledger: Store, order: WorkOrder) -> None:
    with ledger.read() as tx:
        mine = bundle(tx, LI, NOW)
        foreign = bundle(tx, replace(LI, grants=(Grant(Role.TECHNICIAN, "elsewhere"),)), NOW)
    (taken,), (asset,) = mine["work_orders"], mine["assets"]  # type: ignore[misc]
    assert taken["id"] == order.id  # type: ignore[has-type]
    assert len(taken["template"]) == 3  # type: ignore[has-type]
    assert asset["code"] == "P-1"  # type: ignore[has-type]
    assert foreign["work_orders"] == []
