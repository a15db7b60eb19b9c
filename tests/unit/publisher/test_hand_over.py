"""What is handed to paho: an event before values that wait, and under a packet id that no other message has."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from plantroom.publisher import Publisher
from plantroom.publisher.broker import Broker
from plantroom.publisher.connection import Connection, Told
from tests.unit.publisher.test_cut_off import Line


class Quick(Line):
    """Acknowledges at once. While the second value is handed over an event comes."""

    def __init__(self, publisher: Publisher) -> None:
        super().__init__()
        self._publisher = publisher

    def publish(self, topic: str, payload: bytes) -> int:
        packet = super().publish(topic, payload)
        if len(self.sent) == 2:
            self._publisher.event("flooded", "safety")
        self._publisher._sender._acknowledged(packet)
        return packet

    publish_behind = publish


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Publisher]:
    made = Publisher("mqtt://127.0.0.1:1", "demo", "P-1", tmp_path, sync=False)
    made._outbox.open()
    yield made
    made._outbox.close()


def test_an_event_that_comes_while_values_are_sent_goes_before_those_that_wait(publisher: Publisher) -> None:
    line = Quick(publisher)
    publisher._sender._connection = line  # type: ignore[assignment]
    publisher.telemetry_batch([(None, {"n": n}) for n in range(150)])
    while publisher._sender._turn():
        pass
    assert [topic.rsplit("/", 1)[1] for _, topic, _ in line.sent][:4] == ["telemetry"] * 2 + ["event", "telemetry"]
    assert [one["seq"] for one in line.of("telemetry")] == list(range(150))
    assert len(line.of("event")) == 1


def test_no_value_goes_before_any_event_that_waits(publisher: Publisher) -> None:
    line = Quick(publisher)
    publisher._sender._connection = line  # type: ignore[assignment]
    publisher.telemetry_batch([(None, {"n": n}) for n in range(300)])
    for n in range(200):
        publisher.event(f"e{n}")
    while publisher._sender._turn():
        pass
    channels = [topic.rsplit("/", 1)[1] for _, topic, _ in line.sent]
    assert channels == ["event"] * 201 + ["telemetry"] * 300
    assert [one["seq"] for one in line.of("event")] == list(range(201))


def test_a_packet_id_that_is_on_its_way_is_given_to_no_other_message() -> None:
    """After 65,535 messages they begin again, and paho takes nothing under one that is not acknowledged."""
    connection = Connection(Broker("127.0.0.1", 1), None, session=True, window=10, announces=())
    connection.start("test", ["t"], Told(lambda _: None, lambda *_: None, lambda: None))
    first = connection.publish("t", b"0")
    connection._now._last_mid = first - 1
    assert connection.publish("t", b"1") != first
    connection.end()
