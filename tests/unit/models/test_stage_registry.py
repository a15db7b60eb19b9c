"""A model that is damaged costs its own asset its watch; a disk that does not answer is waited for."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.registry import ModelRegistry, ModelState, Provenance
from models.stage import ModelStage
from plantroom.domain.assets import Health
from plantroom.domain.findings import FindingCleared, FindingRaised
from plantroom.errors import BadData, Unreachable
from tests.unit.models.machine import CLOCK, START_MS, Bench, batch, healthy, plant, window
from tests.unit.models.test_registry import fitted, origin

LEARNED = plant([window(399)])
BOTH = plant([window(399), window(399, number=2, asset="a2")], assets=2)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def of_asset(bench: Bench, pattern: str, asset: str = "a1") -> Path:
    return next(path for path in (bench.folder / "models" / asset).glob(pattern) if path.name != "index.json")


DAMAGES: list[Callable[[Bench], object]] = [
    lambda bench: truncate(of_asset(bench, "m*.npz")),
    lambda bench: of_asset(bench, "m*.npz").unlink(),
    lambda bench: truncate(of_asset(bench, "m*.json")),
    lambda bench: of_asset(bench, "m*.json").write_text("[]"),
    lambda bench: truncate(bench.folder / "models" / "a1" / "index.json"),
]


@pytest.mark.parametrize("damage", DAMAGES, ids=["npz", "no_npz", "manifest", "no_manifest", "index"])
@pytest.mark.parametrize("resumed", [True, False])
def test_a_lost_model_makes_its_asset_unknown_and_leaves_the_others_alone(
    bench: Bench, damage: Callable[[Bench], object], resumed: bool
) -> None:
    ill = healthy(1000)
    ill["flow"][700:] *= 0.7
    for asset in ("a1", "a2"):
        bench.give(batch(ill, 0, 600, asset), BOTH)
    state = bench.stage.snapshot() if resumed else b""
    damage(bench)
    bench.stage = bench.new_stage()
    bench.stage.restore(state)
    findings, changes = [], []
    for start in range(600, 1000, 50):
        for asset in ("a1", "a2"):
            findings += bench.give(batch(ill, start, start + 50, asset), BOTH)
        changes += bench.stage.health_changes()
    assert {finding.asset for finding in findings} == {"a2"}
    assert [(c.health, c.reason["model_lost"]) for c in changes if c.asset == "a1"] == [(Health.UNKNOWN, True)]
    assert bench.stage.health("a1") is Health.UNKNOWN
    again = bench.new_stage()
    again.restore(bench.stage.snapshot())
    assert again.snapshot() == bench.stage.snapshot()


def test_a_lost_model_that_is_back_at_the_next_start_goes_on(bench: Bench) -> None:
    ill = healthy(1000)
    ill["flow"][500:800] *= 0.7
    [raised] = bench.play({key: column[:600] for key, column in ill.items()}, LEARNED)
    file = of_asset(bench, "m*.npz")
    sound = file.read_bytes()
    for content in (b"damaged", sound):
        file.write_bytes(content)
        state = bench.stage.snapshot()
        bench.stage = bench.new_stage()
        bench.stage.restore(state)
        first = 600 if content is not sound else 650
        found = bench.play({key: column[: first + 50] for key, column in ill.items()}, LEARNED, first=first)
        assert found == []
    [cleared] = bench.play(ill, LEARNED, first=700)
    assert isinstance(raised, FindingRaised)
    assert isinstance(cleared, FindingCleared)


def test_what_a_lost_model_had_raised_ends_with_the_next_model(bench: Bench) -> None:
    ill = healthy(1500)
    ill["flow"][500:] *= 0.7
    bench.play({key: column[:600] for key, column in ill.items()}, LEARNED)
    state = bench.stage.snapshot()
    truncate(of_asset(bench, "m*.npz"))
    bench.stage = bench.new_stage()
    bench.stage.restore(state)
    twice = plant([window(399), window(1099, 700, number=2)])
    [cleared] = bench.play(ill, twice, first=600)
    assert isinstance(cleared, FindingCleared)
    assert bench.stage.health("a1") is Health.GOOD


def test_a_window_whose_model_was_damaged_since_is_not_watched_by_the_one_before(bench: Bench) -> None:
    ill = healthy(1500)
    ill["flow"][500:] *= 0.7
    bench.play({key: column[:600] for key, column in ill.items()}, LEARNED)
    state = bench.stage.snapshot()
    twice = plant([window(399), window(1099, 700, number=2)])
    first = of_asset(bench, "m*.npz")
    bench.play({key: column[:1200] for key, column in ill.items()}, twice, first=600)
    truncate(next(path for path in first.parent.glob("m*.npz") if path != first))
    bench.stage = bench.new_stage()
    bench.stage.restore(state)
    [cleared] = bench.play(ill, twice, first=600)
    assert isinstance(cleared, FindingCleared)
    assert bench.stage.health("a1") is Health.UNKNOWN


def test_a_stored_model_with_a_number_that_is_none_is_refused(tmp_path: Path) -> None:
    registry, baseline = ModelRegistry(tmp_path), fitted().baseline
    baseline.scale[2] = np.nan
    record = registry.register(baseline, origin(), ModelState.ACTIVE)
    with pytest.raises(BadData, match="cannot be judged by"):
        registry.load(record)


def test_a_model_of_another_version_is_refused(tmp_path: Path) -> None:
    registry = ModelRegistry(tmp_path)
    record = registry.register(fitted().baseline, origin(), ModelState.ACTIVE)
    manifest = tmp_path / "a1" / f"{record.model}.json"
    manifest.write_text(json.dumps({**record.manifest, "settings": {**record.manifest["settings"], "new": 1}}))
    with pytest.raises(BadData, match="another version"):
        registry.load(registry.record("a1", record.model))


def unanswered(*_: object, **__: object) -> None:
    raise OSError(5, "Input/output error")


@pytest.mark.parametrize("resumed", [True, False])
@pytest.mark.parametrize("call", ["stat", "read_bytes"])
def test_a_disk_that_does_not_answer_is_waited_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, call: str, resumed: bool
) -> None:
    machine = healthy(700)
    bench.play({key: column[:600] for key, column in machine.items()}, LEARNED)
    state = bench.stage.snapshot() if resumed else b""
    stage: ModelStage = bench.new_stage()
    stage.restore(state)
    before = stage.snapshot()
    with monkeypatch.context() as broken:
        broken.setattr(f"pathlib.Path.{call}", unanswered)
        with pytest.raises(Unreachable, match="model registry"):
            stage.process(batch(machine, 600, 650), LEARNED)
    assert stage.snapshot() == before
    assert stage.process(batch(machine, 600, 650), LEARNED) == []
    assert stage.health("a1") is Health.GOOD


def test_a_model_promoted_by_hand_that_is_damaged_is_lost_too(bench: Bench) -> None:
    registry = ModelRegistry(bench.folder / "models")
    bench.play(healthy(600), LEARNED)
    rows = Provenance("a1", START_MS, START_MS + 1000, 400, "trial", CLOCK.now())
    other = registry.register(fitted(2).baseline, rows, ModelState.SHADOW)
    truncate(bench.folder / "models" / "a1" / f"{other.model}.npz")
    registry.promote("a1", other.model, "better", CLOCK.now())
    bench.stage.health_changes()
    bench.play(healthy(700), LEARNED, first=600)
    [change] = bench.stage.health_changes()
    assert (change.health, change.reason["model"]) == (Health.UNKNOWN, other.model)
