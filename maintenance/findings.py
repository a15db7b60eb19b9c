"""Findings into episodes and tickets, exactly once: the outbox's consumer ``maintenance``.

One transaction applies a batch and moves the cursor. The rules stand in ``maintenance.episode_rules`` (pure) and
what a ticket says in ``maintenance.tickets``.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import structlog

from maintenance.episode_rules import (
    HELD_BACK,
    UNDER_MAINTENANCE,
    Ticketing,
    absorb,
    after_maintenance,
    clear,
    closed_by_successor,
    events_also,
    hold_back,
    joins,
    let_go,
    level_of,
    new_episode,
    severest,
    suppressed,
    ticketing,
    work_is_done,
)
from maintenance.episodes import Episode, EpisodeState
from maintenance.orders import create_order, keep, resolve_by, take_step
from maintenance.ports import MaintenanceTx, OrderFilter
from maintenance.strangers import is_stranger, tell_of_stranger
from maintenance.tickets import Words, compose, origin_of, tags_of
from maintenance.views import note_episode
from maintenance.work_orders import Kind, State, WorkOrder
from plantroom.domain.assets import Asset, AssetStatus, EquipmentClass
from plantroom.domain.findings import FindingCleared, FindingRaised
from plantroom.domain.keys import new_key
from plantroom.errors import NotFound
from plantroom.ports.clock import Clock
from plantroom.ports.ledger import EVERYTHING, Ledger, PageRequest

CONSUMER = "maintenance"
BATCH = 500
_BY = "system:findings"
_RECURRED = "the fault came back / 故障复发"


class FindingsConsumer:
    """Applies findings from the ledger's outbox. Not thread-safe; several instances exclude each other through the
    lock on the cursor."""

    def __init__(
        self, ledger: Ledger[MaintenanceTx], clock: Clock, classes: Mapping[str, EquipmentClass], batch: int = BATCH
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._classes = classes
        self._batch = batch

    def run_once(self) -> int:
        """Apply the next batch; gives how many findings it had (0: nothing waits). Raises ``Unreachable``."""
        with self._ledger.begin() as tx:
            queued = tx.collect.findings_after(CONSUMER, self._batch)
            applier = FindingApplier(tx, self._clock.now(), self._classes)
            for item in queued:
                applier.apply(item.finding)
            if queued:
                tx.collect.move_cursor(CONSUMER, queued[-1].position)
        return len(queued)


class FindingApplier:
    """Applies findings one by one inside one transaction."""

    def __init__(self, tx: MaintenanceTx, now: datetime, classes: Mapping[str, EquipmentClass]) -> None:
        self._tx = tx
        self._now = now
        self._classes = classes

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
                self._store(after)

    def maintenance_ended(self, asset_key: str) -> int:
        """Follow what was held back while the asset was under maintenance and still holds: make its tickets, open
        completed ones again. Gives how many.

        To be called by whoever sets the asset's status back. Each episode is looked at again under its lock: it may
        have closed meanwhile.
        """
        asset = self._tx.assets.get(asset_key).asset
        modes = {
            episode.failure_mode for episode in self._open_episodes(asset_key) if HELD_BACK in (episode.detail or {})
        }
        followed = 0
        for mode in sorted(modes):
            episode = self._tx.episodes.latest(asset_key, mode)
            if episode is None:
                continue
            ticket = None if episode.work_order is None else self._tx.orders.lock(episode.work_order)
            step = after_maintenance(episode, ticket)
            if step is Ticketing.NONE:
                continue
            episode = let_go(episode)
            self._store(episode)
            self._follow(episode, step, ticket, self._now, asset)
            followed += step is not Ticketing.UPDATE
        return followed

    def _open_episodes(self, asset_key: str) -> list[Episode]:
        found: list[Episode] = []
        request = PageRequest(limit=1000)
        while True:
            page = self._tx.episodes.list(EVERYTHING, request, asset=asset_key, state=EpisodeState.OPEN.value)
            found += page.items
            if page.next_cursor is None:
                return found
            request = PageRequest(limit=1000, cursor=page.next_cursor)

    def _raised(self, finding: FindingRaised) -> None:
        if is_stranger(finding):
            tell_of_stranger(self._tx, finding, self._now)
            return
        try:
            asset = self._tx.assets.get(finding.asset).asset
        except NotFound:
            structlog.get_logger().warning("finding_for_unknown_asset", asset=finding.asset, id=finding.finding_id)
            return
        maintained = asset.status is AssetStatus.UNDER_MAINTENANCE
        level = level_of(finding, self._classes.get(asset.equipment_class))
        earlier = self._tx.episodes.latest(finding.asset, finding.failure_mode)
        ticket = None if earlier is None or earlier.work_order is None else self._tx.orders.lock(earlier.work_order)
        quiet = suppressed(finding, maintained)
        if earlier is not None and joins(finding, level, earlier, ticket):
            episode = absorb(earlier, finding, level, maintained)
            self._store(hold_back(episode, finding) if quiet and level.ticket else episode)
        else:
            if earlier is not None and earlier.state is EpisodeState.OPEN:
                self._store(closed_by_successor(earlier, finding, self._now))
            episode, ticket = new_episode(new_key(), finding, level, self._now, maintained), None
            self._tx.episodes.add(hold_back(episode, finding) if quiet and level.ticket else episode)
            note_episode(self._tx, episode)
        if not quiet:
            self._follow(episode, ticketing(level, ticket), ticket, finding.observed_at, asset)

    def _follow(
        self, episode: Episode, step: Ticketing, ticket: WorkOrder | None, observed_at: datetime, asset: Asset
    ) -> None:
        if step is Ticketing.NEW:
            self._open_ticket(episode, asset)
        elif ticket is None:
            return
        elif step is Ticketing.UPDATE:
            self._update(ticket, episode)
        elif step is Ticketing.REOPEN:
            at = max(observed_at, ticket.completed_at or observed_at)
            # No order is being worked on before or after this step: whatever isolates stays as it is.
            moved = take_step(self._tx, ticket, State.OPEN, at, _BY, _RECURRED, now=self._now, recurrence=True)
            self._update(replace(moved, due=resolve_by(moved.severity, self._now)), episode)

    def _open_ticket(self, episode: Episode, asset: Asset) -> None:
        gathered = self._gathering(episode)
        if gathered is not None:
            self._update(self._tx.orders.lock(gathered.id), episode)
            self._store(replace(episode, work_order=gathered.id))
            return
        words = self._words(episode, asset)
        order = create_order(
            self._tx,
            site=asset.site,
            kind=Kind.CORRECTIVE,
            origin=origin_of(episode),
            title=words.title,
            by=_BY,
            now=self._now,
            asset=asset.key,
            severity=episode.severity,
            safety=episode.safety,
            reason=words.reason,
            first_checks=words.first_checks,
            tags=tags_of(episode),
            episode=episode.id,
        )
        self._store(replace(episode, work_order=order.id))

    def _gathering(self, episode: Episode) -> WorkOrder | None:
        """The one ticket on which safety findings during maintenance gather."""
        if not episode.safety or UNDER_MAINTENANCE not in episode.tags:
            return None
        filters = OrderFilter(asset=episode.asset, kind=Kind.CORRECTIVE.value, open_only=True)
        found = self._tx.orders.list(filters, PageRequest(limit=200)).items
        return next((o for o in found if o.safety and UNDER_MAINTENANCE in o.tags and not work_is_done(o)), None)

    def _update(self, order: WorkOrder, episode: Episode) -> None:
        severity = severest(order.severity, episode.severity)
        due = resolve_by(severity, order.opened_at or self._now) if severity is not order.severity else None
        if order.due is not None:
            due = order.due if due is None else min(due, order.due)
        tags = tuple(dict.fromkeys((*order.tags, *tags_of(episode))))
        changed = replace(order, severity=severity, due=due, safety=order.safety or episode.safety, tags=tags)
        if episode.id == order.episode and events_also(episode.detail or {}):
            words = self._words(episode, self._tx.assets.get(episode.asset).asset)
            changed = replace(changed, title=words.title, reason=words.reason)
        keep(self._tx, changed)

    def _words(self, episode: Episode, asset: Asset) -> Words:
        points = self._tx.assets.points(asset.key)
        return compose(episode, asset, self._classes.get(asset.equipment_class), points)

    def _store(self, episode: Episode) -> None:
        self._tx.episodes.update(episode)
        note_episode(self._tx, episode)
