"""Ports of what is written down about work orders and of what owners report. They belong to the ledger's transaction;
the errors of ``plantroom.ports.ledger`` apply."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from maintenance.work.owner_reports import Contact, OwnerReport
from maintenance.work.records import Attachment, Comment, CostBooking, ExternalCost, Labour, PartUse, Signature
from maintenance.work.repairs import PastRepair, Repair, UsedPart
from plantroom.ports.paging import Scope


@dataclass(frozen=True, slots=True)
class FoundOn:
    """What a ticket of a failed checklist item was found on: the order, the step, and what was answered there."""

    ticket: str
    work_order: str
    step: str
    item_zh: str
    item_en: str
    remark: str
    number: float | None
    unit: str
    low: float | None
    high: float | None
    severity: str
    by: str
    at: datetime


class WorkRecordRepository(ABC):
    """Comments, files, signatures, labour, parts, cost of work orders."""

    @abstractmethod
    def add_comment(self, comment: Comment) -> None: ...

    @abstractmethod
    def comments(self, work_order: str) -> Sequence[Comment]:
        """As they were recorded; so are the others."""

    @abstractmethod
    def add_attachment(self, attachment: Attachment) -> None:
        """The same file of the same step again is left as it is."""

    @abstractmethod
    def attachments(self, work_order: str) -> Sequence[Attachment]: ...

    @abstractmethod
    def booked(self, work_orders: Collection[str]) -> AbstractSet[str]:
        """Those of the orders on which time, parts or cost stand that nobody has taken back, a file or a signature. One
        query for each thousand."""

    @abstractmethod
    def add_signature(self, signature: Signature) -> None: ...

    @abstractmethod
    def signatures(self, work_order: str) -> Sequence[Signature]: ...

    @abstractmethod
    def put_labour(self, labour: Labour) -> None:
        """Add, or mark as taken back."""

    @abstractmethod
    def labour(self, work_order: str) -> Sequence[Labour]: ...

    @abstractmethod
    def labour_of(self, person: str, start: datetime, end: datetime) -> Sequence[Labour]:
        """What stands of a person and shares time with the span, on whatever order. Until a writing transaction ends
        nobody else asks for the same person, so that an entry and what it was checked against belong together."""

    @abstractmethod
    def put_part_use(self, use: PartUse) -> None:
        """As ``put_labour``."""

    @abstractmethod
    def part_uses(self, work_order: str) -> Sequence[PartUse]: ...

    @abstractmethod
    def put_cost(self, cost: ExternalCost) -> None:
        """As ``put_labour``."""

    @abstractmethod
    def costs(self, work_order: str) -> Sequence[ExternalCost]: ...

    @abstractmethod
    def book(self, booking: CostBooking) -> None: ...

    @abstractmethod
    def reverse(self, source: str, reversal: CostBooking) -> None:
        """Add the reversal of the booking of an entry; nothing when it has none that stands."""

    @abstractmethod
    def bookings(
        self, scope: Scope, start: datetime, end: datetime, site: str | None = None, work_order: str | None = None
    ) -> Sequence[CostBooking]:
        """Those booked in a period, ``end`` not in it, by time."""

    @abstractmethod
    def put_found(self, found: FoundOn) -> None: ...

    @abstractmethod
    def found_on(self, ticket: str) -> FoundOn | None: ...

    @abstractmethod
    def found_by(self, work_order: str) -> Sequence[FoundOn]:
        """The tickets that an order's checklist has opened."""


class RepairRepository(ABC):
    """What came of repairs."""

    @abstractmethod
    def latest(self, work_order: str) -> Repair | None:
        """The newest attempt at a ticket."""

    @abstractmethod
    def put(self, repair: Repair) -> None:
        """Add or replace an attempt."""

    @abstractmethod
    def past(
        self,
        scope: Scope,
        equipment_class: str,
        failure_mode: str,
        newest: int,
        *,
        asset: str | None = None,
        model: str | None = None,
        but: str = "",
    ) -> Sequence[PastRepair]:
        """The newest confirmed and closed attempts of a class and mode; of one asset, or of one model, with these.
        ``but`` is an order that is left out."""

    @abstractmethod
    def completed(self, scope: Scope, start: datetime, end: datetime, site: str | None = None) -> Sequence[PastRepair]:
        """All attempts completed in a period that a mode is known of and that were no false alarms, by completion."""

    @abstractmethod
    def parts_used(self, work_orders: Collection[str], most: int) -> Sequence[UsedPart]:
        """What these orders used, by how many of them used it, then by number."""


class OwnerReportRepository(ABC):
    """Reports of owners; who sent them stands apart."""

    @abstractmethod
    def add(self, report: OwnerReport, contact: Contact | None) -> None: ...

    @abstractmethod
    def update(self, report: OwnerReport) -> None: ...

    @abstractmethod
    def by_token(self, token_sha256: str) -> OwnerReport | None:
        """Locked until a writing transaction ends."""

    @abstractmethod
    def of_order(self, work_order: str) -> Sequence[OwnerReport]: ...

    @abstractmethod
    def recent(
        self, site: str, since: datetime, *, asset: str | None = None, category: str = "", place: str = ""
    ) -> str | None:
        """The work order of the newest report about the asset (without one: of the category and place) since an
        instant. Until a writing transaction ends nobody else asks about the same site."""

    @abstractmethod
    def categories(self, work_orders: Collection[str]) -> Mapping[str, str]:
        """What was first reported of each order, by order; orders without a report are left out."""

    @abstractmethod
    def contacts(self, reports: Collection[str]) -> Sequence[Contact]: ...

    @abstractmethod
    def forget_contacts(self, now: datetime) -> int:
        """Delete those whose time is over; gives how many."""

    @abstractmethod
    def stars(self, scope: Scope, start: datetime, end: datetime, site: str | None = None) -> Sequence[int]:
        """Ratings given in a period."""
