"""The keeper of leases: what a collector relies on, when it may connect, how it ends."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from plantroom.bootstrap.leasing import ALONE_RECONNECTS, LeaseKeeper, holder_id
from plantroom.errors import Unreachable
from plantroom.storage.ledger.engine import SqlLedger, SqlTx

LEASE_S = 2.0
SITES = ["demo", "north", "+"]


class Away(SqlLedger):
    """The real ledger; while ``away`` it answers as an unreachable server does."""

    away = False

    def begin(self) -> AbstractContextManager[SqlTx]:  # type: ignore[override]
        if self.away:
            raise Unreachable("ledger", "connection refused")
        return super().begin()


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Away]:
    opened = Away(f"sqlite:///{tmp_path / 'ledger.db'}")
    opened.open()
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def keeper(ledger: SqlLedger, clock: Clock, name: str = "anna") -> LeaseKeeper:
    made = LeaseKeeper(ledger, name, LEASE_S, lambda partition: partition == "demo", clock)
    made.want(SITES)
    return made


def expire(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        for lease in tx.leases.list():
            assert lease.holder is None or tx.leases.release(lease.partition, lease.holder, lease.epoch)


def test_who_is_alone_holds_everything_after_one_turn(ledger: Away, clock: Clock) -> None:
    anna = keeper(ledger, clock)
    anna.turn()
    assert sorted(anna.held()) == sorted(SITES)
    assert not any(held.fresh for held in anna.held().values())
    assert all(anna.good(site) for site in SITES)


def test_a_new_process_on_the_same_folder_goes_on_at_once_and_the_old_one_ends(ledger: Away, clock: Clock) -> None:
    before = keeper(ledger, clock)
    before.turn()
    after = keeper(ledger, clock)
    after.turn()
    assert sorted(after.held()) == sorted(SITES)
    assert not after.held()["demo"].fresh
    before.turn()
    assert before.held() == {}
    before.turn()
    assert before.held() == {}, "it does not take them back"
    after.turn()
    assert sorted(after.held()) == sorted(SITES)


def test_whoever_takes_over_knows_that_another_held_it(ledger: Away, clock: Clock) -> None:
    keeper(ledger, clock).turn()
    ben = keeper(ledger, clock, "ben")
    ben.turn()
    assert ben.held() == {}
    expire(ledger)
    ben.turn()
    assert all(held.fresh for held in ben.held().values())


def test_a_lease_that_cannot_be_renewed_lapses_and_comes_back(ledger: Away, clock: Clock) -> None:
    anna = keeper(ledger, clock)
    anna.turn()
    ledger.away = True
    clock.now += LEASE_S
    with pytest.raises(Unreachable):
        anna.turn()
    assert not anna.good("demo")
    assert "demo" in anna.held(), "nobody is known to have it"
    ledger.away = False
    anna.turn()
    assert anna.good("demo")


def test_alone_it_may_connect_again_a_few_times_while_the_ledger_is_away(ledger: Away, clock: Clock) -> None:
    anna = keeper(ledger, clock)
    anna.turn()
    gate = anna.gate("demo")
    assert gate(7) is None
    ledger.away = True
    clock.now += LEASE_S
    assert [gate(7 + n) is None for n in range(ALONE_RECONNECTS + 1)] == [True] * ALONE_RECONNECTS + [False]
    assert gate(7) is None, "attempts that came to nothing do not count"
    ledger.away = False
    anna.turn()
    assert gate(99) is None
    ledger.away = True
    clock.now += LEASE_S
    assert gate(99) is None, "the next outage is counted anew"


def test_with_others_about_it_never_connects_without_a_good_lease(ledger: Away, clock: Clock) -> None:
    anna, ben = keeper(ledger, clock), keeper(ledger, clock, "ben")
    anna.turn()
    ben.turn()
    anna.turn()
    clock.now += LEASE_S
    assert "ledger" in str(anna.gate("demo")(0))
    assert ben.gate("demo")(0) is not None, "it holds nothing"


def test_what_was_given_back_is_left_to_others_for_a_while(ledger: Away, clock: Clock) -> None:
    anna = keeper(ledger, clock)
    anna.turn()
    anna.release("demo", 5.0)
    anna.turn()
    assert "demo" not in anna.held()
    clock.now += 5.1
    anna.turn()
    assert anna.held()["demo"].fresh, "its own old state does not count any more"


def test_a_site_whose_sessions_are_confirmed_elsewhere_is_known(ledger: Away, clock: Clock) -> None:
    anna, ben = keeper(ledger, clock), keeper(ledger, clock, "ben")
    anna.turn()
    anna.turn()
    ben.turn()
    assert ben.elsewhere() == {"demo"}
    assert anna.elsewhere() == frozenset()


def test_the_end_frees_everything_and_a_ledger_that_is_away_keeps_nobody_from_ending(
    ledger: Away, clock: Clock
) -> None:
    anna, ben = keeper(ledger, clock), keeper(ledger, clock, "ben")
    anna.turn()
    anna.stop()
    ben.turn()
    assert sorted(ben.held()) == sorted(SITES)
    ledger.away = True
    ben.stop()


def test_who_is_about_to_end_keeps_what_it_holds_and_takes_nothing_that_becomes_free(
    ledger: Away, clock: Clock
) -> None:
    anna, ben = keeper(ledger, clock), keeper(ledger, clock, "ben")
    anna.turn()
    anna.release("north", 5.0)
    ben.turn()
    assert "north" in ben.held()
    anna.take_no_more()
    ben.stop()
    clock.now += LEASE_S
    anna.turn()
    assert sorted(anna.held()) == ["+", "demo"]
    assert anna.good("demo"), "it is renewed until the end"
    with ledger.read() as tx:
        assert {one.partition: one.holder for one in tx.leases.list()} == {"+": "anna", "demo": "anna", "north": None}
        assert "anna" not in tx.leases.members(), "others need not leave it a share"


def test_a_lease_that_somebody_freed_or_a_later_holder_wrote_behind_is_lost(ledger: Away, clock: Clock) -> None:
    anna = keeper(ledger, clock)
    anna.turn()
    changes = anna.changes
    anna.overtaken("demo", anna.held()["demo"].epoch - 1)
    assert "demo" in anna.held(), "the word of an earlier lease is none of this one"
    anna.overtaken("demo", anna.held()["demo"].epoch)
    assert "demo" not in anna.held()
    assert anna.changes > changes
    with ledger.begin() as tx:
        tx.leases.leave("anna", {p: one.epoch for p, one in anna.held().items()})
    epoch = anna.held()["north"].epoch
    anna.turn()
    assert anna.held()["north"].epoch > epoch, "it does not hold what it cannot renew; it took it anew"


def test_a_data_folder_keeps_its_name(tmp_path: Path) -> None:
    first = holder_id(tmp_path)
    assert holder_id(tmp_path) == first
    other = tmp_path / "other"
    other.mkdir()
    assert holder_id(other) != first
