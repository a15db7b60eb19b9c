"""Port of alarms: what is shelved, what people were told, floods, and who changed limits.

What stands is in the episodes; nothing here says so a second time. The errors of ``plantroom.ports.ledger`` apply.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from plantroom.domain.assets import AlarmPriority, Limits
from plantroom.ports.paging import Page, PageRequest, Scope


@dataclass(frozen=True, slots=True)
class Shelf:
    """Alarms that a person has put aside for a while (ISA-18.2: shelved), with the reason.

    ``subjects`` are those of one asset and failure mode that are shelved, as ``source:subject``; any other alarm of the
    same mode rings as ever. It holds until ``until``, or until it was ended.
    """

    id: str
    site: str
    asset: str
    failure_mode: str
    subjects: tuple[str, ...]
    reason: str
    by: str
    at: datetime
    until: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it still keeps its alarms quiet."""
        return self.ended_at is None and now < self.until


@dataclass(frozen=True, slots=True)
class LimitChange:
    """Who changed the limits of a point, when, why, and from what to what."""

    site: str
    asset: str
    point: str
    at: datetime
    by: str
    reason: str
    before: Limits
    after: Limits


@dataclass(frozen=True, slots=True)
class Annunciation:
    """One alarm at the moment when people were told of it (``at``, our clock). ``subject`` is ``source:subject``."""

    site: str
    asset: str
    failure_mode: str
    subject: str
    priority: AlarmPriority
    safety: bool
    at: datetime
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class ToldCounts:
    """How many alarms people were told of, how many of them safety alarms, of how many machines."""

    alarms: int
    safety: int
    machines: int


@dataclass(frozen=True, slots=True)
class Flood:
    """More alarms on a site than a person can take in. ``first_at`` is the first alarm of the ten minutes in which it
    ``began_at``; ``peak`` the most in any ten minutes, ``gathered`` how many alarms share its ticket ``work_order``."""

    id: str
    site: str
    first_at: datetime
    began_at: datetime
    peak: int
    ended_at: datetime | None = None
    gathered: int = 0
    work_order: str | None = None


class AlarmRepository(ABC):
    """Shelves, changes of limits, annunciations and floods."""

    @abstractmethod
    def add_shelf(self, shelf: Shelf) -> None:
        """Its id is new."""

    @abstractmethod
    def shelf(self, shelf_id: str) -> Shelf:
        """By its id, ended or not. ``NotFound``."""

    @abstractmethod
    def standing_shelves(self, asset: str | None = None, failure_mode: str | None = None) -> Sequence[Shelf]:
        """Those that nobody has ended, of all assets or of one, locked until a writing transaction ends (of one asset).
        One whose time is over is among them until somebody ends it."""

    @abstractmethod
    def shelves_over(self, now: datetime) -> Sequence[Shelf]:
        """Those whose time is over and that nobody has ended; one cheap query."""

    @abstractmethod
    def end_shelf(self, shelf_id: str, at: datetime, by: str) -> Shelf | None:
        """Gives it as it is then; ``None`` when it had been ended before."""

    @abstractmethod
    def shelves(
        self, scope: Scope, page: PageRequest, site: str | None = None, standing: bool | None = None
    ) -> Page[Shelf]:
        """Newest first."""

    @abstractmethod
    def add_limit_change(self, change: LimitChange) -> None:
        """Into the point's history, which is never changed."""

    @abstractmethod
    def limit_changes(self, asset: str, point: str) -> Sequence[LimitChange]:
        """Newest first, all of them; their number is the version of the point's limits."""

    @abstractmethod
    def announce(self, one: Annunciation) -> None:
        """Into the record of what people were told."""

    @abstractmethod
    def announced_since(self, site: str, since: datetime) -> tuple[int, datetime | None]:
        """How many alarms people were told of after an instant, and when the first of them was."""

    @abstractmethod
    def told_counts(self, site: str, start: datetime, end: datetime) -> ToldCounts:
        """Of a site, from ``start`` to before ``end``; one query, however many there are."""

    @abstractmethod
    def announced(
        self, scope: Scope, start: datetime, end: datetime, limit: int, site: str | None = None
    ) -> Sequence[Annunciation]:
        """Those from ``start`` to before ``end``, oldest first, at most ``limit``."""

    @abstractmethod
    def forget_announced(self, before: datetime) -> int:
        """Forget what people were told before an instant; gives how many."""

    @abstractmethod
    def standing_flood(self, site: str) -> Flood | None:
        """The flood that a site has now, locked until a writing transaction ends."""

    @abstractmethod
    def standing_floods(self) -> Sequence[Flood]:
        """Those that go on, by site."""

    @abstractmethod
    def begin_flood(self, flood: Flood) -> Flood:
        """Add it, unless the site has one that goes on, which others may have begun at the same moment; gives the one
        that goes on, locked until the transaction ends."""

    @abstractmethod
    def put_flood(self, flood: Flood) -> None:
        """Add or replace by id; a site has one at most that goes on."""

    @abstractmethod
    def floods(self, scope: Scope, page: PageRequest, site: str | None = None) -> Page[Flood]:
        """Newest first."""
