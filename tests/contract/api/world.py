"""A small plant on real stores, for tests of the API: two sites, a user of each kind, the real application."""

import io
import shutil
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.access import digest
from api.app import create_app
from api.services import Services
from gateway.broker.credentials import new_device
from maintenance.alarm_ports import Shelf
from maintenance.emergency.keeping import add_plan
from maintenance.emergency.plans import Category, EmergencyPlan
from maintenance.episodes import Episode, EpisodeState
from maintenance.imports.kinds import Asked
from maintenance.imports.ports import Mode
from maintenance.imports.running import Wanted as Import
from maintenance.imports.running import run_import
from maintenance.incidents.keeping import Wanted as WantedIncident
from maintenance.incidents.keeping import open_incident
from maintenance.incidents.model import Involved, Part
from maintenance.loop_start import Wanted, start_loop_test
from maintenance.notify.channels import Channel
from maintenance.notify.messages import Notice
from maintenance.notify.outbox import notify_channels
from maintenance.notify.ports import MessageFilter
from maintenance.notify.senders import Sender, check_address, sealed_address
from maintenance.orders import create_order
from maintenance.risk.ports import ReportFilter
from maintenance.risk.watching import watch_site
from maintenance.scheduled import PLAN, JobFigures
from maintenance.transitions import apply_transition
from maintenance.work_orders import Kind, Origin, State, WorkOrder
from plantroom.catalogue import equipment_classes, systems
from plantroom.domain.assets import Asset, LocalName, Location, Point, Severity, Site
from plantroom.domain.findings import Evidence, FindingSource
from plantroom.domain.keys import new_key
from plantroom.domain.parts import Part as StorePart
from plantroom.ports.accounts import ApiToken, Grant, Role, User
from plantroom.ports.clock import Clock
from plantroom.ports.equipment import FileEntry
from plantroom.ports.gaps import GapFilter, GapNews
from plantroom.ports.letters import DeadLetter
from plantroom.ports.paging import PageRequest
from plantroom.ports.readings import ReadingBatch, ReadingsStore, SeriesRef
from plantroom.storage.files import FolderFiles
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.readings.factory import open_readings
from plantroom.storage.vault import FileVault

HOME, AWAY = "demo", "site-west"
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PASSWORD = "correct horse"
NOBODY, SECRET = "http://127.0.0.1:9/hook", "a secret of sixteen"


class MovableClock(Clock):
    def __init__(self) -> None:
        self.instant = NOW

    def now(self) -> datetime:
        return self.instant

    def forward(self, **span: float) -> None:
        self.instant += timedelta(**span)


