"""The thread that empties one spool: reads, stores, concludes, tells the ledger, moves the cursor.

Nothing is dropped: a store or ledger that is away is waited out with full jitter, and ``stop`` interrupts the
wait. While a lane waits for the readings store it goes on telling the events that come in, a safety lane also while it
has a backlog (``ingest.look_ahead``): they need no store. A batch that trips an internal error is halved until the
message at fault stands alone.
"""

import random
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import accumulate, takewhile
from typing import Any

import structlog

from ingest.doubted_store import DoubtedStore
from ingest.every import Every
from ingest.gaps import SiteNumbers
from ingest.handover import NoHandOver, cut_late
from ingest.look_ahead import LookAhead
from ingest.outcome import Outcome, Read
from ingest.patience import AWAY, INTERNAL, LEDGER, SPOOL, STAGES, STORE, Patience, Stopping, on_disk
from ingest.pipeline import Pipeline
from ingest.presence import PresenceTracker
from ingest.rejections import INTERNAL_ERROR, with_detail
from ingest.replays import Replays
from ingest.saving import Saving
from ingest.stages import GuardedStage, StageFailed
from ingest.standing import Standing
from ingest.stats import Figures, IngestStats
from ingest.suspects import Suspects
from ingest.telling import Telling
from ingest.windows import TELL_EVERY_S
from plantroom.domain.assets import EquipmentClass
from plantroom.domain.flow import Trouble, TroubleKind
from plantroom.errors import Unreachable
from plantroom.ports.clock import Clock, to_ms
from plantroom.ports.ledger import Ledger
from plantroom.ports.readings import ReadingBatch, ReadingsStore, RejectedReading, SeriesPage, SeriesRef
from plantroom.ports.requests import DeviceRequests
from plantroom.ports.spool import Lane, SpoolReader, SpoolRecord
from plantroom.ports.stages import StreamStage

log = structlog.get_logger()

BATCH = 5_000
BATCH_BYTES = 8 << 20
READ_TIMEOUT_S = 0.2
STATS_EVERY_S = 1.0
PLANT_LOOK_S = 1.0


