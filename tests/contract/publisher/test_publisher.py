"""The reference publisher against a real Mosquitto: everything arrives, in order, and again when it is asked for."""

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from plantroom.errors import BadData, Unreachable
from plantroom.publisher import Broker, Limits, OutboxInUse, Publisher
from plantroom.publisher.publisher import WINDOW
from plantroom.wire import Channel, ReplayRequest, encode_replay_request
from tests.contract.publisher.wire import Wire, is_message
from tests.product import eventually
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import free_port


class Ear:
    """Everything that is published under a site, and requests for it."""

    def __init__(self, port: int, site: str) -> None:
        self.site = site
        self.messages: list[tuple[str, bytes]] = []
        ready = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda _c, _d, m: self.messages.append((m.topic.split("/", 2)[2], bytes(m.payload)))
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(f"plantroom/{site}/#", qos=1)
        self._client.loop_start()
        assert ready.wait(10)

    def of(self, what: str) -> list[dict[str, Any]]:
        return [json.loads(payload) for topic, payload in self.messages if topic == what and payload[:1] == b"{"]

    def numbers(self, what: str) -> list[int]:
        return [one["seq"] for one in self.of(what)]

    def words(self, asset: str) -> list[str]:
        return [payload.decode() for topic, payload in self.messages if topic == f"{asset}/status"]

    def ask(self, asset: str, request: ReplayRequest | bytes) -> None:
        payload = request if isinstance(request, bytes) else encode_replay_request(request)
        self._client.publish(f"plantroom/{self.site}/{asset}/replay", payload, qos=1).wait_for_publish(5)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def hear(mosquitto: Mosquitto) -> Iterator[Callable[[str], Ear]]:
    opened: list[Ear] = []

    def make(site: str) -> Ear:
        opened.append(Ear(mosquitto.port, site))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def test_it_says_online_sends_what_it_is_given_and_says_offline(
    mosquitto: Mosquitto, hear: Callable[[str], Ear], tmp_path: Path
) -> None:
    ear = hear("first")
    at = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
    with Publisher(mosquitto.url, "first", "P-1", tmp_path, clock=lambda: 1_795_000_000_000) as publisher:
        assert publisher.telemetry({"vibration": 2.1, "running": True}) == 0
        assert publisher.telemetry({"vibration": 2.2}, ts=at) == 1
        assert publisher.event("passenger_trapped", "safety", {"floor": 7}, ts=5) == 0
        boot = publisher.boot
    assert eventually(lambda: ear.words("P-1") == ["online", "offline"], 10)
    assert ear.of("P-1/telemetry") == [
        {"ts": "2026-11-18T11:06:40.000Z", "boot": boot, "seq": 0, "values": {"vibration": 2.1, "running": True}},
        {"ts": "2026-11-21T08:00:00.000Z", "boot": boot, "seq": 1, "values": {"vibration": 2.2}},
    ]
    assert ear.of("P-1/event")[0] == {
        "ts": "1970-01-01T00:00:00.005Z", "boot": boot, "seq": 0, "event": "passenger_trapped", "severity": "safety",
        "data": {"floor": 7},
    }  # fmt: skip


def test_what_was_kept_while_the_broker_was_away_arrives_once_it_is_back(
    own_mosquitto: Mosquitto, tmp_path: Path
) -> None:
    own_mosquitto.stop()
    with Publisher(own_mosquitto.url, "away", "P-1", tmp_path, sync=False) as publisher:
        for n in range(500):
            publisher.telemetry({"n": n})
        assert publisher.waiting == 500
        assert str(publisher.problem()).startswith("not connected yet")
        assert not publisher.wait_sent(0.05)
        own_mosquitto.start()
        ear = Ear(own_mosquitto.port, "away")
        assert publisher.wait_sent(20)
        assert eventually(lambda: sorted(set(ear.numbers("P-1/telemetry"))) == list(range(500)), 10)
        ear.close()


def test_what_was_not_sent_is_sent_by_the_next_process(
    mosquitto: Mosquitto, hear: Callable[[str], Ear], tmp_path: Path
) -> None:
    ear = hear("later")
    nowhere = Publisher(f"mqtt://127.0.0.1:{free_port()}", "later", "P-1", tmp_path)
    nowhere.start()
    nowhere.telemetry_batch([(None, {"n": n}) for n in range(300)])
    nowhere.close()
    with Publisher(mosquitto.url, "later", "P-1", tmp_path) as publisher:
        assert publisher.telemetry({"n": 300}) == 300
        assert publisher.wait_sent(20)
    assert eventually(lambda: len(ear.numbers("P-1/telemetry")) >= 301, 10)
    assert ear.numbers("P-1/telemetry") == list(range(301))


