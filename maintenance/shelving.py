"""What people do with alarms (ISA-18.2): acknowledge, shelve for a while, unshelve.

Shelving keeps an alarm from making a ticket and from calling anybody, never from being stored or seen. It always has a
reason and an end, at most a shift away unless the site says otherwise. When it ends, by itself or by hand, and the
alarm still stands, the ticket comes then, once. A safety alarm can never be shelved, nor one that might become one.
Every function works inside the caller's transaction; instants are aware UTC.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from maintenance.alarm_ports import Shelf
from maintenance.alarm_rules import alarms_among, is_alarm
from maintenance.episode_rules import acknowledged
from maintenance.episodes import Episode, EpisodeState
from maintenance.event_order import rang_at, ringing
from maintenance.findings import FindingApplier
from maintenance.floods import FLOOD
from maintenance.loop_echoes import news_since
from maintenance.ports import MaintenanceTx
from maintenance.shelves import shelved_subjects
from maintenance.stranger_alarms import acknowledge_stranger, stranger_alarm
from maintenance.views import note_episode
from maintenance.work_orders import WorkOrder
from plantroom.domain.alarms import (
    LADDER,
    MAX_SHELVING_H,
    SafetySources,
    has_safety_limits,
    is_alarm_level,
    limits_are_safety,
    safety_sources,
)
from plantroom.domain.assets import CLOCK, SENSOR_FAULT, UNCLASSIFIED, EquipmentClass, Plant
from plantroom.domain.authorship import explained
from plantroom.domain.findings import FindingSource
from plantroom.domain.keys import new_key
from plantroom.domain.sensors import SENSOR
from plantroom.errors import BadData, Conflict, FieldProblem, NotFound

_LEVELS = tuple(one for one in LADDER if not one.startswith("normal"))

_NEVER = "安全报警不能搁置 / a safety alarm cannot be shelved"

EXPIRED = "system:expired"
"""Who ends a shelf whose time is over."""

REPLACED = "system:replaced"
"""Who ends a shelf in whose place somebody put another one: nobody took that one's alarms back."""


