"""``bench crash``: kill -9 at random moments while messages keep coming, the store killed in between too.

What the publisher has an acknowledgement for must be in the store in the end, once and with its value; and what a kill
leaves of the spool must be whole up to the last record that was acknowledged.
"""

import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from gateway.spool.format import parse
from gateway.spool.segments import segments_in
from plantroom.cli.bench_ingest import ASSETS, Publishing, compare
from plantroom.cli.bench_product import environment
from plantroom.cli.bench_servers import BenchInflux, BenchMosquitto
from plantroom.cli.bench_site import CLIENT_ID, FILTER, SITE, BenchSite
from plantroom.cli.bench_wire import RawPublisher, hold_session

STORE_EVERY = 10
"""So many kills of the collector for one of the store."""

LIFE_S = (0.3, 3.0)
SETTLE_S = 300.0


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
            messages = self._publishing.make(ASSETS, 1)
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
    rng = random.Random(seed)  # noqa: S311 - which moments, not a secret
    with ExitStack() as stack:
        broker = stack.enter_context(BenchMosquitto(1000))
        influx = stack.enter_context(BenchInflux())
        site = stack.enter_context(BenchSite(broker.port, ASSETS, influx.readings_url, {}))
        publishing = Publishing(site, time.time_ns() // 1_000_000)
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
        lost, duplicates = compare(site, publishing)
    return {
        "kills": kills,
        "acknowledged": load.acknowledged,
        "lost": lost,
        "duplicates": duplicates,
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


def spool_is_whole(site: BenchSite) -> bool:
    """Whether the records that a kill left are whole and without holes; only behind the last one may something be cut
    off, which was never acknowledged."""
    expected: int | None = None
    folder = site.data / "spool" / SITE / "normal"
    segments = segments_in(folder) if folder.is_dir() else []
    for segment in segments:
        for found in parse(segment.path.read_bytes(), segment.first):
            if expected is not None and found.record.position != expected:
                return False
            expected = found.record.position + 1
    return True
