"""Port of the reports, and of what they tell that no other part keeps together; of the ledger's transaction."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from maintenance.reports.model import Report
from maintenance.work_orders import WorkOrder
from plantroom.ports.paging import EVERYTHING, Page, PageRequest, Scope


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """Filters that are given must all hold. ``staff``: the sites on which reports that name people or money are seen,
    too."""

    scope: Scope = EVERYTHING
    staff: Scope = EVERYTHING
    site: str | None = None
    kind: str | None = None
    state: str | None = None


class OrderLine(NamedTuple):
    """A work order as a report lists it."""

    id: str
    number: int
    kind: str
    origin: str
    state: str
    severity: str
    safety: bool
    title_zh: str
    title_en: str
    asset: str | None
    opened_at: datetime | None
    completed_at: datetime | None
    due: datetime | None
    end_reason: str | None


class PlannedLine(NamedTuple):
    """A planned order, and the plan rows that it is of."""

    order: OrderLine
    lineages: tuple[str, ...]


class DueLine(NamedTuple):
    """An occurrence as a report lists it. ``bare``, ``recorded_at`` and ``incomplete`` as of ``Due``."""

    subject: str
    lineage: str
    plan_row: str
    cycle: int
    nominal_date: date
    latest: date
    due_at: datetime | None
    state: str
    completed_at: datetime | None
    order: str | None
    number: int | None
    order_state: str | None
    end_reason: str | None
    kind: str
    layer: str
    bare: bool = False
    recorded_at: datetime | None = None
    incomplete: bool = False


class Step(NamedTuple):
    """Who completed, verified or ended an order."""

    order: str
    to: str
    at: datetime
    by: str


class Signed(NamedTuple):
    """A signature that was put under an order."""

    order: str
    role: str
    name: str
    by: str
    at: datetime
    sha256: str


class Attached(NamedTuple):
    """A file of an order."""

    order: str
    step: str | None
    kind: str
    by: str
    at: datetime
    sha256: str
    bytes: int


class Commented(NamedTuple):
    """What somebody wrote about an order."""

    order: str
    kind: str
    text: str
    by: str
    at: datetime


class Mended(NamedTuple):
    """What was said of a repair."""

    order: str
    failure_mode: str | None
    cause: str | None
    action: str | None
    note: str
    verdict: str | None


class ReportRepository(ABC):
    """Reports, and lists of a site's work in a period, each by one statement (or one for each thousand orders)."""

    @abstractmethod
    def add(self, report: Report) -> bool:
        """Whether it is new: one of its occasion may be there already, also by another writer at the same moment."""

    @abstractmethod
    def get(self, report_id: str) -> Report:
        """``NotFound``."""

    @abstractmethod
    def list(self, wanted: ReportFilter, page: PageRequest) -> Page[Report]:
        """The newest first (fields: requested_at)."""

    @abstractmethod
    def made_for(self, occasion: str) -> bool:
        """Whether there is a report of the occasion."""

    @abstractmethod
    def waiting(self, now: datetime) -> bool:
        """Whether one waits that nobody has; one cheap query."""

    @abstractmethod
    def take(self, now: datetime, until: datetime, report_id: str | None = None) -> Report | None:
        """The oldest that waits and that nobody has, or this one, for whoever makes it: nobody else is given it before
        ``until``."""

    @abstractmethod
    def finish(self, report: Report) -> bool:
        """Write what became of one that waits; ``False`` where it does not any more, and nothing is changed then."""

    @abstractmethod
    def opened(self, site: str, begins: datetime, ends: datetime) -> Sequence[OrderLine]:
        """Repair tickets opened in the period, by number."""

    @abstractmethod
    def planned(self, site: str, begins: datetime, ends: datetime) -> Sequence[PlannedLine]:
        """Planned orders that fall due in the period and have not ended, by due date."""

    @abstractmethod
    def completed(self, site: str, begins: datetime, ends: datetime) -> Sequence[OrderLine]:
        """Every order completed in the period, by completion."""

    @abstractmethod
    def standing(self, site: str, ends: datetime) -> Sequence[OrderLine]:
        """Every repair ticket opened before an instant that had not ended by then, with its state now, by number."""

    @abstractmethod
    def unanswered(self, orders: Collection[str]) -> Mapping[str, int]:
        """How many items of its checklist have no answer, by order; those with none are left out."""

    @abstractmethod
    def contractors(self, site: str, since: datetime) -> Mapping[str, Sequence[str]]:
        """The contractors (ids) that planned work on each machine was or is given to which falls due since an instant,
        by asset, the one with the last of it first."""

    @abstractmethod
    def due(self, site: str, first: date, last: date) -> Sequence[DueLine]:
        """Every occurrence whose last day lies in the period, by that day."""

    @abstractmethod
    def done(self, site: str, begins: datetime, ends: datetime) -> Sequence[DueLine]:
        """Every occurrence completed in the period, by completion."""

    @abstractmethod
    def steps(self, orders: Collection[str]) -> Mapping[str, Sequence[Step]]:
        """Completions and verifications, by order."""

    @abstractmethod
    def signed(self, orders: Collection[str]) -> Mapping[str, Sequence[Signed]]:
        """Signatures, by order."""

    @abstractmethod
    def attached(self, orders: Collection[str]) -> Mapping[str, Sequence[Attached]]:
        """Files, by order."""

    @abstractmethod
    def commented(self, orders: Collection[str]) -> Mapping[str, Sequence[Commented]]:
        """Comments, by order, as they were recorded."""

    @abstractmethod
    def whole(self, orders: Collection[str]) -> Mapping[str, WorkOrder]:
        """The orders themselves, by id."""

    @abstractmethod
    def mended(self, orders: Collection[str]) -> Mapping[str, Mended]:
        """The last attempt of each repair, by order."""

    @abstractmethod
    def names(self, usernames: Collection[str]) -> Mapping[str, str]:
        """What people are called, by user name."""
