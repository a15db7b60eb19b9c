"""Operations of tablets, on a real ledger."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from maintenance.bundle import bundle
from maintenance.materialise import materialise
from maintenance.operations import SyncEffects
from maintenance.orders import apply_transition, create_order, evidence_arrived, last_completed_by
from maintenance.plan import Missed, OccurrenceState
from maintenance.ports import MaintenanceTx
from maintenance.sync import apply_operations
from maintenance.work_orders import ChecklistItem, Kind, OperationResult, Origin, State, WorkOrder
from plantroom.domain.assets import Asset, AssetStatus, LocalName, Severity
from plantroom.errors import BadData
from plantroom.ports.accounts import Grant, Role
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import LI, NOW, SYSTEMS, orders
from tests.unit.maintenance.rows import row as plan_row

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


def test_completion_waits_for_a_photo_that_was_taken_and_has_not_arrived(ledger: Store, order: WorkOrder) -> None:
    round_done = [answer(order, "S1"), answer(order, "S2", number=0.5), answer(order, "S3")]
    results = send(ledger, *round_done, op(order, "photo", "S3", value=PHOTO), op(order, "complete"))
    assert codes(results)[-1] == ("applied", "evidence_pending")
    assert stored(ledger, order).state is State.EVIDENCE_PENDING
    with ledger.begin() as tx:
        assert evidence_arrived(tx, "cd" * 32, NOW + timedelta(hours=1)) == 0
        assert evidence_arrived(tx, PHOTO["sha256"], NOW + timedelta(hours=1)) == 1
    done = stored(ledger, order)
    assert (done.state, done.completed_at, "incomplete" in done.tags) == (State.COMPLETED, NOW, False)
    with ledger.read() as tx:
        assert last_completed_by(tx, order.id) == "li", "a second person verifies, whoever stored the photo"


def test_an_order_waits_for_the_last_of_its_photos(ledger: Store, order: WorkOrder) -> None:
    other = PHOTO | {"sha256": "cd" * 32}
    photos = [op(order, "photo", "S3", value=value) for value in (PHOTO, other)]
    there = SyncEffects(file_arrived={PHOTO["sha256"]}.__contains__)
    answers = [answer(order, "S1"), answer(order, "S2", number=0.5), answer(order, "S3")]
    send(ledger, *answers, *photos, op(order, "complete"), effects=there)
    assert stored(ledger, order).state is State.EVIDENCE_PENDING
    with ledger.begin() as tx:
        assert evidence_arrived(tx, other["sha256"], NOW) == 1
    assert stored(ledger, order).state is State.COMPLETED


def test_a_photo_that_was_never_taken_makes_the_completion_incomplete(ledger: Store, order: WorkOrder) -> None:
    results = send(
        ledger, answer(order, "S1"), answer(order, "S2", number=0.5), answer(order, "S3"), op(order, "complete")
    )
    assert codes(results)[-1] == ("applied", "incomplete")
    done = stored(ledger, order)
    assert (done.state, "incomplete" in done.tags) == (State.COMPLETED, True)


@pytest.mark.parametrize("way", [(State.COMPLETED,), (State.EVIDENCE_PENDING, State.COMPLETED)])
def test_a_supervisors_step_to_completed_obeys_the_same_rule(
    ledger: Store, order: WorkOrder, way: tuple[State, ...]
) -> None:
    with ledger.begin() as tx:
        for to in (State.IN_PROGRESS, *way):
            apply_transition(tx, order.id, to, NOW, "wang")
    done = stored(ledger, order)
    assert (done.state, "incomplete" in done.tags) == (State.COMPLETED, True)
    with pytest.raises(BadData), ledger.begin() as tx:
        apply_transition(tx, order.id, State.VERIFIED, NOW, "zhao")
    with ledger.begin() as tx:
        apply_transition(tx, order.id, State.VERIFIED, NOW, "zhao", "paper form seen")


def test_giving_up_on_a_photo_is_an_incomplete_completion(ledger: Store, order: WorkOrder) -> None:
    answers = [answer(order, "S1"), answer(order, "S2", number=0.5), answer(order, "S3")]
    send(ledger, *answers, op(order, "photo", "S3", value=PHOTO), op(order, "complete"))
    with ledger.begin() as tx:
        apply_transition(tx, order.id, State.COMPLETED, NOW, "wang")
    done = stored(ledger, order)
    assert (done.state, "incomplete" in done.tags) == (State.COMPLETED, True)


@pytest.fixture
def ended(ledger: Store, order: WorkOrder) -> WorkOrder:
    send(ledger, answer(order, "S1"), answer(order, "S3", "na"), op(order, "complete"))
    return stored(ledger, order)


def test_work_on_an_ended_order_is_kept_as_late_evidence_and_the_record_stays(ledger: Store, ended: WorkOrder) -> None:
    late = answer(ended, "S1", "not_ok", remark="late")
    assert codes(send(ledger, late, device="tab-2")) == [("applied", "late_evidence")]
    after = stored(ledger, ended)
    assert (after.answers, after.state) == (ended.answers, ended.state)
    assert "late_evidence" in after.tags
    with ledger.read() as tx:
        assert late["op_id"] in {kept.op_id for kept, _ in tx.orders.operations(ended.id)}


def test_a_late_answer_that_is_not_ok_opens_one_ticket(ledger: Store, ended: WorkOrder) -> None:
    send(ledger, answer(ended, "S1", "not_ok", remark="漏水", severity="critical"))
    send(ledger, answer(ended, "S1", "not_ok", remark="漏水"), device="tab-2")
    (ticket,) = orders(ledger, kind="corrective")
    assert (ticket.origin, ticket.severity) == (Origin.CHECKLIST, Severity.CRITICAL)


def test_a_verdict_on_a_completed_ticket_is_stored(ledger: Store) -> None:
    send(ledger, op(None, "report_fault", value={"asset": "pump-1", "text": "异响"}))
    (ticket,) = orders(ledger, kind="corrective")
    send(ledger, op(ticket, "complete"), op(ticket, "verdict", value={"verdict": "confirmed", "cause": "bearing"}))
    kept = stored(ledger, ticket)
    assert kept.verdict is not None
    assert (kept.state, kept.verdict["verdict"], kept.verdict["cause"]) == (State.COMPLETED, "confirmed", "bearing")


@pytest.mark.parametrize(
    ("late", "code"),
    [
        ({"type": "answer", "step": "S99", "value": {"outcome": "ok"}}, "unknown_step"),
        ({"type": "answer", "step": "S1", "value": {"outcome": "??"}}, "unknown_outcome"),
        ({"type": "answer", "step": "S1", "value": {"outcome": "not_ok"}}, "remark_required"),
        ({"type": "verdict", "value": {"verdict": "perhaps"}}, "unknown_verdict"),
        ({"type": "photo", "value": {"sha256": "short"}}, "malformed"),
        ({"type": "hold"}, "reason_required"),
    ],
)
def test_late_work_is_checked_like_other_work(ledger: Store, ended: WorkOrder, late: dict[str, Any], code: str) -> None:
    assert codes(send(ledger, op(ended, "start") | late)) == [("rejected", code)]


DAILY: dict[str, Any] = {"anchor": date(2026, 3, 2), "missed": Missed.SUPERSEDE}


@pytest.fixture
def missed(ledger: Store) -> WorkOrder:
    """A daily round of 2 March that was superseded in the night after it."""
    with ledger.begin() as tx:
        tx.plan.put_row(plan_row("D", 1, "day", **DAILY))
    materialise(ledger, NOW, SYSTEMS)
    materialise(ledger, NOW + timedelta(days=1), SYSTEMS)
    return next(o for o in orders(ledger, asset="pump-1") if o.state is State.MISSED)


def test_work_done_in_time_counts_although_it_is_heard_of_after_the_order_was_missed(
    ledger: Store, missed: WorkOrder
) -> None:
    later = NOW + timedelta(days=1, hours=1)
    done = [op(missed, "start"), answer(missed, "D"), op(missed, "complete")]
    assert codes(send(ledger, *done, device_now=later, now=later)) == [("applied", None)] * 3
    after, key = stored(ledger, missed), missed.occurrences[0].key
    assert (after.state, after.completed_at, after.end_reason) == (State.COMPLETED, NOW, None)
    with ledger.read() as tx:
        occurrence = tx.plan.occurrences([key])[key]
    assert (occurrence.state, occurrence.completed_at) == (OccurrenceState.DONE, NOW)


def test_work_done_after_the_order_was_missed_is_late_evidence(ledger: Store, missed: WorkOrder) -> None:
    later = NOW + timedelta(days=1, hours=2)
    done = op(missed, "complete", captured_at=(later - timedelta(hours=1)).isoformat())
    assert codes(send(ledger, done, device_now=later, now=later)) == [("applied", "late_evidence")]
    assert stored(ledger, missed).state is State.MISSED


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


def test_any_technician_of_the_site_reports_a_fault_on_any_machine(ledger: Store) -> None:
    with ledger.begin() as tx:
        lift = Asset("lift-2", "demo", "E-2", "elevator", LocalName("2号梯", "Lift 2"), department="电梯维修部门")
        tx.assets.add(lift, [])
    user = replace(LI, grants=(Grant(Role.TECHNICIAN, "demo", "水务管理部门"),))
    fault = op(None, "report_fault", value={"asset": "lift-2", "text": "异响"})
    assert codes(apply_operations(ledger, user, "t", NOW, [fault], NOW)) == [("applied", None)]


@pytest.mark.parametrize(
    ("device_now", "captured_at"),
    [
        (datetime(9999, 12, 31, tzinfo=UTC), "2026-01-01T00:00:00Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "9999-12-31T00:00:00Z"),
        (NOW, "0001-01-01T00:00:00+14:00"),
        (NOW, "0001-01-01T00:00:00Z"),
        (NOW, "1999-12-31T23:59:59Z"),
        (None, "9999-12-31T23:59:59-14:00"),
    ],
)
def test_a_time_that_no_clock_can_have_meant_is_malformed(
    ledger: Store, order: WorkOrder, device_now: datetime | None, captured_at: str
) -> None:
    bad = op(order, "start", captured_at=captured_at)
    assert codes(send(ledger, bad, answer(order, "S1"), device_now=device_now))[0] == ("rejected", "malformed")


def test_a_time_ahead_of_ours_counts_as_now(ledger: Store, order: WorkOrder) -> None:
    send(ledger, op(order, "start", captured_at="9999-01-01T00:00:00Z"), now=NOW, device_now=None)
    assert stored(ledger, order).arrived_at == NOW


def test_an_operation_says_whose_it_is(ledger: Store, order: WorkOrder) -> None:
    nobody = op(order, "start")
    del nobody["user"]
    assert codes(send(ledger, nobody, op(order, "start", user=""))) == [("rejected", "malformed")] * 2
    odd = [op(order, "start") | {"type": ["start"]}, answer(order, "S2", number=10**400)]
    assert codes(send(ledger, *odd)) == [("rejected", "unknown_type"), ("rejected", "not_a_number")]


def test_answering_without_a_start_isolates_too(ledger: Store, order: WorkOrder) -> None:
    with ledger.begin() as tx:
        tx.orders.update(replace(tx.orders.lock(order.id), tags=("isolates",)), 1)
    send(ledger, answer(order, "S1"))
    assert stored(ledger, order).state is State.IN_PROGRESS
    with ledger.read() as tx:
        assert tx.assets.get("pump-1").asset.status is AssetStatus.UNDER_MAINTENANCE
