"""`plantroom check` finds out whether a broker keeps what it acknowledges: tried on real brokers, good ones and bad."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from gateway.broker import free_port
from gateway.broker.embedded import EmbeddedBroker
from gateway.broker.keeping import require_keeping
from gateway.broker.rabbitmq import LosesMessages, require_quorum
from gateway.strays import StrayGateway
from plantroom.cli.bench_rabbitmq import RabbitCluster
from plantroom.errors import Unreachable
from plantroom.settings import BrokerAddress, parse_broker_url
from tests.contract.gateway.test_session import publish
from tests.product import eventually, run_cli
from tests.servers.mosquitto import Mosquitto
from tests.servers.rabbitmq import rabbitmq


def at(port: int) -> BrokerAddress:
    return BrokerAddress(host="127.0.0.1", port=port)


@pytest.fixture(scope="module")
def classic_rabbit(request: pytest.FixtureRequest) -> Iterator[RabbitCluster]:
    """RabbitMQ as it comes: one node, classic queues."""
    request.config.hook.pytest_timeout_cancel_timer(item=request._pyfuncitem)
    with rabbitmq("classic", nodes=1) as cluster:
        yield cluster


KEPT = "kept 1200 messages for a client that was away"


def test_a_mosquitto_without_a_limit_that_saves_often_is_well() -> None:
    with Mosquitto(extra=("autosave_interval 5",)) as server:
        assert require_keeping(at(server.port), None) == KEPT


def test_a_mosquitto_that_saves_seldom_is_told_so(mosquitto: Mosquitto) -> None:
    words = require_keeping(at(mosquitto.port), None)
    assert words.startswith(f"{KEPT}; it saves only every 1800 s")
    assert str(mosquitto.folder / "mosquitto.conf") in words


def test_a_limit_beyond_what_is_tried_is_read_in_the_configuration() -> None:
    with Mosquitto(extra=("max_queued_messages 2000",)) as server, pytest.raises(LosesMessages, match="at most 2000"):
        require_keeping(at(server.port), None)


def test_a_mosquitto_that_never_saves_is_refused() -> None:
    with Mosquitto(persistent=False) as server, pytest.raises(LosesMessages, match="forgets all sessions"):
        require_keeping(at(server.port), None)


def test_what_cannot_be_seen_is_said(monkeypatch: pytest.MonkeyPatch, mosquitto: Mosquitto) -> None:
    monkeypatch.setattr("gateway.broker.keeping.require_saving", lambda _broker: None)
    assert "cannot be seen" in require_keeping(at(mosquitto.port), None)


def test_a_mosquitto_as_it_comes_is_refused_with_the_line_to_write() -> None:
    with Mosquitto(extra=("max_queued_messages 1000",)) as server, pytest.raises(LosesMessages) as refusal:
        require_keeping(at(server.port), None)
    assert "kept 1000 of them" in str(refusal.value)
    assert "max_queued_messages 0" in refusal.value.advice


def test_a_mosquitto_that_drops_the_last_message_alone_is_refused_too() -> None:
    with Mosquitto(extra=("max_queued_messages 1200",)) as server, pytest.raises(LosesMessages, match="kept 1200 of"):
        require_keeping(at(server.port), None)


def test_a_broker_that_grants_qos_0_only_is_refused() -> None:
    with Mosquitto(extra=("max_qos 0",)) as server, pytest.raises(LosesMessages, match="QoS 0"):
        require_keeping(at(server.port), None)


def test_rules_that_shut_us_out_are_named(tmp_path: Path) -> None:
    rules = tmp_path / "acl"
    rules.write_text("topic readwrite elsewhere/#\n")
    with Mosquitto(extra=(f"acl_file {rules}",)) as server, pytest.raises(Unreachable, match=r"may .* write plantroom"):
        require_keeping(at(server.port), None)


def test_a_broker_that_forgets_sessions_is_refused() -> None:
    broker = EmbeddedBroker(free_port())
    broker.start()
    try:
        with pytest.raises(LosesMessages, match=r"forgets|kept 0"):
            require_keeping(at(broker.port), None)
    finally:
        broker.stop()


def test_nothing_is_left_at_the_broker(own_mosquitto: Mosquitto) -> None:
    require_keeping(at(own_mosquitto.port), None)
    publish(own_mosquitto.port, "after/it", [b"x"])  # the broker forgets a session in the next turn of its loop
    own_mosquitto.stop()
    assert b"plantroom-check" not in (own_mosquitto.folder / "mosquitto.db").read_bytes()


def test_a_live_site_hears_nothing_of_it(mosquitto: Mosquitto) -> None:
    heard: list[str] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _data, message: heard.append(message.topic)
    client.connect("127.0.0.1", mosquitto.port)
    for topic in ("plantroom/check/#", "plantroom/+/+/event", "plantroom/+/+/status", "plantroom/+/+/telemetry"):
        client.subscribe(topic, 1)
    client.loop_start()
    require_keeping(at(mosquitto.port), None)
    client.disconnect()
    client.loop_stop()
    assert heard == []


def test_nobody_there_is_said_plainly() -> None:
    with pytest.raises(Unreachable, match="refused"):
        require_keeping(at(free_port()), None)


def test_rabbitmq_with_quorum_queues_on_three_nodes_passes(rabbit_cluster: RabbitCluster) -> None:
    words = require_keeping(parse_broker_url(rabbit_cluster.url), rabbit_cluster.nodes[1].admin_url)
    assert "quorum queues on 3 nodes" in words


def test_the_queue_for_the_telemetry_of_unknown_sites_is_none_to_rely_on(
    rabbit_cluster: RabbitCluster, tmp_path: Path
) -> None:
    admin, address = rabbit_cluster.nodes[1].admin_url, parse_broker_url(rabbit_cluster.url)
    gateway = StrayGateway(address, tmp_path)
    gateway.start()
    gateway.follow({})
    try:
        assert eventually(lambda: "plantroom_straysqos0" in httpx.get(f"{admin}/api/queues").text, 20)
        assert "quorum queues on 3 nodes" in require_keeping(address, admin)
    finally:
        gateway.stop()


def test_a_rabbitmq_that_cannot_be_asked_is_refused_until_somebody_vouches(rabbit_cluster: RabbitCluster) -> None:
    address = parse_broker_url(rabbit_cluster.url)
    with pytest.raises(LosesMessages) as refusal:
        require_keeping(address, None)
    assert "PLANTROOM_BROKER_ADMIN_URL" in refusal.value.advice
    assert "not looked up" in require_keeping(address, "quorum")


def test_the_management_of_another_broker_or_a_wrong_password_is_noticed(
    rabbit_cluster: RabbitCluster, classic_rabbit: RabbitCluster
) -> None:
    address = parse_broker_url(rabbit_cluster.url)
    with pytest.raises(LosesMessages, match="does not belong"):
        require_keeping(address, classic_rabbit.nodes[0].admin_url)
    wrong = rabbit_cluster.nodes[0].admin_url.replace("guest:guest", "guest:wrong")
    with pytest.raises(Unreachable, match="password"):
        require_keeping(address, wrong)
    with pytest.raises(Unreachable, match="PLANTROOM_BROKER_ADMIN_URL"):
        require_keeping(address, f"http://127.0.0.1:{free_port()}")


def test_the_password_of_the_management_does_not_follow_to_another_server() -> None:
    asked: list[tuple[int, str | None]] = []

    class Management(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.server.server_port, self.headers.get("Authorization")))  # type: ignore[attr-defined]
            there = self.server is elsewhere
            self.send_response(404 if there else 302)
            if not there:
                self.send_header("Location", f"http://127.0.0.1:{elsewhere.server_port}/")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with (
        ThreadingHTTPServer(("127.0.0.1", 0), Management) as here,
        ThreadingHTTPServer(("127.0.0.1", 0), Management) as elsewhere,
    ):
        for server in (here, elsewhere):
            Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(Unreachable, match="404"):
            require_quorum(f"http://user:secret@127.0.0.1:{here.server_port}", "plantroom-check")
        for server in (here, elsewhere):
            server.shutdown()
    assert [port for port, _ in asked] == [here.server_port, elsewhere.server_port]
    assert asked[0][1] is not None
    assert asked[1][1] is None


def test_rabbitmq_with_classic_queues_is_refused_by_the_command(classic_rabbit: RabbitCluster, tmp_path: Path) -> None:
    settings = {
        "PLANTROOM_BROKER_URL": classic_rabbit.url,
        "PLANTROOM_BROKER_ADMIN_URL": classic_rabbit.nodes[0].admin_url,
        "PLANTROOM_DATA_DIR": str(tmp_path / "data"),
    }
    done = run_cli("check", settings=settings)
    assert done.returncode == 3
    assert "is classic: it lives on one node" in done.stdout
    assert "mqtt.durable_queue_type = quorum" in done.stdout
    left = httpx.get(f"{classic_rabbit.nodes[0].admin_url}/api/queues").json()
    assert not [queue for queue in left if "plantroom-check" in queue["name"]]
