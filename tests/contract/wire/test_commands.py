"""Commands to devices: each reaches those that it is for, and no publisher gives any, on a real Mosquitto with TLS."""

from collections.abc import Iterator

import pytest

from gateway.broker.credentials import new_device
from gateway.broker.foreign import PUBLISHED, reach_of
from plantroom.errors import BadData
from tests.contract.wire.site import WireSite, now
from tests.contract.wire.stranger import Stranger, eventually

NODE, OTHER = "spBv1.0/g/+/n1/#", "spBv1.0/g/+/n2/#"


@pytest.fixture(scope="module")
def site() -> Iterator[WireSite]:
    with WireSite() as running:
        running.give("demo", "edge1", topics=[NODE])
        running.give("demo", "edge2", topics=[OTHER])
        running.give("demo", "wide", topics=["spBv1.0/#"])
        running.give("demo", "zigbee", topics=["zigbee2mqtt/#"])
        running.give("demo", "plug", topics=["tele/boiler/#", "stat/boiler/#", "cmnd/boiler/POWER"])
        running.tell()
        assert eventually(lambda: running.publisher("demo.plug").admitted)
        yield running


@pytest.fixture
def ours(site: WireSite) -> Iterator[Stranger]:
    caller = site.collector(clean=True).listen("spBv1.0/#")
    yield caller
    caller.go()


def test_a_node_hears_the_commands_to_it_and_its_devices_and_no_others(site: WireSite, ours: Stranger) -> None:
    node = site.publisher("demo.edge1").listen("spBv1.0/g/NCMD/n1", "spBv1.0/g/DCMD/n1/+", "spBv1.0/g/NCMD/n2", "#")
    for topic in ("spBv1.0/g/NCMD/n1", "spBv1.0/g/DCMD/n1/pump", "spBv1.0/g/NCMD/n2", "spBv1.0/h/NCMD/n1"):
        assert ours.say(topic, b"rebirth")
    assert set(node.topics()) == {"spBv1.0/g/NCMD/n1", "spBv1.0/g/DCMD/n1/pump"}
    node.go()


def test_everything_that_a_node_publishes_arrives(site: WireSite, ours: Stranger) -> None:
    node = site.publisher("demo.edge1")
    topics = [f"spBv1.0/g/{kind}/n1" + ("/pump" if kind.startswith("D") else "") for kind in PUBLISHED]
    assert all(node.say(topic) for topic in topics)
    assert ours.topics() == topics
    node.go()


@pytest.mark.parametrize("who", ["demo.edge1", "demo.wide"])
@pytest.mark.parametrize(
    "topic", ["spBv1.0/g/NCMD/n1", "spBv1.0/g/NCMD/n2", "spBv1.0/g/DCMD/n2/pump", "spBv1.0/STATE/host"]
)
def test_no_publisher_commands_a_node(site: WireSite, ours: Stranger, who: str, topic: str) -> None:
    """Not even one whose filter covers the commands."""
    node = site.publisher("demo.edge2").listen("spBv1.0/g/NCMD/n2", "spBv1.0/g/DCMD/n2/pump")
    forger = site.publisher(who)
    forger.say(topic, b"forged")
    assert node.topics() == []
    assert ours.topics() == []
    for caller in (node, forger):
        caller.go()


@pytest.mark.parametrize(
    "topic",
    [
        "spBv1.0/+/NCMD/#", "spBv1.0/g/NCMD/n1", "spBv1.0/g/DCMD/n1/+", "spBv1.0/STATE/host", "spBv1.0/+/STATE/#",
        "spBv1.0", "spBv1.0/g", "spBv1.0/g/+", "spBv1.0/+", "spBv1.0/g/NDATA",
    ],
)  # fmt: skip
def test_a_credential_for_commands_is_refused(topic: str) -> None:
    with pytest.raises(BadData, match="no node publishes there"):
        new_device("demo", "press", now(), "test", topics=[topic])


@pytest.mark.parametrize("topic", ["spBv1.0/#", "spBv1.0/+/#", "spBv1.0/g/#", "spBv1.0/g/+/#", "spBv1.0/+/+/+/+", NODE])
def test_a_wildcard_for_the_type_is_only_what_nodes_publish(topic: str) -> None:
    assert [filter_.split("/")[2] for filter_ in reach_of(topic).write] == list(PUBLISHED)
    assert [filter_.split("/")[2] for filter_ in reach_of(topic).read] == ["NCMD", "DCMD"]


def test_one_type_is_that_type_and_its_nodes_commands() -> None:
    reach = reach_of("spBv1.0/g/NDATA/n1")
    assert list(reach.write) == ["spBv1.0/g/NDATA/n1"]
    assert list(reach.read) == ["spBv1.0/g/NCMD/n1", "spBv1.0/g/DCMD/n1"]


@pytest.mark.parametrize("topic", ["zigbee2mqtt/door/set", "zigbee2mqtt/bridge/request/restart"])
def test_what_a_bridge_says_on_its_command_topics_reaches_no_device(site: WireSite, topic: str) -> None:
    """No credential that Plantroom makes reads there, and Plantroom itself never writes there."""
    devices = [site.publisher(name).listen(topic, "#") for name in ("demo.zigbee", "demo.plug", "demo.edge1")]
    assert devices[0].say(topic, b"{}")
    assert [device.topics() for device in devices] == [[], [], []]
    for device in devices:
        device.go()


def test_a_tasmota_that_clears_its_own_command_when_it_connects_stays_connected(site: WireSite) -> None:
    """It publishes an empty ``cmnd/<topic>/POWER`` at every connect (without ``SetOption90 1``)."""
    plug = site.publisher("demo.plug").listen("cmnd/boiler/#")
    assert plug.say("cmnd/boiler/POWER", b"")
    assert plug.say("tele/boiler/SENSOR")
    assert not plug.lost
    assert plug.topics() == []
    plug.go()
