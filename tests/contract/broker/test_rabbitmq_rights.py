"""The rights that docs/scaling.md sets up on a RabbitMQ: its own commands on three nodes, and every way out tried."""

import re
import shlex
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from gateway.broker.keeping import require_keeping
from plantroom.cli.bench_rabbitmq import LOOPBACK, RabbitCluster
from plantroom.settings import parse_broker_url
from tests.product import eventually

DOCUMENT = Path(__file__).parents[3] / "docs" / "scaling.md"
SITE, PASSWORD = "fenced", "very-secret"
PUBLISHER, OURS = f"{SITE}.P-1", f"plantroom-{SITE}"
ANONYMOUS = "application:set_env(rabbitmq_mqtt, allow_anonymous, {})."
"""What ``mqtt.allow_anonymous`` in the first node's configuration would do."""

OWN = f"plantroom/{SITE}/P-1/telemetry"


def commands() -> list[list[str]]:
    """What the document tells to run, for a site of this test's own."""
    text = DOCUMENT.read_text(encoding="utf-8").replace("demo", SITE).replace('"$PASSWORD"', PASSWORD)
    found = [shlex.split(line)[1:] for line in re.findall(r"^rabbitmqctl .*$", text, re.MULTILINE)]
    assert len(found) >= 8
    return found


@pytest.fixture(scope="module")
def fenced(rabbit_cluster: RabbitCluster, request: pytest.FixtureRequest) -> Iterator[RabbitCluster]:
    request.config.hook.pytest_timeout_cancel_timer(item=request._pyfuncitem)
    node = rabbit_cluster.nodes[0]
    for words in commands():
        node.control(*words)
    node.control("eval", ANONYMOUS.format("false"))
    yield rabbit_cluster
    node.control("eval", ANONYMOUS.format("true"))


@dataclass(slots=True)
class Client:
    """A client and what it heard."""

    mqtt: mqtt.Client
    session_present: bool | None = None
    refused: bool = False
    lost: int = 0
    granted: bool = False
    acknowledged: int = 0
    came: list[tuple[str, bytes]] = field(default_factory=list)

    def leave(self) -> None:
        self.mqtt.disconnect()
        self.mqtt.loop_stop()


def connect(cluster: RabbitCluster, client_id: str, user: str | None = PUBLISHER, *, clean: bool = True) -> Client:
    """Connect and wait for the answer, whatever it is."""
    made = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=clean, reconnect_on_failure=user == "plantroom"
    )
    if user is not None:
        made.username_pw_set(user, PASSWORD)
    one = Client(made)

    def on_connect(_c: object, _d: object, flags: mqtt.ConnectFlags, reason: object, _p: object) -> None:
        one.refused, one.session_present = str(reason) != "Success", flags.session_present

    def on_disconnect(*_: object) -> None:
        one.lost += 1

    def on_subscribe(_c: object, _d: object, _m: int, codes: list[mqtt.ReasonCode], _p: object) -> None:
        one.granted = codes[0].value < 0x80

    def on_publish(*_: object) -> None:
        one.acknowledged += 1

    def on_message(_c: object, _d: object, message: mqtt.MQTTMessage) -> None:
        one.came.append((message.topic, message.payload))

    made.on_connect, made.on_disconnect, made.on_subscribe = on_connect, on_disconnect, on_subscribe
    made.on_publish, made.on_message = on_publish, on_message
    made.connect(LOOPBACK, cluster.nodes[0].mqtt)
    made.loop_start()
    assert eventually(lambda: one.session_present is not None or one.lost, 20)
    return one


@pytest.fixture
def site(fenced: RabbitCluster) -> Iterator[Client]:
    """The collector's session."""
    one = connect(fenced, OURS, "plantroom", clean=False)
    one.mqtt.subscribe(f"plantroom/{SITE}/#", 1)
    assert eventually(lambda: one.granted, 20)
    yield one
    one.leave()
    connect(fenced, OURS, "plantroom").leave()


