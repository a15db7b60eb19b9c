"""Devices that speak their own dialect: what they publish arrives as readings of the mapped points, in their units."""

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt import publish
from paho.mqtt.enums import CallbackAPIVersion

from ingest.dialects.sparkplug_b.wire import Payload
from tests.e2e.plant import Plant
from tests.product import eventually

FLOAT, BOOLEAN, UINT64 = 9, 11, 8


@pytest.fixture
def pump(plant: Plant) -> dict[str, Any]:
    return plant.add_asset(plant.new_code("F"), "pump")


def add_source(plant: Plant, **given: Any) -> dict[str, Any]:
    """A source over the API; comes back once the collector may be expected to hear its topics."""
    made: dict[str, Any] = plant.api.post("/api/v1/sources", {"site": "demo", "name": "devices"} | given)
    time.sleep(2)
    return made


def value_of(plant: Plant, key: str, point: str) -> list[float]:
    rows = eventually(lambda: plant.readings(key, point).get(point), 5)
    assert rows, f"nothing of {point} arrived: {plant.letters()[:3]}"
    return list(rows[-1])


def test_a_zigbee_sensor(plant: Plant, pump: dict[str, Any]) -> None:
    fields = [
        {"field": "temperature", "point": "bearing_temp", "unit": "[degF]"},
        {"field": "state", "point": "running"},
    ]
    add_source(plant, topic_filter="zigbee2mqtt/pump room/#", dialect="zigbee2mqtt", asset=pump["code"], fields=fields)
    seen = time.time_ns() // 1_000_000 - 1500
    state = {
        "temperature": 122,
        "state": "ON",
        "battery": None,
        "linkquality": 90,
        "last_seen": seen,
        "color": {"x": 1},
    }

    with plant.publisher() as device:
        device.send("zigbee2mqtt/pump room", state)
        assert value_of(plant, pump["key"], "bearing_temp") == [seen, pytest.approx(50), 0]
        assert value_of(plant, pump["key"], "running") == [seen, 1, 0]
        device.send("zigbee2mqtt/pump room/availability", b'{"state":"offline"}')
        assert eventually(lambda: plant.asset(pump["code"])["presence"] == "offline", 5)


def test_what_the_broker_kept_of_a_dead_device_brings_it_not_back(plant: Plant, pump: dict[str, Any]) -> None:
    broker = {name: plant.process.runtime[f"mqtt_{name}"] for name in ("host", "port")}
    room = f"old/{pump['code']}"
    publish.single(room, b'{"state": "ON"}', qos=1, retain=True, hostname=broker["host"], port=broker["port"])
    fields = [{"field": "state", "point": "running"}]
    before = plant.api.get("/api/v1/ingest/stats")["retained"]
    add_source(plant, topic_filter=f"{room}/#", dialect="zigbee2mqtt", asset=pump["code"], fields=fields)

    assert eventually(lambda: plant.api.get("/api/v1/ingest/stats")["retained"] > before, 10)
    assert plant.asset(pump["code"])["presence"] == "unknown"
    assert plant.readings(pump["key"], "running") == {}
    publish.single(room, b'{"state": "ON"}', qos=1, retain=True, hostname=broker["host"], port=broker["port"])
    assert value_of(plant, pump["key"], "running")[1] == 1
    assert eventually(lambda: plant.asset(pump["code"])["presence"] == "online", 5)


def test_a_senml_pack(plant: Plant, pump: dict[str, Any]) -> None:
    fields = [{"field": "urn:dev:7:flow", "point": "flow"}, {"field": "p", "point": "discharge_pressure"}]
    add_source(plant, topic_filter="lora/+/up", dialect="senml", asset=pump["code"], fields=fields)
    now = time.time()
    pack = [
        {"bn": "urn:dev:7:", "bt": round(now) - 30, "n": "flow", "u": "L/min", "v": 100},
        {"n": "p", "u": "kPa", "v": 410, "t": 1},
    ]

    with plant.publisher() as device:
        device.send("lora/7/up", pack)
        assert value_of(plant, pump["key"], "flow") == [1000 * (round(now) - 30), 6, 0]
        assert value_of(plant, pump["key"], "discharge_pressure") == [1000 * (round(now) - 29), 0.41, 0]


