"""Fitting in a process of its own, so that the libraries it needs (80 MB) are not in the one that takes in messages.

The process is started when there is something to fit, takes one fit after the other and ends by itself when it has had
nothing to do for a minute, or when the process that started it is gone. The two talk in pickles over pipes: both are
this very code, and nothing of it is ever stored.
"""

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Any

from models.baseline import Floats
from models.fitting import Fit, fit, warm_up
from models.scoring import Millis
from models.settings import DetectorSettings
from plantroom.errors import BadData, Unreachable

IDLE_S = 60.0

LONGEST_S = 600.0
"""A fit that takes longer is ended."""

DEATHS = 3
"""So often a fit may end its process (too much memory, or ``LONGEST_S``) before its data count as unusable: its lane
waits for it."""

_Key = tuple[tuple[tuple[str, str], ...], int, int]
"""What tells one fit's data from another's: its points, its first and its last instant."""


class _Died(Unreachable):
    """The process was there and ended in the middle of a fit."""


class FittingApart:
    """Calls ``fit`` in a child process. Any thread may call it; one fit at a time."""

    def __init__(self, idle_s: float = IDLE_S, longest_s: float = LONGEST_S) -> None:
        self._idle_s = idle_s
        self._longest_s = longest_s
        self._deaths: dict[_Key, int] = {}
        self._closing = False
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._timer: threading.Timer | None = None

    def __call__(
        self, points: Sequence[tuple[str, str]], ts_ms: Millis, values: Floats, settings: DetectorSettings | None = None
    ) -> Fit:
        """As ``fit``. Raises ``Unreachable`` when the child process could not be started or died, ``BadData`` when it
        has died of these data ``DEATHS`` times."""
        key = tuple(points), int(ts_ms[0]) if len(ts_ms) else 0, int(ts_ms[-1]) if len(ts_ms) else 0
        with self._lock:
            answer = self._ask_about(key, (list(points), ts_ms, values, settings))
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Fit)
        return answer

    def warm_up(self) -> None:
        """Have the process started and its libraries loaded, for a fit that is soon to come."""
        with self._lock, suppress(Unreachable):
            self._ask(None)

    def close(self) -> None:
        """End the child, in the middle of a fit too. It is started again by the next call."""
        self._closing = True
        self._kill()
        while not self._lock.acquire(timeout=0.1):
            self._kill()
        try:
            self._end()
        finally:
            self._closing = False
            self._lock.release()

    def _kill(self) -> None:
        child = self._child
        if child is not None:
            child.kill()

    def _rest(self) -> None:
        with self._lock:
            self._end()

    def _ask_about(self, key: _Key, question: object) -> object:
        try:
            answer = self._ask(question)
        except _Died as error:
            self._deaths[key] = self._deaths.get(key, 0) + (not self._closing)
            if self._deaths[key] < DEATHS:
                raise
            del self._deaths[key]
            raise BadData(f"the process that fits models died of it {DEATHS} times ({error.problem})") from error
        self._deaths.pop(key, None)
        return answer

    def _ask(self, question: object) -> object:
        if self._timer is not None:
            self._timer.cancel()
        try:
            if self._child is not None and self._child.poll() is not None:
                self._end()
            if self._child is None:
                self._child = subprocess.Popen(
                    [sys.executable, "-P", "-m", "models.fitting_apart"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    start_new_session=True,
                )
            answer = _answer(self._child, question, self._longest_s)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            started = self._child is not None
            self._end()
            raise (_Died if started else Unreachable)(
                "the process that fits models", f"ended early ({error})"
            ) from error
        self._timer = threading.Timer(self._idle_s, self._rest)
        self._timer.daemon = True
        self._timer.start()
        return answer

    def _end(self) -> None:
        child, self._child = self._child, None
        if self._timer is not None:
            self._timer.cancel()
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                with suppress(OSError):
                    pipe.close()  # type: ignore[union-attr]  # both are pipes


def _send(pipe: IO[bytes], what: object) -> None:
    pickle.dump(what, pipe, pickle.HIGHEST_PROTOCOL)
    pipe.flush()


def _answer(child: subprocess.Popen[bytes], question: object, longest_s: float) -> object:
    assert child.stdin is not None
    assert child.stdout is not None
    watch = threading.Timer(longest_s, child.kill)
    watch.daemon = True
    watch.start()
    try:
        _send(child.stdin, question)
        return pickle.load(child.stdout)  # noqa: S301 - of our own child
    finally:
        watch.cancel()


def answer_all(questions: IO[bytes], answers: IO[bytes]) -> None:
    """The child's work: one answer a question, until there are no more, or nobody hears the answer."""
    while True:
        try:
            question: Any = pickle.load(questions)  # noqa: S301 - of our own parent
        except (EOFError, pickle.UnpicklingError):  # the parent is gone, perhaps in the middle of a question
            return
        answer: object = None
        try:
            if question is None:
                warm_up()
            else:
                answer = fit(*question)
        except BadData as error:
            answer = error
        except Exception as error:  # noqa: BLE001 - the process's outermost loop: told, and on to the next fit
            answer = RuntimeError(f"{type(error).__name__}: {error}")
        try:
            _send(answers, answer)
        except BrokenPipeError:
            return


if __name__ == "__main__":
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is not an answer
    answer_all(sys.stdin.buffer, pipe)
    os._exit(0)  # an answer that nobody heard is written by no clearing up
