"""``bench fuzz``: payloads of every kind through a real broker into the real product.

What should become of each one is known beforehand (``fuzz_payloads``, ``fuzz_oracle``) and compared with what the API
gives: every bad message has a dead letter, every sound value is stored.
"""

import base64
import re
import time
from array import array
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from hashlib import blake2b
from typing import Any

import httpx
import numpy as np

from plantroom.cli.bench_ingest import stored_readings
from plantroom.cli.bench_product import environment
from plantroom.cli.bench_servers import BenchInflux, BenchMosquitto
from plantroom.cli.bench_site import CLIENT_ID, FILTER, SITE, BenchSite
from plantroom.cli.bench_wire import RawPublisher, connect, hold_session, publish_packet
from plantroom.cli.fuzz_oracle import UNTIMED
from plantroom.cli.fuzz_payloads import Made, Payloads, sources
from plantroom.errors import Unreachable

ASSETS = 20
CHUNK = 10_000
_NUMBER = re.compile(rb"[0-9]+\.[0-9]+")
AHEAD = 100_000
"""Messages that may wait in broker and spool."""

SETTLE_S = 600.0
KEEP_ALL = {"PLANTROOM_DEAD_LETTERS_MAX": "1000000000", "PLANTROOM_DEAD_LETTERS_MB": "1000000"}
EXAMPLES = 20
HOSTILE = (
    b"plantroom/bench/\x00/telemetry", b"plantroom/bench/\xff\xfe/telemetry", b"a/" * 300, b"plantroom/+/x/telemetry",
    b"plantroom/#", b"", b"\xed\xa0\x80", b"$SYS/bench",
)  # fmt: skip
"""Topics that a broker refuses, for the most part by closing the connection."""


