"""Batch simulation: a scenario written to files, much faster than real time, with labels of what was wrong when."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from simulators.nuisances import Nuisance
from simulators.scenario import Scenario, ScenarioAsset
from simulators.stream import AssetStream, Delivery, aligned

PIECE_S = 3600


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What a batch wrote: ``rows`` by asset code, and the folder's ``labels`` file."""

    rows: dict[str, int]
    labels: Path


def write_batch(scenario: Scenario, out_dir: Path, start: datetime, hours: float) -> BatchResult:
    """Write ``<asset code>.csv`` (time, boot, seq and a column per point) and ``labels.json`` into ``out_dir``.

    ``start`` is aware; rows are those that arrive (lost messages are missing). Labels hold, per asset, each failure
    mode with the instants of its start and of its full severity (the failure), events and nuisances.
    Raises ``ValueError`` for a naive ``start``; ``OSError`` when the folder cannot be written.
    """
    if start.tzinfo is None:
        raise ValueError("start needs a time zone")
    out_dir.mkdir(parents=True, exist_ok=True)
    begin = start.timestamp()
    rows: dict[str, int] = {}
    labels: list[dict[str, Any]] = []
    for asset in scenario.assets:
        stream = AssetStream(scenario, asset, aligned(begin, asset))
        events: list[dict[str, Any]] = []
        with (out_dir / f"{asset.code}.csv").open("w", encoding="utf-8", newline="") as file:
            rows[asset.code] = _write(csv.writer(file), _pieces(stream, asset, int(hours * 3600)), events)
        labels.append(_label(asset, stream, events))
    path = out_dir / "labels.json"
    document = {"scenario": scenario.name, "site": scenario.site, "seed": scenario.seed, "assets": labels}
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return BatchResult(rows, path)


def _pieces(stream: AssetStream, asset: ScenarioAsset, seconds: int) -> Iterator[Delivery]:
    end = stream.second + aligned(seconds, asset)
    while stream.second < end:
        yield stream.advance(min(PIECE_S, end - stream.second))


def _write(writer: Any, pieces: Iterator[Delivery], events: list[dict[str, Any]]) -> int:
    count = 0
    keys: Sequence[str] = ()
    for piece in pieces:
        events.extend({"at": _instant(e.ts_ms), "event": e.event, "data": dict(e.data)} for e in piece.events)
        if len(piece) == 0:
            continue
        if not keys:
            keys = tuple(piece.columns)
            writer.writerow(["time", "boot", "seq", *keys])
        columns = [piece.columns[key].tolist() for key in keys]
        times = [_instant(ts) for ts in piece.ts_ms.tolist()]
        writer.writerows(zip(times, piece.boot.tolist(), piece.seq.tolist(), *columns, strict=True))
        count += len(piece)
    return count


def _label(asset: ScenarioAsset, stream: AssetStream, events: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "asset": asset.code,
        "class": asset.equipment_class,
        "faults": [
            {
                "failure_mode": fault.mode,
                "start": _instant(fault.start_s * 1000),
                "failure": _instant((fault.start_s + fault.duration_s) * 1000),
                "severity": fault.severity,
            }
            for fault in stream.faults
        ],
        "nuisances": [_nuisance(n) for n in asset.nuisances],
        "events": events,
    }


def _nuisance(nuisance: Nuisance) -> dict[str, Any]:
    endless = nuisance.duration_s == float("inf")
    return {
        "kind": nuisance.kind.value,
        "start_s": nuisance.start_s,
        "duration_s": None if endless else nuisance.duration_s,
        "size": nuisance.size,
        "point": nuisance.point or None,
    }


def _instant(ts_ms: float) -> str:
    return datetime.fromtimestamp(ts_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