def test_several_assets_share_a_connection_and_have_numbers_of_their_own(
    mosquitto: Mosquitto, hear: Callable[[str], Ear], tmp_path: Path
) -> None:
    ear = hear("gateway")
    with Publisher(mosquitto.url, "gateway", ["P-1", "泵 2"], tmp_path) as publisher:
        for n in range(3):
            assert publisher.telemetry({"n": n}, asset="P-1") == n
            assert publisher.telemetry({"n": n}, asset="泵 2") == n
        with pytest.raises(BadData):
            publisher.telemetry({"n": 1})
        with pytest.raises(BadData):
            publisher.event("x", asset="P-3")
        assert publisher.wait_sent(10)
        ear.ask("泵 2", ReplayRequest(publisher.boot, 1, 1))
        assert eventually(lambda: ear.numbers("泵 2/telemetry") == [0, 1, 2, 1], 10)
    assert ear.numbers("P-1/telemetry") == [0, 1, 2]
    assert eventually(lambda: ear.words("泵 2") == ["online", "offline"], 10)


def test_lost_messages_come_again_when_they_are_asked_for_and_what_is_gone_is_said_to_be(
    mosquitto: Mosquitto, hear: Callable[[str], Ear], tmp_path: Path
) -> None:
    ear = hear("lossy")
    swallowed = {("P-1", "telemetry", n) for n in (3, 4, 50)}
    limits = Limits(ring_bytes=40 * 260)
    with Publisher(
        mosquitto.url, "lossy", "P-1", tmp_path, limits=limits, loses=lambda *message: message in swallowed
    ) as publisher:
        publisher.telemetry_batch([(None, {"n": n}) for n in range(100)])
        publisher.event("x")
        assert publisher.wait_sent(10)
        assert eventually(lambda: len(ear.numbers("P-1/telemetry")) == 97, 10)
        assert 50 not in ear.numbers("P-1/telemetry")
        assert eventually(lambda: not publisher._outbox.numbered("P-1", "telemetry", publisher.boot, 0, 4, 9), 10)
        ear.ask("P-1", ReplayRequest(publisher.boot, 3, 4))
        ear.ask("P-1", ReplayRequest(publisher.boot, 90, 150))
        ear.ask("P-1", ReplayRequest("another", 7, 8))
        ear.ask("P-1", ReplayRequest(publisher.boot, 0, 1, Channel.EVENT))
        gone = [
            {"boot": publisher.boot, "gone": [[3, 4]], "channel": "telemetry"},
            {"boot": publisher.boot, "gone": [[100, 150]], "channel": "telemetry"},
            {"boot": publisher.boot, "gone": [[1, 1]], "channel": "event"},
        ]
        assert eventually(lambda: ear.of("P-1/status") == gone, 10)
        assert eventually(lambda: ear.numbers("P-1/telemetry")[97:] == list(range(90, 100)), 10)
        assert eventually(lambda: ear.numbers("P-1/event") == [0, 0], 10)


def test_of_two_publishers_of_an_asset_each_answers_for_its_own_numbers(
    mosquitto: Mosquitto, hear: Callable[[str], Ear], tmp_path: Path
) -> None:
    ear = hear("two")
    with (
        Publisher(mosquitto.url, "two", "P-1", tmp_path / "a") as one,
        Publisher(mosquitto.url, "two", "P-1", tmp_path / "b") as other,
    ):
        one.telemetry({"n": 1})
        other.telemetry({"n": 2})
        assert one.wait_sent(10)
        assert other.wait_sent(10)
        for publisher in (one, other):
            ear.ask("P-1", ReplayRequest(publisher.boot, 0, 1))
        ear.ask("P-1", ReplayRequest("of neither", 0, 1))
        ear.ask("P-1", ReplayRequest(one.boot, 5, 5))
        wanted = {(one.boot, "[[1, 1]]"), (other.boot, "[[1, 1]]"), (one.boot, "[[5, 5]]")}
        assert eventually(lambda: len(ear.of("P-1/status")) >= 3, 10)
        told = {(word["boot"], str(word["gone"])) for word in ear.of("P-1/status")}
        assert told == wanted
        assert len(ear.of("P-1/status")) == 3
        assert eventually(lambda: len(ear.numbers("P-1/telemetry")) == 4, 10)


