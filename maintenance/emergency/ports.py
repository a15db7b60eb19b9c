"""Port of the emergency plans; part of the ledger's transaction, with its errors."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from maintenance.emergency.plans import EmergencyPlan


class EmergencyPlanRepository(ABC):
    """Emergency plans, each at its newest version."""

    @abstractmethod
    def list(self, site: str | None = None) -> Sequence[EmergencyPlan]:
        """All plans, or those that hold on a site (its own and those of every site), by site and code."""

    @abstractmethod
    def get(self, key: str) -> EmergencyPlan:
        """``NotFound``."""

    @abstractmethod
    def lock(self, key: str) -> EmergencyPlan:
        """As ``get``, and nobody else changes it until the transaction ends."""

    @abstractmethod
    def add(self, plan: EmergencyPlan) -> None:
        """``Conflict`` when the code is taken in its site, ``NotFound`` for an unknown site."""

    @abstractmethod
    def update(self, plan: EmergencyPlan, expected_version: int | None) -> EmergencyPlan:
        """Write and raise the version; ``VersionConflict`` when ``expected_version`` is not the stored one."""

    @abstractmethod
    def remove(self, key: str) -> None:
        """Take a plan away that was entered by mistake."""
