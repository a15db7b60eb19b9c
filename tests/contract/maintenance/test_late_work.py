"""Work of which we hear after its order has ended, on a real ledger."""

from datetime import date, timedelta
from typing import Any

import pytest

from maintenance.materialise import materialise
from maintenance.plan import Missed, OccurrenceState
from maintenance.work_orders import Origin, State, WorkOrder
from plantroom.domain.assets import Severity
from tests.contract.maintenance.conftest import NOW, SYSTEMS, orders
from tests.contract.maintenance.tablet import Store, answer, codes, op, send, stored
from tests.unit.maintenance.rows import row as plan_row


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


def test_why_the_planner_ended_it_is_said_in_both_languages(missed: WorkOrder) -> None:
    said = "漏做：最后期限为2026-03-02；由下一次代替 / missed: the last day was 2026-03-02; superseded by the next one"
    assert missed.end_reason == said


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
