"""A publisher that goes on whatever happens to the broker's nodes: to the next one, with all that is not
acknowledged."""

import threading
import time
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from plantroom.cli.bench_site import SITE
from plantroom.errors import Unreachable
from plantroom.settings import parse_broker_url
from plantroom.wire import encode_event, encode_telemetry, event_topic, telemetry_topic

WINDOW = 100
SETTLE_S = 60.0


class SteadyPublisher:
    """Publishes a value of each asset in turn, ``rate`` messages a second in all, with boot and seq, until
    ``finish``."""

    point = "vibration"

    def __init__(self, url: str, codes: list[str], rate: int) -> None:
        self._broker = parse_broker_url(url)
        self._node = 0
        self._codes, self._rate = codes, rate
        self.sent: dict[str, dict[int, float]] = {code: {} for code in codes}
        """Value by instant, of each asset."""
        self._numbers: dict[str, list[tuple[int, int]]] = {code: [] for code in codes}
        self.published = self.acknowledged = 0
        self._lock = threading.Lock()
        self._stop_it = threading.Event()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id="bench-steady", clean_session=False, protocol=mqtt.MQTTv311
        )
        self._client.max_inflight_messages_set(WINDOW)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_publish = self._on_publish
        self._client.on_disconnect = self._client.on_connect_fail = self._next_node
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Connect and begin."""
        self._client.connect_async(self._broker.host, self._broker.port)
        self._client.loop_start()
        self._thread.start()

    def _next_node(self, client: mqtt.Client, *_: Any) -> None:
        if not self._stop_it.is_set() or self.acknowledged < self.published:
            self._node += 1
            node = self._broker.at(self._node)
            client.connect_async(node.host, node.port)

    def _on_publish(self, *_: Any) -> None:
        with self._lock:
            self.acknowledged += 1

    def _run(self) -> None:
        begun, count = time.monotonic(), 0
        while not self._stop_it.is_set():
            ahead = count / self._rate - (time.monotonic() - begun)
            if ahead > 0:
                time.sleep(ahead)
            self._publish(self._codes[count % len(self._codes)], count)
            count += 1

    def _publish(self, code: str, count: int) -> None:
        values, seq = self.sent[code], len(self.sent[code])
        ts_ms = max(time.time_ns() // 1_000_000, next(reversed(values), 0) + 1)
        values[ts_ms] = 1.0 + (seq % 1000) * 0.001
        self._numbers[code].append((count, ts_ms))
        body = encode_telemetry(ts_ms, {self.point: values[ts_ms]}, boot="bench", seq=seq)
        self._send(telemetry_topic(SITE, code), body)

    def _send(self, topic: str, body: bytes) -> None:
        self._client.publish(topic, body, qos=1)
        with self._lock:
            self.published += 1

    def tell_event(self, code: str) -> None:
        """A passenger is trapped in this lift."""
        body = encode_event(time.time_ns() // 1_000_000, "passenger_trapped", "safety", {})
        self._send(event_topic(SITE, code), body)

    def instant_behind(self, code: str, count: int) -> int | None:
        """The instant of the asset's first message behind message ``count``; ``None``: there is none yet."""
        return next((ts_ms for number, ts_ms in reversed(self._numbers[code][-2000:]) if number >= count), None)

    def finish(self) -> None:
        """Publish no more and wait for the last acknowledgement. Raises ``Unreachable`` when it does not come."""
        self._stop_it.set()
        self._thread.join()
        end = time.monotonic() + SETTLE_S
        while self.acknowledged < self.published:
            if time.monotonic() > end:
                raise Unreachable("the broker", f"acknowledged {self.acknowledged} of {self.published} messages")
            time.sleep(0.02)

    def stop(self) -> None:
        """Disconnect. Stopping twice is allowed."""
        self._stop_it.set()
        if self._thread.is_alive():
            self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()
