"""A simulated building that publishes over MQTT in real time, each asset as a publisher of its own."""

import contextlib
import heapq
import secrets
import ssl
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from plantroom import wire
from plantroom.ports.clock import Clock, SystemClock
from simulators.scenario import Scenario, ScenarioAsset
from simulators.stream import AssetStream, Delivery, aligned

log = structlog.get_logger()

PIECE_S = 5
"""Simulated ahead at a time: a multiple of every machine's step."""

TOO_OLD_MS = 60_000
"""A message that could not leave for so long (a machine that slept) is given up, as a small device would."""

QUEUE_LENGTH = 600
FAREWELL_S = 2.0
ONLINE, OFFLINE = b"online", b"offline"


@dataclass(frozen=True, slots=True)
class LiveCounts:
    """Messages handed to the client, acknowledged by the broker, and given up."""

    published: int
    acked: int
    dropped: int


class _Publisher:
    """One asset's MQTT client: retained status, last will, telemetry and events."""

    def __init__(
        self, site: str, code: str, username: str | None, password: str | None, *, tls: ssl.SSLContext | None
    ) -> None:
        self.status_topic = wire.status_topic(site, code)
        self.telemetry_topic = wire.telemetry_topic(site, code)
        self.event_topic = wire.event_topic(site, code)
        self.boot = secrets.token_hex(3)
        self.acked = 0
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=f"sim-{site}-{code}-{self.boot}", protocol=mqtt.MQTTv311
        )
        if username is not None:
            self._client.username_pw_set(username, password)
        if tls is not None:
            self._client.tls_set_context(tls)
        self._client.will_set(self.status_topic, OFFLINE, qos=1, retain=True)
        self._client.max_queued_messages_set(QUEUE_LENGTH)
        self._client.reconnect_delay_set(min_delay=1, max_delay=30)
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish

    def open(self, host: str, port: int) -> None:
        """Connect in the background, again and again, waiting longer each time."""
        self._client.connect_async(host, port, keepalive=30)
        self._client.loop_start()

    def send(self, topic: str, payload: bytes) -> bool:
        """Hand a message over; ``False`` when the queue is full."""
        return self._client.publish(topic, payload, qos=1).rc != mqtt.MQTT_ERR_QUEUE_SIZE

    def say_offline(self) -> mqtt.MQTTMessageInfo | None:
        """Announce the end; ``None`` when the broker is away."""
        if not self._client.is_connected():
            return None
        return self._client.publish(self.status_topic, OFFLINE, qos=1, retain=True)

    def disconnect(self) -> None:
        """Leave; the client's thread ends soon after."""
        self._client.disconnect()

    def join(self) -> None:
        """Wait for the client's thread."""
        self._client.loop_stop()

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            log.warning("simulator_refused", topic=self.telemetry_topic, reason=str(reason))
            return
        client.publish(self.status_topic, ONLINE, qos=1, retain=True)

    def _on_publish(self, *_: object) -> None:
        self.acked += 1


class LiveSimulator:
    """Publishes a scenario over MQTT (QoS 1) as it happens, in threads of its own.

    ``start`` returns at once and never fails because a broker is away: publishers connect when it comes. ``stop``
    says offline for every asset and ends within a few seconds. Not to be started twice.
    """

    def __init__(
        self,
        scenario: Scenario,
        mqtt_host: str,
        mqtt_port: int,
        username: str | None = None,
        password: str | None = None,
        clock: Clock | None = None,
        *,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._scenario = scenario
        self._host, self._port = mqtt_host, mqtt_port
        self._clock = clock or SystemClock()
        self._publishers = {
            a.code: _Publisher(scenario.site, a.code, username, password, tls=tls) for a in scenario.assets
        }
        self._thread = threading.Thread(target=self._run, name="live-simulator", daemon=True)
        self._stopping = threading.Event()
        self._waiting: list[tuple[int, int, _Publisher, str, bytes]] = []
        self._order = 0
        self._published = 0
        self._dropped = 0
        self.failures = 0

    @property
    def counts(self) -> LiveCounts:
        """Messages so far (status messages count as acknowledged too)."""
        return LiveCounts(self._published, sum(p.acked for p in self._publishers.values()), self._dropped)

    def start(self) -> None:
        """Begin the scenario now."""
        self._thread.start()

    def stop(self) -> None:
        """End it. Stopping twice, or before the start, is allowed."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=8.0)

    def _run(self) -> None:
        try:
            self._simulate()
        except Exception:
            self.failures += 1
            log.exception("simulator_failed", scenario=self._scenario.name)
        finally:
            self._leave()

    def _leave(self) -> None:
        """Step by step for all publishers at once: ten of them take no longer to end than one."""
        publishers = tuple(self._publishers.values())
        farewells = [publisher.say_offline() for publisher in publishers]
        until = time.monotonic() + FAREWELL_S
        for farewell in farewells:
            if farewell is not None:
                with contextlib.suppress(RuntimeError):
                    # Raised when the connection broke meanwhile: the last will says it then.
                    farewell.wait_for_publish(timeout=max(0.01, until - time.monotonic()))
        for publisher in publishers:
            publisher.disconnect()
        for publisher in publishers:
            publisher.join()

    def _simulate(self) -> None:
        begin = self._now_ms() / 1000
        streams = [(a, AssetStream(self._scenario, a, aligned(begin, a))) for a in self._scenario.assets]
        for publisher in self._publishers.values():
            publisher.open(self._host, self._port)
        log.info("simulator_started", scenario=self._scenario.name, assets=len(streams), begin=_iso(begin))
        while not self._stopping.is_set():
            now = self._now_ms()
            for asset, stream in streams:
                while stream.second * 1000 <= now and not self._stopping.is_set():
                    self._take(asset, stream.advance(PIECE_S))
            self._send_due(now)
            next_ms = self._waiting[0][0] if self._waiting else now + 200
            self._stopping.wait(min(max(next_ms - self._now_ms(), 5), 200) / 1000)

    def _take(self, asset: ScenarioAsset, piece: Delivery) -> None:
        publisher = self._publishers[asset.code]
        keys = tuple(piece.columns)
        rows = zip(*(piece.columns[key].tolist() for key in keys), strict=True)
        heads = zip(piece.ts_ms.tolist(), piece.due_ms.tolist(), piece.boot.tolist(), piece.seq.tolist(), strict=True)
        for (ts_ms, due_ms, boot, seq), row in zip(heads, rows, strict=True):
            payload = wire.encode_telemetry(ts_ms, dict(zip(keys, row, strict=True)), f"{publisher.boot}-{boot}", seq)
            self._put(due_ms, publisher, publisher.telemetry_topic, payload)
        for event in piece.events:
            payload = wire.encode_event(event.ts_ms, event.event, event.severity, event.data)
            self._put(event.ts_ms, publisher, publisher.event_topic, payload)

    def _put(self, due_ms: int, publisher: _Publisher, topic: str, payload: bytes) -> None:
        self._order += 1
        heapq.heappush(self._waiting, (due_ms, self._order, publisher, topic, payload))

    def _send_due(self, now_ms: int) -> None:
        while self._waiting and self._waiting[0][0] <= now_ms:
            due_ms, _, publisher, topic, payload = heapq.heappop(self._waiting)
            if due_ms < now_ms - TOO_OLD_MS or not publisher.send(topic, payload):
                self._dropped += 1
            else:
                self._published += 1

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
