"""Port of plan changes. It belongs to the ledger's transaction; the errors of ``plantroom.ports.ledger`` apply."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

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
    def list(self, wanted: ChangeFilter, page: PageRequest) -> Page[PlanChange]:
        """Newest first."""
