"""The role ``collect``: gateway, ingest, alarms and models for every site of the ledger."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from gateway.collector import SiteGateway
from gateway.requests import BrokerRequests
from gateway.spool import Spool
from gateway.strays import StrayGateway
from ingest.alarms import LimitAlarms
from ingest.handover import HandOver
from ingest.presence import PresenceTracker
from ingest.rollup_worker import RollUpWorker
from ingest.rollups import RollUps
from ingest.strays import StrayWorker
from ingest.worker import IngestWorker
from models.fitting import warm_up
from models.stage import ModelStage
from plantroom.bootstrap.draining import Drains
from plantroom.bootstrap.leasing import REST_S, Held, LeaseKeeper, holder_id
from plantroom.bootstrap.parts import Parts
from plantroom.domain.assets import Plant
from plantroom.errors import Unreachable
from plantroom.ports.ledger import CollectorReport, Contended
from plantroom.ports.spool import Lane
from plantroom.ports.stages import StreamStage
from plantroom.settings import BrokerAddress
from plantroom.wire import ROOT

log = structlog.get_logger()

FOLLOW_S = 0.25
REPORT_S = 1.0
WARM_UP_AFTER_S = 2.0
SITE_RETRY_S = 5.0
HAND_OVER_S = 5.0
"""How long what was received of a site is processed before another collector may go on with it."""

LAST_S = 2.0
"""The same for a collector that ends."""

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
        self._leases = LeaseKeeper(
            parts.ledger, holder_id(parts.settings.data_dir), parts.settings.lease_s, self._listens
        )
        self._lease_changes = -1
        self._drains = Drains(parts)
        self._roll_ups = RollUpWorker(
            RollUps(parts.ledger, parts.readings, parts.clock), lambda: list(self._sites.copy())
        )
        self._thread = threading.Thread(target=self._run, name="collector", daemon=True)
        self.name = f"{socket.gethostname()}:{parts.settings.data_dir}"

    def start(self) -> None:
        """Start every site, go on in a thread. The data folder must be held by this process already."""
        try:
            with self._parts.ledger.read() as tx:
                self._leases.want([*(site.code for site in tx.assets.sites()), STRAYS])
            self._leases.turn()
            self._follow()
        except (Unreachable, Contended) as error:
            self._ledger_problem = str(error)
        self._leases.start()
        self._thread.start()
        self._roll_ups.start()

    @property
    def holder(self) -> str:
        """Its name among the holders of leases."""
        return self._leases.holder

    def stop(self) -> None:
        """Stop taking messages, let each worker finish its batch, close the spools."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)
        sites = list(self._sites.values())
        self._roll_ups.stop()
        strays = [self._strays] if self._strays is not None else []
        if self._leases.others():
            _together([site.gateway.end_sessions for site in sites])
            _wait_empty([spool for site in sites for spool in site.gateway.spools.values()], LAST_S)
        workers = [worker.stop for site in sites for worker in site.workers.values()]
        _together([*workers, *(one.worker.stop for one in strays)])
        _together([*(site.gateway.stop for site in sites), *(one.gateway.stop for one in strays)])
        self._drains.stop()
        self._requests.stop()
        self._leases.stop()

    def problems(self) -> list[str]:
        """Why readings are not flowing now, in plain words."""
        found = [problem for site in list(self._sites.values()) for problem in site.gateway.problems()]
        for site in list(self._sites.values()):
            found += [problem for worker in site.workers.values() for problem in worker.problems()]
        if self._strays is not None:
            found += self._strays.problems()
        found += [*self._unstarted.values(), *self._drains.problems()]
        if self._ledger_problem:
            found.append(self._ledger_problem)
        return found

    def _run(self) -> None:
        reported = 0.0
        while not self._stop.wait(FOLLOW_S):
            self._note_links()
            try:
                if self._strays is not None:
                    own = {code: site.gateway for code, site in self._sites.items()}
                    self._strays.gateway.follow(own, self._leases.elsewhere())
                self._drains.turn()
                self._follow()
                if time.monotonic() - reported >= REPORT_S:
                    reported = time.monotonic()
                    self._report()
                self._ledger_problem = None
            except (Unreachable, Contended) as error:
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
            changes = self._leases.changes
            if tx.assets.revision() == self._revision and changes == self._lease_changes and not retry:
                return
            plant = tx.assets.plant()
        self._leases.want([*plant.sites, STRAYS])
        self._let_go()
        held = self._leases.held()
        for site in plant.sites:
            if site in held and (site in self._sites or self._try_site(site, plant, held[site])):
                self._sites[site].gateway.follow(plant)
        if STRAYS in held:
            self._listen_for_strays(plant.sites)
        in_use = {*held, *self._sites, *([STRAYS] if self._strays else [])}
        self._drains.look(partition for partition in self._drains.known() if partition not in in_use)
        self._revision, self._lease_changes = plant.revision, changes
        self._warm_up(plant)

    def _warm_up(self, plant: Plant) -> None:
        """Load the libraries that fit models (a second's work, 80 MB) once there is something to learn: not while the
        page is waited for, and not by the lane that comes to the end of the window first."""
        if plant.learn_windows and self._warming is None:
            self._warming = threading.Timer(WARM_UP_AFTER_S, warm_up)
            self._warming.daemon = True
            self._warming.start()

    def _listens(self, site: str) -> bool:
        """Whether the broker has confirmed that the site's messages come to this collector."""
        one = self._sites.get(site)
        return one is not None and f"{ROOT}/{site}/#" in one.gateway.sessions[Lane.NORMAL].granted()

    def _let_go(self) -> None:
        """Stop what has gone to another collector, hand over what one is short of."""
        held, leaving = self._leases.held(), self._leases.to_release()
        for partition in {*self._sites, *leaving, *([STRAYS] if self._strays else [])}:
            if partition in held and partition not in leaving:
                continue
            self._end(partition, HAND_OVER_S if partition in held else 0.0)
            if partition in held:
                self._leases.release(partition, REST_S)

    def _end(self, partition: str, seconds: float) -> None:
        """Stop a partition's sessions and workers, after at most ``seconds`` in which what came is still processed."""
        if partition == STRAYS:
            one, self._strays = self._strays, None
            if one is not None:
                one.worker.stop()
                one.gateway.stop()
            return
        site = self._sites.pop(partition, None)
        if site is not None:
            site.gateway.end_sessions()
            _wait_empty(list(site.gateway.spools.values()), seconds)
            _together([worker.stop for worker in site.workers.values()])
            site.gateway.stop()
            log.info("site_let_go", site=partition)

    def _listen_for_strays(self, sites: Iterable[str]) -> None:
        """Once the sites are started: what comes for any other is kept from now on."""
        if self._strays is not None:
            return
        self._drains.end(STRAYS)
        spools, connect_gate = self._parts.settings.data_dir / "spool", self._leases.gate(STRAYS)
        gateway = StrayGateway(self._broker, spools, connect_gate=connect_gate)
        try:
            gateway.start(sites)
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

    def _try_site(self, site: str, plant: Plant, held: Held) -> bool:
        """Start a site; one whose spool cannot be used is tried again later and keeps no other from starting. Another
        collector may try, too."""
        try:
            self._drains.end(site)
            self._sites[site] = self._start_site(site, plant, held)
        except Unreachable as error:
            self._note_unstarted(site, error)
            if self._leases.others():
                self._leases.release(site, SITE_RETRY_S)
            return False
        self._unstarted.pop(site, None)
        return True

    def _start_site(self, site: str, plant: Plant, held: Held) -> SiteParts:
        folder = self._parts.settings.data_dir / "spool" / site
        gateway = SiteGateway(site, self._broker, folder, lambda: self._leases.gate(site))
        gateway.follow(plant)
        gateway.start()
        presence = PresenceTracker(self._parts.classes)
        workers = {lane: self._worker(site, lane, gateway, presence, held) for lane in Lane}
        for worker in workers.values():
            worker.start()
        log.info("site_taken_up", site=site)
        return SiteParts(gateway, workers, presence)

    def _worker(
        self, site: str, lane: Lane, gateway: SiteGateway, presence: PresenceTracker, held: Held
    ) -> IngestWorker:
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
            hand_over=HandOver(
                parts.ledger, site, lane.value, held.epoch, fresh=held.fresh, late_until=gateway.spools[lane].opened_at
            ),
        )

    def report(self) -> CollectorReport:
        """What this collector says of itself now: sums over its sites and lanes, the largest lag."""
        by_site = {
            code: summed_figures([w.stats().as_mapping() for w in site.workers.values()])
            for code, site in list(self._sites.items())
        }
        for code, old in self._drains.figures().items():
            by_site[code] = summed_figures([*([by_site[code]] if code in by_site else []), *old])
        problems = self.problems()
        now = self._parts.clock.now()
        strays = [] if self._strays is None else [self._strays.worker.figures()]
        figures = {**summed_figures([*by_site.values(), *strays]), **self._roll_ups.figures()}
        figures["partitions"] = float(len(self._leases.held()))
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


def _wait_empty(spools: Sequence[Spool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while any(spool.depth() for spool in spools) and time.monotonic() < end:
        time.sleep(0.02)


def _together(actions: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=action) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(6)
