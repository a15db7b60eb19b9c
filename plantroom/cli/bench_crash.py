"""``bench crash``: kill -9 at random moments while messages keep coming, the store killed in between too.

What the publisher has an acknowledgement for must be in the store in the end, once and with its value; and what a kill
leaves of the spool must be whole up to the last record that was acknowledged. A fifth of the assets each send without
``seq``, twice for the same ``ts`` (the last one stands), and without ``ts``: of those every value must be there, and
those that are there twice are counted apart, since a message that comes again cannot be known as the same.
"""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import httpx
import numpy as np
import orjson

from gateway.spool.segments import segments_in
from plantroom.cli.bench_ingest import ASSETS, Publishing, compare_with, stored_readings
from plantroom.cli.bench_product import environment
from plantroom.cli.bench_servers import BenchInflux, BenchMosquitto
from plantroom.cli.bench_site import CLIENT_ID, FILTER, SITE, BenchSite
from plantroom.cli.bench_wire import RawPublisher, hold_session
from plantroom.wire import encode_telemetry

STORE_EVERY = 10
"""So many kills of the collector for one of the store."""

LIFE_S = (0.3, 3.0)
SETTLE_S = 300.0


PLAIN, NO_SEQ, UNTIMED, TWICE = "plain", "without seq", "without ts", "twice for the same ts"
KINDS = (PLAIN, PLAIN, NO_SEQ, UNTIMED, TWICE)
"""What an asset sends, by its number."""


class MixedPublishing(Publishing):
    """As ``Publishing``, with the kinds of messages that make a publisher hard to follow."""

    def __init__(self, site: BenchSite, start_ms: int) -> None:
        super().__init__(site, start_ms)
        self._points, self._assets = site.points, len(site.codes)
        self.untimed: Counter[int] = Counter()
        """How many messages without an instant each asset sent; their first values are 1, 2, 3 ..."""

    def make_live(self) -> list[tuple[bytes, bytes]]:
        """One instant's messages of all assets; some assets' come in two."""
        made: list[tuple[bytes, bytes]] = []
        for place, (topic, payload) in enumerate(self.make(self._assets, 1)):
            number = place % self._assets
            kind = KINDS[number % len(KINDS)]
            if kind == UNTIMED:
                self.untimed[number] += 1
                made.append((topic, encode_telemetry(None, {self._points[0]: float(self.untimed[number])})))
                continue
            if kind == TWICE:
                other = orjson.loads(payload)
                other["values"] = {key: value + 1 for key, value in other["values"].items()}
                made.append((topic, orjson.dumps(other)))
            made.append((topic, _without_seq(payload) if kind == NO_SEQ else payload))
        return made


def _without_seq(payload: bytes) -> bytes:
    fields = orjson.loads(payload)
    return orjson.dumps({"ts": fields["ts"], "values": fields["values"]})


class Load(threading.Thread):
    """Publishes at a steady rate until ``stop``."""

    def __init__(self, port: int, publishing: Publishing, rate: int) -> None:
        super().__init__(daemon=True)
        self._port, self._publishing, self._rate = port, publishing, rate
        self._stop_it = threading.Event()
        self.acknowledged = 0

    def run(self) -> None:
        """The thread's work."""
        publisher = RawPublisher(self._port, "bench-load")
        begun, sent = time.monotonic(), 0
        while not self._stop_it.is_set():
            ahead = sent / self._rate - (time.monotonic() - begun)
            if ahead > 0:
                time.sleep(ahead)
            self._publishing.catch_up(time.time_ns() // 1_000_000)
            messages = self._publishing.make_live()
            publisher.send(messages)
            sent += len(messages)
        publisher.settle()
        publisher.close()
        self.acknowledged = sent

    def finish(self) -> None:
        """Stop publishing and wait for the last acknowledgement."""
        self._stop_it.set()
        self.join()


def measure_crash(kills: int, rate: int, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """The document of ``bench crash``. Raises ``Unreachable`` when a server is missing or gives up."""
    begun = time.monotonic()
    rng = random.Random(seed)  # noqa: S311 - which moments, not a secret
    with ExitStack() as stack:
        broker = stack.enter_context(BenchMosquitto(1000))
        influx = stack.enter_context(BenchInflux())
        site = stack.enter_context(BenchSite(broker.port, ASSETS, influx.readings_url, {}))
        publishing = MixedPublishing(site, time.time_ns() // 1_000_000)
        hold_session(broker.port, CLIENT_ID, FILTER)
        load = Load(broker.port, publishing, rate)
        site.start()
        load.start()
        intact = True
        for number in range(1, kills + 1):
            time.sleep(rng.uniform(*LIFE_S))
            site.kill()
            intact = intact and spool_is_whole(site)
            if number % STORE_EVERY == 0:
                influx.stop(signal.SIGKILL)
                site.start()
                time.sleep(rng.uniform(*LIFE_S))
                influx.again()
                say(f"{number} kills, the store killed {number // STORE_EVERY} times; spool intact: {intact}")
            else:
                site.start()
        load.finish()
        say(f"{load.acknowledged} messages acknowledged; waiting for the last to be stored")
        site.wait_stored(publishing.instants[-1], SETTLE_S)
        with site.serving() as client:
            timed = [n for n in range(ASSETS) if KINDS[n % len(KINDS)] != UNTIMED]
            lost, duplicates = compare_with(client, site, publishing.instants, timed)
            lost_untimed, doubled = _compare_untimed(client, site, publishing)
    return {
        "kills": kills,
        "acknowledged": load.acknowledged,
        "lost": lost + lost_untimed,
        "duplicates": duplicates,
        "untimed": publishing.untimed.total(),
        "untimed_doubled": doubled,
        "seconds": round(time.monotonic() - begun),
        "spool_intact": intact,
        "settings": {
            "kills": kills,
            "rate": rate,
            "seed": seed,
            "store_killed": kills // STORE_EVERY,
            "life_s": LIFE_S,
        },
        "environment": environment(),
    }


def _compare_untimed(client: httpx.Client, site: BenchSite, publishing: MixedPublishing) -> tuple[int, int]:
    """Values without an instant that are not there, and how many are there more than once."""
    lost = doubled = 0
    for number, count in publishing.untimed.items():
        now_ms = time.time_ns() // 1_000_000 + 3_600_000
        _, found = stored_readings(client, f"key-{site.codes[number]}", site.points[0], 0, now_ms)
        times = np.bincount(found.astype(np.int64), minlength=count + 1)[1 : count + 1]
        lost += int((times == 0).sum())
        doubled += int((times > 1).sum())
    return lost, doubled


def spool_is_whole(site: BenchSite) -> bool:
    """Whether the records that a kill left are whole and without holes; only behind the last one may something be cut
    off, which was never acknowledged."""
    expected: int | None = None
    folder = site.data / "spool" / SITE / "normal"
    segments = segments_in(folder) if folder.is_dir() else []
    for segment in segments:
        for found in segment.records():
            if expected is not None and found.record.position != expected:
                return False
            expected = found.record.position + 1
    return True
