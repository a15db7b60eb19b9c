"""Findings depend on the order of a stream, never on where it is cut into batches."""

import tempfile
from collections.abc import Sequence
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.stage import ModelStage
from plantroom.domain.assets import Health, Plant
from plantroom.domain.findings import Finding, FindingRaised
from plantroom.ports.readings import ReadingBatch
from plantroom.ports.stages import StreamBatch
from tests.examples import examples
from tests.unit.models.machine import START_MS, Bench, Columns, batch, healthy, plant, row_of, window

KEYS = ("vibration", "flow", "bearing_temp")
GATED = (*KEYS, "running")
ROWS, LEARNED_ROWS = 320, 100
LEARNED = plant([window(LEARNED_ROWS - 1)], KEYS)
LEARNED_GATED = plant([window(LEARNED_ROWS - 1)], KEYS, gated=True)


def part(whole: StreamBatch, start: int, stop: int) -> StreamBatch:
    """Readings ``start`` up to ``stop`` of a stream."""
    cut, r = slice(start, stop), whole.readings
    readings = ReadingBatch(r.series, r.series_id[cut], r.ts_ms[cut], r.value[cut], r.reason[cut])
    return StreamBatch(readings, whole.live[cut], whole.received_ms[cut], whole.site)


def in_order(whole: StreamBatch, order: NDArray[np.int64]) -> StreamBatch:
    """The same readings in another order; each is received 7 ms after the one before."""
    r = whole.readings
    readings = ReadingBatch(r.series, r.series_id[order], r.ts_ms[order], r.value[order], r.reason[order])
    return StreamBatch(readings, whole.live[order], START_MS + 7 * np.arange(len(order)), whole.site)


def play(
    whole: StreamBatch, followed: Plant, cuts: Sequence[int], restarts: Sequence[int] = ()
) -> tuple[list[Finding], bytes, Health]:
    """Findings, the last snapshot and health after a stream cut at ``cuts``, restarted at ``restarts``."""
    findings: list[Finding] = []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        edges = [0, *sorted({*cuts, *restarts} - {0, len(whole.readings)}), len(whole.readings)]
        for start, stop in pairwise(edges):
            if start in restarts:
                state = bench.stage.snapshot()
                bench.stage = bench.new_stage()
                bench.stage.restore(state)
            findings += bench.give(part(whole, start, stop), followed)
        bench.store.close()
        return findings, bench.stage.snapshot(), bench.stage.health("a1")


def ill_machine(seed: int, onset: int, gated: bool = False) -> Columns:
    """A machine whose flow falls, heals and whose bearing warms soon after; gated: it stands for a while."""
    machine = healthy(ROWS, seed, KEYS)
    machine["flow"][onset : onset + 60] *= 0.85
    machine["bearing_temp"][onset + 20 :] += 8.0
    if gated:
        machine["running"] = np.full(ROWS, np.nan)
        machine["running"][[0, onset - 30, onset - 25]] = (1.0, 0.0, 1.0)
        machine["vibration"][onset - 30 : onset - 25] = 0.0
    return machine


@st.composite
def streams(draw: st.DrawFn) -> tuple[StreamBatch, Plant]:
    """The machine's readings with some missing; after the learn window some come behind a later instant."""
    gated = draw(st.booleans())
    machine = ill_machine(draw(st.integers(1, 50)), draw(st.integers(LEARNED_ROWS + 40, ROWS - 80)), gated)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    for key in KEYS:
        machine[key][rng.random(ROWS) < draw(st.sampled_from([0.0, 0.1]))] = np.nan
    whole = batch(machine, 0, ROWS)
    place = np.arange(len(whole.readings), dtype=np.float64)
    movable = whole.readings.ts_ms > START_MS + 1000 * (LEARNED_ROWS + 1)
    point = whole.readings.series_id == draw(st.integers(0, len(machine) - 1))
    behind = movable & point & (rng.random(len(place)) < draw(st.sampled_from([0.0, 0.2, 1.0])))
    place[behind] += len(machine) * draw(st.integers(1, 3))
    return in_order(whole, np.argsort(place, kind="stable")), LEARNED_GATED if gated else LEARNED


@settings(max_examples=examples(25), deadline=None)
@given(streams(), st.data())
def test_no_cut_and_no_restart_changes_anything(stream: tuple[StreamBatch, Plant], data: st.DataObject) -> None:
    whole, followed = stream
    anywhere = st.lists(st.integers(1, len(whole.readings) - 1), max_size=30)
    cuts, restarts = data.draw(anywhere), data.draw(anywhere)
    assert play(whole, followed, cuts, restarts) == play(whole, followed, ())


@pytest.mark.parametrize("gated", [False, True])
def test_single_readings_give_what_one_batch_gives(gated: bool) -> None:
    whole = batch(ill_machine(1, 150, gated), 0, ROWS)
    followed = LEARNED_GATED if gated else LEARNED
    at_once = play(whole, followed, ())
    assert any(isinstance(finding, FindingRaised) for finding in at_once[0])
    assert play(whole, followed, range(len(whole.readings))) == at_once


