"""Port of budgets and of what they are measured by. It belongs to the ledger's transaction; the errors of
``plantroom.ports.ledger`` apply."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from datetime import datetime

from maintenance.budget.forecast import Forecast
from maintenance.budget.model import Budget, BudgetWarning, Ordered, Rate, Spent, Worked


class BudgetRepository(ABC):
    """Budgets, rates, forecasts, warnings; sums of what work orders cost."""

    @abstractmethod
    def add(self, budget: Budget) -> None:
        """``Conflict`` where the line has one, ``NotFound`` for a site that is not there."""

    @abstractmethod
    def get(self, budget_id: str) -> Budget:
        """``NotFound``."""

    @abstractmethod
    def update(self, budget: Budget, expected_version: int | None) -> Budget:
        """Write and raise the version; ``VersionConflict`` when the stored version is another."""

    @abstractmethod
    def of(self, site: str, year: int) -> Sequence[Budget]:
        """By line and system."""

    @abstractmethod
    def rate(self, site: str) -> Rate:
        """At version 0 where nobody has said one."""

    @abstractmethod
    def put_rate(self, rate: Rate, expected_version: int | None) -> Rate:
        """``VersionConflict`` when the stored version is another."""

    @abstractmethod
    def forecast(self, site: str, year: int) -> Forecast | None:
        """The one that was made last."""

    @abstractmethod
    def put_forecast(self, forecast: Forecast) -> None:
        """In place of the one before."""

    @abstractmethod
    def warn(self, warning: BudgetWarning) -> bool:
        """Write it down unless there is one of its budget, revision and level; gives whether it is new, also against
        others at the same moment."""

    @abstractmethod
    def told(self, warning: BudgetWarning) -> None:
        """How many messages a warning made."""

    @abstractmethod
    def warnings(self, budgets: Collection[str]) -> Sequence[BudgetWarning]:
        """Oldest first."""

    @abstractmethod
    def spent(self, site: str, start: datetime, end: datetime) -> Sequence[Spent]:
        """Bookings from ``start`` on and before ``end``, reversals taken off."""

    @abstractmethod
    def worked(self, site: str, start: datetime, end: datetime) -> Sequence[Worked]:
        """Labour of the same period that has not been taken back."""

    @abstractmethod
    def ordered(self, site: str, start: datetime | None, end: datetime) -> Sequence[Ordered]:
        """Orders that have not ended and are due before ``end`` (and from ``start`` on); without a due date those count
        that are due at no time when ``start`` is ``None``."""
