"""The outbox of findings: what may not wait is taken ahead, and what all have passed is forgotten."""

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maintenance.ports import MaintenanceTx
from maintenance.turns import Turns
from plantroom.domain.assets import UNCLASSIFIED
from plantroom.domain.findings import Finding, FindingCleared, FindingSource
from plantroom.ports.outbox import Line, QueuedFinding, WaitingFinding, place_of
from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import NOW, finding
from tests.examples import examples

numbers = itertools.count(1000)


def cleared(number: int, **given: Any) -> FindingCleared:
    at = NOW + timedelta(minutes=number)
    fields: dict[str, Any] = {
        "asset": "p1",
        "failure_mode": "bearing_wear",
        "source": FindingSource.MODEL,
        "subject": "vibration",
    }
    return FindingCleared(f"c{number}", "demo", observed_at=at, received_at=at, **(fields | given))


def append(ledger: SqlLedger, *findings: Finding) -> None:
    with ledger.begin() as tx:
        tx.collect.append_findings(findings)


def turns(tx: MaintenanceTx) -> Turns:
    known = Turns()
    known.note(tx.collect.waiting_after("reader", 0, 1000))
    return known


def urgent_in(tx: MaintenanceTx, limit: int) -> Sequence[QueuedFinding]:
    return tx.collect.findings_at("reader", [position for _, position in turns(tx).next(limit)])


def urgent(ledger: SqlLedger, limit: int = 100) -> list[str]:
    with ledger.begin() as tx:
        return [one.finding.finding_id for one in urgent_in(tx, limit)]


def waiting(ledger: SqlLedger) -> list[str]:
    with ledger.begin() as tx:
        return [one.finding.finding_id for one in tx.collect.findings_after("reader", 1000)]


def take(ledger: SqlLedger, limit: int = 100) -> Sequence[str]:
    with ledger.begin() as tx:
        found = urgent_in(tx, limit)
        tx.collect.take_ahead("reader", [one.position for one in found])
    return [one.finding.finding_id for one in found]


def test_nothing_is_urgent_but_safety(ledger: SqlLedger) -> None:
    append(ledger, finding(1), cleared(2), finding(3))
    assert urgent(ledger) == []


def test_safety_is_urgent_with_what_waits_before_it_of_its_asset_and_mode(ledger: SqlLedger) -> None:
    append(
        ledger,
        finding(1),
        finding(2, failure_mode="seal"),
        finding(3, asset="p2"),
        cleared(4),
        finding(5, safety=True),
        finding(6),
    )
    assert urgent(ledger) == ["f00001", "c4", "f00005"]


def test_what_waits_is_told_by_its_place_from_any_place_on(ledger: SqlLedger) -> None:
    append(ledger, finding(1), cleared(2, asset="p2", failure_mode="seal"), finding(3, safety=True), finding(4))
    with ledger.begin() as tx:
        tx.collect.move_cursor("reader", tx.collect.findings_after("reader", 1)[0].position)
        first, second, third = tx.collect.waiting_after("reader", 0, 9)
        assert first == WaitingFinding(
            first.position, Line("demo", "p2", "seal"), FindingSource.MODEL, "vibration", safety=False
        )
        assert second == WaitingFinding(
            second.position, Line("demo", "p1", "bearing_wear"), FindingSource.MODEL, "vibration", safety=True
        )
        assert [first, second, third] == [place_of(one) for one in tx.collect.findings_after("reader", 9)]
        tx.collect.take_ahead("reader", [second.position])
        assert tx.collect.waiting_after("reader", 0, 9) == [first, third]
        assert tx.collect.waiting_after("reader", first.position, 9) == [third]
        assert tx.collect.waiting_after("reader", 0, 1) == [first]
        assert tx.collect.waiting_after("reader", third.position, 9) == []
        assert len(tx.collect.waiting_after("other", 0, 9)) == 4


def test_those_at_some_places_come_in_the_order_that_was_asked_for_if_they_still_wait(ledger: SqlLedger) -> None:
    append(ledger, finding(1), finding(2), finding(3))
    with ledger.begin() as tx:
        first, second, third = (one.position for one in tx.collect.findings_after("reader", 9))
        tx.collect.take_ahead("reader", [second])
        found = tx.collect.findings_at("reader", [third, second, first, third + 99])
        assert [one.position for one in found] == [third, first]
        assert found[1].finding == finding(1)
        assert tx.collect.findings_at("reader", []) == []


