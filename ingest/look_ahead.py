"""The events behind what a lane has in hand, told ahead of their turn: they wait for no readings to be stored.

An error here belongs to the messages that were looked at, never to the batch in hand. They are halved until the message
at fault stands alone; that one is passed over, and dealt with when its turn comes, while the events behind it are told.
What the ledger raises may be its own trouble, whatever it looks like: then the look is tried again before anything is
passed over, so that no end of an alarm is told before its beginning.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog

from ingest.patience import AWAY, INTERNAL, SPOOL, Patience, Stopping, on_disk
from ingest.pipeline import Pipeline
from ingest.telling import Telling
from plantroom.errors import BadData, Conflict, Unreachable
from plantroom.ports.spool import Lane, SpoolReader, SpoolRecord

log = structlog.get_logger()
T = TypeVar("T")

LOOK_OUT_S = 0.25
"""How long a safety lane with a backlog looks for events in it after each batch, until it has seen all; and about how
long one look searches for messages at fault before it leaves the rest to the next."""

LEDGER_S = 30.0
"""For how long an error of the ledger counts as its own, although it is none of being away."""


class LookAhead:
    """The looks of one lane's worker, in its thread. ``done`` is the position up to which it has dealt with all,
    ``most`` how many messages it looks at together."""

    def __init__(
        self, spool: SpoolReader, pipeline: Pipeline, telling: Telling, patience: Patience, stop: threading.Event
    ) -> None:
        self._spool = spool
        self._pipeline = pipeline
        self._telling = telling
        self._patience = patience
        self._stop = stop
        self._who = {"site": pipeline.site, "lane": pipeline.lane.value}
        self._last_error = "see the log"
        self._doubted = (-1, 0.0)
        """The message at which the ledger raised last, and since when."""

    def while_waiting(self, done: int, most: int, seconds: float) -> None:
        """Up to so long, or until something was told. In the normal lane events come among many readings: a look at all
        of these now and then costs less than one at each. Raises ``Stopping``."""
        if self._pipeline.lane is Lane.SAFETY:
            self._look(done, most, seconds)
        else:
            end = time.monotonic() + seconds
            while self._look(done, most, 0.0) >= most and time.monotonic() < end:
                pass
            self._stop.wait(max(0.0, end - time.monotonic()))
        if left := self._pipeline.passed_over:
            words = f"messages that cannot be looked at ahead of their turn: {left} ({self._last_error})"
            self._patience.note(INTERNAL, words)

    def in_backlog(self, done: int, most: int, waiting: Callable[[], int]) -> None:
        """In a safety lane with a backlog: what has happened meanwhile comes before what is stored next. Raises
        ``Stopping``."""
        end = time.monotonic() + LOOK_OUT_S
        while self._pipeline.lane is Lane.SAFETY and waiting() > most and time.monotonic() < end:
            if not self._look(done, most, 0.0):
                break

    def _look(self, done: int, most: int, timeout_s: float) -> int:
        """Tell the events of the next messages behind those that are told; gives how many messages there were. None is
        passed over while nobody can say whose it is."""
        records = self._read(max(done, self._pipeline.events_done), most, timeout_s)
        if not records:
            return 0
        fresh, error = self._fenced(self._telling.try_refresh)
        if error is not None:
            log.error("look_ahead_without_plant", **self._who, exc_info=error)
        if not fresh and not self._pipeline.knows_all(records):
            self._stop.wait(timeout_s)
            return 0
        dealt_with = self._narrowed(records)
        if not dealt_with:
            self._stop.wait(timeout_s)
        return dealt_with

    def _read(self, behind: int, most: int, timeout_s: float) -> Sequence[SpoolRecord]:
        try:
            records = on_disk(lambda: self._spool.look_ahead(behind, most, timeout_s))
        except Unreachable as error:
            self._patience.note(SPOOL, error)
            self._stop.wait(timeout_s)
            return ()
        self._patience.note(SPOOL, None)
        return records

    def _narrowed(self, records: Sequence[SpoolRecord]) -> int:
        """Tell their events, but for those of messages that trip an error; gives how many messages are dealt with:
        all, or some when the search for those at fault takes long or the ledger has to be waited for."""
        pieces, dealt_with = [records], 0
        end = time.monotonic() + LOOK_OUT_S
        while pieces and not (dealt_with and time.monotonic() > end):
            piece = pieces.pop()
            error, of_ledger = self._tell(piece)
            if error is not None and len(piece) > 1:
                middle = len(piece) // 2
                pieces += [piece[middle:], piece[:middle]]
                continue
            if error is not None and of_ledger and not self._lasts(piece[0].position):
                log.error("look_ahead_waits_for_ledger", **self._who, position=piece[0].position, exc_info=error)
                break
            if error is not None:
                self._last_error = f"{type(error).__name__}: {error}"
                log.error("message_passed_over", **self._who, position=piece[0].position, exc_info=error)
                self._pipeline.pass_over(piece[0])
            dealt_with += len(piece)
        return dealt_with

    def _lasts(self, position: int) -> bool:
        now = time.monotonic()
        if self._doubted[0] != position:
            self._doubted = position, now
        return now - self._doubted[1] >= LEDGER_S

    def _tell(self, records: Sequence[SpoolRecord]) -> tuple[Exception | None, bool]:
        """What went wrong with telling their events, if anything, and whether that may be the ledger's own trouble;
        then nothing is as if it had been tried."""
        batch, error = self._fenced(lambda: self._pipeline.sort(records))
        if batch is None:
            return error, False
        take_back, error = self._fenced(lambda: self._pipeline.keep_events(batch))
        if take_back is None:
            return error, False
        outcome, error = self._fenced(lambda: self._pipeline.tell_events(batch))
        of_ledger = False
        if outcome is not None:
            _, error = self._fenced(lambda: self._telling.tell(outcome))
            of_ledger = not isinstance(error, (BadData, Conflict))
        if error is not None:
            take_back()
        return error, of_ledger

    def _fenced(self, action: Callable[[], T]) -> tuple[T | None, Exception | None]:
        """What it gives, or what it should not have raised; waiting and stopping are not that."""
        try:
            return action(), None
        except (*AWAY, Stopping):
            raise
        except Exception as error:  # noqa: BLE001 - who asked says what it was about, and logs it
            return None, error
