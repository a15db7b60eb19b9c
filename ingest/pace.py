"""How often an asset is usually heard from, learned from the gaps between its messages.

Only gaps of ``SHORTEST_MS`` or more are kept, in classes of width ``_WIDTH``, each with a count that halves in a day.
The usual interval is the longest class that two recent gaps or more lie in or above: one outage does not make a
habit, while the heartbeat of a publisher that sends on change stays known through its busy hours. Gaps over
``LONGEST_MS`` count as ``LONGEST_MS``."""

import math

SHORTEST_MS = 20_000
"""Shorter gaps change no delay: the least that any class allows is longer than they are by far."""

LONGEST_MS = 3_600_000
HALF_LIFE_MS = 86_400_000
ENOUGH = 3
LEARN_MS = 7_200_000
"""So many gaps, and over so long a time, have to be known before there is a usual interval at all: who sends on
change may begin with an hour of changes."""

_WIDTH = 1.25
_CLASSES = 1 + math.ceil(math.log(LONGEST_MS / SHORTEST_MS, _WIDTH))
_TWO = 1.5
"""Two gaps, allowing for what they have faded since."""


class Pace:
    """The usual interval of one publisher. ``known_ms`` is what was learned before (0: short; ``None``: nothing)."""

    __slots__ = ("_at_ms", "_began_ms", "_counts", "_gaps", "_learned", "_usual_ms")

    def __init__(self, known_ms: int | None = None) -> None:
        self._counts = [0.0] * (_CLASSES + 1)
        self._gaps = 0 if known_ms is None else ENOUGH
        self._at_ms: int | None = None
        self._began_ms: int | None = None
        self._learned = known_ms is not None
        if known_ms:
            self._counts[_class_of(known_ms)] = float(ENOUGH)
        self._usual_ms = self._usual()

    @property
    def usual_ms(self) -> int | None:
        """The usual interval (0: shorter than ``SHORTEST_MS``); ``None`` while it is not known."""
        return self._usual_ms if self._learned else None

    def short(self, gaps: int, now_ms: int) -> None:
        """So many gaps that were shorter than ``SHORTEST_MS``, the last of which ended at ``now_ms``."""
        if not self._learned:
            self._note(gaps, now_ms)

    def long(self, gap_ms: int, now_ms: int, weight: float = 1.0) -> None:
        """A gap that ended at ``now_ms``; ``weight`` below 1: it may have been an outage. Cost: O(classes)."""
        self._fade(now_ms)
        self._note(1, now_ms)
        self._counts[_class_of(gap_ms)] += weight
        self._usual_ms = self._usual()

    def _note(self, gaps: int, now_ms: int) -> None:
        began_ms = self._began_ms = now_ms if self._began_ms is None else min(self._began_ms, now_ms)
        self._gaps = min(ENOUGH, self._gaps + gaps)
        self._learned = self._learned or (self._gaps == ENOUGH and now_ms - began_ms >= LEARN_MS)

    def _fade(self, now_ms: int) -> None:
        since_ms = 0 if self._at_ms is None else max(0, now_ms - self._at_ms)
        self._at_ms = now_ms
        factor = 0.5 ** (since_ms / HALF_LIFE_MS)
        self._counts = [count * factor for count in self._counts]

    def _usual(self) -> int:
        above = 0.0
        for number in range(_CLASSES, -1, -1):
            above += self._counts[number]
            if above >= _TWO:
                return min(LONGEST_MS, int(SHORTEST_MS * _WIDTH**number))
        return 0


def _class_of(gap_ms: int) -> int:
    """The first class whose upper end is not below the gap."""
    ratio = min(LONGEST_MS, max(gap_ms, SHORTEST_MS)) / SHORTEST_MS
    return math.ceil(round(math.log(ratio, _WIDTH), 9))
