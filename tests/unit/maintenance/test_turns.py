"""Whose safety finding is next: nobody waits for more than one of each other, and each one's own order is kept."""

from collections.abc import Iterable
from itertools import count, takewhile

from hypothesis import given
from hypothesis import strategies as st

from maintenance.turns import Place, Turns
from plantroom.ports.outbox import Line, WaitingFinding


def line(asset: str) -> Line:
    return Line("demo", asset, "unclassified")


def waiting(*told: tuple[str, bool], first: int = 1) -> list[WaitingFinding]:
    return [WaitingFinding(at, line(asset), safety) for at, (asset, safety) in enumerate(told, first)]


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
    turns.note(waiting(("a", True), ("b", True)))
    turns.drained()
    assert (turns.next(9), turns.seen) == ([], 2)


told = st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), max_size=8)


@given(st.lists(st.tuples(told, st.integers(1, 5), st.integers(0, 5), st.integers(0, 3)), max_size=8))
def test_every_first_safety_finding_waits_for_one_round_at_most_and_each_line_keeps_its_order(
    steps: list[tuple[list[tuple[str, bool]], int, int, int]],
) -> None:
    turns, queue, positions = Turns(), list[WaitingFinding](), count(1)
    served_since: dict[Line, dict[Line, int]] = {}
    """Of each line that waits for its turn: how many turns each other one has had meanwhile."""
    for new, limit, taken, from_the_front in steps:
        came = [WaitingFinding(next(positions), line(asset), safety) for asset, safety in new]
        queue += came
        turns.note(came)
        for whose, position in turns.next(limit)[:taken]:
            own = [one for one in queue if one.line == whose]
            assert own[0].position == position
            assert any(one.safety for one in own)
            urgent = {one.line for one in queue if one.safety}
            served_since = {one: served_since.get(one, {}) for one in urgent - {whose}}
            for meanwhile in served_since.values():
                meanwhile[whose] = meanwhile.get(whose, 0) + 1
                assert meanwhile[whose] == 1, "nobody has two turns while another waits for one"
            turns.done(whose, position)
            queue.remove(own[0])
        for one in queue[:from_the_front]:
            turns.done(one.line, one.position)
            served_since.pop(one.line, None)
        del queue[:from_the_front]
    for whose in {one.line for one in queue}:
        own = [one for one in queue if one.line == whose]
        last = max((one.position for one in own if one.safety), default=0)
        expected = [one.position for one in takewhile(lambda one: one.position <= last, own)]  # noqa: B023
        assert [position for one, position in turns.next(10_000) if one == whose] == expected
