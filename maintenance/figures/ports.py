"""Port of the facts that figures are made of; part of the ledger's transaction, with its errors."""

from abc import ABC, abstractmethod
from datetime import date, datetime

from maintenance.figures.facts import Facts


class FigureRepository(ABC):
    """A site's period in a fixed number of statements, however much lies in it."""

    @abstractmethod
    def facts(self, site: str, first: date, last: date, begins: datetime, ends: datetime, now: datetime) -> Facts:
        """What fell due from ``first`` to ``last`` (both included), and what happened from ``begins`` to before
        ``ends``, as known at ``now``. O(what lies in the period)."""

    @abstractmethod
    def anything(self, site: str, first: date, last: date, begins: datetime, ends: datetime) -> bool:
        """Whether any work fell due or was opened in the period."""