class Expected:
    """What has to be there in the end, in columns."""

    def __init__(self, site: BenchSite) -> None:
        self._keys = {code: n for n, code in enumerate(site.codes)}
        self._points: dict[str, int] = {}
        self._asset, self._point, self._message = array("H"), array("H"), array("L")
        self._ts, self._value = array("q"), array("d")
        self.letters: Counter[bytes] = Counter()
        self._perhaps = array("d")
        """Values of messages that were perhaps stored, at whichever instant."""
        self._excerpts: dict[bytes, str] = {}
        self.not_stored: list[str] = []
        self.sent = self.bad = self.good = self.undecided = 0

    def take(self, made: Made) -> None:
        """Note one message."""
        self.sent += 1
        verdict = made.verdict
        if verdict.open:
            self.undecided += 1
            self._perhaps.extend(map(float, _NUMBER.findall(made.payload)))
            return
        if verdict.bad:
            self.bad += 1
            name = _digest(made.topic, made.payload)
            self.letters[name] += 1
            self._excerpts.setdefault(name, f"{made.topic[:80]} {made.payload[:120]!r}")
        if not verdict.values:
            return
        self.good += 1
        for ts_ms, key, value in verdict.values:
            self._asset.append(self._keys[made.asset])
            self._point.append(self._points.setdefault(key, len(self._points)))
            self._message.append(self.sent)
            self._ts.append(ts_ms)
            self._value.append(value)

    def examples(self, missing: Counter[bytes]) -> list[str]:
        """A few of the messages that have no dead letter, and of the values that are not stored."""
        return [self._excerpts[name] for name in list(missing)[:EXAMPLES]] + self.not_stored[:EXAMPLES]

    def _tell(self, whose: str, ts: Any, value: Any, found: dict[int, float]) -> None:
        if len(self.not_stored) < EXAMPLES:
            sent = zip(ts.tolist(), value.tolist(), strict=True)
            self.not_stored += [f"{whose} at {ms}: sent {one}, stored {found.get(ms)}" for ms, one in sent]

    def stored(self, client: httpx.Client) -> int:
        """How many messages with sound values have all of them in the store. Of several values for one instant any
        counts: which of them was the last is for ``bench crash`` to say."""
        asset, point = np.array(self._asset), np.array(self._point)
        message, ts, value = np.array(self._message), np.array(self._ts), np.array(self._value)
        whole = np.ones(self.sent + 1, np.bool_)
        for code, number in self._keys.items():
            for key, column in self._points.items():
                mine = np.flatnonzero((asset == number) & (point == column))
                if not len(mine):
                    continue
                first = 0 if (ts[mine] == UNTIMED).any() else int(ts[mine].min())
                found_ts, found = stored_readings(client, f"key-{code}", key, first, time.time_ns() // 1_000_000)
                missing = mine[~_are_there(ts[mine], value[mine], found_ts, found, np.array(self._perhaps))]
                whole[message[missing]] = False
                self._tell(f"{code} {key}", ts[missing], value[missing], dict(zip(found_ts, found, strict=True)))
        return self.good - int((~whole).sum())


def _are_there(ts: Any, value: Any, found_ts: Any, found: Any, perhaps: Any) -> Any:
    """Which of the values (n,) are found: an untimed one anywhere, one with an instant there, as it is or as another
    that was sent for the same instant, or perhaps was."""
    if not len(found_ts):
        return np.zeros(len(ts), np.bool_)
    at = np.minimum(np.searchsorted(found_ts, ts), len(found_ts) - 1)
    there = (found_ts[at] == ts) & ((found[at] == value) | np.isin(found[at], perhaps))
    return np.where(ts == UNTIMED, np.isin(value, found), there | np.isin(ts, ts[there]))


def measure_fuzz(payloads: int, seed: int, store: str, say: Callable[[str], None]) -> dict[str, Any]:
    """The document of ``bench fuzz``. Raises ``Unreachable`` when a server is missing or gives up."""
    with ExitStack() as stack:
        broker = stack.enter_context(BenchMosquitto(1000))
        influx = stack.enter_context(BenchInflux()) if store == "influxdb" else None
        url = influx.readings_url if influx is not None else None
        # Every letter is looked for in the end: none may have been let go to make room.
        site = stack.enter_context(BenchSite(broker.port, ASSETS, url, KEEP_ALL))
        with site.ledger.begin() as tx:
            for source in sources(SITE, site.points):
                tx.sources.add(source)
        hold_session(broker.port, CLIENT_ID, FILTER)
        site.start()
        site.wait_ready()
        expected = Expected(site)
        made = Payloads(seed, SITE, site.points, site.all_points, time.time_ns() // 1_000_000)
        rates = _publish(broker.port, site, made, expected, payloads, say)
        say("all published; waiting for the last to be dealt with")
        _settle(broker.port, site, made, expected)
        alive = site.collector is not None and site.collector.poll() is None
        stats, errors = site.stats(), site.tracebacks()
        with site.serving() as client:
            say("looking for every dead letter")
            letters, reasons = _letters(client)
            missing = expected.letters - letters
            say("looking for every value")
            stored = expected.stored(client)
    failures = int(stats.get("stage_failures", 0)) + reasons.get("internal_error", 0)
    return {
        "payloads": expected.sent,
        "crashes": int(not alive) + errors + failures,
        "bad": expected.bad,
        "dead_lettered": expected.bad - missing.total(),
        "good": expected.good,
        "stored": stored,
        "undecided": expected.undecided,
        "examples": expected.examples(missing),
        "reasons": dict(reasons.most_common()),
        "messages_per_s": rates,
        "settings": {"payloads": payloads, "seed": seed, "store": store, "assets": ASSETS},
        "environment": environment(),
    }


def _publish(
    port: int, site: BenchSite, made: Payloads, expected: Expected, count: int, say: Callable[[str], None]
) -> list[int]:
    """Gives the messages/s of each tenth, as the collector took them."""
    publisher, rates, begun = RawPublisher(port, "bench-fuzz"), [], time.monotonic()
    tenth = max(CHUNK, count // 10)
    for start in range(0, count, CHUNK):
        batch = list(made.take(min(CHUNK, count - start)))
        for one in batch:
            expected.take(one)
        publisher.publish([(one.topic.encode(), one.payload) for one in batch])
        _hostile(port, batch[-1])
        while expected.sent - site.stats().get("received", 0) > AHEAD:
            site.require_alive()
            time.sleep(0.1)
        if expected.sent % tenth < CHUNK:
            rates.append(round(tenth / (time.monotonic() - begun)))
            begun = time.monotonic()
            say(f"{expected.sent} payloads, {rates[-1]} a second")
    publisher.close()
    return rates


def _hostile(port: int, like: Made) -> None:
    """Topics that a broker may answer by closing the connection; a retained message among them."""
    for topic in HOSTILE:
        sock = connect(port, "bench-hostile")
        try:
            sock.sendall(publish_packet(0x33, topic, 1, like.payload[:100]))
            sock.settimeout(0.2)
            sock.recv(4)
        except OSError:
            pass
        finally:
            sock.close()


def _settle(port: int, site: BenchSite, made: Payloads, expected: Expected) -> None:
    """Wait until nothing waits any more, in the broker either: a last sound message of each asset is stored."""
    publisher = RawPublisher(port, "bench-fuzz")
    last = made.last(site.codes)
    for one in last:
        expected.take(one)
    publisher.publish([(one.topic.encode(), one.payload) for one in last])
    publisher.close()
    site.wait_stored(last[-1].verdict.values[0][0], SETTLE_S)
    deadline = time.monotonic() + SETTLE_S
    while site.stats().get("spool_depth", 1) > 0:
        site.require_alive()
        if time.monotonic() > deadline:
            raise Unreachable("the collector under measurement", f"got stuck: {site.stats()}")
        time.sleep(0.2)


def _letters(client: httpx.Client) -> tuple[Counter[bytes], Counter[str]]:
    """How many messages of each content have a letter; letters by the code of their reason."""
    messages: dict[str, bytes] = {}
    reasons: Counter[str] = Counter()
    query: dict[str, str] = {"limit": "1000", "site": SITE}
    while True:
        answer = client.get("/api/v1/dead-letters", params=query)
        answer.raise_for_status()
        page = answer.json()
        for letter in page["items"]:
            payload = base64.b64decode(letter["payload_base64"])
            messages[letter["id"].split("-")[0]] = _digest(letter["topic"], payload)
            reasons[letter["reason"].split(":")[0]] += 1
        if page["next_cursor"] is None:
            return Counter(messages.values()), reasons
        query["cursor"] = page["next_cursor"]


def _digest(topic: str, payload: bytes) -> bytes:
    return blake2b(topic.encode() + b"\x00" + payload, digest_size=12).digest()
