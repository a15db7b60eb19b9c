"""A few threads that send what they are given, and that keep no process from ending.

A pool of ``concurrent.futures`` is waited for at the end of the process, however long a server leaves a request
unanswered; these threads are daemons. What they have not sent by then nobody has been told to be stored.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")


class Senders:
    """``count`` threads; ``submit`` may be called from any thread."""

    def __init__(self, count: int, name: str) -> None:
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._count = count
        for number in range(count):
            threading.Thread(target=self._run, name=f"{name}-{number}", daemon=True).start()

    def submit(self, action: Callable[[], T]) -> Future[T]:
        """Have it done by the next thread that is free."""
        future: Future[T] = Future()

        def task() -> None:
            try:
                future.set_result(action())
            except Exception as error:  # noqa: BLE001 - whoever waits for the result gets it
                future.set_exception(error)

        self._tasks.put(task)
        return future

    def stop(self) -> None:
        """End the threads after what they were given; does not wait for them."""
        for _ in range(self._count):
            self._tasks.put(None)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()
