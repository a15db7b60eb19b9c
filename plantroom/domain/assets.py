"""The plant as the ledger knows it: sites, equipment classes, assets, points, sources.

Names follow EN 13306 (asset), ISO 14224 (equipment class, failure mode) and Brick (location, point).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from plantroom.domain.calendars import ALWAYS_OPEN, SiteCalendar
from plantroom.domain.papers import Document, Licence, MakerLimit

if TYPE_CHECKING:
    from plantroom.domain.sources import TopicSource


@dataclass(frozen=True, slots=True)
class LocalName:
    """A text in the two languages of the interface."""

    zh: str
    en: str


class Severity(StrEnum):
    """How much a fault matters; sets the SLA clocks."""

    CRITICAL = "critical"
    MAJOR = "major"
    GENERAL = "general"
    INFO = "info"


class Status(StrEnum):
    """How far a number can be trusted: a public source states it, from memory, or our own default."""

    VERIFIED = "verified"
    FROM_MEMORY = "from_memory"
    DEFAULT = "default"


class AlarmPriority(StrEnum):
    """How soon people have to act on an alarm (ISA-18.2). ``Severity`` says how much a fault matters."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class LimitOrigin(StrEnum):
    """Who says so: the maker of this machine, a standard (as the class's data have it), or ourselves."""

    MAKER = "maker"
    STANDARD = "standard"
    OWN = "own"


class PointKind(StrEnum):
    """What kind of quantity a point shows."""

    MEASURE = "measure"
    STATE = "state"
    COUNTER = "counter"


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one point in its own unit; ``None`` where there is none.

    A value beyond a limit for its on-delay (``warning_delay_s``, ``alarm_delay_s``) of observed time raises an alarm;
    it clears once the value is back inside by ``deadband`` for ``off_delay_s`` (ISA-18.2). A priority of ``None``
    follows from the failure mode (``plantroom.domain.alarms.priority_of``). ``source`` names the basis in words,
    ``origin`` whose word it is.
    """

    normal_low: float | None = None
    normal_high: float | None = None
    warning_low: float | None = None
    warning_high: float | None = None
    alarm_low: float | None = None
    alarm_high: float | None = None
    deadband: float = 0.0
    warning_delay_s: float = 600.0
    alarm_delay_s: float = 60.0
    off_delay_s: float = 60.0
    source: str = ""
    status: Status = Status.DEFAULT
    warning_priority: AlarmPriority | None = None
    alarm_priority: AlarmPriority | None = None
    origin: LimitOrigin = LimitOrigin.STANDARD


@dataclass(frozen=True, slots=True)
class PointTemplate:
    """A point that assets of a class have unless they say otherwise.

    ``unit`` is UCUM (empty: unknown); states are 0/1 or a small whole number with unit ``1``.
    ``physical_low/high`` bound what a sound sensor can show, ``stuck_after_s`` how long a live measure may
    repeat one value (``None``: for ever), ``stuck_while`` names the state that has to be true meanwhile: of a machine
    that rests a value may stay the same (``None``: it may not), ``stale_after_s`` when silence counts as stale,
    ``failure_mode`` the mode that a limit alarm on this point speaks for (``None``: unclassified).
    """

    key: str
    name: LocalName
    unit: str
    kind: PointKind
    limits: Limits = Limits()
    physical_low: float | None = None
    physical_high: float | None = None
    stuck_after_s: float | None = None
    stuck_while: str | None = None
    stale_after_s: float | None = None
    failure_mode: str | None = None
    in_model: bool = True
    """Whether the condition model may use it (never: counters, set points, clocks)."""
    difference: bool | None = None
    """Whether it is the difference of two temperatures, which has no zero to convert; ``None``: as its unit has it."""
    optional: bool = False
    """Whether a machine may well do without: taken by hand on a round, or by a sensor that few machines have."""

    @property
    def is_difference(self) -> bool:
        """Whether values in another unit are converted as differences. A plant's temperatures are in Cel: what is in K
        is a difference, unless the point says otherwise."""
        return self.unit == "K" if self.difference is None else self.difference


@dataclass(frozen=True, slots=True)
class FailureModeSpec:
    """A failure mode of a class (ISO 14224) with what a ticket says about it.

    ``points`` are those whose deviation speaks for this mode, ``first_checks`` what to look at first.
    ``safety_limits``: where a safety event of the class is of this mode, its alarm limits are safety alarms, too
    (``plantroom.domain.alarms.safety_modes``). ``by_work``: an order's own work brings it about, so no limit of it is
    a safety alarm, whatever the source; only its event is.
    """

    key: str
    name: LocalName
    severity: Severity
    points: tuple[str, ...] = ()
    first_checks: tuple[LocalName, ...] = ()
    ticket: LocalName = LocalName("", "")
    safety_limits: bool = True
    by_work: bool = False


UNCLASSIFIED = "unclassified"
"""Mode of events and points that belong to no known failure mode."""

SENSOR_FAULT = "sensor_fault"
"""Mode of everything that is wrong with a sensor and not with the machine."""

OFFLINE = "offline"
"""Mode of an asset that has gone silent."""


CLOCK = "clock"
"""Mode of an asset whose publisher's clock is wrong."""


