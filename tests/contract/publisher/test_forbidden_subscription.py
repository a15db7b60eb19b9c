"""A broker that does not let the publisher subscribe to its replay topic takes its messages all the same, in order."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from plantroom.publisher import Publisher, listening
from plantroom.wire import ReplayRequest, encode_replay_request, replay_topic
from tests.contract.publisher.plain_broker import AtSubscribe, PlainBroker
from tests.contract.publisher.test_publisher import Ear
from tests.contract.publisher.wire import Wire
from tests.product import eventually
from tests.servers.mosquitto import Mosquitto

SUBSCRIBE = b"/P-1/replay"
TOPIC = replay_topic("demo", "P-1")


Start = Callable[[AtSubscribe], PlainBroker]


@pytest.mark.parametrize("announce", [True, False])
def test_one_that_ends_the_connection_at_it_gets_what_is_published_in_order(
    start: Start, tmp_path: Path, announce: bool
) -> None:
    broker = start(AtSubscribe.ENDS)
    with Publisher(broker.url, "demo", "P-1", tmp_path, sync=False, announce=announce) as publisher:
        publisher.telemetry_batch([(None, {"n": n}) for n in range(500)])
        publisher.event("passenger_trapped", "safety")
        assert publisher.wait_sent(40)
        assert broker.numbers() == list(range(500))
        publisher.telemetry({"n": 500})
        assert publisher.wait_sent(10)
        problem = str(publisher.problem())
    assert len(broker.subscribed) == listening.ENDINGS, "and no more often, while the connection stands"
    assert broker.numbers() == list(range(501))
    assert [payload for payload in broker.words() if payload == b"offline"] == [b"offline"] * announce
    assert "ends the connection when the publisher subscribes" in problem
    assert f"topic read {TOPIC}" in problem


def test_it_is_said_before_anything_was_published_and_the_log_says_it_once(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker = start(AtSubscribe.ENDS)
    with Publisher(broker.url, "demo", "P-1", tmp_path, announce=False) as publisher:
        assert eventually(lambda: TOPIC in str(publisher.problem()), 30)
        publisher.wait_connected(30)
        publisher.telemetry({"n": 0})
        assert publisher.wait_sent(20)
        broker.end_connection()
        publisher.telemetry({"n": 1})
        assert publisher.wait_sent(20)
    assert len([one for one in caplog.records if TOPIC in one.getMessage()]) == 1
    assert len(broker.subscribed) == listening.ENDINGS, "nor with the next connection, so soon"


def test_mosquitto_behind_a_wire_that_ends_at_it_gets_everything_in_order(mosquitto: Mosquitto, tmp_path: Path) -> None:
    ear, wire = Ear(mosquitto.port, "forbidden"), Wire(mosquitto.port, lambda data: SUBSCRIBE in data)
    with Publisher(wire.url, "forbidden", "P-1", tmp_path, sync=False) as publisher:
        for n in range(300):
            publisher.telemetry({"n": n})
        assert publisher.wait_sent(40)
        assert wire.ended == listening.ENDINGS
        assert "topic read plantroom/forbidden/P-1/replay" in str(publisher.problem())
    assert eventually(lambda: ear.numbers("P-1/telemetry") == list(range(300)), 20)
    wire.close()
    ear.close()


def test_a_program_that_runs_but_for_a_moment_gets_its_message_through(start: Start, tmp_path: Path) -> None:
    broker = start(AtSubscribe.ENDS)
    for n in range(2):
        publisher = Publisher(broker.url, "demo", "P-1", tmp_path)
        publisher.start()
        publisher.telemetry({"n": n})
        assert eventually(lambda: len(broker.subscribed) == 1, 20)
        broker.subscribed.clear()
        publisher.close(20)
        assert broker.numbers() == list(range(n + 1))
        broker.subscribed.clear()


def test_connections_that_end_at_it_accuse_no_message(start: Start, tmp_path: Path) -> None:
    broker = start(AtSubscribe.GRANTS)
    broker.acknowledges = False
    with Publisher(broker.url, "demo", "P-1", tmp_path, announce=False, window=5) as publisher:
        publisher.telemetry_batch([(None, {"n": n}) for n in range(20)])
        assert eventually(lambda: len(broker.numbers()) == 5, 20)
        broker.at_subscribe, broker.acknowledges = AtSubscribe.ENDS, True
        broker.end_connection()
        kept: set[int] = set()

        def sent() -> bool:
            kept.update(publisher._outbox.kept_back)
            return publisher.waiting == 0

        assert eventually(sent, 40)
        assert not kept
    assert broker.numbers() == list(range(20))
    assert all(numbers == sorted(numbers) for numbers in map(broker.numbers, broker.connections))


def test_what_a_broken_connection_left_is_sent_first_without_a_subscription_too(start: Start, tmp_path: Path) -> None:
    broker = start(AtSubscribe.ENDS)
    with Publisher(broker.url, "demo", "P-1", tmp_path, announce=False, sync=False, window=20) as publisher:
        publisher.telemetry({"n": 0})
        assert publisher.wait_sent(30)
        broker.acknowledges = False
        publisher.telemetry_batch([(None, {"n": n}) for n in range(1, 200)])
        assert eventually(lambda: len(broker.numbers()) == 21, 20)
        broker.acknowledges = True
        broker.end_connection()
        assert publisher.wait_sent(30)
    last = broker.connections[-1]
    assert broker.numbers(last) == list(range(1, 200))


def test_it_listens_again_once_the_broker_allows_it(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "AGAIN_S", 0.0)
    broker = start(AtSubscribe.ENDS)
    with Publisher(broker.url, "demo", "P-1", tmp_path, announce=False) as publisher:
        publisher.telemetry({"n": 0})
        assert eventually(lambda: TOPIC in str(publisher.problem()), 30)
        broker.at_subscribe = AtSubscribe.GRANTS
        assert eventually(lambda: len(broker.subscribed) > listening.ENDINGS, 30)
        assert eventually(lambda: publisher.problem() is None, 10)
        assert publisher.wait_sent(10)
        broker.tell(TOPIC, encode_replay_request(ReplayRequest(publisher.boot, 0, 0)))
        assert eventually(lambda: sum(len(each) for each in broker.connections) == 2, 10)


def test_it_tries_once_more_over_the_connection_that_stands(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that went down twice at that moment is not one that forbids it."""
    monkeypatch.setattr(listening, "SURE_S", 0.1)
    broker = start(AtSubscribe.ENDS)
    with Publisher(broker.url, "demo", "P-1", tmp_path) as publisher:
        assert eventually(lambda: len(broker.subscribed) == listening.ENDINGS, 30)
        broker.at_subscribe = AtSubscribe.GRANTS
        assert eventually(lambda: len(broker.subscribed) == listening.ENDINGS + 1, 30)
        assert eventually(lambda: publisher.problem() is None, 10)
        assert len(broker.connections) == listening.ENDINGS + 1, "the same connection"


