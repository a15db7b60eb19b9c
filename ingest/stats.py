"""What a worker counts. Totals survive restarts: they are saved with the spool's cursor."""

import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, TypeVar, cast

import orjson

from ingest.ages import Delays
from ingest.rejections import code_of

T = TypeVar("T")

WRITE_BUCKETS_S = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""Upper ends of the histogram of the store's writes; what took longer counts in none of them."""

LETTERS = "letters_"
"""Begins the names of the figures that count dead letters by the code of their reason."""


@dataclass(slots=True)
class Totals:
    """Counts over all time: ``received`` and ``dead_lettered`` messages, ``stored`` and ``duplicates`` readings,
    those without a time that the broker had ``retained``, dead letters (one for each message and reason) by the code of
    the reason."""

    received: int = 0
    stored: int = 0
    duplicates: int = 0
    retained: int = 0
    dead_lettered: int = 0
    letters: dict[str, int] = field(default_factory=dict)

    def count_letters(self, reasons: Iterable[str]) -> None:
        """More dead letters for these reasons, which may have a detail behind their code."""
        for code in map(code_of, reasons):
            self.letters[code] = self.letters.get(code, 0) + 1

    def letter_figures(self) -> dict[str, float]:
        """Dead letters by reason, as figures."""
        return {f"{LETTERS}{code}": count for code, count in self.letters.items()}

    def snapshot(self) -> bytes:
        """The whole state."""
        return orjson.dumps(asdict(self))

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot (empty: from nothing). Raises ``ValueError`` on what is not a snapshot."""
        saved = orjson.loads(state) if state else {}
        letters = saved.pop("letters", {}) if isinstance(saved, dict) else None
        if not isinstance(letters, dict) or not set(saved) <= set(asdict(self)):
            raise ValueError("not a snapshot of totals")
        self.letters = {str(code): int(count) for code, count in letters.items()}
        for name in asdict(self).keys() - {"letters"}:
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
    dead letters by reason, the histogram of the store's writes and the holes of nodes, by name."""

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
        """By name, as a collector reports them."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "more"}
        return {**own, **self.more}


class Figures:
    """What a worker knows of itself, beside what stands in its spool and its pipeline. One thread."""

    def __init__(self) -> None:
        self.delays = Delays()
        self._writes = WriteTimes()
        self._saved = Totals()

    def save(self, totals: Totals) -> None:
        """These totals are saved with the cursor now."""
        self._saved = replace(totals, letters=dict(totals.letters))

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
            more={**now.more, **totals.letter_figures(), **self._writes.figures()},
        )
