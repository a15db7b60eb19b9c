"""Waiting out what is away: retries with full jitter that a stop interrupts at once."""

import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

import structlog

from plantroom.domain.flow import TroubleKind
from plantroom.errors import Unreachable
from plantroom.ports.ledger import Contended

log = structlog.get_logger()

RETRY_MIN_S = 0.1
RETRY_MAX_S = 10.0
"""What is back is found again within this time."""

ASKED_MAX_S = 300.0
"""How long the other side may ask to be left alone."""

LOOK_EVERY_S = 0.2

LEDGER, STORE, SPOOL, STAGES, INTERNAL = "ledger", "readings store", "spool", "stages", "internal"
"""What there is to wait for."""

_KINDS: Mapping[str, Mapping[str, TroubleKind]] = {
    STORE: {
        "": TroubleKind.STORE_AWAY,
        "not_allowed": TroubleKind.STORE_UNAUTHORISED,
        "not_there": TroubleKind.STORE_MISSING,
        "full": TroubleKind.STORE_FULL,
    },
    LEDGER: {"": TroubleKind.LEDGER_AWAY, "full": TroubleKind.LEDGER_FULL},
    SPOOL: {"": TroubleKind.SPOOL_UNUSABLE, "full": TroubleKind.SPOOL_FULL},
    STAGES: {"": TroubleKind.STAGE_FAILING},
    INTERNAL: {"": TroubleKind.INTERNAL},
}
"""What an error's code means by what was waited for; any other code means what no code does."""

AWAY = (Unreachable, Contended)
"""What passes by itself: the same again later."""

CONTENDED_OFTEN = 5
"""Other transactions in the way are the daily round; so many times in a row they are a trouble."""

T = TypeVar("T")


def kind_of(what: str, problem: Unreachable | Contended | str) -> TroubleKind:
    """The kind of trouble that a problem with ``what`` is."""
    return _KINDS[what].get(getattr(problem, "code", ""), _KINDS[what][""])


class Stopping(Exception):
    """Unwinds whatever is going on when the worker is told to stop."""


def on_disk(action: Callable[[], T]) -> T:
    """Do it; an ``OSError`` is the spool's disk, which is waited for. Raises ``Unreachable``."""
    try:
        return action()
    except OSError as error:
        raise Unreachable(SPOOL, str(error)) from error


class Patience:
    """Retries of one worker, and the problems that it waits for.

    ``meanwhile(what, seconds)`` is called over and over during a wait and may use up to ``seconds`` of it.
    """

    def __init__(
        self, who: str, stop: threading.Event, meanwhile: Callable[[str, float], None], rng: random.Random
    ) -> None:
        self._who = who
        self._stop = stop
        self._meanwhile = meanwhile
        self._rng = rng
        self._problems: dict[str, tuple[TroubleKind, str]] = {}

    def problems(self) -> list[tuple[TroubleKind, str]]:
        """What is being waited for: its kind and the words for it (any thread)."""
        return list(self._problems.copy().values())

    def note(self, what: str, problem: Unreachable | Contended | str | None) -> None:
        """Something is wrong with ``what``, or (``None``) no longer."""
        if problem is None:
            if self._problems.pop(what, None) is not None:
                log.info("ingest_goes_on", worker=self._who, what=what)
            return
        known = (kind_of(what, problem), str(problem))
        if self._problems.get(what) != known:
            log.warning("ingest_waits", worker=self._who, what=what, problem=known[1])
            self._problems[what] = known

    def insist(self, what: str, action: Callable[[], T]) -> T:
        """Do it, as often as it takes while it raises ``Unreachable`` or ``Contended``. Raises ``Stopping`` when told
        to stop."""
        attempt = 0
        while True:
            try:
                result = action()
            except Unreachable as error:
                self.note(what, error)
                self.wait(what, attempt, error.retry_after_s)
                attempt += 1
            except Contended as error:
                attempt += 1
                if attempt >= CONTENDED_OFTEN:
                    self.note(what, error)
                self.wait(what, attempt)
            else:
                self.note(what, None)
                return result

    def wait(self, what: str, attempt: int, at_least_s: float | None = None) -> None:
        """Full jitter under a doubling cap, or as long as the other side asked for. Raises ``Stopping``."""
        wait_s = max(RETRY_MIN_S, self._rng.uniform(0, min(RETRY_MAX_S, RETRY_MIN_S * 2 ** min(attempt, 16))))
        wait_s = max(wait_s, min(at_least_s or 0.0, ASKED_MAX_S))
        end = time.monotonic() + wait_s
        while (left_s := end - time.monotonic()) > 0 and not self._stop.is_set():
            self._meanwhile(what, min(left_s, LOOK_EVERY_S))
        if self._stop.is_set():
            raise Stopping
