"""A wrong publisher cannot fill the ledger: the collector keeps as many dead letters as the settings say."""

import json
from pathlib import Path

from plantroom.bootstrap.collect import Collector
from plantroom.bootstrap.parts import open_parts
from plantroom.ports.paging import EVERYTHING, PageRequest
from plantroom.settings import BrokerAddress, Settings
from tests.contract.gateway.test_session import publish
from tests.product import eventually
from tests.servers.mosquitto import Mosquitto


def test_the_oldest_dead_letters_go_and_are_counted_and_events_have_room_of_their_own(
    own_mosquitto: Mosquitto, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr("ingest.letter_bound.LOOK_EVERY_S", 0.1)
    monkeypatch.setattr("ingest.letter_bound.LOOK", 20)
    monkeypatch.setattr("ingest.letter_bound.PIECE", 7)
    parts = open_parts(Settings(data_dir=tmp_path, dead_letters_max=20))
    collector = Collector(parts, BrokerAddress(host="127.0.0.1", port=own_mosquitto.port))
    collector.start()
    assert eventually(lambda: not collector.problems(), 15)
    publish(own_mosquitto.port, "plantroom/demo/x/event", [b"no event"])
    publish(own_mosquitto.port, "plantroom/demo/x/telemetry", [json.dumps({"n": n}).encode() for n in range(50)])

    def kept() -> list[str]:
        with parts.ledger.read() as tx:
            return [one.topic for one in tx.collect.dead_letters(EVERYTHING, PageRequest(limit=100)).items]

    assert eventually(lambda: collector.report().stats["dead_letters_let_go"] == 30, 15)
    assert len(kept()) == 21
    assert "plantroom/demo/x/event" in kept()
    collector.stop()
    parts.close()
