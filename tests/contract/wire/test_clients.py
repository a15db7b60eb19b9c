"""Our own clients on a door with TLS, by the settings' certificate files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.broker.probe import probe
from gateway.session import Session
from gateway.spool import Spool
from plantroom.errors import Unreachable
from plantroom.settings import BrokerAddress
from plantroom.wire_tls import tls_context
from simulators.live import LiveSimulator
from simulators.scenario import parse_scenario
from tests.contract.wire.site import WireSite
from tests.contract.wire.stranger import eventually

SCENARIO = """
site = "demo"
seed = 1
[[assets]]
code = "P-1"
class = "pump"
zh = "泵"
en = "Pump"
"""


@pytest.fixture(scope="module")
def door() -> Iterator[BrokerAddress]:
    with WireSite(collector_tls=True) as site:
        assert site.ours is not None
        assert site.ours.tls
        yield site.ours


def test_a_live_building_reaches_the_spool_over_tls(door: BrokerAddress, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.open()
    session = Session(door, "plantroom-demo", spool, ["plantroom/demo/#"], lambda _topic: True)
    building = LiveSimulator(
        parse_scenario(SCENARIO, "s"), door.host, door.port, door.username, door.password, tls=tls_context(door)
    )
    session.start()
    assert eventually(session.granted)
    building.start()
    assert eventually(lambda: spool.depth() >= 3)
    building.stop()
    session.stop()
    spool.close()


def test_a_probe_tells_a_sound_door_from_one_that_is_not(door: BrokerAddress) -> None:
    assert "valid until" in probe(door)
    with pytest.raises(Unreachable, match="Not authorized"):
        probe(door.model_copy(update={"password": "wrong"}))
    with pytest.raises(Unreachable, match="set PLANTROOM_BROKER_CA"):
        probe(door.model_copy(update={"ca": None}))
    with pytest.raises(Unreachable):
        probe(door.model_copy(update={"tls": False}))


def test_a_session_that_trusts_nobody_says_so(door: BrokerAddress, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.open()
    session = Session(door.model_copy(update={"ca": None}), "plantroom-x", spool, ["x"], lambda _topic: True)
    session.start()
    assert eventually(lambda: "set PLANTROOM_BROKER_CA" in str(session.problem()))
    session.stop()
    spool.close()


def test_tls_towards_a_port_without_says_what_it_may_be() -> None:
    with WireSite() as site:
        assert site.ours is not None
        assert not site.ours.tls
        with pytest.raises(Unreachable, match="if that port speaks no TLS, the address begins with mqtt:"):
            probe(site.ours.model_copy(update={"tls": True, "ca": site.ca}))
