"""Port of the ledger: what collectors, the API and the command line ask of it.

The ledger is transactional. ``Ledger.begin()`` gives one unit of work (``LedgerTx``) whose parts are the repositories
below and those of ``maintenance.ports``; leaving the block commits, an exception rolls back. Safe to use from several
threads and processes; a transaction belongs to one thread.

Every repository raises ``Unreachable`` when the database is away, ``Contended`` when the transaction lost against
another one and may be begun again, ``NotFound``, ``Conflict`` and ``VersionConflict`` as their names say.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, TypeVar

from plantroom.domain.assets import (
    Asset,
    AssetStatus,
    Health,
    LearnWindow,
    Location,
    Plant,
    Point,
    Presence,
    Site,
    Source,
)
from plantroom.domain.findings import Finding
from plantroom.domain.flow import Trouble
from plantroom.errors import Conflict, Unreachable
from plantroom.ports.accounts import AccountRepository
from plantroom.ports.audit import AuditRepository
from plantroom.ports.device_clocks import DeviceClock
from plantroom.ports.devices import DeviceRepository
from plantroom.ports.equipment import (
    CustomFieldRepository,
    DueLicence,
    FileRepository,
    PartRepository,
    PlaceRepository,
    SensorRepository,
)
from plantroom.ports.events import AssetEvent
from plantroom.ports.gaps import GapRepository
from plantroom.ports.leases import LeaseRepository
from plantroom.ports.letters import LetterRepository
from plantroom.ports.live import LiveRepository
from plantroom.ports.outbox import QueuedFinding, WaitingFinding
from plantroom.ports.paging import EVERYTHING, Page, PageRequest, Scope
from plantroom.ports.rollups import RollUpRepository
from plantroom.ports.sources import SourceRepository
from plantroom.ports.telling import Told, nobody

LEDGER = "ledger"
"""What errors call it."""


class Contended(Conflict):
    """Two transactions waited for each other, or one changed what the other had read, and this one was undone as a
    whole: begin it again."""

    code = "contended"
    retryable = True
    retry_after_s = 1.0


class Occupied(Unreachable):
    """Another transaction held what this one needed for longer than it waits; this one was undone as a whole."""


@dataclass(frozen=True, slots=True)
class AssetFilter:
    """Filters that are given must all hold. ``text``: every word of it is somewhere in the asset's codes (former ones,
    too), names, maker, model, serial number, custom fields or the names of the places it stands in. ``keys`` are those
    of assets, ``location`` is a place with all that stands in it, ``parent`` the asset that they are parts of."""

    scope: Scope = EVERYTHING
    code: str | None = None
    equipment_class: str | None = None
    site: str | None = None
    status: str | None = None
    text: str | None = None
    keys: Collection[str] | None = None
    location: str | None = None
    department: str | None = None
    criticality: str | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class AssetView:
    """An asset with what changes by itself. ``clock``: ``None`` while it is not measured."""

    asset: Asset
    presence: Presence
    presence_since: datetime | None
    last_seen: datetime | None
    health: Health
    health_reason: Mapping[str, object] | None
    clock: DeviceClock | None = None


class AssetRepository(ABC):
    """Sites, locations, assets, points, sources, learn windows. Every change raises the plant's revision."""

    @abstractmethod
    def revision(self) -> int:
        """Rises with every change to what ``plant`` shows. One cheap query."""

    @abstractmethod
    def plant(self) -> Plant:
        """Everything a collector needs, at one revision (scrapped assets left out, the others ``abridged``). Reading
        transactions of one process share it, so that it may be later than what else they see; after a change only what
        has changed is read anew."""

    @abstractmethod
    def sites(self) -> Sequence[Site]: ...

    @abstractmethod
    def site(self, code: str) -> Site: ...

    @abstractmethod
    def add_site(self, site: Site) -> None:
        """Raises ``BadData`` for a code that no new site can have (``plantroom.wire.check_site_code``), ``Conflict``
        where it is there."""

    @abstractmethod
    def change_site(self, site: Site) -> None:
        """Write all fields but the code. ``NotFound``."""

    @abstractmethod
    def locations(self, site: str) -> Sequence[Location]: ...

    @abstractmethod
    def add_location(self, location: Location) -> None: ...

    @abstractmethod
    def list(self, filters: AssetFilter, page: PageRequest) -> Page[AssetView]:
        """Assets, by site and code unless sorted otherwise."""

    @abstractmethod
    def get(self, key: str) -> AssetView: ...

    @abstractmethod
    def several(self, keys: Collection[str], *, lock: bool = False) -> Mapping[str, Asset]:
        """By key, those that there are; one query for each thousand. ``lock``: nobody else changes them meanwhile."""

    @abstractmethod
    def lock(self, key: str) -> AssetView:
        """As ``get``, and nobody else changes the asset until the transaction ends."""

    @abstractmethod
    def find(self, site: str, code: str) -> Asset | None:
        """By code or alias within a site."""

    @abstractmethod
    def add(self, asset: Asset, points: Sequence[Point]) -> None:
        """``Conflict`` when the code is taken in the site, ``NotFound`` for an unknown site or location."""

    @abstractmethod
    def update(self, asset: Asset, expected_version: int | None) -> Asset:
        """Write all fields but key, site and class; a changed code leaves its alias behind. Gives the asset
        with its new version; ``VersionConflict`` when ``expected_version`` is not the stored one."""

    @abstractmethod
    def add_many(self, assets: Sequence[Asset], points: Sequence[Point], told: Told = nobody) -> None:
        """As ``add``, for many at once, parents and partners in any order; ``told`` hears how many are written.
        ``points``: by asset in their order. The caller has checked the hierarchy (``domain.hierarchy``)."""

    @abstractmethod
    def update_many(self, assets: Sequence[Asset], told: Told = nobody) -> Sequence[Asset]:
        """As ``update``, for many at once, whatever their version; gives them with their new ones."""

    @abstractmethod
    def remove_many(self, keys: Collection[str]) -> None:
        """Take assets away that were entered by mistake, with their points, codes and sensors. ``Conflict`` when
        something else refers to one (a work order, readings' presence, an event): scrap it instead."""

    @abstractmethod
    def find_many(self, codes: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Asset]:
        """By (site, code or alias), those that there are."""

    @abstractmethod
    def points_of(self, assets: Collection[str]) -> Mapping[str, Sequence[Point]]:
        """As ``points``, of many assets; those without points are left out."""

    @abstractmethod
    def remove_points(self, points: Collection[tuple[str, str]]) -> None:
        """Take points away by (asset, point); their readings stay."""

    @abstractmethod
    def parts_of(self, key: str) -> Sequence[Asset]:
        """The assets whose parent it is, by code."""

    @abstractmethod
    def licences_due(self, scope: Scope, before: date, site: str | None = None) -> Sequence[DueLicence]:
        """Licences in force (``domain.papers.in_force``) of assets that are not scrapped, that expire before a day, the
        first to expire first."""

    @abstractmethod
    def set_status(self, key: str, status: AssetStatus) -> None: ...

    @abstractmethod
    def points(self, asset: str) -> Sequence[Point]: ...

    @abstractmethod
    def put_points(self, points: Sequence[Point]) -> None:
        """Add or replace points; a unit that is set already stays (``Conflict`` on another)."""

    @abstractmethod
    def put_source(self, source: Source) -> None: ...

    @abstractmethod
    def add_learn_window(self, asset: str, start: datetime, end: datetime, declared_by: str) -> LearnWindow: ...


