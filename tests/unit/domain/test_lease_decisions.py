"""Who takes and gives back what: every collector alone comes to shares that fit together, and stays with them."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from plantroom.domain.leases import GRACE_MS, SETTLE_MS, LeaseState, LeaseView, Member, Moves, decide
from tests.examples import examples

LEASE_MS = 6_000
OLD = SETTLE_MS + 1


def view(holders: dict[str, str | None], members: dict[str, int], left_ms: int = LEASE_MS) -> LeaseView:
    """``members``: age by name, all alive."""
    leases = {p: LeaseState(p, holder, 1, left_ms if holder else -1) for p, holder in holders.items()}
    return LeaseView(leases, [Member(name, age, 0) for name, age in members.items()])


def held(seen: LeaseView, me: str) -> set[str]:
    return {p for p, lease in seen.leases.items() if lease.holder == me and not lease.free(LEASE_MS)}


def test_who_is_alone_takes_everything_at_once() -> None:
    assert decide(LeaseView(), "a", ["x", "y", "+"], (), LEASE_MS) == Moves(take=("+", "x", "y"))


def test_two_share_what_is_free() -> None:
    seen = view(dict.fromkeys("wxyz"), {"a": 0, "b": 0})
    shares = [decide(seen, me, "wxyz", (), LEASE_MS).take for me in "ab"]
    assert [len(share) for share in shares] == [2, 2]


def test_a_newcomer_gets_its_share_once_it_has_settled() -> None:
    all_mine = dict.fromkeys("wxyz", "a")
    assert decide(view(all_mine, {"a": OLD, "b": 100}), "a", "wxyz", "wxyz", LEASE_MS) == Moves()
    assert len(decide(view(all_mine, {"a": OLD, "b": OLD}), "a", "wxyz", "wxyz", LEASE_MS).release) == 2


def test_nothing_is_given_back_while_something_is_free_for_those_who_are_short() -> None:
    seen = view({"w": "a", "x": "a", "y": "a", "z": None}, {"a": OLD, "b": OLD})
    assert decide(seen, "a", "wxyz", "wxy", LEASE_MS) == Moves()


def test_shares_that_differ_by_one_are_left_alone() -> None:
    seen = view({"x": "a", "y": "a", "z": "b"}, {"a": OLD, "b": OLD})
    assert decide(seen, "a", "xyz", "xy", LEASE_MS) == Moves()
    assert decide(seen, "b", "xyz", "z", LEASE_MS) == Moves()


def test_a_silent_collector_has_no_share() -> None:
    leases = {p: LeaseState(p, "b", 1, -1) for p in "xy"}
    seen = LeaseView(leases, [Member("a", OLD, 0), Member("b", OLD, LEASE_MS)])
    assert decide(seen, "a", "xy", (), LEASE_MS).take == ("x", "y")


def test_what_nobody_takes_within_the_grace_anybody_takes() -> None:
    members = [Member("a", OLD, 0), Member("b", OLD, 0)]
    for free_ms, expected in ((GRACE_MS - 1, ()), (GRACE_MS + 1, ("y",))):
        leases = {"x": LeaseState("x", "a", 1, LEASE_MS), "y": LeaseState("y", None, 1, -free_ms)}
        assert decide(LeaseView(leases, members), "a", "xy", "x", LEASE_MS).take == expected


def test_a_member_from_before_the_clock_was_set_back_has_no_share() -> None:
    seen = LeaseView({}, [Member("a", OLD, 0), Member("b", OLD, -3_600_000)])
    assert decide(seen, "a", "xy", (), LEASE_MS).take == ("x", "y")


@dataclass
class Cluster:
    """A ledger in a dictionary, and collectors that take their turns in any order."""

    partitions: list[str]
    holders: dict[str, str | None] = field(default_factory=dict)
    alive: list[str] = field(default_factory=list)
    moves: int = 0

    def turn(self, me: str) -> None:
        seen = view(self.holders, dict.fromkeys(self.alive, OLD))
        decided = decide(seen, me, self.partitions, held(seen, me), LEASE_MS)
        for partition in decided.release:
            assert self.holders[partition] == me
            self.holders[partition] = None
            self.moves += 1
        for partition in decided.take:
            if self.holders[partition] is None:
                self.holders[partition] = me
                self.moves += 1

    def shares(self) -> list[int]:
        return sorted(sum(holder == me for holder in self.holders.values()) for me in self.alive)


@settings(max_examples=examples(80), deadline=None)
@given(
    st.integers(1, 30),
    st.integers(1, 6),
    st.lists(st.integers(0, 5), max_size=40),
    st.randoms(use_true_random=False),
)
def test_any_start_and_any_order_of_turns_ends_in_even_shares_and_then_nothing_moves(
    count: int, collectors: int, start: list[int], rng: object
) -> None:
    partitions = [f"site-{n}" for n in range(count)]
    cluster = Cluster(partitions, alive=[f"c{n}" for n in range(collectors)])
    given_to = dict(zip(partitions, start, strict=False))
    cluster.holders = {p: f"c{given_to[p]}" if p in given_to and given_to[p] < collectors else None for p in partitions}
    for _ in range(40):
        order = cluster.alive[:]
        rng.shuffle(order)  # type: ignore[attr-defined]
        for me in order:
            cluster.turn(me)
    shares = cluster.shares()
    assert sum(shares) == count, "every site is held"
    assert shares[-1] - shares[0] <= 1
    moves = cluster.moves
    for me in cluster.alive * 3:
        cluster.turn(me)
    assert cluster.moves == moves, "nothing flaps"
