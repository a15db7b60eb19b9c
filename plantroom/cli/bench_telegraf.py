"""The peer: Telegraf's ``mqtt_consumer`` into the same InfluxDB, in its fastest setting (README of ``benchmarks``)."""

import shutil
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import orjson

from plantroom.cli.bench_servers import BUCKET, LOOPBACK, ORG, TOKEN, BenchInflux, Server
from plantroom.cli.bench_site import POLL_S
from plantroom.cli.bench_wire import forget_session, hold_session
from plantroom.errors import Unreachable

CLIENT_ID = "bench-telegraf"
TIMEOUT_S = 300.0
CONFIGURATION = """\
[agent]
  omit_hostname = true
  metric_batch_size = 5000
  metric_buffer_limit = 100000
  flush_interval = "1s"
  quiet = true
[[inputs.mqtt_consumer]]
  servers = ["tcp://{host}:{broker}"]
  topics = ["x{filter}"]
  qos = 1
  client_id = "{client}"
  persistent_session = true
  max_undelivered_messages = 5000
  data_format = "json_v2"
  topic_tag = "topic"
  [[inputs.mqtt_consumer.json_v2]]
    measurement_name = "peer"
    timestamp_path = "ts"
    timestamp_format = "2006-01-02T15:04:05.999Z07:00"
    [[inputs.mqtt_consumer.json_v2.object]]
      path = "values"
[[outputs.influxdb_v2]]
  urls = ["{influx}"]
  token = "{token}"
  organization = "{org}"
  bucket = "{bucket}"
"""


def require_telegraf() -> None:
    """Raises ``Unreachable`` when it is not on the PATH: to be asked before anything is started for it."""
    if shutil.which("telegraf") is None:
        raise Unreachable("Telegraf", "is not on the PATH; benchmarks/README.md says how to build it")


class Telegraf(Server):
    """Telegraf on the PATH, started anew for each turn; a context manager."""

    name = "telegraf"

    def __init__(self, broker_port: int, influx: BenchInflux, topic_filter: str) -> None:
        super().__init__()
        self._broker_port, self._influx, self._filter = broker_port, influx, topic_filter

    def __enter__(self) -> "Telegraf":
        self._configuration = self.folder / "telegraf.conf"
        self._configuration.write_text(
            CONFIGURATION.format(
                host=LOOPBACK, broker=self._broker_port, filter=self._filter, client=CLIENT_ID,
                influx=self._influx.url, token=TOKEN, org=ORG, bucket=BUCKET,
            ),
            encoding="utf-8",
        )  # fmt: skip
        return self

    def drain(
        self, messages: Sequence[tuple[bytes, bytes]], publish: Callable[[Sequence[tuple[bytes, bytes]]], None]
    ) -> float:
        """Messages/s of one turn, from the first that InfluxDB has to the last. It is asked for one point at a time,
        as it is in the collector's turn; points are counted only once at either end."""
        hold_session(self._broker_port, CLIENT_ID, "x" + self._filter)
        publish(messages)
        self.start([str(shutil.which("telegraf")), "--config", str(self._configuration)], lambda: True)
        deadline = time.monotonic() + TIMEOUT_S
        self._wait(messages[0], deadline)
        already = self._count(messages)
        begun = time.monotonic()
        self._wait(messages[-1], deadline)
        seconds = time.monotonic() - begun
        if (got := self._count(messages)) != len(messages):
            raise Unreachable("Telegraf", f"has stored {got} of {len(messages)} messages, the last one among them")
        self.stop()
        forget_session(self._broker_port, CLIENT_ID)
        return (len(messages) - already) / seconds

    def _wait(self, message: tuple[bytes, bytes], deadline: float) -> None:
        topic, payload = message
        query = f"SELECT flow FROM peer WHERE topic = 'x{topic.decode()}' AND time = '{orjson.loads(payload)['ts']}'"  # noqa: S608 - our own
        while self._ask(query) is None:
            if time.monotonic() > deadline:
                raise Unreachable("Telegraf", "got stuck")
            time.sleep(POLL_S)

    def _count(self, messages: Sequence[tuple[bytes, bytes]]) -> int:
        first, last = (orjson.loads(payload)["ts"] for _, payload in (messages[0], messages[-1]))
        row = self._ask(f"SELECT count(flow) FROM peer WHERE time >= '{first}' AND time <= '{last}'")  # noqa: S608 - our own
        return 0 if row is None else int(row[1])

    def _ask(self, query: str) -> list[Any] | None:
        """The first row of the answer; ``None``: there is none."""
        answer = httpx.get(
            f"{self._influx.url}/query",
            params={"db": BUCKET, "q": query},
            headers={"Authorization": f"Token {TOKEN}"},
            timeout=30,
        )
        answer.raise_for_status()
        series = answer.json()["results"][0].get("series")
        return list(series[0]["values"][0]) if series else None
