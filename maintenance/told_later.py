"""A safety event of which a ticket was told later than its work was done: a tablet without signal says so afterwards.

Such an event joins no ticket where the work is done (``maintenance.episode_rules``), so what of it still stands leaves
the ticket and has one of its own, as it would have had if we had heard of the work in time. The work stays done as it
was told.
"""

from collections.abc import Mapping
from datetime import datetime

from maintenance.episode_rules import LOOP_TEST
from maintenance.episode_subjects import safety_subjects
from maintenance.episode_tickets import EpisodeTickets
from maintenance.episodes import Episode, EpisodeState
from maintenance.event_order import ringing, told_at
from maintenance.ports import MaintenanceTx
from maintenance.strangers import strangers_again
from maintenance.work_orders import Kind, Transition, WorkOrder
from plantroom.domain.assets import EquipmentClass

_BY = "system:findings"


def follow_told_later(
    tx: MaintenanceTx, order: WorkOrder, done_at: datetime, classes: Mapping[str, EquipmentClass], now: datetime
) -> list[WorkOrder]:
    """Give what still stands of safety events that a locked ticket was told of after ``done_at``, when nobody worked on
    it any more, a ticket of its own, and say so in the history; gives those tickets."""
    if order.kind is not Kind.CORRECTIVE or not order.safety:
        return []
    made = [*_of_episodes(tx, order, done_at, classes, now), *_of_strangers(tx, order, done_at, now)]
    for number in dict.fromkeys(one.number for one in made):
        said = f"此后又有安全事件，见工单#{number} / a safety event came after this: see ticket #{number}"
        tx.orders.add_transition(Transition(order.id, order.state, done_at, now, _BY, said))
    return made


def _of_episodes(
    tx: MaintenanceTx, order: WorkOrder, done_at: datetime, classes: Mapping[str, EquipmentClass], now: datetime
) -> list[WorkOrder]:
    made = []
    for episode in tx.episodes.of_order(order.id):
        told = told_at(episode)
        if told is None or told <= done_at or not _stands(episode):
            continue
        noted = episode.acknowledged_at
        stands = ringing(episode, told) if noted is not None and noted < told else episode
        asset = tx.assets.get(episode.asset).asset
        made.append(EpisodeTickets(tx, now, classes).open_ticket(stands, asset))
    return made


def _of_strangers(tx: MaintenanceTx, order: WorkOrder, done_at: datetime, now: datetime) -> list[WorkOrder]:
    again = strangers_again(tx, order, done_at, now)
    return [] if again is None else [again]


def _stands(episode: Episode) -> bool:
    """Whether a safety event of an episode goes on, as far as anybody has told; that of a loop test is none."""
    if episode.state is not EpisodeState.OPEN or LOOP_TEST in episode.tags:
        return False
    return not set(safety_subjects(episode)).isdisjoint(episode.open_subjects)
