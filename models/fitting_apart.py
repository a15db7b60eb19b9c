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


class FittingApart:
    """Calls ``fit`` in a child process. Any thread may call it; one fit at a time."""

    def __init__(self, idle_s: float = IDLE_S) -> None:
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._timer: threading.Timer | None = None

    def __call__(
        self, points: Sequence[tuple[str, str]], ts_ms: Millis, values: Floats, settings: DetectorSettings | None = None
    ) -> Fit:
        """As ``fit``. Raises ``Unreachable`` when the child process could not be started or died."""
        with self._lock:
            answer = self._ask((list(points), ts_ms, values, settings))
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Fit)
        return answer

    def warm_up(self) -> None:
        """Have the process started and its libraries loaded, for a fit that is soon to come."""
        with self._lock, suppress(Unreachable):
            self._ask(None)

    def close(self) -> None:
        """End the child. It is started again by the next call."""
        with self._lock:
            self._end()

    def _ask(self, question: object) -> object:
        if self._timer is not None:
            self._timer.cancel()
        try:
            if self._child is None or self._child.poll() is not None:
                self._child = subprocess.Popen(
                    [sys.executable, "-P", "-m", "models.fitting_apart"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    start_new_session=True,
                )
            assert self._child.stdin is not None
            assert self._child.stdout is not None
            _send(self._child.stdin, question)
            answer: object = pickle.load(self._child.stdout)  # noqa: S301 - of our own child
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            self._end()
            raise Unreachable("the process that fits models", f"ended early ({error})") from error
        self._timer = threading.Timer(self._idle_s, self.close)
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


def answer_all(questions: IO[bytes], answers: IO[bytes]) -> None:
    """The child's work: one answer a question, until there are no more."""
    while True:
        try:
            question: Any = pickle.load(questions)  # noqa: S301 - of our own parent
        except EOFError:
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
        _send(answers, answer)


if __name__ == "__main__":
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is not an answer
    answer_all(sys.stdin.buffer, pipe)
