"""What runs for one site, and for all that the ledger does not have: made, started and ended here."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gateway.collector import SiteGateway
from gateway.connecting import ConnectGate
from gateway.requests import BrokerRequests
from gateway.spool import Spool
from gateway.strays import StrayGateway
from ingest.alarm_book import AlarmBook
from ingest.alarms import LimitAlarms
from ingest.gaps import SiteNumbers
from ingest.handover import HandOver
from ingest.presence import PresenceTracker
from ingest.sensor_faults import SensorFaults
from ingest.site_instants import SiteInstants
from ingest.strays import StrayWorker
from ingest.worker import IngestWorker
from models.fitting_apart import FittingApart
from models.stage import ModelStage
from plantroom.bootstrap.leasing import Held
from plantroom.bootstrap.parts import Parts
from plantroom.domain.assets import Plant
from plantroom.domain.flow import Trouble
from plantroom.errors import Unreachable
from plantroom.ports.spool import Lane
from plantroom.settings import BrokerAddress
from plantroom.storage.instants import SqliteInstants

TOGETHER_S = 6.0


@dataclass(frozen=True, slots=True)
class SharedByLanes:
    """What the lanes of a site know together, since an asset may be heard on both."""

    presence: PresenceTracker
    numbers: SiteNumbers
    instants: SiteInstants
    book: AlarmBook
    sensors: AlarmBook
    held: Held
    """Under which lease."""


@dataclass(slots=True)
class SiteParts:
    """What runs for one site."""

    gateway: SiteGateway
    workers: dict[Lane, IngestWorker]
    shared: SharedByLanes
    heard: bool = True
    connects: int = 0

    def lanes(self) -> dict[str, dict[str, float]]:
        """Figures of the lanes whose workers have begun: before that their totals are not those of earlier runs."""
        return {
            lane.value: {**worker.stats().as_mapping(), **self.gateway.figures(lane)}
            for lane, worker in self.workers.items()
            if worker.begun
        }

    def follow(self, plant: Plant) -> None:
        """Take up what changed in the ledger. Raises ``Unreachable``, see ``SiteGateway.follow``."""
        self.shared.instants.follow(plant, self.gateway.site)
        self.gateway.follow(plant)

    def note_link(self, now_ms: int) -> None:
        """Tell presence whether the site can be heard at all."""
        heard = not self.gateway.problems()
        # A connection lost and found between two looks is a new one all the same.
        connects = sum(session.counts.connects for session in self.gateway.sessions.values())
        if heard != self.heard or connects != self.connects:
            self.heard, self.connects = heard, connects
            self.shared.presence.link(up=heard, now_ms=now_ms)

    def end(self, seconds: float) -> None:
        """End the sessions, then the workers after at most ``seconds`` in which what came is still processed. Returns
        when all of them have ended, and the spools are closed: a store that hangs holds it up."""
        self.gateway.end_sessions()
        wait_empty(list(self.gateway.spools.values()), seconds)
        together_all([worker.stop for worker in self.workers.values()])
        _see_off(self.workers.values())
        self.shared.instants.close()
        self.gateway.stop()


@dataclass(frozen=True, slots=True)
class StrayParts:
    """What runs for all sites that the ledger does not have."""

    gateway: StrayGateway
    worker: StrayWorker

    def figures(self) -> dict[str, float]:
        """Figures of the lane, see ``SiteParts.lanes``; none before the worker has begun."""
        return {**self.worker.figures(), **self.gateway.figures()} if self.worker.begun else {}

    def troubles(self) -> list[Trouble]:
        """Why what goes to unknown sites is not kept now."""
        return [*self.gateway.troubles(), *self.worker.troubles()]

    def end(self) -> None:
        """End worker and session. Returns when both have, and the spool is closed."""
        self.worker.stop()
        _see_off([self.worker])
        self.gateway.stop()


def _see_off(workers: Iterable[IngestWorker | StrayWorker]) -> None:
    for worker in workers:
        while not worker.ended:
            worker.stop()


class SiteStarter:
    """Makes the parts of a site and starts them."""

    def __init__(
        self,
        parts: Parts,
        broker: BrokerAddress,
        requests: BrokerRequests,
        fitting: FittingApart,
        overtaken: Callable[[str, int], None],
    ) -> None:
        """``overtaken`` hears which site and epoch another collector has gone past."""
        self._parts = parts
        self._overtaken = overtaken
        self._broker = broker
        self._requests = requests
        self._fitting = fitting

    def start(self, site: str, plant: Plant, held: Held, gate: Callable[[], ConnectGate]) -> SiteParts:
        """Begin to take in what comes for a site; ``gate`` gives each session its own gate. Raises ``Unreachable`` when
        its spool cannot be used."""
        folder = self._parts.settings.data_dir / "spool" / site
        gateway = SiteGateway(site, self._broker, folder, gate, self._requests, clock=self._parts.clock)
        instants = open_instants(folder, site)
        instants.follow(plant, site)
        gateway.follow(plant)
        try:
            gateway.start()
        except Unreachable:
            instants.close()
            raise
        presence = PresenceTracker(self._parts.classes, [lane.value for lane in Lane], gateway.asked_ms)
        shared = SharedByLanes(presence, SiteNumbers(Lane, instants), instants, AlarmBook(), AlarmBook(), held)
        workers = {lane: self._worker(site, lane, gateway, shared) for lane in Lane}
        for worker in workers.values():
            worker.start()
        return SiteParts(gateway, workers, shared)

    def _worker(self, site: str, lane: Lane, gateway: SiteGateway, shared: SharedByLanes) -> IngestWorker:
        parts, held, spool = self._parts, shared.held, gateway.spools[lane]
        return IngestWorker(
            site=site,
            lane=lane,
            spool=spool,
            store=parts.readings,
            ledger=parts.ledger,
            stages=(
                LimitAlarms(parts.classes, shared.book, lane),
                SensorFaults(parts.classes, shared.sensors, lane),
                ModelStage(
                    parts.settings.models, parts.readings, parts.clock, parts.classes.get, fit_with=self._fitting
                ),
            ),
            classes=parts.classes,
            clock=parts.clock,
            presence=shared.presence,
            requests=self._requests,
            numbers=shared.numbers,
            hand_over=HandOver(
                parts.ledger,
                site,
                lane.value,
                held.epoch,
                fresh=held.fresh,
                late_until=spool.opened_at,
                overtaken=partial(self._overtaken, site, held.epoch),
            ),
        )


def open_instants(folder: Path, site: str) -> SiteInstants:
    """The instants that the lanes of a site share, which are kept in the folder of their spools."""
    instants = SiteInstants(SqliteInstants(folder), site)
    instants.open()
    return instants


def wait_empty(spools: Sequence[Spool], seconds: float) -> None:
    """Wait until nothing is left in the spools, for at most so long."""
    end = time.monotonic() + seconds
    while any(spool.depth() for spool in spools) and time.monotonic() < end:
        time.sleep(0.02)


def together_all(actions: Sequence[Callable[[], None]], seconds: float = TOGETHER_S) -> None:
    """Do all of it at once, and wait so long at most."""
    threads = [threading.Thread(target=action, daemon=True) for action in actions]
    for thread in threads:
        thread.start()
    end = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
