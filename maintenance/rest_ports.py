"""Port of the times out of use; part of the ledger's transaction, with its errors."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime

from maintenance.rests import Rest


class RestRepository(ABC):
    """Times out of use. One at most of an asset goes on; whoever writes one has locked the asset."""

    @abstractmethod
    def begin(self, rests: Sequence[Rest]) -> None:
        """Add rests; one that goes on of the same asset stays as it is instead."""

    @abstractmethod
    def end(self, asset: str, at: datetime) -> None:
        """End the one that goes on, if there is one; not before it began."""

    @abstractmethod
    def scrap(self, asset: str, at: datetime | None) -> None:
        """Note on the one that goes on since when the asset has been scrapped (``None``: it is not any more)."""

    @abstractmethod
    def scrapped(self, assets: Sequence[str]) -> Mapping[str, datetime]:
        """Since when some assets have been scrapped; those that are not are left out."""

    @abstractmethod
    def of(self, assets: Sequence[str]) -> Mapping[str, Sequence[Rest]]:
        """All of some assets, oldest first; assets without any are left out."""

    @abstractmethod
    def of_site(self, site: str) -> Mapping[str, Sequence[Rest]]:
        """As ``of``, of a whole site."""
