"""The clocks of a ticket as its words come in, from tablets and from the web, in whatever order."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maintenance.orders import create_order, keep, tightened
from maintenance.ports import OrderFilter
from maintenance.sla.clocks import Clock, ClockState, clocks
from maintenance.sla.documents import built_in, read_policy
from maintenance.sla.escalation import check_clocks
from maintenance.sla.figures import compliance
from maintenance.sla.keeping import as_of, at_rest, heard_at
from maintenance.sla.policy import ClockKind, PolicyVersion
from maintenance.ticket_lock import lock_ticket
from maintenance.transitions import apply_transition
from maintenance.work_orders import Kind, Origin, State, WorkOrder
from plantroom.domain.assets import LocalName, Severity
from plantroom.errors import NotFound, VersionConflict
from plantroom.ports.paging import PageRequest
from plantroom.storage.ledger.columns import EPOCH
from plantroom.storage.ledger.tables_maintenance import work_orders
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.tablet import Store, codes, op, send, stored
from tests.examples import examples

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def ticket(ledger: Store, severity: Severity = Severity.GENERAL, **more: Any) -> WorkOrder:
    given = {"site": "demo", "kind": Kind.CORRECTIVE, "origin": Origin.STAFF, "asset": "pump-1", "now": NOW} | more
    with ledger.begin() as tx:
        return create_order(tx, title=LocalName("漏水", "Leak"), by="wang", severity=severity, **given)


def shown(ledger: Store, order: WorkOrder, now: datetime) -> dict[str, list[Clock]]:
    """The stored clocks as of an instant; they say what the words say."""
    with ledger.read() as tx:
        rest = tx.sla.clocks_of([order.id]).get(order.id, ())
        steps, marks = tx.orders.transitions(order.id), tx.sla.marks(order.id)
        pure = clocks(tx.orders.get(order.id), steps, tx.sla.policies(order.site), now, marks)
    heard = heard_at(steps, marks) or now
    if now >= heard:
        assert [as_of(one, now) for one in rest] == [as_of(at_rest(one, now), now) for one in pure]
    found: dict[str, list[Clock]] = {}
    for one in rest:
        found.setdefault(one.kind.value, []).append(as_of(one, now))
    return found


def told(kind: str, minutes: float, order: WorkOrder, **value: Any) -> dict[str, Any]:
    return op(order, kind, captured_at=(NOW + minutes * MINUTE).isoformat(), value=value)


def later(ledger: Store, *ops: dict[str, Any], hours: float = 10) -> list[tuple[str, str | None]]:
    now = NOW + hours * HOUR
    return codes(send(ledger, *ops, device_now=now, now=now))


def test_a_ticket_s_clocks_begin_with_it_and_resolving_with_its_acceptance(any_ledger: Store) -> None:
    order = ticket(any_ledger)
    assert order.due == NOW + 3 * HOUR
    assert shown(any_ledger, order, NOW).keys() == {"acknowledge", "arrive"}
    assert later(any_ledger, told("acknowledge", 20, order)) == [("applied", None)]
    assert stored(any_ledger, order).due == NOW + 20 * MINUTE + 3 * HOUR
    (resolve,) = shown(any_ledger, order, NOW + 11 * HOUR)["resolve"]
    assert (resolve.state, resolve.limit_at) == (ClockState.BREACHED, NOW + 20 * MINUTE + 3 * HOUR)


def test_planned_work_has_no_clocks_and_keeps_its_own_date(any_ledger: Store) -> None:
    order = ticket(any_ledger, kind=Kind.INSPECTION, due=NOW + DAY)
    assert later(any_ledger, told("start", 5, order), told("hold", 9, order, reason="rain")) == [("applied", None)] * 2
    assert (stored(any_ledger, order).due, shown(any_ledger, order, NOW)) == (NOW + DAY, {})


def test_work_done_offline_corrects_a_breach_and_the_history_says_so(any_ledger: Store) -> None:
    order = ticket(any_ledger, Severity.CRITICAL)
    found = check_clocks(any_ledger, NOW + 40 * MINUTE)
    assert (found.looked, found.breaches) == (1, 2), "acknowledging and arriving"
    later(any_ledger, told("acknowledge", 5, order), told("arrive", 12, order), hours=1)
    after = shown(any_ledger, order, NOW + HOUR)
    assert [after[kind][0].state for kind in ("acknowledge", "arrive")] == [ClockState.MET, ClockState.MET]
    with any_ledger.read() as tx:
        steps = [(one.kind, one.step) for one in tx.sla.steps(order.id) if "e" in one.step and one.messages == 0]
        said = [line.reason for line in tx.orders.transitions(order.id) if line.by == "system:sla"]
    assert {("acknowledge", "breached"), ("acknowledge", "corrected"), ("arrive", "corrected")} <= set(steps)
    assert len(said) == 2
    assert "called breached" in said[0]


def test_a_device_whose_clock_is_wrong_is_corrected_before_anything_is_judged(any_ledger: Store) -> None:
    order = ticket(any_ledger)
    now = NOW + HOUR
    fast = told("acknowledge", 30 + 10, order)
    send(any_ledger, fast, device_now=now + 30 * MINUTE, now=now)
    (acknowledge,) = shown(any_ledger, order, now)["acknowledge"]
    assert (acknowledge.stopped_at, acknowledge.state) == (NOW + 10 * MINUTE, ClockState.MET)


def test_a_hold_of_an_old_tablet_is_a_pause_without_a_code_and_a_new_one_says_which(any_ledger: Store) -> None:
    order = ticket(any_ledger)
    later(any_ledger, told("acknowledge", 5, order), told("hold", 10, order, reason="没有备件"))
    held = stored(any_ledger, order)
    assert (held.state, held.hold_reason, held.hold_code) == (State.ON_HOLD, "没有备件", "other")
    later(any_ledger, told("resume", 60, order), told("hold", 70, order, code="access"))
    held = stored(any_ledger, order)
    assert (held.hold_code, held.hold_reason) == ("access", "无法进入现场 / no access")
    (resolve,) = shown(any_ledger, order, NOW + 10 * HOUR)["resolve"]
    assert [p.code for p in resolve.pauses] == ["other", "access"]
    assert resolve.state is ClockState.PAUSED
    assert resolve.paused_s == 50 * 60 + (10 * 60 - 70) * 60


@pytest.mark.parametrize(
    ("value", "code"),
    [({"code": "lunch"}, "unknown_pause"), ({}, "reason_required"), ({"code": "other"}, "reason_required")],
)
def test_a_pause_needs_a_code_that_there_is_or_words(ledger: Store, value: dict[str, str], code: str) -> None:
    order = ticket(ledger)
    assert later(ledger, told("hold", 10, order, **value)) == [("rejected", code)]
    assert stored(ledger, order).state is State.OPEN
    with ledger.read() as tx:
        assert [one.said for one in tx.sla.marks(order.id)] == ["severity"]


def test_an_interim_measure_is_told_by_the_tablet_and_needs_words(any_ledger: Store) -> None:
    order = ticket(any_ledger, Severity.MAJOR)
    assert later(any_ledger, told("interim", 30, order), told("interim", 40, order, text="阀门已关")) == [
        ("rejected", "text_required"),
        ("applied", None),
    ]
    found = shown(any_ledger, order, NOW + 10 * HOUR)
    assert (found["interim"][0].state, found["interim"][0].stopped_at) == (ClockState.MET, NOW + 40 * MINUTE)
    assert found["resolve"][0].state is ClockState.RUNNING, "who acts has accepted"


def test_a_hold_that_is_heard_of_after_the_work_went_on_holds_nothing(any_ledger: Store) -> None:
    order = ticket(any_ledger)
    later(any_ledger, told("start", 20, order))
    later(any_ledger, told("hold", 10, order, code="access"))
    assert stored(any_ledger, order).state is State.IN_PROGRESS
    other = ticket(any_ledger)
    later(any_ledger, told("hold", 30, other, code="access"))
    later(any_ledger, told("start", 20, other))
    assert stored(any_ledger, other).state is State.ON_HOLD


def test_more_severe_is_due_sooner_and_never_later(any_ledger: Store) -> None:
    order = ticket(any_ledger, Severity.INFO)
    with any_ledger.begin() as tx:
        locked = lock_ticket(tx, order.id)
        after = keep(tx, tightened(tx, locked, Severity.GENERAL, NOW + HOUR, "wang"))
    assert (after.severity, after.due) == (Severity.GENERAL, NOW + 4 * HOUR)
    with any_ledger.begin() as tx:
        after = keep(tx, tightened(tx, lock_ticket(tx, order.id), Severity.CRITICAL, NOW + 2 * HOUR, "wang"))
    assert after.due == NOW + 4 * HOUR


def test_a_site_s_own_policy_holds_for_what_is_opened_from_then_on(any_ledger: Store) -> None:
    rule = {"clock": "resolve", "severity": "general", "target_s": 60, "limit_s": 120}
    before = ticket(any_ledger)
    with any_ledger.begin() as tx:
        tx.sla.add_policy(PolicyVersion("demo", 1, NOW + MINUTE, read_policy({"clocks": [rule]}), "wang", "contract"))
    after = ticket(any_ledger, now=NOW + HOUR)
    assert after.due == NOW + HOUR + 2 * MINUTE
    for order in (before, after):
        later(any_ledger, told("acknowledge", 61, order))
    assert stored(any_ledger, before).due == NOW + 61 * MINUTE + 2 * MINUTE, "the clock begins with the acceptance"
    (acknowledge,) = shown(any_ledger, before, NOW + DAY)["acknowledge"]
    assert acknowledge.limit_s == 1800
    with any_ledger.begin() as tx, pytest.raises(VersionConflict):
        tx.sla.add_policy(PolicyVersion("demo", 1, NOW, built_in(), "li", "too"))
    with any_ledger.begin() as tx, pytest.raises(NotFound):
        tx.sla.add_policy(PolicyVersion("nowhere", 1, NOW, built_in(), "li", "too"))


def test_lists_keep_what_is_at_risk_and_sort_by_what_runs_out_first(any_ledger: Store) -> None:
    late = ticket(any_ledger, now=NOW)
    soon = ticket(any_ledger, now=NOW + 20 * MINUTE)
    fine = ticket(any_ledger, now=NOW + 40 * MINUTE)
    ticket(any_ledger, kind=Kind.INSPECTION, due=NOW)
    with any_ledger.read() as tx:
        page = tx.orders.list(OrderFilter(open_only=True), PageRequest(sort="next_limit"))
        risky = tx.orders.list(OrderFilter(at_risk=NOW + 45 * MINUTE), PageRequest(sort="next_limit"))
    assert [one.id for one in page.items][:3] == [late.id, soon.id, fine.id]
    assert [one.id for one in risky.items] == [late.id, soon.id]
    later(any_ledger, told("start", 60, late), told("complete", 90, late))
    with any_ledger.read() as tx:
        assert [one.id for one in tx.orders.list(OrderFilter(at_risk=NOW + 45 * MINUTE), PageRequest()).items] == [
            soon.id
        ]


def test_figures_say_target_and_limit_apart_and_how_much_was_paused(any_ledger: Store) -> None:
    first, second, third = (ticket(any_ledger, origin=Origin.OWNER) for _ in range(3))
    later(any_ledger, told("start", 10, first), told("hold", 70, first, code="access"), told("resume", 130, first))
    later(any_ledger, told("complete", 190, first), told("start", 60, second))
    with any_ledger.begin() as tx:
        apply_transition(tx, third.id, State.CANCELLED, NOW + MINUTE, "wang", "twice")
    with any_ledger.read() as tx:
        found = {one.clock: one for one in compliance(tx, NOW, NOW + DAY, NOW + 5 * HOUR, "demo")}
        nothing = compliance(tx, NOW - DAY, NOW, NOW + DAY)
    respond, acknowledge, resolve = (found[k] for k in (ClockKind.RESPOND, ClockKind.ACKNOWLEDGE, ClockKind.RESOLVE))
    assert (respond.judged, respond.target_met, respond.limit_met, respond.void) == (2, 1, 2, 1)
    assert (acknowledge.limit_share, acknowledge.breached) == (0.5, 1)
    assert (resolve.limit_met, resolve.breached) == (1, 1), "one was kept, one is over its limit and still runs"
    assert resolve.paused_share == pytest.approx(1 / 3)
    assert resolve.mean_s == pytest.approx(2 * 3600)
    assert nothing == []


def test_tickets_of_an_earlier_version_get_their_clocks_and_nobody_is_called_for_what_is_old(any_ledger: Store) -> None:
    order = ticket(any_ledger)
    with any_ledger.begin() as tx:
        tx.sla.put_clocks(order, [], None, None)
        connection = tx.work.connection  # type: ignore[attr-defined]
        connection.execute(sa.update(work_orders).values(next_limit=EPOCH))
    assert check_clocks(any_ledger, NOW + DAY).messages == 0
    found = shown(any_ledger, order, NOW + DAY)
    assert found["acknowledge"][0].state is ClockState.BREACHED
    with any_ledger.read() as tx:
        assert tx.sla.unclocked(10) == []
        assert {one.step for one in tx.sla.steps(order.id) if one.kind == "acknowledge"} >= {"opened", "primary"}


WORDS = st.lists(
    st.tuples(
        st.sampled_from(["acknowledge", "arrive", "start", "hold", "resume", "interim", "complete"]),
        st.integers(1, 400),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda word: word[1],
)


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(WORDS, st.randoms(use_true_random=False))
def test_any_order_of_late_words_gives_the_clocks_of_the_words_in_order(ledger: Store, words: Any, chance: Any) -> None:
    in_order, mixed = ticket(ledger, Severity.MAJOR), ticket(ledger, Severity.MAJOR)
    value = {"hold": {"code": "access"}, "interim": {"text": "x"}}
    for order, some in ((in_order, sorted(words, key=lambda word: word[1])), (mixed, chance.sample(words, len(words)))):
        for kind, minutes in some:
            (result,) = later(ledger, told(kind, minutes, order, **value.get(kind, {})))
            assert result[0] == "applied"
    now = NOW + 11 * HOUR
    assert shown(ledger, mixed, now) == shown(ledger, in_order, now)
