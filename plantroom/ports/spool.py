"""Port between the gateway, which fills a spool, and the ingest, which empties it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


class Lane(StrEnum):
    """Safety messages have a session, a spool and a cursor of their own, so a backlog never delays them."""

    NORMAL = "normal"
    SAFETY = "safety"


class SpoolRecord(NamedTuple):
    """One raw message as it came in. ``position`` rises by one with each record of the spool, for ever. ``retained``:
    the broker had kept it from before and gave it to a new subscription; nobody may have sent it lately. ``again``: the
    broker has sent it before, and heard of no acknowledgement (DUP: MQTT 3.1.1, section 3.3.1.1)."""

    position: int
    received_ms: int
    topic: str
    payload: bytes
    retained: bool = False
    again: bool = False


class SpoolReader(ABC):
    """The reading end of one spool; used by one thread.

    A reader starts behind the committed position. What was read and not committed comes again after a restart.
    """

    damaged = 0
    """Records that could not be read any more and were passed over, since the start."""

    @abstractmethod
    def read(self, max_records: int, timeout_s: float) -> Sequence[SpoolRecord]:
        """The next records in order, as soon as there is at least one; empty when the time is over."""

    @abstractmethod
    def look_ahead(self, behind: int, max_records: int, timeout_s: float) -> Sequence[SpoolRecord]:
        """As ``read``, of the records behind position ``behind``; what ``read`` gives next is the same as before."""

    @abstractmethod
    def rewind(self) -> None:
        """Start again behind the committed position."""

    @abstractmethod
    def commit(self, position: int, state: bytes) -> None:
        """All records up to ``position`` are dealt with; ``state`` is saved with it, both or neither."""

    @abstractmethod
    def committed(self) -> tuple[int, bytes]:
        """The committed position (0: none) and the state saved with it (empty: none)."""

    @abstractmethod
    def depth(self) -> int:
        """How many durable records are not committed yet."""
