"""A simulated building in the ledger and on the broker: assets, a learned baseline, a live publisher."""

import threading
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import structlog

from maintenance.materialise import materialise
from maintenance.ports import MaintenanceTx
from plantroom.bootstrap.parts import Parts
from plantroom.domain.assets import Asset, LocalName, Location, Point, PointKind, Priority, Site, Source
from plantroom.domain.authorship import acting_system
from plantroom.domain.keys import new_key
from plantroom.domain.quality import Reason
from plantroom.errors import PlantroomError, Unreachable
from plantroom.ports.readings import ReadingBatch, SeriesRef
from plantroom.ports.rollups import Window, windows_of
from plantroom.settings import BrokerAddress
from plantroom.wire_tls import tls_context
from simulators.live import LiveSimulator
from simulators.physics import Chunk
from simulators.scenario import Scenario, ScenarioAsset, load_scenario
from simulators.stream import baseline_rows

log = structlog.get_logger()

RETRY_S = 5.0
SAFETY_CLASSES = frozenset({"fire_pump_set", "fire_panel"})


class Demo:
    """Prepares the scenario's assets and then publishes them, in a thread of its own."""

    def __init__(self, parts: Parts, broker: BrokerAddress, scenario: str) -> None:
        self._parts = parts
        self._broker = broker
        self._scenario = load_scenario(scenario)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="demo", daemon=True)
        self._simulator: LiveSimulator | None = None

    def start(self) -> None:
        """Begin in the background: the page must not wait for it."""
        self._thread.start()

    def stop(self) -> None:
        """Stop publishing."""
        self._stop.set()
        self._thread.join(5)
        if self._simulator is not None:
            self._simulator.stop()

    def _run(self) -> None:
        try:
            self._prepare()
            if self._stop.is_set():
                return
            parts = self._parts
            materialise(parts.ledger, parts.planning_clock.now(), parts.systems, readings=parts.plan_readings())
            broker = self._broker
            self._simulator = LiveSimulator(
                self._scenario,
                broker.host,
                broker.port,
                broker.username,
                broker.password,
                self._parts.clock,
                tls=tls_context(broker) if broker.tls else None,
                folder=self._parts.settings.data_dir / "simulator" / self._scenario.name,
            )
            self._simulator.start()
        except PlantroomError as error:
            log.error("demo_stopped", problem=str(error))
        except Exception:  # outermost frame of the thread
            log.exception("demo_failed")

    def _prepare(self) -> None:
        """Prepare the scenario; what is out of reach or full is waited for."""
        while not self._stop.is_set():
            try:
                with acting_system("demo"):
                    prepare_scenario(self._parts, self._scenario, self._stop)
            except Unreachable as error:
                log.warning("demo_waits", problem=str(error), retry_s=RETRY_S)
                self._stop.wait(RETRY_S)
            else:
                return


def prepare_scenario(parts: Parts, scenario: Scenario, stop: threading.Event) -> None:
    """Put what is missing of the scenario into the ledger; assets without a learned baseline get one."""
    begun = time.monotonic()
    with parts.ledger.begin() as tx:
        if scenario.site not in {site.code for site in tx.assets.sites()}:
            tx.assets.add_site(Site(scenario.site, LocalName(scenario.site, scenario.site)))
        today = parts.planning_clock.now().astimezone(ZoneInfo(tx.assets.site(scenario.site).time_zone)).date()
        assets = [
            tx.assets.find(scenario.site, item.code)
            or _add_asset(tx, parts, scenario, item, in_service_since(today, number))
            for number, item in enumerate(scenario.assets)
        ]
        learned = {window.asset for window in tx.assets.plant().learn_windows}
    bare = [(asset, item) for asset, item in zip(assets, scenario.assets, strict=True) if asset.key not in learned]
    for asset, item in bare:
        if stop.is_set():
            return
        _give_baseline(parts, scenario, asset, item)
    if bare:
        log.info("demo_prepared", assets=len(bare), seconds=round(time.monotonic() - begun, 1))


def in_service_since(today: date, number: int) -> date:
    """An in-service date some years back, so that due dates spread; the first asset's half-month falls on today."""
    return today - timedelta(days=15 * (48 + 3 * number) + 4 * number)


def _add_asset(tx: MaintenanceTx, parts: Parts, scenario: Scenario, item: ScenarioAsset, since: date) -> Asset:
    name = LocalName(item.name_zh, item.name_en)
    asset = Asset(
        new_key(),
        scenario.site,
        item.code,
        item.equipment_class,
        name,
        location=_location(tx, scenario.site, item),
        in_service_on=since,
    )
    points = parts.classes[item.equipment_class].points
    tx.assets.add(asset, [Point(asset.key, template) for template in points])
    if item.equipment_class in SAFETY_CLASSES:
        tx.assets.put_source(Source(asset.key, priority=Priority.SAFETY))
    return asset


def _location(tx: MaintenanceTx, site: str, item: ScenarioAsset) -> str | None:
    if not item.location_zh:
        return None
    name = LocalName(item.location_zh, item.location_en or item.location_zh)
    for there in tx.assets.locations(site):
        if there.name == name:
            return there.key
    location = Location(new_key(), site, "space", name)
    tx.assets.add_location(location)
    return location.key


def _give_baseline(parts: Parts, scenario: Scenario, asset: Asset, item: ScenarioAsset) -> None:
    """Write simulated normal history and declare it as such, so that the model scores from the start."""
    points = parts.classes[item.equipment_class].points
    if not any(point.in_model and point.kind is PointKind.MEASURE for point in points):
        return
    end_ms = int(parts.clock.now().timestamp() * 1000)
    first_ms = last_ms = 0
    windows: set[Window] = set()
    for chunk in baseline_rows(scenario, item, end_ms=end_ms):
        if not len(chunk.ts_ms):
            continue
        batch = _batch(asset, chunk)
        parts.readings.write(batch)
        windows.update(windows_of(batch))
        first_ms, last_ms = first_ms or int(chunk.ts_ms[0]), int(chunk.ts_ms[-1])
    if not first_ms:
        return
    with parts.ledger.begin() as tx:
        tx.roll_ups.mark(list(windows))
        tx.assets.add_learn_window(asset.key, _instant(first_ms), _instant(last_ms), f"simulated ({scenario.name})")


def _batch(asset: Asset, chunk: Chunk) -> ReadingBatch:
    """A chunk's columns as readings, row by row, absent values left out."""
    keys = list(chunk.columns)
    values = np.stack([np.asarray(chunk.columns[key], dtype=np.float64) for key in keys], axis=1)
    series_id = np.tile(np.arange(len(keys), dtype=np.int32), len(chunk.ts_ms))
    ts_ms = np.repeat(np.asarray(chunk.ts_ms, dtype=np.int64), len(keys))
    flat = values.reshape(-1)
    there = np.isfinite(flat)
    return ReadingBatch(
        series=[SeriesRef(asset.site, asset.equipment_class, asset.key, key) for key in keys],
        series_id=series_id[there],
        ts_ms=ts_ms[there],
        value=flat[there],
        reason=np.full(int(there.sum()), Reason.GOOD, dtype=np.uint8),
    )


def _instant(ts_ms: int) -> datetime:
    return datetime.fromtimestamp(ts_ms / 1000, UTC)
