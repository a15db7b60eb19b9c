"""What episodes do to their tickets: open, update, open again; one ticket an episode.

Safety findings during maintenance share one ticket of their machine, the alarms of a flood one of their site.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from maintenance.episode_events import events_also, origins_of
from maintenance.episode_rules import LOOP_TEST, UNDER_MAINTENANCE, Ticketing, with_line, work_is_done
from maintenance.episodes import Episode
from maintenance.event_order import with_telling
from maintenance.floods import FLOOD, shared_ticket, tell_flood
from maintenance.orders import create_order, keep, pages, take_step, tightened
from maintenance.ports import MaintenanceTx, OrderFilter
from maintenance.sensor_words import sensors_of
from maintenance.sla.keeping import mark, timed
from maintenance.sla.words import Said
from maintenance.tickets import Words, compose, event_said, origin_of, tags_of
from maintenance.views import note_episode
from maintenance.work_orders import Kind, State, Transition, WorkOrder
from plantroom.domain.assets import UNCLASSIFIED, Asset, EquipmentClass, LocalName
from plantroom.domain.findings import FindingRaised, FindingSource

GATHERED = "episodes"
"""Key, among what a ticket gathers, of the episodes that it stands for when they are several."""

_BY = "system:findings"
_RECURRED = "the fault came back / 故障复发"
AGAIN = LocalName("安全事件再次发生", "the safety event came again")
ANOTHER = LocalName("又发生安全事件", "another safety event came")
OF_TEST = LocalName(
    "回路测试所要求的信号已到，本工单转为测试工单", "what a loop test asked for came: the ticket is the test's"
)


class EpisodeTickets:
    """Steps of tickets inside one transaction."""

    def __init__(self, tx: MaintenanceTx, now: datetime, classes: Mapping[str, EquipmentClass]) -> None:
        self._tx = tx
        self._now = now
        self._classes = classes
        self.flooded: set[str] = set()
        """Sites of which people were told more than the ticket of their flood says, if there is one:
        ``floods.tell_flood`` writes it."""

    def tell_floods(self) -> None:
        """Write on the tickets of floods what they have gathered."""
        for site in sorted(self.flooded):
            tell_flood(self._tx, site, self._classes, self._now)
        self.flooded.clear()

    def of(self, episode: Episode | None, finding: FindingRaised | None = None) -> WorkOrder | None:
        """An episode's ticket, locked, with one more ``finding``. One that a flood shares is left for an own one when
        its work is done, and by safety findings at once."""
        if episode is None or episode.work_order is None:
            return None
        ticket, safety = self.lock(episode, episode.work_order), finding is not None and finding.safety
        if FLOOD in ticket.tags and (safety or work_is_done(ticket)):
            return None
        return ticket if finding is None else due_by(self._tx, ticket, finding)

    def lock(self, episode: Episode, order_id: str) -> WorkOrder:
        """The ticket, locked after the flood of the site, which may stand behind it: in the order in which everybody
        takes both."""
        self._tx.alarms.standing_flood(episode.site)
        return self._tx.orders.lock(order_id)

    def follow(
        self, episode: Episode, step: Ticketing, ticket: WorkOrder | None, observed_at: datetime, asset: Asset
    ) -> WorkOrder | None:
        """Do what a finding does to its ticket; gives that."""
        if step is Ticketing.NEW:
            return self.open_ticket(episode, asset)
        if ticket is None:
            return None
        if step is Ticketing.UPDATE:
            return self._update(ticket, episode)
        if step is Ticketing.REOPEN:
            return self.reopen(ticket, episode, observed_at, _RECURRED)
        return None

    def reopen(self, ticket: WorkOrder, episode: Episode, observed_at: datetime, why: str) -> WorkOrder:
        """The locked ticket, open once more."""
        at = max(observed_at, ticket.completed_at or observed_at)
        # No order is being worked on before or after this step: whatever isolates stays as it is.
        moved = take_step(self._tx, ticket, State.OPEN, at, _BY, why, now=self._now, recurrence=True)
        return self._update(moved, episode)

    def told_again(
        self, ticket: WorkOrder, words: LocalName, detail: Mapping[str, object], at: datetime, *, written: bool = False
    ) -> WorkOrder:
        """The locked ticket after a safety event that joins it: a hold ends, so that it is acknowledged again, and
        its history says so, unless that was ``written`` just now."""
        name = event_said(detail)
        said = f"{words.zh}：{name.zh} / {words.en}: {name.en}" if name is not None else f"{words.zh} / {words.en}"
        if ticket.state is State.ON_HOLD:
            return take_step(self._tx, ticket, State.OPEN, at, _BY, said, now=self._now, recurrence=True)
        if not written:
            line = Transition(ticket.id, ticket.state, min(at, self._now), self._now, _BY, said)
            self._tx.orders.add_transition(line)
        return ticket

    def told_of(
        self, ticket: WorkOrder, episode: Episode, finding: FindingRaised, words: LocalName
    ) -> tuple[WorkOrder, Episode]:
        """The locked ticket and its episode after a safety finding that joins them: see ``told_again``."""
        told = with_line(episode, finding, self._now)
        at, written = finding.observed_at, told is episode
        if finding.safety:
            told = replace(told, detail=with_telling(told.detail, self._now))
        return self.told_again(ticket, words, finding.detail, at, written=written), told

    def open_ticket(self, episode: Episode, asset: Asset) -> WorkOrder:
        """A ticket for the episode: its own, or one that it shares."""
        gathered = self._gathering(episode)
        if gathered is not None:
            told = self.told_again(gathered, ANOTHER, episode.detail or {}, episode.last_observed_at)
            updated = self._update(told, episode)
            detail = with_telling(episode.detail, self._now)
            self.store(replace(episode, work_order=gathered.id, detail=detail))
            return updated
        tested = LOOP_TEST in episode.tags
        shared = None if tested else shared_ticket(self._tx, episode, asset, self._now)
        if shared is not None:
            self.flooded.add(asset.site)
            self.store(replace(episode, work_order=shared.id))
            return shared
        words = self._words([episode], asset)
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
        self.store(replace(episode, work_order=order.id))
        return order

    def _gathering(self, episode: Episode) -> WorkOrder | None:
        """The one ticket on which safety findings during maintenance gather, locked."""
        if not episode.safety or UNDER_MAINTENANCE not in episode.tags or LOOP_TEST in episode.tags:
            return None
        filters = OrderFilter(asset=episode.asset, kind=Kind.CORRECTIVE.value, open_only=True)
        for one in pages(self._tx, filters):
            gathers = UNDER_MAINTENANCE in one.tags and LOOP_TEST not in one.tags
            if one.safety and gathers and not work_is_done(one):
                locked = self._tx.orders.lock(one.id)
                # Its work may have been done between the list and the lock.
                if not work_is_done(locked):
                    return locked
        return None

    def _update(self, order: WorkOrder, episode: Episode) -> WorkOrder:
        tags = tuple(dict.fromkeys((*order.tags, *tags_of(episode))))
        tight = tightened(self._tx, order, episode.severity, self._now, _BY)
        changed = replace(tight, safety=order.safety or episode.safety, tags=tags)
        if FLOOD in order.tags:
            return keep(self._tx, changed)
        gathered = episodes_of(order)
        if episode.id not in gathered:
            gathered = [*gathered, episode.id]
            changed = replace(changed, gathered={**(order.gathered or {}), GATHERED: gathered})
        detail = episode.detail or {}
        now_of_test = LOOP_TEST in episode.tags and LOOP_TEST not in order.tags
        if now_of_test or len(gathered) > 1 or events_also(detail) or origins_of(detail) or sensors_of(episode):
            all_of_them = [episode if i == episode.id else self._tx.episodes.get(i) for i in gathered]
            words = self._words(all_of_them, self._tx.assets.get(episode.asset).asset)
            changed = replace(changed, title=words.title, reason=words.reason, first_checks=words.first_checks)
        return keep(self._tx, changed)

    def _words(self, episodes: Sequence[Episode], asset: Asset) -> Words:
        points = self._tx.assets.points(asset.key)
        zone = ZoneInfo(self._tx.assets.site(asset.site).time_zone)
        return compose(episodes, asset, self._classes.get(asset.equipment_class), points, zone)

    def store(self, episode: Episode) -> None:
        """Write the episode and tell the live view."""
        self._tx.episodes.update(episode)
        note_episode(self._tx, episode)


def due_by(tx: MaintenanceTx, ticket: WorkOrder, finding: FindingRaised) -> WorkOrder:
    """The ticket of a safety event, due no later than an event asks for that it overtook (``maintenance.turns``): that
    one would have opened the ticket."""
    opened = ticket.opened_at
    lets_safety_pass = finding.source is FindingSource.RULE and finding.failure_mode == UNCLASSIFIED
    if not (ticket.safety and lets_safety_pass) or opened is None or finding.received_at > opened:
        return ticket
    code = finding.severity.value
    if any((one.said, one.code) == (Said.SEVERITY, code) and one.at <= opened for one in tx.sla.marks(ticket.id)):
        return ticket
    mark(tx, ticket, Said.SEVERITY, opened, opened, _BY, code=code)
    return timed(tx, ticket)


def episodes_of(order: WorkOrder) -> list[str]:
    """Keys of the episodes that a ticket stands for."""
    listed = (order.gathered or {}).get(GATHERED)
    if isinstance(listed, (list, tuple)):
        return [str(one) for one in listed]
    return [] if order.episode is None else [order.episode]
