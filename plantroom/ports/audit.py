"""Port of the ledger's history: entries, the chain of seals, what was published of it.

Entries are written by the storage layer itself (``plantroom.domain.authorship`` says whose they are); there is no
method that adds, changes or removes one.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from plantroom.domain.audit import Entry, Head, Seal
from plantroom.ports.paging import EVERYTHING, Page, PageRequest, Scope

RawEntry = tuple[object, ...]
"""An entry's fields in the order of ``Entry``, the instant as microseconds: what its digest is taken of."""


class Change(NamedTuple):
    """Of an entry: what it did to which thing, and the canonical JSON of what was there before and came of that."""

    key: str
    position: int
    action: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class KeptTable:
    """A table whose rows the history has whole. ``entity`` is what it calls a row, ``label`` the field that people know
    one by; ``ignored`` fields are no change by themselves, so that the history may have an earlier value of them."""

    name: str
    entity: str
    label: str | None
    ignored: frozenset[str]


class NamedFile(NamedTuple):
    """A file that the ledger names: its SHA-256, its size in bytes, and what names it, in words."""

    sha256: str
    size: int | None
    where: str


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Filters that are given must all hold. ``start`` counts, ``end`` does not. ``with_siteless``: also entries that
    belong to no site (users, tokens, the default plan)."""

    scope: Scope = EVERYTHING
    with_siteless: bool = True
    entity: str | None = None
    key: str | None = None
    asset: str | None = None
    by: str | None = None
    site: str | None = None
    request_id: str | None = None
    start: datetime | None = None
    end: datetime | None = None


class AuditRepository(ABC):
    """The history."""

    @abstractmethod
    def list(self, filters: AuditFilter, page: PageRequest) -> Page[Entry]:
        """Newest first, unless sorted by ``position``."""

    @abstractmethod
    def ledger_id(self) -> str:
        """What this ledger is called in what is published; empty when its first entry is gone."""

    @abstractmethod
    def settle(self) -> int | None:
        """In a transaction that writes: the last position behind which nothing comes up any more, before which all
        there will ever be is there; ``None`` while somebody writes history just now: ask again."""

    @abstractmethod
    def seal_next(self, up_to: int, most: int) -> Seal | None:
        """Seal what follows the last seal, at most ``most`` entries and none behind ``up_to`` (as ``settle`` gave it);
        ``None``: nothing is left, or another sealer is at it."""

    @abstractmethod
    def last_seal(self) -> Seal | None:
        """The end of the chain."""

    @abstractmethod
    def seals(self) -> Iterator[Seal]:
        """All, in their order, as they are read."""

    @abstractmethod
    def entries(self) -> Iterator[RawEntry]:
        """All, in their order, as they are read."""

    @abstractmethod
    def of_entity(self, entity: str) -> Iterator[Change]:
        """What was done to all things of that kind: by key, byte by byte, those of one thing in their order."""

    @abstractmethod
    def kept_tables(self) -> Sequence[KeptTable]:
        """Tables whose rows can be compared with the history (closed occurrences and records apart)."""

    @abstractmethod
    def not_compared(self) -> Mapping[str, str]:
        """Every table whose rows are not compared, and why."""

    @abstractmethod
    def linked(self) -> int:
        """How many due occurrences stand as the orders that have not ended have them. Raises ``Broken`` at the first
        that does not, and at an order that is not there though its steps or occurrences are."""

    @abstractmethod
    def named_files(self) -> Iterator[NamedFile]:
        """The files that have arrived and the reports that are ready, as their rows name them; in no order, and one
        that several rows name several times."""

    @abstractmethod
    def changes_of(self, entity: str) -> Iterator[Change]:
        """As ``of_entity``, from where an update has entered the rows that there were; with what was made together with
        something else and is noted there."""

    @abstractmethod
    def rows_of(self, entity: str) -> Iterator[tuple[str, str]]:
        """The rows of a kept table, by key, byte by byte: the key and the canonical JSON of what the history keeps.
        Raises ``Broken`` at what the program cannot have written."""

    @abstractmethod
    def add_head(self, head: Head, *, again: bool = False) -> bool:
        """Note what is published; ``False``: the day has a head already (``again``: with this seal)."""

    @abstractmethod
    def heads(self) -> Sequence[Head]:
        """Oldest first."""
