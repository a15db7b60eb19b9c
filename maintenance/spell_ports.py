"""Port of the maintenance by hand; part of the ledger's transaction, with its errors."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime

from maintenance.spells import Spell
from plantroom.ports.paging import Page, PageRequest


class SpellRepository(ABC):
    """Maintenance by hand. One at most stands for an asset."""

    @abstractmethod
    def add(self, spell: Spell) -> None:
        """Its id is new, and none stands for its asset, which the caller has locked."""

    @abstractmethod
    def standing(self, asset: str) -> Spell | None:
        """The one that nobody has ended, locked until a writing transaction ends."""

    @abstractmethod
    def over(self, now: datetime) -> Sequence[Spell]:
        """Those whose time is over and that nobody has ended; one cheap query."""

    @abstractmethod
    def end(self, spell_id: str, at: datetime, by: str) -> Spell | None:
        """Gives it as it is then; ``None`` when it had been ended before."""

    @abstractmethod
    def of(self, asset: str, page: PageRequest) -> Page[Spell]:
        """All of an asset, newest first."""
