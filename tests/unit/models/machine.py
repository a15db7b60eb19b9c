"""A machine made of numbers, and a stream of it through the real readings store and the real stage."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.stage import ModelStage
from plantroom.domain.assets import (
    Asset,
    AssetStatus,
    EquipmentClass,
    FailureModeSpec,
    LearnWindow,
    LocalName,
    Plant,
    Point,
    PointKind,
    PointTemplate,
    Severity,
    Site,
)
from plantroom.domain.findings import Finding
from plantroom.ports.clock import FixedClock
from plantroom.ports.readings import ReadingBatch, SeriesRef
from plantroom.ports.stages import StreamBatch
from plantroom.storage.readings.sqlite import SqliteReadings

NAME = LocalName("泵", "Pump")
START_MS = 1_790_000_000_000
CLOCK = FixedClock(datetime(2026, 11, 21, tzinfo=UTC))
UNITS = {"vibration": "mm/s", "flow": "m3/h", "pressure": "bar", "bearing_temp": "Cel", "current": "A", "humidity": "%"}
LEVELS = {
    "vibration": 2.0, "flow": 50.0, "pressure": 4.0, "bearing_temp": 45.0, "current": 12.0, "humidity": 60.0,
}  # fmt: skip
NOISE = {
    "vibration": 0.05, "flow": 0.4, "pressure": 0.05, "bearing_temp": 0.1, "current": 0.3, "humidity": 0.5,
}  # fmt: skip
MODES = (
    FailureModeSpec("bearing_wear", NAME, Severity.MAJOR, ("vibration", "bearing_temp")),
    FailureModeSpec("valve_closed", NAME, Severity.GENERAL, ("flow", "pressure")),
    FailureModeSpec("motor_overload", NAME, Severity.MAJOR, ("current",)),
)
CLASS = EquipmentClass("pump", NAME, ("water",), failure_modes=MODES)

Columns = dict[str, NDArray[np.float64]]


def healthy(rows: int, seed: int = 1, keys: Sequence[str] = tuple(LEVELS)) -> Columns:
    """``rows`` of a machine that is well: noise round its levels."""
    rng = np.random.default_rng(seed)
    return {key: LEVELS[key] + NOISE[key] * rng.normal(size=rows) for key in keys}


def window(end_row: int, start_row: int = 0, number: int = 1, asset: str = "a1", step_ms: int = 1000) -> LearnWindow:
    """The operator's word on rows ``start_row`` to ``end_row`` (from 0, inclusive)."""
    start, end = (datetime.fromtimestamp((START_MS + row * step_ms) / 1000, UTC) for row in (start_row, end_row))
    return LearnWindow(number, asset, start, end, "operator")


def plant(
    windows: Sequence[LearnWindow], keys: Sequence[str] = tuple(LEVELS), *, gated: bool = False, assets: int = 1
) -> Plant:
    """A site with pumps ``a1``, ``a2``, ... of class ``pump``."""
    templates = [PointTemplate(key, NAME, UNITS.get(key, ""), PointKind.MEASURE) for key in keys]
    templates.append(PointTemplate("starts", NAME, "1", PointKind.COUNTER, in_model=False))
    if gated:
        templates.append(PointTemplate("running", NAME, "1", PointKind.STATE))
    names = [f"a{i + 1}" for i in range(assets)]
    return Plant(
        revision=1,
        sites={"demo": Site("demo", NAME)},
        assets={name: Asset(name, "demo", name.upper(), "pump", NAME) for name in names},
        codes={("demo", name.upper()): name for name in names},
        points={name: {t.key: Point(name, t) for t in templates} for name in names},
        sources={},
        learn_windows=list(windows),
    )


def with_status(plant: Plant, status: AssetStatus) -> Plant:
    """The same plant with every asset in ``status``."""
    return replace(plant, assets={key: replace(asset, status=status) for key, asset in plant.assets.items()})


def batch(
    columns: Mapping[str, NDArray[np.float64]], first: int, last: int, asset: str = "a1", step_ms: int = 1000
) -> StreamBatch:
    """Rows ``first`` up to ``last`` of ``columns``; NaN: the message came without it."""
    series = [SeriesRef("demo", "pump", asset, key) for key in columns]
    values = np.column_stack([column[first:last] for column in columns.values()])
    ts_ms = np.broadcast_to(START_MS + step_ms * np.arange(first, last)[:, None], values.shape)
    ids = np.broadcast_to(np.arange(len(series), dtype=np.int32), values.shape)
    there = ~np.isnan(values)
    n = int(there.sum())
    readings = ReadingBatch(series, ids[there], ts_ms[there], values[there], np.zeros(n, dtype=np.uint8))
    return StreamBatch(readings, np.ones(n, dtype=np.bool_), ts_ms[there] + 40, "demo")


class Bench:
    """A stage with its store in a folder, fed row by row range."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = SqliteReadings(folder / "readings.sqlite")
        self.store.open()
        self.stage = self.new_stage()

    def new_stage(self) -> ModelStage:
        """A stage with an empty state over the same registry and store."""
        return ModelStage(self.folder / "models", self.store, CLOCK, lambda _: CLASS)

    def give(self, given: StreamBatch, plant: Plant) -> list[Finding]:
        """Store a batch, then let the stage see it, as the pipeline does."""
        self.store.write(given.readings)
        return list(self.stage.process(given, plant))

    def play(
        self, columns: Columns, plant: Plant, size: int = 50, step_ms: int = 1000, first: int = 0
    ) -> list[Finding]:
        """All rows from ``first`` in batches of ``size`` rows."""
        rows = len(next(iter(columns.values())))
        findings: list[Finding] = []
        for start in range(first, rows, size):
            findings += self.give(batch(columns, start, min(start + size, rows), step_ms=step_ms), plant)
        return findings


def row_of(finding: Finding, step_ms: int = 1000) -> int:
    """The row (from 0) at which a finding was observed."""
    return round((finding.observed_at.timestamp() * 1000 - START_MS) / step_ms)
