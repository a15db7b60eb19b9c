"""Findings into episodes and tickets, exactly once: the outbox's consumer ``maintenance``.

One transaction applies a batch and moves the cursor. Safety goes first, that of each asset and failure mode in turn
(``maintenance.turns``): it never waits behind a flood; where it matters, the order is kept. After a batch that failed
its findings are applied one by one, each in its own transaction; the one at fault is put aside with a ticket that says
so, so that it stops no other. When nothing waits, it looks for faults that outlived the work on them. The rules stand
in ``maintenance.episode_rules`` (pure) and what a ticket says in ``maintenance.tickets``.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from maintenance.alarm_rules import ALARM_SOURCES, alarm_priority, alarms_among
from maintenance.episode_events import is_another_origin, names_event
from maintenance.episode_rules import (
    Level,
    Ticketing,
    absorb,
    clear,
    goes_on,
    joins,
    level_of,
    marked_as_test,
    new_episode,
    noticed_before,
    outlives_work,
    quiet_subjects,
    rings_anew,
    suppressed,
    ticketing,
)
from maintenance.episode_subjects import calling, held_back, hold_back, let_go, subject_of
from maintenance.episode_tickets import AGAIN, ANOTHER, OF_TEST, EpisodeTickets
from maintenance.episodes import Episode, EpisodeState
from maintenance.event_order import ringing
from maintenance.floods import FLOOD, announce, tell_flood
from maintenance.loop_echoes import came_first, is_echo, with_echo
from maintenance.loop_marks import asked_for, note_answer
from maintenance.open_episodes import open_episodes
from maintenance.outliving import unproven_by
from maintenance.over_with_work import end_with_work, overdue
from maintenance.ports import MaintenanceTx
from maintenance.shelves import all_shelved, is_shelved, shelved_subjects
from maintenance.strangers import is_stranger, now_known, tell_of_failure, tell_of_stranger
from maintenance.succession import begins_as_test, closed_by_successor, endless_events, inheriting
from maintenance.ticket_lock import lock_ticket
from maintenance.turns import Turns
from maintenance.views import note_episode
from plantroom.domain.assets import CLOCK, Asset, AssetStatus, EquipmentClass, Severity
from plantroom.domain.findings import FindingCleared, FindingRaised, FindingSource
from plantroom.domain.keys import new_key
from plantroom.errors import NotFound, Unreachable
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

_STILL_THERE = "the fault is still there after the work / 处理后故障仍在"


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
        self._clock, self._classes = clock, classes
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


class FindingApplier:
    """Applies findings one by one inside one transaction."""

    def __init__(self, tx: MaintenanceTx, now: datetime, classes: Mapping[str, EquipmentClass]) -> None:
        self._tx = tx
        self._now = now
        self._classes = classes
        self._tickets = EpisodeTickets(tx, now, classes)

    def apply(self, finding: FindingRaised | FindingCleared) -> None:
        """Apply one finding. One for an asset that the ledger does not know (any more) is logged and left, unless
        it is a safety event of a stranger."""
        if isinstance(finding, FindingRaised):
            self._raised(finding)
            return
        earlier = self._tx.episodes.latest(finding.asset, finding.failure_mode)
        if earlier is not None:
            after = clear(earlier, finding, self._now)
            if after is not earlier:
                self._tickets.store(after)

    def maintenance_ended(self, asset_key: str) -> int:
        """Follow what was held back while the asset was under maintenance and still holds: make its tickets, open
        completed ones again. Gives how many.

        To be called by whoever sets the asset's status back. Each episode is looked at again under its lock: it may
        have closed meanwhile.
        """
        asset = self._tx.assets.get(asset_key).asset
        modes = {episode.failure_mode for episode in open_episodes(self._tx, asset=asset_key) if held_back(episode)}
        return sum(self.release(asset, mode) for mode in sorted(modes))

    def flooded(self) -> set[str]:
        """Sites whose flood's ticket has to be written anew after what was applied."""
        return self._tickets.flooded

    def release(self, asset: Asset, failure_mode: str) -> bool:
        """Tell and follow what was held back of one failure mode and still stands, unless something still holds it
        back; gives whether that made a ticket or opened one again."""
        episode = self._tx.episodes.latest(asset.key, failure_mode)
        freed = [] if episode is None else self._freed(episode, asset.status)
        if episode is None or not freed:
            return False
        ticket = self._tickets.of(episode)
        calls = [one for one in freed if one in calling(episode)]
        step = ticketing(Level(episode.severity, ticket=bool(calls)), ticket)
        over = step is Ticketing.REOPEN and noticed_before(ticket, episode, calls)
        episode = ringing(let_go(episode, freed), self._now)
        self._tickets.store(episode)
        if over:  # Listed as unacknowledged, but nobody is called: ``look_again`` does if it stays.
            return False
        for subject in alarms_among(freed):
            self._announce(episode, subject)
        self._tickets.follow(episode, step, ticket, self._now, asset)
        self._tickets.tell_floods()
        return step in (Ticketing.NEW, Ticketing.REOPEN)

    def _freed(self, episode: Episode, status: AssetStatus) -> list[str]:
        """Of what was held back and stands, what nothing holds back any more."""
        held = held_back(episode)
        if not held:
            return []
        shelves = self._tx.alarms.standing_shelves(episode.asset, episode.failure_mode)
        shelved = frozenset() if episode.safety else shelved_subjects(shelves, self._now)
        quiet = quiet_subjects(episode, status) | shelved
        return [one for one in held if one not in quiet]

    def _shelved(self, episode: Episode) -> bool:
        """Whether all that calls for the episode's ticket is shelved."""
        asset, mode = episode.asset, episode.failure_mode
        return not episode.safety and all_shelved(self._tx, asset, mode, calling(episode), self._now)

    def _announce(self, episode: Episode, subject: str) -> None:
        # A wrong clock is a notice until it costs alarms or data.
        if episode.failure_mode != CLOCK or episode.severity is not Severity.INFO:
            announce(self._tx, episode, subject, alarm_priority(episode), episode.last_observed_at, self._now)
            self._tickets.flooded.add(episode.site)

    def outlived(self) -> list[Episode]:
        """Open episodes whose ticket's work may have been in vain; one query, and one more for each that has a
        ticket."""
        ended = {e.clears for known in self._classes.values() for e in known.events if e.clears is not None}
        found = []
        for episode in open_episodes(self._tx):
            if episode.work_order is None or not goes_on(episode, ended):
                continue
            try:
                ticket = self._tx.orders.get(episode.work_order)
            except NotFound:
                continue
            if outlives_work(episode, ticket, self._now):
                found.append(episode)
        return found

    def look_again(self, asset_key: str, failure_mode: str) -> bool:
        """Open the ticket again whose work left the fault where it was; gives whether it was so.

        While the asset is under maintenance or out of service nothing is expected of it.
        """
        episode = self._tx.episodes.latest(asset_key, failure_mode)
        if episode is None or episode.work_order is None:
            return False
        ticket = self._tickets.lock(episode, episode.work_order)
        view = self._tx.assets.get(asset_key)
        known = self._classes.get(view.asset.equipment_class)
        ended = {e.clears for e in known.events if e.clears is not None} if known is not None else set()
        expected = view.asset.status in (AssetStatus.IN_SERVICE, AssetStatus.STANDBY) and not self._shelved(episode)
        if not (expected and goes_on(episode, ended, unproven_by(view)) and outlives_work(episode, ticket, self._now)):
            return False
        if FLOOD in ticket.tags:
            self._tickets.open_ticket(episode, view.asset)
            self._tickets.tell_floods()
        else:
            self._tickets.reopen(ticket, episode, self._now, _STILL_THERE)
        return True

    def _raised(self, finding: FindingRaised) -> None:
        if is_stranger(finding):
            tell_of_stranger(self._tx, finding, self._now)
            self._tickets.flooded.add(finding.site)
            return
        try:
            asset = self._tx.assets.get(finding.asset).asset
        except NotFound:
            structlog.get_logger().warning("finding_for_unknown_asset", asset=finding.asset, id=finding.finding_id)
            return
        maintained = asset.status is AssetStatus.UNDER_MAINTENANCE
        level = level_of(finding, self._classes.get(asset.equipment_class))
        # The test's lock first, as loop tests take theirs: test, episode, ticket.
        check = asked_for(self._tx, finding, self._classes)
        earlier = self._tx.episodes.latest(finding.asset, finding.failure_mode)
        ticket = self._tickets.of(earlier, finding)
        quiet = check is None and (suppressed(finding, asset.status) or is_shelved(self._tx, finding, self._now))
        echo = check is None and is_echo(self._tx, finding, level, earlier, ticket, self._classes)
        after_echo = came_first(self._tx, check, earlier, ticket, self._classes)
        tested = check is not None and (after_echo or begins_as_test(earlier))
        first, anew = True, rings_anew(earlier, finding)
        elsewhere = earlier is not None and is_another_origin(earlier.detail or {}, finding)
        if earlier is not None and (echo or joins(finding, level, earlier, ticket, asked_for=check is not None)):
            first = not names_event(earlier.detail or {}, finding.detail.get("event"))
            episode = absorb(earlier, finding, level, maintained, quiet=quiet)
            episode = ringing(episode, self._now) if anew and not (quiet or echo) else episode
            if echo or after_echo:
                episode = with_echo(episode, earlier, check)
            if ticket is not None and not echo and (finding.safety or after_echo):
                words = OF_TEST if after_echo else ANOTHER if first or elsewhere else AGAIN
                ticket, episode = self._tickets.told_of(ticket, episode, finding, words)
            self._tickets.store(episode)
        else:
            episode, ticket = new_episode(new_key(), finding, level, self._now, maintained), None
            if tested and check is not None:
                episode = marked_as_test(episode, check.test)
            if earlier is not None and earlier.state is EpisodeState.OPEN:
                self._tickets.store(closed_by_successor(earlier, finding, self._now))
                episode = inheriting(episode, earlier, endless_events(self._classes))
            self._tx.episodes.add(hold_back(episode, finding) if quiet else episode)
            note_episode(self._tx, episode)
        followed = None
        if not quiet:
            if anew and finding.source in ALARM_SOURCES and not (tested or echo):
                self._announce(episode, subject_of(finding))
            followed = self._tickets.follow(episode, ticketing(level, ticket), ticket, finding.observed_at, asset)
            if first and followed is not None and finding.source is FindingSource.RULE:
                now_known(self._tx, asset, finding, followed, self._now)
        if check is not None:
            note_answer(self._tx, check, finding, followed, self._now, real=not tested)
