"""What a worker counts. Totals survive restarts: they are saved with the spool's cursor."""

import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, TypeVar, cast

import numpy as np
import orjson
from numpy.typing import NDArray

from ingest.ages import Delays
from ingest.rejections import code_of
from plantroom.domain.quality import FIRST_BAD, Reason

T = TypeVar("T")

WRITE_BUCKETS_S = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""Upper ends of the histogram of the store's writes; what took longer counts in none of them."""

LETTERS = "letters_"
"""Begins the names of the figures that count dead letters by the code of their reason."""


BAD = "bad_"
"""Begins the names of the figures that count bad readings by their reason (``plantroom.domain.quality``)."""


@dataclass(slots=True)
class Totals:
    """Counts over all time: ``received`` and ``dead_lettered`` messages, ``stored`` and ``duplicates`` readings,
    those without a time that the broker had ``retained``, dead letters (one for each message and reason) by the code of
    the reason, ``bad`` readings (stored, but never judged) by the name of theirs."""

    received: int = 0
    stored: int = 0
    duplicates: int = 0
    retained: int = 0
    dead_lettered: int = 0
    letters: dict[str, int] = field(default_factory=dict)
    bad: dict[str, int] = field(default_factory=dict)

    def count_bad(self, reason: NDArray[np.uint8]) -> None:
        """More stored readings with these reasons (n,), good ones among them."""
        found = reason[reason >= FIRST_BAD]
        if len(found):
            for code, count in zip(*np.unique(found, return_counts=True), strict=True):
                name = Reason(int(code)).name.lower()
                self.bad[name] = self.bad.get(name, 0) + int(count)

    def count_letters(self, reasons: Iterable[str]) -> None:
        """More dead letters for these reasons, which may have a detail behind their code."""
        for code in map(code_of, reasons):
            self.letters[code] = self.letters.get(code, 0) + 1

    def by_reason(self) -> dict[str, float]:
        """Dead letters and bad readings by reason, as figures."""
        letters: dict[str, float] = {f"{LETTERS}{code}": count for code, count in self.letters.items()}
        return letters | {f"{BAD}{name}": count for name, count in self.bad.items()}

    def snapshot(self) -> bytes:
        """The whole state."""
        return orjson.dumps(asdict(self))

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot (empty: from nothing). Raises ``ValueError`` on what is not a snapshot."""
        saved = orjson.loads(state) if state else {}
        letters, bad = (saved.pop(name, {}) if isinstance(saved, dict) else None for name in ("letters", "bad"))
        if not isinstance(letters, dict) or not isinstance(bad, dict) or not set(saved) <= set(asdict(self)):
            raise ValueError("not a snapshot of totals")
        self.letters, self.bad = ({str(key): int(n) for key, n in counts.items()} for counts in (letters, bad))
        for name in asdict(self).keys() - {"letters", "bad"}:
            setattr(self, name, int(saved.get(name, 0)))


def write_bucket(upper_s: float) -> str:
    """The name of the figure that counts the writes up to so long."""
    return f"store_write_le_{round(upper_s * 1000)}"


class WriteTimes:
    """How long the store took for its writes: a histogram since the start. One thread adds."""

    def __init__(self) -> None:
        self._counts = [0] * (len(WRITE_BUCKETS_S) + 1)
        self._sum_s = 0.0

    def add(self, seconds: float) -> None:
        """One write that the store has confirmed."""
        self._counts[bisect_left(WRITE_BUCKETS_S, seconds)] += 1
        self._sum_s += seconds

    def figures(self) -> dict[str, float]:
        """``store_write_le_MILLISECONDS`` (cumulative), ``store_writes`` (all) and ``store_write_sum_s``."""
        found: dict[str, float] = {}
        total = 0
        for upper, count in zip(WRITE_BUCKETS_S, self._counts, strict=False):
            total += count
            found[write_bucket(upper)] = total
        return found | {"store_writes": total + self._counts[-1], "store_write_sum_s": round(self._sum_s, 6)}


@dataclass(frozen=True, slots=True)
class IngestStats:
    """A worker's figures at one moment. The totals are those that were saved last, so that they never go back, not
    even after a kill. ``gaps`` are sequence numbers that are missing now as far as the lane knows, ``unlisted_gaps``
    those of them that no list of gaps has, ``spool_depth`` messages that are not dealt with, ``lag_s`` the age of the
    oldest of them (0: none). ``stage_failures`` are messages that an alarm or model stage did not get through since the
    start. ``durable`` and ``stored``: how old live readings were, by their own time, when they were read back from the
    spool and when the store had confirmed them. ``clocks_wrong``: devices whose clock is wrong, those of them whose
    readings are not judged or whose messages are refused for it, and the largest offset of any. ``more``:
    dead letters and bad readings by reason, the histogram of the store's writes, messages of sources that take nothing
    and the holes of nodes, by name."""

    received: int = 0
    stored: int = 0
    duplicates: int = 0
    retained: int = 0
    dead_lettered: int = 0
    gaps: int = 0
    unlisted_gaps: int = 0
    spool_depth: int = 0
    lag_s: float = 0.0
    stage_failures: int = 0
    clocks_wrong: int = 0
    clocks_not_judged: int = 0
    clocks_refused: int = 0
    clock_offset_largest_ms: float = 0.0
    durable_p50_ms: float = 0.0
    durable_p99_ms: float = 0.0
    stored_p50_ms: float = 0.0
    stored_p99_ms: float = 0.0
    more: Mapping[str, float] = field(default_factory=dict)

    def as_mapping(self) -> Mapping[str, float]:
        """By name, as a collector reports them; without ``gaps``: a lane does not know what came on the other."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("gaps", "more")}
        return {**own, **self.more}


class Figures:
    """What a worker knows of itself, beside what stands in its spool and its pipeline. One thread."""

    def __init__(self) -> None:
        self.delays = Delays()
        self._writes = WriteTimes()
        self._saved = Totals()

    def save(self, totals: Totals) -> None:
        """These totals are saved with the cursor now."""
        self._saved = replace(totals, letters=dict(totals.letters), bad=dict(totals.bad))

    def timed(self, write: Callable[[], T]) -> T:
        """Do it and note how long it took, unless it raises."""
        begun = time.monotonic()
        result = write()
        self._writes.add(time.monotonic() - begun)
        return result

    def stats(self, now: IngestStats) -> IngestStats:
        """All of it together with what the worker knows ``now``."""
        totals, delays = self._saved, cast("dict[str, Any]", self.delays.figures())
        return replace(
            now,
            received=totals.received,
            stored=totals.stored,
            duplicates=totals.duplicates,
            retained=totals.retained,
            dead_lettered=totals.dead_lettered,
            **delays,
            more={**now.more, **totals.by_reason(), **self._writes.figures()},
        )
