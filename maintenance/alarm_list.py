"""The alarm list: every episode that is an alarm, and what devices tell that the ledger does not know, as people see it
now."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from maintenance.alarm_ports import Shelf
from maintenance.alarm_rules import AlarmState, alarm_priority, alarm_state, is_alarm, stands_since
from maintenance.episodes import Episode
from maintenance.open_episodes import open_episodes
from maintenance.ports import MaintenanceTx
from maintenance.shelves import shelved_subjects
from maintenance.stranger_alarms import stranger_alarm, strangers_alarms
from plantroom.domain.assets import AlarmPriority, LocalName, Plant
from plantroom.ports.paging import Scope

RETURNED_FOR = timedelta(hours=72)
"""How long an alarm that has returned to normal waits for somebody to take note of it."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One line of the list. ``shelves`` are those that hold some of its alarms quiet now, ``since`` when it came (the
    last time) by our clock and ``since_observed`` as it was observed. ``device``: what is called so is not in the
    ledger; its ``episode`` has no asset and the id of its ticket."""

    episode: Episode
    state: AlarmState
    priority: AlarmPriority
    shelves: tuple[Shelf, ...]
    since: datetime
    since_observed: datetime
    device: LocalName | None = None


def alarm_list(
    tx: MaintenanceTx,
    scope: Scope,
    plant: Plant,
    now: datetime,
    *,
    site: str | None = None,
    asset: str | None = None,
    returned: bool = False,
) -> list[Alarm]:
    """What stands, machines' newest first, then that of strangers; with ``returned`` also what stood and nobody has
    taken note of. Linear in those (about 30 µs each)."""
    episodes = open_episodes(tx, scope, site, asset)
    if returned:
        episodes += tx.episodes.closed_unacknowledged(scope, now - RETURNED_FOR, site, asset)
    shelves: defaultdict[tuple[str, str], list[Shelf]] = defaultdict(list)
    for shelf in tx.alarms.standing_shelves():
        if shelf.holds(now):
            shelves[shelf.asset, shelf.failure_mode].append(shelf)
    found = [
        as_alarm(one, plant, shelves.get((one.asset, one.failure_mode), []), now) for one in episodes if is_alarm(one)
    ]
    strangers = [] if asset is not None else strangers_alarms(tx, scope, site)
    return found + [as_alarm(one, plant, [], now, device) for one, device in strangers]


def alarm_of(tx: MaintenanceTx, alarm_id: str, plant: Plant, now: datetime) -> Alarm:
    """The alarm of an id. ``NotFound``."""
    stranger = stranger_alarm(tx, alarm_id)
    if stranger is not None:
        return as_alarm(stranger[0], plant, [], now, stranger[1])
    episode = tx.episodes.get(alarm_id)
    return as_alarm(episode, plant, list(tx.alarms.standing_shelves(episode.asset, episode.failure_mode)), now)


def as_alarm(
    episode: Episode, plant: Plant, shelves: list[Shelf], now: datetime, device: LocalName | None = None
) -> Alarm:
    """An episode as people see it; ``shelves`` are those of its asset and failure mode."""
    known = plant.assets.get(episode.asset)
    state = alarm_state(episode, None if known is None else known.status, shelved_subjects(shelves, now))
    holding = tuple(one for one in shelves if one.holds(now))
    return Alarm(episode, state, alarm_priority(episode), holding, *stands_since(episode), device)
