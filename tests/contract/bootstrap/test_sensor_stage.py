"""A collector tells of broken sensors, and knows after a restart that it did."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from plantroom.bootstrap.collect import Collector
from plantroom.bootstrap.parts import Parts, open_parts
from plantroom.domain.assets import SENSOR_FAULT, Asset, LocalName, Point, Priority, Site, Source
from plantroom.domain.findings import Finding, FindingRaised
from plantroom.settings import BrokerAddress, Settings
from tests.contract.gateway.test_session import publish
from tests.product import eventually
from tests.servers.mosquitto import Mosquitto

NAME = LocalName("消防泵组", "Fire pumps")


@pytest.fixture
def parts(started: Path) -> Iterator[Parts]:
    opened = open_parts(Settings(data_dir=started))
    yield opened
    opened.close()


def findings(parts: Parts) -> Sequence[Finding]:
    with parts.ledger.read() as tx:
        return [one.finding for one in tx.collect.findings_after("test", 100)]


def said(value: float, begin_s: int, end_s: int) -> list[bytes]:
    """A tank level every ten seconds, from so many seconds ago."""
    now_ms = round(time.time() * 1000)
    return [
        json.dumps({"ts": now_ms - 1000 * ago, "values": {"tank_level": value + ago / 1000}}).encode()
        for ago in range(begin_s, end_s, -10)
    ]


def hear(parts: Parts, port: int, payloads: list[bytes], told: int) -> None:
    """A collector from its start to its end, which leaves so many findings in all."""
    collector = Collector(parts, BrokerAddress(host="127.0.0.1", port=port))
    collector.start()
    assert eventually(lambda: collector.report().ready, 10)
    publish(port, "plantroom/sensed/FP-1/telemetry", payloads)
    assert eventually(lambda: len(findings(parts)) == told, 10)
    collector.stop()


def test_a_broken_loop_is_told_once_and_mended_after_a_restart(parts: Parts, mosquitto: Mosquitto) -> None:
    with parts.ledger.begin() as tx:
        tx.assets.add_site(Site("sensed", NAME))
        templates = parts.classes["fire_pump_set"].points
        tx.assets.add(Asset("fp", "sensed", "FP-1", "fire_pump_set", NAME), [Point("fp", one) for one in templates])
        tx.assets.put_source(Source("fp", priority=Priority.SAFETY))
    hear(parts, mosquitto.port, said(-25.0, 500, 300), 1)
    hear(parts, mosquitto.port, said(98.0, 290, 100), 2)
    fault, over = findings(parts)
    assert isinstance(fault, FindingRaised)
    assert (fault.failure_mode, over.failure_mode) == (SENSOR_FAULT, SENSOR_FAULT)
    assert (fault.subject, over.subject) == ("tank_level:sensor", "tank_level:sensor")
    assert fault.detail["safety_source"] is True
