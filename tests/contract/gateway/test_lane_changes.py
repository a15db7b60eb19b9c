"""Topics that change their lane, and lanes that start again: nothing is lost at a real broker, little comes twice."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import paho.mqtt.client as mqtt
import pytest

from gateway.broker.mosquitto import MosquittoBroker
from gateway.collector import SiteGateway
from plantroom.domain.assets import Asset, LocalName, Plant, Priority, Site, Source
from plantroom.domain.sources import TopicSource
from plantroom.ports.spool import Lane
from plantroom.settings import BrokerAddress
from tests.contract.gateway.test_session import eventually, mosquitto, numbered, publish

NAME = LocalName("名", "name")
TELEMETRY, EVENT = "plantroom/demo/P-1/telemetry", "plantroom/demo/P-1/event"
NORMAL, SAFETY = Priority.NORMAL, Priority.SAFETY


def plant(priority: Priority = NORMAL, *sources: TopicSource) -> Plant:
    asset = Asset("k1", "demo", "P-1", "pump", NAME)
    marked = {"k1": Source("k1", priority=priority)}
    return Plant(
        1, {"demo": Site("demo", NAME)}, {"k1": asset}, {("demo", "P-1"): "k1"}, {}, marked, [], topic_sources=sources
    )


def source(priority: Priority) -> TopicSource:
    return TopicSource("s1", "demo", "foreign", "a/#", "json", priority, asset="P-1")


class Home:
    """A collector of one site that can be ended and started again."""

    def __init__(self, folder: Path) -> None:
        self.broker: MosquittoBroker = mosquitto(folder / "broker")
        self.broker.start()
        self._folder = folder / "spool"
        self.site = self.made()

    def made(self) -> SiteGateway:
        return SiteGateway("demo", BrokerAddress(host="127.0.0.1", port=self.broker.port), self._folder)

    def start(self, what: Plant) -> SiteGateway:
        self.site = self.made()
        self.site.follow(what)
        self.site.start()
        return self.site

    def ran(self, what: Plant) -> None:
        """Run until every topic comes on one lane alone, and end."""
        assert eventually(self.start(what).apart)
        self.site.stop()

    def publish(self, topic: str, count: int) -> None:
        publish(self.broker.port, topic, numbered(count))

    def forget_session(self, client_id: str, *, begin_anew: bool = False) -> None:
        """As a broker that loses it; ``begin_anew``: and makes an empty one."""
        for clean in (True, False) if begin_anew else (True,):
            client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=clean)
            client.connect("127.0.0.1", self.broker.port)
            client.loop_start()
            assert eventually(client.is_connected)
            client.disconnect()
            client.loop_stop()

    def taken(self) -> dict[Lane, list[bytes]]:
        """What came on each lane, once all has come; it does not come again."""
        assert eventually(self.site.apart, 20)
        found: dict[Lane, list[bytes]] = {lane: [] for lane in Lane}
        for lane, spool in self.site.spools.items():
            while records := spool.read(5_000, 0.3):
                found[lane] += [record.payload for record in records]
                spool.commit(records[-1].position, b"")
        return found

    def close(self) -> None:
        self.site.stop()
        self.broker.stop()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    yield made
    made.close()


def all_of(taken: dict[Lane, list[bytes]]) -> set[bytes]:
    return set(taken[Lane.NORMAL]) | set(taken[Lane.SAFETY])


@pytest.mark.parametrize(("before", "after"), [(NORMAL, SAFETY), (SAFETY, NORMAL)])
def test_what_was_queued_before_a_topic_changed_its_lane_is_not_lost(
    home: Home, before: Priority, after: Priority
) -> None:
    home.ran(plant(before))
    home.publish(TELEMETRY, 3_000)
    home.start(plant(after))
    assert all_of(home.taken()) == set(numbered(3_000))
    lane = Lane(after.value)
    home.publish(TELEMETRY, 5)
    assert eventually(lambda: home.site.spools[lane].depth() == 5)
    assert home.taken()[lane] == numbered(5)


@pytest.mark.parametrize(("before", "after"), [(NORMAL, SAFETY), (SAFETY, NORMAL)])
def test_what_was_queued_before_a_source_changed_its_lane_is_not_lost(
    home: Home, before: Priority, after: Priority
) -> None:
    home.ran(plant(NORMAL, source(before)))
    home.publish("a/x", 3_000)
    home.start(plant(NORMAL, source(after)))
    assert all_of(home.taken()) == set(numbered(3_000))
    home.publish("a/x", 5)
    assert eventually(lambda: home.site.spools[Lane(after.value)].depth() == 5)
    assert home.taken()[Lane(after.value)] == numbered(5)


def test_a_change_while_the_normal_lane_catches_up_loses_nothing(home: Home) -> None:
    home.ran(plant())
    home.publish(TELEMETRY, 5_000)
    site = home.made()
    home.site = site
    held_up, sync = Event(), site.spools[Lane.NORMAL].sync

    def wait() -> int:
        if not held_up.is_set():
            raise OSError(5, "slow disk")
        return sync()

    site.spools[Lane.NORMAL].sync = wait  # type: ignore[method-assign]
    site.follow(plant())
    site.start()
    assert eventually(site.sessions[Lane.NORMAL].problem)
    site.follow(plant(SAFETY))
    assert eventually(lambda: TELEMETRY in site.sessions[Lane.SAFETY].granted())
    assert not eventually(site.apart, 3), "nothing is proven before the queue is emptied"
    held_up.set()
    assert all_of(home.taken()) == set(numbered(5_000))


@pytest.mark.parametrize("begun_anew", [False, True])
def test_a_safety_session_that_the_broker_lost_takes_no_event_with_it(home: Home, begun_anew: bool) -> None:
    """``begun_anew``: the collector was killed between the broker's making of a new session and its own hearing of
    it, so that its next connection finds a session."""
    home.ran(plant())
    home.forget_session("plantroom-demo-safety")
    home.publish(EVENT, 2_000)
    if begun_anew:
        killed = home.made()
        killed.follow(plant())
        session = killed.sessions[Lane.SAFETY]
        session._connect = lambda: session._stop.wait() and None  # type: ignore[method-assign]
        killed.start()
        assert eventually(lambda: killed._connecting)
        killed.stop()
        home.forget_session("plantroom-demo-safety", begin_anew=True)
    home.start(plant())
    assert all_of(home.taken()) == set(numbered(2_000))


def test_at_a_first_start_each_topic_comes_on_one_lane_from_the_first_message(home: Home) -> None:
    site = home.start(plant(SAFETY))
    assert eventually(lambda: TELEMETRY in site.sessions[Lane.SAFETY].granted())
    assert eventually(site.sessions[Lane.NORMAL].granted)
    assert eventually(lambda: TELEMETRY in site.sessions[Lane.SAFETY].granted())
    home.publish(EVENT, 50)
    assert home.taken() == {Lane.NORMAL: [], Lane.SAFETY: numbered(50)}


def test_a_restart_takes_what_waits_on_both_lanes_and_nothing_that_comes_later(home: Home) -> None:
    home.ran(plant(SAFETY))
    home.publish(EVENT, 1_000)
    home.publish(TELEMETRY, 1_000)
    home.start(plant(SAFETY))
    assert {lane: sorted(came) for lane, came in home.taken().items()} == {
        lane: sorted(numbered(1_000) * 2) for lane in Lane
    }
    home.publish(EVENT, 5)
    assert eventually(lambda: home.site.spools[Lane.SAFETY].depth() == 5)
    assert home.taken() == {Lane.NORMAL: [], Lane.SAFETY: numbered(5)}


def test_what_another_collector_held_meanwhile_is_proven_anew(home: Home) -> None:
    home.ran(plant(SAFETY))
    home.forget_session("plantroom-demo-safety", begin_anew=True)
    home.publish(TELEMETRY, 100)
    home.start(plant(SAFETY))
    assert all_of(home.taken()) == set(numbered(100))


def test_a_subscription_from_before_the_restart_is_let_go(home: Home) -> None:
    home.ran(plant(SAFETY))
    home.ran(plant(NORMAL))
    home.start(plant(NORMAL))
    assert eventually(home.site.apart)
    counts = home.site.sessions[Lane.SAFETY].counts
    before = counts.acknowledged
    home.publish(TELEMETRY, 5)
    assert eventually(lambda: home.site.spools[Lane.NORMAL].depth() == 5)
    assert counts.acknowledged == before


def test_a_mistyped_event_topic_shows_on_the_normal_lane(home: Home) -> None:
    assert eventually(home.start(plant()).apart)
    for topic in ("plantroom/demo/P-1/x/event", "plantroom/demo/event"):
        home.publish(topic, 1)
    assert eventually(lambda: home.site.spools[Lane.NORMAL].depth() == 2)
