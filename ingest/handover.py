"""What goes from one holder of a site to the next: the state of alarms, models and open events, through the ledger.

The state is written in the transaction of the findings and events that came of it, so that the next holder knows of
every alarm that is out, and now and then besides, for what changes without a finding. Who has been overtaken writes
neither: what it still had at hand comes late out of its spool. Sequence numbers, the quality gate and counts stay
behind: a memory that misses the last seconds would take what the other holder has got for gaps. Of the instants that
stand in for a missing ``ts`` the last one of each asset goes along, so that none is given twice. What is in an old
spool of this collector when it takes a site back was received before another held the site: late, not live.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import structlog

from ingest.checkpoint import pack, unpack
from ingest.columns import Columns, receive_times_of
from ingest.patience import AWAY, Stopping
from plantroom.ports.leases import Claimed
from plantroom.ports.ledger import Ledger
from plantroom.ports.spool import SpoolReader, SpoolRecord

log = structlog.get_logger()

LATE_UNTIL = "late_until"
"""Name of the part of a checkpoint that says up to which position the spool's records are late."""

FOREIGN, FOREIGN_NEXT = "foreign", "foreign_next"
"""Names of the parts with what dialects remember of devices: now, and from behind the late records on."""

TOTALS, WINDOWS = "totals", "windows"
"""Names of the parts that are this collector's own: counts, and windows that the ledger has not heard of."""

COLUMNS, RECEIVED = "columns", "received"
"""Names of the parts with the receive times that were given for want of another: all that this collector remembers, and
the last ones alone, which are handed over."""

EPOCHS = "epochs"
"""Name of the part that says of which claims in the ledger this collector's own state is the last one."""

EVERY_S = 10.0
BYTES_PER_S = 200_000
"""A large state is kept less often: the ledger is to be spared more than this on average."""


class Overtaken(Stopping):
    """Another collector holds the partition by now: unwinds whatever is going on, and nothing of it is committed."""


class NoHandOver:
    """For a lane that nobody else takes over: its state stays with its spool."""

    def begin(self, spool: SpoolReader) -> None:
        """See ``HandOver``."""

    def keep(self, tx: Any, parts: Mapping[str, bytes]) -> None:
        """See ``HandOver``."""

    def fence(self, tx: Any) -> None:
        """See ``HandOver``."""

    def keep_now(self, parts: Mapping[str, bytes]) -> None:
        """See ``HandOver``."""

    def kept(self) -> None:
        """See ``HandOver``."""

    def keep_when_due(self, parts: Callable[[], Mapping[str, bytes]], *, last: bool = False) -> None:
        """See ``HandOver``."""