class SafetyAlarm(Conflict):
    """A safety alarm cannot be shelved."""

    code = "safety_alarm"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to shelve, for how long and why. Without ``subjects``: what stands of the episode now."""

    episode: str
    until: datetime
    reason: str
    by: str
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shelved:
    """A shelf, and those in whose place it stands."""

    shelf: Shelf
    replaced: tuple[Shelf, ...] = ()


def acknowledge(tx: MaintenanceTx, episode_id: str, by: str, now: datetime) -> Episode:
    """Somebody has taken note of an alarm; the first one stands. Raises ``NotFound``, and ``Conflict`` for what is no
    alarm."""
    if stranger_alarm(tx, episode_id) is not None:
        return acknowledge_stranger(tx, episode_id, by, now)
    episode = _locked(tx, episode_id)
    if not is_alarm(episode):
        raise Conflict("this is no alarm, but something that a condition model has noticed")
    return episode if episode.acknowledged_at is not None else _noted(tx, episode, by, now)


def ticket_accepted(tx: MaintenanceTx, order: WorkOrder, by: str, at: datetime) -> None:
    """Whoever accepts a ticket, or begins its work, has taken note of the alarms behind it: of what people had been
    told of by then, be that heard of at once or later. Of a flood's many, one that a finding changes at this moment
    stays unacknowledged: waiting for it could stop both. So does what a loop test waits for and was not there yet."""
    for episode in tx.episodes.of_order(order.id, waiting=FLOOD not in order.tags):
        unseen = episode.acknowledged_at is None and episode.state is EpisodeState.OPEN
        if unseen and _was_known(order, episode, at) and not news_since(episode, at):
            _noted(tx, episode, by, max(at, episode.opened_at))


def shelve(tx: MaintenanceTx, wish: Wish, plant: Plant, classes: Mapping[str, EquipmentClass], now: datetime) -> Shelf:
    """As ``shelve_anew``; gives the shelf alone."""
    return shelve_anew(tx, wish, plant, classes, now).shelf


def shelve_anew(
    tx: MaintenanceTx, wish: Wish, plant: Plant, classes: Mapping[str, EquipmentClass], now: datetime
) -> Shelved:
    """Shelve alarms of an episode until ``wish.until``. The newer word of a person counts: a standing shelf that holds
    no others than these is replaced, be it longer or shorter.

    Raises ``NotFound``, ``SafetyAlarm`` (also for what a device tells that the ledger does not know), ``Conflict`` when
    nothing stands that could be shelved, and ``BadData`` for a missing reason, for an end that is not after ``now`` and
    for one beyond what the site allows.
    """
    if stranger_alarm(tx, wish.episode) is not None:
        raise SafetyAlarm(_NEVER)
    episode = _locked(tx, wish.episode)
    longest = tx.assets.site(episode.site).max_shelving_h or MAX_SHELVING_H
    _check(wish, now, longest)
    subjects = wish.subjects or alarms_among(episode.open_subjects)
    if not subjects:
        raise Conflict("nothing of this alarm stands any more: there is nothing to shelve")
    if _may_be_safety(episode, subjects, plant, classes, sources_in_doubt(plant)):
        raise SafetyAlarm(_NEVER)
    if alarms_among(subjects) != subjects or any(not _is_known(tx, episode, one, classes) for one in subjects):
        raise BadData("subjects: not an alarm's", [FieldProblem("subjects", "no_alarm", "应为报警 / should be alarms")])
    earlier = [
        tx.alarms.end_shelf(one.id, now, REPLACED if one.holds(now) else EXPIRED)
        for one in tx.alarms.standing_shelves(episode.asset, episode.failure_mode)
        if set(one.subjects) <= set(subjects)
    ]
    explained(wish.reason)
    shelf = Shelf(
        new_key(),
        episode.site,
        episode.asset,
        episode.failure_mode,
        subjects,
        wish.reason.strip(),
        wish.by,
        now,
        wish.until,
    )
    tx.alarms.add_shelf(shelf)
    note_shelf(tx, shelf)
    return Shelved(shelf, tuple(one for one in earlier if one is not None and one.ended_by == REPLACED))


def unshelve(tx: MaintenanceTx, shelf_id: str, by: str, classes: Mapping[str, EquipmentClass], now: datetime) -> Shelf:
    """End a shelf; what it held back and still stands is followed now. One that is over already is left as it is.
    ``NotFound``."""
    return _ended(tx, tx.alarms.shelf(shelf_id), by, classes, now) or tx.alarms.shelf(shelf_id)


def expire(tx: MaintenanceTx, shelf_id: str, classes: Mapping[str, EquipmentClass], now: datetime) -> bool:
    """End a shelf whose time is over; gives whether it ended now (somebody else may have been there first)."""
    shelf = tx.alarms.shelf(shelf_id)
    return now >= shelf.until and _ended(tx, shelf, EXPIRED, classes, now) is not None


def _ended(
    tx: MaintenanceTx, shelf: Shelf, by: str, classes: Mapping[str, EquipmentClass], now: datetime
) -> Shelf | None:
    # The pair first, as everybody else does who looks at both.
    episode = tx.episodes.latest(shelf.asset, shelf.failure_mode)
    ended = tx.alarms.end_shelf(shelf.id, now, by)
    if ended is None:
        return None
    note_shelf(tx, ended)
    if episode is None:
        return ended
    view = tx.assets.get(shelf.asset)
    others = shelved_subjects(tx.alarms.standing_shelves(shelf.asset, shelf.failure_mode), now)
    if not FindingApplier(tx, now, classes).release(view.asset, shelf.failure_mode) and _rings(episode, shelf, others):
        fresh = ringing(tx.episodes.get(episode.id), now)
        tx.episodes.update(fresh)
        note_episode(tx, fresh)
    return ended


def note_shelf(tx: MaintenanceTx, shelf: Shelf) -> None:
    """Tell the live view what is shelved, or no longer."""
    state = "shelved" if shelf.ended_at is None else "unshelved"
    data = {"shelf": shelf.id, "asset": shelf.asset, "failure_mode": shelf.failure_mode, "state": state}
    tx.live.note("episode", shelf.site, data)


def _locked(tx: MaintenanceTx, episode_id: str) -> Episode:
    try:
        found = tx.episodes.get(episode_id)
    except NotFound:
        raise NotFound(f"there is no alarm {episode_id!r}") from None
    newest = tx.episodes.latest(found.asset, found.failure_mode)
    if newest is None:
        raise NotFound(f"there is no alarm {episode_id!r}")
    return newest if newest.id == episode_id else tx.episodes.get(episode_id)


def _was_known(order: WorkOrder, episode: Episode, at: datetime) -> bool:
    """Whether people had been told at that instant of all that stands of an episode. Of the one that its ticket began
    with they had, whatever their clocks say."""
    rang = rang_at(episode)
    if rang is None and order.episode != episode.id:
        rang = episode.opened_at
    return rang is None or at >= rang


def _noted(tx: MaintenanceTx, episode: Episode, by: str, now: datetime) -> Episode:
    noted = acknowledged(episode, by, now)
    tx.episodes.update(noted)
    note_episode(tx, noted)
    return noted


def _check(wish: Wish, now: datetime, longest_h: float) -> None:
    found = []
    if not wish.reason.strip():
        found.append(FieldProblem("reason", "required", "说明原因 / say why"))
    if wish.until <= now:
        found.append(FieldProblem("until", "in_the_past", "应晚于现在 / should lie ahead"))
    elif wish.until - now > timedelta(hours=longest_h):
        words = f"最长{longest_h:g}小时 / at most {longest_h:g} h on this site"
        found.append(FieldProblem("until", "too_long", words))
    if found:
        raise BadData("; ".join(f"{one.field}: {one.message}" for one in found), found)


def sources_in_doubt(plant: Plant) -> SafetySources:
    """Whose telemetry may be safety telemetry: a shelf does not know on which lane things come."""
    return safety_sources(plant, unnamed=True)


def can_shelve(episode: Episode, plant: Plant, classes: Mapping[str, EquipmentClass], sources: SafetySources) -> bool:
    """Whether what stands of an episode can be shelved at all; ``sources`` are the plant's ``sources_in_doubt``."""
    return not _may_be_safety(episode, alarms_among(episode.open_subjects), plant, classes, sources)