@dataclass(frozen=True, slots=True)
class EventTemplate:
    """An event that devices of a class send. ``clears`` names the event that this one ends."""

    key: str
    name: LocalName
    failure_mode: str
    severity: Severity
    safety: bool
    clears: str | None = None


@dataclass(frozen=True, slots=True)
class DesignLife:
    """How long machines of a class are usually kept: ``years``, and what ``basis`` that has."""

    years: float
    basis: str
    status: Status = Status.DEFAULT


@dataclass(frozen=True, slots=True)
class EquipmentClass:
    """Everything that assets of one kind share (ISO 14224 equipment class)."""

    key: str
    name: LocalName
    systems: tuple[str, ...]
    points: tuple[PointTemplate, ...] = ()
    events: tuple[EventTemplate, ...] = ()
    failure_modes: tuple[FailureModeSpec, ...] = ()
    warm_up_days: float = 14.0
    offline_after_s: float = 900.0
    checklists: tuple[str, ...] = ()
    """Codes of the checklists that jobs on such machines use."""
    life: DesignLife | None = None

    def mode(self, key: str) -> FailureModeSpec | None:
        """The failure mode by its key."""
        return next((m for m in self.failure_modes if m.key == key), None)


@dataclass(frozen=True, slots=True)
class Site:
    """A site: partition of collecting, of grants and of asset codes. ``time_zone`` is an IANA name,
    ``max_shelving_h`` the longest that an alarm may be shelved (``None``: the default of ``plantroom.domain.alarms``),
    ``calendar`` its opening hours, holidays and seasons, ``options`` which of the things it has that not every site
    does (keys of the seed, such as ``diesel_pump``; ``None``: nobody has said).
    """

    code: str
    name: LocalName
    time_zone: str = "Asia/Shanghai"
    max_shelving_h: float | None = None
    calendar: SiteCalendar = ALWAYS_OPEN
    options: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """A node of the location tree of a site; ``kind`` is building, floor or space, ``parent`` a key (``None``: the site
    itself). ``version`` counts changes."""

    key: str
    site: str
    kind: str
    name: LocalName
    parent: str | None = None
    version: int = 1


class AssetStatus(StrEnum):
    """Where an asset stands in its life."""

    IN_SERVICE = "in_service"
    STANDBY = "standby"
    UNDER_MAINTENANCE = "under_maintenance"
    OUT_OF_SERVICE = "out_of_service"
    SCRAPPED = "scrapped"


class DutyRole(StrEnum):
    """Which of a pair runs and which stands by for it."""

    DUTY = "duty"
    STANDBY = "standby"


