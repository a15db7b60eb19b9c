"""A site that is let go: while its store hangs, and when its lease was lost and taken again in one turn."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from plantroom.bootstrap import draining
from plantroom.bootstrap.collect import Collector
from plantroom.bootstrap.draining import Drains
from plantroom.bootstrap.parts import Parts
from plantroom.ports.readings import ReadingBatch, WriteResult
from plantroom.ports.spool import Lane
from plantroom.settings import BrokerAddress
from tests.contract.bootstrap.test_old_spools import messages, old_spool
from tests.contract.bootstrap.test_two_collectors import stored, two
from tests.product import eventually
from tests.servers.mosquitto import Mosquitto

__all__ = ["two"]

SITE = "a"
BEN_S = 5.0
"""The other one's lease: less than three of this one's."""


class HangingStore:
    """Writes of a store that hangs, until told to go on."""

    def __init__(self, parts: Parts) -> None:
        self.going_on = threading.Event()
        self.threads: list[int] = []
        self._write: Callable[[ReadingBatch], WriteResult] = parts.readings.write

    def write(self, batch: ReadingBatch) -> WriteResult:
        self.threads.append(threading.get_ident())
        self.going_on.wait(60)
        return self._write(batch)


@pytest.fixture
def hanging(two: list[Parts], monkeypatch: pytest.MonkeyPatch) -> Iterator[HangingStore]:
    store = HangingStore(two[0])
    monkeypatch.setattr(two[0].readings, "write", store.write)
    yield store
    store.going_on.set()


def started(parts: Parts, broker: Mosquitto) -> Collector:
    made = Collector(parts, BrokerAddress(host="127.0.0.1", port=broker.port))
    made.start()
    assert eventually(lambda: not made.problems(), 10)
    return made


@pytest.fixture
def collector(two: list[Parts], own_mosquitto: Mosquitto) -> Iterator[Collector]:
    made = started(two[0], own_mosquitto)
    yield made
    made.stop()


def workers() -> int:
    return sum(thread.name == f"ingest-{SITE}-normal" for thread in threading.enumerate())


def overtake(parts: Parts, holder: str, lease_s: float, state: bytes = b"") -> int:
    """Another collector takes the site over."""
    with parts.ledger.begin() as tx:
        lease = next(one for one in tx.leases.list() if one.partition == SITE)
        assert lease.holder == holder
        assert tx.leases.release(SITE, holder, lease.epoch)
        taken = tx.leases.take(SITE, "ben", round(lease_s * 1000))
        assert taken is not None
        tx.leases.put_state(SITE, Lane.NORMAL.value, taken.epoch, state)
    return taken.epoch


def give_back(parts: Parts, epoch: int) -> None:
    with parts.ledger.begin() as tx:
        assert tx.leases.release(SITE, "ben", epoch)


def fill(collector: Collector, parts: Parts) -> None:
    site = collector._sites[SITE]
    spool, now_ms = site.gateway.spools[Lane.NORMAL], int(parts.clock.now().timestamp() * 1000)
    for n in range(10):
        spool.put(b"plantroom/a/P/telemetry", b'{"ts": %d, "values": {"vibration": 1.%d}}' % (now_ms + n, n), now_ms)
    spool.sync()


def test_a_spool_is_read_by_nobody_else_while_its_worker_still_waits_for_the_store(
    two: list[Parts], collector: Collector, hanging: HangingStore
) -> None:
    fill(collector, two[0])
    assert eventually(lambda: hanging.threads, 5)
    epoch = overtake(two[0], collector.holder, BEN_S)
    assert eventually(lambda: SITE not in collector.report().by_site, 10)
    for _ in range(8):
        time.sleep(1.0)
        with two[0].ledger.begin() as tx:
            tx.leases.beat("ben", {SITE: epoch}, (), round(BEN_S * 1000), member=False)
    assert (workers(), len(set(hanging.threads))) == (1, 1)
    give_back(two[0], epoch)
    time.sleep(3.0)
    assert (workers(), len(set(hanging.threads))) == (1, 1), "nor does its own next run open it"
    hanging.going_on.set()
    assert eventually(lambda: SITE in collector.report().by_site and not collector.problems(), 20)
    assert eventually(lambda: len(stored(two[0])[SITE]) == 10, 10)
    assert workers() == 1


def test_a_lease_is_given_back_while_the_store_hangs_once_the_sessions_have_ended(
    two: list[Parts], collector: Collector, hanging: HangingStore
) -> None:
    fill(collector, two[0])
    assert eventually(lambda: hanging.threads, 5)
    keeper = collector._leases
    keeper._leaving, keeper.changes = frozenset({SITE}), keeper.changes + 1

    def free() -> bool:
        with two[0].ledger.read() as tx:
            return any(one.partition == SITE and one.holder is None for one in tx.leases.list())

    assert eventually(free, 20)
    assert workers() == 1


def test_what_becomes_free_while_a_collector_ends_it_does_not_take(
    two: list[Parts], own_mosquitto: Mosquitto, hanging: HangingStore
) -> None:
    collector = started(two[0], own_mosquitto)
    fill(collector, two[0])
    assert eventually(lambda: hanging.threads, 5)
    epoch = overtake(two[0], collector.holder, BEN_S)
    assert eventually(lambda: SITE not in collector.report().by_site, 10)
    ending = threading.Thread(target=collector.stop)
    ending.start()
    time.sleep(0.2)
    give_back(two[0], epoch)
    ending.join(30)
    with two[0].ledger.read() as tx:
        site = next(one for one in tx.leases.list() if one.partition == SITE)
    assert (site.holder, site.epoch) == (None, epoch), "it would only have held it, and never begun"


def test_an_old_spool_whose_store_hangs_is_left_to_its_worker(
    two: list[Parts], hanging: HangingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draining, "END_S", 0.2)
    parts = two[0]
    old_spool(parts, messages(parts))
    drains = Drains(parts)
    drains.look([SITE])
    assert eventually(lambda: hanging.threads, 5)
    assert not drains.end(SITE)
    assert not drains.end(SITE)
    hanging.going_on.set()
    assert eventually(lambda: drains.end(SITE), 10)
    old_spool(parts, lambda spool: None)
    drains.stop()


def test_a_lease_that_was_lost_and_taken_again_in_one_turn_is_another_start(
    two: list[Parts], collector: Collector
) -> None:
    keeper = collector._leases

    def epoch() -> int:
        site = collector._sites.get(SITE)
        return site.shared.held.epoch if site is not None else 0

    def runs_under_its_lease() -> bool:
        held = keeper.held().get(SITE)
        return held is not None and epoch() == held.epoch > before

    before = epoch()
    with keeper._turning:
        give_back(two[0], overtake(two[0], collector.holder, BEN_S, b"what ben left"))
    assert eventually(runs_under_its_lease, 15)
    with two[0].ledger.begin() as tx:
        assert tx.leases.put_state(SITE, Lane.NORMAL.value, epoch(), b"heard")
