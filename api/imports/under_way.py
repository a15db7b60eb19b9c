"""How far the imports of this process are: what is written is told here, before the ledger can say so."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from maintenance.imports.ports import ImportRun, ImportState, Phase
from maintenance.imports.running import Progress, unheard


class UnderWay:
    """The progress of running imports by id. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Phase, int, int]] = {}

    @contextmanager
    def following(self, import_id: str) -> Iterator[Progress]:
        """What an import tells its progress to, until it ends."""

        def hear(phase: Phase, done: int, total: int) -> None:
            with self._lock:
                self._known[import_id] = (phase, done, total)

        with self._lock:
            another = import_id in self._known  # the same one, sent again while it runs
            self._known.setdefault(import_id, (Phase.READING, 0, 0))
        try:
            yield unheard if another else hear
        finally:
            if not another:
                with self._lock:
                    self._known.pop(import_id, None)

    def seen(self, run: ImportRun) -> ImportRun:
        """A run from the ledger, as far as it is by now while it is written."""
        with self._lock:
            phase, done, total = self._known.get(run.id, (run.phase, run.done, run.total))
        if run.state is not ImportState.RUNNING or phase not in (Phase.WRITING, Phase.FINISHED):
            return run
        # What is finished is written as a whole, and the transaction is about to end.
        return replace(run, phase=Phase.WRITING, done=done, total=total)