def send(cluster: RabbitCluster, payload: bytes) -> None:
    one = connect(cluster, PUBLISHER)
    one.mqtt.publish(OWN, payload, 1)
    assert eventually(lambda: one.acknowledged == 1, 20)
    one.leave()


def test_a_publisher_says_what_is_its_own_and_hears_what_is_asked_of_it(fenced: RabbitCluster, site: Client) -> None:
    one = connect(fenced, PUBLISHER, clean=False)
    one.mqtt.subscribe(f"plantroom/{SITE}/P-1/replay", 1)
    assert eventually(lambda: one.granted, 20)
    site.mqtt.publish(f"plantroom/{SITE}/P-1/replay", b"{}", 1)
    assert eventually(lambda: one.came == [(f"plantroom/{SITE}/P-1/replay", b"{}")], 20)
    one.leave()
    send(fenced, b"1")
    assert eventually(lambda: (OWN, b"1") in site.came, 20)


@pytest.mark.parametrize(
    "topic",
    [
        f"plantroom/{SITE}/P-2/telemetry",
        f"plantroom/{SITE}/P-1/replay",
        f"plantroom/{SITE}/P-1/x/telemetry",
        "plantroom/north/P-1/event",
        "plantroom/$check/x/n",
        "zigbee2mqtt/pump",
    ],
)
def test_it_writes_nothing_else(fenced: RabbitCluster, site: Client, topic: str) -> None:
    one = connect(fenced, PUBLISHER)
    one.mqtt.publish(topic, b"broken out", 1)
    assert eventually(lambda: one.lost, 20)
    assert one.acknowledged == 0
    assert (topic, b"broken out") not in site.came
    one.leave()


@pytest.mark.parametrize("topic", ["#", f"plantroom/{SITE}/#", f"plantroom/{SITE}/P-2/replay", OWN])
def test_it_reads_nothing_else(fenced: RabbitCluster, topic: str) -> None:
    one = connect(fenced, PUBLISHER)
    one.mqtt.subscribe(topic, 1)
    assert eventually(lambda: one.lost, 20)
    assert not one.granted
    one.leave()


def test_a_wrong_password_or_none_is_no_way_in(fenced: RabbitCluster) -> None:
    for user in (None, "nobody"):
        one = connect(fenced, "stranger", user)
        assert one.refused
        one.leave()


@pytest.mark.parametrize("clean", [True, False])
def test_whoever_takes_our_client_id_gets_nothing_and_deletes_nothing(
    fenced: RabbitCluster, site: Client, *, clean: bool
) -> None:
    site.leave()
    for payload in (b"1", b"2", b"3"):
        send(fenced, payload)
    thief = connect(fenced, OURS, clean=clean)
    thief.mqtt.subscribe(f"plantroom/{SITE}/#", 1)
    assert eventually(lambda: thief.refused or thief.lost, 20)
    time.sleep(0.5)
    assert thief.came == []
    thief.leave()
    back = connect(fenced, OURS, "plantroom", clean=False)
    assert back.session_present
    assert eventually(lambda: [payload for _, payload in back.came] == [b"1", b"2", b"3"], 20), back.came
    back.leave()


def test_it_interrupts_a_session_that_is_there_which_comes_back(fenced: RabbitCluster, site: Client) -> None:
    thief = connect(fenced, OURS)
    assert eventually(lambda: thief.refused or thief.lost, 20)
    thief.leave()
    send(fenced, b"meanwhile")
    assert eventually(lambda: (OWN, b"meanwhile") in site.came, 20)


def test_the_check_is_content_with_these_rights(fenced: RabbitCluster) -> None:
    url = fenced.url.replace("mqtt://", f"mqtt://plantroom:{PASSWORD}@")
    admin = fenced.nodes[1].admin_url.replace("guest:guest", f"monitor:{PASSWORD}")
    assert "quorum queues on 3 nodes" in require_keeping(parse_broker_url(url), admin)
