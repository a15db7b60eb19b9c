"""An asset among others is judged as if it were alone, to the last bit."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from plantroom.domain.findings import Finding
from plantroom.ports.readings import ReadingBatch
from plantroom.ports.stages import StreamBatch
from tests.examples import examples
from tests.unit.models.machine import Bench, Columns, batch, healthy, plant, window

KEYS = ("vibration", "flow", "bearing_temp")
LEARNED_ROWS, ROWS = 100, 220
ASSETS = ("a1", "a2", "a3")
PLANT = plant([window(LEARNED_ROWS - 1, number=n, asset=asset) for n, asset in enumerate(ASSETS, 1)], KEYS, assets=3)


def merged(parts: Sequence[StreamBatch]) -> StreamBatch:
    """Streams of several assets, one after the other within a batch."""
    series, ids = [], []
    for part in parts:
        ids.append(part.readings.series_id + len(series))
        series += list(part.readings.series)
    arrays = [np.concatenate([getattr(p.readings, name) for p in parts]) for name in ("ts_ms", "value", "reason")]
    readings = ReadingBatch(series, np.concatenate(ids).astype(np.int32), *arrays)
    received = np.concatenate([part.received_ms for part in parts])
    return StreamBatch(readings, np.ones(len(readings), np.bool_), received, "demo")


def play(machines: Mapping[str, Columns], edges: Sequence[int]) -> tuple[list[Finding], dict[str, object]]:
    """Findings of all machines in one stream that is cut at ``edges``, and the last state of each."""
    findings: list[Finding] = []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for start, stop in pairwise(edges):
            parts = [batch(columns, start, stop, asset=asset) for asset, columns in machines.items()]
            findings += bench.give(merged(parts), PLANT)
        bench.store.close()
        states: dict[str, object] = json.loads(bench.stage.snapshot())["assets"]
    return findings, states


@st.composite
def machines(draw: st.DrawFn) -> dict[str, Columns]:
    """Some well, some ill, with readings missing and silences."""
    made = {}
    for n, asset in enumerate(ASSETS):
        columns = healthy(ROWS, draw(st.integers(1, 50)) + n, KEYS)
        if draw(st.booleans()):
            columns[draw(st.sampled_from(KEYS))][draw(st.integers(LEARNED_ROWS + 10, ROWS - 40)) :] *= 1.3
        silent = draw(st.integers(LEARNED_ROWS, ROWS))
        columns[draw(st.sampled_from(KEYS))][silent : silent + draw(st.integers(0, 60))] = np.nan
        made[asset] = columns
    return made


@settings(max_examples=examples(15), deadline=None)
@given(machines(), st.lists(st.integers(1, ROWS - 1), max_size=5))
def test_an_asset_among_others_is_judged_as_if_alone(ill: dict[str, Columns], cuts: list[int]) -> None:
    edges = [0, *sorted({*cuts, 150}), ROWS]
    findings, states = play(ill, edges)
    for asset in ASSETS:
        alone, state = play({asset: ill[asset]}, edges)
        assert [f for f in findings if f.asset == asset] == alone
        assert states[asset] == state[asset]
