"""A collector that vanishes in the middle of a transaction of its leases takes no other along (real PostgreSQL)."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from plantroom.bootstrap.leasing import TRUSTED, LeaseKeeper
from plantroom.errors import Unreachable
from plantroom.ports.leases import Claimed
from plantroom.ports.ledger import Occupied
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.ledger.backend import SHORT_IDLE_S as IDLE_S
from plantroom.storage.ledger.backend import Lock
from plantroom.storage.ledger.leases import WAIT_S
from tests.product import eventually

LEASE_S = 3.0
SLOW_S = IDLE_S / 2
"""A turn that waited for somebody who is not there would last as long as the database lets it: ``IDLE_S``."""

VANISHING = """
import os, signal, sys
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.ledger.backend import Lock
ledger = SqlLedger(sys.argv[1])
ledger.open()
with ledger.begin() as tx:
    exec(sys.argv[2])
    print("in the middle", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
"""

Vanish = Callable[[str], subprocess.Popen[str]]


@pytest.fixture
def ledger(postgresql_url: str) -> Iterator[SqlLedger]:
    with closing(SqlLedger(postgresql_url)) as opened:
        opened.open()
        yield opened


@pytest.fixture
def vanish(postgresql_url: str) -> Iterator[Vanish]:
    """A process that stops in the middle of what it is told to do with ``tx``."""
    begun: list[subprocess.Popen[str]] = []

    def begin(what: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", VANISHING, postgresql_url, what], stdout=subprocess.PIPE, text=True
        )
        begun.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "in the middle\n"
        return process

    yield begin
    for process in begun:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def keeper(ledger: SqlLedger, name: str, *sites: str) -> LeaseKeeper:
    made = LeaseKeeper(ledger, name, LEASE_S, lambda _: True)
    made.want(sites)
    return made


def quick_turn(one: LeaseKeeper) -> None:
    begun = time.monotonic()
    one.turn()
    assert time.monotonic() - begun < SLOW_S


def test_who_stops_in_the_middle_of_a_sign_of_life_is_replaced(ledger: SqlLedger, vanish: Vanish) -> None:
    keeper(ledger, "anna", "s1", "s2").turn()
    vanish("tx.leases.beat('anna', {'s1': 1, 's2': 1}, ['s1'], 3000)")
    ben = keeper(ledger, "ben", "s1", "s2", "s3")
    quick_turn(ben)
    assert "s3" in ben.held(), "what nobody has is taken at once"
    begun = time.monotonic()
    while len(ben.held()) < 3:
        assert time.monotonic() - begun < max(LEASE_S, IDLE_S) + 5
        time.sleep(LEASE_S / 4)
        quick_turn(ben)
        assert ben.good("s3")


def test_who_stops_in_the_middle_of_a_take_over_keeps_one_site_and_the_others_go_on(
    ledger: SqlLedger, vanish: Vanish
) -> None:
    ben = keeper(ledger, "ben", "s1", "s2")
    ben.turn()
    with ledger.begin() as tx:
        tx.leases.release("s1", "ben", 1)
    vanish("assert tx.leases.take('s1', 'anna', 3000)")
    begun = time.monotonic()
    while time.monotonic() - begun < LEASE_S * 1.5:
        quick_turn(ben)
        assert ben.good("s2")
        time.sleep(LEASE_S / 4)
    assert eventually(lambda: ben.turn() or "s1" in ben.held(), IDLE_S + 10)


def test_who_stops_in_the_middle_of_entering_a_new_site_stops_nobody(ledger: SqlLedger, vanish: Vanish) -> None:
    ben = keeper(ledger, "ben", "s1")
    ben.turn()
    vanish("tx.leases.enter(['new'])")
    ben.want(["s1", "new"])
    with pytest.raises(Occupied), ledger.begin() as tx:
        tx.leases.enter(["new"])
    for _ in range(3):
        begun = time.monotonic()
        ben.turn()
        assert time.monotonic() - begun < 2 * WAIT_S + SLOW_S
        assert ben.good("s1")
    assert eventually(lambda: ben.turn() or "new" in ben.held(), IDLE_S + 10)


def test_a_lease_that_somebody_keeps_is_not_thought_to_be_renewed(ledger: SqlLedger, vanish: Vanish) -> None:
    ben = keeper(ledger, "ben", "s1", "s2")
    ben.turn()
    taken = time.monotonic()
    vanish("tx.work.connection.exec_driver_sql(\"UPDATE leases SET ready = true WHERE partition = 's1'\")")
    while ben.good("s1"):
        assert time.monotonic() - taken < LEASE_S * TRUSTED + SLOW_S
        quick_turn(ben)
        time.sleep(0.1)
    assert "s1" in ben.held()
    assert ben.good("s2")


def test_who_comes_back_in_the_middle_is_told_and_writes_nothing(ledger: SqlLedger, vanish: Vanish) -> None:
    anna = keeper(ledger, "anna", "s1")
    anna.turn()
    stopped = vanish("tx.leases.beat('anna', {'s1': 1}, [], 3_000_000)")
    time.sleep(IDLE_S + 1)
    os.kill(stopped.pid, signal.SIGCONT)
    assert stopped.wait(20) != 0
    with ledger.read() as tx:
        assert all(lease.left_s < LEASE_S for lease in tx.leases.list())


@pytest.mark.parametrize(
    "holding",
    ["tx.leases.put_state('s1', 'normal', 1, b'')", "tx.work.backend.lock(tx.work.connection, Lock.FINDINGS)"],
)
def test_what_the_next_holder_needs_is_free_soon_after(ledger: SqlLedger, vanish: Vanish, holding: str) -> None:
    vanish(holding)
    begun = time.monotonic()
    with ledger.begin() as tx:
        assert tx.leases.claim_state("s1", "normal", 2) == Claimed(0, b"")
        tx.work.backend.lock(tx.work.connection, Lock.FINDINGS)
    assert time.monotonic() - begun < IDLE_S + 3


def test_a_transaction_that_does_nothing_for_too_long_is_over_and_says_so(ledger: SqlLedger) -> None:
    with pytest.raises(Unreachable), ledger.begin() as tx:  # noqa: PT012
        tx.leases.beat("anna", {}, [], 3000)
        time.sleep(IDLE_S + 1)
        tx.leases.list()
    ledger.ping()


def test_a_sign_of_life_does_not_wait_for_others(ledger: SqlLedger) -> None:
    ben = keeper(ledger, "ben", "s1")
    ben.turn()
    inside, done = threading.Event(), threading.Event()

    def hold() -> None:
        with ledger.begin() as tx:
            tx.leases.take("s2", "anna", 3000)
            tx.leases.beat("anna", {}, [], 3000)
            inside.set()
            done.wait(10)

    holding = threading.Thread(target=hold)
    holding.start()
    assert inside.wait(10)
    quick_turn(ben)
    done.set()
    holding.join()