def test_what_was_taken_ahead_is_given_no_more_and_stays_taken_when_the_cursor_passes(ledger: SqlLedger) -> None:
    append(ledger, finding(1, asset="p2"), finding(2, safety=True), finding(3), finding(4, asset="p2"))
    assert take(ledger) == ["f00002"]
    assert (urgent(ledger), waiting(ledger)) == ([], ["f00001", "f00003", "f00004"])
    with ledger.begin() as tx:
        tx.collect.move_cursor("reader", tx.collect.findings_after("reader", 1)[0].position)
    assert waiting(ledger) == ["f00003", "f00004"]
    with ledger.begin() as tx:
        tx.collect.move_cursor("reader", tx.collect.findings_after("reader", 1)[0].position)
        assert [one.finding.finding_id for one in tx.collect.findings_after("other", 9)][:2] == ["f00001", "f00002"]
    assert waiting(ledger) == ["f00004"]


def test_what_was_taken_ahead_is_taken_with_its_transaction_only(ledger: SqlLedger) -> None:
    append(ledger, finding(1, asset="p2"), finding(2, safety=True))
    with pytest.raises(RuntimeError), ledger.begin() as tx:  # noqa: PT012
        tx.collect.take_ahead("reader", [one.position for one in urgent_in(tx, 9)])
        raise RuntimeError
    assert take(ledger) == ["f00002"]


def test_two_that_ask_for_what_is_urgent_get_it_once(ledger: SqlLedger, other: SqlLedger) -> None:
    append(ledger, finding(1, asset="p2"), finding(2, safety=True))
    with ThreadPoolExecutor(1) as pool:
        with ledger.begin() as tx:
            mine = urgent_in(tx, 9)
            theirs = pool.submit(take, other)
            with pytest.raises(TimeoutError):
                theirs.result(timeout=0.2)
            tx.collect.take_ahead("reader", [one.position for one in mine])
        assert theirs.result(timeout=10) == []


@settings(deadline=None, max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"),
            st.sampled_from(["seal", UNCLASSIFIED]),
            st.sampled_from(["gas", "door"]),
            st.sampled_from(["raised", "safety", "over"]),
        )
    ),
    st.lists(st.tuples(st.integers(1, 4), st.booleans()), min_size=1),
)
def test_however_it_is_cut_each_is_given_once_in_the_order_of_its_asset_and_mode_and_without_a_mode_of_its_event(
    ledger: SqlLedger, told: list[tuple[str, str, str, str]], cuts: list[tuple[int, bool]]
) -> None:
    made: list[Finding] = []
    for asset, mode, event, what in told:
        number = next(numbers)
        of = {"asset": asset, "failure_mode": mode, "source": FindingSource.RULE, "subject": event}
        made.append(cleared(number, **of) if what == "over" else finding(number, safety=what == "safety", **of))
    append(ledger, *made)
    got: list[Finding] = []
    for n in range(10 * len(made) + 1):
        with ledger.begin() as tx:
            limit, urgent_first = cuts[n % len(cuts)]
            ahead = urgent_in(tx, limit) if urgent_first else []
            some = ahead or tx.collect.findings_after("reader", limit)
            if ahead:
                tx.collect.take_ahead("reader", [one.position for one in ahead])
            elif some:
                tx.collect.move_cursor("reader", some[-1].position)
        got += [one.finding for one in some]
    assert len(got) == len(made)
    for whose in {_whose(one) for one in made}:
        assert [one for one in got if _whose(one) == whose] == [one for one in made if _whose(one) == whose]


def _whose(one: Finding) -> tuple[str, str, str]:
    return one.asset, one.failure_mode, one.subject if one.failure_mode == UNCLASSIFIED else ""


def test_what_is_old_and_behind_every_cursor_is_forgotten(ledger: SqlLedger) -> None:
    append(ledger, *(finding(n) for n in range(1, 7)))
    before = NOW + timedelta(minutes=4)
    with ledger.begin() as tx:
        assert tx.collect.forget_findings(["reader", "other"], before, 100) == 0, "nobody has read them"
        positions = [one.position for one in tx.collect.findings_after("reader", 100)]
        tx.collect.move_cursor("reader", positions[-1])
        tx.collect.move_cursor("other", positions[1])
        assert tx.collect.forget_findings(["reader", "other"], before, 100) == 2
        tx.collect.move_cursor("other", positions[-1])
        assert tx.collect.forget_findings(["reader", "other"], before, 100) == 1
        assert tx.collect.forget_findings(["reader", "other"], before, 100) == 0
    append(ledger, finding(5))
    assert waiting(ledger) == []
    append(ledger, finding(1))
    assert waiting(ledger) == ["f00001"], "what is forgotten is new"


def test_no_more_are_forgotten_at_once_than_asked_for(ledger: SqlLedger) -> None:
    append(ledger, *(finding(n) for n in range(1, 7)))
    with ledger.begin() as tx:
        tx.collect.move_cursor("reader", tx.collect.findings_after("reader", 100)[-1].position)
        late = NOW + timedelta(days=1)
        assert [tx.collect.forget_findings(["reader"], late, 4) for _ in range(3)] == [4, 2, 0]
