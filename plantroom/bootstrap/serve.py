"""The role ``serve``: API and web app, findings into tickets, the scheduler's ticks."""

import socket
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

import structlog
import uvicorn
from fastapi import FastAPI

from api.app import begin_shutdown, create_app
from api.ingest.sampler import HistorySampler
from api.services import Services
from ingest.picture import age_s, fresh, silent
from maintenance.alarm_keeper import AlarmKeeper
from maintenance.findings_consumer import FindingsConsumer
from maintenance.loop_driver import LoopTests
from maintenance.notify.delivery import Delivery
from maintenance.notify.outbox import notify_channels
from maintenance.notify.senders import Sender
from maintenance.people.upkeep import Dispatch
from maintenance.records.heads import head_notice
from maintenance.records.sealer import Sealer
from maintenance.round_readings import RoundReadings
from maintenance.scheduled import JobFigures
from maintenance.worker import MaintenanceWorker
from plantroom.bootstrap.jobs_apart import JobsApart
from plantroom.bootstrap.listen import web_folder
from plantroom.bootstrap.model_view import RegistryView
from plantroom.bootstrap.parts import Parts
from plantroom.bootstrap.reports import report_maker
from plantroom.bootstrap.wire import tell_broker
from plantroom.catalogue.systems import systems
from plantroom.domain.audit import Head
from plantroom.errors import PlantroomError
from plantroom.ports.ledger import CollectorReport
from plantroom.public_access import proxies, public_sites
from plantroom.storage.files import FolderFiles
from plantroom.storage.vault import FileVault

log = structlog.get_logger()
SHUTDOWN_S = 3


class WebServer:
    """uvicorn in a thread, on a socket of ours."""

    def __init__(self, app: FastAPI, sock: socket.socket, trusted_proxies: str = "127.0.0.1") -> None:
        self._app = app
        self._sock = sock
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="on",
            ws="none",
            timeout_graceful_shutdown=SHUTDOWN_S,
            server_header=False,
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=trusted_proxies,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    @property
    def started(self) -> bool:
        """Whether requests are answered."""
        return self._server.started

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._sock])
        except Exception:  # outermost frame of the thread
            log.exception("web_server_failed")

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def alive(self) -> bool:
        """Whether the server's thread still runs."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Answer what is under way, then end."""
        begin_shutdown(self._app)
        self._server.should_exit = True
        self._thread.join(SHUTDOWN_S + 2)
        self._sock.close()


def reason_of(part: str, error: PlantroomError) -> str:
    """Why a part is not ready; an error that names the part itself does so once."""
    words = str(error)
    return words if words.startswith(f"{part}: ") else f"{part}: {words}"


def collectors_problems(reports: Sequence[CollectorReport], now: datetime, own: Collection[str]) -> list[str]:
    """What keeps other collectors than ``own`` from taking messages in, by their own reports in the ledger at ``now``
    (its clock), and which of them are silent, each with its name."""
    found = [
        f"collector {report.collector}: {problem}"
        for report in fresh(reports, now)
        if report.collector not in own
        for problem in report.problems
    ]
    ages = {report.collector: age_s(report, now) for report in reports}
    for one in silent(reports, now):
        if one.collector not in own:
            sites = f" (site {', '.join(one.sites)})" if one.sites else ""
            found.append(f"collector {one.collector}{sites}: has not reported for {ages[one.collector]:.0f} s")
    return found


