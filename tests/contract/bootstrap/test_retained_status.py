"""What a broker retained of devices' status, at each new connection of ours (a real Mosquitto)."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from paho.mqtt import publish

from ingest.presence import RETAINED_MS
from plantroom.bootstrap.collect import Collector
from plantroom.bootstrap.parts import Parts, open_parts
from plantroom.domain.assets import Asset, LocalName, Point, Presence
from plantroom.ports.ledger import PresenceChange
from plantroom.settings import BrokerAddress, Settings
from tests.product import eventually
from tests.servers.mosquitto import Mosquitto

KEY = "key-P-1"
TOPIC = "plantroom/demo/P-1"


@pytest.fixture
def parts(started: Path) -> Iterator[Parts]:
    """A ledger with one pump that is known to be offline for an hour."""
    opened = open_parts(Settings(data_dir=started))
    before = opened.clock.now() - timedelta(hours=1)
    with opened.ledger.begin() as tx:
        pump = Asset(KEY, "demo", "P-1", "pump", LocalName("泵", "Pump"))
        tx.assets.add(pump, [Point(KEY, template) for template in opened.classes["pump"].points])
        tx.collect.put_presence([PresenceChange(KEY, Presence.OFFLINE, before, before, 0)])
    yield opened
    opened.close()


def say(broker: Mosquitto, channel: str, payload: bytes, *, retain: bool = False) -> None:
    publish.single(f"{TOPIC}/{channel}", payload, qos=1, retain=retain, hostname="127.0.0.1", port=broker.port)


def presence(parts: Parts) -> Presence:
    with parts.ledger.read() as tx:
        return tx.collect.presence()[KEY].presence


def test_a_retained_online_brings_no_dead_device_back_but_its_next_message_does(
    parts: Parts, own_mosquitto: Mosquitto
) -> None:
    say(own_mosquitto, "status", b"online", retain=True)
    collector = Collector(parts, BrokerAddress(host="127.0.0.1", port=own_mosquitto.port))
    collector.start()

    def received(count: int) -> bool:
        return bool(eventually(lambda: collector.report().stats.get("received", 0) >= count, 20))

    assert received(1), "the retained message comes with the first subscription"
    time.sleep(RETAINED_MS / 1000 + 0.5)
    own_mosquitto.stop()
    assert eventually(lambda: bool(collector.problems()), 10)
    own_mosquitto.start()
    assert received(2), "and with that of the next connection"
    time.sleep(1.5)
    assert presence(parts) is Presence.OFFLINE
    say(own_mosquitto, "telemetry", b'{"values": {"vibration": 1.0}}')
    assert eventually(lambda: presence(parts) is Presence.ONLINE, 5)
    collector.stop()


def test_an_online_of_now_is_believed(parts: Parts, own_mosquitto: Mosquitto) -> None:
    collector = Collector(parts, BrokerAddress(host="127.0.0.1", port=own_mosquitto.port))
    collector.start()
    assert eventually(lambda: not collector.problems(), 15)
    time.sleep(RETAINED_MS / 1000 + 0.5)
    say(own_mosquitto, "status", b"online", retain=True)
    assert eventually(lambda: presence(parts) is Presence.ONLINE, 5)
    collector.stop()