@dataclass(frozen=True, slots=True)
class PresenceChange:
    """What became of an asset's publisher. ``interval_ms``: how often it is usually heard from (0: in less than 20 s;
    ``None``: not known yet); ``greeted_at``: when it last said itself that it is online."""

    asset: str
    presence: Presence
    since: datetime
    last_seen: datetime | None
    interval_ms: int | None = None
    greeted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HealthChange:
    """What the model makes of an asset now, with the reason for people (score, points)."""

    asset: str
    health: Health
    reason: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class CollectorReport:
    """What one collector process says of itself, replacing its earlier word. ``reported_at``: by the ledger's clock, as
    ``CollectRepository.now`` gives it, since the hosts' clocks may be apart."""

    collector: str
    reported_at: datetime
    ready: bool
    problems: Sequence[str]
    stats: Mapping[str, float]
    """Keys: received, stored, duplicates, dead_lettered, gaps, spool_depth, lag_s and what docs/metrics.md says."""
    by_site: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """The same figures by site, for those who may not see every site, made by ``domain.flow.with_lanes``."""
    troubles: Sequence[Trouble] = ()
    """The problems by kind, each with its site and since when."""
    store: str = ""
    """Address of its readings store (``ReadingsStore.address``); empty from an earlier version."""


class CollectRepository(LetterRepository):
    """What collectors write: findings, dead letters, presence, health, events, their own state."""

    @abstractmethod
    def append_findings(self, findings: Sequence[Finding]) -> int:
        """Append to the outbox those whose ``finding_id`` is not there yet; gives how many were new.

        Positions rise in the order of commits, so that a reader never skips one.
        """

    @abstractmethod
    def findings_after(self, consumer: str, limit: int) -> Sequence[QueuedFinding]:
        """Findings behind the consumer's cursor that it has not taken ahead; locks the cursor until the transaction
        ends."""

    @abstractmethod
    def waiting_after(self, consumer: str, position: int, limit: int) -> Sequence[WaitingFinding]:
        """The places behind ``position`` of what ``findings_after`` would give, the first of them, at most ``limit``;
        empty when there are none. Locks the cursor likewise."""

    @abstractmethod
    def findings_at(self, consumer: str, positions: Sequence[int]) -> Sequence[QueuedFinding]:
        """Those at the positions (at most 1,000) that still wait, in their order; locks the cursor likewise."""

    @abstractmethod
    def take_ahead(self, consumer: str, positions: Sequence[int]) -> None:
        """Findings that the consumer has done before what waits in front of them: ``findings_after`` and
        ``waiting_after`` give them no more."""

    @abstractmethod
    def move_cursor(self, consumer: str, position: int) -> None:
        """The consumer has done everything up to ``position``."""

    @abstractmethod
    def forget_findings(self, consumers: Sequence[str], before: datetime, most: int) -> int:
        """Delete findings received before an instant that all the consumers have passed; looks at the ``most`` oldest
        positions and gives how many of them it deleted. One that comes again after that is new."""

    @abstractmethod
    def put_presence(self, changes: Sequence[PresenceChange]) -> None: ...

    @abstractmethod
    def presence(self) -> Mapping[str, PresenceChange]:
        """Last word on every asset, by key."""

    @abstractmethod
    def put_clocks(self, clocks: Sequence[DeviceClock]) -> None: ...

    @abstractmethod
    def clocks(self) -> Mapping[str, DeviceClock]:
        """Last word on every device's clock, by the asset's key."""

    @abstractmethod
    def put_health(self, changes: Sequence[HealthChange]) -> None: ...

    @abstractmethod
    def add_events(self, events: Sequence[AssetEvent]) -> None:
        """Those whose id is there already are left as they are."""

    @abstractmethod
    def events(self, asset: str, limit: int) -> Sequence[AssetEvent]:
        """Newest first."""

    @abstractmethod
    def events_beyond(self, keep: int, most: int) -> Sequence[str]:
        """Events, at most ``most``, of each site that has more than ``keep``: those received first. Those of an asset
        since its open episode began stay, until a site has twice ``keep``. Counts all events (a second for a million):
        not for a transaction that writes."""

    @abstractmethod
    def let_events_go(self, ids: Sequence[str]) -> int:
        """Take these events away; gives how many there were."""

    @abstractmethod
    def now(self) -> datetime:
        """The database's own clock, by which everybody says when a collector last spoke."""

    @abstractmethod
    def report_collector(self, report: CollectorReport) -> None: ...

    @abstractmethod
    def collectors(self) -> Sequence[CollectorReport]: ...