def test_requests_made_while_it_was_away_are_answered_when_it_is_back(
    mosquitto: Mosquitto, hear: Callable[[str], Ear], tmp_path: Path
) -> None:
    ear = hear("patient")
    with Publisher(mosquitto.url, "patient", "P-1", tmp_path) as publisher:
        boot = publisher.boot
        publisher.telemetry_batch([(None, {"n": n}) for n in range(10)])
        assert publisher.wait_sent(10)
    ear.ask("P-1", ReplayRequest(boot, 2, 5))
    with Publisher(mosquitto.url, "patient", "P-1", tmp_path):
        assert eventually(lambda: ear.numbers("P-1/telemetry")[10:] == [2, 3, 4, 5], 10)


@pytest.mark.parametrize("junk", [b"", b"{", b"[]", b'{"boot":"b","from":5,"to":1}', b"\xff", b"[" * 100_000])
def test_requests_that_are_none_change_nothing(
    mosquitto: Mosquitto, hear: Callable[[str], Ear], tmp_path: Path, junk: bytes
) -> None:
    ear = hear(f"junk{len(junk)}")
    with Publisher(mosquitto.url, ear.site, "P-1", tmp_path) as publisher:
        publisher.wait_connected(10)
        ear.ask("P-1", junk)
        publisher.telemetry({"n": 1})
        ear.ask("P-1", ReplayRequest(publisher.boot, 0, 0))
        assert eventually(lambda: ear.numbers("P-1/telemetry") == [0, 0], 10)
        assert ear.of("P-1/status") == []


def test_a_request_without_end_is_answered_in_one_word(
    mosquitto: Mosquitto, hear: Callable[[str], Ear], tmp_path: Path
) -> None:
    ear = hear("endless")
    with Publisher(mosquitto.url, "endless", "P-1", tmp_path) as publisher:
        publisher.telemetry({"n": 1})
        assert publisher.wait_sent(10)
        ear.ask("P-1", ReplayRequest(publisher.boot, 0, 1 << 61))
        assert eventually(lambda: [one["gone"] for one in ear.of("P-1/status")] == [[[1, 1 << 61]]], 10)


def test_an_event_does_not_wait_behind_a_backlog_of_values(
    mosquitto: Mosquitto, hear: Callable[[str], Ear], tmp_path: Path
) -> None:
    ear = hear("urgent")
    nowhere = Publisher(f"mqtt://127.0.0.1:{free_port()}", "urgent", "P-1", tmp_path, sync=False)
    nowhere.start()
    nowhere.telemetry_batch([(None, {"n": n}) for n in range(3000)])
    nowhere.event("flooded", "safety")
    nowhere.close()
    with Publisher(mosquitto.url, "urgent", "P-1", tmp_path, sync=False) as publisher:
        assert publisher.wait_sent(60)
        publisher.event("flooded", "safety")
        assert publisher.wait_sent(10)
    assert eventually(lambda: len(ear.numbers("P-1/telemetry")) == 3000, 20)
    assert ear.numbers("P-1/telemetry") == list(range(3000))
    assert ear.numbers("P-1/event") == [0, 1]
    topics = [topic for topic, _ in ear.messages if not topic.endswith("status")]
    assert topics.index("P-1/event") < WINDOW, "behind what was handed over while the connection was made, at most"