@dataclass
class World:
    ledger: SqlLedger
    readings: ReadingsStore
    clock: MovableClock
    services: Services
    app: FastAPI
    keys: dict[str, str] = field(default_factory=dict)
    ids: dict[str, dict[str, str]] = field(default_factory=dict)
    spares: int = 0

    def client(self, token: str | None = None) -> TestClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return TestClient(self.app, headers=headers, raise_server_exceptions=False, client=("10.0.0.7", 1234))

    def token(self, role: Role, site: str | None = None, department: str | None = None) -> str:
        secret = digest(f"{role.value} {site} {department}")
        with self.ledger.begin() as tx:
            if tx.accounts.token(digest(secret)) is None:
                grants = [Grant(role, site, department)]
                record = ApiToken(secret[:8], "machine", digest(secret), grants, NOW, NOW + timedelta(days=30))
                tx.accounts.add_token(record)
        return secret

    def as_(self, role: Role, site: str | None = None, department: str | None = None) -> TestClient:
        return self.client(self.token(role, site, department))

    @property
    def admin(self) -> TestClient:
        return self.as_(Role.ADMIN)

    def store(self, asset: str, rows: Mapping[str, list[tuple[int, float, int]]]) -> None:
        """Write readings: (ts_ms, value, reason) by point."""
        with self.ledger.read() as tx:
            found = tx.assets.get(asset).asset
        series = [SeriesRef(found.site, found.equipment_class, asset, p) for p in rows]
        flat = [(n, *row) for n, p in enumerate(rows) for row in rows[p]]
        columns = list(zip(*flat, strict=True))
        batch = ReadingBatch(
            series,
            np.array(columns[0], np.int32),
            np.array(columns[1], np.int64),
            np.array(columns[2], np.float64),
            np.array(columns[3], np.uint8),
        )
        assert not self.readings.write(batch).rejected

    def ticket(self, site: str = HOME, **given: Any) -> WorkOrder:
        with self.ledger.begin() as tx:
            return create_order(
                tx,
                site=site,
                kind=Kind.CORRECTIVE,
                origin=Origin.STAFF,
                title=LocalName("漏水", "Leak"),
                by="somebody",
                now=self.clock.now(),
                asset=self.keys[site],
                **given,
            )

    def episode(self, site: str = HOME, source: FindingSource = FindingSource.LIMIT, name: str = "e1") -> str:
        key = f"{name}-{site}"
        at = self.clock.now()
        evidence = (Evidence("vibration", 0.7, 9.1, 2.0), Evidence("suction_pressure", 0.3, 0.1, 0.3))
        with self.ledger.begin() as tx:
            tx.episodes.add(
                Episode(
                    key, site, self.keys[site], "bearing", source, EpisodeState.OPEN, Severity.MAJOR, False,
                    opened_observed_at=at, opened_at=at, last_observed_at=at, evidence=evidence,
                )
            )  # fmt: skip
        return key

    def shelf(self, site: str = HOME) -> str:
        at = self.clock.now()
        shelf = Shelf(
            f"s1-{site}", site, self.keys[site], "bearing", ("limit:vibration:alarm_high",), "waits for a part", "li",
            at, at + timedelta(hours=2),
        )  # fmt: skip
        with self.ledger.begin() as tx:
            tx.alarms.add_shelf(shelf)
        return shelf.id

    def gap(self, site: str = HOME) -> str:
        """Numbers 5 to 9 of the site's pump, which have not come."""
        now = self.clock.now()
        with self.ledger.begin() as tx:
            tx.gaps.note(site, [GapNews(self.keys[site], "P-1", "telemetry", "b1", 0, now, now, [(5, 9)])])
            return tx.gaps.list(GapFilter(site=site), PageRequest(1)).items[0].id

    def dead_letter(self, site: str = HOME, name: str = "d1", payload: bytes = b"not json") -> str:
        key = f"{name}-{site}"
        with self.ledger.begin() as tx:
            letter = DeadLetter(key, site, self.clock.now(), f"plantroom/{site}/P-1/telemetry", "not JSON", payload)
            tx.collect.add_dead_letters([letter])
        return key

    def spare(self, site: str = HOME) -> str:
        """A pump beside the first one, in no loop test yet."""
        self.spares += 1
        return add_pump(self, site, f"SPARE-{self.spares}", "水务管理部门")

    def place(self, site: str = HOME, name: str = "水泵房") -> str:
        made = Location(new_key(), site, "space", LocalName(name, name))
        with self.ledger.begin() as tx:
            tx.places.add(made)
        return made.key

    def part(self, site: str = HOME, number: str = "MS-32") -> str:
        made = StorePart(new_key(), site, number, LocalName("机械密封", "Seal"), stock=2, minimum=1, classes=("pump",))
        with self.ledger.begin() as tx:
            tx.parts.add(made)
        return made.key

    def file(self, site: str = HOME, content: bytes | None = None) -> str:
        stored = self.services.files.put([content or site.encode()], "image/jpeg")
        entry = FileEntry(stored.sha256, site, "p.jpg", stored.mime, stored.size, "li", NOW)
        with self.ledger.begin() as tx:
            tx.files.add(entry)
        return stored.sha256

    def loop_test(self, site: str = HOME) -> str:
        with self.ledger.begin() as tx:
            wanted = Wanted(site, [tx.assets.get(self.keys[site]).asset], ["vibration", "flow"])
            return start_loop_test(tx, wanted, equipment_classes(), "somebody", self.clock.now()).id

    def record(self, site: str = HOME) -> str:
        """The frozen record of an inspection of the site's pump."""
        with self.ledger.begin() as tx:
            order = create_order(
                tx, site=site, kind=Kind.INSPECTION, origin=Origin.PLAN, title=LocalName("年检", "Yearly inspection"),
                by="system:planner", now=self.clock.now(), asset=self.keys[site],
            )  # fmt: skip
            for to, by in ((State.IN_PROGRESS, "li"), (State.COMPLETED, "li"), (State.VERIFIED, "admin")):
                apply_transition(tx, order.id, to, self.clock.now(), by, now=self.clock.now(), person=True)
            record = tx.records.of_order(order.id)
        assert record is not None
        return record.id

    def imported(self, site: str = HOME) -> str:
        """An import of one asset."""
        asked = Asked("somebody", self.clock.now(), site)
        wanted = Import("assets", "assets.csv", Mode.COMMIT, asked)
        table = io.BytesIO("设备编号,设备类别\nI-1,水泵\n".encode())
        return str(run_import(self.ledger, wanted, table, self.clock)["import_id"])

    def emergency(self, site: str = HOME) -> str:
        plan = EmergencyPlan(f"plan-{site}", "EP-1", Category.OTHER, LocalName("停电应急预案", "Power cut"), site)
        with self.ledger.begin() as tx:
            return add_plan(tx, plan, self.clock.now()).key

    def incident(self, site: str = HOME, **more: Any) -> str:
        """An incident of the site's pump, reported just now, with the list of an emergency plan that is for pumps."""
        plan = EmergencyPlan(
            new_key(), f"EP-{new_key()}", Category.EQUIPMENT_FAILURE, LocalName("水泵故障应急预案", "Pump failure"),
            site, measures=("关阀",), supplies=("备件",), people=("维修团队",), classes=("pump",),
        )  # fmt: skip
        reporter = Involved(Part.REPORTER, "李工", "li")
        title = LocalName("水泵房进水", "Pump room flooded")
        wanted = WantedIncident(
            site, Category.EQUIPMENT_FAILURE, title, people=[reporter], asset=self.keys[site], **more
        )
        with self.ledger.begin() as tx:
            add_plan(tx, plan, self.clock.now())
            return open_incident(tx, wanted, "li", self.clock.now()).id

    def risk_report(self, site: str = HOME) -> str:
        """An early-warning report on the site's pump, which has a critical ticket."""
        self.ticket(site, severity=Severity.CRITICAL)
        watch_site(self.ledger, site, equipment_classes(), self.clock.now())
        with self.ledger.read() as tx:
            return tx.risk.reports(ReportFilter(site=site, asset=self.keys[site]), PageRequest(1)).items[0].id

    def drill(self, site: str = HOME, state: State = State.IN_PROGRESS) -> str:
        """The id of a drill's order that is being done."""
        now = self.clock.now()
        with self.ledger.begin() as tx:
            order = create_order(
                tx, site=site, kind=Kind.DRILL, origin=Origin.PLAN, title=LocalName("停电演练", "Drill: power cut"),
                by="system:planner", now=now,
            )  # fmt: skip
            if state is not State.OPEN:
                apply_transition(tx, order.id, state, now, "li", now=now)
        return order.id

    def new_name(self) -> str:
        return f"channel {new_key()}"

    def channel(self, site: str | None = HOME, url: str = NOBODY, secret: str | None = SECRET, **more: Any) -> str:
        """A channel of the site; without a ``url``, to where nobody listens."""
        kind, shown = check_address(url, secret, None)
        sealed = sealed_address(self.services.vault, url, secret)
        key = new_key()
        made = Channel(
            key, more.pop("name", self.new_name()), kind, sealed, shown, self.clock.now(), "somebody", site, **more
        )
        with self.ledger.begin() as tx:
            tx.channels.add(made)
        return key

    def notification(self, site: str = HOME) -> str:
        """A message of a channel of the site."""
        notice = Notice("report", site, LocalName("月报", "Report"), (LocalName(site, site),), new_key())
        self.channel(site)
        with self.ledger.begin() as tx:
            notify_channels(tx, notice, self.clock.now())
            return tx.notifications.list(MessageFilter(site=site), PageRequest(1)).items[0].id

    def device(self, site: str = HOME, client: str = "press-1") -> str:
        device, _ = new_device(site, client, self.clock.now(), "somebody")
        with self.ledger.begin() as tx:
            tx.devices.add(device)
        return device.id


