"""``bench ingest``: the way from the broker into InfluxDB, beside a bare consumer and a peer in the same run.

Messages are queued for a persistent session and then drained, in turns: bare consumer, collector, peer, again and
again until the collector has drained for the time asked for. So noise of the machine meets all of them alike, and no
publisher competes for the two cores while a consumer is measured. Delays are measured apart, at a live rate. At the end
every value that was published is compared with what the API gives.
"""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from plantroom.cli.bench_product import environment
from plantroom.cli.bench_rabbitmq import RabbitCluster
from plantroom.cli.bench_servers import BenchInflux, BenchMosquitto
from plantroom.cli.bench_site import CLIENT_ID, FILTER, SITE, BenchSite, message_topics
from plantroom.cli.bench_telegraf import Telegraf, require_telegraf
from plantroom.cli.bench_wire import Drained, RawPublisher, drain_bare, drain_prompt, forget_session, hold_session
from plantroom.wire import encode_telemetry

_Drain = Callable[[int, str, int], Drained]

ASSETS = 20
ROUND = 200_000
LEARN_ROWS = 400
LIVE_RATE = 2_000
LIVE_S = 20
STEP_MS = 100
BACK_MS = 1_000_000
"""How far back the first instant lies for each second of draining (some 100,000 messages/s would use that up); the
sources' clocks are recorded ones, so all is judged as if it were live."""

FLOOR = 20_000
"""Messages/s that the bare consumer has to reach for a run to count."""

WHOLE_S = 60
WINDOW = 1000
"""From how many seconds, and messages that the broker keeps under way, on the ratios are required."""

BARE, PROMPT = "bench-bare", "bench-prompt"
BUSY = 4_000
LETS_GO_S = 0.3

ODD_EVERY = 50

SPARE = "bearing_temp"
"""A point that no other message has a value of."""

PAGE = 20_000


