"""The cards of the machines of an inspection pack: what each is, where, whose, and who maintains it by contract."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from maintenance.people.staff import Contractor, valid_on
from maintenance.planner import Systems
from maintenance.ports import MaintenanceTx
from maintenance.records.document import MAINTENANCE_UNIT, USING_UNIT
from maintenance.reports.rendering import Speech
from plantroom.domain.assets import Asset, EquipmentClass, LocalName, Location, Site
from plantroom.ports.paging import Scope


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine's card. ``made`` is its class's name. ``maintenance_units`` are who maintains it by contract: what its
    card says, else the contractors that its planned work is given to, with their licences for it; empty: nobody is
    entered."""

    asset: Asset
    made: LocalName
    place: str
    using_unit: str
    maintenance_units: tuple[str, ...]


def machines(
    tx: MaintenanceTx,
    site: Site,
    assets: Sequence[Asset],
    since: datetime,
    today: date,
    classes: Mapping[str, EquipmentClass],
    systems: Systems,
    speech: Speech,
) -> list[Machine]:
    """The cards. Contractors are those of planned work that falls due since ``since``, with the licences that hold on
    ``today``."""
    places = _places(tx.assets.locations(site.code), speech)
    given = tx.report_store.contractors(site.code, since)
    known = {one.id: one for one in tx.people.contractors(Scope(frozenset({site.code})), site.code)} if given else {}
    found = []
    for asset in assets:
        there = [known[key] for key in given.get(asset.key, ()) if key in known]
        its_systems = [key for key, members in systems.items() if asset.equipment_class in members]
        units = tuple(_unit(one, asset.equipment_class, its_systems, today, speech) for one in there)
        own = str(asset.custom.get(MAINTENANCE_UNIT) or "")
        made = classes.get(asset.equipment_class)
        found.append(
            Machine(
                asset=asset,
                made=LocalName(asset.equipment_class, asset.equipment_class) if made is None else made.name,
                place=places.get(asset.location or "", ""),
                using_unit=str(asset.custom.get(USING_UNIT) or speech.name(site.name)),
                maintenance_units=(own,) if own else units,
            )
        )
    return found


def _unit(one: Contractor, equipment_class: str, systems: Sequence[str], today: date, speech: Speech) -> str:
    """A contractor with its licences for a class, and until when they hold."""
    licences = [
        f"{licence.number} {speech.word('expires')} {speech.day(licence.expires_on) or '–'}"
        for licence in one.licences
        if licence.covers(equipment_class, systems) and valid_on(licence, today)
    ]
    return f"{speech.name(one.name)} ({'; '.join(licences) or speech.word('no_valid_licence')})"


def _places(locations: Sequence[Location], speech: Speech) -> dict[str, str]:
    """Where each location is, from the building down."""
    known = {one.key: one for one in locations}
    found: dict[str, str] = {}
    for one in locations:
        names, key = [speech.name(one.name)], one.parent
        while key is not None and key in known and len(names) <= len(known):
            names.append(speech.name(known[key].name))
            key = known[key].parent
        found[one.key] = " / ".join(reversed(names))
    return found
