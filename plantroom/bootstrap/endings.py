"""Partitions that are let go: their sessions end at once, their workers when the store lets them.

The lease may go to the next holder as soon as the sessions have ended, since nothing comes in any more. The spools are
another matter: they are the workers' until the last of them has ended, and nobody here opens them before.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Ending:
    thread: threading.Thread
    silent: threading.Event = field(default_factory=threading.Event)


class Endings:
    """What is being ended, each in a thread of its own. One thread begins and asks."""

    def __init__(self) -> None:
        self._endings: dict[str, _Ending] = {}

    def begin(self, partition: str, silence: Callable[[], None], end: Callable[[], None]) -> None:
        """``silence`` ends the sessions; ``end`` returns when the spools are closed, however long that takes."""

        def run() -> None:
            silence()
            ending.silent.set()
            end()

        ending = _Ending(threading.Thread(target=run, name=f"end-{partition}", daemon=True))
        self._endings[partition] = ending
        ending.thread.start()

    def __contains__(self, partition: str) -> bool:
        return partition in self.under_way()

    def under_way(self) -> frozenset[str]:
        """Partitions whose spools are not closed yet."""
        self._endings = {name: one for name, one in self._endings.items() if one.thread.is_alive()}
        return frozenset(self._endings)

    def silent(self, partition: str) -> bool:
        """Whether no session of the partition takes anything any more."""
        ending = self._endings.get(partition)
        return ending is None or ending.silent.is_set() or not ending.thread.is_alive()

    def wait(self, partitions: Iterable[str], seconds: float) -> None:
        """Wait until these have ended, for at most so long."""
        until = time.monotonic() + seconds
        for ending in [self._endings[name] for name in partitions if name in self._endings]:
            ending.thread.join(max(0.0, until - time.monotonic()))