class Serving:
    """Everything of the role ``serve`` but the command's frame."""

    def __init__(
        self,
        parts: Parts,
        sock: socket.socket,
        collect_problems: Callable[[], Sequence[str]],
        local_reports: Callable[[], Sequence[CollectorReport]],
        scheduler: JobsApart,
    ) -> None:
        self._parts = parts
        self._collect_problems, self._local_reports = collect_problems, local_reports
        files = FolderFiles(parts.settings.files)
        vault = FileVault(parts.settings.secrets)
        post = Sender(vault)
        self._scheduler = scheduler
        services = Services(
            ledger=parts.ledger,
            readings=parts.readings,
            classes=parts.classes,
            systems=systems(),
            clock=parts.clock,
            planning_clock=parts.planning_clock,
            plan_readings=parts.plan_readings(),
            readiness=self.problems,
            static_dir=web_folder(),
            secure_cookies=parts.settings.secure_cookies,
            local_stats=local_reports,
            model_view=RegistryView(parts.settings.models),
            files=files,
            file_arrived=files.has,
            public_url=parts.settings.public_url,
            public_sites=public_sites(parts.settings.public_reports),
            tell_broker=lambda: tell_broker(parts.settings, parts.ledger),
            jobs=self._job_figures,
            vault=vault,
            post=post,
            delivered=lambda: self._delivery.total,
        )
        self.web = WebServer(create_app(services), sock, proxies(parts.settings.trusted_proxies))
        ledger, base_url = parts.ledger, parts.settings.public_url or ""
        self._delivery = Delivery(ledger, post, parts.clock, base_url)
        self._workers = (
            MaintenanceWorker(ledger, self._delivery, name="notifications"),
            MaintenanceWorker(ledger, FindingsConsumer(ledger, parts.clock, parts.classes), name="findings"),
            MaintenanceWorker(ledger, AlarmKeeper(ledger, parts.clock, parts.classes), name="alarms"),
            MaintenanceWorker(ledger, Dispatch(ledger, parts.clock), idle_s=5.0, name="dispatch"),
            MaintenanceWorker(ledger, report_maker(parts, files), idle_s=5.0, name="reports"),
            MaintenanceWorker(ledger, RoundReadings(ledger, parts.readings), name="round-readings"),
            MaintenanceWorker(
                ledger, LoopTests(ledger, parts.readings, parts.clock, parts.classes), idle_s=0.5, name="loop-tests"
            ),
        )
        self._history = HistorySampler(services)
        self._sealer = Sealer(ledger, parts.clock, parts.settings.data_dir / "audit" / "heads", self._head_published)

    def problems(self) -> list[str]:
        """Reasons why this process, or a collector elsewhere, is not ready, in plain words."""
        found = [*self.own_problems(), *self._scheduler.problems(self._parts.ledger), *self._problems_elsewhere()]
        return list(dict.fromkeys(found))

    def _job_figures(self) -> Mapping[str, JobFigures]:
        return self._scheduler.figures()

    def _head_published(self, head: Head) -> None:
        with self._parts.ledger.begin() as tx:
            notify_channels(tx, head_notice(head), self._parts.clock.now())

    def _problems_elsewhere(self) -> list[str]:
        try:
            with self._parts.ledger.read() as tx:
                reports, now = tx.collect.collectors(), tx.collect.now()
        except PlantroomError:
            return []  # the ledger is one of our own problems
        return collectors_problems(reports, now, {report.collector for report in self._local_reports()})

    def own_problems(self) -> list[str]:
        """Reasons why this process itself is not ready; a start waits for these alone."""
        found = []
        for name, part in (("ledger", self._parts.ledger), ("readings store", self._parts.readings)):
            try:
                part.ping()
            except PlantroomError as error:
                found.append(reason_of(name, error))
        return list(dict.fromkeys([*found, *self._collect_problems()]))

    def start(self) -> None:
        """Begin to turn findings into tickets; ``web`` is started by itself, before, and the jobs after it."""
        for worker in self._workers:
            worker.start()
        self._history.start()
        self._sealer.start()

    def start_jobs(self) -> None:
        """Let the jobs begin: once people are answered, since their process loads what it needs beside that."""
        self._scheduler.start()

    def stop(self) -> None:
        """End in the reverse order."""
        self._scheduler.begin_stop()
        self._sealer.stop()
        self._history.stop()
        for worker in self._workers:
            worker.begin_stop()
        for worker in self._workers:
            worker.stop()
        self._delivery.close()
        self.web.stop()
