"""Publishers for the soak of presence: what they send, when, and when they really cannot. Simulated seconds."""

import heapq
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from plantroom.wire import encode_telemetry, telemetry_topic

SITE = "demo"
POINT = "flow"
SLOW_S = (60, 120, 300, 600, 900)
FAST_S = (1, 5, 10, 30)
DEVICE_MS = 1_800_000_000_000
"""Where the simulated time begins."""

Deliver = Callable[[float, str, bytes], None]


@dataclass(slots=True)
class Publisher:
    """One device. ``style``: steady, on_change (bursts, else a heartbeat every ``period_s``) or batch. ``greets``: it
    has a last will and says that it is online at each connection. ``away`` are the spans in which nothing of it can
    come; the last one may still be open (end infinite)."""

    code: str
    period_s: float
    style: str
    safety: bool
    greets: bool
    keep_alive_s: float
    rng: random.Random
    away: list[tuple[float, float]] = field(default_factory=list)
    cut: bool = False
    seq: int = 0
    missed: int = 0
    epoch: int = 0

    @property
    def status_topic(self) -> str:
        """Where it greets and takes leave."""
        return f"plantroom/{SITE}/{self.code}/status"

    def wait_s(self) -> float:
        """Until its next message."""
        if self.style == "on_change" and self.rng.random() < 0.6:
            return min(self.period_s, self.rng.expovariate(1 / 8))
        jitter = 0.0 if self.style == "on_change" else 0.2
        return max(0.5, self.period_s * (1 + self.rng.uniform(-jitter, jitter)))

    def payload(self, at_s: float) -> bytes:
        """Its next message; what it could not send before comes along one by one."""
        self.seq += 1
        return encode_telemetry(DEVICE_MS + round(1000 * at_s), {POINT: 30.0 + self.seq % 7}, boot="soak", seq=self.seq)

    def well(self, at_s: float, margin_s: float) -> bool:
        """Whether nothing kept it from being heard at that time, or up to ``margin_s`` before."""
        return not any(start <= at_s and at_s - margin_s <= end for start, end in self.away)


def make_publishers(count: int, seed: int) -> list[Publisher]:
    """Of every period from 1 s to 15 min, fast ones in the minority."""
    rng = random.Random(seed)  # noqa: S311 - a simulation
    found = []
    for n in range(count):
        period_s: float = FAST_S[n // 10 % len(FAST_S)] if n % 10 == 0 else SLOW_S[n % len(SLOW_S)]
        style = ("steady", "steady", "on_change", "batch")[n % 4] if period_s >= 60 else "steady"
        found.append(
            Publisher(
                code=f"P-{n}",
                period_s=period_s,
                style=style,
                safety=n % 7 == 3,
                greets=n % 3 != 2,
                keep_alive_s=rng.choice((30.0, 60.0, 120.0)),
                rng=random.Random(rng.random()),  # noqa: S311
            )
        )
    return found


class Field:
    """All publishers and what befalls them, in one queue of what happens next."""

    def __init__(self, publishers: list[Publisher], deliver: Deliver, rng: random.Random) -> None:
        self._publishers = publishers
        self._deliver = deliver
        self._rng = rng
        self._order = itertools.count()
        self._queue: list[tuple[float, int, Callable[[float], None]]] = []
        for one in publishers:
            self.at(rng.uniform(0, one.period_s), self._begin(one))

    def at(self, at_s: float, action: Callable[[float], None]) -> None:
        """Do something at that time."""
        heapq.heappush(self._queue, (at_s, next(self._order), action))

    def run_to(self, now_s: float) -> None:
        """Everything that happens up to now."""
        while self._queue and self._queue[0][0] <= now_s:
            at_s, _, action = heapq.heappop(self._queue)
            action(at_s)

    def _begin(self, one: Publisher) -> Callable[[float], None]:
        def begin(at_s: float) -> None:
            self._greet(one, at_s)
            self._send(one, one.epoch)(at_s)

        return begin

    def _greet(self, one: Publisher, at_s: float) -> None:
        if one.greets:
            self._deliver(at_s, one.status_topic, b"online")

    def _send(self, one: Publisher, epoch: int) -> Callable[[float], None]:
        def send(at_s: float) -> None:
            if epoch != one.epoch:
                return
            if one.cut:
                one.missed = min(200, one.missed + 1)
            else:
                for payload in self._due(one, at_s):
                    self._deliver(at_s, telemetry_topic(SITE, one.code), payload)
                if one.away and one.away[-1][1] == float("inf"):
                    one.away[-1] = (one.away[-1][0], at_s)
            self.at(at_s + one.wait_s(), send)

        return send

    @staticmethod
    def _due(one: Publisher, at_s: float) -> Iterator[bytes]:
        for n in range(one.missed, 0, -1):
            yield one.payload(at_s - n * one.period_s)
        one.missed = 0
        if one.style == "batch":
            parts = [one.payload(at_s - n * one.period_s / 5).decode() for n in range(4, -1, -1)]
            yield f"[{','.join(parts)}]".encode()
        else:
            yield one.payload(at_s)

    def cut(self, one: Publisher, at_s: float, for_s: float, *, buffered: bool) -> None:
        """The network, or the device itself (``buffered`` false: it begins anew afterwards), is gone for a while."""
        if one.cut:
            return
        one.cut = True
        if not one.away or one.away[-1][1] < float("inf"):
            one.away.append((at_s, float("inf")))
        will_s = at_s + (1.5 * one.keep_alive_s if buffered else 0.0)
        back_s = at_s + for_s
        if one.greets and will_s <= back_s:
            self.at(will_s, lambda now_s: self._deliver(now_s, one.status_topic, b"offline"))
        self.at(back_s, self._back(one, will_s, buffered=buffered))

    def _back(self, one: Publisher, will_s: float, *, buffered: bool) -> Callable[[float], None]:
        def back(now_s: float) -> None:
            one.cut = False
            if one.greets and will_s > now_s:
                # A broker ends the old connection when the same client comes again, or only when its time is over.
                late = self._rng.random() < 0.5
                self.at(will_s if late else now_s, lambda at_s: self._deliver(at_s, one.status_topic, b"offline"))
            if not buffered:
                one.missed, one.epoch = 0, one.epoch + 1
                self.at(now_s + 2, self._send(one, one.epoch))
            if one.greets:
                one.away[-1] = (one.away[-1][0], now_s + 0.001)
                self.at(now_s + 0.001, lambda at_s: self._greet(one, at_s))

        return back
