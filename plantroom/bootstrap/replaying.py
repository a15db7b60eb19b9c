"""A recorded file as a live asset: its place in the ledger, its way over MQTT, its arrival in the store."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from maintenance.ports import MaintenanceTx
from plantroom.bootstrap.parts import Parts
from plantroom.domain.assets import (
    Asset,
    LocalName,
    Point,
    PointKind,
    PointTemplate,
    Source,
    SourceClock,
)
from plantroom.domain.keys import new_key
from plantroom.errors import BadData, Unreachable
from plantroom.ports.readings import SeriesRef
from plantroom.settings import BrokerAddress
from plantroom.wire import check_new_code, telemetry_topic
from plantroom.wire_tls import tls_context
from simulators.recording import Recording
from simulators.replay import ReplayPublisher

STORE_STALL_S = 30.0
STORE_POLL_S = 0.1
ROWS = 10_000
"""Instants that are read from the store at a time."""

OVERLAP = (
    "asset {asset} has readings in this span already: rows at or before its newest are stored but not judged, and a"
    " learned window holds both. Use another asset code for a clean replay"
)

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ReplayTarget:
    """Where a recording goes."""

    site: str
    asset: str
    equipment_class: str


def replay(
    parts: Parts,
    broker: BrokerAddress,
    recording: Recording,
    target: ReplayTarget,
    learn_rows: int,
    speed: float | None,
    wait_stored: bool,
    progress: Progress,
) -> dict[str, object]:
    """Publish ``recording`` (already shifted) as the target's telemetry; counts of rows.

    Creates the asset, a point per column and a source with simulated clock where missing; the first
    ``learn_rows`` rows are declared normal. ``speed`` is a multiple of the recorded pace, ``None``: as fast as
    the broker takes it. Raises ``BadData``, ``Unreachable``.
    """
    rows = len(recording.ts_ms)
    if not 0 <= learn_rows <= rows:
        raise BadData(f"--learn-rows {learn_rows}: the file has {rows} rows")
    topic = telemetry_topic(target.site, target.asset)
    with parts.ledger.begin() as tx:
        asset = _prepare(tx, parts, recording, target)
        if learn_rows:
            first, last = int(recording.ts_ms[0]), int(recording.ts_ms[learn_rows - 1])
            tx.assets.add_learn_window(asset.key, _instant(first), _instant(last), "simulate replay --learn-rows")
    held = held_instants(parts, asset, recording)
    warnings = [OVERLAP.format(asset=target.asset)] if len(held) else []
    for words in warnings:
        progress(words)
    publisher = ReplayPublisher(
        broker.host,
        broker.port,
        username=broker.username,
        password=broker.password,
        tls=tls_context(broker) if broker.tls else None,
    )
    published, acked = publisher.run(recording, topic, speed, lambda n, _: progress(f"{n} of {rows} rows published"))
    if publisher.refused is not None:
        warnings.append(publisher.refused)
        progress(publisher.refused)
    report: dict[str, object] = {"published": published, "acked": acked, "stored": None, "warnings": warnings}
    if wait_stored:
        report["stored"] = wait_until_stored(parts, asset, recording, held, progress)
    return report


def _prepare(tx: MaintenanceTx, parts: Parts, recording: Recording, target: ReplayTarget) -> Asset:
    template = parts.classes.get(target.equipment_class)
    if template is None:
        raise BadData(f"there is no class {target.equipment_class!r}; `plantroom classes` lists them")
    tx.assets.site(target.site)
    asset = tx.assets.find(target.site, target.asset)
    if asset is None:
        check_new_code(target.asset, "--asset")
        name = LocalName(target.asset, target.asset)
        asset = Asset(new_key(), target.site, target.asset, target.equipment_class, name)
        tx.assets.add(asset, [Point(asset.key, p) for p in column_points(recording, {})])
        tx.assets.put_source(Source(asset.key, clock=SourceClock.SIMULATED))
        return asset
    if asset.equipment_class != target.equipment_class:
        raise BadData(f"asset {target.asset!r} is of class {asset.equipment_class!r}, not {target.equipment_class!r}")
    there = {point.key: point.template for point in tx.assets.points(asset.key)}
    missing = [p for p in column_points(recording, there) if p.key not in there]
    if missing:
        tx.assets.put_points([Point(asset.key, p) for p in missing])
    return asset


def column_points(recording: Recording, there: Mapping[str, PointTemplate]) -> list[PointTemplate]:
    """A point per column: the one that is there, else with unit unknown and no limits."""
    return [
        there.get(key) or PointTemplate(key, LocalName(heading, heading), "", PointKind.MEASURE)
        for key, heading in zip(recording.point_keys, recording.columns, strict=True)
    ]


def held_instants(parts: Parts, asset: Asset, recording: Recording) -> NDArray[np.int64]:
    """Instants in the recording's span of which the store has readings of the asset already; rising, each once."""
    series, found = _series(asset, recording), [np.empty(0, np.int64)]
    start, end = int(recording.ts_ms.min()), int(recording.ts_ms.max()) + 1
    while start < end:
        instants = np.unique(np.concatenate([page.ts_ms for page in parts.readings.read(series, start, end, ROWS)]))
        if not len(instants):
            break
        found.append(instants)
        start = int(instants[-1]) + 1
    return np.concatenate(found)


def _series(asset: Asset, recording: Recording) -> list[SeriesRef]:
    return [SeriesRef(asset.site, asset.equipment_class, asset.key, key) for key in recording.point_keys]


def wait_until_stored(
    parts: Parts, asset: Asset, recording: Recording, held: NDArray[np.int64], progress: Progress
) -> int:
    """Rows of the recording that the store holds, once it holds all or none has come for 30 s. ``held`` are the
    instants that it had before: those of them that are the recording's own count as stored, the others do not."""
    series = _series(asset, recording)
    filled = recording.ts_ms[~np.isnan(recording.values).all(axis=1)]
    own = np.unique(filled)
    want, there = len(own), int(np.isin(own, held).sum())
    first, last = int(recording.ts_ms.min()), int(recording.ts_ms.max())
    stored, grown = 0, time.monotonic()
    while True:
        try:
            count = min(want, there + parts.readings.count(series, first, last + 1) - len(held))
        except Unreachable as error:
            progress(str(error))
            count = stored
        if count > stored:
            stored, grown = count, time.monotonic()
            progress(f"{stored} of {want} rows stored")
        if stored >= want:
            return len(filled)
        if time.monotonic() - grown > STORE_STALL_S:
            return stored
        time.sleep(STORE_POLL_S)


def _instant(ts_ms: int) -> datetime:
    return datetime.fromtimestamp(ts_ms / 1000, UTC)
