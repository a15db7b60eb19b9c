"""How old readings are when they are durable and when they are stored: the delay of the way in, as percentiles."""

import time
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ingest.instants import LATE_MS

_STEPS = 8
"""Steps of the scale for each doubling: percentiles are within 9 %."""

_SIZE = 26 * _STEPS
WINDOW_S = 30.0


class Ages:
    """Percentiles over the last ``WINDOW_S`` to twice that, on a logarithmic scale of milliseconds. One thread adds."""

    def __init__(self) -> None:
        self._now = np.zeros(_SIZE, np.int64)
        self._before = np.zeros(_SIZE, np.int64)
        self._turn_at = 0.0

    def add(self, age_ms: NDArray[np.int64]) -> None:
        """Ages (n,) in milliseconds; those below one count as one."""
        if not len(age_ms):
            return
        at = time.monotonic()
        if at > self._turn_at:
            self._before, self._now = self._now, np.zeros(_SIZE, np.int64)
            self._turn_at = at + WINDOW_S
        step = (np.log2(np.maximum(age_ms, 1)) * _STEPS).astype(np.int64)
        self._now += np.bincount(np.minimum(step, _SIZE - 1), minlength=_SIZE)

    def percentile(self, share: float) -> float:
        """The age in milliseconds that ``share`` (0..1) of the readings does not exceed; 0 when there were none."""
        counts = np.cumsum(self._now + self._before)
        if not counts[-1]:
            return 0.0
        step = int(np.searchsorted(counts, share * counts[-1]))
        return round(float(2 ** ((step + 1) / _STEPS)), 1)


class Delays:
    """From a live reading's own time to its being durable (read back from the spool) and stored."""

    def __init__(self) -> None:
        self._durable, self._stored = Ages(), Ages()

    def note(self, observed_ms: Sequence[NDArray[np.int64]], read_ms: int, stored_ms: int) -> None:
        """Live readings by their own times, read at ``read_ms`` and confirmed at ``stored_ms``. Recorded times are
        judged as if they were live, but say nothing of how long anything took: what is late is left out."""
        for times in observed_ms:
            fresh = times[stored_ms - times <= LATE_MS]
            self._durable.add(read_ms - fresh)
            self._stored.add(stored_ms - fresh)

    def figures(self) -> Mapping[str, float]:
        """By the names of ``IngestStats``, in milliseconds."""
        both = (("durable", self._durable), ("stored", self._stored))
        return {f"{name}_p{share}_ms": ages.percentile(share / 100) for name, ages in both for share in (50, 99)}
