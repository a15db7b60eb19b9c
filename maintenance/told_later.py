"""What came on a ticket later than its work was done: a tablet without signal says so afterwards.

A safety event joins no ticket where the work is done (``maintenance.episode_rules``), and what a loop test leaves, be
it safety or not, stays on none. So what of that still stands leaves the ticket and has one of its own, as it would have
had if we had heard of the work in time. The work stays done as it was told.
"""

from collections.abc import Mapping
from datetime import datetime

from maintenance.episode_rules import LOOP_TEST
from maintenance.episode_subjects import calling, held_back, safety_subjects
from maintenance.episode_tickets import EpisodeTickets
from maintenance.episodes import Episode, EpisodeState
from maintenance.event_order import real_after, ringing, told_at
from maintenance.ports import MaintenanceTx
from maintenance.strangers import strangers_again
from maintenance.work_orders import Kind, Transition, WorkOrder
from plantroom.domain.assets import EquipmentClass, LocalName

_BY = "system:findings"
_CAME = LocalName("此后又有安全事件", "a safety event came after this")
_LEFT = LocalName("回路测试后仍是真实报警", "a real alarm after the loop test")


def follow_told_later(
    tx: MaintenanceTx, order: WorkOrder, done_at: datetime, classes: Mapping[str, EquipmentClass], now: datetime
) -> list[WorkOrder]:
    """Give what still stands of safety events that a locked ticket was told of after ``done_at``, when nobody worked on
    it any more, or of what a loop test left after that, a ticket of its own, and say so in the history; gives those
    tickets."""
    if order.kind is not Kind.CORRECTIVE:
        return []
    made = [*_of_episodes(tx, order, done_at, classes, now), *_of_strangers(tx, order, done_at, now)]
    for number, words in {one.number: words for one, words in made}.items():
        said = f"{words.zh}，见工单#{number} / {words.en}: see ticket #{number}"
        tx.orders.add_transition(Transition(order.id, order.state, done_at, now, _BY, said))
    return [one for one, _ in made]


def _of_episodes(
    tx: MaintenanceTx, order: WorkOrder, done_at: datetime, classes: Mapping[str, EquipmentClass], now: datetime
) -> list[tuple[WorkOrder, LocalName]]:
    made = []
    for episode in tx.episodes.of_order(order.id):
        told, real = told_at(episode), real_after(episode, done_at)
        if told is None or told <= done_at or not _stands(episode, real=real):
            continue
        noted = episode.acknowledged_at
        stands = ringing(episode, told) if noted is not None and noted < told else episode
        asset = tx.assets.get(episode.asset).asset
        tickets = EpisodeTickets(tx, now, classes)
        made.append((tickets.open_ticket(stands, asset), _LEFT if real else _CAME))
        tickets.tell_floods()
    return made


def _of_strangers(
    tx: MaintenanceTx, order: WorkOrder, done_at: datetime, now: datetime
) -> list[tuple[WorkOrder, LocalName]]:
    again = strangers_again(tx, order, done_at, now) if order.safety else None
    return [] if again is None else [(again, _CAME)]


def _stands(episode: Episode, *, real: bool) -> bool:
    """Whether a safety event of an episode goes on, as far as anybody has told; that of a loop test is none. Of what is
    ``real`` since a loop test left it, whatever calls for a ticket."""
    if episode.state is not EpisodeState.OPEN or LOOP_TEST in episode.tags:
        return False
    if real and set(calling(episode)) - set(held_back(episode)):
        return True
    return not set(safety_subjects(episode)).isdisjoint(episode.open_subjects)
