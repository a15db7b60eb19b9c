"""Work is given to who may do it, and its history says who gave it to whom and why."""

from datetime import date, time, timedelta

import pytest

from maintenance.people.assigning import NotAssignable, accept, assign, decline, dispatch, release
from maintenance.people.upkeep import Dispatch, give_out
from maintenance.transitions import apply_transition
from maintenance.work_orders import State
from plantroom.domain.assets import Severity
from plantroom.errors import BadData, Conflict, Forbidden
from plantroom.ports.accounts import Grant, Role
from plantroom.ports.clock import FixedClock
from tests.contract.maintenance.people.conftest import (
    ELECTRICAL,
    LIFTS,
    NOW,
    WATER,
    Books,
    add_contractor,
    add_paper,
    add_person,
    add_shift,
    desk,
    said,
    stored,
    ticket,
)


def test_a_ticket_never_lacks_an_owner(ledger: Books) -> None:
    owners = [ticket(ledger, asset).department for asset in ("pump-1", "lift-1", "board-1", "box-1", None)]
    assert owners == [WATER, LIFTS, ELECTRICAL, "工程管理部门", "工程管理部门"]


def test_a_new_ticket_goes_to_who_is_on_shift_of_its_department_with_the_least_work(ledger: Books) -> None:
    for name in ("a", "b"):
        add_person(ledger, name, WATER)
    add_person(ledger, "off", WATER)
    add_person(ledger, "other", ELECTRICAL)
    add_shift(ledger, "day", "a", "b", "other")
    first, second, third = ticket(ledger), ticket(ledger), ticket(ledger)
    with ledger.begin() as tx:
        assert len(give_out(tx, "demo", NOW)) == 3
    assert [stored(ledger, o).assignee for o in (first, second, third)] == ["a", "b", "a"]
    assert said(ledger, first) == [
        ("system:dispatch", "自动派给A / given by itself to a (当班、持证、任务最少 / on shift, certified, least work)")
    ]


def test_with_nobody_on_shift_it_stays_in_its_department_s_queue(ledger: Books) -> None:
    add_person(ledger, "a", WATER)
    add_shift(ledger, "night", "a", starts=time(20), ends=time(6))
    order = ticket(ledger)
    with ledger.begin() as tx:
        assert give_out(tx, "demo", NOW) == []
    assert (stored(ledger, order).assignee, stored(ledger, order).department) == (None, WATER)
    with ledger.begin() as tx:
        assert [o.assignee for o in give_out(tx, "demo", NOW + timedelta(hours=12))] == ["a"]


def test_several_dispatchers_give_an_order_out_once(ledger: Books) -> None:
    add_person(ledger, "a", WATER)
    add_shift(ledger, "day", "a")
    orders = [ticket(ledger) for _ in range(5)]
    workers = [Dispatch(ledger, FixedClock(NOW)) for _ in range(3)]
    for _ in range(3):
        for worker in workers:
            worker.run_once()
    with ledger.read() as tx:
        assert all(len(tx.people.assignments(o.id)) == 1 for o in orders)
    assert all(worker.run_once() == 0 for worker in workers)


def test_an_expired_certificate_cannot_be_assigned(ledger: Books) -> None:
    add_person(ledger, "a", ELECTRICAL)
    add_paper(ledger, "a", "electrician_low", date(2026, 3, 1))
    order = ticket(ledger, "board-1")
    with ledger.begin() as tx, pytest.raises(NotAssignable, match="2026-03-01"):
        assign(tx, tx.orders.lock(order.id), desk(tx), user="a", by="boss")
    assert stored(ledger, order) == order
    add_paper(ledger, "a", "electrician_low", date(2029, 1, 1))
    with ledger.begin() as tx:
        assert assign(tx, tx.orders.lock(order.id), desk(tx), user="a", by="boss").assignee == "a"


def test_somebody_without_a_grant_on_the_site_is_refused(ledger: Books) -> None:
    add_person(ledger, "a", grants=(Grant(Role.TECHNICIAN, "north"),))
    order = ticket(ledger)
    with ledger.begin() as tx, pytest.raises(NotAssignable, match="no grant"):
        assign(tx, tx.orders.lock(order.id), desk(tx), user="a", by="boss")


