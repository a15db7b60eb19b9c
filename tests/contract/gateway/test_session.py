"""A session against real brokers: ordered, acknowledged after the fsync, taken up again after a kill."""

import resource
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest

from gateway.broker import TrialBroker, free_port
from gateway.broker.embedded import EmbeddedBroker
from gateway.broker.mosquitto import MosquittoBroker, find_mosquitto
from gateway.collector import SiteGateway
from gateway.session import Session
from gateway.spool import Spool
from plantroom.domain.assets import Asset, LocalName, Plant, Priority, Source
from plantroom.errors import Unreachable
from plantroom.ports.clock import FixedClock
from plantroom.ports.spool import Lane
from plantroom.settings import BrokerAddress


def mosquitto(folder: Path, port: int = 0) -> MosquittoBroker:
    binary = find_mosquitto()
    assert binary, "mosquitto is missing: apt-get install mosquitto"
    return MosquittoBroker(binary, port or free_port(), folder)


@pytest.fixture(params=["mosquitto", "amqtt"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TrialBroker]:
    made = mosquitto(tmp_path / "broker") if request.param == "mosquitto" else EmbeddedBroker(free_port())
    made.start()
    yield made
    made.stop()


def eventually(what: Callable[[], object], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.01)
    return bool(what())


def publisher(port: int) -> mqtt.Client:
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.max_inflight_messages_set(200)
    client.connect("127.0.0.1", port)
    client.loop_start()
    return client


def publish(port: int, topic: str, payloads: list[bytes], *, retain: bool = False) -> None:
    client = publisher(port)
    sent = [client.publish(topic, payload, qos=1, retain=retain) for payload in payloads]
    for info in sent:
        info.wait_for_publish(20)
    assert all(info.is_published() for info in sent)
    client.disconnect()
    client.loop_stop()


def session(port: int, spool: Spool) -> Session:
    return Session(BrokerAddress(host="127.0.0.1", port=port), "plantroom-s", spool, ["s/+/t"], lambda _t: True)


def opened(folder: Path) -> Spool:
    spool = Spool(folder)
    spool.open()
    return spool


def numbered(count: int, start: int = 0) -> list[bytes]:
    return [f"{n}".encode() for n in range(start, start + count)]


def test_every_message_reaches_the_spool_in_order(broker: TrialBroker, tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool")
    line = session(broker.port, spool)
    line.start()
    assert eventually(line.granted)
    publish(broker.port, "s/a/t", numbered(3_000))
    assert eventually(lambda: spool.depth() == 3_000)
    got: list[bytes] = []
    while records := spool.read(1_000, 0.01):
        got += [r.payload for r in records]
    assert got == numbered(3_000)
    assert eventually(lambda: line.counts.acknowledged == 3_000)
    line.stop()


def test_a_message_is_received_when_the_clock_says(broker: TrialBroker, tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool")
    clock = FixedClock(datetime(2026, 11, 21, 8, 0, 0, 123_999, tzinfo=UTC))
    address = BrokerAddress(host="127.0.0.1", port=broker.port)
    line = Session(address, "plantroom-s", spool, ["s/+/t"], lambda _topic: True, clock=clock)
    line.start()
    assert eventually(line.granted)
    publish(broker.port, "s/a/t", numbered(1))
    assert [record.received_ms for record in spool.read(1, 10.0)] == [1_795_248_000_123]
    line.stop()


def test_a_large_message_passes_whole(broker: TrialBroker, tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool")
    line = session(broker.port, spool)
    line.start()
    assert eventually(line.granted)
    publish(broker.port, "s/a/t", [b"\xff" * (1 << 20)])
    assert eventually(lambda: spool.depth() == 1)
    assert spool.read(1, 1.0)[0].payload == b"\xff" * (1 << 20)
    line.stop()


def left_alone(folder: Path) -> tuple[MosquittoBroker, Spool]:
    """A broker that keeps a session for us, which nobody is there for now, and its spool."""
    server, spool = mosquitto(folder / "broker"), opened(folder / "spool")
    server.start()
    first = session(server.port, spool)
    first.start()
    assert eventually(first.granted)
    first.stop()
    return server, spool


def test_messages_sent_while_we_are_away_come_when_we_are_back(tmp_path: Path) -> None:
    server, spool = left_alone(tmp_path)
    publish(server.port, "s/a/t", numbered(2_500))
    second = session(server.port, spool)
    second.start()
    assert eventually(lambda: spool.depth() == 2_500)
    second.stop()
    server.stop()


def taken(spool: Spool, count: int) -> list[tuple[bytes, bool]]:
    """The next messages, at least so many, and whether the broker had retained each."""
    assert eventually(lambda: spool.depth() >= count)
    found = [(record.payload, record.retained) for record in spool.read(100, 1.0)]
    spool.commit(spool.taken, b"")
    return found


def test_only_what_a_new_subscription_brings_is_marked_as_retained(broker: TrialBroker, tmp_path: Path) -> None:
    publish(broker.port, "s/a/t", [b"old"], retain=True)
    spool = opened(tmp_path / "spool")
    line = session(broker.port, spool)
    line.start()
    assert taken(spool, 1) == [(b"old", True)]
    publish(broker.port, "s/a/t", [b"live"], retain=True)
    publish(broker.port, "s/a/t", [b"plain"])
    assert taken(spool, 2) == [(b"live", False), (b"plain", False)]
    line.stop()


def test_what_waited_for_us_is_not_marked_though_it_is_retained_too(tmp_path: Path) -> None:
    server, spool = left_alone(tmp_path)
    publish(server.port, "s/a/t", [b"waited"], retain=True)
    second = session(server.port, spool)
    second.start()
    assert sorted(taken(spool, 2)) == [(b"waited", False), (b"waited", True)], "queued, and brought by the subscription"
    assert eventually(lambda: second.counts.acknowledged == second.counts.received)
    second.stop()
    server.stop()


def test_nothing_is_acknowledged_while_the_spool_cannot_be_written(tmp_path: Path) -> None:
    server = mosquitto(tmp_path / "broker")
    server.start()
    spool = opened(tmp_path / "spool")
    full = threading.Event()
    sync = spool.sync

    def refuse() -> int:
        if full.is_set():
            raise OSError(28, "No space left on device")
        return sync()

    spool.sync = refuse  # type: ignore[method-assign]
    line = session(server.port, spool)
    line.start()
    assert eventually(line.granted)
    full.set()
    publish(server.port, "s/a/t", numbered(5))
    assert eventually(lambda: "disk is full" in (line.problem() or ""))
    assert line.counts.acknowledged == 0
    full.clear()
    assert eventually(lambda: line.counts.acknowledged == 5)
    assert line.problem() is None
    assert spool.depth() == 5
    line.stop()
    server.stop()


def test_a_broker_that_comes_back_is_taken_up_again(tmp_path: Path) -> None:
    port = free_port()
    spool = opened(tmp_path / "spool")
    line = session(port, spool)
    line.start()
    assert eventually(lambda: "refused" in (line.problem() or ""))
    server = mosquitto(tmp_path / "broker", port)
    server.start()
    assert eventually(lambda: line.granted() and line.problem() is None, 40)
    server.stop()
    assert eventually(line.problem)
    server.start()
    assert eventually(lambda: line.granted() and line.problem() is None, 40)
    publish(port, "s/a/t", numbered(3))
    assert eventually(lambda: spool.depth() == 3)
    line.stop()
    server.stop()


def plant_with_safety(keys: dict[str, Priority]) -> Plant:
    assets = {k: Asset(k, "s", k.upper(), "pump", LocalName(k, k)) for k in keys}
    return Plant(
        revision=1,
        sites={},
        assets=assets,
        codes={("s", k.upper()): k for k in keys},
        points={},
        sources={k: Source(k, priority=p) for k, p in keys.items()},
        learn_windows=(),
    )


def test_events_and_safety_telemetry_take_their_own_lane(tmp_path: Path) -> None:
    server = mosquitto(tmp_path / "broker")
    server.start()
    site = SiteGateway("s", BrokerAddress(host="127.0.0.1", port=server.port), tmp_path / "spool")
    site.follow(plant_with_safety({"fp": Priority.SAFETY, "p": Priority.NORMAL}))
    site.start()
    assert eventually(site.apart)
    of_safety = {"plantroom/s/FP/telemetry", "plantroom/s/P/event"}
    of_normal = {"plantroom/s/P/telemetry", "plantroom/s/P/status", "plantroom/s/P/Telemetry"}
    for topic in of_safety | of_normal:
        publish(server.port, topic, [b"{}"])
    assert eventually(lambda: [s.depth() for s in site.spools.values()] == [len(of_normal), len(of_safety)])
    topics = {lane: {r.topic for r in spool.read(10, 0.1)} for lane, spool in site.spools.items()}
    assert topics == {Lane.SAFETY: of_safety, Lane.NORMAL: of_normal}
    site.stop()
    server.stop()


def test_a_port_in_use_is_said_plainly(tmp_path: Path) -> None:
    server = mosquitto(tmp_path / "broker")
    server.start()
    for second in (mosquitto(tmp_path / "second", server.port), EmbeddedBroker(server.port)):
        with pytest.raises(Unreachable, match="another broker is running there"):
            second.start()
    server.stop()


@pytest.mark.parametrize("again", ["", "b._process.kill(); b._process.wait(); b.keep_alive(); "])
def test_the_trial_broker_ends_with_the_process_that_started_it(tmp_path: Path, again: str) -> None:
    """``again``: one that has died and was started once more."""
    port = free_port()
    script = (
        "import sys, time; from pathlib import Path; from gateway.broker.mosquitto import *\n"
        f"b = MosquittoBroker(find_mosquitto(), {port}, Path(sys.argv[1])); b.start(); {again}print('up', flush=True)\n"
        "time.sleep(60)"
    )
    import sys

    child = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert "up\n" in iter(child.stdout.readline, "")
    child.kill()
    child.wait()
    next_one = mosquitto(tmp_path, port)
    next_one.start()
    next_one.stop()


def test_nothing_of_ours_runs_between_fork_and_exec_where_threads_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: asked.append(k.get("preexec_fn")) or popen(*a, **k))
    server = mosquitto(tmp_path)
    server.start()
    server.stop()
    assert asked == [None]


def test_a_refused_subscription_is_said_once_and_not_asked_again_at_once(tmp_path: Path) -> None:
    binary = find_mosquitto()
    assert binary
    port = free_port()
    (tmp_path / "acl").write_text("topic read s/#\n")
    (tmp_path / "m.conf").write_text(
        f"user root\nlistener {port} 127.0.0.1\nallow_anonymous true\nacl_file {tmp_path}/acl\n"
    )
    server = subprocess.Popen([binary, "-c", str(tmp_path / "m.conf")], stderr=subprocess.DEVNULL)
    spool = opened(tmp_path / "spool")
    line = Session(BrokerAddress(host="127.0.0.1", port=port), "plantroom-s", spool, ["x/#"], lambda _t: True)
    asked: list[object] = []
    subscribe = line._client.subscribe
    line._client.subscribe = lambda *a, **k: asked.append(a) or subscribe(*a, **k)  # type: ignore[method-assign, func-returns-value, assignment]
    line.start()
    assert eventually(lambda: asked)
    time.sleep(1.0)
    assert len(asked) == 1
    line.stop()
    server.terminate()
    server.wait()


def test_a_session_goes_on_beyond_a_thousand_open_files(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    server = mosquitto(tmp_path / "broker")
    server.start()
    sender = publisher(server.port)  # paho's own loop needs low descriptors
    held = [(tmp_path / "f").open("w") for _ in range(1_100)]
    try:
        spool = opened(tmp_path / "spool")
        line = session(server.port, spool)
        line.start()
        assert eventually(line.granted)
        for payload in numbered(10):
            sender.publish("s/a/t", payload, qos=1)
        assert eventually(lambda: spool.depth() == 10)
        line.stop()
    finally:
        sender.disconnect()
        for file in held:
            file.close()
        server.stop()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_session_survives_what_nobody_foresaw(tmp_path: Path) -> None:
    server = mosquitto(tmp_path / "broker")
    server.start()
    spool = opened(tmp_path / "spool")
    line = session(server.port, spool)
    put, broken = spool.put, threading.Event()
    broken.set()

    def fail_once(*message: Any) -> None:
        if broken.is_set():
            broken.clear()
            raise RuntimeError("unforeseen")
        put(*message)

    spool.put = fail_once  # type: ignore[method-assign]
    line.start()
    assert eventually(line.granted)
    publish(server.port, "s/a/t", numbered(5))
    assert eventually(lambda: spool.depth() == 5)
    assert line.counts.failures == 1
    line.stop()
    server.stop()
