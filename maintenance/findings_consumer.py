"""Findings from the outbox, exactly once: its consumer ``maintenance``.

One transaction applies a batch and moves the cursor. Safety goes first, that of each asset and failure mode in turn
(``maintenance.turns``): it never waits behind a flood; where it matters, the order is kept. After a batch that failed
its findings are applied one by one, each in its own transaction; the one at fault is put aside with a ticket that says
so, so that it stops no other. When nothing waits, it looks for faults that outlived the work on them. What a finding
does: ``maintenance.findings``.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from maintenance.findings import FindingApplier
from maintenance.floods import tell_flood
from maintenance.over_with_work import end_with_work, overdue
from maintenance.ports import MaintenanceTx
from maintenance.strangers import tell_of_failure
from maintenance.ticket_lock import lock_ticket
from maintenance.turns import Turns
from plantroom.domain.assets import EquipmentClass
from plantroom.errors import Unreachable
from plantroom.ports.clock import Clock
from plantroom.ports.ledger import Contended, Ledger
from plantroom.ports.outbox import QueuedFinding, place_of

CONSUMER, BATCH = "maintenance", 50

BATCH_S = 0.1
"""After how long a batch ends: one that goes on for seconds lets no other writer to the ledger, and what is urgent has
to wait for it."""

LOOKS, LOOK_AHEAD = 10, 1000
"""How often before a batch, and at how many findings each time, the consumer looks for the first time: in all some
0.05 s, and only after a start so many. (Asked for more at once, PostgreSQL reads the whole outbox.)"""

TELL_EVERY_S = 1.0
"""How often the ticket of a flood is written anew: its words look at hundreds of alarms."""

LOOK_EVERY = timedelta(minutes=1)
"""How often the consumer, when it has nothing else to do, looks for faults that outlived the work on them."""


class FindingsConsumer:
    """Applies findings from the ledger's outbox. Not thread-safe; several instances exclude each other through the
    lock on the cursor. ``failures`` counts findings that were put aside because they could not be applied."""

    def __init__(
        self,
        ledger: Ledger[MaintenanceTx],
        clock: Clock,
        classes: Mapping[str, EquipmentClass],
        batch: int = BATCH,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._stopwatch = stopwatch
        self._clock = clock
        self._classes = classes
        self._batch = batch
        self._singly = 0
        """How many of the next findings are applied one by one."""
        self._was_ahead = False
        """Whether the last batch was taken ahead of others."""
        self._turns = Turns()
        self._owed: set[str] = set()
        """Sites whose flood's ticket says less than it has gathered."""
        self._told_at = stopwatch()
        self._looked_at: datetime | None = None
        self._next: int | None = None
        """Position of the first finding of the batch that is being applied."""
        self.failures = 0

    def run_once(self) -> int:
        """Apply the next batch; gives how many findings it had (0: nothing waits). Raises ``Unreachable`` and
        ``Contended``, which are waited out; a finding that raises anything else is put aside."""
        limit = 1 if self._singly else self._batch
        self._next = None
        try:
            count = self._apply(limit)
        except (Unreachable, Contended):
            raise
        except Exception as error:  # a fence of docs/decisions/0006: logged, counted, told on a ticket
            if self._next is None:
                raise
            if limit > 1:
                self._singly = self._batch
                return self.run_once()
            return self._put_aside(self._next, error)
        self._singly = max(0, self._singly - 1)
        if count == 0:
            self._look()
        return count

    def _look(self) -> None:
        """Open the tickets again whose faults are still there, and end what is over with the work on them; at most
        every ``LOOK_EVERY``."""
        now = self._clock.now()
        if self._looked_at is not None and abs(now - self._looked_at) < LOOK_EVERY:
            return
        self._looked_at = now
        with self._ledger.read() as tx:
            found = FindingApplier(tx, now, self._classes).outlived()
            over = overdue(tx, self._classes)
        for episode in found:
            with self._ledger.begin() as tx:
                FindingApplier(tx, now, self._classes).look_again(episode.asset, episode.failure_mode)
        for order_id in over:
            with self._ledger.begin() as tx:
                end_with_work(tx, lock_ticket(tx, order_id), self._classes, now)

    def _apply(self, limit: int) -> int:
        with self._ledger.begin() as tx:
            queued, ahead = self._waiting(tx, limit)
            ends = self._stopwatch() + BATCH_S
            self._next = queued[0].position if queued else None
            applier = FindingApplier(tx, self._clock.now(), self._classes)
            done: list[QueuedFinding] = []
            for item in queued:
                applier.apply(item.finding)
                done.append(item)
                if self._stopwatch() >= ends:
                    break
            _move_on(tx, [one.position for one in done], ahead)
            self._owed |= applier.flooded()
            drained = not ahead and len(done) == len(queued) < limit
            told = self._tell_floods(tx, drained=drained)
        self._owed -= told
        self._note_done(done, ahead)
        if drained:
            self._turns.drained()
        return len(done)

    def _note_done(self, done: Sequence[QueuedFinding], ahead: bool) -> None:
        for place in map(place_of, done):
            if ahead:
                self._turns.done(place.line, place.position)
            else:
                self._turns.passed(place)
        self._was_ahead = ahead

    def _waiting(self, tx: MaintenanceTx, limit: int) -> tuple[Sequence[QueuedFinding], bool]:
        """What is to be applied next, and whether that is ahead of what waits longer: safety is, in every other batch
        at least, so that a device that tells of nothing else stops nobody."""
        urgent = () if self._was_ahead else self._urgent(tx, limit)
        return (urgent, True) if urgent else (tx.collect.findings_after(CONSUMER, limit), False)

    def _urgent(self, tx: MaintenanceTx, limit: int) -> Sequence[QueuedFinding]:
        for _ in range(LOOKS):
            waiting = tx.collect.waiting_after(CONSUMER, self._turns.seen, LOOK_AHEAD)
            self._turns.note(waiting)
            if len(waiting) < LOOK_AHEAD:
                break
        while places := self._turns.next(limit):
            found = tx.collect.findings_at(CONSUMER, [position for _, position in places])
            there = {one.position for one in found}
            for line, position in places:
                if position not in there:  # Another instance has done it.
                    self._turns.done(line, position)
            if found:
                return found
        return ()

    def _tell_floods(self, tx: MaintenanceTx, *, drained: bool) -> set[str]:
        """Write on the tickets of floods what they have gathered, at most once in ``TELL_EVERY_S`` and when nothing
        waits any more; gives the sites."""
        if not self._owed or not (drained or self._stopwatch() - self._told_at >= TELL_EVERY_S):
            return set()
        for site in sorted(self._owed):
            tell_flood(tx, site, self._classes, self._clock.now())
        self._told_at = self._stopwatch()
        return set(self._owed)

    def _put_aside(self, position: int, error: Exception) -> int:
        """Move on behind the finding at fault, which gets a ticket that says that it was not applied."""
        with self._ledger.begin() as tx:
            queued, ahead = self._waiting(tx, 1)
            aside = bool(queued) and queued[0].position == position
            # Another instance may have been there meanwhile, and what is more urgent may have come.
            if aside:
                finding = queued[0].finding
                structlog.get_logger().error(
                    "finding_not_applied", id=finding.finding_id, site=finding.site, asset=finding.asset, exc_info=error
                )
                tell_of_failure(tx, finding, self._clock.now())
                _move_on(tx, [position], ahead)
                self.failures += 1
        if aside:
            self._note_done(queued, ahead)
        self._singly = max(0, self._singly - 1)
        return 1


def _move_on(tx: MaintenanceTx, done: Sequence[int], ahead: bool) -> None:
    if ahead:
        tx.collect.take_ahead(CONSUMER, done)
    elif done:
        tx.collect.move_cursor(CONSUMER, done[-1])
