"""One numbering of one asset, as far as it is remembered, and how it stands in a saved state."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from ingest.number_codec import decoded, encoded
from plantroom.domain.spans import Span, merged, width, without

WINDOW = 1024
FIRST_NUMBERS = 8
LANDMARKS = 32
"""Numbers before the window whose content is remembered: the first ones, where counts begin again, and so many that lie
a power of two apart."""

MAX_HOLES = 64
MAX_FORGOTTEN = 256
"""So many spans of numbers that did not come, or not as a whole, are known when nobody watches them any more."""

MAX_UNWATCHED = 64
"""So many holes that nobody watches any more are known as such."""

RETIRED_LANDMARKS = 8
RETIRED_FORGOTTEN = 8
"""The same of a run that has been retired."""


@dataclass(slots=True)
class Run:
    """One numbering of one asset: the first and the highest number that came, digests of the highest ``WINDOW`` numbers
    (but for those that came behind a higher one), rising, and the holes (first and last missing number of each),
    rising. ``numbering`` tells apart those of one boot. It is changed by its methods alone: what it was encoded as last
    is kept until then."""

    first: int
    highest: int
    numbering: int = 0
    seen: dict[int, int] = field(default_factory=dict)
    holes: list[list[int]] = field(default_factory=list)
    below: list[Span] = field(default_factory=list)
    """Numbers from before the first that came; what lies between is from before our time, and not missing."""
    landmarks: dict[int, int] = field(default_factory=dict)
    stride: int = FIRST_NUMBERS
    forgotten: list[Span] = field(default_factory=list)
    """Holes that are no longer watched here, and numbers that came in part and are no longer remembered."""
    sure: int = 0
    """Of numbers below nothing is certain."""
    unwatched: list[Span] = field(default_factory=list)
    """Holes that are no longer watched; what comes of them later is not taken out."""
    blurred: int = 0
    """Of numbers below it is not known any more which were in such holes."""
    in_part: dict[tuple[int, int], None] = field(default_factory=dict)
    """Number and digest of the last ones that came and were not stored as a whole, oldest first."""
    late: dict[int, int] = field(default_factory=dict)
    """Digests of the last ``WINDOW`` numbers that came behind a higher one, in the order in which they came: an image
    that a broker came back from brings thousands of those, which push none out of ``seen``."""
    _encoded: bytes = field(default=b"", compare=False)
    _late_encoded: bytes = field(default=b"", compare=False)
    _in_part_encoded: bytes = field(default=b"", compare=False)
    _sure_encoded: bytes = field(default=b"", compare=False)
    _unwatched_encoded: bytes = field(default=b"", compare=False)

    def known(self, seq: int) -> int | None:
        """The digest of a number, if it is remembered."""
        for memory in (self.seen, self.late, self.landmarks):
            if seq in memory:
                return memory[seq]
        return None

    def is_recent(self, seq: int) -> bool:
        """Whether its content is remembered for other reasons than that it is a landmark."""
        return seq in self.seen or seq in self.late

    def remember(self, seq: int, digest: int) -> None:
        """Take a number into the memory; what leaves it may be a landmark."""
        if seq > self.highest:
            self.highest, memory, self._encoded = seq, self.seen, b""
        else:
            memory, self._late_encoded = self.late, b""
        memory[seq] = digest
        if self.in_part and self.in_part.pop((seq, digest), self) is None:
            self._in_part_encoded = b""
        if len(memory) > WINDOW:
            oldest = next(iter(memory))
            self._let_go(oldest, memory.pop(oldest))

    def _let_go(self, seq: int, digest: int) -> None:
        if seq < FIRST_NUMBERS or not seq % self.stride:
            self._encoded = b""
            self.landmarks[seq] = digest
            self._thin_out(LANDMARKS)

    def _thin_out(self, landmarks: int) -> None:
        while len(self.landmarks) > FIRST_NUMBERS + landmarks:
            self.stride *= 2
            self.landmarks = {n: d for n, d in self.landmarks.items() if n < FIRST_NUMBERS or not n % self.stride}

    def _let_go_late(self) -> None:
        self._late_encoded = b""
        while self.late:
            self._let_go(*self.late.popitem())

    def forget(self, seq: int) -> None:
        """What the number had as content is not known any more."""
        self._encoded = self._late_encoded = b""
        for memory in (self.seen, self.late, self.landmarks):
            memory.pop(seq, None)

    def note_in_part(self, seq: int, digest: int) -> None:
        """It came and was not stored as a whole."""
        self._in_part_encoded = b""
        self.in_part[seq, digest] = None
        if len(self.in_part) > WINDOW:
            oldest = next(iter(self.in_part))
            del self.in_part[oldest]
            self._forget((oldest[0], oldest[0]))

    def open(self, seq: int) -> int:
        """A hole up to before this number, which is beyond the highest; gives how many are missing in it."""
        self._encoded = b""
        self.holes.append([self.highest + 1, seq - 1])
        return seq - 1 - self.highest

    def drop(self, count: int) -> list[list[int]]:
        """Take so many of the lowest holes away, and give them."""
        self._encoded = b""
        gone, self.holes = self.holes[:count], self.holes[count:]
        for first, last in gone:
            self._forget((first, last))
            self._unwatch((first, last))
        return gone

    def came_elsewhere(self, spans: Sequence[Span]) -> int:
        """Take these out of the holes: they came, but not here. Gives how many that were; none where that would leave
        more holes than are watched."""
        before = [(first, last) for first, last in self.holes]
        left = without(before, spans)
        found = without(before, left) if len(left) <= MAX_HOLES else []
        if found:
            self._encoded = b""
            self.holes = [[first, last] for first, last in left]
            for span in found:
                self._forget(span)
        return width(found)

    def unknown(self) -> Sequence[Span]:
        """Numbers of which it is not known whether they came."""
        return (*([(0, self.blurred - 1)] if self.blurred else ()), *self.unwatched)

    def _unwatch(self, span: Span) -> None:
        self.unwatched.append(span)
        self._blur(MAX_UNWATCHED)

    def _blur(self, kept: int) -> None:
        self._unwatched_encoded = b""
        while len(self.unwatched) > kept:
            self.blurred = max(self.blurred, self.unwatched.pop(0)[1] + 1)

    def _forget(self, span: Span) -> None:
        self._sure_encoded = b""
        self.forgotten.append(span)
        if len(self.forgotten) > MAX_FORGOTTEN:
            self.sure = max(self.sure, self.forgotten.pop(0)[1] + 1)

    def doubt(self) -> None:
        """Nothing that came up to now is certain any more. A count that has begun again may come by the numbers that
        came late, too, in which another message may have the same content."""
        if self.sure <= self.highest:
            self._let_go_late()
        self._sure_encoded = b""
        self.sure = self.highest + 1

    def be_sure(self, sure: int, forgotten: Sequence[Sequence[int]]) -> None:
        """As ``sure_encoded`` said."""
        self.sure, self.forgotten = sure, [(first, last) for first, last in forgotten]

    def be_unwatched(self, blurred: int, unwatched: Sequence[Sequence[int]]) -> None:
        """As ``unwatched_encoded`` said."""
        self.blurred, self.unwatched = blurred, [(first, last) for first, last in unwatched]

    def be_blurred(self) -> None:
        """An earlier version did not tell holes from what came in part, and forgot of both what nothing is certain
        of."""
        self.be_unwatched(self.sure, self.forgotten)
        self._blur(MAX_UNWATCHED)

    def retire(self) -> None:
        """Keep no more than what is certain, and the content of a few numbers by which a count that begins again is
        known. Its holes have been dropped."""
        self._encoded = self._sure_encoded = self._in_part_encoded = b""
        for number, digest in self.seen.items():
            self._let_go(number, digest)
        self.seen, self.below = {}, []
        self._let_go_late()
        self._thin_out(RETIRED_LANDMARKS)
        in_part = ((number, number) for number, _ in self.in_part)
        spans = [span for span in merged([*self.forgotten, *in_part]) if span[1] >= self.sure]
        self.in_part, self.forgotten = {}, spans[-RETIRED_FORGOTTEN:]
        if len(spans) > RETIRED_FORGOTTEN:
            self.sure = spans[-RETIRED_FORGOTTEN - 1][1] + 1
        self._blur(RETIRED_FORGOTTEN)

    def fill(self, seq: int) -> bool:
        """Take a number out of the holes; ``False`` when it was in none."""
        for at, (first, last) in enumerate(self.holes):
            if first <= seq <= last:
                self._encoded = b""
                self.holes[at : at + 1] = [hole for hole in ([first, seq - 1], [seq + 1, last]) if hole[0] <= hole[1]]
                return True
        return False

    def misses(self, seq: int) -> bool:
        """Whether the number is in a hole, also in one that is no longer watched. O(holes)."""
        return any(first <= seq <= last for spans in (self.holes, self.forgotten) for first, last in spans)

    def has(self, seq: int) -> bool:
        """Whether it is certain that the number came, and was stored as a whole; of what content may be forgotten."""
        if seq < self.sure or self.misses(seq) or (self.in_part and any(number == seq for number, _ in self.in_part)):
            return False
        return self.first <= seq <= self.highest or any(first <= seq <= last for first, last in self.below)

    def reach_down(self, seq: int) -> None:
        """Take a number from before the first: what hangs together with that has all come, the rest is kept apart."""
        self._encoded = b""
        if seq < self.first:
            self.below = merged([*self.below, (seq, seq)])[-MAX_HOLES:]
        while self.below and self.below[-1][1] == self.first - 1:
            self.first = self.below.pop()[0]

    def encoded(self) -> bytes:
        """All but what stands beside it, as JSON; what has not changed is not encoded again."""
        if not self._encoded:
            landmarks = [self.stride, *encoded(self.landmarks.items())]
            seen = encoded(self.seen.items())
            fields = [self.highest, self.holes, *seen, self.first, self.numbering, self.below, landmarks]
            self._encoded = orjson.dumps(fields)
        return self._encoded

    def sure_encoded(self) -> bytes:
        """What is certain, likewise: the number from which on, and what is forgotten; empty where all is."""
        if not (self.sure or self.forgotten):
            return b""
        if not self._sure_encoded:
            self._sure_encoded = orjson.dumps([self.sure, self.forgotten])
        return self._sure_encoded

    def unwatched_encoded(self) -> bytes:
        """What is known of holes that nobody watches, likewise; empty where there is none."""
        if not (self.blurred or self.unwatched):
            return b""
        if not self._unwatched_encoded:
            self._unwatched_encoded = orjson.dumps([self.blurred, self.unwatched])
        return self._unwatched_encoded

    def late_encoded(self) -> bytes:
        """What came behind a higher number, likewise; empty where nothing did."""
        if self.late and not self._late_encoded:
            self._late_encoded = orjson.dumps(encoded(self.late.items()))
        return self._late_encoded if self.late else b""

    def in_part_encoded(self) -> bytes:
        """What came in part, likewise."""
        if self.in_part and not self._in_part_encoded:
            self._in_part_encoded = orjson.dumps(encoded(self.in_part))
        return self._in_part_encoded if self.in_part else b""


def restored(
    highest: int,
    holes: list[list[int]],
    start: int,
    steps: list[int] | None,
    digests: str,
    first: int | None = None,
    numbering: int = 0,
    below: Sequence[Sequence[int]] = (),
    landmarks: tuple[int, int, list[int] | None, str] = (FIRST_NUMBERS, 0, [], ""),
) -> Run:
    """A run of a snapshot; those of earlier versions end before ``first`` or before ``landmarks``, and have the numbers
    in the order in which they came."""
    seen = dict(sorted(decoded(start, steps, digests)))
    if first is None:
        first = min([highest, *seen, *(hole[0] - 1 for hole in holes)])
    before = [(a, b) for a, b in below]
    return Run(first, highest, numbering, seen, holes, before, dict(decoded(*landmarks[1:])), landmarks[0])
