"""A connection that is lost while the spool cannot be written: what waited for its sync comes again, once."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import gateway.session
from gateway.broker.mosquitto import MosquittoBroker
from gateway.connecting import BRIEF_MAX
from gateway.session import Session
from gateway.spool import Spool
from tests.contract.gateway.test_session import eventually, mosquitto, numbered, opened, publish, session

COUNT = 50
PROBLEMS = [OSError(28, "No space left on device"), OSError(5, "Input/output error")]


@dataclass
class Full:
    """A session that is subscribed, and whose disk is full as long as ``broken`` is set."""

    server: MosquittoBroker
    spool: Spool
    line: Session
    problem: OSError
    broken: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        sync = self.spool.sync

        def refuse() -> int:
            if self.broken.is_set():
                raise self.problem
            return sync()

        self.spool.sync = refuse  # type: ignore[method-assign]

    def publish(self, count: int) -> None:
        publish(self.server.port, "s/a/t", numbered(count))


@pytest.fixture(params=PROBLEMS, ids=str)
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Full]:
    monkeypatch.setattr(gateway.session, "KEEPALIVE_S", 1)
    server = mosquitto(tmp_path / "broker")
    server.start()
    spool = opened(tmp_path / "spool")
    made = Full(server, spool, session(server.port, spool), request.param)
    monkeypatch.setattr(made.line._rng, "uniform", lambda _a, _b: 0.0)
    made.line.start()
    assert eventually(made.line.granted)
    made.broken.set()
    yield made
    made.line.stop()
    server.stop()


def test_what_was_not_durable_when_the_connection_went_comes_again_and_stands_once(full: Full) -> None:
    counts = full.line.counts
    full.publish(COUNT)
    assert eventually(lambda: counts.received > 0)
    full.server.stop()
    full.server.start()
    assert eventually(lambda: counts.connects >= 2, 20), "the lost connection is not waited for"
    assert counts.acknowledged == 0
    full.broken.clear()
    assert eventually(lambda: counts.acknowledged >= COUNT, 20)
    got: list[bytes] = []
    while records := full.spool.read(1_000, 0.5):
        got += [record.payload for record in records]
    assert got == numbered(COUNT)


@pytest.mark.parametrize("full", PROBLEMS[:1], ids=str, indirect=True)
def test_connections_that_end_while_the_disk_is_full_are_laid_at_nobodys_door(full: Full) -> None:
    full.publish(1)
    assert eventually(lambda: full.line.counts.connects > BRIEF_MAX + 1, 30)
    full.broken.clear()
    assert eventually(lambda: full.line.counts.acknowledged >= 1 and full.line.problem() is None), full.line.problem()
