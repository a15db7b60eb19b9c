"""Recordings for the end-to-end tests, made by our own simulator: a pump that runs well, then wears out."""

import csv
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from simulators.scenario import parse_scenario
from simulators.stream import AssetStream

START = datetime(2026, 3, 3, 18, 0, tzinfo=UTC)
"""Two in the morning in Shanghai: the demand is even."""

LEARN_ROWS = 400
FAULT_ROW = 560
FULL_ROW = 660
ROWS = 760

SCENARIO = f"""
site = "demo"
seed = 3
[[assets]]
code = "P"
class = "pump"
zh = "泵"
en = "Pump"
faults = [{{ mode = "bearing", start_s = {FAULT_ROW}, duration_s = {FULL_ROW - FAULT_ROW}, severity = 0.9 }}]
"""


@dataclass(frozen=True)
class Recorded:
    """A file and what is in it: ``ts_ms`` (n,) of the rows, ``columns`` point -> (n,)."""

    file: Path
    ts_ms: list[int]
    columns: dict[str, list[float]]

    def __len__(self) -> int:
        return len(self.ts_ms)


def wearing_pump(file: Path, rows: int = ROWS) -> Recorded:
    """The first ``rows`` seconds of a pump whose bearing wears from row 560 on, written as CSV."""
    scenario = parse_scenario(SCENARIO, "wearing")
    stream = AssetStream(scenario, scenario.assets[0], int(START.timestamp()))
    delivery = stream.advance(rows)
    ts_ms = [int(t) for t in delivery.ts_ms]
    columns = {key: [float(v) for v in np.asarray(values)] for key, values in delivery.columns.items()}
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["time", *columns])
        times = [datetime.fromtimestamp(ts / 1000, UTC).isoformat() for ts in ts_ms]
        writer.writerows(zip(times, *columns.values(), strict=True))
    return Recorded(file, ts_ms, columns)