class Node:
    """A Sparkplug edge node with one device, which tells of its metrics when it is asked to."""

    def __init__(self, plant: Plant) -> None:
        self.asked: list[str] = []
        self.seq = 0
        runtime = plant.process.runtime
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._on_message
        self._client.connect(runtime["mqtt_host"], runtime["mqtt_port"])
        self._client.subscribe("spBv1.0/west/NCMD/gw1")
        self._client.loop_start()

    def _on_message(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        payload = Payload.FromString(message.payload)
        self.asked += [metric.name.decode() for metric in payload.metrics if metric.boolean_value]
        self.seq = 0
        self.send("NBIRTH/gw1", {"name": b"bdSeq", "datatype": UINT64, "long_value": 1})
        self.send(
            "DBIRTH/gw1/pump",
            {"name": b"Power", "alias": 1, "datatype": FLOAT, "float_value": 1500.0},
            {"name": b"Running", "alias": 2, "datatype": BOOLEAN, "boolean_value": True},
        )

    def send(self, topic: str, *metrics: dict[str, Any]) -> int:
        """Publish with the next sequence number; gives the payload's time."""
        payload = Payload(timestamp=time.time_ns() // 1_000_000, seq=self.seq)
        for metric in metrics:
            payload.metrics.add(**metric)
        group, _, rest = topic.partition("/")
        self._client.publish(f"spBv1.0/west/{group}/{rest}", payload.SerializeToString(), qos=1)
        self.seq = (self.seq + 1) % 256
        return int(payload.timestamp)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def node(plant: Plant) -> Iterator[Node]:
    made = Node(plant)
    yield made
    made.close()


def test_a_sparkplug_node_that_was_never_heard_is_asked_to_tell_of_itself(
    plant: Plant, pump: dict[str, Any], node: Node
) -> None:
    fields = [{"field": "pump/Power", "point": "power", "unit": "W"}, {"field": "Running", "point": "running"}]
    add_source(plant, topic_filter="spBv1.0/west/+/gw1/#", dialect="sparkplug_b", asset=pump["code"], fields=fields)

    node.seq = 77
    node.send("DDATA/gw1/pump", {"alias": 1, "float_value": 1000.0})
    assert eventually(lambda: node.asked, 10) == ["Node Control/Rebirth"]
    assert value_of(plant, pump["key"], "power")[1:] == [1.5, 0]

    ts_ms = node.send("DDATA/gw1/pump", {"alias": 1, "float_value": 2500.0}, {"alias": 2, "boolean_value": False})
    assert eventually(lambda: value_of(plant, pump["key"], "power") == [ts_ms, 2.5, 0], 5)
    assert value_of(plant, pump["key"], "running") == [ts_ms, 0, 0]
    letters = [letter for letter in plant.letters() if letter["topic"] == "spBv1.0/west/DDATA/gw1/pump"]
    assert [letter["reason"] for letter in letters] == ["unknown_metric"]

    node.send("DDEATH/gw1/pump")
    assert eventually(lambda: plant.asset(pump["code"])["presence"] == "offline", 5)


def test_a_source_from_the_command_line_is_tried_and_removed(
    plant: Plant, pump: dict[str, Any], tmp_path: Path
) -> None:
    run = plant.process.json
    made = run(
        "source", "add", "Plug", "--site", "demo", "--topics", "tele/boiler/#", "--dialect", "tasmota", "--asset",
        pump["code"], "--field", "ENERGY.Power=power@W", "--time-zone", "Asia/Shanghai",
    )  # fmt: skip
    assert made["key"] in [one["key"] for one in run("source", "list")["items"]]

    file = tmp_path / "payload"
    file.write_text(json.dumps({"ENERGY": {"Power": 750, "Voltage": 230}, "TempUnit": "C"}))
    tried = run("source", "test", "--topic", "tele/boiler/SENSOR", "--payload", str(file))
    (reading,) = tried["readings"]
    assert (reading["asset"], reading["point"], reading["value"], reading["unit"], reading["reason"]) == (
        pump["code"], "power", 0.75, "kW", "receive_time",
    )  # fmt: skip
    assert tried["rejected"] == []
    file.write_bytes(b"garbage")
    done = plant.process.cli("source", "test", "--topic", "tele/boiler/SENSOR", "--payload", str(file), "--json")
    assert done.returncode == 4
    tried = json.loads(done.stdout)
    assert [one["reason"].split(":")[0] for one in tried["rejected"]] == ["not_json"]
    assert plant.readings(pump["key"]) == {}

    run("source", "remove", made["key"])
    assert made["key"] not in [one["key"] for one in run("source", "list")["items"]]


def test_a_sparkplug_message_is_tried_behind_its_birth(plant: Plant, pump: dict[str, Any], tmp_path: Path) -> None:
    fields = [{"field": "Power", "point": "power", "unit": "W"}]
    add_source(plant, topic_filter="spBv1.0/east/+/gw/#", dialect="sparkplug_b", asset=pump["code"], fields=fields)
    birth, data = Payload(seq=0), Payload(seq=1)
    birth.metrics.add(name=b"Power", alias=1, datatype=FLOAT, float_value=1.0)
    data.metrics.add(alias=1, float_value=500.0)
    files = [tmp_path / "birth", tmp_path / "data"]
    for file, payload in zip(files, (birth, data), strict=True):
        file.write_bytes(payload.SerializeToString())

    run = plant.process.json
    done = plant.process.cli("source", "test", "--topic", "spBv1.0/east/NDATA/gw", "--payload", str(files[1]), "--json")
    assert done.returncode == 4
    alone = json.loads(done.stdout)
    assert [one["reason"] for one in alone["rejected"]] == ["unknown_metric"]
    assert base64.b64decode(alone["requests"][0]["payload_base64"])
    behind = run(
        "source", "test", "--topic", "spBv1.0/east/NBIRTH/gw", "--payload", str(files[0]),
        "--topic", "spBv1.0/east/NDATA/gw", "--payload", str(files[1]),
    )  # fmt: skip
    assert [(one["point"], one["value"]) for one in behind["readings"]] == [("power", 0.5)]