def test_a_change_of_hands_needs_a_reason_and_keeps_who_had_it(ledger: Books) -> None:
    for name in ("a", "b"):
        add_person(ledger, name, WATER)
    order = ticket(ledger)
    with ledger.begin() as tx:
        assign(tx, tx.orders.lock(order.id), desk(tx), user="a", by="boss")
    with ledger.begin() as tx, pytest.raises(BadData, match="why"):
        assign(tx, tx.orders.lock(order.id), desk(tx), user="b", by="boss")
    with ledger.begin() as tx:
        assign(tx, tx.orders.lock(order.id), desk(tx), user="b", by="boss", why="a is ill")
    with ledger.read() as tx:
        kept = [(a.user, a.by, a.ended_how, a.ended_why) for a in tx.people.assignments(order.id)]
    assert kept == [("a", "boss", "reassigned", "a is ill"), ("b", "boss", None, None)]
    assert said(ledger, order)[-1] == ("boss", "派给B / given to b (a is ill)")


def test_accepting_acknowledges_and_takes_from_the_queue(ledger: Books) -> None:
    for name in ("a", "b"):
        add_person(ledger, name, WATER)
    order = ticket(ledger)
    with ledger.begin() as tx:
        taken = accept(tx, tx.orders.lock(order.id), desk(tx), "a")
    assert (taken.assignee, taken.state) == ("a", State.ACKNOWLEDGED)
    with ledger.begin() as tx, pytest.raises(Conflict, match="given to a"):
        accept(tx, tx.orders.lock(order.id), desk(tx), "b")


def test_declining_needs_a_reason_and_the_next_one_gets_it(ledger: Books) -> None:
    for name in ("a", "b"):
        add_person(ledger, name, WATER)
    add_shift(ledger, "day", "a", "b")
    order = ticket(ledger)
    with ledger.begin() as tx:
        dispatch(tx, tx.orders.lock(order.id), desk(tx))
    with ledger.begin() as tx, pytest.raises(BadData):
        decline(tx, tx.orders.lock(order.id), desk(tx), "a", " ")
    with ledger.begin() as tx, pytest.raises(Forbidden):
        decline(tx, tx.orders.lock(order.id), desk(tx), "b", "not mine")
    with ledger.begin() as tx:
        assert decline(tx, tx.orders.lock(order.id), desk(tx), "a", "no tools").assignee == "b"
    with ledger.begin() as tx:
        assert decline(tx, tx.orders.lock(order.id), desk(tx), "b", "no tools").assignee is None
    with ledger.begin() as tx:
        assert give_out(tx, "demo", NOW) == [], "neither of them is asked again"


def test_begun_work_is_not_declined_and_ended_work_not_given_out(ledger: Books) -> None:
    add_person(ledger, "a", WATER)
    order = ticket(ledger)
    with ledger.begin() as tx:
        accept(tx, tx.orders.lock(order.id), desk(tx), "a")
        apply_transition(tx, order.id, State.IN_PROGRESS, NOW, "a")
    with ledger.begin() as tx, pytest.raises(Conflict, match="in_progress"):
        decline(tx, tx.orders.lock(order.id), desk(tx), "a", "no tools")
    with ledger.begin() as tx:
        apply_transition(tx, order.id, State.COMPLETED, NOW, "a")
    with ledger.begin() as tx, pytest.raises(Conflict, match="has ended"):
        assign(tx, tx.orders.lock(order.id), desk(tx), user="a", by="boss", why="x")