@pytest.mark.parametrize("back_s", [1, 5, 60])
def test_a_clock_that_is_set_back_turns_no_finding_round(back_s: int) -> None:
    whole = batch(ill_machine(1, 150), 0, ROWS)
    r, later = whole.readings, whole.readings.ts_ms >= START_MS + 1000 * 190
    turned = ReadingBatch(r.series, r.series_id, r.ts_ms - 1000 * back_s * later, r.value, r.reason)
    stream = StreamBatch(turned, whole.live, whole.received_ms, whole.site)
    at_once = play(stream, LEARNED, ())
    assert at_once[0]
    assert play(stream, LEARNED, range(len(stream.readings))) == at_once
    observed = [finding.observed_at for finding in at_once[0]]
    assert observed == sorted(observed)


def test_a_row_is_judged_when_the_next_one_begins(bench: Bench) -> None:
    machine = ill_machine(1, 150)
    [finding, *_] = bench.play(machine, LEARNED)
    bench.stage.restore(b"")
    raised_at = row_of(finding)
    assert bench.play({key: column[: raised_at + 1] for key, column in machine.items()}, LEARNED) == []
    assert bench.give(batch(machine, raised_at + 1, raised_at + 2), LEARNED) == [finding]


def late(machine: Columns, key: str, first: int) -> StreamBatch:
    """The stream with every reading of ``key`` from row ``first`` on one message behind."""
    whole = batch(machine, 0, ROWS)
    place = np.arange(len(whole.readings), dtype=np.float64)
    of_key = whole.readings.series_id == list(machine).index(key)
    place[of_key & (whole.readings.ts_ms >= START_MS + 1000 * first)] += len(machine)
    return in_order(whole, np.argsort(place, kind="stable"))


def test_a_point_that_is_always_one_message_behind_is_watched_all_the_same() -> None:
    machine = healthy(ROWS, keys=KEYS)
    machine["flow"][150:] *= 0.85
    findings, _, _ = play(late(machine, "flow", LEARNED_ROWS + 2), LEARNED, ())
    assert [finding.failure_mode for finding in findings] == ["valve_closed"]


def test_a_stop_told_one_message_behind_still_keeps_the_standing_machine_unjudged() -> None:
    machine = healthy(ROWS, keys=KEYS)
    machine["flow"][150:] = 0.0
    machine["running"] = np.where(np.arange(ROWS) < 150, 1.0, 0.0)
    findings, _, _ = play(late(machine, "running", LEARNED_ROWS + 2), LEARNED_GATED, ())
    assert findings == []


def test_an_instant_that_has_been_judged_is_not_judged_again(bench: Bench) -> None:
    machine = ill_machine(1, 150)
    findings = bench.play(machine, LEARNED)
    for row in (150, 200, 240):
        findings += bench.give(batch(machine, row, row + 1), LEARNED)
    assert findings == play(batch(machine, 0, ROWS), LEARNED, ())[0]


def test_health_between_its_thresholds_remembers_what_it_was(bench: Bench) -> None:
    machine = healthy(ROWS, keys=KEYS)
    machine["flow"] = np.full(ROWS, 50.0)
    machine["flow"][:LEARNED_ROWS] += np.random.default_rng(3).normal(size=LEARNED_ROWS)
    machine["flow"][150:165] = 45.5
    bench.play({key: column[:150] for key, column in machine.items()}, LEARNED)
    state, row_by_row = bench.stage.snapshot(), []
    for row in range(150, 220):
        bench.give(batch(machine, row, row + 1), LEARNED)
        row_by_row.append(bench.stage.health("a1"))
    at_once = []
    for stop in range(151, 221):
        bench.stage.restore(state)
        bench.give(batch(machine, 150, stop), LEARNED)
        at_once.append(bench.stage.health("a1"))
    assert at_once == row_by_row
    assert [health for health, _ in groupby(row_by_row)] == [Health.GOOD, Health.WATCH, Health.GOOD]


def test_running_told_before_a_model_scores_is_remembered(bench: Bench) -> None:
    machine = healthy(ROWS, keys=KEYS)
    machine["flow"][90:] = 0.0
    machine["running"] = np.full(ROWS, np.nan)
    machine["running"][[0, 90]] = (1.0, 0.0)
    bench.play({key: column[:150] for key, column in machine.items()}, LEARNED_GATED)
    bench.stage = bench.new_stage()
    assert bench.play(machine, LEARNED_GATED, size=7) == []


def test_a_new_stage_names_its_model_after_the_first_whole_row(bench: Bench) -> None:
    bench.play(healthy(ROWS, keys=KEYS), LEARNED)
    again: ModelStage = bench.new_stage()
    whole = batch(healthy(ROWS, 2, KEYS), 200, 202)
    again.process(part(whole, 0, 3), LEARNED)
    assert again.health_report() == []
    again.process(part(whole, 3, 4), LEARNED)
    assert [entry.health for entry in again.health_report()] == [Health.GOOD]
