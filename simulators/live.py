"""A simulated building that publishes over MQTT in real time, each asset as a publisher of its own."""

import heapq
import ssl
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog

from plantroom.errors import NothingLeft
from plantroom.ports.clock import Clock, SystemClock
from plantroom.publisher import Broker, Publisher
from plantroom.wire import Channel
from simulators.scenario import Scenario, ScenarioAsset
from simulators.stream import AssetStream, Delivery, aligned

log = structlog.get_logger()

PIECE_S = 5
"""Simulated ahead at a time: a multiple of every machine's step."""

TOO_OLD_MS = 60_000
"""A message that could not leave for so long (a machine that slept) is given up, as a small device would."""

FAREWELL_S = 2.0


@dataclass(frozen=True, slots=True)
class LiveCounts:
    """Messages handed to the publishers, acknowledged by the broker (what it had again included), and given up."""

    published: int
    acked: int
    dropped: int


class _Asset:
    """One asset's publisher, with an outbox of its own. A lost message is lost on the wire: it can be had again."""

    def __init__(self, publisher: Callable[..., Publisher]) -> None:
        self._lost: set[int] = set()
        self.publisher = publisher(loses=self._loses)

    def _loses(self, _asset: str, channel: str, seq: int) -> bool:
        return channel == Channel.TELEMETRY and seq in self._lost

    def tell(self, ts_ms: int, values: dict[str, float], lost: bool) -> None:
        """A message of values."""
        if lost:
            self._lost.add(self.publisher.next_number())
        self.publisher.telemetry(values, ts_ms)


class LiveSimulator:
    """Publishes a scenario over MQTT (QoS 1) as it happens, in threads of its own.

    ``start`` returns at once and never fails because a broker is away: publishers connect when it comes. ``stop``
    says offline for every asset and ends within a few seconds. Not to be started twice. The outboxes are in
    ``folder``, an asset each; without it in a temporary one that ends with the simulator.
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
        folder: Path | None = None,
    ) -> None:
        self._scenario = scenario
        self._clock = clock or SystemClock()
        self._broker = Broker(mqtt_host, mqtt_port, tls is not None, username, password)
        self._tls = tls
        self._folder = folder
        self._stack = ExitStack()
        self._assets: dict[str, _Asset] = {}
        self._thread = threading.Thread(target=self._run, name="live-simulator", daemon=True)
        self._stopping = threading.Event()
        self._waiting: list[tuple[int, int, Callable[[], object]]] = []
        self._order = 0
        self._published = 0
        self._dropped = 0
        self.failures = 0

    @property
    def counts(self) -> LiveCounts:
        """Messages so far."""
        acked = sum(asset.publisher.acked for asset in list(self._assets.values()))
        return LiveCounts(self._published, acked, self._dropped)

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

    def _open(self) -> None:
        folder = self._folder or Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="simulator-")))
        for number, asset in enumerate(self._scenario.assets):
            made = partial(
                Publisher,
                self._broker,
                self._scenario.site,
                asset.code,
                folder / str(number),
                sync=False,
                session=self._folder is not None,
                tls=self._tls,
                clock=self._now_ms,
            )
            self._assets[asset.code] = _Asset(made)
        for one in self._assets.values():
            one.publisher.start()

    def _leave(self) -> None:
        """All publishers at once: ten of them take no longer to end than one."""
        leaving = [
            threading.Thread(target=asset.publisher.close, args=(FAREWELL_S,)) for asset in self._assets.values()
        ]
        for one in leaving:
            one.start()
        for one in leaving:
            one.join()
        self._stack.close()

    def _simulate(self) -> None:
        begin = self._now_ms() / 1000
        streams = [(a, AssetStream(self._scenario, a, aligned(begin, a))) for a in self._scenario.assets]
        self._open()
        log.info("simulator_started", scenario=self._scenario.name, assets=len(streams), begin=_iso(begin))
        while not self._stopping.is_set():
            now = self._now_ms()
            for asset, stream in streams:
                while stream.second * 1000 <= now and not self._stopping.is_set():
                    self._take(asset, stream.advance_all(PIECE_S))
            self._send_due(now)
            next_ms = self._waiting[0][0] if self._waiting else now + 200
            self._stopping.wait(min(max(next_ms - self._now_ms(), 5), 200) / 1000)

    def _take(self, asset: ScenarioAsset, piece: Delivery) -> None:
        one = self._assets[asset.code]
        keys = tuple(piece.columns)
        rows = zip(*(piece.columns[key].tolist() for key in keys), strict=True)
        heads = zip(piece.ts_ms.tolist(), piece.due_ms.tolist(), piece.lost.tolist(), strict=True)
        for (ts_ms, due_ms, lost), row in zip(heads, rows, strict=True):
            self._put(due_ms, partial(one.tell, ts_ms, dict(zip(keys, row, strict=True)), lost))
        for event in piece.events:
            told = partial(one.publisher.event, event.event, event.severity, event.data, event.ts_ms)
            self._put(event.ts_ms, told)

    def _put(self, due_ms: int, tell: Callable[[], object]) -> None:
        self._order += 1
        heapq.heappush(self._waiting, (due_ms, self._order, tell))

    def _send_due(self, now_ms: int) -> None:
        while self._waiting and self._waiting[0][0] <= now_ms:
            due_ms, _, tell = heapq.heappop(self._waiting)
            if due_ms < now_ms - TOO_OLD_MS:
                self._dropped += 1
                continue
            try:
                tell()
                self._published += 1
            except NothingLeft:
                self._dropped += 1

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
