"""Whose safety finding is next: nobody waits for more than one of each other, and each one's own order is kept."""

import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maintenance.turns import Place, Turns
from plantroom.domain.findings import FindingSource
from plantroom.ports.outbox import Line, WaitingFinding


def line(asset: str, mode: str = "bearing") -> Line:
    return Line("demo", asset, mode)


def waiting(*told: tuple[str, bool], first: int = 1) -> list[WaitingFinding]:
    return [
        WaitingFinding(at, line(asset), FindingSource.RULE, "event", safety)
        for at, (asset, safety) in enumerate(told, first)
    ]


def unknown(*told: str, first: int = 1, asset: str = "a") -> list[WaitingFinding]:
    """Events that are of no failure mode; those in capital letters are safety events."""
    of = line(asset, "unclassified")
    return [
        WaitingFinding(at, of, FindingSource.RULE, name.lower(), name.isupper()) for at, name in enumerate(told, first)
    ]


def positions(turns: Turns, limit: int = 99) -> list[int]:
    return [position for _, position in turns.next(limit)]


def take(turns: Turns, places: Iterable[Place]) -> None:
    for whose, position in places:
        turns.done(whose, position)


def test_nothing_has_a_turn_that_is_no_safety() -> None:
    turns = Turns()
    turns.note(waiting(("a", False), ("b", False)))
    assert turns.next(9) == []


def test_a_flood_of_one_costs_another_one_round() -> None:
    turns = Turns()
    turns.note(waiting(*[("flood", True)] * 1000, ("lift", True)))
    assert turns.next(3) == [(line("flood"), 1), (line("lift"), 1001), (line("flood"), 2)]


def test_who_has_had_a_turn_comes_behind_those_who_have_not() -> None:
    turns = Turns()
    turns.note(waiting(*[("a", True)] * 3, *[("b", True)] * 3, *[("c", True)] * 3))
    assert [place for _ in range(3) for place in turns.next(1) if take(turns, [place]) is None] == [
        (line("a"), 1),
        (line("b"), 4),
        (line("c"), 7),
    ]
    assert turns.next(1) == [(line("a"), 2)]


def test_what_waits_before_safety_of_its_own_line_goes_before_it_and_what_waits_behind_stays() -> None:
    turns = Turns()
    turns.note(waiting(("a", False), ("b", False), ("a", True), ("a", False)))
    assert turns.next(9) == [(line("a"), 1), (line("a"), 3)]


def test_when_nothing_waits_nothing_is_remembered_but_how_far_was_looked() -> None:
    turns = Turns()
    turns.note([*waiting(("a", True), ("b", True)), *unknown("gas", first=3)])
    turns.drained()
    assert (turns.next(9), turns.seen) == ([], 3)
    turns.note(unknown("GAS", first=4))
    assert positions(turns) == [4]


def test_a_safety_event_waits_for_no_other_event_that_is_of_no_mode() -> None:
    turns = Turns()
    turns.note(unknown(*(f"e{n}" for n in range(600)), "GAS"))
    assert positions(turns) == [601]


def test_it_waits_for_what_was_told_of_the_same_event_and_for_what_waits_before_it_of_other_sources() -> None:
    turns, limit = Turns(), WaitingFinding(3, line("a", "unclassified"), FindingSource.LIMIT, "gas", safety=False)
    turns.note([*unknown("gas", "door"), limit, *unknown("gas", "door", "GAS", "gas", first=4)])
    assert positions(turns) == [3, 1, 4, 6]


def test_a_safety_event_before_another_one_does_not_wait_for_what_goes_before_that() -> None:
    turns = Turns()
    turns.note(unknown("gas", "gas", "FIRE", "GAS"))
    assert positions(turns) == [3, 1, 2, 4]


def test_what_stood_apart_and_was_taken_in_its_turn_is_not_given_again() -> None:
    turns, told = Turns(), unknown("gas", "door", "gas")
    turns.note(told)
    for one in told[:2]:
        turns.passed(one)
    turns.note(unknown("GAS", first=4))
    assert positions(turns) == [3, 4]


def test_what_another_instance_took_is_found_out_and_takes_nothing_else_with_it() -> None:
    turns = Turns()
    turns.note(unknown("gas", "FIRE", "GAS"))
    take(turns, [(line("a", "unclassified"), 1)])  # from the front, while the fire is what comes next
    assert positions(turns) == [2, 3]


def test_a_line_of_which_another_instance_took_all_is_asked_for_once() -> None:
    turns = Turns()
    turns.note([*unknown("GAS", asset="b"), *unknown("door", first=2)])
    turns.passed(unknown("door", first=2)[0])
    assert positions(turns) == [1]
    take(turns, turns.next(9))
    assert positions(turns) == []


