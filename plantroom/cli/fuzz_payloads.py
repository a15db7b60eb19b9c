"""Payloads for ``bench fuzz``: sound ones of every dialect, damaged ones, and what no device should send.

Each comes with the verdict on it, known from how it was made or from ``fuzz_oracle``. A seed gives the same again.
"""

import json
import random
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zlib import crc32

from plantroom.cli.fuzz_oracle import UNTIMED, Verdict, judge
from plantroom.domain.assets import SourceClock
from plantroom.domain.sources import FieldMapping, TopicSource

UNTIMED_ASSET = "P-001"
"""Whose messages never have an instant of their own: what stands in for it meets no other."""

STEP_MS = 20
BACK_MS = 24 * 3_600_000
"""How far back the first instant lies."""

MIB = 1 << 20
FOREIGN = ("senml", "tasmota", "zigbee2mqtt", "sparkplug_b", "json")


@dataclass(frozen=True, slots=True)
class Made:
    """One message. ``asset``: whose the values are."""

    topic: str
    payload: bytes
    verdict: Verdict
    asset: str = ""


def sources(site: str, points: Sequence[str]) -> list[TopicSource]:
    """A source for each dialect, each feeding an asset of its own."""
    one, two = points[0], points[1]
    fields = {
        "senml": (FieldMapping("one", one), FieldMapping("two", two)),
        "tasmota": (FieldMapping("ENERGY.Power", one), FieldMapping("ENERGY.Total", two)),
        "zigbee2mqtt": (FieldMapping("temperature", one), FieldMapping("humidity", two)),
        "sparkplug_b": (FieldMapping("one", one), FieldMapping("two", two)),
        "json": (),
    }
    filters = {
        "senml": "fuzz-senml/#", "tasmota": "fuzz-tele/+/SENSOR", "zigbee2mqtt": "fuzz-zigbee/+",
        "sparkplug_b": "spBv1.0/fuzz/#", "json": "fuzz-json/#",
    }  # fmt: skip
    return [
        TopicSource(
            f"fuzz-{name}", site, name, filters[name], name, clock=SourceClock.SIMULATED, time_zone="UTC",
            asset=f"P-{10 + n:03}", fields=fields[name],
        )
        for n, name in enumerate(FOREIGN)
    ]  # fmt: skip


