"""How fast a lane's messages come, are dealt with and stored, and since when it is in trouble."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from ingest.stats import LETTERS
from plantroom.domain.flow import Trouble, TroubleKind
from plantroom.ports.clock import Clock

SPAN_S = 10.0
"""Over how long rates are taken: twice the time for which counters may stand still (``ingest.saving``), and more."""

LOOK_S = 1.0

CONNECTING_S = 5.0
"""Connections that begin, or come back, within it are no trouble that anybody could mend."""

_Key = tuple[TroubleKind, str, str]


class Rates:
    """Rates of one lane over the last ``SPAN_S``, from its counters. ``note`` from one thread, ``figures`` from any."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._seen: list[tuple[float, Mapping[str, float]]] = []
        self._figures = _figures({}, 1.0)

    def note(self, figures: Mapping[str, float]) -> None:
        """The lane's figures now; more often than once a second says nothing new."""
        now = self._monotonic()
        if self._seen and now - self._seen[-1][0] < LOOK_S:
            return
        self._seen.append((now, _counters(figures)))
        while len(self._seen) > 2 and self._seen[1][0] <= now - SPAN_S:
            del self._seen[0]
        (then, before), (_, after) = self._seen[0], self._seen[-1]
        gained = {name: max(0.0, value - before[name]) for name, value in after.items()}
        self._figures = _figures(gained, max(now - then, LOOK_S))

    def figures(self) -> Mapping[str, float]:
        """``messages_per_s`` that came and were made durable, ``done_per_s`` that were dealt with, ``values_per_s`` in
        them, ``stored_per_s`` of these, ``rejects_per_min`` dead letters. All 0 before there is a second look."""
        return self._figures


def _counters(figures: Mapping[str, float]) -> dict[str, float]:
    stored = figures.get("stored", 0)
    return {
        "messages": figures.get("taken", 0),
        "done": figures.get("received", 0),
        "values": stored + figures.get("duplicates", 0),
        "stored": stored,
        "rejects": sum(value for key, value in figures.items() if key.startswith(LETTERS)),
    }


def _figures(gained: Mapping[str, float], span_s: float) -> dict[str, float]:
    per_s = {name: round(gained.get(name, 0) / span_s, 2) for name in ("messages", "done", "values", "stored")}
    rejects = round(60 * gained.get("rejects", 0) / span_s, 1)
    return {**{f"{name}_per_s": value for name, value in per_s.items()}, "rejects_per_min": rejects}


class Since:
    """Since when each trouble is there: the same kind in the same lane is the same trouble, however its words change.
    Any thread."""

    def __init__(self, clock: Clock, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: dict[_Key, tuple[datetime, float]] = {}

    def told(self, troubles: Sequence[Trouble]) -> list[Trouble]:
        """All that is in trouble now, each with its beginning; what is not among them is over. Left out is a connection
        that has been missing for no more than ``CONNECTING_S``."""
        first = self._clock.now(), self._monotonic()
        with self._lock:
            self._known = {key: self._known.get(key, first) for key in map(_key, troubles)}
            begun = [(trouble, *self._known[_key(trouble)]) for trouble in troubles]
        late = first[1] - CONNECTING_S
        return [
            replace(trouble, since=since)
            for trouble, since, at in begun
            if trouble.kind is not TroubleKind.BROKER_AWAY or at <= late
        ]


def _key(trouble: Trouble) -> _Key:
    return trouble.kind, trouble.site, trouble.lane
