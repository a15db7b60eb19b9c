"""Findings into episodes and tickets: what one of them does, inside its caller's transaction.

The rules stand in ``maintenance.episode_rules`` (pure) and what a ticket says in ``maintenance.tickets``; who takes
findings from the outbox is ``maintenance.findings_consumer``.
"""

from collections.abc import Mapping
from datetime import datetime

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
from maintenance.floods import FLOOD, announce
from maintenance.loop_echoes import came_first, is_echo, with_echo
from maintenance.loop_marks import asked_for, note_answer
from maintenance.open_episodes import open_episodes
from maintenance.outliving import unproven_by
from maintenance.ports import MaintenanceTx
from maintenance.shelves import all_shelved, is_shelved, shelved_subjects
from maintenance.strangers import is_stranger, now_known, tell_of_stranger
from maintenance.succession import begins_as_test, closed_by_successor, endless_events, inheriting
from maintenance.views import note_episode
from plantroom.domain.assets import CLOCK, Asset, AssetStatus, EquipmentClass, Severity
from plantroom.domain.findings import FindingCleared, FindingRaised, FindingSource
from plantroom.domain.keys import new_key
from plantroom.errors import NotFound

_STILL_THERE = "the fault is still there after the work / 处理后故障仍在"


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
                episode = with_echo(episode, earlier, check, finding, self._now)
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
