"""Whose alarm limits are safety alarms: asked by the stage of the limits and by that of the sensors which they need."""

from collections.abc import Mapping

from plantroom.domain.alarms import open_safety_sites, safety_assets, safety_modes
from plantroom.domain.assets import EquipmentClass, Plant
from plantroom.ports.readings import SeriesRef
from plantroom.ports.spool import Lane


class SafetyPoints:
    """As one lane knows it: what comes on the safety lane of a site with an open safety source is of that source."""

    def __init__(self, classes: Mapping[str, EquipmentClass], lane: Lane) -> None:
        self._classes = classes
        self._lane = lane
        self._assets: frozenset[str] = frozenset()
        self._sites: frozenset[str] = frozenset()

    def follow(self, plant: Plant) -> None:
        """Use this state of the plant from now on."""
        self._assets = safety_assets(plant)
        self._sites = open_safety_sites(plant) if self._lane is Lane.SAFETY else frozenset()

    def has(self, ref: SeriesRef, mode: str, plant: Plant) -> bool:
        """Whether alarm limits of a point of this failure mode are safety alarms: by its class or by its source, but
        never what an order's own work brings about. The asset is one of the plant's."""
        known = self._classes.get(plant.assets[ref.asset].equipment_class)
        found = None if known is None else known.mode(mode)
        if found is not None and found.by_work:
            return False
        of_source = ref.asset in self._assets or (ref.site in self._sites and ref.asset not in plant.sources)
        return of_source or mode in safety_modes(known)
