"""Whatever keeps messages from being sent, ``problem`` says it; and a broker that takes nothing holds nobody up."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from plantroom.errors import BadData, Unreachable
from plantroom.publisher import Broker, Publisher, sender
from plantroom.publisher.outbox import Kept
from tests.contract.publisher.plain_broker import AtSubscribe, PlainBroker
from tests.product import eventually
from tests.servers.process import free_port

Start = Callable[..., PlainBroker]


def test_why_no_connection_comes_about(start: Start, tmp_path: Path) -> None:
    with Publisher(f"mqtt://127.0.0.1:{free_port()}", "demo", "P-1", tmp_path / "a") as publisher:
        assert eventually(lambda: "not connected yet: " in str(publisher.problem()), 20)
        assert "refused" in str(publisher.problem())
    plain = start().url.removeprefix("mqtt://")
    with Publisher(f"mqtts://{plain}", "demo", "P-1", tmp_path / "b") as publisher:
        assert eventually(lambda: "ssl" in str(publisher.problem()).lower(), 30)


def test_why_none_comes_about_again_and_nothing_any_more_once_one_does(start: Start, tmp_path: Path) -> None:
    broker = start()
    with Publisher(broker.url, "demo", "P-1", tmp_path) as publisher:
        assert eventually(lambda: publisher.problem() is None, 20)
        broker.close()
        assert eventually(lambda: "connection lost: " in str(publisher.problem()), 20)


@pytest.mark.parametrize("host", ["a..b", "a" * 70])
def test_a_host_name_that_is_none_is_refused_at_once(tmp_path: Path, host: str) -> None:
    """The connecting thread would end at it, and nothing would ever be sent."""
    with pytest.raises(BadData, match="host"):
        Publisher(f"mqtt://{host}", "demo", "P-1", tmp_path)
    with pytest.raises(BadData, match="host"):
        Publisher(Broker(host, 1883), "demo", "P-1", tmp_path)


@pytest.mark.parametrize("port", [0, -1, 65_536])
def test_a_port_that_is_none_is_refused_at_once(tmp_path: Path, port: int) -> None:
    with pytest.raises(BadData, match="port"):
        Publisher(Broker("h", port), "demo", "P-1", tmp_path)
    with pytest.raises(BadData, match="port"):
        Publisher(f"mqtt://h:{port}", "demo", "P-1", tmp_path)


def test_a_broker_that_acknowledges_nothing(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "UNACKNOWLEDGED_S", 0.3)
    broker = start()
    broker.acknowledges = False
    with Publisher(broker.url, "demo", "P-1", tmp_path, announce=False) as publisher:
        publisher.telemetry({"n": 0})
        assert eventually(lambda: "has not acknowledged what it was sent" in str(publisher.problem()), 20)
        broker.acknowledges = True
        broker.end_connection()
        assert publisher.wait_sent(20)
        assert eventually(lambda: publisher.problem() is None, 10)


def test_an_outbox_that_cannot_be_read(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Publisher(start().url, "demo", "P-1", tmp_path) as publisher:
        after = publisher._outbox.after

        def broken(_message: int, _limit: int) -> list[Kept]:
            raise Unreachable("outbox /var/lib/press-1/outbox.db", "disk I/O error")

        monkeypatch.setattr(publisher._outbox, "after", broken)
        publisher.telemetry({"n": 0})
        assert eventually(lambda: "disk I/O error" in str(publisher.problem()), 20)
        monkeypatch.setattr(publisher._outbox, "after", after)
        assert publisher.wait_sent(20)
        assert eventually(lambda: publisher.problem() is None, 10)


def test_what_is_put_aside_is_told_while_the_connection_is_away_too(start: Start, tmp_path: Path) -> None:
    broker = start()
    broker.ends_at = b"poison"
    with Publisher(broker.url, "demo", "P-1", tmp_path, announce=False) as publisher:
        publisher.event("poison")
        assert eventually(lambda: "kept back: 1" in str(publisher.problem()), 30)
        broker.close()
        assert eventually(lambda: "connection lost" in str(publisher.problem()), 20)
        assert "kept back: 1" in str(publisher.problem())


def test_it_ends_in_time_though_the_broker_takes_nothing(start: Start, tmp_path: Path) -> None:
    broker = start(AtSubscribe.GRANTS)
    publisher = Publisher(broker.url, "demo", "P-1", tmp_path, sync=False)
    publisher.start()
    publisher.telemetry({"n": 0})
    assert publisher.wait_sent(20)
    broker.reads.clear()
    for _ in range(100):
        publisher.telemetry({"x" * 300_000: 1.0})
    time.sleep(0.5)
    begun = time.monotonic()
    publisher.close(0.5)
    assert time.monotonic() - begun < 15, "it is the keepalive that ends it otherwise"
