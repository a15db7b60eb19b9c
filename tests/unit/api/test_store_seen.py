"""A store that does not answer the pages is told, also one that hangs, and what is told ends when it answers."""

import threading
from datetime import UTC, datetime

import pytest

from api.ingest import store
from api.ingest.store import StoreSeen
from plantroom.domain.flow import TroubleKind
from plantroom.errors import NotAllowed, Unreachable

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Store:
    """Answers as it is told to."""

    def __init__(self) -> None:
        self.error: Unreachable | None = None
        self.pings = 0
        self.free = threading.Event()
        self.free.set()

    def ping(self) -> None:
        self.pings += 1
        self.free.wait(30)
        if self.error is not None:
            raise self.error


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "KEPT_S", 0.0)


@pytest.mark.usefixtures("at_once")
def test_what_the_look_met_is_told_since_when_it_was_first_so() -> None:
    seen, asked = StoreSeen(), Store()
    assert seen.trouble(asked.ping, lambda: NOON) is None
    asked.error = Unreachable("influx", "does not answer")
    trouble = seen.trouble(asked.ping, lambda: NOON)
    assert trouble is not None
    assert (trouble.kind, trouble.since) == (TroubleKind.STORE_AWAY, NOON)
    later = seen.trouble(asked.ping, lambda: NOON.replace(hour=13))
    assert later is not None
    assert later.since == NOON
    asked.error = NotAllowed("influx", "unauthorized")
    refused = seen.trouble(asked.ping, lambda: NOON)
    assert refused is not None
    assert refused.kind is TroubleKind.STORE_UNAUTHORISED
    asked.error = None
    assert seen.trouble(asked.ping, lambda: NOON) is None


def test_many_pages_cost_one_look() -> None:
    seen, asked = StoreSeen(), Store()
    for _ in range(5):
        seen.trouble(asked.ping, lambda: NOON)
    assert asked.pings == 1


@pytest.mark.usefixtures("at_once")
def test_a_store_that_hangs_keeps_no_page_waiting_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PATIENCE_S", 0.01)
    monkeypatch.setattr(store, "HANGS_S", 0.0)
    seen, asked = StoreSeen(), Store()
    asked.free.clear()
    trouble = seen.trouble(asked.ping, lambda: NOON)
    assert trouble is not None
    assert trouble.kind is TroubleKind.STORE_AWAY
    assert seen.trouble(asked.ping, lambda: NOON) is not None
    assert asked.pings == 1
    asked.free.set()
    monkeypatch.setattr(store, "PATIENCE_S", 5.0)
    assert seen.trouble(asked.ping, lambda: NOON) is None