class LedgerTx(ABC):
    """One unit of work. ``maintenance.ports.MaintenanceTx`` adds the maintenance repositories."""

    assets: AssetRepository
    places: PlaceRepository
    custom_fields: CustomFieldRepository
    parts: PartRepository
    sensors: SensorRepository
    files: FileRepository
    sources: SourceRepository
    collect: CollectRepository
    accounts: AccountRepository
    devices: DeviceRepository
    leases: LeaseRepository
    live: LiveRepository
    roll_ups: RollUpRepository
    gaps: GapRepository
    audit: AuditRepository


TX = TypeVar("TX", bound=LedgerTx, covariant=True)


class Ledger(ABC, Generic[TX]):
    """The ledger's database. The constructor validates, ``open`` connects and migrates."""

    @abstractmethod
    def open(self) -> None:
        """Connect and bring the schema up to date (safe when several processes do it at once)."""

    @abstractmethod
    def begun(self) -> bool:
        """Whether it has its tables, asked without making any. Raises ``Unreachable``, ``SettingError`` as ``open``."""

    @abstractmethod
    def older(self) -> str | None:
        """The version of its schema when that is an older one, which ``open`` would bring up to date; else ``None``."""

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def ping(self) -> None:
        """Return when the ledger can be read and written now, else raise ``Unreachable``."""

    @abstractmethod
    def begin(self) -> AbstractContextManager[TX]:
        """A transaction that may read and write."""

    @abstractmethod
    def read(self) -> AbstractContextManager[TX]:
        """A transaction that only reads; sees one consistent state."""

    @abstractmethod
    def wait_for_change(self, timeout_s: float) -> bool:
        """Wait until another transaction (of any process) may have committed findings or live events (``True``), or the
        time is over, as for a database that is away. Called from one thread per purpose."""
