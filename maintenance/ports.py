"""Ports of maintenance: the repositories that plan rows, occurrences, work orders and episodes live in.

They belong to the ledger's transaction (``plantroom.ports.ledger``); the same errors apply.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from maintenance.alarm_ports import AlarmRepository
from maintenance.budget.ports import BudgetRepository
from maintenance.emergency.ports import EmergencyPlanRepository
from maintenance.episodes import Episode
from maintenance.figures.ports import FigureRepository
from maintenance.imports.ports import ImportRepository
from maintenance.incidents.ports import IncidentRepository
from maintenance.job_ports import JobRepository
from maintenance.loop_ports import LoopTestRepository
from maintenance.notify.ports import ChannelRepository, NotificationRepository
from maintenance.people.ports import PeopleRepository
from maintenance.plan import Occurrence, OccurrenceKey, PlanRow
from maintenance.plan_changes.ports import PlanChangeRepository, PlanRowVersions
from maintenance.records.ports import RecordRepository
from maintenance.reports.ports import ReportRepository
from maintenance.rest_ports import RestRepository
from maintenance.risk.ports import RiskRepository
from maintenance.seed_ports import SeedRepository
from maintenance.sla.ports import SlaRepository
from maintenance.spell_ports import SpellRepository
from maintenance.standings import Added, Card, ClosedOccurrence, DraftOccurrence, DraftOrder, Standing
from maintenance.work.ports import OwnerReportRepository, RepairRepository, WorkRecordRepository
from maintenance.work_orders import ChecklistItem, Operation, OperationResult, State, Transition, WorkOrder
from plantroom.ports.ledger import LedgerTx
from plantroom.ports.paging import EVERYTHING, Page, PageRequest, Scope


class PlanRepository(PlanRowVersions):
    """The plan table and its occurrences."""

    @abstractmethod
    def rows(self, site: str | None = None, on: date | None = None) -> Sequence[PlanRow]:
        """Every row, of all sites or those that hold for one (its own and the default profile's), at its newest
        version, in effect or not.

        With ``on`` at the version in effect on that day: the newest of those whose ``effective_from`` has come. A row
        without one is given at the version that comes into effect first (its ``effective_from`` is then after
        ``on``)."""

    @abstractmethod
    def row(self, code: str, site: str | None = None) -> PlanRow | None: ...

    @abstractmethod
    def put_row(self, row: PlanRow) -> PlanRow:
        """Add a row or, under the same lineage, its next version: one a transaction, put again it is that one anew, for
        of a version in between the history says nothing. ``Conflict`` when another lineage of the site has the code."""

    @abstractmethod
    def add_rows(self, rows: Sequence[PlanRow]) -> None:
        """Add rows whose lineages are new, for every site, as their first versions. ``Conflict`` when a code belongs to
        another lineage."""

    @abstractmethod
    def hold(self) -> None:
        """Let nobody make work of the plan until the transaction ends. Before any order is locked: whoever makes work
        locks orders behind it."""

    @abstractmethod
    def take_turn(self, site: str) -> None:
        """Wait until no other transaction has the turn of planning a site's subjects one by one, and have it until this
        one ends. Before any order is locked."""

    @abstractmethod
    def remove_row(self, lineage: str) -> None:
        """Take a row away that was entered by mistake, with its versions and occurrences. Orders keep what they are.
        As ``hold``."""

    @abstractmethod
    def occurrences_of_row(self, lineage: str) -> Sequence[Occurrence]:
        """All materialised occurrences of a row."""

    @abstractmethod
    def checklist(self, code: str) -> Sequence[ChecklistItem]:
        """Items of a checklist template; unknown: empty."""

    @abstractmethod
    def checklist_codes(self) -> AbstractSet[str]:
        """Of all templates."""

    @abstractmethod
    def put_checklists(self, lists: Mapping[str, Sequence[ChecklistItem]]) -> None:
        """Add templates, by code, or replace them."""

    def put_checklist(self, code: str, items: Sequence[ChecklistItem]) -> None:
        """As ``put_checklists``, of one."""
        self.put_checklists({code: items})

    @abstractmethod
    def occurrences(self, keys: Sequence[OccurrenceKey]) -> Mapping[OccurrenceKey, Occurrence]:
        """Those of the keys that are materialised."""

    @abstractmethod
    def occurrences_of(self, site: str | None, subject: str | None = None) -> Sequence[Occurrence]:
        """All materialised occurrences of a site (``None``: every site), or of one subject."""

    @abstractmethod
    def add_occurrences(self, occurrences: Sequence[Occurrence]) -> Sequence[OccurrenceKey]:
        """Add those whose key is not there yet; gives the keys that were new (safe against other schedulers)."""

    @abstractmethod
    def update_occurrences(self, occurrences: Sequence[Occurrence]) -> None: ...

    @abstractmethod
    def forget(self, keys: Sequence[OccurrenceKey]) -> None:
        """Take occurrences away that were waived and are to be made again, or that are no work done before Plantroom
        after all; what is neither (any more) stays. Orders keep what they are."""

    @abstractmethod
    def cards(self, site: str) -> Sequence[Card]:
        """Every asset of a site, by key, the scrapped ones too."""

    @abstractmethod
    def simulated(self, assets: Sequence[str]) -> Collection[str]:
        """Which of them are told of by a source whose clock is simulated: readings of another time."""

    @abstractmethod
    def standings(self, site: str) -> Mapping[str, Standing]:
        """Where the planning of the site's subjects stands, by subject."""

    @abstractmethod
    def standings_of(self, subjects: Sequence[str]) -> Mapping[str, Standing]:
        """The same of some subjects."""

    @abstractmethod
    def put_standings(self, standings: Sequence[Standing]) -> None:
        """Say that subjects have been planned, with the ``changes`` that the planning knew; what this transaction
        itself has changed of them counts as known."""

    @abstractmethod
    def changed(self, subject: str, site: str) -> None:
        """Something has become of a subject that its planning goes by. Changes to occurrences and planned orders are
        noted by themselves."""

    @abstractmethod
    def history(self, subjects: Sequence[str]) -> Sequence[ClosedOccurrence]:
        """All occurrences of some subjects, by subject, row and cycle; those that are due too."""

    @abstractmethod
    def occurrences_of_several(self, subjects: Sequence[str]) -> Mapping[str, Sequence[Occurrence]]:
        """As ``occurrences_of``, of some subjects."""

    @abstractmethod
    def freeze(self, templates: Sequence[Sequence[ChecklistItem]]) -> Sequence[str]:
        """Keep checklists for orders to refer to; gives the key of each. Equal ones are kept once."""

    @abstractmethod
    def add_drafts(self, site: str, drafts: Sequence[DraftOrder], records: Sequence[DraftOccurrence] = ()) -> Added:
        """Add planned orders of a site with their occurrences in bulk, and missed occurrences without an order.

        As with ``add_occurrences`` an occurrence whose key is there already is left out, and an order without any is
        not made.
        """

    @abstractmethod
    def list_occurrences(self, wanted: "OccurrenceFilter", page: PageRequest) -> Page[Occurrence]:
        """By nominal date, unless sorted otherwise (fields: nominal_date, latest)."""

    @abstractmethod
    def last_completions(self, site: str | None) -> Mapping[tuple[str, str], date]:
        """Local day of the last completion, done or credited, by (lineage, subject)."""

    @abstractmethod
    def closed_as_kept(self) -> Iterator[tuple[str, str]]:
        """All occurrences that are not due any more, as the history of changes would have them now: by key (subject,
        lineage and cycle with slashes, byte by byte), with the canonical JSON. As they are read."""

    @abstractmethod
    def versions_as_kept(self) -> Iterator["KeptVersion"]:
        """All versions of all rows: by lineage, byte by byte, and by version. As they are read."""


class KeptVersion(NamedTuple):
    """A version of a plan row as the database has it: ``effective_from`` in ISO 8601, ``document`` as JSON."""

    lineage: str
    version: int
    effective_from: str
    document: str


@dataclass(frozen=True, slots=True)
class OccurrenceFilter:
    """Filters that are given must all hold; ``state`` may name several with commas between, ``start`` and ``end`` bound
    the nominal date (both inclusive)."""

    scope: Scope = EVERYTHING
    subject: str | None = None
    site: str | None = None
    plan_row: str | None = None
    state: str | None = None
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Filters that are given must all hold; ``open_only`` leaves out the ended ones, ``without_asset`` those of an
    asset, ``unassigned`` those that a person has been given, ``given`` those that nobody has, ``at_risk`` keeps open
    ones with a clock that has used three quarters of its limit by then. ``contractors`` widens the scope: their orders
    are seen, too, wherever they are."""

    scope: Scope = EVERYTHING
    kind: str | None = None
    state: str | None = None
    origin: str | None = None
    asset: str | None = None
    site: str | None = None
    department: str | None = None
    assignee: str | None = None
    contractor: str | None = None
    unassigned: bool = False
    given: bool = False
    contractors: frozenset[str] = frozenset()
    due_before: datetime | None = None
    open_only: bool = False
    without_asset: bool = False
    at_risk: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueuedOperation:
    """An operation that was taken (applied or a conflict), with its place among all of them."""

    position: int
    operation: Operation
    result: OperationResult


class OrderRepository(ABC):
    """Work orders, their history, and the operations that tablets sent."""

    @abstractmethod
    def next_number(self) -> int: ...

    @abstractmethod
    def add(self, order: WorkOrder) -> None: ...

    @abstractmethod
    def add_many(self, orders: Sequence[WorkOrder]) -> None:
        """As ``add``; numbers are given by the repository when 0."""

    @abstractmethod
    def get(self, order_id: str) -> WorkOrder: ...

    @abstractmethod
    def lock(self, order_id: str) -> WorkOrder:
        """As ``get``, and nobody else changes it until the transaction ends."""

    @abstractmethod
    def standing(self, ids: Sequence[str]) -> Mapping[str, WorkOrder]:
        """Those of the orders that have not ended, by id."""

    @abstractmethod
    def planned_for(self, assets: Sequence[str]) -> Sequence[WorkOrder]:
        """The planned orders of some assets that have not ended."""

    @abstractmethod
    def update(self, order: WorkOrder, expected_version: int) -> WorkOrder:
        """Write and raise the version; ``VersionConflict`` when the stored version is another. The template stays
        what it was when the order was made."""

    @abstractmethod
    def list(self, filters: OrderFilter, page: PageRequest) -> Page[WorkOrder]:
        """By due date, then number, unless sorted otherwise (fields: due, number, opened_at, severity, next_limit)."""

    @abstractmethod
    def counts(self, scope: Scope) -> Mapping[tuple[str, State], int]:
        """How many orders by (kind, state)."""

    @abstractmethod
    def add_transition(self, transition: Transition) -> None: ...

    @abstractmethod
    def transitions(self, order_id: str) -> Sequence[Transition]: ...

    @abstractmethod
    def transitions_of(self, order_ids: Sequence[str]) -> Mapping[str, Sequence[Transition]]:
        """As ``transitions``, of those orders that have any; one query for each thousand."""

    @abstractmethod
    def operation(self, op_id: str) -> tuple[Operation, OperationResult] | None: ...

    @abstractmethod
    def add_operation(self, operation: Operation, result: OperationResult) -> None: ...

    @abstractmethod
    def operations(self, order_id: str) -> Sequence[tuple[Operation, OperationResult]]:
        """All operations on an order in the order of capture."""

    @abstractmethod
    def operations_after(self, consumer: str, limit: int) -> Sequence[QueuedOperation]:
        """Operations behind the consumer's cursor, in the order of their positions, which is the order of commits:
        a reader never skips one. Consumers of findings and of operations share one space of names."""

    @abstractmethod
    def move_cursor(self, consumer: str, position: int) -> None:
        """The consumer has done everything up to ``position``. A cursor never moves back."""


class EpisodeRepository(ABC):
    """Episodes."""

    @abstractmethod
    def latest(self, asset: str, failure_mode: str) -> Episode | None:
        """The newest episode of the pair, locked until the transaction ends."""

    @abstractmethod
    def get(self, episode_id: str) -> Episode: ...

    @abstractmethod
    def of_order(self, order_id: str, *, waiting: bool = True) -> Sequence[Episode]:
        """The episodes whose ticket is that order, oldest first, locked until a writing transaction ends; without
        ``waiting`` but those that others change at the moment."""

    @abstractmethod
    def closed_unacknowledged(
        self, scope: Scope, since: datetime, site: str | None = None, asset: str | None = None
    ) -> Sequence[Episode]:
        """Those that closed after an instant and that nobody has taken note of, newest first, at most 1,000."""

    @abstractmethod
    def add(self, episode: Episode) -> None: ...

    @abstractmethod
    def update(self, episode: Episode) -> None: ...

    @abstractmethod
    def list(
        self,
        scope: Scope,
        page: PageRequest,
        asset: str | None = None,
        state: str | None = None,
        site: str | None = None,
        sources: Sequence[str] | None = None,
    ) -> Page[Episode]:
        """Newest first."""


class MaintenanceTx(LedgerTx):
    """One unit of work with everything in it."""

    plan: PlanRepository
    plan_changes: PlanChangeRepository
    budgets: BudgetRepository
    orders: OrderRepository
    episodes: EpisodeRepository
    alarms: AlarmRepository
    loop_tests: LoopTestRepository
    spells: SpellRepository
    rests: RestRepository
    people: PeopleRepository
    jobs: JobRepository
    records: RecordRepository
    imports: ImportRepository
    seeding: SeedRepository
    emergency: EmergencyPlanRepository
    incidents: IncidentRepository
    risk: RiskRepository
    sla: SlaRepository
    channels: ChannelRepository
    notifications: NotificationRepository
    work_records: WorkRecordRepository
    repairs: RepairRepository
    owner_reports: OwnerReportRepository
    figures: FigureRepository
    report_store: ReportRepository
