"""A site with a pump on real stores, a SQLite readings file and a SQLite ledger; only the spool is a list."""

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from ingest.alarms import LimitAlarms
from ingest.gaps import SiteNumbers
from ingest.handover import NoHandOver
from ingest.presence import PresenceTracker
from ingest.sensor_faults import SensorFaults
from ingest.stats import IngestStats
from ingest.worker import IngestWorker
from plantroom.domain.assets import Plant, Point, Presence, Severity, Site
from plantroom.domain.findings import Finding, FindingRaised, FindingSource
from plantroom.errors import Unreachable
from plantroom.ports.clock import SystemClock
from plantroom.ports.letters import DeadLetter
from plantroom.ports.paging import EVERYTHING, PageRequest
from plantroom.ports.readings import ReadingBatch, Retention, SeriesRef, WriteResult
from plantroom.ports.requests import DeviceRequests
from plantroom.ports.spool import Lane
from plantroom.ports.stages import StreamBatch, StreamStage
from plantroom.storage.ledger.engine import SqlLedger, SqlTx
from plantroom.storage.readings.sqlite import SqliteReadings
from tests.unit.ingest.plants import CLASSES, NAME, TEMPLATES, ListSpool, pump


class FlakyReadings(SqliteReadings):
    """The real store; while ``away`` it answers as an unreachable server does."""

    retention = Retention()
    away = False
    poison: float | None = None
    refuse: float | None = None

    def write(self, batch: ReadingBatch) -> WriteResult:
        if self.away:
            raise Unreachable("readings store", "connection refused")
        if self.poison is not None and self.poison in batch.value:
            raise ZeroDivisionError("a bug")
        if self.refuse is not None and self.refuse in batch.value:
            batch = replace(batch, value=np.where(batch.value == self.refuse, np.nan, batch.value))
        return super().write(batch)


class FlakyLedger(SqlLedger):
    """The real ledger; while ``away`` it answers as an unreachable server does."""

    away = False
    failing: Exception | None = None
    fails = 0
    """So many transactions that write findings end with ``failing`` instead of their commit."""

    @contextmanager
    def begin(self) -> Iterator[SqlTx]:  # type: ignore[override]
        self._check()
        with super().begin() as tx:
            before = _findings_in(tx)
            yield tx
            if self.fails and self.failing is not None and _findings_in(tx) > before:
                self.fails -= 1
                raise self.failing

    def read(self) -> AbstractContextManager[SqlTx]:  # type: ignore[override]
        self._check()
        return super().read()

    def _check(self) -> None:
        if self.away:
            raise Unreachable("ledger", "connection refused")


def _findings_in(tx: SqlTx) -> int:
    return int(tx.work.connection.exec_driver_sql("SELECT count(*) FROM findings").scalar_one())


class Witness(StreamStage):
    """Tells a finding for every vibration that it sees; fails at ``poison``, or is ``away``, or cannot be saved."""

    def __init__(self) -> None:
        self.seen = 0
        self.tries = 0
        self.poison: float | None = None
        self.away = 0
        self.broken_snapshot = False

    def process(self, batch: StreamBatch, plant: Plant) -> Sequence[Finding]:
        self.tries += 1
        if self.away:
            self.away -= 1
            raise Unreachable("model registry", "read-only file system")
        of_vibration = [one.point == "vibration" for one in batch.readings.series]
        values = batch.readings.value[np.array(of_vibration)[batch.readings.series_id]].tolist()
        self.seen += len(values)
        if self.poison in values:
            raise ZeroDivisionError("a bug")
        return [self._finding(value) for value in values]

    @staticmethod
    def _finding(value: float) -> Finding:
        now = SystemClock().now()
        return FindingRaised(
            finding_id=f"witness-{value}",
            site="demo",
            asset="key-P-1",
            failure_mode="trip",
            source=FindingSource.MODEL,
            severity=Severity.INFO,
            safety=False,
            observed_at=now,
            received_at=now,
        )

    def snapshot(self) -> bytes:
        if self.broken_snapshot:
            raise RecursionError("too deep")
        return str(self.seen).encode()

    def restore(self, state: bytes) -> None:
        self.seen = int(state or b"0")


