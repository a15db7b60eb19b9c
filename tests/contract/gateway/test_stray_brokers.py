"""The session for all sites and a site's own, at brokers that are not as they were left: nothing is left by both."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from gateway.broker.mosquitto import MosquittoBroker
from gateway.collector import SiteGateway
from gateway.strays import ALL_MARKS, ALWAYS, TELEMETRY, StrayGateway
from plantroom.settings import BrokerAddress
from plantroom.wire import ROOT, mark_topic
from tests.contract.gateway.test_session import eventually, mosquitto, numbered, publish

EVENT = f"{ROOT}/late/P-1/event"
COUNT = 50


class Moving:
    """A collector with the session for all sites that goes from broker to broker with its data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "spool"
        self.strays: StrayGateway | None = None
        self.sites: dict[str, SiteGateway] = {}

    def run(self, port: int, *sites: str) -> StrayGateway:
        """Until it leaves these sites what is theirs, and listens to telemetry."""
        self.close()
        address = BrokerAddress(host="127.0.0.1", port=port)
        for name in sites:
            self.sites[name] = SiteGateway(name, address, self._folder / name)
            self.sites[name].start()
        self.strays = StrayGateway(address, self._folder)
        self.strays.start()
        self.settle()
        return self.strays

    def turn(self) -> bool:
        """Whether nothing is left to prove."""
        assert self.strays is not None
        self.strays.follow(self.sites)
        return TELEMETRY in self.strays.session.granted() and all(site.apart() for site in self.sites.values())

    def settle(self) -> None:
        assert eventually(self.turn, 20)

    def taken(self) -> set[bytes]:
        """What the spools have."""
        assert self.strays is not None
        spools = [self.strays.spool, *(spool for site in self.sites.values() for spool in site.spools.values())]
        found: set[bytes] = set()
        for spool in spools:
            while records := spool.read(5_000, 0.3):
                found |= {record.payload for record in records}
                spool.commit(records[-1].position, b"")
        return found

    def close(self) -> None:
        for site in self.sites.values():
            site.stop()
        if self.strays is not None:
            self.strays.stop()
        self.sites, self.strays = {}, None


@pytest.fixture
def brokers(tmp_path: Path) -> list[MosquittoBroker]:
    return [mosquitto(tmp_path / name) for name in "ab"]


def test_what_waits_at_a_broker_that_never_heard_of_the_site_is_not_left_to_it(
    brokers: list[MosquittoBroker], tmp_path: Path
) -> None:
    first, second = brokers
    first.start()
    second.start()
    with closing(Moving(tmp_path)) as home:
        home.run(first.port)
        home.close()
        publish(first.port, EVENT, numbered(COUNT))
        home.run(second.port, "late")
        home.run(first.port, "late")
        assert home.taken() == set(numbered(COUNT))
    first.stop()
    second.stop()


def test_an_image_of_the_broker_from_before_the_site_was_entered_loses_nothing(
    brokers: list[MosquittoBroker], tmp_path: Path
) -> None:
    broker = brokers[0]
    kept, image = tmp_path / "a" / "mosquitto.db", tmp_path / "image.db"
    broker.start()
    with closing(Moving(tmp_path)) as home:
        home.run(broker.port)
        home.close()
        broker.stop()
        shutil.copy(kept, image)
        broker.start()
        home.run(broker.port, "late")
        home.close()
        broker.stop()
        shutil.copy(image, kept)
        broker.start()
        publish(broker.port, EVENT, numbered(COUNT))
        strays = home.run(broker.port, "late")
        assert home.taken() == set(numbered(COUNT))
        before = strays.session.counts.received
        publish(broker.port, EVENT, numbered(5, COUNT))
        assert eventually(lambda: sum(spool.depth() for spool in home.sites["late"].spools.values()) >= 5)
        assert strays.session.counts.received == before, "and then it is left to its own sessions again"
    broker.stop()


def test_a_broker_that_goes_and_comes_back_is_proven_anew(brokers: list[MosquittoBroker], tmp_path: Path) -> None:
    broker = brokers[0]
    broker.start()
    with closing(Moving(tmp_path)) as home:
        strays = home.run(broker.port, "late")
        publish(broker.port, EVENT, numbered(1))
        assert eventually(lambda: sum(spool.depth() for spool in home.sites["late"].spools.values()) == 1)
        assert strays.session.counts.received == 0
        broker.stop()
        assert eventually(strays.problems)
        broker.start()
        assert eventually(lambda: not strays.problems(), 20)
        assert strays._owns(EVENT)
        home.settle()
        assert not strays._owns(EVENT)
    broker.stop()


def test_a_site_of_another_collector_answers_too_and_one_that_nobody_has_does_not(
    brokers: list[MosquittoBroker], tmp_path: Path
) -> None:
    broker = brokers[0]
    broker.start()
    site = SiteGateway("late", BrokerAddress(host="127.0.0.1", port=broker.port), tmp_path / "other")
    site.start()
    with closing(Moving(tmp_path)) as home:
        strays = home.run(broker.port)
        assert strays._owns(EVENT)

        def is_left() -> bool:
            strays.follow({}, elsewhere={"late", "nobody"})
            return not strays._owns(EVENT)

        assert eventually(is_left)
        assert strays._owns(EVENT.replace("late", "nobody"))
        strays.follow({}, elsewhere={"nobody"})
        assert strays._owns(EVENT)
    site.stop()
    broker.stop()


def test_at_a_broker_that_knows_nothing_of_us_it_waits_for_the_sites_and_nothing_comes_twice(
    brokers: list[MosquittoBroker], tmp_path: Path
) -> None:
    broker = brokers[0]
    address = BrokerAddress(host="127.0.0.1", port=broker.port)
    site, strays = SiteGateway("late", address, tmp_path / "late"), StrayGateway(address, tmp_path / "spool")
    strays.start({"late": site})
    broker.start()
    assert not eventually(lambda: strays.session.counts.connects, 1)
    site.start()
    assert eventually(lambda: strays.session.granted() >= set(ALWAYS))
    assert eventually(lambda: not strays._owns(EVENT)), "without a mark, which ``follow`` alone would publish"
    assert strays._owns(EVENT.replace("late", "nosite"))
    strays.follow({"late": site})
    assert eventually(lambda: TELEMETRY in strays.session.granted())
    strays.stop()
    site.stop()
    broker.stop()


def test_marks_and_answers_are_in_no_spool(brokers: list[MosquittoBroker], tmp_path: Path) -> None:
    broker = brokers[0]
    broker.start()
    with closing(Moving(tmp_path)) as home:
        home.run(broker.port, "late")
        publish(broker.port, mark_topic("late", "0123456789abcdef"), [b""])
        publish(broker.port, mark_topic("late", "0123456789abcdef-came"), [b""])
        publish(broker.port, mark_topic("nosite", "0123456789abcdef"), [b""])
        publish(broker.port, EVENT, [b"last"])
        assert home.taken() == {b"last"}
        assert home.strays is not None
        assert ALL_MARKS in home.strays.session.granted()
    broker.stop()
