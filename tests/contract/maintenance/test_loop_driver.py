"""What moves loop tests on by itself: one that cannot go on stops no other, and nothing is written for nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from maintenance.loop_driver import LoopKeeper, LoopTests
from maintenance.loop_tests import CheckResult, TestState
from maintenance.transitions import apply_transition
from maintenance.work_orders import State
from plantroom.domain.assets import Asset, LocalName
from plantroom.domain.findings import FindingRaised
from plantroom.errors import Conflict, Unreachable
from plantroom.ports.clock import FixedClock
from plantroom.storage.ledger import SqlLedger
from tests.contract.maintenance.loop_walk import CLASSES, TRAPPED, Walk, walk

__all__ = ["walk"]
PHOTO = {"sha256": "ab" * 32, "kind": "photo", "bytes": 1, "mime": "image/jpeg"}


class Away:
    """A store of readings that does not answer."""

    def read(self, *_: object) -> Any:
        raise Unreachable("readings", "connection refused")


def driver(walk: Walk) -> LoopTests:
    return LoopTests(walk.ledger, Away(), FixedClock(walk.now), CLASSES)  # type: ignore[arg-type]


def completed_without_its_photo(walk: Walk) -> FindingRaised:
    walk.start("lift-1", events=[TRAPPED])
    raised = walk.after(20).event(TRAPPED)
    walk.comes(raised)
    (ticket,) = walk.tickets("lift-1")
    with walk.ledger.begin() as tx:
        apply_transition(tx, ticket.id, State.IN_PROGRESS, walk.now, "li", now=walk.now, person=True)
    walk.look()
    with walk.ledger.begin() as tx:
        answered = replace(tx.orders.lock(ticket.id), answers={"S1": {"outcome": "ok", "files": [PHOTO]}})
        apply_transition(tx, ticket.id, State.COMPLETED, walk.now, "li", now=walk.now, changes=answered)
    assert walk.tickets("lift-1")[0].state is State.EVIDENCE_PENDING
    walk.after(5).comes(walk.over(raised))
    return raised


def test_a_ticket_that_waits_for_its_photos_is_waited_for(walk: Walk) -> None:
    completed_without_its_photo(walk)
    for _ in range(2):
        assert [one.result for one in walk.after(3600).look()] == [CheckResult.PASSED]
    with pytest.raises(Conflict, match="photos of ticket"):
        walk.keep(lambda keeper: keeper.finish(walk.test.id, "wang"))
    (ticket,) = walk.tickets("lift-1")
    with walk.ledger.begin() as tx:
        locked = replace(tx.orders.lock(ticket.id), answers={})
        apply_transition(tx, ticket.id, State.COMPLETED, walk.now, "li", now=walk.now, changes=locked)
    walk.look()
    with walk.ledger.read() as tx:
        assert tx.loop_tests.get(walk.test.id).state is TestState.FINISHED


def test_one_test_that_fails_stops_no_other(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = walk.start("lift-1", events=[TRAPPED])
    good = walk.start("panel", events=["manual_call_point"])
    walk.after(601)
    real = LoopKeeper.due

    def due(self: LoopKeeper, test_id: str, seen: Any) -> bool:
        if test_id == bad.id:
            raise ValueError("a bug")
        return real(self, test_id, seen)

    monkeypatch.setattr(LoopKeeper, "due", due)
    driving = driver(walk)
    assert driving.run_once() == 0
    assert driving.steps.failures == 1
    with walk.ledger.read() as tx:
        assert [one.result for one in tx.loop_tests.checks(good.id)] == [CheckResult.FAILED]


def test_while_the_readings_are_away_tests_of_events_go_on(walk: Walk) -> None:
    walk.start("pump-1", points=["vibration"])
    events = walk.start("panel", events=["manual_call_point"])
    walk.after(601)
    with pytest.raises(Unreachable):
        driver(walk).run_once()
    with walk.ledger.read() as tx:
        assert [one.result for one in tx.loop_tests.checks(events.id)] == [CheckResult.FAILED]


def test_nothing_is_locked_while_nothing_changes(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    with walk.ledger.begin() as tx:
        for n in range(50):
            tx.assets.add(Asset(f"p{n}", "demo", f"Z-{n}", "fire_panel", LocalName("主机", "Panel")), [])
    walk.start(*(f"p{n}" for n in range(50)), events=["manual_call_point"])
    begun: list[int] = []
    begin = SqlLedger.begin

    @contextmanager
    def counted(self: SqlLedger) -> Iterator[Any]:
        begun.append(1)
        with begin(self) as tx:
            yield tx

    monkeypatch.setattr(SqlLedger, "begin", counted)
    driver(walk.after(5)).run_once()
    assert begun == []
    with walk.ledger.read() as tx:
        read = list(tx.loop_tests.active(walk.test.id))
    assert [one.number for one in read] == [1, 2], "of fifty checks"
    driver(walk.after(600)).run_once()
    assert begun == [1]
