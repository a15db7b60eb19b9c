"""Something that is to be done every so often, and not more."""

import time
from collections.abc import Callable


class Every:
    """``due`` says whether ``seconds`` have passed since it last said so; at first it does."""

    def __init__(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._last: float | None = None

    def due(self) -> bool:
        """Whether it is time again."""
        now = self._monotonic()
        if self._last is not None and now - self._last < self._seconds:
            return False
        self._last = now
        return True
