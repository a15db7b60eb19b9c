"""Port of the frozen records. There is no method that changes or deletes one."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from maintenance.records.model import Addendum, Record
from maintenance.records.timeline import Line
from plantroom.ports.paging import EVERYTHING, Page, PageRequest, Scope


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Filters that are given must all hold; days are the site's own, both included."""

    scope: Scope = EVERYTHING
    site: str | None = None
    asset: str | None = None
    kind: str | None = None
    work_order: str | None = None
    incident: str | None = None
    start: date | None = None
    end: date | None = None


class RecordRepository(ABC):
    """Records and their addenda."""

    @abstractmethod
    def list(self, filters: RecordFilter, page: PageRequest) -> Page[Record]:
        """The newest first."""

    @abstractmethod
    def get(self, record_id: str) -> Record:
        """``NotFound``."""

    @abstractmethod
    def of_order(self, order_id: str) -> Record | None:
        """The record of a work order."""

    @abstractmethod
    def add(self, record: Record) -> None:
        """``Conflict`` when the order has one. Of an incident: its ``incident`` is set, and no order."""

    @abstractmethod
    def addenda(self, record_id: str) -> Sequence[Addendum]:
        """In their order. In a transaction that writes nobody else adds one until it ends."""

    @abstractmethod
    def add_addendum(self, addendum: Addendum) -> None:
        """``Conflict`` when the record has one of that number."""

    @abstractmethod
    def timeline(self, asset: str, page: PageRequest) -> Page[Line]:
        """All that was done to a machine, the newest first."""

    @abstractmethod
    def unfrozen(self, most: int) -> Sequence[str]:
        """Verified orders of a kind that is frozen, without a record: from before there were any."""

    @abstractmethod
    def all_records(self) -> Iterator[Record]:
        """As they are read."""

    @abstractmethod
    def all_addenda(self) -> Iterator[Addendum]:
        """As they are read."""
