"""Ports of the equipment ledger beside the assets themselves: places, custom fields, parts, sensors.

The errors are those of ``plantroom.ports.ledger``.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from plantroom.domain.assets import Asset, Location
from plantroom.domain.custom import CustomField
from plantroom.domain.papers import Licence
from plantroom.domain.parts import Part, PointSensor
from plantroom.ports.paging import EVERYTHING, Page, PageRequest, Scope


class PlaceRepository(ABC):
    """The location trees. Every change raises the plant's revision."""

    @abstractmethod
    def tree(self, site: str | None = None) -> Mapping[str, Location]:
        """All locations of a site (``None``: of all) by key, in the order of their keys."""

    @abstractmethod
    def get(self, key: str) -> Location:
        """``NotFound``."""

    @abstractmethod
    def path(self, key: str | None) -> Sequence[Location]:
        """The places from the outermost to the one of the key; empty for ``None`` and for an unknown one."""

    @abstractmethod
    def add(self, location: Location) -> None:
        """``NotFound`` for an unknown site, ``BadData`` where it cannot stand (``domain.places.check_place``)."""

    @abstractmethod
    def add_many(self, locations: Sequence[Location]) -> None:
        """As ``add``, parents before their children, all of them or none."""

    @abstractmethod
    def update(self, location: Location, expected_version: int | None) -> Location:
        """Write name, kind and parent; gives it with its new version. ``VersionConflict``, ``BadData`` as ``add``."""

    @abstractmethod
    def remove(self, key: str) -> None:
        """``Conflict`` while something stands in it: another place, or an asset, a scrapped one included."""

    @abstractmethod
    def hold(self) -> None:
        """Nobody else changes a location until the transaction ends."""

    @abstractmethod
    def assets_in(self, site: str) -> Mapping[str | None, int]:
        """How many assets that are not scrapped stand directly in each place of the site; ``None``: in none."""


class CustomFieldRepository(ABC):
    """Definitions of custom fields, the same for every site."""

    @abstractmethod
    def list(self) -> Sequence[CustomField]:
        """By key."""

    @abstractmethod
    def get(self, key: str) -> CustomField:
        """``NotFound``."""

    @abstractmethod
    def add(self, field: CustomField) -> None:
        """``Conflict`` for a key that is taken."""

    @abstractmethod
    def update(self, field: CustomField, expected_version: int | None) -> CustomField:
        """Write all but the key, and the type, which stays while assets have values (``Conflict``)."""

    @abstractmethod
    def remove(self, key: str) -> None:
        """Values that assets have stay where they are, as values without a definition."""


@dataclass(frozen=True, slots=True)
class PartFilter:
    """Filters that are given must all hold. ``fits`` is the key of an asset: parts that name it or its class."""

    scope: Scope = EVERYTHING
    site: str | None = None
    number: str | None = None
    text: str | None = None
    below_minimum: bool = False
    fits: str | None = None


class PartRepository(ABC):
    """Spare parts."""

    @abstractmethod
    def list(self, filters: PartFilter, page: PageRequest) -> Page[Part]:
        """By site and number unless sorted otherwise."""

    @abstractmethod
    def get(self, key: str) -> Part:
        """``NotFound``."""

    @abstractmethod
    def find(self, site: str, number: str) -> Part | None:
        """By its number; ``None``: there is none."""

    @abstractmethod
    def add(self, part: Part) -> None:
        """``Conflict`` for a number that the site has, ``NotFound`` for an unknown site."""

    @abstractmethod
    def update(self, part: Part, expected_version: int | None) -> Part:
        """Write all but key and site. ``VersionConflict``, ``Conflict`` for a number that is taken."""

    @abstractmethod
    def book(self, key: str, quantity: float) -> Part:
        """Take from the stock (``quantity`` below 0) or add to it, whoever else does so at the same moment. The stock
        may fall below 0: the part was used, whatever had been counted."""

    @abstractmethod
    def remove(self, key: str) -> None:
        """``NotFound``."""


@dataclass(frozen=True, slots=True)
class DueLicence:
    """A licence that expires, with its asset."""

    asset: Asset
    licence: Licence


class SensorRepository(ABC):
    """Sensors of points with their calibration."""

    @abstractmethod
    def of(self, assets: Collection[str]) -> Mapping[tuple[str, str], PointSensor]:
        """By asset and point."""

    @abstractmethod
    def put(self, sensors: Sequence[PointSensor]) -> None:
        """Add or replace, each at the version that it comes with. ``NotFound`` for an unknown asset."""

    @abstractmethod
    def due(self, scope: Scope, on: date, site: str | None = None) -> Sequence[PointSensor]:
        """As ``domain.parts.due_sensors``; those of scrapped assets left out."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """That a file (``plantroom.ports.files``) belongs to a site: whoever sees the site may read it. ``size`` in
    bytes, ``name`` as its sender called it."""

    sha256: str
    site: str
    name: str
    mime: str
    size: int
    uploaded_by: str
    uploaded_at: datetime


class FileRepository(ABC):
    """Which files belong to which sites. The bytes are in a ``FileStore``."""

    @abstractmethod
    def add(self, entry: FileEntry) -> None:
        """``NotFound`` for an unknown site; a file that the site has already stays as it is."""

    @abstractmethod
    def of(self, sha256: str) -> Sequence[FileEntry]:
        """The sites that have the file, by site."""

    @abstractmethod
    def known(self, sha256: str) -> bool:
        """Whether any site has it."""
