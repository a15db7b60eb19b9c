"""The live simulator and the replay against a real Mosquitto."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from plantroom.errors import Unreachable
from simulators.live import LiveSimulator
from simulators.recording import Recording
from simulators.replay import ReplayPublisher
from simulators.scenario import parse_scenario
from tests.contract.publisher.wire import Wire
from tests.servers.mosquitto import Mosquitto
from tests.servers.process import free_port

SCENARIO = """
site = "SITE"
seed = 1
[[assets]]
code = "P-1"
class = "pump"
zh = "泵"
en = "Pump"
events = [{ at_s = 1, event = "pump_tripped", severity = "major", data = { code = 3 } }]
[[assets]]
code = "E-1"
class = "elevator"
zh = "梯"
en = "Lift"
"""


class Listener:
    """Everything that arrives under a site."""

    def __init__(self, port: int, site: str) -> None:
        self.messages: list[tuple[str, bytes, bool]] = []
        self._ready = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda _c, _d, m: self.messages.append((m.topic, bytes(m.payload), m.retain))
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(f"plantroom/{site}/#", qos=1)
        self._client.loop_start()
        assert self._ready.wait(5)

    def of(self, channel: str) -> list[dict[str, Any]]:
        return [json.loads(payload) for topic, payload, _ in self.messages if topic.endswith(channel)]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def wait_for(condition: Callable[[], object], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def listen(mosquitto: Mosquitto) -> Iterator[Callable[[str], Listener]]:
    opened: list[Listener] = []

    def make(site: str) -> Listener:
        opened.append(Listener(mosquitto.port, site))
        return opened[-1]

    yield make
    for listener in opened:
        listener.close()


def recording(rows: int) -> Recording:
    values = np.column_stack((np.arange(rows) / 3, np.full(rows, 0.1)))
    return Recording(("A", "B"), ("a", "b"), 1_767_225_600_000 + 1000 * np.arange(rows), values)


def test_a_live_building_says_online_sends_values_and_events_and_says_offline(
    mosquitto: Mosquitto, listen: Callable[[str], Listener]
) -> None:
    heard = listen("live")
    simulator = LiveSimulator(parse_scenario(SCENARIO.replace("SITE", "live"), "s"), "127.0.0.1", mosquitto.port)
    simulator.start()
    wait_for(lambda: len(heard.of("P-1/telemetry")) >= 3 and heard.of("E-1/telemetry") and heard.of("P-1/event"))
    now_ms = time.time() * 1000
    simulator.stop()
    wait_for(lambda: sum(payload == b"offline" for _, payload, _ in heard.messages) == 2)
    pump = heard.of("P-1/telemetry")
    assert [m["seq"] for m in pump] == list(range(len(pump)))
    assert len({m["boot"] for m in pump}) == 1
    assert "vibration" in pump[0]["values"]
    assert "door_time" in heard.of("E-1/telemetry")[0]["values"]
    stamp = time.mktime(time.strptime(pump[-1]["ts"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
    assert -10_000 < stamp * 1000 - now_ms <= 1000
    (event,) = heard.of("P-1/event")
    assert (event["event"], event["severity"], event["data"]) == ("pump_tripped", "major", {"code": 3})
    assert ("plantroom/live/P-1/status", b"online", False) in heard.messages
    assert simulator.failures == 0
    assert simulator.counts.dropped == 0
    assert simulator.counts.acked >= simulator.counts.published > 0
    late = listen("live")
    wait_for(lambda: ("plantroom/live/P-1/status", b"offline", True) in late.messages)


def test_the_simulator_waits_for_a_broker_that_comes_later(own_mosquitto: Mosquitto) -> None:
    own_mosquitto.stop()
    simulator = LiveSimulator(parse_scenario(SCENARIO.replace("SITE", "later"), "s"), "127.0.0.1", own_mosquitto.port)
    simulator.start()
    time.sleep(1.2)
    assert simulator.counts.acked == 0
    own_mosquitto.start()
    wait_for(lambda: simulator.counts.acked > 3)
    simulator.stop()
    assert simulator.failures == 0


def test_stopping_without_a_broker_is_quick() -> None:
    simulator = LiveSimulator(parse_scenario(SCENARIO.replace("SITE", "none"), "s"), "127.0.0.1", free_port())
    simulator.start()
    time.sleep(0.3)
    begun = time.monotonic()
    simulator.stop()
    assert time.monotonic() - begun < 5
    simulator.stop()


def test_a_replay_at_full_speed_arrives_whole_and_unchanged(
    mosquitto: Mosquitto, listen: Callable[[str], Listener]
) -> None:
    heard = listen("replayed")
    run = recording(1500)
    told: list[tuple[int, int]] = []
    publisher = ReplayPublisher("127.0.0.1", mosquitto.port)
    counts = publisher.run(run, "plantroom/replayed/P-9/telemetry", on_progress=lambda p, a: told.append((p, a)))
    assert counts == (1500, 1500)
    assert told[-1] == (1500, 1500)
    wait_for(lambda: len(heard.messages) == 1500)
    got = heard.of("telemetry")
    assert [m["values"]["a"] for m in got] == run.values[:, 0].tolist()
    assert [m["seq"] for m in got] == list(range(1500))
    assert {m["boot"] for m in got} == {publisher.boot}
    assert got[1]["ts"] == "2026-01-01T00:00:01.000Z"


def test_empty_cells_are_left_out_and_empty_rows_not_sent(
    mosquitto: Mosquitto, listen: Callable[[str], Listener]
) -> None:
    heard = listen("holes")
    run = recording(3)
    run.values[0, 0] = np.nan
    run.values[1] = np.nan
    assert ReplayPublisher("127.0.0.1", mosquitto.port).run(run, "plantroom/holes/P-9/telemetry") == (2, 2)
    wait_for(lambda: len(heard.messages) == 2)
    assert [m["values"] for m in heard.of("telemetry")] == [{"b": 0.1}, {"a": 2 / 3, "b": 0.1}]


def test_a_replay_keeps_the_pace_it_was_given(mosquitto: Mosquitto) -> None:
    begun = time.monotonic()
    ReplayPublisher("127.0.0.1", mosquitto.port).run(recording(31), "plantroom/paced/P-9/telemetry", speed=60)
    assert 0.5 <= time.monotonic() - begun < 15, "not at the pace at which it was recorded"


def test_a_row_that_the_broker_does_not_take_is_not_counted_as_acknowledged(
    mosquitto: Mosquitto, listen: Callable[[str], Listener]
) -> None:
    heard, wire = listen("row"), Wire(mosquitto.port, lambda data: b"00:00:03.000Z" in data)
    publisher = ReplayPublisher("127.0.0.1", wire.port, window=1)
    assert publisher.run(recording(10), "plantroom/row/P-9/telemetry") == (10, 9)
    assert "1 of 10 rows were not taken" in str(publisher.refused)
    wait_for(lambda: {m["seq"] for m in heard.of("telemetry")} == set(range(10)) - {3})
    wire.close()


@pytest.mark.parametrize(("row", "rows"), [(9, 10), (0, 1)], ids=["the last of many", "the only one"])
def test_so_it_is_with_the_last_row_behind_which_nothing_follows(
    mosquitto: Mosquitto, listen: Callable[[str], Listener], row: int, rows: int
) -> None:
    site = f"last{rows}"
    heard, wire = listen(site), Wire(mosquitto.port, lambda data: f"00:00:0{row}.000Z".encode() in data)
    publisher = ReplayPublisher("127.0.0.1", wire.port)
    assert publisher.run(recording(rows), f"plantroom/{site}/P-9/telemetry") == (rows, rows - 1)
    assert f"1 of {rows} rows were not taken: connections ended" in str(publisher.refused)
    wait_for(lambda: {m["seq"] for m in heard.of("telemetry")} == set(range(rows)) - {row})
    wire.close()


def test_a_replay_without_a_broker_says_so() -> None:
    with pytest.raises(Unreachable, match="MQTT broker"):
        ReplayPublisher("127.0.0.1", free_port()).run(recording(2), "plantroom/x/y/telemetry")


@pytest.mark.parametrize("speed", [0.0, -1.0])
def test_a_speed_of_nothing_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        ReplayPublisher("127.0.0.1", 1).run(recording(2), "t", speed=speed)