def test_elevator_work_goes_to_the_only_licensed_contractor_and_then_to_its_people(ledger: Books) -> None:
    add_contractor(ledger, "anda", "elevator_licence", expires=date(2028, 1, 1))
    add_contractor(ledger, "baoli", "fire_service")
    order = ticket(ledger, "lift-1")
    with ledger.begin() as tx:
        given = dispatch(tx, tx.orders.lock(order.id), desk(tx))
    assert given is not None
    assert (given.assignee, given.contractor, given.department) == (None, "anda", LIFTS)
    only_theirs = (Grant(Role.TECHNICIAN, "demo", contractor="anda"),)
    add_person(ledger, "chen", grants=only_theirs, contractor="anda")
    with ledger.begin() as tx, pytest.raises(NotAssignable, match="没有特种设备作业人员证"):
        accept(tx, tx.orders.lock(order.id), desk(tx), "chen")
    add_paper(ledger, "chen", "special_equipment_elevator")
    with ledger.begin() as tx:
        taken = accept(tx, tx.orders.lock(order.id), desk(tx), "chen")
    assert (taken.assignee, taken.contractor) == ("chen", "anda")
    with ledger.begin() as tx:
        back = decline(tx, tx.orders.lock(order.id), desk(tx), "chen", "no spare part")
    assert (back.assignee, back.contractor) == (None, "anda")


def test_two_licensed_contractors_are_for_people_to_choose_between(ledger: Books) -> None:
    for key in ("anda", "baoli"):
        add_contractor(ledger, key, "elevator_licence")
    order = ticket(ledger, "lift-1")
    with ledger.begin() as tx:
        assert dispatch(tx, tx.orders.lock(order.id), desk(tx)) is None
    with ledger.begin() as tx:
        assert assign(tx, tx.orders.lock(order.id), desk(tx), contractor="baoli", by="boss").contractor == "baoli"


def test_a_contractor_without_the_licence_is_refused(ledger: Books) -> None:
    add_contractor(ledger, "anda", "elevator_licence", expires=date(2026, 3, 1))
    order = ticket(ledger, "lift-1")
    with ledger.begin() as tx, pytest.raises(NotAssignable, match="expired on 2026-03-01"):
        assign(tx, tx.orders.lock(order.id), desk(tx), contractor="anda", by="boss")


def test_a_supervisor_takes_work_back_into_the_queue(ledger: Books) -> None:
    add_person(ledger, "a", WATER)
    order = ticket(ledger)
    with ledger.begin() as tx:
        assign(tx, tx.orders.lock(order.id), desk(tx), user="a", by="boss")
    with ledger.begin() as tx:
        back = release(tx, tx.orders.lock(order.id), desk(tx), how="released", why="waits", by="boss")
    assert (back.assignee, back.department) == (None, WATER)
    assert said(ledger, order)[-1] == ("boss", f"退回{WATER}：waits / back to {WATER}: waits")


def test_candidates_come_best_first_each_with_why_not(ledger: Books) -> None:
    add_person(ledger, "best", WATER)
    add_person(ledger, "busy", WATER)
    add_person(ledger, "home", WATER)
    add_person(ledger, "gone", WATER)
    add_shift(ledger, "day", "best", "busy")
    busy = ticket(ledger, severity=Severity.CRITICAL)
    order = ticket(ledger)
    with ledger.begin() as tx:
        assign(tx, tx.orders.lock(busy.id), desk(tx), user="busy", by="boss")
        user = tx.accounts.user_by_name("gone")
        assert user is not None
        tx.accounts.put_user(type(user)(user.id, "gone", "", user.grants, "GONE", active=False))
    with ledger.read() as tx:
        found = desk(tx).candidates(tx.orders.get(order.id))
    assert [(c.person.username, c.suggested, c.allowed, [r.code for r in c.reasons]) for c in found] == [
        ("best", True, True, []),
        ("busy", True, True, []),
        ("home", False, True, ["off_shift"]),
        ("gone", False, False, ["inactive", "off_shift"]),
    ]
    assert [c.load.minutes for c in found[:2]] == [0, 60]


def test_our_own_people_do_not_take_what_a_contractor_was_given(ledger: Books) -> None:
    add_person(ledger, "a", WATER)
    add_contractor(ledger, "anda")
    order = ticket(ledger)
    with ledger.begin() as tx:
        assign(tx, tx.orders.lock(order.id), desk(tx), contractor="anda", by="boss")
    with ledger.begin() as tx, pytest.raises(Conflict, match="a contractor's"):
        accept(tx, tx.orders.lock(order.id), desk(tx), "a")
    with ledger.begin() as tx:
        ours = assign(tx, tx.orders.lock(order.id), desk(tx), user="a", by="boss", why="they do not come")
    assert (ours.assignee, ours.contractor) == ("a", None)
