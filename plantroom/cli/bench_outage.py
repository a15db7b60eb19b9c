"""``bench outage``: the readings store is away while messages go on coming, and then back.

Live messages and safety events go on all the time, before, during and after; each event has to become a ticket however
much waits on the normal lane and on its own: every second pump's telemetry comes on the safety lane. In the end every
value is compared with what the API gives.
"""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Any

import httpx

from plantroom.cli.bench_crash import Load
from plantroom.cli.bench_figures import percentiles
from plantroom.cli.bench_ingest import ASSETS, Publishing, compare
from plantroom.cli.bench_product import environment
from plantroom.cli.bench_servers import BenchInflux, BenchMosquitto
from plantroom.cli.bench_site import CLIENT_ID, FILTER, SITE, BenchSite
from plantroom.cli.bench_tickets import open_ticket, reject
from plantroom.cli.bench_wire import RawPublisher, hold_session
from plantroom.errors import Unreachable
from plantroom.wire import encode_event, event_topic

AROUND_S = 10.0
"""How long messages go on before and after the outage, at most as long as that is."""

EVENT_EVERY_S = 3.0
SETTLE_S = 600.0
LIFT = "LIFT"
SAFETY_EVERY = 2
APART_S = 3.0
"""Until the lanes have each their own topics: before that both take what is the safety lane's, and values without a
``ts`` are there twice."""


