"""Which partitions this collector holds: leases in the ledger, renewed in a thread of their own.

The MQTT session is the fence: a partition's sessions have one client id each, and the broker ends the older connection
when a newer one comes. The lease only says who tries. A collector that cannot renew (the ledger is away, or only it is
cut off) keeps the connection that it has, and does not connect again: so it goes on collecting through an outage of the
ledger, and gives way for good to whoever takes the partition over.
"""

import secrets
import socket
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from plantroom.bootstrap.parts import write_private
from plantroom.domain.leases import LeaseView, Moves, decide
from plantroom.errors import Unreachable
from plantroom.ports.leases import Taken
from plantroom.ports.ledger import Contended, Ledger, Occupied

log = structlog.get_logger()

BEATS = 4
"""Signs of life within a lease's length."""

BEAT_MAX_S = 2.0
"""And no fewer than one in so many seconds: this is how soon others hear of a partition that has become free."""

REST_S = 6.0
"""How long a partition that was given back for others is left to them."""

TRUSTED = 0.85
"""Of a lease's length: how long the holder itself relies on it, counted from before it asked."""

ALONE_RECONNECTS = 3
"""How often a collector that knows of no other connects again while the ledger is away: should another one have come
that it cannot know of, they change places no more often than that."""

COLLECTOR_ID = "collector-id"
Ready = Callable[[str], bool]
"""Whether the broker has confirmed the sessions of a partition."""


@dataclass(frozen=True, slots=True)
class Held:
    """A lease of ours. ``previous`` is who held the partition before (empty: it was given back), ``None``: nobody, or
    this collector itself, which may never have begun what it held: see ``ingest.handover``."""

    epoch: int
    previous: str | None
    good_until: float

    @property
    def fresh(self) -> bool:
        """Whether another collector held it since we last did."""
        return self.previous is not None


def known_holder(data_dir: Path) -> str | None:
    """The name that ``holder_id`` gave this data folder, or ``None`` when no collector ran on it yet."""
    path = data_dir / COLLECTOR_ID
    return (path.read_text(encoding="utf-8").strip() or None) if path.exists() else None


def holder_id(data_dir: Path) -> str:
    """This data folder's name among the holders and everywhere else that a collector is named, kept in the folder:
    whoever has the spools is the same holder."""
    if known := known_holder(data_dir):
        return known
    made = f"{socket.gethostname()}-{secrets.token_hex(4)}"
    write_private(data_dir / COLLECTOR_ID, made + "\n")
    return made


