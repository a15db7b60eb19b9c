"""Replay of a recording over MQTT, with its own time stamps, as fast as is wished."""

import secrets
import ssl
import threading
import time
from collections.abc import Callable

import numpy as np
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from plantroom import wire
from plantroom.errors import Unreachable
from plantroom.wire_tls import plain_words
from simulators.recording import Recording

Progress = Callable[[int, int], None]
"""Called with (published, acked) rows now and then."""

WINDOW = 100
"""Messages on their way at most: wider windows slow paho down."""

CONNECT_TIMEOUT_S = 10.0
ACK_TIMEOUT_S = 60.0
PROGRESS_EVERY_S = 0.25


class ReplayPublisher:
    """Publishes recordings with QoS 1 and counts what the broker has acknowledged.

    The constructor connects to nothing; ``run`` connects, publishes and disconnects.
    """

    def __init__(
        self,
        host: str,
        port: int,
        username: str | None = None,
        password: str | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        window: int = WINDOW,
    ) -> None:
        if not 1 <= window <= 65_535:
            raise ValueError("window must be from 1 to 65535 messages")
        self._host, self._port = host, port
        self._window = window
        self.boot = secrets.token_hex(4)
        """Marks this run, so that a second replay of the same rows is not taken for doubles of the first."""
        self._free = threading.Semaphore(window)
        self._answered = threading.Event()
        self._refusal = ""
        self._acked = 0
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"replay-{self.boot}", protocol=mqtt.MQTTv311)
        if username is not None:
            self._client.username_pw_set(username, password)
        if tls is not None:
            self._client.tls_set_context(tls)
        self._client.max_inflight_messages_set(window)
        self._client.on_connect = self._on_connect
        self._client.on_publish = self._on_publish

    def run(
        self, recording: Recording, topic: str, speed: float | None = None, on_progress: Progress | None = None
    ) -> tuple[int, int]:
        """Publish every row of ``recording`` to ``topic``; returns (published, acked) rows.

        ``speed`` 1 is the pace of the recording, 60 a minute in a second, ``None`` as fast as the broker takes it.
        A row without any value is left out and not counted. To be called once. Raises ``Unreachable`` when the
        broker does not answer, refuses the sign-in, or acknowledges nothing for a minute; ``ValueError`` for a
        speed of zero or less.
        """
        if speed is not None and not speed > 0:
            raise ValueError("speed must be above 0")
        self._connect()
        try:
            published = self._publish(recording, topic, speed, on_progress)
            self._wait_for_acks(published, on_progress)
        finally:
            self._client.disconnect()
            self._client.loop_stop()
        return published, self._acked

    def _connect(self) -> None:
        where = f"MQTT broker {self._host}:{self._port}"
        try:
            self._client.connect(self._host, self._port, keepalive=60)
        except OSError as error:
            raise Unreachable(where, plain_words(error)) from error
        self._client.loop_start()
        answered = self._answered.wait(CONNECT_TIMEOUT_S)
        if not answered or self._refusal:
            self._client.disconnect()
            self._client.loop_stop()
            raise Unreachable(where, self._refusal or f"no answer within {CONNECT_TIMEOUT_S:.0f} s")

    def _publish(self, recording: Recording, topic: str, speed: float | None, on_progress: Progress | None) -> int:
        published = 0
        begun = told = time.monotonic()
        first = int(recording.ts_ms[0]) if len(recording) else 0
        filled = ~np.isnan(recording.values)
        rows = zip(recording.ts_ms.tolist(), recording.values.tolist(), filled.tolist(), strict=True)
        for seq, (ts_ms, row, here) in enumerate(rows):
            if speed is not None:
                time.sleep(max(0.0, begun + (ts_ms - first) / 1000 / speed - time.monotonic()))
            values = {key: value for key, value, there in zip(recording.point_keys, row, here, strict=True) if there}
            if not values:
                continue
            self._take_slot()
            self._client.publish(topic, wire.encode_telemetry(ts_ms, values, self.boot, seq), qos=1)
            published += 1
            if on_progress is not None and time.monotonic() - told >= PROGRESS_EVERY_S:
                told = time.monotonic()
                on_progress(published, self._acked)
        return published

    def _take_slot(self) -> None:
        if not self._free.acquire(timeout=ACK_TIMEOUT_S):
            raise Unreachable(
                f"MQTT broker {self._host}:{self._port}", f"acknowledged nothing for {ACK_TIMEOUT_S:.0f} s"
            )

    def _wait_for_acks(self, published: int, on_progress: Progress | None) -> None:
        for _ in range(self._window):
            self._take_slot()
        if on_progress is not None:
            on_progress(published, self._acked)

    def _on_connect(
        self, _client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        self._refusal = str(reason) if reason.is_failure else ""
        self._answered.set()

    def _on_publish(self, *_: object) -> None:
        self._acked += 1
        self._free.release()
