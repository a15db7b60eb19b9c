"""Ticks that are brought forward when the ledger changes, for jobs that are not to wait for their period.

The scheduler ticks as ever; a thread waits for changes and only moves the next tick to now, so that a change that is
missed costs one period. A tick during a run is no second run beside it: the run that is under way is followed by
another, and nothing queues up.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from maintenance.ports import MaintenanceTx
from maintenance.worker import BREATH_S, RETRY_S
from plantroom.ports.ledger import Ledger

LOOK_S = 1.0
"""How long the thread waits for a change at a time; it ends that late at the latest."""


class _State:
    def __init__(self) -> None:
        self.wanted = threading.Event()
        self.busy = threading.Lock()
        self.failed_in_a_row = 0
        self.not_before = 0.0


class Promptly:
    """Runs some jobs at their ticks, and has their ticks brought forward.

    ``run`` runs a job by name: ``True``: it went well and there is more to do, ``False``: it went well, ``None``: it
    failed, and is left alone for a moment. ``forward`` moves a job's next tick to now.
    """

    def __init__(
        self,
        ledger: Ledger[MaintenanceTx],
        names: Sequence[str],
        run: Callable[[str], bool | None],
        forward: Callable[[str], None],
    ) -> None:
        self._ledger, self._run, self._forward = ledger, run, forward
        self._states: Mapping[str, _State] = {name: _State() for name in names}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to wait for changes; without a job nothing begins."""
        if self._states:
            self._thread = threading.Thread(target=self._wait, name="scheduler-changes", daemon=True)
            self._thread.start()

    def begin_stop(self) -> None:
        """Bring nothing forward any more; what runs is followed by nothing."""
        self._stopping.set()

    def stop(self) -> None:
        """As ``begin_stop``; waits for the thread."""
        self.begin_stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def tick(self, name: str) -> None:
        """Run a job until there is nothing left to do, or leave that to the run that is under way."""
        state = self._states[name]
        state.wanted.set()
        # Looked at again after the lock is free: a tick that found it taken has left its wish behind.
        while state.wanted.is_set() and not self._stopping.is_set() and time.monotonic() >= state.not_before:
            if not state.busy.acquire(blocking=False):
                return
            try:
                state.wanted.clear()
                self._once(name, state)
            finally:
                state.busy.release()

    def _once(self, name: str, state: _State) -> None:
        more = self._run(name)
        if more is None:
            pause = RETRY_S[min(state.failed_in_a_row, len(RETRY_S) - 1)]
            state.failed_in_a_row += 1
            state.not_before = time.monotonic() + pause
            return
        state.failed_in_a_row = 0
        if more:
            state.wanted.set()
            self._stopping.wait(BREATH_S)

    def _wait(self) -> None:
        while not self._stopping.is_set():
            if self._ledger.wait_for_change(LOOK_S) and not self._stopping.is_set():
                for name in self._states:
                    self._forward(name)
                self._stopping.wait(BREATH_S)
