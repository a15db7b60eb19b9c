"""Learn windows, restarts and models set by hand."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from models.fitting import fit, warm_up
from models.registry import ModelRegistry, ModelState
from models.stage import ModelStage
from plantroom.domain.assets import Health, LearnWindow
from plantroom.domain.findings import FindingCleared, FindingRaised
from plantroom.errors import Unreachable
from tests.unit.models.machine import CLASS, CLOCK, START_MS, Bench, batch, healthy, plant, row_of, window

LEARNED = plant([window(399)])


def ill(rows: int = 1500, since: int = 700):
    machine = healthy(rows)
    machine["flow"][since:] *= 0.8
    return machine


def registry(bench: Bench) -> ModelRegistry:
    return ModelRegistry(bench.folder / "models")


def test_the_window_is_learned_from_exactly_its_stored_rows(bench: Bench) -> None:
    bench.play(healthy(450), LEARNED, size=450)
    [record] = registry(bench).models("a1")
    assert record.state is ModelState.ACTIVE
    assert record.manifest["data"] == {"start_ms": START_MS, "end_ms": START_MS + 399_000, "rows": 400}
    assert (record.manifest["reason"], record.manifest["window"]) == ("declared normal by operator", 1)
    assert record.manifest["parent"] is None


def test_nothing_is_learned_before_the_stream_has_passed_the_window(bench: Bench) -> None:
    bench.play(healthy(400), LEARNED)
    assert registry(bench).models("a1") == []
    bench.play(healthy(401), LEARNED, first=400)
    assert len(registry(bench).models("a1")) == 1


def test_a_window_that_ends_inside_a_batch_is_scored_from_its_next_row(bench: Bench) -> None:
    machine = healthy(700)
    machine["flow"][400:] *= 0.7
    [finding] = bench.play(machine, LEARNED, size=700)
    assert 401 <= row_of(finding) <= 460


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Bench]:
    """A second bench, to compare with."""
    folder = tmp_path / "other"
    folder.mkdir()
    made = Bench(folder)
    yield made
    made.store.close()


@pytest.mark.parametrize("size", [1, 7, 130, 900])
def test_the_size_of_batches_changes_no_finding(bench: Bench, other: Bench, size: int) -> None:
    machine = ill(900)
    ours = bench.play(machine, LEARNED, size=size)
    assert ours == other.play(machine, LEARNED, size=50)
    assert len(ours) == 1


def test_rows_of_the_future_change_no_finding(bench: Bench, other: Bench) -> None:
    longer = ill(1500)
    longer["flow"][900:] *= 3.0
    ours = bench.play({key: column[:900] for key, column in longer.items()}, LEARNED)
    assert other.play(longer, LEARNED)[: len(ours)] == ours
    assert len(ours) == 1


@pytest.mark.parametrize("stop", [200, 400, 450, 700, 720, 730, 1000])
def test_a_restart_in_the_middle_gives_the_same_findings(bench: Bench, other: Bench, stop: int) -> None:
    machine = ill()
    machine["flow"][1000:] = healthy(1500)["flow"][1000:]
    findings = []
    for start in range(0, 1500, 10):
        if start == stop:
            state = bench.stage.snapshot()
            bench.give(batch(machine, start, start + 10), LEARNED)
            bench.stage = bench.new_stage()
            bench.stage.restore(state)
            assert bench.stage.snapshot() == state
        findings += bench.give(batch(machine, start, start + 10), LEARNED)
    assert findings == other.play(machine, LEARNED, size=10)
    assert [type(f) for f in findings] == [FindingRaised, FindingCleared]


def test_processing_a_batch_again_with_the_window_in_it_gives_the_same(bench: Bench) -> None:
    machine = ill(900, since=450)
    first = bench.play(machine, LEARNED, size=900)
    bench.stage = bench.new_stage()
    assert bench.play(machine, LEARNED, size=900) == first
    assert len(registry(bench).models("a1")) == 1


def test_a_second_window_replaces_the_model_and_ends_what_was_open(bench: Bench) -> None:
    machine = ill(2000)
    twice = plant([window(399), window(1399, 1000, number=2)])
    raised, cleared = bench.play(machine, twice)
    assert isinstance(cleared, FindingCleared)
    assert (raised.failure_mode, row_of(cleared)) == (cleared.failure_mode, 1400)
    old, new = registry(bench).models("a1")
    assert (old.state, new.state, new.parent) == (ModelState.RETIRED, ModelState.ACTIVE, old.model)
    assert bench.stage.health("a1") is Health.GOOD


def test_processing_again_scores_rows_before_a_second_window_with_the_first_model(bench: Bench) -> None:
    machine = ill(2000)
    twice = plant([window(399), window(1399, 1000, number=2)])
    bench.play({key: column[:600] for key, column in machine.items()}, twice)
    state = bench.stage.snapshot()
    first = bench.play(machine, twice, first=600, size=1400)
    bench.stage = bench.new_stage()
    bench.stage.restore(state)
    assert bench.play(machine, twice, first=600, size=1400) == first


def test_a_rollback_by_hand_is_taken_up_and_not_learned_away(bench: Bench) -> None:
    machine = ill(2400)
    twice = plant([window(399), window(1399, 1000, number=2)])
    bench.play({key: column[:1600] for key, column in machine.items()}, twice)
    old = registry(bench).rollback("a1", "the valve was in fact closed", CLOCK.now())
    state = bench.stage.snapshot()
    [finding] = bench.play(machine, twice, first=1600)
    assert isinstance(finding, FindingRaised)
    assert finding.detail["model"] == old.model
    bench.stage = bench.new_stage()
    bench.stage.restore(state)
    [again] = bench.play(machine, twice, first=1600)
    assert again.finding_id == finding.finding_id


def test_too_few_rows_leave_the_asset_unjudged_and_the_stream_going(bench: Bench) -> None:
    short = LearnWindow(1, "a1", datetime.fromtimestamp(START_MS / 1000, UTC), window(10).end, "operator")
    assert bench.play(ill(), plant([short])) == []
    assert bench.stage.health("a1") is Health.UNKNOWN


def test_a_store_out_of_reach_moves_nothing_and_the_batch_can_be_given_again(bench: Bench) -> None:
    machine = healthy(600)
    bench.play({key: column[:390] for key, column in machine.items()}, LEARNED)

    class Away:
        def __getattr__(self, name: str):
            raise Unreachable("readings", "away")

    state = bench.stage.snapshot()
    cut_off = ModelStage(bench.folder / "models", Away(), CLOCK, lambda _: CLASS)  # type: ignore[arg-type]
    cut_off.restore(state)
    with pytest.raises(Unreachable):
        cut_off.process(batch(machine, 390, 450), LEARNED)
    assert cut_off.snapshot() == state


def test_a_model_that_is_gone_leaves_the_asset_unjudged(bench: Bench) -> None:
    bench.play(healthy(600), LEARNED)
    state = bench.stage.snapshot()
    for file in (bench.folder / "models" / "a1").glob("m*.npz"):
        file.write_bytes(b"damaged")
    bench.stage = bench.new_stage()
    bench.stage.restore(state)
    assert bench.play(ill(), LEARNED, first=600) == []
    assert bench.stage.health("a1") is Health.UNKNOWN


@pytest.mark.parametrize("junk", [b"junk", b"{}", b"[]", b'{"format":2,"assets":{"a1":{}}}'])
def test_what_is_not_a_snapshot_is_refused(bench: Bench, junk: bytes) -> None:
    with pytest.raises(ValueError):
        bench.stage.restore(junk)


def test_learning_is_quick(bench: Bench) -> None:
    warm_up()
    machine = healthy(2000)
    values = np.column_stack([*machine.values(), *machine.values()])
    points = [(f"p{i}", "") for i in range(values.shape[1])]
    times = []
    for _ in range(5):
        started = time.process_time()
        fit(points, START_MS + 1000 * np.arange(2000), values)
        times.append(time.process_time() - started)
    assert min(times) < 1.0, "the best of five runs, in seconds of CPU: the machine may be busy"


def test_a_registry_that_cannot_be_written_is_waited_for(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("models.registry._write", _full)
        with pytest.raises(Unreachable, match="model registry"):
            bench.play(healthy(700), LEARNED)


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")
