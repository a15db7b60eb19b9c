"""Port of incidents and of the records of drills; part of the ledger's transaction, with its errors."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from maintenance.incidents.drills import DrillRecord
from maintenance.incidents.model import Incident
from plantroom.ports.paging import EVERYTHING, Page, PageRequest, Scope


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Filters that are given must all hold; ``stage``, ``kind`` and ``severity`` may name several with commas between.
    ``begins`` and ``ends`` bound the report (the end excluded)."""

    scope: Scope = EVERYTHING
    site: str | None = None
    stage: str | None = None
    kind: str | None = None
    severity: str | None = None
    asset: str | None = None
    work_order: str | None = None
    open_only: bool = False
    begins: datetime | None = None
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class DrillFilter:
    """Filters of drill records; ``begins`` and ``ends`` bound when they were written (the end excluded)."""

    scope: Scope = EVERYTHING
    site: str | None = None
    emergency_plan: str | None = None
    begins: datetime | None = None
    ends: datetime | None = None


class IncidentRepository(ABC):
    """Incidents, and the records of drills."""

    @abstractmethod
    def list(self, filters: IncidentFilter, page: PageRequest) -> Page[Incident]:
        """The newest report first."""

    @abstractmethod
    def get(self, incident_id: str) -> Incident:
        """``NotFound``."""

    @abstractmethod
    def lock(self, incident_id: str) -> Incident:
        """As ``get``, and nobody else changes it until the transaction ends."""

    @abstractmethod
    def next_number(self, site: str, year: int) -> int:
        """The next number of a site's incidents in a year; nobody else is given it until the transaction ends."""

    @abstractmethod
    def of_order(self, order_id: str) -> Incident | None:
        """The incident that was opened from a ticket and is not closed."""

    @abstractmethod
    def add(self, incident: Incident) -> None:
        """``Conflict`` when the code is taken in its site, ``NotFound`` for an unknown site, asset or place."""

    @abstractmethod
    def update(self, incident: Incident) -> Incident:
        """Write and raise the version. ``IncidentClosed`` for one that is closed already."""

    @abstractmethod
    def drill(self, order_id: str) -> DrillRecord | None:
        """The record of a drill."""

    @abstractmethod
    def put_drill(self, record: DrillRecord) -> None:
        """Write it whole, whether it is there or not. The caller has locked its order."""

    @abstractmethod
    def drills(self, filters: DrillFilter, page: PageRequest) -> Page[DrillRecord]:
        """The last written first."""

    @abstractmethod
    def within(self, scope: Scope, site: str | None, begins: datetime, ends: datetime) -> Sequence[Incident]:
        """Those that were reported in a period (the end excluded), at most 10,000, the newest first."""