class SafetyEvents(threading.Thread):
    """A trapped passenger every few seconds, each with a ticket of its own: the last one is rejected first.

    It goes on over errors that pass. One that stays is for ``require_well`` and ``finish`` to raise: what was measured
    up to it must not stand for all events."""

    def __init__(self, port: int, client: httpx.Client, lift: str) -> None:
        super().__init__(daemon=True)
        self._port, self._client = port, client
        self._query = {"kind": "corrective", "asset": lift, "limit": "1000"}
        self._stop_it = threading.Event()
        self._lock = threading.Lock()
        self._times: dict[str, list[float]] = {}
        self._problem: str | None = "ended unexpectedly; what it said is above"
        self.phase = "before"

    def run(self) -> None:
        """The thread's work."""
        try:
            with closing(RawPublisher(self._port, "bench-safety")) as publisher:
                # Once a ticket has not come it may still come, and would be taken for the next event's.
                while not self._stop_it.is_set() and self._measure(publisher):
                    self._stop_it.wait(EVENT_EVERY_S)
        except (Unreachable, OSError) as error:
            self._problem = str(error)
        else:
            self._problem = None

    def _measure(self, publisher: RawPublisher) -> bool:
        """One event; whether its ticket came."""
        begun, phase = time.monotonic(), self.phase
        body = encode_event(time.time_ns() // 1_000_000, "passenger_trapped", "safety")
        publisher.publish([(event_topic(SITE, LIFT).encode(), body)])
        ticket = open_ticket(self._client, self._query, begun)
        self._note(phase, float("inf") if ticket is None else (time.monotonic() - begun) * 1000)
        if ticket is not None:
            reject(self._client, ticket)
        return ticket is not None

    @property
    def sent(self) -> int:
        """Events whose ticket came, or did not come in time."""
        with self._lock:
            return sum(map(len, self._times.values()))

    def require_well(self) -> None:
        """Raises ``Unreachable`` when the thread has ended by an error."""
        if not self.is_alive() and self._problem is not None:
            raise Unreachable("the safety events of the bench", self._problem)

    def _note(self, phase: str, milliseconds: float) -> None:
        with self._lock:
            self._times.setdefault(phase, []).append(milliseconds)

    def finish(self) -> dict[str, list[float]]:
        """Stop; gives the milliseconds from each event to its ticket, by phase (infinite: it never came). Raises
        ``Unreachable`` when not every event of the run is among them."""
        self._stop_it.set()
        self.join()
        self.require_well()
        return self._times


def measure_outage(minutes: float, rate: int, say: Callable[[str], None]) -> dict[str, Any]:
    """The document of ``bench outage``. Raises ``Unreachable`` when a server is missing or gives up."""
    with ExitStack() as stack:
        broker = stack.enter_context(BenchMosquitto(1000))
        influx = stack.enter_context(BenchInflux())
        site = stack.enter_context(BenchSite(broker.port, ASSETS, influx.readings_url, {}))
        lift = site.add(LIFT, "elevator")
        publishing = Publishing(site, time.time_ns() // 1_000_000)
        site.mark_safety(site.codes[::SAFETY_EVERY])
        hold_session(broker.port, CLIENT_ID, FILTER)
        site.start()
        site.wait_ready()
        time.sleep(APART_S)
        client = stack.enter_context(site.serving())
        events, load = SafetyEvents(broker.port, client, lift), Load(broker.port, publishing, rate)
        events.start()
        load.start()
        time.sleep(min(AROUND_S, 60 * minutes))

        drain = _outage(site, influx, (events, load), minutes, rate, say)
        load.finish()
        times = events.finish()
        site.wait_stored(publishing.instants[-1], SETTLE_S)
        rss_mb = site.rss_mb()
        say(f"{load.acknowledged} messages acknowledged; comparing every value with what the API gives")
        lost, duplicates = compare(client, site, publishing)
    behind = [one for phase in ("outage", "drain") for one in times.get(phase, [])]
    return {
        **drain,
        "rss_mb": rss_mb,
        "safety_to_ticket_ms": percentiles(behind),
        "safety_to_ticket_by_phase_ms": {phase: percentiles(some) for phase, some in times.items()},
        "safety_events": events.sent,
        "acknowledged": load.acknowledged,
        "lost": lost + behind.count(float("inf")),
        "duplicates": duplicates,
        "settings": {
            "minutes": minutes,
            "rate": rate,
            "assets": ASSETS,
            "assets_on_the_safety_lane": len(site.codes[::SAFETY_EVERY]),
            "values_a_message": len(site.points),
            "event_every_s": EVENT_EVERY_S,
        },
        "environment": environment(),
    }


def _outage(
    site: BenchSite,
    influx: BenchInflux,
    sending: tuple[SafetyEvents, Load],
    minutes: float,
    rate: int,
    say: Callable[[str], None],
) -> dict[str, float]:
    """The store goes away, comes back, and what waits is taken up; the figures of that."""
    say(f"the store goes away for {minutes} minutes of {rate} messages a second")
    events, _ = sending
    events.phase = "outage"
    influx.stop()
    _away(site, sending, minutes * 60, say)
    backlog = _waiting(site, sending)
    events.phase = "drain"
    influx.again()
    say(f"the store is back; {backlog} messages wait")
    noticed_s, drained_s, taken = _drain(site, sending, rate)
    events.phase = "after"
    time.sleep(min(AROUND_S, 60 * minutes))
    return {
        "drain_ratio": round(backlog / drained_s / rate, 2),
        "drain_messages_per_s": round(taken / drained_s),
        "noticed_s": round(noticed_s, 1),
        "drain_s": round(drained_s, 1),
        "backlog": backlog,
    }


def _waiting(site: BenchSite, sending: tuple[SafetyEvents, Load]) -> int:
    """Messages that were sent and are not dealt with. The collector's own count of them is older than a second when its
    request to a store that ends gets no answer; what was sent is known here."""
    return sum(one.sent for one in sending) - int(site.stats().get("received", 0))


def _require_well(site: BenchSite, sending: tuple[SafetyEvents, Load]) -> None:
    site.require_alive()
    for one in sending:
        one.require_well()


def _away(site: BenchSite, sending: tuple[SafetyEvents, Load], seconds: float, say: Callable[[str], None]) -> None:
    end, told = time.monotonic() + seconds, time.monotonic()
    while time.monotonic() < end:
        _require_well(site, sending)
        time.sleep(min(1.0, max(0.0, end - time.monotonic())))
        if time.monotonic() - told >= 60:
            told = time.monotonic()
            say(f"{_waiting(site, sending):,} messages wait, {site.rss_mb()} MB at most so far")


def _drain(site: BenchSite, sending: tuple[SafetyEvents, Load], rate: int) -> tuple[float, float, int]:
    """From the store's being back on: seconds until the collector found it, seconds until no more than what a second
    brings waits, and how many messages were dealt with in those."""
    begun, before = time.monotonic(), site.stats()["received"]
    noticed_s = 0.0
    while _waiting(site, sending) > rate:
        _require_well(site, sending)
        if not noticed_s and site.stats()["received"] > before:
            noticed_s = time.monotonic() - begun
        if time.monotonic() - begun > SETTLE_S:
            raise Unreachable("the collector under measurement", f"does not catch up: {site.stats()}")
        time.sleep(0.1)
    return noticed_s, max(time.monotonic() - begun, 1e-3), int(site.stats()["received"] - before)
