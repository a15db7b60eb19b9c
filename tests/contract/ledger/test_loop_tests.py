"""Loop tests in the ledger."""

from dataclasses import replace
from datetime import timedelta

import pytest

from maintenance.loop_tests import CheckKind, CheckResult, LoopCheck, LoopTest, Step, TestState, ask, tick
from plantroom.errors import Conflict, NotFound
from plantroom.ports.paging import EVERYTHING, PageRequest, Scope
from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import NOW, name


def loop_test(key: str = "t1", site: str = "demo", minutes: int = 0) -> LoopTest:
    at = NOW + timedelta(minutes=minutes)
    return LoopTest(key, site, "一层", "wang", at, at + timedelta(hours=1), 600.0)


def check(number: int = 1, test: str = "t1", asset: str = "p1") -> LoopCheck:
    return LoopCheck(test, number, asset, CheckKind.EVENT, "tripped", name(asset), name("B1"), {"zone": 7}, "水务")


def test_a_test_and_its_checks_come_back_as_they_were(planted: SqlLedger) -> None:
    asked = tick(ask(check(1), NOW, 600), Step.SENSOR, NOW, "f1")
    with planted.begin() as tx:
        tx.loop_tests.add(loop_test(), [asked, check(2, asset="p2")])
    with planted.read() as tx:
        assert tx.loop_tests.get("t1") == loop_test()
        assert list(tx.loop_tests.checks("t1")) == [asked, check(2, asset="p2")]
        assert tx.loop_tests.asked("p1") == asked
        assert tx.loop_tests.asked("p2") is None
        with pytest.raises(NotFound):
            tx.loop_tests.get("nope")


def test_a_finished_test_asks_for_nothing_and_frees_its_assets(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.loop_tests.add(loop_test(), [ask(check(), NOW, 600)])
    with (
        pytest.raises(Conflict, match=r"asset .* is in a loop test that is going on, '一层' \(t1\)"),
        planted.begin() as tx,
    ):
        tx.loop_tests.add(loop_test("t2"), [check(test="t2")])
    with planted.begin() as tx:
        assert tx.loop_tests.running() == ["t1"]
        locked = tx.loop_tests.lock("t1")
        tx.loop_tests.update(replace(locked, state=TestState.FINISHED, finished_by="wang", finished_at=NOW))
        assert tx.loop_tests.running() == []
        assert tx.loop_tests.asked("p1") is None
        tx.loop_tests.add(loop_test("t2"), [check(test="t2")])


def test_checks_are_written_one_by_one(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.loop_tests.add(loop_test(), [check(1), check(2)])
        tx.loop_tests.put_checks([replace(check(2), result=CheckResult.SKIPPED, by="wang", reason=name("坏"))])
        assert [one.result for one in tx.loop_tests.checks("t1")] == [CheckResult.WAITING, CheckResult.SKIPPED]


def test_the_list_is_newest_first_and_keeps_inside_its_scope(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.loop_tests.add(loop_test("t1"), [])
        tx.loop_tests.add(loop_test("t2", minutes=1), [])
        tx.loop_tests.add(loop_test("t3", "north", minutes=2), [])
    with planted.read() as tx:
        first = tx.loop_tests.list(EVERYTHING, PageRequest(limit=2))
        assert [one.id for one in first.items] == ["t3", "t2"]
        rest = tx.loop_tests.list(EVERYTHING, PageRequest(limit=2, cursor=first.next_cursor))
        assert [one.id for one in rest.items] == ["t1"]
        here = tx.loop_tests.list(Scope(frozenset({"north"})), PageRequest())
        assert [one.id for one in here.items] == ["t3"]
        assert tx.loop_tests.list(EVERYTHING, PageRequest(), state="finished").items == []


def test_two_that_begin_at_once_never_share_an_asset(planted: SqlLedger, other: SqlLedger) -> None:
    from threading import Barrier, Thread

    together, lost = Barrier(2), []

    def begin(ledger: SqlLedger, key: str) -> None:
        together.wait()
        try:
            with ledger.begin() as tx:
                tx.loop_tests.add(loop_test(key), [check(test=key)])
        except Conflict:
            lost.append(key)

    threads = [Thread(target=begin, args=(planted, "t1")), Thread(target=begin, args=(other, "t2"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lost) == 1


def test_active_are_what_moves_and_the_first_that_waits(planted: SqlLedger) -> None:
    made = [replace(check(n), result=result) for n, result in enumerate(CheckResult, 1)]
    more = [check(7), replace(check(8), result=CheckResult.PASSED, settled=True), check(9)]
    with planted.begin() as tx:
        tx.loop_tests.add(loop_test(), [*made, *more])
        assert [one.number for one in tx.loop_tests.active("t1")] == [1, 2, 3, 4, 5, 6]
        assert tx.loop_tests.any_failed("t1")
        tx.loop_tests.put_checks([replace(one, result=CheckResult.SKIPPED, settled=True) for one in made])
        assert [one.number for one in tx.loop_tests.active("t1")] == [7]
        assert not tx.loop_tests.any_failed("t1")
