"""Replay of a recording over MQTT, with its own time stamps, as fast as is wished."""

import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from plantroom.errors import BadData, Unreachable
from plantroom.publisher import Broker, Publisher
from plantroom.wire import parse_topic
from plantroom.wire_tls import plain_words
from simulators.recording import Recording

Progress = Callable[[int, int], None]
"""Called with (published, acked) rows now and then."""

WINDOW = 100
"""Messages on their way at most: wider windows slow paho down."""

CHUNK = 250
"""Rows that go into the outbox together."""

AHEAD = 2_000
"""Rows that may wait in the outbox for the broker."""

CONNECT_TIMEOUT_S = 10.0
ACK_TIMEOUT_S = 60.0
PROGRESS_EVERY_S = 0.25
LOOK_S = 0.5

_NO_PROOF = "connections ended at what was sent last, again and again"
"""Nothing follows the last rows that could prove it to be their doing."""

_Row = tuple[int, dict[str, float]]


class ReplayPublisher:
    """Publishes recordings with QoS 1 and counts what the broker has acknowledged.

    The constructor connects to nothing; ``run`` connects, publishes and disconnects. The outbox is a temporary one: a
    recording that is not whole is replayed again as a whole.
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
        self._broker = Broker(host, port, tls is not None, username, password)
        self._tls = tls
        self._window = window
        self.boot = ""
        """Marks the run, so that a second replay of the same rows is not taken for doubles of the first."""
        self.refused: str | None = None
        """After ``run``: which rows the broker did not take, in words."""

    def run(
        self, recording: Recording, topic: str, speed: float | None = None, on_progress: Progress | None = None
    ) -> tuple[int, int]:
        """Publish every row of ``recording`` to ``topic``; returns (published, acked) rows.

        ``speed`` 1 is the pace of the recording, 60 a minute in a second, ``None`` as fast as the broker takes it.
        A row without any value is left out and not counted. To be called once. Raises ``Unreachable`` when the
        broker does not answer, refuses the sign-in, or acknowledges nothing for a minute; ``ValueError`` for a
        speed of zero or less; ``BadData`` for what is no telemetry topic. A row at which the broker ends the
        connection is not acknowledged and lost with the outbox: ``refused`` says so.
        """
        if speed is not None and not speed > 0:
            raise ValueError("speed must be above 0")
        where = parse_topic(topic)
        if where is None:
            raise BadData(f"{topic!r} is no telemetry topic")
        with tempfile.TemporaryDirectory(prefix="replay-") as folder:
            publisher = Publisher(
                self._broker,
                where.site,
                where.asset,
                Path(folder),
                sync=False,
                announce=False,
                session=False,
                window=self._window,
                tls=self._tls,
            )
            with publisher:
                self._connect(publisher)
                self.boot = publisher.boot
                published = self._publish(publisher, recording, speed, on_progress)
                self._wait(publisher, 1)
                waiting = publisher.waiting
                acked = published - waiting - publisher.aside
                if acked < published:
                    why = _NO_PROOF if waiting else publisher.problem()
                    self.refused = f"{published - acked} of {published} rows were not taken: {why}"
        if on_progress is not None:
            on_progress(published, acked)
        return published, acked

    @staticmethod
    def _connect(publisher: Publisher) -> None:
        try:
            publisher.wait_connected(CONNECT_TIMEOUT_S)
        except Unreachable as error:
            if isinstance(error.__cause__, OSError):
                raise Unreachable(error.what, plain_words(error.__cause__)) from error
            raise

    def _publish(
        self, publisher: Publisher, recording: Recording, speed: float | None, on_progress: Progress | None
    ) -> int:
        published = 0
        begun = told = time.monotonic()
        first = int(recording.ts_ms[0]) if len(recording) else 0
        chunk: list[_Row] = []
        for ts_ms, values in _rows(recording):
            if speed is not None:
                time.sleep(max(0.0, begun + (ts_ms - first) / 1000 / speed - time.monotonic()))
            chunk.append((ts_ms, values))
            if speed is None and len(chunk) < CHUNK:
                continue
            published += self._give(publisher, chunk)
            if on_progress is not None and time.monotonic() - told >= PROGRESS_EVERY_S:
                told = time.monotonic()
                on_progress(published, published - publisher.waiting - publisher.aside)
        return published + self._give(publisher, chunk)

    def _give(self, publisher: Publisher, chunk: list[_Row]) -> int:
        if not chunk:
            return 0
        self._wait(publisher, AHEAD)
        publisher.telemetry_batch(chunk)
        count = len(chunk)
        chunk.clear()
        return count

    def _wait(self, publisher: Publisher, below: int) -> None:
        """Until fewer rows wait, or only such as were tried in vain; as long as some are acknowledged."""
        acked, since = publisher.acked, time.monotonic()
        while publisher.waiting >= below and not publisher.wait_sent(LOOK_S, below):
            if publisher.waiting <= publisher.in_vain:
                self._connect(publisher)
                return
            if publisher.acked != acked:
                acked, since = publisher.acked, time.monotonic()
            elif time.monotonic() - since >= ACK_TIMEOUT_S:
                raise Unreachable(
                    f"MQTT broker {self._broker.host}:{self._broker.port}",
                    f"acknowledged nothing for {ACK_TIMEOUT_S:.0f} s",
                )


def _rows(recording: Recording) -> Iterator[_Row]:
    """Instants and values, without what is empty."""
    filled = ~np.isnan(recording.values)
    rows = zip(recording.ts_ms.tolist(), recording.values.tolist(), filled.tolist(), strict=True)
    for ts_ms, row, here in rows:
        values = {key: value for key, value, there in zip(recording.point_keys, row, here, strict=True) if there}
        if values:
            yield ts_ms, values
