"""Rows of assets on their way: what is known, what a row says, what it comes to."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from maintenance.imports.asset_places import Places
from maintenance.imports.cells import Cell
from maintenance.imports.site_names import SiteNames
from maintenance.imports.tables import Row
from maintenance.imports.vocabulary import DepartmentsOf
from maintenance.plan import PlanRow
from plantroom.domain.assets import Asset, EquipmentClass

RECORD = "asset"
Code = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Known:
    """What there is, and how it is looked up: assets by (site, code or alias) and by key, places and departments of a
    site, plan rows."""

    sites: SiteNames
    find: Callable[[Collection[Code]], Mapping[Code, Asset]]
    get: Callable[[Collection[str]], Mapping[str, Asset]]
    places: Callable[[str], Places]
    plan: Callable[[], Sequence[PlanRow]]
    classes: Mapping[str, EquipmentClass]
    departments: DepartmentsOf


@dataclass(slots=True)
class Wanted:
    """One row, understood. ``said`` holds the cells that other records or words explain."""

    row: Row
    site: str
    code: str
    former: str | None
    equipment_class: str | None
    values: Mapping[str, Any]
    said: Mapping[str, Cell]


@dataclass(slots=True)
class Made:
    """What a row comes to: the asset before (``None``: a new one) and after, and what differs."""

    wanted: Wanted
    before: Asset | None
    after: Asset
    changes: dict[str, list[object]] = field(default_factory=dict)