class Presence(StrEnum):
    """Whether an asset's publisher is heard from."""

    ONLINE = "online"
    LATE = "late"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


class Health(StrEnum):
    """What the condition model makes of an asset."""

    GOOD = "good"
    WATCH = "watch"
    ACT = "act"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Asset:
    """One machine. ``key`` is immutable and never shown as a name; ``code`` is what people write on it.

    ``version`` counts changes (ETag / If-Match). ``parent`` and ``duty_partner`` are keys of assets of the same site;
    partners name each other and have the two roles. Costs are in CNY. ``custom`` holds the values of custom fields by
    their key (``plantroom.domain.custom``). ``abridged``: one of a ``Plant``, without what no collector needs
    (``ABRIDGED``); it must not be written back.
    """

    key: str
    site: str
    code: str
    equipment_class: str
    name: LocalName
    status: AssetStatus = AssetStatus.IN_SERVICE
    criticality: str = "B"
    location: str | None = None
    department: str | None = None
    manufacturer: str = ""
    model: str = ""
    serial: str = ""
    installed_on: date | None = None
    in_service_on: date | None = None
    version: int = 1
    custom: Mapping[str, object] = field(default_factory=dict)
    parent: str | None = None
    duty_partner: str | None = None
    duty_role: DutyRole | None = None
    design_life_years: float | None = None
    purchase_cost: float | None = None
    replacement_cost: float | None = None
    warranty_until: date | None = None
    licences: tuple[Licence, ...] = ()
    maker_limits: tuple[MakerLimit, ...] = ()
    documents: tuple[Document, ...] = ()
    abridged: bool = False


ABRIDGED = ("custom", "licences", "maker_limits", "documents")
"""Fields that the assets of a ``Plant`` come without."""


@dataclass(frozen=True, slots=True)
class Point:
    """A point of one asset: the class's template or an own one, with this asset's own limits."""

    asset: str
    template: PointTemplate

    @property
    def key(self) -> str:
        """The point's key, unique within its asset."""
        return self.template.key


class SourceClock(StrEnum):
    """Whether a source's time is live, or the recorded time of a replay."""

    LIVE = "live"
    SIMULATED = "simulated"


class Priority(StrEnum):
    """Which lane a source's telemetry takes."""

    NORMAL = "normal"
    SAFETY = "safety"


@dataclass(frozen=True, slots=True)
class Source:
    """How the messages of one asset are to be read. An asset without one uses the defaults."""

    asset: str
    dialect: str = "json"
    priority: Priority = Priority.NORMAL
    clock: SourceClock = SourceClock.LIVE


@dataclass(frozen=True, slots=True)
class LearnWindow:
    """An operator's word that an asset ran normally between two instants (both inclusive).

    The model of the asset is fitted on exactly the stored rows of the window, becomes active at once and
    scores from the next row on.
    """

    id: int
    asset: str
    start: datetime
    end: datetime
    declared_by: str


@dataclass(frozen=True, slots=True)
class Plant:
    """What a collector needs to know of the ledger, at one revision of it.

    ``codes`` maps (site, asset code or alias) to the asset's key; ``points`` the asset's key to its points
    by point key. ``topic_sources`` say what else than canonical topics is heard. ``site_revisions``: the revision at
    which something that a collector of the site needs last changed, where that is known.
    """

    revision: int
    sites: Mapping[str, Site]
    assets: Mapping[str, Asset]
    codes: Mapping[tuple[str, str], str]
    points: Mapping[str, Mapping[str, Point]]
    sources: Mapping[str, Source]
    learn_windows: Sequence[LearnWindow]
    topic_sources: Sequence["TopicSource"] = ()
    site_revisions: Mapping[str, int] = field(default_factory=dict, compare=False)

    def revision_of(self, site: str) -> int:
        """The revision at which something of the site last changed, or may have changed."""
        return self.site_revisions.get(site, self.revision)