class IngestWorker:
    """Ingest of one site's lane. ``start`` runs it in a thread of its own until ``stop``.

    ``presence`` and ``numbers`` are shared by the lanes of a site (own ones when left out), ``on_stats`` is called
    about once a second from the worker's thread; ``requests`` publishes what dialects ask of devices, ``hand_over``
    takes the state from holder to holder of the site (left out: neither is done). ``drains``: it only empties a spool
    of a site that another collector may hold by now; dead letters and devices' clocks are left to that one.
    """

    def __init__(
        self,
        site: str,
        lane: Lane,
        spool: SpoolReader,
        store: ReadingsStore,
        ledger: Ledger[Any],
        stages: Sequence[StreamStage],
        classes: Mapping[str, EquipmentClass],
        clock: Clock,
        on_stats: Callable[[IngestStats], None] | None = None,
        presence: PresenceTracker | None = None,
        rng: random.Random | None = None,
        requests: DeviceRequests | None = None,
        numbers: SiteNumbers | None = None,
        hand_over: NoHandOver | None = None,
        drains: bool = False,
    ) -> None:
        self.site = site
        self.lane = lane
        self.presence = presence or PresenceTracker(classes)
        self._spool = spool
        self._store = DoubtedStore(store)
        self._ledger = ledger
        self._clock = clock
        self._on_stats = on_stats
        self._requests = requests
        self._hand_over = hand_over or NoHandOver()
        self._pipeline = Pipeline(site, lane, stages, classes, self.presence, numbers, store.retention, drains=drains)
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._patience = Patience(
            f"{site}/{lane.value}",
            self._stop,
            self._meanwhile,
            rng or random.Random(),  # noqa: S311 - jitter, not a secret
        )
        self._telling = Telling(ledger, self._pipeline, self.presence, self._patience, self._hand_over)
        self._look_ahead = LookAhead(spool, self._pipeline, self._telling, self._patience, self._stop)
        self._drains = drains
        self._replays = Replays(
            self._pipeline, ledger, clock, self._patience, self._put, self._telling.tell, Standing(self._read_store)
        )
        self._stats = IngestStats()
        self._ahead: list[SpoolRecord] = []
        self._done = self._committed = 0
        self._saving = Saving()
        self._told_at = 0.0
        self._oldest_ms: int | None = None
        self._at_work: tuple[int, int] | None = None
        """First and last position of the batch at hand."""
        self._suspects = Suspects()
        self._plant_looks = Every(PLANT_LOOK_S)
        self._figures = Figures()
        self._marks = Every(TELL_EVERY_S)
        self.marked = False
        """Whether the ledger has heard of all windows that what was read so far fell into (any thread)."""
        self.begun = False
        """Whether its figures are those that were saved; before that they are none."""
        self._read_ms = 0

    def start(self) -> None:
        """Begin in an own thread."""
        if self._thread is not None:
            raise RuntimeError("the worker runs already")
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name=f"ingest-{self.site}-{self.lane.value}", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 8.0) -> None:
        """End the thread after the turn at hand, or out of the middle of a wait. Stopping twice is allowed."""
        self._stop.set()
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)
            if not thread.is_alive():
                self._thread = None

    @property
    def ended(self) -> bool:
        """Whether its thread is gone: one that hangs in a store outlives ``stop`` (any thread)."""
        thread = self._thread
        return thread is None or not thread.is_alive()

    def stats(self) -> IngestStats:
        """Figures of the last turn (any thread)."""
        return self._stats

    def troubles(self) -> list[Trouble]:
        """What it is waiting for; empty when all is well (any thread)."""
        found = [*self._patience.problems(), *((TroubleKind.STAGE_FAILING, one) for one in self._pipeline.problems())]
        return [Trouble(kind, words, self.site, self.lane.value) for kind, words in found]

    def problems(self) -> list[str]:
        """The same in plain words."""
        return [str(trouble) for trouble in self.troubles()]

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                self._begin()
                while not self._stop.is_set():
                    self._turn()
                    failures = 0
                self._commit(changed=self._pipeline.windows.tell_all(self._ledger) or self._drains, last=True)
            except Stopping:
                self._pipeline.windows.tell_all(self._ledger)
                return
            except Exception as error:
                log.exception("ingest_turn_failed", site=self.site, lane=self.lane.value)
                self._patience.note(INTERNAL, f"internal error {type(error).__name__}: {error}; trying again")
                if self._at_work is not None:
                    self._suspects.add(*self._at_work)
                    self._at_work = None
                with suppress(Stopping):
                    self._patience.wait(INTERNAL, failures)
                failures += 1

    def _begin(self) -> None:
        """Go on from what is committed."""
        self._patience.insist(LEDGER, lambda: self._hand_over.begin(self._spool))
        position, state = self._spool.committed()
        self._spool.rewind()
        self._ahead.clear()
        self._done = self._committed = position
        self._pipeline.restore(state)
        self._figures.save(self._pipeline.totals)
        self._note_stats(idle=False)
        self.begun = True
        self._telling.begin(self._now_ms())

    def _turn(self) -> None:
        self.presence.keep_time(self._now_ms(), 1000 * time.monotonic())
        records = self._next()
        if records:
            self.marked = False
            self._oldest_ms = records[0].received_ms
            if not self._process(records):
                return
            self._done, self._oldest_ms = records[-1].position, records[-1].received_ms
            self._look_ahead.in_backlog(self._done, BATCH, self._waiting)
        horizon_ms = records[-1].received_ms if records else self._now_ms()
        self.presence.tick(self.lane.value, horizon_ms)
        if not records and self._plant_looks.due() and self._telling.try_refresh():
            self._settle()
        self._telling.look_for_gaps()
        self._telling.tell(self._pipeline.settle_numbers(horizon_ms))
        self._pipeline.windows.tell(self._ledger, self._now_ms())
        self._commit_when_due(idle=not records)
        if self._drains and not records and self._marks.due() and self._pipeline.windows.tell_all(self._ledger):
            self._commit(changed=True)
        self.marked = not len(self._pipeline.windows)
        self._patience.note(INTERNAL, None)
        self._note_stats(idle=not records)
        if not self._drains:
            self._replays.turn(self._telling.try_refresh)

    def _settle(self) -> None:
        if found := self._pipeline.settle():
            self._telling.tell(found)
            self._commit(changed=True)

    def _next(self) -> Sequence[SpoolRecord]:
        if not self._ahead:
            self._ahead.extend(self._patience.insist(SPOOL, partial(self._read_spool, READ_TIMEOUT_S)))
        limit = self._suspects.limit(self._ahead, BATCH)
        sizes = accumulate(len(record.payload) for record in self._ahead[:limit])
        count = min(limit, len(self._ahead), 1 + sum(1 for _ in takewhile(BATCH_BYTES.__gt__, sizes)))
        count = cut_late(self._ahead, count, self._pipeline.late_until)
        records, self._ahead = self._ahead[:count], self._ahead[count:]
        self._read_ms = self._now_ms()
        return records

    def _process(self, records: Sequence[SpoolRecord]) -> bool:
        """``False``: they were suspect, could not be processed together, and come again in two halves."""
        if not self._suspects.include(records):
            self._at_work = records[0].position, records[-1].position
            self._process_all(records)
            self._at_work = None
            return True
        saved = self._pipeline.snapshot()
        error = self._attempt(records)
        if error is not None:
            self._pipeline.restore(saved)
            if len(records) > 1:
                self._suspects.halve(records)
                self._ahead[:0] = records
                return False
            self._process_without(records[0], error, saved)
        return True

    def _process_without(self, record: SpoolRecord, error: Exception | None, saved: bytes) -> None:
        """One message that fails by itself: without the stages that it fails in, or else it is dead-lettered."""
        failed: list[StageFailed] = []
        while isinstance(error, StageFailed):
            failed.append(error)
            error = self._attempt([record], [one.stage for one in failed])
            if error is not None:
                self._pipeline.restore(saved)
        for one in failed:
            one.stage.missed(one)
        if error is not None:
            reason = with_detail(INTERNAL_ERROR, f"{type(error).__name__}: {error}")
            self._telling.tell(self._pipeline.give_up(record, reason))

    def _attempt(self, records: Sequence[SpoolRecord], without: Collection[GuardedStage] = ()) -> Exception | None:
        """What went wrong with suspect records, if anything; waiting and stopping are not that."""
        try:
            self._process_all(records, without)
        except (*AWAY, Stopping):
            raise
        except Exception as error:
            if len(records) == 1:
                log.exception("message_failed", site=self.site, lane=self.lane.value, position=records[0].position)
            return error
        return None

    def _process_all(self, records: Sequence[SpoolRecord], without: Collection[GuardedStage] = ()) -> None:
        fresh = self._telling.try_refresh()
        if not fresh and not self._pipeline.knows_all(records):
            self._telling.insist_on_refresh()
            fresh = True
        self._pipeline.end_lateness(records)
        batch = self._pipeline.sort(records)
        self._telling.tell(self._pipeline.tell_events(batch))
        saved = b"" if fresh else self._pipeline.snapshot()
        read = self._pipeline.read(batch)
        if not fresh and read.misses_points():
            self._telling.insist_on_refresh()
            self._pipeline.restore(saved)
            batch = self._pipeline.sort(records)
            read = self._pipeline.read(batch)
        self._telling.reserve()
        refused = [self._put(columns.readings) for columns in read.columns]
        live = [columns.readings.ts_ms[columns.live] for columns in read.columns]
        self._figures.delays.note(live, self._read_ms, self._now_ms())
        outcome = self._pipeline.conclude(batch, read, refused)
        if self._requests is not None:
            for request in read.requests:
                self._requests.publish(request.topic, request.payload)
        self._telling.tell(self._watch(outcome, read, refused, without))

    def _watch(
        self,
        outcome: Outcome,
        read: Read,
        refused: Sequence[Sequence[RejectedReading]],
        without: Collection[GuardedStage],
    ) -> Outcome:
        """Each stage's findings added to what there is; one that must wait lets the ledger hear the rest first."""
        for look in self._pipeline.watches(read, refused, without):
            try:
                outcome.take(look())
            except Unreachable:
                self._telling.tell(outcome)
                outcome = self._patience.insist(STAGES, look)
        return outcome

    def _put(self, readings: ReadingBatch) -> Sequence[RejectedReading]:
        """Make readings durable, whatever it takes; gives what the store refuses for good."""
        if not len(readings):
            return ()
        return self._patience.insist(STORE, partial(self._figures.timed, partial(self._store.write, readings))).rejected

    def _read_store(self, series: Sequence[SeriesRef], start_ms: int, end_ms: int, limit: int) -> Sequence[SeriesPage]:
        return self._patience.insist(STORE, lambda: self._store.read(series, start_ms, end_ms, limit))

    def _meanwhile(self, what: str, seconds: float) -> None:
        """While waiting: figures, and the events that come in."""
        if what in (STORE, STAGES):
            self._look_ahead.while_waiting(self._done, BATCH, seconds)
        else:
            self._stop.wait(seconds)
        self._note_stats(idle=False)

    def _commit_when_due(self, idle: bool) -> None:
        if self._saving.due(idle=idle):
            self._commit()

    def _commit(self, *, changed: bool = False, last: bool = False) -> None:
        self._hand_over.keep_when_due(self._pipeline.hand_over, last=last)
        if changed or self._done > self._committed:
            self._saving.begin()
            position, state = self._done, self._pipeline.snapshot()
            self._patience.insist(SPOOL, lambda: on_disk(lambda: self._spool.commit(position, state)))
            self._committed = position
            self._saving.saved(len(state))
            self._figures.save(self._pipeline.totals)

    def _read_spool(self, timeout_s: float) -> Sequence[SpoolRecord]:
        return on_disk(lambda: self._spool.read(BATCH, timeout_s))

    def _waiting(self) -> int:
        return max(0, self._spool.depth() - (self._done - self._committed))

    def _now_ms(self) -> int:
        return to_ms(self._clock.now())

    def _note_stats(self, idle: bool) -> None:
        depth = 0 if idle else self._waiting()
        waiting = depth > 0 and self._oldest_ms is not None
        lag_s = max(0.0, (self._now_ms() - (self._oldest_ms or 0)) / 1000) if waiting else 0.0
        now = replace(self._pipeline.figures(), spool_depth=depth, lag_s=lag_s)
        self._stats = self._figures.stats(now)
        if self._on_stats is not None and time.monotonic() - self._told_at >= STATS_EVERY_S:
            self._told_at = time.monotonic()
            self._on_stats(self._stats)
