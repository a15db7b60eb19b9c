"""A publisher that goes on whatever happens to the broker's nodes: to the next one, with all that is not
acknowledged."""

import threading
import time
from bisect import bisect_left
from collections.abc import Sequence
from enum import Enum
from itertools import cycle
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from plantroom.cli.bench_site import SITE
from plantroom.errors import Unreachable
from plantroom.settings import parse_broker_url
from plantroom.wire import encode_event, encode_telemetry, event_topic, telemetry_topic

WINDOW = 100
SETTLE_S = 60.0
ODD_EVERY = 50


class Kind(Enum):
    """What the messages of an asset have beside a value; ``NUMBERED`` ones come twice or in the wrong order now and
    then."""

    NUMBERED = "ts, boot and seq"
    TIMED = "ts"
    COUNTED = "boot and seq"
    BARE = "nothing"


KINDS = (Kind.NUMBERED, Kind.NUMBERED, Kind.TIMED, Kind.COUNTED, Kind.BARE)


class Note(NamedTuple):
    """What an asset published: its number, its instant (``None``: it says none), its value, and the second of the run;
    ``body`` as it was sent."""

    seq: int
    ts_ms: int | None
    value: float
    at_s: float
    body: bytes


class SteadyPublisher:
    """Publishes a value of each asset in turn, ``rate`` messages a second in all, until ``finish``: assets of all
    ``KINDS`` in turn."""

    point = "vibration"

    def __init__(self, url: str, codes: list[str], rate: int) -> None:
        self._broker = parse_broker_url(url)
        self._node = 0
        self._codes, self._rate = codes, rate
        self._kinds = dict(zip(codes, cycle(KINDS), strict=False))
        timed = [code for code in codes if self._kinds[code] in {Kind.NUMBERED, Kind.TIMED}]
        self.timed: dict[str, dict[int, float]] = {code: {} for code in timed}
        """Value by instant, of each asset that says it."""
        self.untimed: dict[str, list[float]] = {code: [] for code in codes if code not in self.timed}
        """Values of the others."""
        self.doubled = 0
        """Messages that were sent a second time on purpose."""
        self._seqs = dict.fromkeys(codes, 0)
        self._held: dict[str, bytes] = {}
        self._notes: dict[str, list[Note]] = {code: [] for code in codes}
        self._begun = time.monotonic()
        self.begun_ms = 0
        """When the first message may have been published: what says no instant of its own has one from then on."""
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
        self.begun_ms = time.time_ns() // 1_000_000
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
        self._begun, count = time.monotonic(), 0
        while not self._stop_it.is_set():
            ahead = count / self._rate - (time.monotonic() - self._begun)
            if ahead > 0:
                time.sleep(ahead)
            self._publish(self._codes[count % len(self._codes)], count)
            count += 1

    def _publish(self, code: str, count: int) -> None:
        kind, topic, seq = self._kinds[code], telemetry_topic(SITE, code), self._seqs[code]
        self._seqs[code] += 1
        ts_ms, value = self._note(code, count, 1.0 + (seq % 1000) * 0.001)
        identity = ("bench", seq) if kind in {Kind.NUMBERED, Kind.COUNTED} else (None, None)
        body = encode_telemetry(ts_ms, {self.point: value}, *identity)
        self._notes[code].append(Note(seq, ts_ms, value, round(time.monotonic() - self._begun, 2), body))
        if kind is Kind.NUMBERED and seq % ODD_EVERY == 1:
            self._held[code] = body
            return
        self._send(topic, body)
        if kind is Kind.NUMBERED and seq % ODD_EVERY == 0:
            self.doubled += 1
            self._send(topic, body)
        if (late := self._held.pop(code, None)) is not None:
            self._send(topic, late)

    def _note(self, code: str, count: int, value: float) -> tuple[int | None, float]:
        if code in self.untimed:
            self.untimed[code].append(value)
            return None, value
        values = self.timed[code]
        ts_ms = max(time.time_ns() // 1_000_000, next(reversed(values), 0) + 1)
        values[ts_ms] = value
        self._numbers[code].append((count, ts_ms))
        return ts_ms, value

    def _send(self, topic: str, body: bytes) -> None:
        self._client.publish(topic, body, qos=1)
        with self._lock:
            self.published += 1

    def kind(self, code: str) -> Kind:
        """What the messages of this asset have beside a value."""
        return self._kinds[code]

    def notes(self, code: str) -> Sequence[Note]:
        """All that this asset published, by its numbers."""
        return self._notes[code]

    def send_again(self, code: str, first: int, last: int) -> None:
        """What has these numbers (both included), as a publisher does that is asked for it."""
        for note in self._notes.get(code, [])[first : last + 1]:
            self._send(telemetry_topic(SITE, code), note.body)

    def tell_event(self, code: str) -> None:
        """A passenger is trapped in this lift."""
        body = encode_event(time.time_ns() // 1_000_000, "passenger_trapped", "safety", {})
        self._send(event_topic(SITE, code), body)

    def instant_behind(self, code: str, count: int) -> int | None:
        """The instant of the asset's first message behind message ``count``; ``None``: there is none yet."""
        numbers = self._numbers[code]
        at = bisect_left(numbers, (count, 0))
        return numbers[at][1] if at < len(numbers) else None

    def finish(self) -> None:
        """Publish no more and wait for the last acknowledgement. Raises ``Unreachable`` when it does not come."""
        self._stop_it.set()
        self._thread.join()
        for code, late in self._held.items():
            self._send(telemetry_topic(SITE, code), late)
        self._held.clear()
        self.settle()

    def settle(self) -> None:
        """Wait until all is acknowledged. Raises ``Unreachable`` when it does not come to that."""
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
