"""Port of the memory of instants that were given to messages without one, shared by the lanes of a site."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple


class GivenInstant(NamedTuple):
    """An instant (ms since 1970 UTC) that a lane gave to what its record ``record`` says; ``other`` is the record of
    the other lane that said the same (``None``: none did yet)."""

    ts_ms: int
    lane: str
    record: int
    other: int | None = None

    def record_of(self, lane: str) -> int | None:
        """The record of this lane that has the instant."""
        return self.record if lane == self.lane else self.other


class InstantTx(ABC):
    """What is given, inside one transaction that nobody else's runs beside. Every call may raise ``Unreachable``."""

    @abstractmethod
    def find(self, asset: str, said: int) -> GivenInstant | None:
        """The instant of what an asset said; ``said`` (64 bits, signed) names it."""

    @abstractmethod
    def is_taken(self, asset: str, ts_ms: int) -> bool:
        """Whether something of this asset has this instant."""

    @abstractmethod
    def put(self, asset: str, said: int, given: GivenInstant) -> None:
        """Keep it. Of what is kept under that name already only ``other`` changes, and an instant of the asset that
        something else has is left to that. The asset is among ``assets`` from then on."""


class InstantLog(ABC):
    """Instants that were given, the oldest forgotten beyond a bound. Any thread."""

    @abstractmethod
    def begin(self) -> AbstractContextManager[InstantTx]:
        """A transaction: what it puts is durable when it has ended, or none of it is there. Raises ``Unreachable``."""

    @abstractmethod
    def assets(self) -> Sequence[str]:
        """All that it was ever told of. Raises ``Unreachable``."""

    @abstractmethod
    def add_assets(self, assets: Collection[str]) -> None:
        """Durable when it returns. Raises ``Unreachable``."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what is open; the next call opens it again."""
