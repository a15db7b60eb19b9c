"""Port of the seed: what it was asked for, and what it knows of the equipment classes. Part of the ledger's
transaction, with its errors."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass

EVERY_SITE = ""


@dataclass(frozen=True, slots=True)
class SeedChoice:
    """What the seed was asked for last: for one site, or for every one that has no choice of its own (``scope`` is
    ``EVERY_SITE``). The keys are those of ``maintenance.seed.profiles`` and ``maintenance.seed.options``."""

    scope: str
    profile: str
    jurisdiction: str
    options: tuple[str, ...] = ()


class SeedRepository(ABC):
    """What the seed remembers."""

    @abstractmethod
    def choices(self) -> Mapping[str, SeedChoice]:
        """By scope, that of every site first."""

    @abstractmethod
    def put_choice(self, choice: SeedChoice) -> None:
        """Add or replace the scope's."""

    @abstractmethod
    def known_points(self) -> Mapping[str, frozenset[str]]:
        """By equipment class the points that it has been known to have."""

    @abstractmethod
    def note_points(self, points: Mapping[str, Collection[str]]) -> None:
        """Know these as well."""
