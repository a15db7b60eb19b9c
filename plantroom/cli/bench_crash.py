"""``bench crash``: kill -9 at random moments while messages keep coming or a backlog is taken in, the store killed in
between too; and then more seldom, at a rate at which the session for all sites listens as well.

What the publisher has an acknowledgement for must be in the store in the end, once and with its value; and what a kill
leaves of the spool must be whole up to the last record that was acknowledged, on both lanes. Among the messages are
such without ``seq``, twice for the same ``ts`` (the last one stands), with ``boot`` and ``seq`` but without ``ts``
(exactly once, on either lane), and without ``ts`` and ``seq``: of those every value must be there, and those that are
there twice are counted apart, since a message that comes again cannot be known as the same. Safety events come beside
them: each is told once, and each lift has its ticket.
"""

import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from gateway.collector import CLIENT_IDS
from gateway.spool.segments import segments_in
from plantroom.cli.bench_crash_mix import COUNTED, SAFE, UNTIMED, MixedPublishing, Verdict, judge, numbers_of
from plantroom.cli.bench_ingest import ASSETS, Publishing
from plantroom.cli.bench_product import environment
from plantroom.cli.bench_servers import BenchInflux, BenchMosquitto
from plantroom.cli.bench_site import CLIENT_ID, FILTER, SITE, BenchSite
from plantroom.cli.bench_wire import RawPublisher, break_connection, hold_session
from plantroom.errors import Unreachable
from plantroom.ports.spool import Lane

STORE_EVERY = 10
"""So many kills of the collector for one of the store, and for one after which it stays away for ``BACKLOG_S``."""

BACKLOG_S = 8.0
"""A broker that sends a backlog reads no acknowledgements meanwhile. A kill then has it send messages again that it was
acknowledged, thousands of them (40,000 after one cut): more of each asset than what is remembered of it."""

LIFE_S = (0.3, 3.0)

SLOW_EVERY, SLOW_RATE, SLOW_LIFE_S = 20, 400, (5.0, 8.0)
"""So many kills for one that follows at a rate (messages/s) and after a life in which the session for all sites listens
to telemetry, too; in the middle of each such life the broker ends the connection of the site's own session."""

SETTLE_S = 900.0


