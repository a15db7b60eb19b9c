"""The ports that the API stands on, given by ``plantroom.bootstrap``. Nothing here connects to anything."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Protocol

from fastapi import Depends, Request

from api.directory import Directory
from api.imports.under_way import UnderWay
from api.ingest.history import FlowHistory
from api.ingest.letters import LettersSeen
from api.ingest.store import StoreSeen
from api.public.limits import PublicLimits
from maintenance.notify.channels import Channel
from maintenance.notify.ports import Delivered, NotSent, Outgoing, Post, Vault
from maintenance.ports import MaintenanceTx
from maintenance.reading_port import NO_READINGS, PointReadings
from maintenance.scheduled import JobFigures
from plantroom.catalogue.systems import System
from plantroom.domain.assets import EquipmentClass
from plantroom.errors import SettingError, Unreachable
from plantroom.ports.clock import Clock
from plantroom.ports.files import FileStore, StoredFile
from plantroom.ports.ledger import CollectorReport, Ledger
from plantroom.ports.readings import ReadingsStore


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a point shows when all is well, in its own unit, with the band around it, and the span of time
    that this was learned from. Without a band both ends are ``None``."""

    expected: float
    low: float | None
    high: float | None
    learned_from: datetime | None = None
    learned_to: datetime | None = None


class ModelView(Protocol):
    """What the API shows of the condition models."""

    def baselines(self, asset: str) -> Mapping[str, Baseline]:
        """The active baseline of an asset by point key; empty without one."""
        ...


def _no_reasons() -> Sequence[str]:
    return ()


def _no_reports() -> Sequence[CollectorReport]:
    return ()


def _no_file(_sha256: str) -> bool:
    return False


class _NoFiles(FileStore):
    """Where no store of files is given."""

    def put(self, chunks: Iterable[bytes], mime: str, expected: str | None = None) -> StoredFile:
        del chunks, mime, expected
        raise Unreachable("files", "there is no store of files")

    def has(self, sha256: str) -> bool:
        del sha256
        return False

    def path(self, sha256: str) -> Path | None:
        del sha256
        return None


def _no_broker() -> str:
    return "no broker is told"


def _no_figures() -> Mapping[str, float]:
    return {}


def _no_jobs() -> Mapping[str, JobFigures]:
    return {}


class NoVault:
    """Where nobody has said where the key of secrets is."""

    def seal(self, text: str) -> str:
        """Raises ``SettingError``."""
        del text
        raise SettingError("PLANTROOM_SECRETS_KEY", "is not set", "a file with the key")

    def open(self, sealed: str) -> str:
        """Raises ``SettingError``."""
        del sealed
        raise SettingError("PLANTROOM_SECRETS_KEY", "is not set", "a file with the key")


def _nothing_delivered() -> Delivered:
    return Delivered()


def _no_post(channel: Channel, message: Outgoing) -> None:
    del channel, message
    raise NotSent("this process sends no messages")


@dataclass(frozen=True)
class Services:
    """Everything that the API needs.

    ``readiness`` gives the reasons why the process is not ready (empty: it is). ``static_dir`` is the folder
    of the built web app. ``secure_cookies`` is ``auto`` (as the request's scheme), ``always`` or ``never``.
    ``local_stats`` gives the present word of collectors in this process, which stands before what they last
    wrote into the ledger. ``planning_clock`` is the clock of plan previews and of making work orders
    (``PLANTROOM_NOW``; default: ``clock``), ``plan_readings`` the readings that they go by. ``file_arrived`` says
    whether the file of a SHA-256 has arrived from a tablet. ``tell_broker`` has the broker know the ledger's devices as
    they are now and says in one sentence what came of it (``Unreachable`` when it cannot be told). ``figures`` gives
    further gauges for ``/metrics``, by Prometheus name, ``jobs`` those of the scheduler's jobs. ``files`` keeps files
    by their hash; ``public_url`` is the address under which people reach the web app (``None``: as they ask for it).
    ``history`` is what
    ``api.ingest.sampler`` fills, ``letters`` what was last seen of dead letters, ``store`` of the readings store.
    ``imports`` is how far those are that this process writes.
    ``public_sites`` are those whose faults anybody may report (``None``: all of them, empty: none), ``public_limits``
    how often.
    """

    ledger: Ledger[MaintenanceTx]
    readings: ReadingsStore
    classes: Mapping[str, EquipmentClass]
    systems: Mapping[str, System]
    clock: Clock
    readiness: Callable[[], Sequence[str]] = _no_reasons
    static_dir: Path | None = None
    secure_cookies: str = "auto"
    model_view: ModelView | None = None
    local_stats: Callable[[], Sequence[CollectorReport]] = _no_reports
    file_arrived: Callable[[str], bool] = _no_file
    files: FileStore = field(default_factory=_NoFiles)
    tell_broker: Callable[[], str] = _no_broker
    figures: Callable[[], Mapping[str, float]] = _no_figures
    jobs: Callable[[], Mapping[str, JobFigures]] = _no_jobs
    vault: Vault = field(default_factory=NoVault)
    post: Post = _no_post
    delivered: Callable[[], Delivered] = _nothing_delivered
    planning_clock: Clock | None = None
    plan_readings: PointReadings = NO_READINGS
    public_url: str | None = None
    session_life: timedelta = timedelta(hours=12)
    directory: Directory = field(default_factory=Directory)
    history: FlowHistory = field(default_factory=FlowHistory)
    letters: LettersSeen = field(default_factory=LettersSeen)
    store: StoreSeen = field(default_factory=StoreSeen)
    imports: UnderWay = field(default_factory=UnderWay)
    public_sites: frozenset[str] | None = None
    public_limits: PublicLimits = field(default_factory=PublicLimits)

    def __post_init__(self) -> None:
        if self.secure_cookies not in {"auto", "always", "never"}:
            raise ValueError("secure_cookies must be auto, always or never")

    def classes_of_systems(self) -> dict[str, list[str]]:
        """Equipment classes by system."""
        return {key: list(system.classes) for key, system in self.systems.items()}

    def planning_now(self) -> datetime:
        """The present as the plan table takes it."""
        return (self.planning_clock or self.clock).now()


def services_of(request: Request) -> Services:
    """The services of the application that serves this request."""
    services: Services = request.app.state.services
    return services


async def _at_hand(request: Request) -> Services:
    """As ``services_of``, on the loop's own thread: a hand-over to another one costs more than the look."""
    return services_of(request)


Parts = Annotated[Services, Depends(_at_hand)]