def test_many_threads_publish_at_once_and_every_number_is_there(
    mosquitto: Mosquitto, hear: Callable[[str], Ear], tmp_path: Path
) -> None:
    ear = hear("threads")
    with Publisher(mosquitto.url, "threads", "P-1", tmp_path, sync=False) as publisher:
        threads = [
            threading.Thread(target=lambda: [publisher.telemetry({"n": n}) for n in range(100)]) for _ in range(5)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert publisher.wait_sent(20)
    assert eventually(lambda: len(ear.numbers("P-1/telemetry")) == 500, 10)
    assert ear.numbers("P-1/telemetry") == list(range(500))


def test_a_broker_that_goes_away_in_the_middle_costs_nothing(own_mosquitto: Mosquitto, tmp_path: Path) -> None:
    ear = Ear(own_mosquitto.port, "breaks")
    with Publisher(own_mosquitto.url, "breaks", "P-1", tmp_path, sync=False) as publisher:
        publisher.telemetry_batch([(None, {"n": n}) for n in range(1000)])
        time.sleep(0.05)
        seen = set(ear.numbers("P-1/telemetry"))
        own_mosquitto.stop()
        publisher.telemetry_batch([(None, {"n": n}) for n in range(1000)])
        seen |= set(ear.numbers("P-1/telemetry"))
        ear.close()
        own_mosquitto.start()
        again = Ear(own_mosquitto.port, "breaks")
        assert publisher.wait_sent(30)
        missing = sorted(set(range(2000)) - seen - set(again.numbers("P-1/telemetry")))
        for number in missing:
            again.ask("P-1", ReplayRequest(publisher.boot, number, number))
        assert eventually(lambda: seen | set(again.numbers("P-1/telemetry")) >= set(range(2000)), 20)
        again.close()


def test_what_is_kept_while_a_new_connection_begins_comes_behind_what_the_last_one_left(
    mosquitto: Mosquitto, hear: Callable[[str], Ear], tmp_path: Path
) -> None:
    ear, wire = hear("behind"), Wire(mosquitto.port, lambda _: False)
    with Publisher(wire.url, "behind", "P-1", tmp_path, announce=False) as publisher:
        publisher.telemetry({"n": 0})
        assert publisher.wait_sent(20)
        wire.ends = is_message
        publisher.telemetry({"n": 1})
        assert eventually(lambda: wire.ended == 1, 20), "this one is on its way, and lost"
        wire.answers.clear()
        wire.ends = lambda _: False
        assert eventually(lambda: wire.begun == 2, 20)
        publisher.telemetry({"n": 2})
        early = eventually(lambda: 2 in ear.numbers("P-1/telemetry"), 1)
        wire.answers.set()
        assert publisher.wait_sent(20)
        assert eventually(lambda: len(ear.numbers("P-1/telemetry")) >= 3, 10)
    wire.close()
    assert not early
    assert ear.numbers("P-1/telemetry") == [0, 1, 2]


def test_a_broker_that_refuses_or_is_not_there_says_why(tmp_path: Path) -> None:
    nowhere = f"mqtt://127.0.0.1:{free_port()}"
    with Publisher(nowhere, "demo", "P-1", tmp_path) as publisher, pytest.raises(Unreachable, match="refused"):
        publisher.wait_connected(5)


def test_a_folder_belongs_to_one_publisher(mosquitto: Mosquitto, tmp_path: Path) -> None:
    with Publisher(mosquitto.url, "demo", "P-1", tmp_path), pytest.raises(OutboxInUse):
        Publisher(mosquitto.url, "demo", "P-1", tmp_path).start()


@pytest.mark.parametrize("values", [{}, {"n": float("nan")}])
def test_what_is_no_message_is_refused_and_uses_no_number(tmp_path: Path, values: dict[str, float]) -> None:
    with Publisher(f"mqtt://127.0.0.1:{free_port()}", "demo", "P-1", tmp_path) as publisher:
        with pytest.raises(ValueError):
            publisher.telemetry(values)
        with pytest.raises(ValueError, match="zone"):
            publisher.telemetry({"n": 1}, ts=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
        assert publisher.telemetry({"n": 1}) == 0


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("mqtt://h", Broker("h", 1883)),
        ("mqtts://u%40x:p%3A@h", Broker("h", 8883, True, "u@x", "p:")),
        ("mqtt://[::1]:99", Broker("::1", 99)),
    ],
)
def test_addresses_are_read(url: str, broker: Broker) -> None:
    assert Broker.parse(url) == broker


@pytest.mark.parametrize("url", ["http://h", "mqtt://", "mqtt://h:x", "h:1883", ""])
def test_wrong_addresses_sites_and_assets_are_refused_at_once(url: str, tmp_path: Path) -> None:
    with pytest.raises(BadData):
        Publisher(url, "demo", "P-1", tmp_path)
    for site, asset in (("de/mo", "P-1"), ("demo", "#"), ("demo", [])):
        with pytest.raises(BadData):
            Publisher("mqtt://h", site, asset, tmp_path)
    with pytest.raises(ValueError, match="window"):
        Publisher("mqtt://h", "demo", "P-1", tmp_path, window=0)


def test_tls_is_checked_against_the_authority_that_is_given(tmp_path: Path) -> None:
    publisher = Publisher("mqtts://h", "demo", "P-1", tmp_path)
    context = publisher._connection._tls
    assert context is not None
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    with pytest.raises(BadData, match=r"none.crt.* is no file with a certificate"):
        Publisher("mqtts://h", "demo", "P-1", tmp_path, ca=tmp_path / "none.crt")