class House:
    """A site with one pump, its stores, and a worker that can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.store = FlakyReadings(folder / "readings.db")
        self.store.open()
        self.ledger = FlakyLedger(f"sqlite:///{folder / 'ledger.db'}")
        self.ledger.open()
        with self.ledger.begin() as tx:
            if "demo" not in [site.code for site in tx.assets.sites()]:
                tx.assets.add_site(Site("demo", NAME))
        self.add("P-1")
        self.spool = ListSpool()
        self.now_ms = round(time.time() * 1000)
        self.worker: IngestWorker | None = None
        self.witnesses: list[Witness] = []

    def add(self, code: str) -> None:
        asset = pump(code)
        with self.ledger.begin() as tx:
            tx.assets.add(asset, [Point(asset.key, template) for template in TEMPLATES])

    def start(
        self,
        lane: Lane = Lane.NORMAL,
        requests: DeviceRequests | None = None,
        presence: PresenceTracker | None = None,
        hand_over: NoHandOver | None = None,
        drains: bool = False,
        numbers: SiteNumbers | None = None,
    ) -> IngestWorker:
        stages: list[StreamStage] = [] if drains else [*self.witnesses, LimitAlarms(CLASSES), SensorFaults(CLASSES)]
        self.worker = IngestWorker(
            "demo", lane, self.spool, self.store, self.ledger, stages, CLASSES, SystemClock(), rng=random.Random(1),
            requests=requests, presence=presence, numbers=numbers, hand_over=hand_over, drains=drains,
        )  # fmt: skip
        self.worker.start()
        return self.worker

    def stop(self) -> None:
        if self.worker is not None:
            self.worker.stop()

    def close(self) -> None:
        self.stop()
        self.store.close()
        self.ledger.close()

    def send(self, values: dict[str, object], s: float = 0, code: str = "P-1", **envelope: object) -> None:
        at = self.now_ms + round(1000 * s)
        self.raw(json.dumps({"ts": at, "values": values, **envelope}).encode(), code=code, received_ms=at)

    def raw(
        self, payload: bytes, code: str = "P-1", channel: str = "telemetry", received_ms: int | None = None
    ) -> None:
        self.spool.put(f"plantroom/demo/{code}/{channel}", payload, received_ms or self.now_ms)

    def settle(self) -> IngestStats:
        worker = self.worker
        assert worker is not None
        until(lambda: self.spool.position == len(self.spool.records))
        before = worker.stats()
        # What was saved is counted a moment later.
        until(lambda: worker.stats().received == len(self.spool.records) or worker.stats() is not before)
        return worker.stats()

    def presence(self, code: str = "P-1") -> Presence:
        with self.ledger.read() as tx:
            return tx.assets.get(f"key-{code}").presence

    def readings(self, point: str, code: str = "P-1") -> list[tuple[int, float]]:
        ref = SeriesRef("demo", "pump", f"key-{code}", point)
        (page,) = self.store.read([ref], 0, 1 << 50, 100_000)
        return [(ts - self.now_ms, value) for ts, value in zip(page.ts_ms.tolist(), page.value.tolist(), strict=True)]

    def letters(self) -> Sequence[DeadLetter]:
        with self.ledger.read() as tx:
            return list(reversed(tx.collect.dead_letters(EVERYTHING, PageRequest(limit=500)).items))

    def reasons(self) -> list[str]:
        return sorted(letter.reason.split(":")[0] for letter in self.letters())

    def findings(self) -> list[Finding]:
        with self.ledger.begin() as tx:
            found = [queued.finding for queued in tx.collect.findings_after("test", 10_000)]
        return [finding for finding in found if finding.source is not FindingSource.MODEL]

    def witnessed(self) -> list[float]:
        with self.ledger.begin() as tx:
            found = [queued.finding for queued in tx.collect.findings_after("test", 10_000)]
        return sorted(
            float(finding.finding_id.removeprefix("witness-"))
            for finding in found
            if finding.source is FindingSource.MODEL
        )


def until(what: Callable[[], object], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)
