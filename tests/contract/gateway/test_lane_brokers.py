"""Sessions that are there and not as they were: another broker, or the same one with an older image of them."""

import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

from gateway.collector import SiteGateway
from plantroom.domain.assets import Plant
from plantroom.ports.spool import Lane
from plantroom.settings import BrokerAddress
from tests.contract.gateway.test_lane_changes import NORMAL, SAFETY, TELEMETRY, plant
from tests.contract.gateway.test_session import eventually, mosquitto, numbered, publish
from tests.servers.mosquitto import Mosquitto

COUNT = 300


class Moving:
    """A collector of one site that goes from broker to broker with its data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "spool"
        self.site: SiteGateway | None = None

    def run(self, port: int, what: Plant) -> SiteGateway:
        """Until every topic comes on one lane alone."""
        self.close()
        self.site = SiteGateway("demo", BrokerAddress(host="127.0.0.1", port=port), self._folder)
        self.site.follow(what)
        self.site.start()
        assert eventually(self.site.apart, 20)
        return self.site

    def taken(self) -> set[bytes]:
        assert self.site is not None
        assert eventually(self.site.apart, 20)
        found: set[bytes] = set()
        for spool in self.site.spools.values():
            while records := spool.read(5_000, 0.3):
                found |= {record.payload for record in records}
                spool.commit(records[-1].position, b"")
        return found

    def close(self) -> None:
        if self.site is not None:
            self.site.stop()
            self.site = None


def test_two_brokers_in_turn_lose_nothing(tmp_path: Path) -> None:
    first, second = mosquitto(tmp_path / "a"), mosquitto(tmp_path / "b")
    first.start()
    second.start()
    with closing(Moving(tmp_path)) as home:
        home.run(first.port, plant(NORMAL))
        home.run(second.port, plant(NORMAL)).follow(plant(SAFETY))
        assert home.site is not None
        assert eventually(home.site.apart, 20)
        home.close()
        publish(first.port, TELEMETRY, numbered(COUNT))
        home.run(first.port, plant(SAFETY))
        assert home.taken() == set(numbered(COUNT))
    first.stop()
    second.stop()


def connected_since(site: SiteGateway, before: Mapping[Lane, int]) -> bool:
    return all(one.counts.connects > before[lane] for lane, one in site.sessions.items())


def test_a_broker_that_kept_nothing_of_the_last_subscription_loses_nothing(tmp_path: Path) -> None:
    """Mosquitto by default keeps what is not half an hour old only when it is asked to, or stopped."""
    with Mosquitto() as broker, closing(Moving(tmp_path)) as home:
        site = home.run(broker.port, plant(NORMAL))
        os.kill(broker.pid, signal.SIGUSR1)
        assert eventually((broker.folder / "mosquitto.db").exists)
        site.follow(plant(SAFETY))
        assert eventually(site.apart, 20)
        for kill in range(2):
            before = {lane: one.counts.connects for lane, one in site.sessions.items()}
            broker.kill()
            assert eventually(lambda: all(one.problem() for one in site.sessions.values()))
            broker.start()
            batch = numbered(20, 100 * kill)
            publish(broker.port, TELEMETRY, batch)
            assert eventually(partial(connected_since, site, before), 20)
            assert home.taken() >= set(batch)


def test_an_image_of_the_broker_that_is_put_back_while_both_are_down_loses_nothing(tmp_path: Path) -> None:
    broker = mosquitto(tmp_path / "broker")
    kept, image = tmp_path / "broker" / "mosquitto.db", tmp_path / "image.db"
    broker.start()
    with closing(Moving(tmp_path)) as home:
        home.run(broker.port, plant(NORMAL))
        home.close()
        broker.stop()
        shutil.copy(kept, image)
        broker.start()
        home.run(broker.port, plant(SAFETY))
        home.close()
        broker.stop()
        shutil.copy(image, kept)
        broker.start()
        publish(broker.port, TELEMETRY, numbered(COUNT))
        home.run(broker.port, plant(SAFETY))
        assert home.taken() == set(numbered(COUNT))
        publish(broker.port, TELEMETRY, numbered(5, COUNT))
        assert home.site is not None
        safety = home.site.spools[Lane.SAFETY]
        assert eventually(lambda: safety.depth() == 5), "and the lanes part again"
        assert home.site.spools[Lane.NORMAL].depth() == 0
    broker.stop()
