"""The condition model on SKAB (a real pump), scored as the product would.

    python -m benchmarks.skab --data DIR [--json]      (in the project folder)

DIR holds SKAB's folders ``valve1`` and ``anomaly-free`` (https://github.com/waico/SKAB, GPL-3). Every file becomes
one pump: its rows go through the readings store and the model's stage in small batches, the first 400 rows are
declared normal, the rest is judged causally with settings that never see a label. A row counts as alarmed while a
finding is open. No point adjustment. Figures are over rows 401 to the end of each file; beside them stand two
controls that any honest report needs: alarming always, and looking at the row number only.
"""

import argparse
import json
import platform
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from os import cpu_count
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from models.settings import DetectorSettings
from models.stage import ModelStage
from plantroom.domain.assets import (
    Asset,
    EquipmentClass,
    LearnWindow,
    LocalName,
    Plant,
    Point,
    PointKind,
    PointTemplate,
    Site,
)
from plantroom.domain.findings import Finding, FindingRaised
from plantroom.ports.clock import SystemClock
from plantroom.ports.readings import ReadingBatch, SeriesRef
from plantroom.ports.stages import StreamBatch
from plantroom.storage.readings.sqlite import SqliteReadings

LEARN_ROWS = 400
BATCH_ROWS = 60
NORMAL_ROWS = 1_400
NORMAL_STEP = 200
CLOCK_ROW = 570
"""The clock-only control alarms from this row to ``CLOCK_END``: it knows the test bed's time table and no sensor."""
CLOCK_END = 980

_NAME = LocalName("试验台", "Test bed")
_CLASS = EquipmentClass("pump", _NAME, ("water",))


@dataclass(frozen=True)
class Run:
    """A recording: ``ts_ms`` (n,), ``values`` (n, p) of ``points``, ``faulty`` (n,) the labels."""

    name: str
    points: list[str]
    ts_ms: NDArray[np.int64]
    values: NDArray[np.float64]
    faulty: NDArray[np.bool_]

    def cut(self, start: int, stop: int) -> "Run":
        """Rows ``start`` up to ``stop`` as a recording of its own."""
        part = slice(start, stop)
        name = f"{self.name}[{start + 1}-{stop}]"
        return Run(name, self.points, self.ts_ms[part], self.values[part], self.faulty[part])


@dataclass(frozen=True)
class Outcome:
    """Rows count from 1. ``raises`` are the rows at which a finding was raised."""

    name: str
    faulty_rows: tuple[int, int] | None
    raises: list[int]
    first_inside: int | None
    false_raises: int
    alarmed: NDArray[np.bool_]
    seconds: float


def main() -> int:
    """Run, print, answer 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with SKAB's valve1 and anomaly-free")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    options = parser.parse_args()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    started = time.perf_counter()
    files = sorted((options.data / "valve1").glob("*.csv"), key=lambda path: int(re.sub(r"\D", "", path.stem)))
    runs = [load(path) for path in files]
    outcomes = [judge(run) for run in runs]
    free = load(options.data / "anomaly-free" / "anomaly-free.csv")
    starts = range(0, len(free.ts_ms) - NORMAL_ROWS + 1, NORMAL_STEP)
    normal = [judge(free.cut(start, start + NORMAL_ROWS)) for start in starts]
    document = report(runs, outcomes, normal, time.perf_counter() - started)
    show = json.dumps(document, indent=1) if options.json else as_text(document)
    print(show)
    return 0


def load(path: Path) -> Run:
    """A recording of SKAB; labels are kept apart from the values."""
    lines = path.read_text().splitlines()
    heading = lines[0].split(";")
    cells = [line.split(";") for line in lines[1:]]
    columns = [i for i, name in enumerate(heading) if name not in ("datetime", "anomaly", "changepoint")]
    stamps = [datetime.fromisoformat(row[0]).replace(tzinfo=UTC) for row in cells]
    return Run(
        name=f"{path.parent.name}/{path.name}",
        points=[snake(heading[i]) for i in columns],
        ts_ms=np.array([round(stamp.timestamp() * 1000) for stamp in stamps], dtype=np.int64),
        values=np.array([[float(row[i]) for i in columns] for row in cells]),
        faulty=np.array([float(row[heading.index("anomaly")]) > 0 if "anomaly" in heading else False for row in cells]),
    )


def snake(heading: str) -> str:
    """A point's key from a column's heading."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", heading)
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def judge(run: Run) -> Outcome:
    """Let the product's stage watch a recording, its first rows declared normal."""
    plant = plant_of(run)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteReadings(Path(folder) / "readings.sqlite")
        store.open()
        stage = ModelStage(Path(folder) / "models", store, SystemClock(), lambda _: _CLASS)
        findings: list[Finding] = []
        for batch in batches(run):
            store.write(batch.readings)
            findings += stage.process(batch, plant)
        store.close()
    return outcome(run, findings, time.perf_counter() - started)