class HandOver(NoHandOver):
    """The state of one lane of a partition in the ledger, written under the epoch of the lease. One thread.

    ``fresh``: as far as the lease says, another collector held the partition since this one last did; that somebody
    has claimed the state since is found out besides. What the spool held before the sessions began, up to position
    ``late_until``, is late in either case. ``overtaken`` hears that a holder of a higher epoch has written.
    """

    def __init__(
        self,
        ledger: Ledger[Any],
        partition: str,
        lane: str,
        epoch: int,
        *,
        fresh: bool,
        late_until: int = 0,
        overtaken: Callable[[], None] | None = None,
    ) -> None:
        self._ledger = ledger
        self._overtaken = overtaken
        self._key = partition, lane, epoch
        self._fresh = fresh
        self._late_until = late_until
        self._kept = self._written = b""
        self._next_at = time.monotonic() + EVERY_S

    def begin(self, spool: SpoolReader) -> None:
        """Claim the state under this epoch. Unless the last claim was this spool's own, have it go on from what the
        last holder left instead of from its own older state, whatever the lease says of who held it: a lease may have
        been taken and never begun. Raises ``Unreachable``, ``Overtaken`` and ``OSError``."""
        with self._ledger.begin() as tx:
            claimed = tx.leases.claim_state(*self._key)
            if claimed is not None:
                # On the disk before the claim stands: killed in between, it finds what it has to do once more.
                self._go_on(spool, claimed)
        if claimed is None:
            raise self._give_way()
        self._fresh = False

    def _go_on(self, spool: SpoolReader, claimed: Claimed) -> None:
        position, state = spool.committed()
        parts, epochs = self._read(state, "checkpoint_unreadable"), {self._key[2]}
        if self._fresh or claimed.before not in _epochs(parts):
            parts = self._merged(parts, claimed.state, position)
        else:
            # Should the claim come to nothing, this is the last state still; another's is not, for it may write on.
            epochs.add(claimed.before)
        parts[EPOCHS] = " ".join(map(str, sorted(epochs))).encode()
        spool.commit(position, pack(parts))

    def _merged(self, own: Mapping[str, bytes], state: bytes, position: int) -> dict[str, bytes]:
        parts = self._read(state, "hand_over_unreadable")
        parts |= {name: body for name, body in own.items() if name in (TOTALS, WINDOWS)}
        parts |= {COLUMNS: receive_times_of(own.get(COLUMNS, b""), parts.pop(RECEIVED, b""))}
        if position < self._late_until:
            # The late records came after what this collector had heard of devices, not after what the other one had.
            parts |= {FOREIGN: own.get(FOREIGN, b""), FOREIGN_NEXT: parts.get(FOREIGN, b"")}
        parts[LATE_UNTIL] = str(self._late_until).encode()
        return parts

    def _read(self, state: bytes, otherwise: str) -> dict[str, bytes]:
        try:
            return unpack(state)
        except ValueError as error:
            partition, lane, _ = self._key
            log.error(otherwise, site=partition, lane=lane, problem=str(error))
            return {}

    def keep(self, tx: Any, parts: Mapping[str, bytes]) -> None:
        """Inside a transaction: this is the state that belongs to what it writes. It may still be undone: ``kept`` says
        that it was not. Raises ``Overtaken``, which undoes it."""
        self._written = pack(parts)
        if not tx.leases.put_state(*self._key, self._written):
            raise self._give_way()

    def fence(self, tx: Any) -> None:
        """Inside a transaction that changes nothing of the state. Raises ``Overtaken``, which undoes it."""
        if not tx.leases.may_write(*self._key):
            raise self._give_way()

    def kept(self) -> None:
        """The transaction is committed."""
        if self._written:
            self._noted(self._written)
            self._written = b""

    def keep_when_due(self, parts: Callable[[], Mapping[str, bytes]], *, last: bool = False) -> None:
        """Now and then, and as the ``last`` thing, in a transaction of its own; a ledger that is away is left for the
        next time."""
        if time.monotonic() < self._next_at and not last:
            return
        self._next_at = time.monotonic() + EVERY_S
        state = parts()
        if pack(state) == self._kept:
            return
        # Overtaken: what is stored and told stays so, the cursor may move; nothing more is told under this epoch.
        with suppress(*AWAY, Overtaken):
            self.keep_now(state)

    def keep_now(self, parts: Mapping[str, bytes]) -> None:
        """In a transaction of its own. Raises ``Unreachable``, ``Contended`` and ``Overtaken``."""
        with self._ledger.begin() as tx:
            self.keep(tx, parts)
        self.kept()

    def _give_way(self) -> Overtaken:
        if self._overtaken is not None:
            self._overtaken()
        partition, lane, epoch = self._key
        return Overtaken(f"{partition}/{lane} is held under a higher epoch than {epoch}")

    def _noted(self, state: bytes) -> None:
        self._kept = state
        self._next_at = time.monotonic() + max(EVERY_S, len(state) / BYTES_PER_S)


def _epochs(parts: Mapping[str, bytes]) -> set[int]:
    """None was ever claimed for a checkpoint that says none: one of an earlier version, or of a new spool."""
    return {int(word) for word in parts.get(EPOCHS, b"0").split()}


def cut_late(records: Sequence[SpoolRecord], count: int, late_until: int) -> int:
    """How many of the first ``count`` records make a batch: late ones and live ones are never in the same."""
    if count and records[0].position <= late_until < records[count - 1].position:
        return sum(record.position <= late_until for record in records[:count])
    return count


def leave_late(columns: Columns, records: Sequence[SpoolRecord], late_until: int) -> None:
    """Nothing up to position ``late_until`` is live. O(1) for a batch behind it."""
    if records and records[0].position <= late_until and len(columns.message):
        positions = np.fromiter((record.position for record in records), np.int64, len(records))
        columns.live &= positions[columns.message] > late_until