def test_of_one_event_over_and_over_those_go_before_it_that_were_not_taken_in_their_turn() -> None:
    turns, told = Turns(), unknown(*["gas"] * 9)
    turns.note(told)
    for one in told[:6]:
        turns.passed(one)
    turns.note(unknown("gas", "GAS", first=10))
    assert positions(turns) == [7, 8, 9, 10, 11]


def of_a_mode(n: int) -> WaitingFinding:
    return waiting(("a", False), first=n)[0]


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(lambda n: unknown("door", first=n)[0], id="one event over and over"),
        pytest.param(lambda n: unknown(f"door {n}", first=n)[0], id="ever new ones"),
        pytest.param(lambda n: unknown("DOOR", first=n)[0], id="safety events"),
        pytest.param(of_a_mode, id="of a mode"),
    ],
)
def test_what_comes_without_end_takes_no_memory_when_it_is_taken_in_its_turn(
    told: Callable[[int], WaitingFinding],
) -> None:
    turns, behind = Turns(), 50

    def without_end(first: int, last: int) -> None:
        for n in range(first, last):
            turns.note([told(n)])
            if n > behind:
                turns.passed(told(n - behind))

    without_end(1, 1000)
    tracemalloc.start()
    try:
        without_end(1000, 5000)
        assert tracemalloc.get_traced_memory()[0] < 20_000
    finally:
        tracemalloc.stop()


KINDS = {
    "x": (FindingSource.RULE, "x", False),
    "y": (FindingSource.RULE, "y", False),
    "X": (FindingSource.RULE, "x", True),
    "Y": (FindingSource.RULE, "y", True),
    "limit": (FindingSource.LIMIT, "x", False),
}
MODES = {"a": "unclassified", "b": "unclassified", "c": "bearing"}
told = st.lists(st.tuples(st.sampled_from(sorted(MODES)), st.sampled_from(sorted(KINDS))), max_size=8)


def apart(one: WaitingFinding) -> bool:
    return one.source is FindingSource.RULE and one.line.failure_mode == "unclassified" and not one.safety


def in_order(queue: Sequence[WaitingFinding], whose: Line) -> list[int]:
    """What goes up to a line's last safety finding: each behind what waits of its own event, and behind what does not
    stand apart."""
    own = [one for one in queue if one.line == whose]
    last = max((one.position for one in own if one.safety), default=0)
    found: dict[int, None] = {}
    for one in own:
        if not apart(one) and one.position <= last:
            before = (other for other in own if apart(other) and other.position < one.position)
            of_it = (other for other in before if (other.source, other.subject) == (one.source, one.subject))
            found |= dict.fromkeys(other.position for other in (*of_it, one))
    return list(found)


@given(
    st.lists(
        st.tuples(told, st.integers(1, 5), st.integers(0, 5), st.integers(0, 3), st.sampled_from([0, 0, 0, 2])),
        max_size=8,
    )
)
def test_every_first_safety_finding_waits_for_one_round_at_most_and_each_line_keeps_its_order(
    steps: list[tuple[list[tuple[str, str]], int, int, int, int]],
) -> None:
    turns, queue, places = Turns(), list[WaitingFinding](), count(1)
    served_since: dict[Line, dict[Line, int]] = {}
    """Of each line that waits for its turn: how many turns each other one has had meanwhile."""
    for new, limit, taken, from_the_front, by_another in steps:
        came = [WaitingFinding(next(places), line(asset, MODES[asset]), *KINDS[kind]) for asset, kind in new]
        queue += came
        turns.note(came)
        for whose, position in turns.next(limit)[:taken]:
            turns.done(whose, position)
            mine = [one for one in queue if one.position == position]
            if not mine:  # Another instance has done it.
                served_since.pop(whose, None)
                continue
            assert in_order(queue, whose)[0] == position
            urgent = {one.line for one in queue if one.safety}
            served_since = {one: served_since.get(one, {}) for one in urgent - {whose}}
            for meanwhile in served_since.values():
                meanwhile[whose] = meanwhile.get(whose, 0) + 1
                assert meanwhile[whose] == 1, "nobody has two turns while another waits for one"
            queue.remove(mine[0])
        for one in queue[:from_the_front]:
            turns.passed(one)
        del queue[: from_the_front + by_another]
        urgent = {one.line for one in queue if one.safety}
        served_since = {one: turns_of for one, turns_of in served_since.items() if one in urgent}
    left, there = turns.next(10_000), {one.position for one in queue}
    for whose in {one.line for one in queue}:
        assert [at for one, at in left if one == whose and at in there] == in_order(queue, whose)