def plant_of(run: Run) -> Plant:
    """A site with one pump that has a point for every column."""
    asset = Asset("bed", "demo", "P-101", "pump", _NAME)
    points = {key: Point("bed", PointTemplate(key, _NAME, "", PointKind.MEASURE)) for key in run.points}
    first, last = (datetime.fromtimestamp(int(run.ts_ms[i]) / 1000, UTC) for i in (0, LEARN_ROWS - 1))
    return Plant(
        revision=1,
        sites={"demo": Site("demo", _NAME)},
        assets={"bed": asset},
        codes={("demo", "P-101"): "bed"},
        points={"bed": points},
        sources={},
        learn_windows=[LearnWindow(1, "bed", first, last, "benchmark")],
    )


def batches(run: Run) -> Iterator[StreamBatch]:
    """The recording as the pipeline hands it on."""
    series = [SeriesRef("demo", "pump", "bed", key) for key in run.points]
    p = len(series)
    for start in range(0, len(run.ts_ms), BATCH_ROWS):
        ts_ms = np.repeat(run.ts_ms[start : start + BATCH_ROWS], p)
        n = len(ts_ms)
        ids = np.tile(np.arange(p, dtype=np.int32), n // p)
        values = run.values[start : start + BATCH_ROWS].ravel()
        readings = ReadingBatch(series, ids, ts_ms, values, np.zeros(n, dtype=np.uint8))
        yield StreamBatch(readings, np.ones(n, dtype=np.bool_), ts_ms, "demo")


def outcome(run: Run, findings: list[Finding], seconds: float) -> Outcome:
    """Rows at which something was raised, and rows during which something was open."""
    alarmed = np.zeros(len(run.ts_ms), dtype=np.bool_)
    raises: list[int] = []
    open_findings = 0
    position = 0
    for finding in findings:
        row = int(np.searchsorted(run.ts_ms, round(finding.observed_at.timestamp() * 1000)))
        alarmed[position:row] = open_findings > 0
        position = row
        open_findings += 1 if isinstance(finding, FindingRaised) else -1
        if isinstance(finding, FindingRaised):
            raises.append(row + 1)
    alarmed[position:] = open_findings > 0
    rows = np.flatnonzero(run.faulty)
    span = (int(rows[0]) + 1, int(rows[-1]) + 1) if len(rows) else None
    inside = [row for row in raises if span and span[0] <= row <= span[1]]
    first = inside[0] if inside else None
    return Outcome(run.name, span, raises, first, len(raises) - len(inside), alarmed, round(seconds, 3))


def figures(alarmed: list[NDArray[np.bool_]], faulty: list[NDArray[np.bool_]]) -> dict[str, float]:
    """F1, false alarm rate and missed alarm rate in per cent, over rows 401 to the end of all files."""
    said = np.concatenate([a[LEARN_ROWS:] for a in alarmed])
    true = np.concatenate([f[LEARN_ROWS:] for f in faulty])
    hit, false, missed = int((said & true).sum()), int((said & ~true).sum()), int((~said & true).sum())
    return {
        "f1": round(2 * hit / (2 * hit + false + missed), 3) if hit else 0.0,
        "far_percent": round(100 * false / max(1, int((~true).sum())), 1),
        "mar_percent": round(100 * missed / max(1, int(true.sum())), 1),
    }


def report(runs: list[Run], outcomes: list[Outcome], normal: list[Outcome], seconds: float) -> dict[str, object]:
    """The document that ``--json`` prints."""
    faulty = [run.faulty for run in runs]
    by_clock = []
    for run in runs:
        rows = np.arange(1, len(run.ts_ms) + 1)
        by_clock.append((rows >= CLOCK_ROW) & (rows <= CLOCK_END))
    return {
        "model": figures([o.alarmed for o in outcomes], faulty),
        "control_always": figures([np.ones_like(f) for f in faulty], faulty),
        "control_row_number": figures(by_clock, faulty),
        "files": [
            {
                "name": o.name,
                "faulty_rows": o.faulty_rows,
                "raises": o.raises,
                "first_inside": o.first_inside,
                "false_raises": o.false_raises,
            }
            for o in outcomes
        ],
        "files_detected": sum(o.first_inside is not None for o in outcomes),
        "files_with_false_raise": sum(o.false_raises > 0 for o in outcomes),
        "normal_windows": len(normal),
        "normal_windows_with_raise": [{"name": o.name, "raises": o.raises} for o in normal if o.raises],
        "settings": {"learn_rows": LEARN_ROWS, "batch_rows": BATCH_ROWS, "detector": asdict(DetectorSettings())},
        "environment": {
            "cores": cpu_count(),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "seconds": round(seconds, 1),
        },
    }


def as_text(document: dict[str, object]) -> str:
    """The same for people."""
    files = document["files"]
    assert isinstance(files, list)
    lines = [f"{entry['name']:22} faulty {entry['faulty_rows']}  raised at {entry['raises']}" for entry in files]
    lines.append(f"raised inside the fault: {document['files_detected']} of {len(files)} files")
    lines.append(f"files with a false raise: {document['files_with_false_raise']}")
    lines.append(f"normal windows: {document['normal_windows']}, raised in {document['normal_windows_with_raise']}")
    lines += [f"{name:20} {document[name]}" for name in ("model", "control_always", "control_row_number")]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