def test_and_leaves_it_at_that_when_that_ends_the_connection(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "SURE_S", 0.1)
    broker = start(AtSubscribe.ENDS)
    with Publisher(broker.url, "demo", "P-1", tmp_path) as publisher:
        assert eventually(lambda: len(broker.connections) == listening.ENDINGS + 2, 30)
        for n in range(50):
            publisher.telemetry({"n": n})
        assert publisher.wait_sent(20)
        assert not eventually(lambda: len(broker.subscribed) > listening.ENDINGS + 1, 1.5)
    assert broker.numbers() == list(range(50))


def test_one_that_answers_with_a_refusal_gets_what_is_published_and_the_refused_topic_is_named(
    start: Start, tmp_path: Path
) -> None:
    broker = start(AtSubscribe.REFUSES_THE_FIRST)
    with Publisher(broker.url, "demo", ["P-1", "P-2"], tmp_path) as publisher:
        publisher.telemetry({"n": 0}, asset="P-2")
        assert publisher.wait_sent(20)
        problem = str(publisher.problem())
        broker.at_subscribe = AtSubscribe.GRANTS
        broker.end_connection()
        assert eventually(lambda: publisher.problem() is None, 20), "asked again with the next connection"
    assert "refuses the publisher's subscription" in problem
    assert f"topic read {TOPIC}" in problem
    assert "P-2" not in problem


def test_one_that_never_answers_gets_what_is_published(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "PATIENCE_S", 0.5)
    broker = start(AtSubscribe.IS_SILENT)
    with Publisher(broker.url, "demo", "P-1", tmp_path) as publisher:
        publisher.telemetry_batch([(None, {"n": n}) for n in range(300)])
        assert publisher.wait_sent(20)
        assert f"has not answered the publisher's subscription to {TOPIC}" in str(publisher.problem())
    assert broker.numbers() == list(range(300))
    assert len(broker.connections) == 1


def test_many_assets_are_subscribed_to_in_pieces(start: Start, tmp_path: Path) -> None:
    """Some brokers take 8 topics at once, and end the connection at more."""
    broker = start(AtSubscribe.GRANTS)
    assets = [f"P-{n}" for n in range(19)]
    with Publisher(broker.url, "demo", assets, tmp_path) as publisher:
        publisher.telemetry({"n": 0}, asset="P-18")
        assert publisher.wait_sent(20)
    assert [len(topics) for topics in broker.subscribed] == [8, 8, 3]
    assert {topic for topics in broker.subscribed for topic in topics} == {replay_topic("demo", one) for one in assets}


def test_a_message_at_which_connections_end_is_not_taken_for_a_subscription(
    start: Start, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broker = start(AtSubscribe.GRANTS)
    broker.ends_at = b"poison"
    caplog.set_level(logging.WARNING)
    with Publisher(broker.url, "demo", "P-1", tmp_path, announce=False) as publisher:
        publisher.event("poison")
        publisher.telemetry({"n": 0})
        assert eventually(lambda: publisher.aside == 1, 40)
        assert eventually(lambda: str(publisher.problem()).startswith("put aside: 1"), 10)
        assert TOPIC not in str(publisher.problem())
    assert broker.numbers() == [0]


def test_a_gateway_with_many_assets_is_told_of_some(start: Start, tmp_path: Path) -> None:
    broker = start(AtSubscribe.ENDS)
    with Publisher(broker.url, "demo", [f"P-{n}" for n in range(1, 200)], tmp_path) as publisher:
        assert eventually(lambda: f"{TOPIC} (and 198 more)" in str(publisher.problem()), 30)
        assert len(json.dumps(publisher.problem())) < 600
