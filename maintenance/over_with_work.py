"""Alarms of events that no other event ends: nobody will ever say that they are over, so they are with the work on
their ticket, at the moment at which a stranger's line leaves the list too.

Everything else that stands of an episode goes on standing, and so does what came, or what its ticket was told of, after
the work was done. Every function works inside the caller's transaction; instants are aware UTC.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from maintenance.episode_events import events_also
from maintenance.episode_rules import work_is_done
from maintenance.episode_subjects import let_go, safety_subjects, worst_first
from maintenance.episodes import Episode, EpisodeState
from maintenance.event_order import raised_at, real_after, told_at
from maintenance.floods import FLOOD
from maintenance.open_episodes import open_episodes
from maintenance.ports import MaintenanceTx
from maintenance.succession import endless_subjects, without_subjects
from maintenance.tickets import MAX_NAMES, event_name, strung
from maintenance.unknown_events import OTHERS, gathered_name
from maintenance.views import note_episode
from maintenance.work_orders import Kind, Transition, WorkOrder
from plantroom.domain.assets import EquipmentClass, LocalName
from plantroom.errors import NotFound

_BY = "system:findings"
_OVER = LocalName(
    "随本工单的处理结束而解除（没有事件会报告其解除）", "over with this work, since no event tells of its end"
)


def end_with_work(
    tx: MaintenanceTx, order: WorkOrder, classes: Mapping[str, EquipmentClass], now: datetime
) -> Sequence[Episode]:
    """End what nothing else ends of a locked ticket on which nobody works any more, and say so in its history; gives
    the episodes. Of a flood's many, one that a finding changes at this moment is left to the next look (``overdue``):
    waiting for it could stop both."""
    if order.kind is not Kind.CORRECTIVE or not work_is_done(order):
        return ()
    done_at = _done_at(tx, order)
    changed: list[Episode] = []
    names: list[LocalName] = []
    for episode in tx.episodes.of_order(order.id, waiting=FLOOD not in order.tags):
        known = _class_of(tx, episode, classes)
        over = _over(episode, known, done_at)
        if not over:
            continue
        after = without_subjects(let_go(episode, over), over, now)
        tx.episodes.update(after)
        note_episode(tx, after)
        changed.append(after)
        names += [_name(episode, subject, known) for subject in sorted(over, key=worst_first(episode))]
    if changed:
        said = strung(list(dict.fromkeys(names)), MAX_NAMES)
        line = f"{said.zh}：{_OVER.zh} / {said.en}: {_OVER.en}"
        tx.orders.add_transition(Transition(order.id, order.state, done_at, now, _BY, line))
    return changed


def overdue(tx: MaintenanceTx, classes: Mapping[str, EquipmentClass]) -> list[str]:
    """Tickets that left something standing that is over with their work: those of a flood, and those of earlier
    versions. One query, and three more for each open episode of such an event."""
    found: dict[str, None] = {}
    for episode in open_episodes(tx):
        if episode.work_order is None or episode.work_order in found:
            continue
        if not endless_subjects(episode, None):
            continue
        known = _class_of(tx, episode, classes)
        try:
            order = tx.orders.get(episode.work_order)
        except NotFound:
            continue
        if work_is_done(order) and _over(episode, known, _done_at(tx, order)):
            found[order.id] = None
    return list(found)


def _over(episode: Episode, known: EquipmentClass | None, done_at: datetime) -> list[str]:
    if episode.state is not EpisodeState.OPEN or real_after(episode, done_at):
        return []
    raised, told = raised_at(episode), told_at(episode)
    # Nobody who was told of a safety event later has seen to it; in doubt the others of its kind stand, too.
    stays = set[str]() if told is None or told <= done_at else set(safety_subjects(episode))
    over = (one for one in endless_subjects(episode, known) if one not in stays)
    return [one for one in over if one not in raised or raised[one] <= done_at]


def _done_at(tx: MaintenanceTx, order: WorkOrder) -> datetime:
    """When the work was done or looked at last; of a ticket that ended otherwise, when that was."""
    told = [at for at in (order.completed_at, order.verified_at) if at is not None]
    # Work that was sent back while its photos were on the way keeps its first completion.
    return max([*told, *(step.at for step in tx.orders.transitions(order.id) if step.to is order.state)])


def _class_of(tx: MaintenanceTx, episode: Episode, classes: Mapping[str, EquipmentClass]) -> EquipmentClass | None:
    try:
        return classes.get(tx.assets.get(episode.asset).asset.equipment_class)
    except NotFound:
        return None


def _name(episode: Episode, subject: str, known: EquipmentClass | None) -> LocalName:
    if subject == OTHERS:
        return gathered_name(episode)
    event = subject.partition(":")[2]
    detail = episode.detail or {}
    for entry in (detail, *events_also(detail)):
        said = event_name(entry) if entry.get("event") == event else None
        if said is not None:
            return said
    named = next((one.name for one in known.events if one.key == event), None) if known is not None else None
    return named or LocalName(event, event.replace("_", " "))
