"""The ledger on a relational database, by its URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import exc
from sqlalchemy.engine import URL, Connection, make_url

from maintenance.ports import MaintenanceTx
from plantroom.errors import SettingError, Unreachable
from plantroom.ports.ledger import LEDGER, Ledger
from plantroom.storage.ledger.accounts import SqlAccounts
from plantroom.storage.ledger.alarms import SqlAlarms
from plantroom.storage.ledger.asset_index import IndexKeeper
from plantroom.storage.ledger.assets import SqlAssets
from plantroom.storage.ledger.audit import SqlAudit
from plantroom.storage.ledger.audit_hook import Recorder
from plantroom.storage.ledger.backend import Backend
from plantroom.storage.ledger.budgets import SqlBudgets
from plantroom.storage.ledger.collect import SqlCollect
from plantroom.storage.ledger.custom_fields import SqlCustomFields
from plantroom.storage.ledger.devices import SqlDevices
from plantroom.storage.ledger.emergency import SqlEmergencyPlans
from plantroom.storage.ledger.episodes import SqlEpisodes
from plantroom.storage.ledger.figures import SqlFigures
from plantroom.storage.ledger.files import SqlFiles
from plantroom.storage.ledger.frozen import SqlRecords
from plantroom.storage.ledger.gaps import SqlGaps
from plantroom.storage.ledger.imports import SqlImports
from plantroom.storage.ledger.incidents import SqlIncidents
from plantroom.storage.ledger.jobs import SqlJobs
from plantroom.storage.ledger.leases import SqlLeases
from plantroom.storage.ledger.live import SqlLive
from plantroom.storage.ledger.loop_tests import SqlLoopTests
from plantroom.storage.ledger.notify import SqlChannels, SqlNotifications
from plantroom.storage.ledger.orders import SqlOrders
from plantroom.storage.ledger.owner_reports import SqlOwnerReports
from plantroom.storage.ledger.parts import SqlParts
from plantroom.storage.ledger.people import SqlPeople
from plantroom.storage.ledger.places import SqlPlaces
from plantroom.storage.ledger.plan import SqlPlan
from plantroom.storage.ledger.plan_changes import SqlPlanChanges
from plantroom.storage.ledger.repairs import SqlRepairs
from plantroom.storage.ledger.report_store import SqlReports
from plantroom.storage.ledger.rests import SqlRests
from plantroom.storage.ledger.risk import SqlRisk
from plantroom.storage.ledger.rollups import SqlRollUps
from plantroom.storage.ledger.schema import HEAD, URL_SETTING, bring_up_to_date, stored_revision
from plantroom.storage.ledger.seeding import SqlSeeding
from plantroom.storage.ledger.sensors import SqlSensors
from plantroom.storage.ledger.shared import Shared
from plantroom.storage.ledger.sla import SqlSla
from plantroom.storage.ledger.sources import SqlSources
from plantroom.storage.ledger.spells import SqlSpells
from plantroom.storage.ledger.sqlite import SqliteBackend
from plantroom.storage.ledger.standings import flush_changes
from plantroom.storage.ledger.work import Work
from plantroom.storage.ledger.work_records import SqlWorkRecords

EXPECTED = "sqlite:///FILE or postgresql+psycopg://user:password@host:port/database"


class SqlTx(MaintenanceTx):
    """One transaction with its repositories.

    A ``Conflict`` that comes from the database itself (two writers at the same moment) ends the transaction on
    PostgreSQL: leave the block and begin again. After a ``Contended`` it always is.
    """

    def __init__(
        self, connection: Connection, backend: Backend, *, writable: bool, shared: Shared | None = None
    ) -> None:
        self._recorder = Recorder(connection, backend) if writable else None
        self.work = Work(connection, backend, writable, shared=shared or Shared(), recorder=self._recorder)
        self.assets = SqlAssets(self.work)
        self.places = SqlPlaces(self.work)
        self.custom_fields = SqlCustomFields(self.work)
        self.parts = SqlParts(self.work)
        self.sensors = SqlSensors(self.work)
        self.files = SqlFiles(self.work)
        self.sources = SqlSources(self.work)
        self.collect = SqlCollect(self.work)
        self.accounts = SqlAccounts(self.work)
        self.devices = SqlDevices(self.work)
        self.leases = SqlLeases(self.work)
        self._live = SqlLive(self.work)
        self.live = self._live
        self.roll_ups = SqlRollUps(self.work)
        self.gaps = SqlGaps(self.work)
        self.audit = SqlAudit(self.work)
        self.plan = SqlPlan(self.work)
        self.plan_changes = SqlPlanChanges(self.work)
        self.budgets = SqlBudgets(self.work)
        self._orders = SqlOrders(self.work)
        self.orders = self._orders
        self.episodes = SqlEpisodes(self.work)
        self.alarms = SqlAlarms(self.work)
        self.loop_tests = SqlLoopTests(self.work)
        self.spells = SqlSpells(self.work)
        self.rests = SqlRests(self.work)
        self.people = SqlPeople(self.work)
        self.jobs = SqlJobs(self.work)
        self.records = SqlRecords(self.work)
        self.imports = SqlImports(self.work)
        self.seeding = SqlSeeding(self.work)
        self.emergency = SqlEmergencyPlans(self.work)
        self.incidents = SqlIncidents(self.work)
        self.risk = SqlRisk(self.work)
        self.sla = SqlSla(self.work)
        self.channels = SqlChannels(self.work)
        self.notifications = SqlNotifications(self.work)
        self.work_records = SqlWorkRecords(self.work)
        self.repairs = SqlRepairs(self.work)
        self.owner_reports = SqlOwnerReports(self.work)
        self.figures = SqlFigures(self.work)
        self.report_store = SqlReports(self.work)

    def finish(self) -> None:
        """What has to happen just before the commit."""
        self._orders.flush()
        flush_changes(self.work)
        if self._recorder is not None:
            self._recorder.flush()
        # Last, because whoever notes live events keeps others who do from committing.
        self._live.flush()
        if self.work.wakes:
            self.work.backend.notify(self.work.connection)


class SqlLedger(Ledger[MaintenanceTx]):
    """The ledger in SQLite (``sqlite:///FILE``) or PostgreSQL (``postgresql+psycopg://...``).

    Raises ``SettingError`` for a URL that is neither. ``index_from``: of how many assets a process that lists them
    makes an index.
    """

    def __init__(self, url: str, index_from: int | None = None) -> None:
        self._backend = _backend(url)
        self._index = IndexKeeper(self._backend) if index_from is None else IndexKeeper(self._backend, index_from)
        self._shared = Shared(self._index)
        self._open = False

    def open(self) -> None:
        """Connect and migrate. Raises ``Unreachable``, and ``SettingError`` for a newer program's ledger."""
        if self._open:
            return
        self._backend.open()
        bring_up_to_date(self._backend)
        self._backend.changes.remember()
        self._open = True

    @property
    def asset_index(self) -> IndexKeeper:
        """The index of assets that reading transactions use."""
        return self._index

    def build_index(self) -> None:
        """Make the index of assets here and now, whatever their number."""
        self._index.build()

    def begun(self) -> bool:
        if not self._backend.is_there():
            return False
        with _pool_errors(), self._backend.read() as connection:
            return stored_revision(connection) is not None

    def older(self) -> str | None:
        if not self._backend.is_there():
            return None
        with _pool_errors(), self._backend.read() as connection:
            stored = stored_revision(connection)
        return stored if stored is not None and stored < HEAD else None

    def close(self) -> None:
        self._open = False
        self._backend.close()

    def ping(self) -> None:
        with self.begin() as tx:
            tx.assets.revision()
            self._backend.check_writable(tx.work.connection)

    @contextmanager
    def begin(self) -> Iterator[SqlTx]:
        with _pool_errors(), self._backend.begin() as connection:
            tx = SqlTx(connection, self._backend, writable=True, shared=self._shared)
            yield tx
            tx.finish()
        if tx.work.wakes:
            self._backend.changes.poke()

    @contextmanager
    def read(self) -> Iterator[SqlTx]:
        with _pool_errors(), self._backend.read() as connection:
            yield SqlTx(connection, self._backend, writable=False, shared=self._shared)

    def wait_for_change(self, timeout_s: float) -> bool:
        return self._backend.changes.wait(timeout_s)


@contextmanager
def _pool_errors() -> Iterator[None]:
    try:
        yield
    except exc.TimeoutError as error:
        raise Unreachable(LEDGER, "all connections have been busy for too long") from error


def _backend(text: str) -> Backend:
    try:
        url = make_url(text)
    except (exc.ArgumentError, ValueError):
        raise SettingError(URL_SETTING, "is not a database URL", EXPECTED) from None
    if url.drivername in {"sqlite", "sqlite+pysqlite"}:
        return SqliteBackend(_file(url))
    if url.drivername in {"postgresql", "postgresql+psycopg"}:
        return _postgres(url)
    raise SettingError(URL_SETTING, f"{url.drivername!r} is not supported", EXPECTED)


def _file(url: URL) -> Path:
    if not url.database or ":memory:" in url.database or url.host or url.query:
        raise SettingError(URL_SETTING, "names no file", EXPECTED)
    path = Path(url.database).expanduser().absolute()
    if path.is_dir():
        raise SettingError(URL_SETTING, f"{path} is a folder", EXPECTED)
    return path


def _postgres(url: URL) -> Backend:
    if not url.database:
        raise SettingError(URL_SETTING, "names no database", EXPECTED)
    from plantroom.storage.ledger.postgresql import PostgresBackend

    return PostgresBackend(url)
