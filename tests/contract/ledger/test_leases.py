"""Leases: exactly one holder at a time, by the database's clock, with an epoch that only rises."""

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from plantroom.domain.leases import LeaseView
from plantroom.ports.leases import Claimed, Taken
from plantroom.ports.ledger import Occupied
from plantroom.storage.ledger import SqlLedger
from tests.product import eventually

LONG, SHORT = 60_000, 150


def take(ledger: SqlLedger, partition: str, holder: str, lease_ms: int = LONG, *, mine: bool = False) -> Taken | None:
    with ledger.begin() as tx:
        return tx.leases.take(partition, holder, lease_ms, mine=mine)


def beat(ledger: SqlLedger, holder: str, held: Mapping[str, int], lease_ms: int = LONG) -> LeaseView:
    with ledger.begin() as tx:
        return tx.leases.beat(holder, held, (), lease_ms)


def holders(ledger: SqlLedger) -> dict[str, str | None]:
    with ledger.read() as tx:
        return {lease.partition: lease.holder for lease in tx.leases.list()}


def test_what_one_holds_no_other_takes(ledger: SqlLedger) -> None:
    assert take(ledger, "demo", "anna") == Taken(1, None)
    assert take(ledger, "demo", "ben") is None
    assert take(ledger, "demo", "anna") is None
    assert holders(ledger) == {"demo": "anna"}


def test_a_lease_that_was_given_back_is_taken_at_once_and_remembers_no_holder(ledger: SqlLedger) -> None:
    take(ledger, "demo", "anna")
    with ledger.begin() as tx:
        assert not tx.leases.release("demo", "ben", 1)
        assert not tx.leases.release("demo", "anna", 2)
        assert tx.leases.release("demo", "anna", 1)
        assert not tx.leases.release("demo", "anna", 1)
    assert holders(ledger) == {"demo": None}
    assert take(ledger, "demo", "anna") == Taken(2, "")


def test_an_expired_lease_is_taken_with_a_higher_epoch_and_its_holder_learns_of_it(ledger: SqlLedger) -> None:
    take(ledger, "demo", "anna", SHORT)
    assert eventually(lambda: take(ledger, "demo", "ben"), 5) == Taken(2, "anna")
    view = beat(ledger, "anna", {"demo": 1})
    assert (view.leases["demo"].holder, view.leases["demo"].epoch) == ("ben", 2)
    with ledger.begin() as tx:
        assert not tx.leases.release("demo", "anna", 1)
    assert holders(ledger) == {"demo": "ben"}


def test_who_renews_keeps_it_for_as_long_as_it_likes(ledger: SqlLedger) -> None:
    take(ledger, "demo", "anna", SHORT)
    beat(ledger, "anna", {"demo": 1})
    time.sleep(2 * SHORT / 1000)
    assert take(ledger, "demo", "ben") is None


def test_an_expired_lease_that_nobody_took_may_still_be_renewed(ledger: SqlLedger) -> None:
    take(ledger, "demo", "anna", 1)
    time.sleep(0.05)
    assert beat(ledger, "anna", {"demo": 1}).leases["demo"].left_ms > LONG / 2
    assert take(ledger, "demo", "ben") is None


def test_an_earlier_process_of_the_same_holder_is_replaced_and_renews_no_more(ledger: SqlLedger) -> None:
    take(ledger, "demo", "anna")
    assert take(ledger, "demo", "anna", mine=True) == Taken(2, "anna")
    before = beat(ledger, "anna", {"demo": 1}, 10 * LONG)
    assert before.leases["demo"].left_ms <= LONG
    assert beat(ledger, "anna", {"demo": 2}, 10 * LONG).leases["demo"].left_ms > LONG


def test_a_collector_that_ends_frees_everything_and_is_no_member_any_more(ledger: SqlLedger) -> None:
    for partition in ("demo", "north"):
        take(ledger, partition, "anna")
    take(ledger, "south", "ben")
    beat(ledger, "anna", {})
    beat(ledger, "ben", {})
    with ledger.begin() as tx:
        tx.leases.leave("anna", {"demo": 1, "north": 1})
    assert holders(ledger) == {"demo": None, "north": None, "south": "ben"}
    with ledger.read() as tx:
        assert list(tx.leases.members()) == ["ben"]
    assert take(ledger, "demo", "anna") == Taken(2, "anna")


def test_a_process_that_ends_frees_nothing_of_the_next_one_of_the_same_holder(ledger: SqlLedger) -> None:
    take(ledger, "demo", "anna")
    take(ledger, "demo", "anna", mine=True)
    beat(ledger, "anna", {"demo": 2})
    with ledger.begin() as tx:
        tx.leases.leave("anna", {"demo": 1})
    assert holders(ledger) == {"demo": "anna"}
    assert [one.holder for one in beat(ledger, "ben", {}).members] == ["anna", "ben"]


def test_a_lease_from_before_the_databases_clock_was_set_back_is_free(ledger: SqlLedger) -> None:
    take(ledger, "demo", "anna", 100 * LONG)
    assert beat(ledger, "ben", {}).leases["demo"].free(LONG)
    assert take(ledger, "demo", "ben") == Taken(2, "anna")


def test_a_member_that_was_silent_for_longer_than_a_lease_counts_as_new(ledger: SqlLedger) -> None:
    beat(ledger, "anna", {})
    time.sleep(0.1)
    (member,) = beat(ledger, "anna", {}).members
    assert member.age_ms - member.silent_ms >= 90, "silent for less than this lease"
    time.sleep(2 * SHORT / 1000)
    (member,) = beat(ledger, "anna", {}, SHORT).members
    assert member.age_ms - member.silent_ms < 90, "and for longer than this one"