class LeaseKeeper:
    """Takes, renews and gives back leases. ``start`` begins a thread; everything else may be called from any other."""

    def __init__(
        self,
        ledger: Ledger[Any],
        holder: str,
        lease_s: float,
        ready: Ready,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.holder = holder
        self._ledger = ledger
        self._lease_s = lease_s
        self._lease_ms = round(lease_s * 1000)
        self._pause_s = min(BEAT_MAX_S, lease_s / BEATS)
        self._ready = ready
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._turning = threading.Lock()
        self._wanted: frozenset[str] = frozenset()
        self._held: dict[str, Held] = {}
        self._seen: set[str] = set()
        self._resting: dict[str, float] = {}
        self._leaving: frozenset[str] = frozenset()
        self._view = LeaseView()
        self._stop = threading.Event()
        self._poke = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)
        self.changes = 0
        """Rises whenever ``held`` or ``to_release`` changes."""
        self.able = True
        """Whether a partition can be started here. Whoever says no gets no share from others, and keeps what it has."""
        self.failures = 0
        self.problem: str | None = None
        """Turns that failed unexpectedly, and how the last one did, until one goes well."""

    def start(self) -> None:
        """Go on with ``turn`` in a thread."""
        self._thread.start()

    def take_no_more(self) -> None:
        """From now on only keep what is held: this collector is about to end and would start nothing. Others need not
        leave it a share."""
        self._ending = True

    def stop(self) -> None:
        """End the thread and give everything back: the next holder need not wait. A ledger that is away: leases
        expire."""
        self._stop.set()
        self._poke.set()
        if self._thread.is_alive():
            self._thread.join(5)
        with self._lock:
            epochs = {p: one.epoch for p, one in self._held.items()}
            self._held.clear()
        try:
            with self._ledger.begin() as tx:
                tx.leases.leave(self.holder, epochs)
        except (Unreachable, Contended) as error:
            log.warning("leases_not_given_back", problem=str(error), expire_within_s=self._lease_s)

    def want(self, partitions: Collection[str]) -> None:
        """All partitions that there are now."""
        if self._wanted != frozenset(partitions):
            self._wanted = frozenset(partitions)
            self._poke.set()

    @property
    def wanted(self) -> frozenset[str]:
        """All partitions that there are, as ``want`` was told."""
        return self._wanted

    def held(self) -> Mapping[str, Held]:
        """What this collector holds, lapsed leases included as long as nobody is known to have taken them."""
        with self._lock:
            return dict(self._held)

    def to_release(self) -> frozenset[str]:
        """What somebody else is short of: stop it, then call ``release``."""
        return self._leaving

    def others(self) -> frozenset[str]:
        """Other collectors, as far as the ledger last said."""
        return (self._view.others(self.holder, self._lease_ms) | self._view.holders(self._lease_ms)) - {self.holder}

    def elsewhere(self) -> frozenset[str]:
        """Partitions of other holders whose sessions the broker has confirmed."""
        held = self.held()
        return frozenset(p for p, lease in self._view.leases.items() if lease.ready and p not in held)

    def of_others(self) -> frozenset[str]:
        """Partitions that the ledger shows as another's now."""
        held, leases = self.held(), self._view.leases
        mine = None, self.holder
        return frozenset(
            p for p, one in leases.items() if one.holder not in mine and not one.free(self._lease_ms) and p not in held
        )

    def good(self, partition: str) -> bool:
        """Whether we hold it beyond doubt."""
        held = self.held().get(partition)
        return held is not None and self._monotonic() < held.good_until

    def release(self, partition: str, rest_s: float = 0.0) -> None:
        """Give it back (its sessions have ended) and leave it to others for ``rest_s``."""
        with self._lock:
            held = self._held.pop(partition, None)
            self._leaving -= {partition}
            if rest_s:
                self._resting[partition] = self._monotonic() + rest_s
        if held is not None:
            with self._ledger.begin() as tx:
                tx.leases.release(partition, self.holder, held.epoch)
            log.info("lease_given_back", partition=partition, epoch=held.epoch)

    def gate(self, partition: str) -> Callable[[int], str | None]:
        """For one session of the partition: why it must not connect now, or ``None``."""
        at_lapse: list[int] = []

        def closed(connects: int) -> str | None:
            if self.good(partition):
                at_lapse.clear()
                return None
            if partition in self.held() and not self.others():
                if not at_lapse:
                    at_lapse.append(connects)
                if connects - at_lapse[0] < ALONE_RECONNECTS:
                    return None
            return "its lease could not be renewed; connects again once the ledger answers"

        return closed

    def turn(self) -> None:
        """One sign of life, and what follows from what the ledger then shows. Raises ``Unreachable``, ``Contended``."""
        with self._turning:
            asked_at = self._monotonic()
            wanted, held = self._wanted, self.held()
            ready = [p for p in held if self._ready(p)]
            with self._ledger.begin() as tx:
                epochs = {p: one.epoch for p, one in held.items()}
                member = self.able and not self._ending
                view = tx.leases.beat(self.holder, epochs, ready, self._lease_ms, member=member)
            self._take_note(view, asked_at)
            if self._ending:
                return
            self._enter(wanted - view.leases.keys())
            moves = self._moves(view, wanted)
            self._take(moves)
            with self._lock:
                leaving = frozenset(moves.release) | (self._leaving & self._held.keys())
                self.changes += leaving != self._leaving
                self._leaving = leaving

    def _moves(self, view: LeaseView, wanted: Collection[str]) -> Moves:
        now = self._monotonic()
        moves = decide(view, self.holder, wanted, self.held(), self._lease_ms)
        own = {p for p, lease in view.leases.items() if lease.holder == self.holder and p in wanted} - self._seen
        take = sorted(({*moves.take, *own} - self.held().keys()) - {p for p, at in self._resting.items() if now < at})
        return Moves(tuple(take), moves.release if not self._leaving else ())

    def _take_note(self, view: LeaseView, asked_at: float) -> None:
        """Ours is what the ledger shows as ours under our epoch, for as long as it says, since somebody may have been
        changing it; the rest has gone to others."""
        with self._lock:
            self._view = view
            for partition, one in list(self._held.items()):
                lease = view.leases.get(partition)
                if lease is not None and (lease.holder, lease.epoch) == (self.holder, one.epoch):
                    left_s = min(lease.left_ms / 1000, self._lease_s) - (1 - TRUSTED) * self._lease_s
                    self._held[partition] = Held(one.epoch, one.previous, max(one.good_until, asked_at + left_s))
                elif lease is not None:
                    self._lose(partition, one, lease.holder)

    def _lose(self, partition: str, one: Held, to: str | None = None) -> None:
        del self._held[partition]
        self.changes += 1
        log.warning("lease_lost", partition=partition, epoch=one.epoch, to=to)

    def overtaken(self, partition: str, epoch: int) -> None:
        """The ledger has heard from a holder of a higher epoch: a lease of this one is lost (any thread)."""
        with self._lock:
            one = self._held.get(partition)
            if one is not None and one.epoch == epoch:
                self._lose(partition, one)

    def _enter(self, partitions: Collection[str]) -> None:
        try:
            if partitions:
                with self._ledger.begin() as tx:
                    tx.leases.enter(partitions)
        except Occupied as error:
            log.info("partitions_not_entered_yet", problem=str(error))

    def _take(self, moves: Moves) -> None:
        """One by one: whoever vanishes in the middle keeps one at most from others, and who waits for that one has the
        rest. What there is no time for before the next sign of life comes after it."""
        begun = self._monotonic()
        for partition in moves.take:
            asked_at = self._monotonic()
            if self._ending:
                return
            if asked_at - begun > self._pause_s:
                self._poke.set()
                return
            try:
                with self._ledger.begin() as tx:
                    lease = tx.leases.take(partition, self.holder, self._lease_ms, mine=partition not in self._seen)
            except (Occupied, Contended) as error:
                log.info("lease_not_taken", partition=partition, problem=str(error))
                continue
            if lease is not None:
                self._note_taken(partition, lease, asked_at)

    def _note_taken(self, partition: str, lease: Taken, asked_at: float) -> None:
        with self._lock:
            self._seen.add(partition)
            previous = lease.previous if lease.previous != self.holder else None
            self._held[partition] = Held(lease.epoch, previous, asked_at + TRUSTED * self._lease_s)
            self.changes += 1
        log.info("lease_taken", partition=partition, epoch=lease.epoch, previous=lease.previous)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._poke.wait(self._pause_s)
            self._poke.clear()
            if self._stop.is_set():
                return
            try:
                self.turn()
                self.problem = None
            except (Unreachable, Contended):
                self._stop.wait(min(1.0, self._pause_s))
            except Exception as error:  # outermost loop of the thread: counted, the next turn tries again
                log.exception("lease_turn_failed")
                self.failures += 1
                self.problem = f"leases: internal error {type(error).__name__}: {error}; trying again"
