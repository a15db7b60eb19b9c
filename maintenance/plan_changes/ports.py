"""Port of plan changes. It belongs to the ledger's transaction; the errors of ``plantroom.ports.ledger`` apply."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from maintenance.plan import PlanRow
from maintenance.plan_changes.model import PlanChange
from plantroom.ports.paging import EVERYTHING, Page, PageRequest, Scope


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Filters that are given must all hold; changes of every site's rows are in each scope. ``state`` may name several
    with commas between, ``code`` is a row's."""

    scope: Scope = EVERYTHING
    site: str | None = None
    state: str | None = None
    origin: str | None = None
    code: str | None = None


class PlanChangeRepository(ABC):
    """Changes of the plan table."""

    @abstractmethod
    def add(self, change: PlanChange) -> None:
        """``NotFound`` for a site that is not there."""

    @abstractmethod
    def get(self, change_id: str) -> PlanChange:
        """``NotFound``."""

    @abstractmethod
    def lock(self, change_id: str) -> PlanChange:
        """As ``get``, and nobody else changes it until the transaction ends."""

    @abstractmethod
    def update(self, change: PlanChange, expected_version: int | None) -> PlanChange:
        """Write and raise the version; ``VersionConflict`` when the stored version is another."""

    @abstractmethod
    def applied(self, lineage: str) -> Mapping[int, PlanChange]:
        """The changes that made versions of a row, by version."""

    @abstractmethod
    def list(self, wanted: ChangeFilter, page: PageRequest) -> Page[PlanChange]:
        """Newest first."""


class PlanRowVersions(ABC):
    """The part of ``maintenance.ports.PlanRepository`` that changes need."""

    @abstractmethod
    def versions(self, lineage: str) -> Sequence[PlanRow]:
        """All versions of a row, the newest first."""

    @abstractmethod
    def stamp(self, site: str) -> str:
        """Changes with each version of the rows that hold for a site. Until a writing transaction ends no row's
        occurrences are handed over to another."""

    @abstractmethod
    def lock_row(self, lineage: str) -> PlanRow | None:
        """The newest version, and nobody else makes another one until a writing transaction ends."""

    @abstractmethod
    def hand_over(self, lineage: str, heir: str, site: str, since: date) -> Sequence[str]:
        """Make a row's occurrences on a site those of another row, which has none there. Gives the orders that carry
        those that are due or have a nominal date from ``since`` on, and those that have not ended."""