def test_who_wants_no_share_is_no_member_and_keeps_what_it_holds(ledger: SqlLedger) -> None:
    take(ledger, "demo", "anna")
    beat(ledger, "anna", {"demo": 1})
    with ledger.begin() as tx:
        view = tx.leases.beat("anna", {"demo": 1}, (), 2 * LONG, member=False)
    assert not view.members
    assert view.holders(LONG) == {"anna"}
    assert view.leases["demo"].left_ms > LONG
    assert [one.holder for one in beat(ledger, "anna", {"demo": 1}).members] == ["anna"]


def test_ready_is_noted_for_good(ledger: SqlLedger) -> None:
    take(ledger, "demo", "anna")
    with ledger.begin() as tx:
        assert tx.leases.beat("anna", {"demo": 1}, ["demo"], LONG).leases["demo"].ready
        tx.leases.release("demo", "anna", 1)
    take(ledger, "demo", "ben")
    assert beat(ledger, "ben", {"demo": 2}).leases["demo"].ready


@pytest.mark.parametrize("expired", [False, True])
def test_of_two_at_once_exactly_one_wins(ledger: SqlLedger, other: SqlLedger, expired: bool) -> None:
    for number in range(20):
        partition = f"site-{number}"
        if expired:
            take(ledger, partition, "carl", 1)
            time.sleep(0.01)
        together = Barrier(2)

        def attempt(one: tuple[SqlLedger, str], name: str = partition, start: Barrier = together) -> Taken | None:
            start.wait(5)
            try:
                return take(one[0], name, one[1])
            except Occupied:  # The other one's transaction stood still for 10 s: a collector asks again.
                return take(one[0], name, one[1])

        with ThreadPoolExecutor(2) as pool:
            won = list(pool.map(attempt, [(ledger, "anna"), (other, "ben")]))
        assert sum(one is not None for one in won) == 1
        assert holders(ledger)[partition] == ("anna" if won[0] else "ben")


def test_the_clock_of_a_collector_plays_no_part(ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    take(ledger, "demo", "anna")
    for skew_s in (-86_400.0, 86_400.0):
        real = time.time
        with monkeypatch.context() as clock:
            clock.setattr(time, "time", lambda real=real, skew=skew_s: real() + skew)
            clock.setattr(time, "time_ns", lambda real=real, skew=skew_s: int((real() + skew) * 1e9))
            assert take(ledger, "demo", "ben") is None
            assert 0 < beat(ledger, "ben", {}).leases["demo"].left_ms <= LONG


def test_state_is_kept_by_epoch_so_that_a_late_word_of_an_earlier_holder_changes_nothing(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        assert tx.leases.state("demo", "normal") == b""
        assert tx.leases.put_state("demo", "normal", 1, b"one")
        assert tx.leases.put_state("demo", "normal", 3, b"three")
        assert not tx.leases.put_state("demo", "normal", 2, b"two")
        assert tx.leases.put_state("demo", "normal", 3, b"\x00more")
        assert tx.leases.put_state("demo", "safety", 1, b"other lane")
    with ledger.read() as tx:
        assert tx.leases.state("demo", "normal") == b"\x00more"
        assert tx.leases.state("demo", "safety") == b"other lane"


def test_entering_partitions_twice_changes_nothing(ledger: SqlLedger) -> None:
    take(ledger, "demo", "anna")
    with ledger.begin() as tx:
        tx.leases.enter(["demo", "north", "+"])
        tx.leases.enter([])
        tx.leases.enter(["demo", "north", "+"])
    assert holders(ledger) == {"+": None, "demo": "anna", "north": None}


def test_a_claim_keeps_the_state_and_keeps_out_who_held_before(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        assert tx.leases.claim_state("demo", "normal", 1) == Claimed(0, b"")
        assert tx.leases.put_state("demo", "normal", 1, b"one")
        assert tx.leases.may_write("demo", "normal", 1)
    with ledger.begin() as tx:
        assert tx.leases.claim_state("demo", "normal", 2) == Claimed(1, b"one")
        assert tx.leases.claim_state("demo", "normal", 2) == Claimed(2, b"one"), "claiming twice changes nothing"
        assert not tx.leases.put_state("demo", "normal", 1, b"late word")
        assert not tx.leases.may_write("demo", "normal", 1)
        assert tx.leases.claim_state("demo", "normal", 1) is None
        assert tx.leases.may_write("demo", "normal", 2)
        assert tx.leases.may_write("demo", "safety", 1), "of another lane nobody has said anything"
    with ledger.read() as tx:
        assert tx.leases.state("demo", "normal") == b"one"


def test_who_writes_is_waited_for_by_who_claims(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.leases.claim_state("demo", "normal", 1)
    claimed: list[Claimed | None] = []

    def claim() -> None:
        with ledger.begin() as tx:
            claimed.append(tx.leases.claim_state("demo", "normal", 2))

    with ledger.begin() as tx:
        assert tx.leases.may_write("demo", "normal", 1)
        other = threading.Thread(target=claim)
        other.start()
        time.sleep(0.3)
        assert not claimed
        assert tx.leases.put_state("demo", "normal", 1, b"one")
    other.join(10)
    assert claimed == [Claimed(1, b"one")]


def test_of_two_who_claim_a_new_lane_at_once_the_second_learns_of_the_first(ledger: SqlLedger) -> None:
    claimed: list[Claimed | None] = []

    def claim() -> None:
        with ledger.begin() as tx:
            claimed.append(tx.leases.claim_state("demo", "normal", 2))

    with ledger.begin() as tx:
        assert tx.leases.claim_state("demo", "normal", 1) == Claimed(0, b"")
        other = threading.Thread(target=claim)
        other.start()
        time.sleep(0.3)
        assert not claimed
    other.join(10)
    assert claimed == [Claimed(1, b"")]
