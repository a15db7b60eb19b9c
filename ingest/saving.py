"""How often a worker saves its state. What came since is processed again after a kill, with the same result."""

import time
from collections.abc import Callable

COMMIT_EVERY_S = 0.25
"""Under load the state is saved this often while it is small."""

STATE_BYTES_PER_S = 8e6
"""How much of the disk's time the saving of a large state may take."""

CPU_SHARE = 0.03
"""How much of a core, as far as the pause allows it."""

LONGEST_S = 4.0
"""What the figures say is as of the last save: they must not stand still for longer than rates are taken over."""


class Saving:
    """The pause behind each time that the state was saved. One thread."""

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        thread_time: Callable[[], float] = time.thread_time,
    ) -> None:
        self._monotonic = monotonic
        self._thread_time = thread_time
        self._begun = self._saved_at = 0.0
        self._bytes = 0
        self._cpu_s = 0.0

    def due(self, *, idle: bool) -> bool:
        """Whether the pause is over. ``idle``: nothing else is to be done."""
        of_disk_s = (0.0 if idle else COMMIT_EVERY_S) + self._bytes / STATE_BYTES_PER_S
        return self._monotonic() - self._saved_at >= max(of_disk_s, min(LONGEST_S, self._cpu_s / CPU_SHARE))

    def begin(self) -> None:
        """The state is being put together."""
        self._begun = self._thread_time()

    def saved(self, state_bytes: int) -> None:
        """So much is on the disk now."""
        self._bytes, self._cpu_s = state_bytes, self._thread_time() - self._begun
        self._saved_at = self._monotonic()
