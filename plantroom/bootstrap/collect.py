"""The role ``collect``: gateway, ingest, alarms and models for every site of the ledger."""

import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from gateway.collector import SiteGateway
from gateway.requests import BrokerRequests
from gateway.strays import StrayGateway
from ingest.alarms import LimitAlarms
from ingest.letter_bound import LetterBound
from ingest.presence import PresenceTracker
from ingest.rollup_worker import RollUpWorker
from ingest.rollups import RollUps
from ingest.strays import StrayWorker
from ingest.worker import IngestWorker
from models.fitting import warm_up
from models.stage import ModelStage
from plantroom.bootstrap.parts import Parts
from plantroom.domain.assets import Plant
from plantroom.errors import Unreachable
from plantroom.ports.ledger import CollectorReport
from plantroom.ports.spool import Lane
from plantroom.ports.stages import StreamStage
from plantroom.settings import BrokerAddress

log = structlog.get_logger()

FOLLOW_S = 0.25
REPORT_S = 1.0
WARM_UP_AFTER_S = 2.0
SITE_RETRY_S = 5.0
STRAYS = "+"
"""Stands for all unknown sites among the codes of sites."""


@dataclass(slots=True)
class SiteParts:
    """What runs for one site."""

    gateway: SiteGateway
    workers: dict[Lane, IngestWorker]
    presence: PresenceTracker
    heard: bool = True


@dataclass(frozen=True, slots=True)
class StrayParts:
    """What runs for all sites that the ledger does not have."""

    gateway: StrayGateway
    worker: StrayWorker

    def problems(self) -> list[str]:
        """Why what goes to unknown sites is not kept now, in plain words."""
        return [*self.gateway.problems(), *self.worker.problems()]


