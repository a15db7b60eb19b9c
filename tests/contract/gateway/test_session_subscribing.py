"""A session that asks for many topics, or is asked to change them while the broker is away."""

import socket
import subprocess
import threading
from pathlib import Path

from gateway.broker import free_port
from gateway.broker.mosquitto import find_mosquitto
from gateway.session import Session
from plantroom.settings import BrokerAddress
from tests.contract.gateway.test_session import eventually, mosquitto, numbered, opened, publish

PACKET_BYTES = 40_000


def test_any_number_of_changes_of_topics_while_the_broker_is_away_hang_nobody(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool")
    line = Session(
        BrokerAddress(host="127.0.0.1", port=free_port()),
        "plantroom-s",
        spool,
        ["s/+/t"],
        lambda _topic: True,
        gate=lambda _connects: "closed",
    )
    line.start()

    def change() -> None:
        for n in range(5_000):
            line.subscribe([f"s/{n}/t"])
        line.stop()

    changing = threading.Thread(target=change, daemon=True)
    changing.start()
    changing.join(10)
    assert not changing.is_alive()


def test_a_wake_that_finds_no_room_is_still_a_wake(tmp_path: Path) -> None:
    server = mosquitto(tmp_path / "broker")
    spool = opened(tmp_path / "spool")
    line = Session(BrokerAddress(host="127.0.0.1", port=server.port), "plantroom-s", spool, ["s/+/t"], lambda _t: True)
    for n in range(5_000):
        line.subscribe([f"s/{n}/t"])
    server.start()
    line.start()
    assert eventually(lambda: line.granted() == {"s/4999/t"})
    line.subscribe(["s/a/t"])
    assert eventually(lambda: line.granted() == {"s/a/t"}, 5)
    line.stop()
    server.stop()


def test_a_topic_that_was_left_in_vain_as_the_connection_broke_is_left_on_the_next_one(tmp_path: Path) -> None:
    server, spool = mosquitto(tmp_path / "broker"), opened(tmp_path / "spool")
    server.start()
    address = BrokerAddress(host="127.0.0.1", port=server.port)
    line = Session(address, "plantroom-s", spool, ["s/a/t", "s/b/t"], lambda _topic: True)
    leave = line._client.unsubscribe

    def in_vain(names: list[str]) -> object:
        line._client.unsubscribe = leave  # type: ignore[method-assign]
        packets = line._client.packets
        assert packets is not None
        assert isinstance(packets._sock, socket.socket)
        packets._sock.shutdown(socket.SHUT_RDWR)
        return leave(names)

    line._client.unsubscribe = in_vain  # type: ignore[assignment,method-assign]
    line.start()
    assert eventually(lambda: len(line.granted()) == 2)
    line.subscribe(["s/a/t"])
    assert eventually(lambda: line.counts.connects == 2 and line.subscriptions.possible() == {"s/a/t"})
    publish(server.port, "s/b/t", numbered(10))
    publish(server.port, "s/a/t", numbered(5))
    assert eventually(lambda: line.counts.acknowledged >= 5)
    line.stop()
    server.stop()
    assert line.counts.received == 5


def test_thousands_of_filters_are_asked_for_in_packets_that_the_broker_takes(tmp_path: Path) -> None:
    """With messages that come while the filters are asked for and left again: each is acknowledged."""
    binary, port = find_mosquitto(), free_port()
    assert binary
    (tmp_path / "m.conf").write_text(
        f"user root\nlistener {port} 127.0.0.1\nallow_anonymous true\nmax_packet_size {PACKET_BYTES}\n"
        "max_inflight_messages 20\nmax_queued_messages 0\n"
    )
    server = subprocess.Popen([binary, "-c", str(tmp_path / "m.conf")], stderr=subprocess.DEVNULL)
    many = [f"plantroom/somewhere-with-a-long-name/asset-{n:06}/telemetry" for n in range(8_000)]
    spool = opened(tmp_path / "spool")
    line = Session(BrokerAddress(host="127.0.0.1", port=port), "plantroom-s", spool, ["s/+/t"], lambda _t: True)
    line.start()
    assert eventually(line.granted, 20)
    publishing = threading.Thread(target=publish, args=(port, "s/a/t", numbered(3_000)))
    publishing.start()
    line.subscribe(["s/+/t", *many])
    assert eventually(lambda: len(line.granted()) == 1 + len(many), 30)
    line.subscribe(["s/+/t"])
    assert eventually(lambda: len(line.granted()) == 1, 30)
    publishing.join()
    assert eventually(lambda: line.counts.acknowledged == 3_000, 20)
    assert (spool.depth(), line.counts.connects, line.counts.failures) == (3_000, 1, 0)
    line.stop()
    server.terminate()
    server.wait()