def add_pump(world: World, site: str, code: str, department: str | None = None) -> str:
    key = f"key-{site}-{code}"
    asset = Asset(key, site, code, "pump", LocalName(f"{code}泵", f"Pump {code}"), department=department)
    with world.ledger.begin() as tx:
        tx.assets.add(asset, [Point(key, t) for t in equipment_classes()["pump"].points])
    return key


def make_template(folder: Path, password_hash: str) -> Path:
    """A migrated ledger with two sites and the users, to be copied for each test."""
    file = folder / "template.db"
    ledger = SqlLedger(f"sqlite:///{file}")
    ledger.open()
    with ledger.begin() as tx:
        known = {s.code for s in tx.assets.sites()}
        for code in (HOME, AWAY):
            if code not in known:
                tx.assets.add_site(Site(code, LocalName(code, code)))
        tx.accounts.put_user(User("u-admin", "admin", password_hash, [Grant(Role.ADMIN)], "管理员"))
        tx.accounts.put_user(User("u-tech", "li", password_hash, [Grant(Role.TECHNICIAN, HOME)], "李工"))
        tx.accounts.put_user(User("u-gone", "gone", password_hash, [Grant(Role.ADMIN)], active=False))
    ledger.close()
    return file


@contextmanager
def open_world(template: Path, folder: Path, **more: Any):
    for file in template.parent.glob("template.db*"):
        shutil.copy(file, folder / file.name.replace("template", "ledger"))
    ledger = SqlLedger(f"sqlite:///{folder / 'ledger.db'}")
    readings = open_readings(f"sqlite:///{folder / 'readings.db'}", folder)
    ledger.open()
    readings.open()
    clock = MovableClock()
    more.setdefault("files", FolderFiles(folder / "files"))
    jobs = {PLAN: JobFigures(runs=3, failures=1, succeeded_s=1_795_255_200.5, seconds=0.25)}
    vault = FileVault(folder / "secrets.key")
    given: dict[str, Any] = {"jobs": lambda: jobs, "vault": vault, "post": Sender(vault)} | more
    services = Services(
        ledger=ledger, readings=readings, classes=equipment_classes(), systems=systems(), clock=clock, **given
    )
    world = World(ledger, readings, clock, services, create_app(services))
    for site in (HOME, AWAY):
        world.keys[site] = add_pump(world, site, "P-1", "水务管理部门")
    try:
        yield world
    finally:
        readings.close()
        ledger.close()