class Publishing:
    """Makes messages whose values follow from the asset and the instant, so that they can be checked later."""

    def __init__(self, site: BenchSite, start_ms: int) -> None:
        self._site = site
        self._topics = message_topics(site.codes)
        self._next_ms = start_ms
        self._seq = 0
        self._steps = 0
        self.instants: list[int] = []
        self.without_ts: list[list[float]] = [[] for _ in self._topics]
        """By asset, the values of ``SPARE`` whose instant is that of their receipt."""

    def catch_up(self, now_ms: int) -> None:
        """Go on from this instant, if it lies ahead."""
        self._next_ms = max(self._next_ms, now_ms)

    def make(
        self, count: int, step_ms: int = STEP_MS, *, counted: bool = True, beside: float = 0.0
    ) -> list[tuple[bytes, bytes]]:
        """The next messages, the assets in turn; all assets share an instant. Not ``counted``: without ``boot`` and
        ``seq``. ``beside``: so much is sent too much, and the same instants come again with the right values."""
        steps = -(-count // len(self._topics))
        instants = self._next_ms + step_ms * np.arange(steps, dtype=np.int64)
        if not beside:
            self._next_ms += step_ms * steps
            self.instants += instants.tolist()
        of_assets = [(values_at(instants, number) + beside).tolist() for number in range(len(self._topics))]
        messages: list[tuple[bytes, bytes]] = []
        for step, ts_ms in enumerate(instants.tolist()):
            self._seq += counted
            identity = ("bench", self._seq) if counted else (None, None)
            for topic, values in zip(self._topics, of_assets, strict=True):
                named = dict(zip(self._site.points, values[step], strict=True))
                messages.append((topic, encode_telemetry(ts_ms, named, *identity)))
        return messages

    def make_live(self) -> list[tuple[bytes, bytes]]:
        """One instant's messages of all assets. Of ``ODD_EVERY`` such steps one has no ``boot`` and ``seq``, one has
        other values for the same instant before it, which must not stand, and one has values without ``ts`` beside."""
        self._steps += 1
        way = self._steps % ODD_EVERY
        wrong = self.make(1, beside=0.01) if way == 1 else []
        return wrong + self.make(1, 1, counted=way != 2) + (self._make_without_ts() if way == 3 else [])

    def _make_without_ts(self) -> list[tuple[bytes, bytes]]:
        value = round(20.0 + self._steps / 10_000, 4)
        for values in self.without_ts:
            values.append(value)
        return [(topic, encode_telemetry(None, {SPARE: value})) for topic in self._topics]


def values_at(ts_ms: NDArray[np.int64], asset: int) -> NDArray[np.float64]:
    """Values (n, 5) of an asset at instants (n,): a calm machine whose points move together a little."""
    phase = (ts_ms // STEP_MS + 17 * asset)[:, None]
    load = phase * 7919 % 1009 / 1009
    noise = phase * np.array([31, 61, 97, 131, 173]) % 499 / 49_900
    base = np.array([0.2, 0.42, 50.0, 48.0, 1.8])
    found: NDArray[np.float64] = np.round(base + np.array([0.01, 0.02, 2.0, 0.5, 0.1]) * load + base * noise, 4)
    return found


def measure_ingest(
    seconds: int,
    window: int,
    peer: str | None,
    say: Callable[[str], None],
    store: str = "influxdb",
    messages: int = ROUND,
    broker_kind: str = "mosquitto",
) -> dict[str, Any]:
    """The document of ``bench ingest``. Raises ``Unreachable`` when a server is missing or gives up."""
    if peer:
        require_telegraf()
    with ExitStack() as stack:
        broker = stack.enter_context(_broker(broker_kind, window))
        influx = stack.enter_context(BenchInflux()) if store == "influxdb" or peer else None
        url = influx.readings_url if influx is not None and store == "influxdb" else None
        site = stack.enter_context(BenchSite(broker.port, ASSETS, url, {}))
        telegraf = stack.enter_context(Telegraf(broker.port, influx, FILTER)) if peer and influx else None
        start_ms = time.time_ns() // 1_000_000 - BACK_MS * max(60, seconds)
        run = _Run(broker, site, telegraf, start_ms // STEP_MS * STEP_MS, say, keeps_window=broker_kind == "rabbitmq")
        run.prepare()
        run.rounds(seconds, messages)
        live_s = min(LIVE_S, seconds)
        run.live(live_s)
        document = run.document()
        say("comparing every value with what the API gives")
        document["whole_run"] = (
            seconds >= WHOLE_S
            and messages >= ROUND
            and window >= WINDOW
            and broker_kind == "mosquitto"
            and store == "influxdb"
        )
        with site.serving() as client:
            document["scored_assets"] = _scored(client)
            document["lost"], document["duplicates"] = compare(client, site, run.publishing)
    return document | {
        "settings": {
            "seconds": seconds, "broker": broker_kind, "window": window, "peer": peer, "store": store, "assets": ASSETS,
            "values_a_message": len(site.points), "messages_a_round": messages, "live_rate": LIVE_RATE,
            "live_s": live_s,
        },
        "environment": environment(),
    }  # fmt: skip


@contextmanager
def _broker(kind: str, window: int) -> Iterator[BenchMosquitto | RabbitCluster]:
    """Mosquitto, or one node of RabbitMQ, which keeps strictly to its window: that of Mosquitto 2.0.11 leaks (mended in
    2.0.13), and after some thousand messages there is none."""
    if kind == "mosquitto":
        with BenchMosquitto(window) as server:
            yield server
    else:
        with RabbitCluster("classic", 1, prefetch=window) as node:
            yield node


def _scored(client: httpx.Client) -> int:
    """Of how many assets the condition model has something to say."""
    answer = client.get("/api/v1/assets", params={"site": SITE, "limit": "1000"}).raise_for_status()
    return sum(asset["health"] != "unknown" for asset in answer.json()["items"])


class _Run:
    def __init__(
        self,
        broker: BenchMosquitto | RabbitCluster,
        site: BenchSite,
        telegraf: Telegraf | None,
        start_ms: int,
        say: Callable[[str], None],
        *,
        keeps_window: bool,
    ) -> None:
        """``keeps_window``: how much of its window the broker itself allows is measured too."""
        self._broker, self._site, self._telegraf, self._say = broker, site, telegraf, say
        self._keeps_window = keeps_window
        self.publishing = Publishing(site, start_ms)
        self._published = 0
        self._ours: list[tuple[int, float]] = []
        self._bare: list[float] = []
        self._peer: list[float] = []
        self._prompt: list[float] = []
        self._prompt_durable: list[float] = []
        self._cpu_s = 0.0
        self._delays: dict[str, float] = {}

    def prepare(self) -> None:
        """Start the collector and have every asset learn its model, so that scoring is on in what follows."""
        hold_session(self._broker.port, CLIENT_ID, FILTER)
        self._site.start()
        messages = self.publishing.make(LEARN_ROWS * ASSETS)
        instants = self.publishing.instants
        self._say(f"{len(messages)} messages that each asset's model is learned from")
        self._send(messages)
        self._site.wait_received(self._published, 120)
        self._site.declare_normal(_utc(instants[0]), _utc(instants[-1]))
        self._send(self.publishing.make(2 * ASSETS))
        self._site.wait_received(self._published, 120)

    def _send(self, messages: Sequence[tuple[bytes, bytes]]) -> None:
        publisher = RawPublisher(self._broker.port, "bench-publisher")
        publisher.publish(messages)
        publisher.close()
        self._published += len(messages)

    def rounds(self, seconds: int, count: int) -> None:
        """Turns of all consumers until the collector has drained for ``seconds``."""
        while sum(s for _, s in self._ours) < seconds:
            messages = self.publishing.make(count)
            self._bare_turn(messages)
            self._our_turn(messages)
            if self._keeps_window:
                self._prompt_turns(messages)
            if self._telegraf is not None:
                self._peer.append(self._telegraf.drain(messages, self._publish_only))
            told = f"bare {self._bare[-1]:,.0f}, collector {self._ours[-1][0] / self._ours[-1][1]:,.0f}"
            self._say(told + (f", telegraf {self._peer[-1]:,.0f} messages/s" if self._peer else " messages/s"))

    def _publish_only(self, messages: Sequence[tuple[bytes, bytes]]) -> None:
        """For a consumer that is not the collector: the collector's own session does not get these."""
        publisher = RawPublisher(self._broker.port, "bench-publisher")
        publisher.publish([(b"x" + topic, payload) for topic, payload in messages])
        publisher.close()

    def _bare_turn(self, messages: Sequence[tuple[bytes, bytes]]) -> None:
        self._bare.append(self._rate_of(partial(drain_bare, folder=self._broker.folder), BARE, messages))

    def _prompt_turns(self, messages: Sequence[tuple[bytes, bytes]]) -> None:
        self._prompt.append(self._rate_of(drain_prompt, PROMPT, messages))
        durable = partial(drain_prompt, file=self._broker.folder / PROMPT)
        self._prompt_durable.append(self._rate_of(durable, PROMPT, messages))

    def _rate_of(self, drain: _Drain, client: str, messages: Sequence[tuple[bytes, bytes]]) -> float:
        """Messages a second of a consumer that is not the collector, from a queue of its own."""
        hold_session(self._broker.port, client, "x" + FILTER)
        self._publish_only(messages)
        rate = drain(self._broker.port, client, len(messages)).rate
        forget_session(self._broker.port, client)
        return rate

    def _our_turn(self, messages: Sequence[tuple[bytes, bytes]]) -> None:
        """The collector is stopped in its tracks while the messages queue up; then it goes on. Some come before, as in
        a busy plant: in a quiet one the telemetry of unknown sites is listened for too, and the broker would queue all
        of it twice for a collector that cannot say "enough"."""
        busy = min(BUSY, len(messages) // 4)
        self._send(messages[:busy])
        self._site.wait_received(self._published, 60)
        time.sleep(LETS_GO_S)
        messages = messages[busy:]
        self._site.signal(signal.SIGSTOP)
        self._send(messages)
        cpu_s = self._site.cpu_s()
        self._site.signal(signal.SIGCONT)
        seconds = self._site.wait_stored(self.publishing.instants[-1], 600)
        self._ours.append((len(messages), seconds))
        self._site.wait_received(self._published, 60)
        self._cpu_s += self._site.cpu_s() - cpu_s

    def live(self, seconds: int) -> None:
        """Delays at a live rate, from each reading's own time to its being durable and stored."""
        self._say(f"delays at {LIVE_RATE} messages/s")
        time.sleep(1)
        publisher = RawPublisher(self._broker.port, "bench-live")
        begun = time.monotonic()
        for n in range(seconds * LIVE_RATE // ASSETS):
            ahead = n * ASSETS / LIVE_RATE - (time.monotonic() - begun)
            if ahead > 0:
                time.sleep(ahead)
            now_ms = time.time_ns() // 1_000_000
            self.publishing.catch_up(now_ms)
            messages = self.publishing.make_live()
            publisher.send(messages)
            self._published += len(messages)
        publisher.settle()
        publisher.close()
        self._site.wait_received(self._published, 60)
        self._delays = self._site.stats()

    def document(self) -> dict[str, Any]:
        """The figures so far."""
        messages, seconds = sum(n for n, _ in self._ours), sum(s for _, s in self._ours)
        rate, bare = messages / seconds, float(np.median(self._bare))
        telegraf, at_once, durable = (
            round(float(np.median(rates))) if rates else None
            for rates in (self._peer, self._prompt, self._prompt_durable)
        )
        return {
            "messages_per_s": round(rate),
            "values_per_s": round(rate * len(self._site.points)),
            "bare_messages_per_s": round(bare),
            "ratio": round(rate / bare, 3),
            "telegraf_messages_per_s": telegraf,
            "ratio_to_telegraf": None if telegraf is None else round(rate / telegraf, 3),
            "prompt_messages_per_s": {"at_once": at_once, "after_fsync": durable},
            "ratio_to_prompt": None if durable is None else round(rate / durable, 3),
            "counts": bare >= FLOOR,
            "messages": messages,
            "cpu_cores": round(self._cpu_s / seconds, 2),
            "cpu_s_per_100k": round(self._cpu_s / messages * 100_000, 2),
            "rss_mb": self._site.rss_mb(),
            "publish_to_durable_ms": {p: self._delays.get(f"durable_{p}_ms") for p in ("p50", "p99")},
            "publish_to_stored_ms": {p: self._delays.get(f"stored_{p}_ms") for p in ("p50", "p99")},
        }


def compare(client: httpx.Client, site: BenchSite, publishing: Publishing) -> tuple[int, int]:
    """Readings that were published and are not there with their value; and instants that nobody published."""
    lost, extra = compare_with(client, site, publishing.instants, range(len(site.codes)))
    for number, code in enumerate(site.codes):
        missing, more = _differing(client, f"key-{code}", publishing.instants[0], publishing.without_ts[number])
        lost, extra = lost + missing, extra + more
    return lost, extra


def compare_with(
    client: httpx.Client, site: BenchSite, instants: Sequence[int], numbers: Sequence[int]
) -> tuple[int, int]:
    """As ``compare``, of the messages with a ``ts`` of the assets with these numbers."""
    wanted = np.array(sorted(instants), np.int64)
    lost = extra = 0
    for number in numbers:
        values = values_at(wanted, number)
        for column, point in enumerate(site.points):
            key, span = f"key-{site.codes[number]}", (int(wanted[0]), int(wanted[-1]))
            ts_ms, value = stored_readings(client, key, point, *span)
            missing, more = differences(wanted, values[:, column], ts_ms, value)
            lost, extra = lost + missing, extra + more
    return lost, extra


def differences(
    wanted: NDArray[np.int64], values: NDArray[np.float64], ts_ms: NDArray[np.int64], value: NDArray[np.float64]
) -> tuple[int, int]:
    """Of readings ``values`` at the instants ``wanted`` (rising, each once), how many are not given with their value,
    and how many are given at an instant that was not wanted, or more than once."""
    at = np.searchsorted(wanted, ts_ms)
    known = wanted[np.minimum(at, len(wanted) - 1)] == ts_ms
    right = np.zeros(len(wanted), np.bool_)
    right[at[known][value[known] == values[at[known]]]] = True
    return int((~right).sum()), len(ts_ms) - len(np.unique(ts_ms[known]))


def _differing(client: httpx.Client, asset: str, first_ms: int, published: Sequence[float]) -> tuple[int, int]:
    """How many values without a ``ts`` are missing, and how many too many: at which instants they came is nobody's
    word but the collector's."""
    if not published:
        return 0, 0
    found = Counter(stored_readings(client, asset, SPARE, first_ms, time.time_ns() // 1_000_000)[1].tolist())
    wanted = Counter(published)
    return (wanted - found).total(), (found - wanted).total()


def stored_readings(
    client: httpx.Client, asset: str, point: str, first_ms: int, last_ms: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Instants and values of a point that the API gives for a span, both ends included."""
    query = {"asset": asset, "points": point, "from": _text(first_ms), "to": _text(last_ms + 1), "limit": str(PAGE)}
    rows: list[list[float]] = []
    while True:
        answer = client.get("/api/v1/readings", params=query)
        answer.raise_for_status()
        document = answer.json()
        rows += document["series"][0]["rows"]
        if document["next_cursor"] is None:
            break
        query["cursor"] = document["next_cursor"]
    return np.array([r[0] for r in rows], np.int64), np.array([r[1] for r in rows], np.float64)


def _utc(ts_ms: int) -> datetime:
    return datetime.fromtimestamp(ts_ms / 1000, UTC)


def _text(ts_ms: int) -> str:
    return _utc(ts_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