class Payloads:
    """Makes messages; ``points`` are five keys that every asset has, ``all_points`` all that it has."""

    def __init__(self, seed: int, site: str, points: Sequence[str], all_points: frozenset[str], now_ms: int) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - the same payloads again, not a secret
        self._site, self._points, self._all = site, points, all_points
        self._judged_ms = now_ms
        self._now_ms = self._start_ms = (now_ms - BACK_MS) // 1000 * 1000
        self._count = self._unique = self._sparkplug = 0
        self._kinds: Sequence[tuple[int, Callable[[], Made]]] = (
            (34, self._canonical), (6, self._flat), (6, self._array), (4, self._untimed), (12, self._foreign),
            (21, self._mutated), (10, self._wrong), (3, self._half), (2, self._odd_topic), (1, self._event),
            (1, self._hostile),
        )  # fmt: skip

    def take(self, count: int) -> Iterator[Made]:
        """The next messages."""
        weights = [weight for weight, _ in self._kinds]
        for make in self._rng.choices([make for _, make in self._kinds], weights, k=count):
            self._count += 1
            yield make() if self._count % 10_000 else self._blob()

    def last(self, codes: Sequence[str]) -> list[Made]:
        """A sound message of each asset, all at one instant behind all others."""
        ts_ms, key = self._instant(), self._points[0]
        return [
            self._good(code, ts_ms, values, {"ts": ts_ms, "values": values})
            for code in codes
            if (values := {key: self._value()})
        ]

    def _instant(self) -> int:
        self._now_ms += STEP_MS
        return self._now_ms

    def _value(self) -> float:
        """Never the same twice."""
        self._unique += 1
        return self._unique / 1024

    def _asset(self) -> str:
        return f"P-{self._rng.randrange(2, 10):03}"

    def _topic(self, asset: str, channel: str = "telemetry") -> str:
        return f"plantroom/{self._site}/{asset}/{channel}"

    def _good(self, asset: str, ts_ms: int, values: Mapping[str, float], body: object) -> Made:
        verdict = Verdict([(ts_ms, key, value) for key, value in values.items()])
        return Made(self._topic(asset), json.dumps(body).encode(), verdict, asset)

    def _values(self, count: int = 0) -> dict[str, float]:
        return {key: self._value() for key in self._points[: count or self._rng.randrange(1, 6)]}

    def _canonical(self) -> Made:
        ts_ms, values = self._instant(), self._values()
        body: dict[str, object] = {"ts": _text(ts_ms) if self._rng.random() < 0.7 else ts_ms, "values": values}
        if self._rng.random() < 0.7:
            body |= {"boot": "fuzz", "seq": self._count}
        return self._good(self._asset(), ts_ms, values, body)

    def _flat(self) -> Made:
        ts_ms, values = self._instant(), self._values()
        return self._good(self._asset(), ts_ms, values, {"ts": ts_ms} | values)

    def _array(self) -> Made:
        asset, verdict, body = self._asset(), Verdict(), []
        for _ in range(self._rng.randrange(1, 5)):
            ts_ms, values = self._instant(), self._values(2)
            body.append({"ts": ts_ms, "values": values})
            verdict.values += [(ts_ms, key, value) for key, value in values.items()]
        return Made(self._topic(asset), json.dumps(body).encode(), verdict, asset)

    def _untimed(self) -> Made:
        values = self._values(1)
        return self._good(UNTIMED_ASSET, UNTIMED, values, {"values": values})

    def _half(self) -> Made:
        """Some values are sound and some are not."""
        ts_ms, asset, values = self._instant(), self._asset(), self._values()
        bad = self._rng.choice(['"7"', "null", "NaN", "-Infinity", "[1]", '{"a":1}', "1e999", '"warm"'])
        body = json.dumps({"ts": ts_ms, "values": values})[:-2] + f', "running": {bad}' + "}}"
        verdict = Verdict([(ts_ms, key, value) for key, value in values.items()], bad=True)
        return Made(self._topic(asset), body.encode(), verdict, asset)

    def _event(self) -> Made:
        """Nothing is stored of an event; one that names none is a dead letter."""
        asset, name = self._asset(), self._rng.choice([b'"event": "maintenance_mode"', b'"evnt": "x"'])
        verdict = Verdict(bad=b"evnt" in name)
        body = b'{"ts": %d, %b, "n": %d}' % (self._instant(), name, self._count)
        return Made(self._topic(asset, "event"), body, verdict, asset)

    def _blob(self) -> Made:
        """A mebibyte of something."""
        fill = self._rng.choice([b"\x00", b"[", b'{"a":', b"9", b'"', b"\xff", b" ", b"[1,"])
        body = (b"%d" % self._count + fill * (MIB // len(fill)))[:MIB]
        return Made(self._topic(self._asset()), body, Verdict(bad=True))

    def _mutated(self) -> Made:
        """A canonical message with damage; the reference reader says what should become of it."""
        made = self._canonical()
        raw = bytearray(made.payload)
        for _ in range(self._rng.choice((1, 1, 1, 2, 4))):
            self._damage(raw)
        payload = bytes(raw)
        return Made(made.topic, payload, judge(payload, self._all, self._judged_ms), made.asset)

    def _damage(self, raw: bytearray) -> None:
        rng, at = self._rng, self._rng.randrange(len(raw) + 1)
        kind = rng.randrange(8)
        if kind == 0 and at < len(raw):
            raw[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del raw[at:]
        elif kind == 2:
            del raw[at : at + rng.randrange(1, 9)]
        elif kind == 3:
            raw[at:at] = raw[: rng.randrange(len(raw) + 1)]
        elif kind == 4:
            raw[at:at] = rng.choice(_SPLICES)
        elif kind == 5:
            raw[at:at] = rng.randbytes(rng.randrange(1, 5))
        elif kind == 6:
            raw[:] = bytes(raw).replace(b":", rng.choice((b":-", b":0", b": [", b":1e3", b"::")), 1)
        else:
            raw[:] = bytes(raw).replace(b'"', rng.choice((b"'", b'\\"', b'"\\ud800')), rng.randrange(1, 3))

    def _wrong(self) -> Made:
        """What is known to be no message, on the topic of a known asset."""
        n = self._count
        body = self._rng.choice(
            (
                b"", b" ", b"null", b"%d" % n, b'"%d"' % n, b"[]", b"{}", b"[%d]" % n, b"true",
                b'{"ts": %d, "values": {}}' % n, b'{"ts": %d, "values": [1]}' % n, b'{"n": %d, "values": null}' % n,
                b'{"ts": "yesterday", "values": {"flow": %d}}' % n, b'{"ts": true, "values": {"flow": %d}}' % n,
                b'{"ts": 5, "values": {"flow": %d}}' % n, b'{"ts": 99999999999999, "values": {"flow": %d}}' % n,
                b'{"ts": 1e308, "values": {"flow": %d}}' % n, b'{"ts": {}, "values": {"flow": %d}}' % n,
                b'{"n%d": ' % n + _DEEP, b'{"a":' * 500 + b"%d" % n + b"}" * 500,
                b'{"no_such_point": %d}' % n, b'{"flow": "\\ud800", "n%d": 1}' % n,
                b"\xff\xfe{\x00}\x00%d" % n, b"\x1f\x8b\x08%d" % n, b"\x00" * (n % 300 + 1), b'{"flow": %d}}' % n,
                b'{"flow": 1%d' % n + b"0" * 400 + b"}", b'{"flow": NaN, "n": %d}' % n, b"<xml n='%d'/>" % n,
                *(_LONG if n % 10 == 0 else ()),
            )
        )  # fmt: skip
        asset = self._asset()
        return Made(self._topic(asset), body, Verdict(bad=True), asset)

    def _hostile(self) -> Made:
        """Small or middling, and made to cost more than it weighs: nothing of it is a value."""
        n, size = self._count, self._rng.choice((600, 5_000, 50_000))
        topic, body = self._rng.choice(
            (
                (self._topic(self._asset()), b'{"event":"%d' % n + b'\\"' * size),
                (self._topic(self._asset(), "event"), b'{"event":"%d' % n + b'\\"' * size + b"\\"),
                (self._topic(self._asset()), b'[{"n":%d},' % n + b'{"event":' * size),
                (self._topic(self._asset()), _spool_record(self._topic("P-002"), b'{"flow": 1}', n)),
                (self._topic(self._asset()), _spool_record("", b"x" * size, n)[:-1] + _spool_record("", b"", n)),
                ("fuzz-zigbee/kitchen", b'{"%d' % n + b"k" * size + b'":[' + b"0," * (size // 10) + b"0]}"),
                ("fuzz-tele/plug/SENSOR", b'{"%d":{"' % n + b"k" * size + b'":{"a":1}}}'),
                ("fuzz-senml/device", b'[{"bn":"%d' % n + b"k" * size + b'"}' + b',{"n":"one","vs":"x"}' * 50 + b"]"),
                ("fuzz-senml/device", b'[{"n":"%d"}' % n + b",{}" * min(size, 9_000) + b"]"),
                ("fuzz-senml/device", b'[{"n":"one","v":%d,"u":"' % n + b"(" * size + b"m" + b")" * size + b'"}]'),
                ("fuzz-senml/device", b'[{"n":"one","v":%d,"u":"10*%d"}]' % (n, 10**8 + size)),
                ("fuzz-senml/device", b"\x81\xa1\x02\xd8\x1e\x82\x01\xc2\x59\x01\x00" + b"%256d" % n),
                (f"spBv1.0/fuzz/DBIRTH/hostile/{'d' * 1_000}", _field(2, _field(1, b"%d" % n)) * (size // 10)),
            )
        )
        return Made(topic, body, Verdict(bad=True), "")

    def _odd_topic(self) -> Made:
        n, site = self._count, self._site
        topic, verdict = self._rng.choice(
            (
                (f"plantroom/{site}/nobody-{n}/telemetry", Verdict(bad=True)),
                (f"plantroom/{site}/水泵-{n}/telemetry", Verdict(bad=True)),
                (f"plantroom/{site}/" + "x" * 20_000 + f"{n}/telemetry", Verdict(bad=True)),
                (f"plantroom/{site}/{n}", Verdict(bad=True)),
                (f"plantroom/{site}//telemetry", Verdict(bad=True)),
                (f"plantroom/{site}/P-002/telemetry/{n}", Verdict(bad=True)),
                (f"plantroom/{site}/P-002/Telemetry", Verdict(bad=True)),
                (f"plantroom/{site}/😀{n}/event", Verdict(bad=True)),
                (f"plantroom/elsewhere/P-{n}/telemetry", Verdict(open=True)),
                (f"plantroom/{site}/P-002/status", Verdict(bad=True)),
                (f"$odd/{site}/{n}", Verdict(open=True)),
                (f"/{n}", Verdict(open=True)),
            )
        )
        return Made(topic, b'{"flow": %d}' % n, verdict)

    def _foreign(self) -> Made:
        number = self._rng.randrange(len(FOREIGN))
        name, asset = FOREIGN[number], f"P-{10 + number:03}"
        one, two = self._points[0], self._points[1]
        ts_ms, first, second = self._instant(), self._value(), self._value()
        if name in {"tasmota", "sparkplug_b"}:
            ts_ms = self._start_ms + 1000 * (self._sparkplug + 1)
            self._sparkplug += 1
        topic, payload = _FOREIGN_MAKERS[name](ts_ms, first, second, one, two)
        chance = self._rng.random()
        if chance < 0.7:
            return Made(topic, payload, Verdict([(ts_ms, one, first), (ts_ms, two, second)]), asset)
        if chance < 0.85 and name != "sparkplug_b":
            return Made(topic, payload[: len(payload) // 2], Verdict(bad=True), asset)
        raw = bytearray(payload)
        self._damage(raw)
        if name == "sparkplug_b":
            topic = f"spBv1.0/fuzz/DDATA/damaged/{self._count % 50}"
        return Made(topic, bytes(raw), Verdict(open=True), "")


_DEEP = b"[" * 2000 + b"]" * 2000 + b"}"
_LONG = (b"[" * 100_000, json.dumps({f"k{k}": k for k in range(10_001)}).encode())
_SPLICES = (
    b"NaN", b"Infinity", b"1e999", b"null", b"true", b'"values":', b'"ts":0,', b"\xef\xbb\xbf", b"\\ud83d", b"\x00",
    b"[[[[", b"}}", b',"flow":1', b"123456789012345678901234567890", b"\xed\xa0\x80", b'"event":"x",', b"\r\n",
)  # fmt: skip


def _text(ts_ms: int) -> str:
    return datetime.fromtimestamp(ts_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _senml(ts_ms: int, first: float, second: float, *_: str) -> tuple[str, bytes]:
    pack = [{"bt": ts_ms / 1000, "n": "one", "v": first}, {"n": "two", "v": second}]
    return "fuzz-senml/device", json.dumps(pack).encode()


def _tasmota(ts_ms: int, first: float, second: float, *_: str) -> tuple[str, bytes]:
    body = {"Time": _text(ts_ms)[:19], "ENERGY": {"Power": first, "Total": second}}
    return "fuzz-tele/plug/SENSOR", json.dumps(body).encode()


def _zigbee(ts_ms: int, first: float, second: float, *_: str) -> tuple[str, bytes]:
    return "fuzz-zigbee/kitchen", json.dumps({"temperature": first, "humidity": second, "last_seen": ts_ms}).encode()


def _plain(ts_ms: int, first: float, second: float, one: str, two: str) -> tuple[str, bytes]:
    return "fuzz-json/anything", json.dumps({"ts": ts_ms, one: first, two: second}).encode()


def _sparkplug(ts_ms: int, first: float, second: float, *_: str) -> tuple[str, bytes]:
    """A birth of a device of a node of its own: protocol buffers by hand (field numbers of Sparkplug 3.0, 6.4)."""
    metrics = b"".join(
        _field(2, _field(1, name) + _varint(3 << 3, ts_ms) + _varint(4 << 3, 10) + b"\x69" + struct.pack("<d", value))
        for name, value in ((b"one", first), (b"two", second))
    )
    return "spBv1.0/fuzz/NBIRTH/sound", _varint(1 << 3, ts_ms) + metrics + _varint(3 << 3, 0)


def _spool_record(topic: str, payload: bytes, position: int) -> bytes:
    """What a record of the spool looks like on disk, inside a message: nobody may ever take it for one."""
    raw = topic.encode()
    rest = struct.pack("<IQqH", len(raw) + len(payload), position, 1_780_000_000_000, len(raw)) + raw + payload
    return struct.pack("<I", crc32(rest)) + rest


def _varint(tag: int, number: int) -> bytes:
    out = bytearray([tag])
    while True:
        number, low = number >> 7, number & 0x7F
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def _field(number: int, body: bytes) -> bytes:
    return _varint(number << 3 | 2, len(body)) + body


_FOREIGN_MAKERS: Mapping[str, Callable[[int, float, float, str, str], tuple[str, bytes]]] = {
    "senml": _senml, "tasmota": _tasmota, "zigbee2mqtt": _zigbee, "json": _plain, "sparkplug_b": _sparkplug,
}  # fmt: skip