def _may_be_safety(
    episode: Episode,
    subjects: Sequence[str],
    plant: Plant,
    classes: Mapping[str, EquipmentClass],
    sources: SafetySources,
) -> bool:
    asset = plant.assets.get(episode.asset)
    made = None if asset is None else classes.get(asset.equipment_class)
    harmless = set() if made is None else {event.key for event in made.events if not event.safety}
    if episode.failure_mode == CLOCK:
        harmless.add(CLOCK)  # ours, of no class
    named = [(source, name) for source, _, name in (one.partition(":") for one in subjects)]
    # An event that the class does not know may come as a safety event next time.
    unsafe = episode.safety or any(source == FindingSource.RULE and name not in harmless for source, name in named)
    return unsafe or any(
        source == FindingSource.LIMIT and _may_be_safety_limit(name, episode, plant, made, sources)
        for source, name in named
    )


def _may_be_safety_limit(
    name: str, episode: Episode, plant: Plant, made: EquipmentClass | None, sources: SafetySources
) -> bool:
    """Whether a limit, by its point and level, may be a safety alarm, or a sensor mute one: in doubt it does."""
    point, _, level = name.rpartition(":")
    asset, own = plant.assets.get(episode.asset), plant.points.get(episode.asset, {}).get(point)
    if level != SENSOR and not is_alarm_level(level):
        return False
    if asset is None or made is None:
        return True
    of_source = sources.has(asset)
    if own is not None and level == SENSOR:
        return has_safety_limits(own.template, made, of_source=of_source)
    of_class = next((one for one in made.points if one.key == point), None)
    template = of_class if own is None else own.template
    modes = {UNCLASSIFIED if template is None else template.failure_mode or UNCLASSIFIED}
    if level != SENSOR:
        modes.add(episode.failure_mode)  # as it was raised
    return any(limits_are_safety(mode, made, of_source=of_source) for mode in modes)


def _is_known(tx: MaintenanceTx, episode: Episode, subject: str, classes: Mapping[str, EquipmentClass]) -> bool:
    """Whether an alarm of that name stands, or may come: what no alarm will ever be called holds nothing."""
    if subject in episode.open_subjects:
        return True
    made = classes.get(tx.assets.get(episode.asset).asset.equipment_class)
    source, _, name = subject.partition(":")
    if source == FindingSource.LIMIT.value:
        point, _, level = name.partition(":")
        of_class = {} if made is None else {one.key: one for one in made.points}
        known = of_class | {one.key: one.template for one in tx.assets.points(episode.asset)}
        template = known.get(point)
        if level == SENSOR:
            return template is not None and episode.failure_mode == SENSOR_FAULT
        own = template is not None and (template.failure_mode or UNCLASSIFIED) == episode.failure_mode
        return own and level in _LEVELS
    if source == FindingSource.RULE.value:
        return made is not None and (name, episode.failure_mode) in {(e.key, e.failure_mode) for e in made.events}
    return False


def _rings(episode: Episode, shelf: Shelf, others: Collection[str]) -> bool:
    """Whether an alarm without a ticket still stands that the shelf kept quiet and no other one does."""
    freed = set(shelf.subjects) - set(others)
    return episode.state is EpisodeState.OPEN and bool(freed & set(episode.open_subjects))
