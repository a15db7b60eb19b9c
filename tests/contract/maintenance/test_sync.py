"""Operations of tablets, on a real ledger."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from maintenance.sync import apply_operations
from maintenance.work_orders import Origin, State, WorkOrder
from plantroom.domain.assets import Asset, LocalName, Severity
from plantroom.ports.accounts import Grant, Role
from tests.contract.maintenance.conftest import LI, NOW, orders
from tests.contract.maintenance.tablet import Store, answer, codes, op, send, stored


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
    answers = (answer(order, "S1"), answer(order, "S2", number=0.5), no_photo)
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


def test_a_long_report_has_a_short_title_and_is_read_in_the_reason(ledger: Store) -> None:
    text = "异" * 200 + "\n" + "x" * 10_000
    fault = op(None, "report_fault", value={"asset": "pump-1", "text": text, "severity": "general"})
    assert codes(send(ledger, fault)) == [("applied", None)]
    (ticket,) = orders(ledger, kind="corrective")
    assert ticket.title == LocalName(f"1号泵：{'异' * 79}…", f"Pump 1: {'异' * 79}…")
    assert ticket.reason.zh.startswith(f"现场报修：{'异' * 200}\nxxx")
    assert len(ticket.reason.en) == len("Reported on the spot: ") + 4_000


def test_a_reports_first_line_is_its_title(ledger: Store) -> None:
    fault = op(None, "report_fault", value={"asset": "pump-1", "text": "漏水\n在机封处", "severity": "general"})
    send(ledger, fault)
    (ticket,) = orders(ledger, kind="corrective")
    assert (ticket.title.zh, ticket.reason.zh) == ("1号泵：漏水", "现场报修：漏水\n在机封处")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"user": "wang"}, "wrong_user"),
        ({"type": "dance"}, "unknown_type"),
        ({"work_order": "nothing"}, "unknown_work_order"),
        ({"captured_at": "yesterday"}, "malformed"),
        ({"step": "S99"}, "unknown_step"),
        ({"value": {"outcome": "perhaps"}}, "unknown_outcome"),
        ({"value": {"outcome": "ok", "number": "12"}}, "malformed"),
        ({"value": {"outcome": "ok", "number": 1e300}}, "malformed"),
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
    assert codes(send(ledger, *odd)) == [("rejected", "unknown_type"), ("rejected", "malformed")]
