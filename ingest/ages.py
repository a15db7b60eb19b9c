"""How old readings are when they are durable and when they are stored: the delay of the way in, as percentiles."""

import time

import numpy as np
from numpy.typing import NDArray

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
