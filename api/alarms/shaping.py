"""Alarms, shelves and floods in the words of their equipment class."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from api.alarms.schemas import ActorOut, Alarm, CauseOut, CountOut, Flood, Shelf
from api.directory import Refs
from api.episodes.shaping import shape_episodes, title_of
from api.services import Services
from api.shapes import Name
from maintenance.alarm_figures import Actor
from maintenance.alarm_list import Alarm as ListedAlarm
from maintenance.alarm_names import events_of
from maintenance.alarm_ports import Flood as DomainFlood
from maintenance.alarm_ports import Shelf as DomainShelf
from maintenance.floods import summary_of
from maintenance.ports import MaintenanceTx
from maintenance.shelving import can_shelve, sources_in_doubt
from plantroom.domain.assets import EquipmentClass, LocalName, Point


def shape_alarms(tx: MaintenanceTx, services: Services, alarms: Sequence[ListedAlarm]) -> list[Alarm]:
    """Lines of the alarm list."""
    plant = services.directory.plant(tx)
    shaped = shape_episodes(tx, services, [one.episode for one in alarms])
    found, sources = [], sources_in_doubt(plant)
    for one, episode in zip(alarms, shaped, strict=True):
        more = {
            "opened_at": one.since,
            "opened_observed_at": one.since_observed,
            "alarm_state": one.state,
            "priority": one.priority,
            "open_subjects": list(one.episode.open_subjects),
            "events": [Name.model_validate(name) for name in events_of(one.episode)],
            "acknowledged_at": one.episode.acknowledged_at,
            "acknowledged_by": one.episode.acknowledged_by,
            "shelves": shape_shelves(tx, services, one.shelves),
            "can_shelve": can_shelve(one.episode, plant, services.classes, sources),
        }
        if one.device is not None:
            more |= {"title": Name.model_validate(one.device), "can_shelve": False}
        found.append(Alarm.model_validate(dict(episode) | more))
    return found


def shape_shelves(tx: MaintenanceTx, services: Services, shelves: Iterable[DomainShelf]) -> list[Shelf]:
    """Shelves with their asset's name and their class's words."""
    refs, plant, found = services.directory.refs(tx), services.directory.plant(tx), []
    for shelf in shelves:
        ref = refs(shelf.asset)
        made = services.classes.get(ref.equipment_class) if ref else None
        names = [_subject_name(one, plant.points.get(shelf.asset, {}), made) for one in shelf.subjects]
        found.append(Shelf.of(shelf, ref, title_of(made, shelf.failure_mode)[0], names))
    return found


def _subject_name(subject: str, points: Mapping[str, Point], made: EquipmentClass | None) -> Name:
    """What people call the point of ``limit:point:level``, the event of ``rule:event``."""
    key = subject.split(":")[1] if ":" in subject else ""
    if key in points:
        return Name.model_validate(points[key].template.name)
    events = {event.key: event.name for event in made.events} if made else {}
    words = key.replace("_", " ")
    return Name.model_validate(events.get(key, LocalName(words, words)))


def shape_flood(tx: MaintenanceTx, services: Services, flood: DomainFlood, now: datetime) -> Flood:
    """A flood with its summary."""
    refs = services.directory.refs(tx)
    summary = summary_of(tx, flood, services.classes, now)
    cause = summary.cause
    given = {
        "counted_at": summary.at,
        "alarms": summary.told.alarms,
        "safety": summary.told.safety,
        "machines": summary.told.machines,
        "first": [Name.model_validate(one) for one in summary.first],
        "by_asset": [CountOut(key=key, asset_ref=refs(key), count=n) for key, n in summary.by_asset[:10]],
        "by_system": [CountOut(key=key, asset_ref=None, count=n) for key, n in summary.by_system],
        "cause": None if cause is None else CauseOut.model_validate(cause),
        "moment": None if summary.moment is None else Name.model_validate(summary.moment),
    }
    own = {name: getattr(flood, name) for name in Flood.model_fields if name not in given}
    return Flood.model_validate(own | given)


def shape_actor(refs: Refs, actor: Actor) -> ActorOut:
    """One alarm among the figures."""
    own = {name: getattr(actor, name) for name in ActorOut.model_fields if name != "asset_ref"}
    return ActorOut.model_validate(own | {"asset_ref": refs(actor.asset)})
