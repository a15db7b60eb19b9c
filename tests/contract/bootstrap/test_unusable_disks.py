"""Disks that cannot be used: of one collector among two, and of old spools."""

import time

import pytest

from plantroom.bootstrap import collect
from plantroom.bootstrap.collect import Collector
from plantroom.bootstrap.parts import Parts
from plantroom.domain import leases
from plantroom.settings import BrokerAddress
from tests.contract.bootstrap.test_two_collectors import SITES, held, two
from tests.product import eventually
from tests.servers.mosquitto import Mosquitto

__all__ = ["two"]


def epochs(parts: Parts) -> dict[str, int]:
    with parts.ledger.read() as tx:
        return {lease.partition: lease.epoch for lease in tx.leases.list()}


def test_a_collector_that_cannot_use_its_disk_gets_no_share_until_it_can(
    two: list[Parts], own_mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "SETTLE_MS", 500)
    monkeypatch.setattr(collect, "SITE_RETRY_S", 1.0)
    monkeypatch.setattr(collect, "REST_S", 0.5)
    parts, in_the_way = two[0], two[1].settings.data_dir / "spool"
    in_the_way.write_text("no folder")
    address = BrokerAddress(host="127.0.0.1", port=own_mosquitto.port)
    first, second = (Collector(one, address) for one in two)
    first.start()
    assert eventually(lambda: not first.problems(), 10)
    second.start()
    assert eventually(lambda: any("spool of" in problem for problem in second.problems()), 20)
    assert eventually(lambda: held(parts, first) == {*SITES, "+"}, 15)
    before = epochs(parts)
    time.sleep(6)
    assert epochs(parts) == before, "nothing goes to and fro"
    in_the_way.unlink()
    assert eventually(lambda: len(held(parts, second)) == 2, 20)
    assert eventually(lambda: not [*first.problems(), *second.problems()], 15)
    first.stop()
    second.stop()