class Load(threading.Thread):
    """Publishes at a steady rate until ``finish``. Should it end before, ``require_well`` and ``finish`` raise: what is
    measured without a load must not pass for a run with one."""

    def __init__(self, port: int, publishing: Publishing, rate: int) -> None:
        super().__init__(daemon=True)
        self._port, self._publishing, self.rate = port, publishing, rate
        """``rate``: messages/s from now on."""
        self._stop_it = threading.Event()
        self._problem: str | None = "ended unexpectedly; what it said is above"
        self.sent = self.acknowledged = 0
        """Messages, the first while it publishes, the other from ``finish`` on."""

    def run(self) -> None:
        """The thread's work."""
        try:
            with closing(RawPublisher(self._port, "bench-load")) as publisher:
                self._publish(publisher)
        except (Unreachable, OSError) as error:
            self._problem = str(error)
        else:
            self._problem = None

    def _publish(self, publisher: RawPublisher) -> None:
        rate, due = self.rate, time.monotonic()
        while not self._stop_it.is_set():
            if rate != self.rate:
                rate, due = self.rate, time.monotonic()
            time.sleep(max(0.0, due - time.monotonic()))
            self._publishing.catch_up(time.time_ns() // 1_000_000)
            messages = self._publishing.make_live()
            publisher.send(messages)
            self.sent += len(messages)
            due += len(messages) / rate
        publisher.settle()
        self.acknowledged = self.sent

    def require_well(self) -> None:
        """Raises ``Unreachable`` when the thread has ended by an error."""
        if not self.is_alive() and self._problem is not None:
            raise Unreachable("the load of the bench", self._problem)

    def finish(self) -> None:
        """Stop publishing and wait for the last acknowledgement. Raises ``Unreachable`` when it had ended before, or
        not everything is acknowledged."""
        self._stop_it.set()
        self.join()
        self.require_well()


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
        for topic in publishing.safety_topics():
            hold_session(broker.port, CLIENT_IDS[Lane.SAFETY].format(site=SITE), topic)
        load = Load(broker.port, publishing, rate)
        site.start()
        site.wait_ready()
        load.start()
        intact = _kill(site, influx, load, kills, rng, say)
        load.rate = min(rate, SLOW_RATE)
        intact = _kill_slowly(site, broker.port, load, kills // SLOW_EVERY, rng) and intact
        load.finish()
        say(f"{load.acknowledged} messages acknowledged; waiting for the last to be stored")
        for last in (ASSETS - 1, SAFE[0]):
            site.wait_stored(publishing.instants[-1], SETTLE_S, last)
        say(f"both lanes' spools are empty {site.wait_emptied(SETTLE_S):.1f} s later")
        say("comparing every value and event with what the API gives")
        with site.serving() as client:
            verdict = judge(client, site, publishing)
        errors = site.tracebacks()
    return {
        "kills": kills,
        "acknowledged": load.acknowledged,
        **_figures(verdict, publishing),
        "crashes": errors,
        "seconds": round(time.monotonic() - begun),
        "spool_intact": intact,
        "settings": {
            "kills": kills,
            "rate": rate,
            "seed": seed,
            "store_killed": kills // STORE_EVERY,
            "slow_kills": kills // SLOW_EVERY,
            "backlogs": (kills + STORE_EVERY // 2) // STORE_EVERY,
            "life_s": LIFE_S,
        },
        "environment": environment(),
    }


def _figures(verdict: Verdict, publishing: MixedPublishing) -> dict[str, Any]:
    """What became of what was published."""
    sent = publishing.counts
    return {
        "lost": verdict.lost + verdict.events_lost + verdict.tickets_wrong,
        "duplicates": verdict.duplicates + verdict.events_doubled,
        "counted_without_ts": sum(sent[number] for number in numbers_of(COUNTED)),
        "untimed": sum(sent[number] for number in numbers_of(UNTIMED)),
        "untimed_doubled": verdict.untimed_doubled,
        "events": publishing.events.total(),
        "events_lost": verdict.events_lost,
        "events_doubled": verdict.events_doubled,
        "tickets_wrong": verdict.tickets_wrong,
        "letters": verdict.letters,
        "examples": list(verdict.examples),
    }


def _kill(
    site: BenchSite, influx: BenchInflux, load: Load, kills: int, rng: random.Random, say: Callable[[str], None]
) -> bool:
    """Kill the collector so often, and the store now and then; whether the spools were whole each time. Raises
    ``Unreachable`` when the load has ended meanwhile."""
    intact = True
    for number in range(1, kills + 1):
        time.sleep(rng.uniform(*LIFE_S))
        load.require_well()
        site.kill()
        intact = intact and spool_is_whole(site)
        if number % STORE_EVERY == 0:
            influx.stop(signal.SIGKILL)
            site.start()
            time.sleep(rng.uniform(*LIFE_S))
            influx.again()
            say(f"{number} kills, the store killed {number // STORE_EVERY} times; spool intact: {intact}")
        else:
            if number % STORE_EVERY == STORE_EVERY // 2:
                time.sleep(BACKLOG_S)
            site.start()
    return intact


def _kill_slowly(site: BenchSite, port: int, load: Load, kills: int, rng: random.Random) -> bool:
    """As ``_kill``, at the load's slow rate; the broker lets another client of the site's name in meanwhile."""
    intact = True
    for _ in range(kills):
        life_s = rng.uniform(*SLOW_LIFE_S)
        time.sleep(life_s / 2)
        break_connection(port, CLIENT_ID)
        time.sleep(life_s / 2)
        load.require_well()
        site.kill()
        intact = intact and spool_is_whole(site)
        site.start()
    return intact


def spool_is_whole(site: BenchSite) -> bool:
    """Whether the records that a kill left in each lane are whole and without holes; only behind the last one may
    something be cut off, which was never acknowledged."""
    return all(_is_whole(site.data / "spool" / SITE / lane.value) for lane in Lane)


def _is_whole(folder: Path) -> bool:
    expected: int | None = None
    segments = segments_in(folder) if folder.is_dir() else []
    for segment in segments:
        for found in segment.records():
            if expected is not None and found.record.position != expected:
                return False
            expected = found.record.position + 1
    return True
