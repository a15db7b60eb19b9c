"""A connection that is lost while the spool cannot be written: what waited for its sync comes again, once."""

import threading
from pathlib import Path

import pytest

import gateway.session
from gateway.connecting import BRIEF_MAX
from tests.contract.gateway.test_session import eventually, mosquitto, numbered, opened, publish, session

COUNT = 50


@pytest.mark.parametrize("problem", [OSError(28, "No space left on device"), OSError(5, "Input/output error")])
def test_what_was_not_durable_when_the_connection_went_comes_again_and_stands_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: OSError
) -> None:
    monkeypatch.setattr(gateway.session, "KEEPALIVE_S", 1)
    server = mosquitto(tmp_path / "broker")
    server.start()
    spool = opened(tmp_path / "spool")
    broken, sync = threading.Event(), spool.sync

    def refuse() -> int:
        if broken.is_set():
            raise problem
        return sync()

    monkeypatch.setattr(spool, "sync", refuse)
    line = session(server.port, spool)
    line.start()
    assert eventually(line.granted)
    broken.set()
    publish(server.port, "s/a/t", numbered(COUNT))
    assert eventually(lambda: line.counts.received == COUNT)
    server.stop()
    server.start()
    assert eventually(lambda: line.counts.connects >= 2, 20), "the lost connection is not waited for"
    assert line.counts.acknowledged == 0
    broken.clear()
    assert eventually(lambda: line.counts.acknowledged >= COUNT, 20)
    got: list[bytes] = []
    while records := spool.read(1_000, 0.5):
        got += [record.payload for record in records]
    assert got == numbered(COUNT)
    line.stop()
    server.stop()


def test_connections_that_end_while_the_disk_is_full_are_laid_at_nobodys_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway.session, "KEEPALIVE_S", 1)
    server = mosquitto(tmp_path / "broker")
    server.start()
    spool = opened(tmp_path / "spool")
    broken, sync = threading.Event(), spool.sync

    def refuse() -> int:
        if broken.is_set():
            raise OSError(28, "No space left on device")
        return sync()

    monkeypatch.setattr(spool, "sync", refuse)
    line = session(server.port, spool)
    monkeypatch.setattr(line._rng, "uniform", lambda _a, _b: 0.0)
    line.start()
    assert eventually(line.granted)
    broken.set()
    publish(server.port, "s/a/t", numbered(1))
    assert eventually(lambda: line.counts.connects > BRIEF_MAX + 1, 30)
    broken.clear()
    assert eventually(lambda: line.counts.acknowledged >= 1 and line.problem() is None, 10), line.problem()
    line.stop()
    server.stop()
