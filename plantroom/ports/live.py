"""Port of the log behind the live view."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """Something that changed, for the live view. ``position`` rises; ``topic`` names the kind
    (``work_order``, ``episode``, ``asset``, ``reading``, ``collector``)."""

    position: int
    topic: str
    site: str | None
    data: Mapping[str, object] = field(default_factory=dict)


class LiveRepository(ABC):
    """The log behind ``GET /events``. Writers note a change in the transaction that makes it."""

    @abstractmethod
    def note(self, topic: str, site: str | None, data: Mapping[str, object]) -> None:
        """Add one, in the transaction that makes the change."""

    @abstractmethod
    def after(self, position: int, limit: int) -> Sequence[LiveEvent]:
        """Those behind a position, in order."""

    @abstractmethod
    def last_position(self) -> int:
        """Of the newest; 0: there was none yet."""
