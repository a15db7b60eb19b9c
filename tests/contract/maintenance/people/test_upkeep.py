"""Assignments stay true: certificates run out, people leave, figures are kept."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from maintenance.people.assigning import EXPIRED, assign
from maintenance.people.duty import on_call, on_call_all
from maintenance.people.on_call import Cover, Rota
from maintenance.people.rostering import gaps_of
from maintenance.people.rosters import Absence
from maintenance.people.upkeep import Dispatch, expiring, review, switch_off
from maintenance.transitions import apply_transition
from maintenance.work_orders import State
from plantroom.domain.assets import LocalName
from plantroom.errors import Conflict, NotFound
from plantroom.ports.accounts import Grant, Role
from plantroom.ports.clock import FixedClock
from plantroom.ports.paging import EVERYTHING, Scope
from tests.contract.maintenance.people.conftest import (
    ELECTRICAL,
    NOW,
    TODAY,
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

DUE = NOW + timedelta(days=1)
RESOLVE = timedelta(hours=3)
"""Of a general ticket, from when it was accepted."""


def test_a_certificate_that_runs_out_brings_the_work_back_with_a_flag(ledger: Books) -> None:
    add_person(ledger, "a", ELECTRICAL)
    add_paper(ledger, "a", "electrician_low", date(2026, 3, 3))
    order = ticket(ledger, "board-1", due=DUE)
    with ledger.begin() as tx:
        assign(tx, tx.orders.lock(order.id), desk(tx), user="a", by="boss")
        assert review(tx, "demo", NOW) == []
    later = NOW + timedelta(days=2)
    with ledger.begin() as tx:
        assert review(tx, "demo", later) == [order.id]
        assert review(tx, "demo", later) == []
    back = stored(ledger, order)
    assert (back.assignee, back.department, back.tags) == (None, ELECTRICAL, (EXPIRED,))
    assert "2026-03-03" in said(ledger, order)[-1][1]
    with ledger.read() as tx:
        assert [a.ended_how for a in tx.people.assignments(order.id)] == ["expired"]


def test_the_dispatcher_reviews_by_itself_and_finds_the_next_one(ledger: Books) -> None:
    for name in ("a", "b"):
        add_person(ledger, name, ELECTRICAL)
    add_shift(ledger, "day", "a", "b")
    add_paper(ledger, "a", "electrician_low", date(2026, 3, 3))
    order = ticket(ledger, "board-1", due=DUE)
    Dispatch(ledger, FixedClock(NOW)).run_once()
    assert stored(ledger, order).assignee == "a"
    add_paper(ledger, "b", "electrician_low")
    Dispatch(ledger, FixedClock(NOW + timedelta(days=2))).run_once()
    assert (stored(ledger, order).assignee, stored(ledger, order).tags) == ("b", ())


def test_a_contractor_whose_licence_has_run_out_loses_its_orders(ledger: Books) -> None:
    add_contractor(ledger, "anda", "elevator_licence", expires=date(2026, 3, 3))
    order = ticket(ledger, "lift-1", due=DUE)
    with ledger.begin() as tx:
        assign(tx, tx.orders.lock(order.id), desk(tx), contractor="anda", by="boss")
    with ledger.begin() as tx:
        assert review(tx, "demo", NOW + timedelta(days=2)) == [order.id]
    assert stored(ledger, order).contractor is None


def test_a_person_who_is_switched_off_leaves_the_work_to_the_department_and_their_number_is_forgotten(
    ledger: Books,
) -> None:
    add_person(ledger, "a", WATER, phone="138 0000 0000")
    add_person(ledger, "root", grants=(Grant(Role.ADMIN),))
    kept, done = ticket(ledger), ticket(ledger)
    with ledger.begin() as tx:
        for order in (kept, done):
            assign(tx, tx.orders.lock(order.id), desk(tx), user="a", by="boss")
        apply_transition(tx, done.id, State.IN_PROGRESS, NOW, "a")
        apply_transition(tx, done.id, State.COMPLETED, NOW, "a")
    with ledger.begin() as tx:
        assert switch_off(tx, "a", "boss", "has left", NOW) == [kept.id]
    with ledger.read() as tx:
        person = tx.people.person("a")
    assert (person.active, person.phone) == (False, "")
    assert stored(ledger, kept).assignee is None
    assert stored(ledger, done).assignee == "a", "who did it stays known"
    with ledger.begin() as tx, pytest.raises(Conflict, match="last administrator"):
        switch_off(tx, "root", "boss", "x", NOW)
    with ledger.begin() as tx, pytest.raises(NotFound):
        switch_off(tx, "nobody", "boss", "x", NOW)


def test_what_runs_out_is_listed_for_the_sites_in_scope(ledger: Books) -> None:
    add_person(ledger, "a", ELECTRICAL)
    add_person(ledger, "north", grants=(Grant(Role.TECHNICIAN, "north"),))
    for name in ("a", "north"):
        add_paper(ledger, name, "electrician_low", TODAY + timedelta(days=7))
    add_contractor(ledger, "anda", "elevator_licence", expires=TODAY + timedelta(days=20))
    with ledger.read() as tx:
        assert [e.holder for e in expiring(tx, EVERYTHING, TODAY, 30)] == ["a", "north", "anda"]
        assert [e.holder for e in expiring(tx, Scope(frozenset({"demo"})), TODAY, 7)] == ["a"]
        assert [e.holder for e in expiring(tx, EVERYTHING, TODAY, 30, "north")] == ["north"]


def add_rota(ledger: Books, key: str, *people: str, **given: object) -> None:
    fields = {
        "id": key,
        "site": "demo",
        "department": None,
        "level": 1,
        "name": LocalName(key, key),
        "people": people,
        "starts_on": date(2026, 1, 5),
        "handover": time(9),
    }
    with ledger.begin() as tx:
        tx.people.put_rota(Rota(**(fields | given)))  # type: ignore[arg-type]


def test_escalation_asks_who_is_on_call_level_by_level(ledger: Books) -> None:
    for name in ("a", "b", "c"):
        add_person(ledger, name, WATER, phone=f"1-{name}")
    add_rota(ledger, "own", "a", department=WATER)
    add_rota(ledger, "whole", "b")
    add_rota(ledger, "second", "c", level=2)
    with ledger.read() as tx:
        first = on_call(tx, NOW, "demo", WATER, 1)
        assert first is not None
        assert (first.username, first.name, first.phone, first.department) == ("a", "A", "1-a", WATER)
        assert [p.username for p in on_call_all(tx, NOW, "demo", ELECTRICAL)] == ["b", "c"]
        assert on_call(tx, NOW, "demo", WATER, 3) is None
        assert on_call(tx, NOW, "north", WATER) is None
        with pytest.raises(NotFound):
            on_call(tx, NOW, "nowhere", None)


def test_who_is_away_is_passed_over_and_a_cover_answers(ledger: Books) -> None:
    for name in ("a", "b"):
        add_person(ledger, name, WATER)
    add_rota(ledger, "own", "a", department=WATER)
    with ledger.begin() as tx:
        tx.people.add_absence(Absence("x", "a", TODAY, TODAY))
        assert on_call(tx, NOW, "demo", WATER) is None
        found = gaps_of(tx, "demo", NOW, NOW + timedelta(days=3))
        midnight = datetime(2026, 3, 2, 16, tzinfo=UTC)
        assert [(r.id, g.starts_at, g.ends_at, g.missing) for r, g in found] == [("own", NOW, midnight, "a")]
        tx.people.add_cover(Cover("c", "own", "b", NOW, midnight, "", "boss", NOW))
        covered = on_call(tx, NOW, "demo", WATER)
        assert covered is not None
        assert (covered.username, covered.why) == ("b", "cover")
        assert gaps_of(tx, "demo", NOW, NOW + timedelta(days=3)) == []


def test_how_much_was_done_in_time_by_person_and_department(ledger: Books) -> None:
    for name in ("a", "b"):
        add_person(ledger, name, WATER)
    for name, late in [("a", 1), ("a", -1), ("a", None), ("b", 1)]:
        order = ticket(ledger, due=DUE)
        with ledger.begin() as tx:
            assign(tx, tx.orders.lock(order.id), desk(tx), user=name, by="boss")
            if late is not None:
                apply_transition(tx, order.id, State.IN_PROGRESS, NOW, name)
                apply_transition(tx, order.id, State.COMPLETED, NOW + RESOLVE - timedelta(hours=late), name)
    rejected = ticket(ledger, due=DUE)
    with ledger.begin() as tx:
        apply_transition(tx, rejected.id, State.REJECTED, NOW, "boss", "false alarm")
    with ledger.read() as tx:
        span = (NOW, NOW + timedelta(days=3))
        by_person = tx.people.on_time(EVERYTHING, *span, "person")
        by_department = tx.people.on_time(EVERYTHING, *span, "department", "demo")
        assert tx.people.on_time(Scope(frozenset({"north"})), *span, "person") == []
        assert tx.people.on_time(EVERYTHING, *span, "person", now=NOW)[0].open == 0
    assert [(f.who, f.on_time, f.late, f.missed, f.open) for f in by_person] == [("a", 1, 1, 0, 1), ("b", 1, 0, 0, 0)]
    assert [(f.who, f.on_time, f.late, f.open, f.rate) for f in by_department] == [(WATER, 2, 1, 1, 0.5)]


def test_a_staff_record_of_another_version_is_not_written_over(ledger: Books) -> None:
    add_person(ledger, "a", WATER)
    with ledger.begin() as tx:
        person = tx.people.person("a")
        tx.people.put_person(replace(person, phone="1"), person.version)
        with pytest.raises(Conflict, match="version"):
            tx.people.put_person(replace(person, phone="2"), person.version)
