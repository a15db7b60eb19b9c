"""A running plant seen from outside: questions to its API, messages to its broker, replays from its command line."""

import itertools
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.e2e.recordings import FAULT_ROW, LEARN_ROWS, Recorded
from tests.product import Api, Process, eventually

ALL_TIME = {"from": "2020-01-01T00:00:00Z", "to": "2035-01-01T00:00:00Z"}
SETTLE_S = 1.0
"""What is not there by then after the last reading is stored does not come."""


def now_text() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant_ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


class Publisher:
    """An MQTT publisher of QoS 1 that knows what the broker has acknowledged."""

    def __init__(self, host: str, port: int, username: str | None = None, password: str | None = None) -> None:
        self.refusal: str | None = None
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        if username:
            self._client.username_pw_set(username, password)
        self._client.on_connect = self._on_connect
        self._client.connect(host, port)
        self._client.loop_start()
        assert eventually(lambda: self.refusal is not None, 10), "the broker does not answer"

    def _on_connect(self, _c: object, _d: object, _f: object, reason: Any, _p: object) -> None:
        self.refusal = str(reason) if reason.is_failure else ""

    def send(self, topic: str, payload: bytes | Mapping[str, Any] | list[Any]) -> mqtt.MQTTMessageInfo:
        """Hand a message over; ``is_published`` of what comes back is the broker's acknowledgement."""
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self._client.publish(topic, raw, qos=1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Plant:
    """Questions to a running plant: ``process`` serves the API, ``broker`` is where its publishers go."""

    def __init__(self, process: Process, broker: Mapping[str, Any] | None = None) -> None:
        self.process = process
        self._broker = broker
        self._token = process.api()._token
        self._numbers = itertools.count(1)

    @property
    def api(self) -> Api:
        """The API where it is now: a restart moves it to another port."""
        return Api(self.process.url, self._token)

    @contextmanager
    def publisher(self) -> Iterator[Publisher]:
        runtime = self.process.runtime
        client = Publisher(**(self._broker or {"host": runtime["mqtt_host"], "port": runtime["mqtt_port"]}))
        assert client.refusal == ""
        try:
            yield client
        finally:
            client.close()

    def new_code(self, begin: str) -> str:
        """A code that no other test on this plant was given."""
        return f"{begin}-{next(self._numbers)}"

    def add_asset(self, code: str, equipment_class: str, site: str = "demo") -> dict[str, Any]:
        body = {"site": site, "code": code, "class": equipment_class, "name": {"zh": f"设备 {code}", "en": code}}
        return self.api.post("/api/v1/assets", body)

    def asset(self, code: str) -> dict[str, Any]:
        found = self.api.items("/api/v1/assets", code=code)
        assert len(found) == 1, found
        return found[0]

    def readings(self, key: str, points: str | None = None) -> dict[str, list[list[float]]]:
        """point -> [[ts_ms, value, quality], ...] over all time; points without readings are left out"""
        found: dict[str, list[list[float]]] = {}
        cursor = None
        while True:
            page = self.api.get("/api/v1/readings", asset=key, points=points, agg="raw", cursor=cursor, **ALL_TIME)
            for series in page["series"]:
                found.setdefault(series["point"], []).extend(series["rows"])
            cursor = page["next_cursor"]
            if not cursor:
                return {point: rows for point, rows in found.items() if rows}

    def tickets(self, key: str, origin: str) -> list[dict[str, Any]]:
        found = self.api.items("/api/v1/work-orders", kind="corrective", asset=key)
        return [ticket for ticket in found if ticket["origin"] == origin]

    def letters(self) -> list[dict[str, Any]]:
        return self.api.items("/api/v1/dead-letters")

    def stats(self) -> dict[str, Any]:
        return self.api.get("/api/v1/ingest/stats")

    def replay(self, recorded: Recorded, asset: str, *options: str, speed: str = "max") -> dict[str, Any]:
        return self.process.json(*replay_command(recorded, asset, speed), *options)

    def see_every_value(self, recorded: Recorded, asset: str, report: Mapping[str, Any]) -> None:
        """Every row was published, acknowledged and stored, and each value comes back at its shifted instant."""
        rows = len(recorded)
        assert (report["published"], report["acked"], report["stored"]) == (rows, rows, rows)
        shifted = [ts + report["shift_s"] * 1000 for ts in recorded.ts_ms]
        assert (instant_ms(report["first_ts"]), instant_ms(report["last_ts"])) == (shifted[0], shifted[-1])
        found = self.readings(self.asset(asset)["key"])
        assert found.keys() == recorded.columns.keys()
        for point, values in recorded.columns.items():
            assert [(ts, value) for ts, value, _ in found[point]] == list(zip(shifted, values, strict=True)), point

    def see_one_ticket(self, recorded: Recorded, asset: str, report: Mapping[str, Any]) -> int:
        """Exactly one ticket of the model, opened while the bearing wore; the row at which its episode opened."""
        key = self.asset(asset)["key"]
        assert eventually(lambda: self.tickets(key, "model"), 90), "no ticket came"
        time.sleep(SETTLE_S)
        tickets = self.tickets(key, "model")
        assert len(tickets) == 1, tickets
        episodes = [e for e in self.api.items("/api/v1/episodes", asset=key) if e["work_order"] == tickets[0]["id"]]
        assert len(episodes) == 1
        points = {point["key"] for point in self.api.items(f"/api/v1/assets/{key}/points")}
        assert episodes[0]["evidence"]
        assert {item["point"] for item in episodes[0]["evidence"]} <= points
        opened = instant_ms(episodes[0]["opened_observed_at"]) - report["shift_s"] * 1000
        row = recorded.ts_ms.index(opened)
        assert FAULT_ROW < row < len(recorded)
        return row

    def see_no_ticket(self, asset: str) -> None:
        """The model judges the asset as good and no work came of it."""
        key = self.asset(asset)["key"]
        assert eventually(lambda: self.asset(asset)["health"] == "good", 90), "the model has not judged it"
        time.sleep(SETTLE_S)
        assert self.api.items("/api/v1/work-orders", kind="corrective", asset=key) == []


def limits(api: Api, key: str, **fields: Any) -> Any:
    """Set the limits of a machine's vibration, without the delays that real ones have."""
    path = f"/api/v1/assets/{key}/points/vibration/limits"
    _, _, headers = api.request("GET", path)
    body = {"reason": "test", "alarm_delay_s": 0, "off_delay_s": 0, "warning_high": None} | fields
    status, answer, _ = api.request("PATCH", path, body, {"If-Match": headers["ETag"]})
    assert status == 200, answer
    return answer


def replay_command(recorded: Recorded, asset: str, speed: str) -> list[str]:
    return [
        "simulate", "replay", str(recorded.file), "--site", "demo", "--asset", asset, "--class", "pump",
        "--learn-rows", str(LEARN_ROWS), "--speed", speed, "--wait-stored",
    ]  # fmt: skip
