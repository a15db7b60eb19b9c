"""Old spools of partitions that others hold: read to the end, told, counted, and in nobody's way."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.spool import Spool
from ingest.checkpoint import pack, unpack
from plantroom.bootstrap.collect import Collector
from plantroom.bootstrap.draining import Drains
from plantroom.bootstrap.leasing import LeaseKeeper
from plantroom.bootstrap.parts import Parts
from plantroom.domain.flow import TroubleKind
from plantroom.errors import Unreachable
from plantroom.settings import BrokerAddress
from tests.contract.bootstrap.test_two_collectors import held, stored, two
from tests.product import eventually
from tests.servers.mosquitto import Mosquitto

__all__ = ["two"]

COUNT = 200


@pytest.fixture
def parts(two: list[Parts]) -> Parts:
    return two[0]


def folder(parts: Parts, site: str = "a", lane: str = "normal") -> Path:
    return parts.settings.data_dir / "spool" / site / lane


def old_spool(parts: Parts, change: Callable[[Spool], None]) -> None:
    spool = Spool(folder(parts))
    spool.open()
    change(spool)
    spool.close()


def messages(parts: Parts, gap: int = 0) -> Callable[[Spool], None]:
    """Messages of an hour ago; ``gap`` numbers are left out in the middle."""
    first_ms = int(parts.clock.now().timestamp() * 1000) - 3_600_000

    def put(spool: Spool) -> None:
        for n in range(COUNT):
            seq = n + (gap if n >= COUNT // 2 else 0)
            body = {"ts": first_ms + n * 1000, "boot": "b", "seq": seq, "values": {"vibration": 1 + n / 1000}}
            spool.put(b"plantroom/a/P/telemetry", json.dumps(body).encode(), first_ms + n * 1000)
        spool.sync()

    return put


def drained(drains: Drains) -> bool:
    drains.turn()
    return not drains.under_work()


def marks(parts: Parts) -> int:
    with parts.ledger.read() as tx:
        return tx.roll_ups.count()


def test_what_is_left_of_a_spool_that_was_read_are_its_counts_alone(parts: Parts) -> None:
    old_spool(parts, messages(parts, gap=7))
    drains = Drains(parts)
    drains.look(["a"])
    assert eventually(lambda: drained(drains), 15)
    assert eventually(lambda: len(stored(parts)["a"]) == COUNT, 5)
    (figures,) = drains.figures()["a"]
    assert figures == {"received": COUNT, "stored": COUNT, "duplicates": 0, "dead_lettered": 0}
    drains.stop()


@pytest.mark.parametrize("gone", [["cursor.0"], ["cursor.0", "cursor.1"]])
def test_a_spool_that_lost_its_cursor_is_read_all_the_same(parts: Parts, gone: list[str]) -> None:
    old_spool(parts, messages(parts))
    for name in gone:
        (folder(parts) / name).unlink()
    drains = Drains(parts)
    assert drains.known() == ["a"]
    drains.look(["a"])
    assert eventually(lambda: drained(drains), 15)
    assert eventually(lambda: len(stored(parts)["a"]) == COUNT, 5)
    drains.stop()


def test_a_spool_is_left_only_when_the_ledger_knows_which_windows_got_readings(parts: Parts) -> None:
    old_spool(parts, messages(parts))
    drains = Drains(parts)
    drains.look(["a"])
    assert eventually(lambda: drained(drains), 15)
    assert marks(parts) >= 1
    drains.stop()


def test_an_empty_spool_whose_windows_were_never_told_is_told(parts: Parts) -> None:
    old_spool(parts, lambda spool: spool.commit(0, pack({"windows": b'{"key-a": [1795852800000]}', "stage:x": b"1"})))
    drains = Drains(parts)
    drains.look(["a"])
    assert eventually(lambda: drained(drains), 15)
    assert marks(parts) == 1
    drains.stop()
    saved: dict[str, bytes] = {}
    old_spool(parts, lambda spool: saved.update(unpack(spool.committed()[1])))
    assert saved["windows"] == b"{}"
    assert saved["stage:x"] == b"1", "what alarms and models saved is kept for the day they are needed again"


def test_an_old_spool_that_cannot_be_read_is_shown_and_keeps_nothing_else_from_going_on(
    parts: Parts, own_mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plantroom.bootstrap.draining.RETRY_S", 0.5)
    in_the_way = folder(parts, "gone") / "cursor.0"
    in_the_way.mkdir(parents=True)
    (folder(parts, "gone", "sketches") / "cursor.0").mkdir(parents=True)
    collector = Collector(parts, BrokerAddress(host="127.0.0.1", port=own_mosquitto.port))
    collector.start()

    def said() -> list[tuple[TroubleKind, str]]:
        with parts.ledger.read() as tx:
            return [(one.kind, one.site) for report in tx.collect.collectors() for one in report.troubles]

    assert eventually(lambda: said() == [(TroubleKind.SPOOL_UNUSABLE, "gone")], 15), said()
    in_the_way.rmdir()
    assert eventually(lambda: said() == [], 15), said()
    collector.stop()


def test_a_spool_of_a_site_that_nobody_else_holds_is_left_to_the_sites_own_workers(
    parts: Parts, own_mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[object] = []
    monkeypatch.setattr(Drains, "_begin", lambda _drains, key, _folder: begun.append(key))
    old_spool(parts, messages(parts))
    collector = Collector(parts, BrokerAddress(host="127.0.0.1", port=own_mosquitto.port))

    def away(_keeper: LeaseKeeper) -> None:
        raise Unreachable("ledger", "connection refused")

    with monkeypatch.context() as outage:
        outage.setattr(LeaseKeeper, "turn", away)
        collector.start()
        time.sleep(2)
    assert eventually(lambda: "a" in held(parts, collector), 10)
    assert eventually(lambda: len(stored(parts)["a"]) == COUNT, 15)
    assert begun == []
    collector.stop()
