"""The state of every watched asset as bytes and back, exactly."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from models.monitor import MonitorState, OpenFinding
from models.rows import AssetRows, RunState
from models.scoring import SmoothState
from models.watcher import AssetState
from plantroom.domain.assets import Health

_FORMAT = 2


def pack(states: Mapping[str, AssetState]) -> bytes:
    """Bytes of the states by asset; equal states give equal bytes. JSON keeps every float exactly."""
    document = {"format": _FORMAT, "assets": {asset: _plain(state) for asset, state in states.items()}}
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def unpack(packed: bytes) -> dict[str, AssetState]:
    """The states again; of nothing, none. Raises ``ValueError`` on what ``pack`` did not make."""
    if not packed:
        return {}
    document = json.loads(packed)
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise ValueError("not a snapshot of the condition models, or of another version")
    try:
        return {asset: _state(asset, plain) for asset, plain in document["assets"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"a damaged snapshot of the condition models: {error!r}") from error


def _plain(state: AssetState) -> dict[str, Any]:
    smooth, monitor, held = state.smooth, state.monitor, state.held
    return {
        "model": state.model,
        "by_hand": state.by_hand,
        "windows": state.windows,
        "held": None if held is None else _plain_row(held),
        "run": [state.run.running, state.run.started_ms],
        "judging": state.judging,
        "smooth": None if smooth is None else [smooth.deviation.tolist(), smooth.seen_ms.tolist()],
        "monitor": None
        if monitor is None
        else {
            "since_ms": monitor.since_ms.tolist(),
            "rows": monitor.rows.tolist(),
            "last_ms": monitor.last_ms,
            "open": [
                [f.mode, f.finding_id, f.raised_ms, list(f.points), f.back_since_ms, f.back_rows]
                for f in monitor.open.values()
            ],
        },
        "score": state.score,
        "scored_ms": state.scored_ms,
        "health": state.health.value,
    }


def _plain_row(row: AssetRows) -> list[Any]:
    said = {key: value for key, value in zip(row.keys, row.values[0].tolist(), strict=True) if not math.isnan(value)}
    return [int(row.ts_ms[0]), int(row.received_ms[0]), said]


def _row(asset: str, plain: Sequence[Any]) -> AssetRows:
    ts_ms, received_ms, said = plain
    values = np.array([list(said.values())], dtype=np.float64)
    return AssetRows(
        asset, np.array([ts_ms], dtype=np.int64), np.array([received_ms], dtype=np.int64), tuple(said), values
    )


def _state(asset: str, plain: Mapping[str, Any]) -> AssetState:
    smooth, monitor, held = plain["smooth"], plain["monitor"], plain["held"]
    return AssetState(
        model=plain["model"],
        by_hand=plain["by_hand"],
        windows=list(plain["windows"]),
        held=None if held is None else _row(asset, held),
        run=RunState(*plain["run"]),
        judging=plain["judging"],
        smooth=None
        if smooth is None
        else SmoothState(np.array(smooth[0], dtype=np.float64), np.array(smooth[1], dtype=np.int64)),
        monitor=None
        if monitor is None
        else MonitorState(
            since_ms=np.array(monitor["since_ms"], dtype=np.int64),
            rows=np.array(monitor["rows"], dtype=np.int64),
            last_ms=monitor["last_ms"],
            open={
                mode: OpenFinding(mode, finding_id, raised_ms, tuple(points), back_since_ms, back_rows)
                for mode, finding_id, raised_ms, points, back_since_ms, back_rows in monitor["open"]
            },
        ),
        score=plain["score"],
        scored_ms=plain["scored_ms"],
        health=Health(plain["health"]),
    )