class Collector:
    """Runs the way in of every site; takes up new sites and changed sources within a second."""

    def __init__(self, parts: Parts, broker: BrokerAddress) -> None:
        self._parts = parts
        self._broker = broker
        self._requests = BrokerRequests(broker)
        self._sites: dict[str, SiteParts] = {}
        self._strays: StrayParts | None = None
        self._stop = threading.Event()
        self._revision = -1
        self._unstarted: dict[str, str] = {}
        self._retry_at = 0.0
        self._warming: threading.Timer | None = None
        self._ledger_problem: str | None = None
        self._roll_ups = RollUpWorker(
            RollUps(parts.ledger, parts.readings, parts.clock), lambda: list(self._sites.copy())
        )
        limits = parts.settings
        self._letter_bound = LetterBound(parts.ledger, limits.dead_letters_max, limits.dead_letters_mb << 20)
        self._thread = threading.Thread(target=self._run, name="collector", daemon=True)
        self.name = f"{socket.gethostname()}:{parts.settings.data_dir}"

    def start(self) -> None:
        """Start every site, go on in a thread. The data folder must be held by this process already."""
        try:
            self._follow()
        except Unreachable as error:
            self._ledger_problem = str(error)
        self._thread.start()
        self._roll_ups.start()

    def stop(self) -> None:
        """Stop taking messages, let each worker finish its batch, close the spools."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)
        sites = list(self._sites.values())
        self._roll_ups.stop()
        strays = [self._strays] if self._strays is not None else []
        workers = [worker.stop for site in sites for worker in site.workers.values()]
        _together([*workers, *(one.worker.stop for one in strays)])
        _together([*(site.gateway.stop for site in sites), *(one.gateway.stop for one in strays)])
        self._requests.stop()

    def problems(self) -> list[str]:
        """Why readings are not flowing now, in plain words."""
        found = [problem for site in list(self._sites.values()) for problem in site.gateway.problems()]
        for site in list(self._sites.values()):
            found += [problem for worker in site.workers.values() for problem in worker.problems()]
        if self._strays is not None:
            found += self._strays.problems()
        found += list(self._unstarted.values())
        if self._ledger_problem:
            found.append(self._ledger_problem)
        return found

    def _run(self) -> None:
        reported = 0.0
        while not self._stop.wait(FOLLOW_S):
            self._note_links()
            try:
                if self._strays is not None:
                    self._strays.gateway.follow({code: site.gateway for code, site in self._sites.items()})
                self._follow()
                if time.monotonic() - reported >= REPORT_S:
                    reported = time.monotonic()
                    self._report()
                self._letter_bound.turn()
                self._ledger_problem = None
            except Unreachable as error:
                self._ledger_problem = str(error)
            except Exception:  # outermost loop of the thread: the next turn tries again
                log.exception("collector_turn_failed")

    def _note_links(self) -> None:
        """While a broker is away nobody can be heard: silence then says nothing of the devices."""
        now_ms = int(self._parts.clock.now().timestamp() * 1000)
        for site in list(self._sites.values()):
            heard = not site.gateway.problems()
            if heard != site.heard:
                site.heard = heard
                site.presence.link(up=heard, now_ms=now_ms)

    def _follow(self) -> None:
        with self._parts.ledger.read() as tx:
            retry = bool(self._unstarted) and time.monotonic() >= self._retry_at
            if tx.assets.revision() == self._revision and not retry:
                return
            plant = tx.assets.plant()
        for site in plant.sites:
            if site not in self._sites and not self._try_site(site, plant):
                continue
            self._sites[site].gateway.follow(plant)
        self._listen_for_strays()
        self._revision = plant.revision
        self._warm_up(plant)

    def _warm_up(self, plant: Plant) -> None:
        """Load the libraries that fit models (a second's work, 80 MB) once there is something to learn: not while the
        page is waited for, and not by the lane that comes to the end of the window first."""
        if plant.learn_windows and self._warming is None:
            self._warming = threading.Timer(WARM_UP_AFTER_S, warm_up)
            self._warming.daemon = True
            self._warming.start()

    def _listen_for_strays(self) -> None:
        """Once the sites are started: what comes for any other is kept from now on."""
        if self._strays is not None:
            return
        gateway = StrayGateway(self._broker, self._parts.settings.data_dir / "spool")
        try:
            gateway.start(self._sites)
        except Unreachable as error:
            self._note_unstarted(STRAYS, error)
            return
        worker = StrayWorker(gateway.spool, self._parts.ledger, self._parts.classes, gateway.state)
        worker.start()
        self._strays = StrayParts(gateway, worker)
        self._unstarted.pop(STRAYS, None)

    def _note_unstarted(self, site: str, error: Unreachable) -> None:
        log.error("site_not_started", site=site, problem=str(error), retry_s=SITE_RETRY_S)
        self._unstarted[site] = str(error)
        self._retry_at = time.monotonic() + SITE_RETRY_S

    def _try_site(self, site: str, plant: Plant) -> bool:
        """Start a site; one whose spool cannot be used is tried again later and keeps no other from starting."""
        try:
            self._sites[site] = self._start_site(site, plant)
        except Unreachable as error:
            self._note_unstarted(site, error)
            return False
        self._unstarted.pop(site, None)
        return True

    def _start_site(self, site: str, plant: Plant) -> SiteParts:
        folder = self._parts.settings.data_dir / "spool" / site
        gateway = SiteGateway(site, self._broker, folder)
        gateway.follow(plant)
        gateway.start()
        presence = PresenceTracker(self._parts.classes)
        workers = {lane: self._worker(site, lane, gateway, presence) for lane in Lane}
        for worker in workers.values():
            worker.start()
        log.info("site_taken_up", site=site)
        return SiteParts(gateway, workers, presence)

    def _worker(self, site: str, lane: Lane, gateway: SiteGateway, presence: PresenceTracker) -> IngestWorker:
        parts = self._parts
        stages: Sequence[StreamStage] = (
            LimitAlarms(parts.classes),
            ModelStage(parts.settings.models, parts.readings, parts.clock, parts.classes.get),
        )
        return IngestWorker(
            site=site,
            lane=lane,
            spool=gateway.spools[lane],
            store=parts.readings,
            ledger=parts.ledger,
            stages=stages,
            classes=parts.classes,
            clock=parts.clock,
            presence=presence,
            requests=self._requests,
        )

    def report(self) -> CollectorReport:
        """What this collector says of itself now: sums over its sites and lanes, the largest lag."""
        by_site = {
            code: summed_figures([w.stats().as_mapping() for w in site.workers.values()])
            for code, site in list(self._sites.items())
        }
        problems = self.problems()
        now = self._parts.clock.now()
        strays = [] if self._strays is None else [self._strays.worker.figures()]
        figures = {**summed_figures([*by_site.values(), *strays]), **self._roll_ups.figures()}
        figures["dead_letters_let_go"] = self._letter_bound.let_go
        return CollectorReport(self.name, now, not problems, problems, figures, by_site)

    def _report(self) -> None:
        report = self.report()
        with self._parts.ledger.begin() as tx:
            tx.collect.report_collector(report)


def summed_figures(parts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Figures of several lanes or sites as one: sums, and of lags and delays the largest."""
    keys = dict.fromkeys(key for part in parts for key in part)
    largest = {key for key in keys if key == "lag_s" or key.endswith("_ms")}
    return {key: (max if key in largest else sum)(part.get(key, 0) for part in parts) for key in keys}


def _together(actions: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=action) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(6)
