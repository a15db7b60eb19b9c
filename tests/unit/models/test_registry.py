"""The registry keeps models whole, and the way back open."""

import json
from pathlib import Path

import numpy as np
import pytest

from models.fitting import fit
from models.registry import ModelRegistry, ModelState, Provenance, code_hash
from plantroom.errors import BadData, Conflict, NotFound
from tests.unit.models.machine import CLOCK, START_MS, healthy

ARRAYS = ("level", "noise", "scale", "deadband", "components", "variances")


def fitted(seed: int = 1):
    machine = healthy(400, seed)
    return fit([(k, "") for k in machine], START_MS + 1000 * np.arange(400), np.column_stack([*machine.values()]))


def origin(end_ms: int = START_MS + 399_000, window: int | None = 1, asset: str = "a1") -> Provenance:
    return Provenance(asset, START_MS, end_ms, 400, "declared normal by operator", CLOCK.now(), window)


@pytest.fixture
def registry(tmp_path: Path) -> ModelRegistry:
    return ModelRegistry(tmp_path)


def test_a_model_comes_back_exactly(registry: ModelRegistry) -> None:
    baseline = fitted().baseline
    again = registry.load(registry.register(baseline, origin(), ModelState.ACTIVE))
    assert all(np.array_equal(getattr(again, name), getattr(baseline, name)) for name in ARRAYS)
    assert (again.points, again.dt_s, again.settings) == (baseline.points, baseline.dt_s, baseline.settings)


def test_the_manifest_tells_where_a_model_comes_from(registry: ModelRegistry, tmp_path: Path) -> None:
    result = fitted()
    record = registry.register(result.baseline, origin(), ModelState.ACTIVE)
    manifest = json.loads((tmp_path / "a1" / f"{record.model}.json").read_text())
    assert manifest["code_sha256"] == code_hash()
    assert len(manifest["npz_sha256"]) == 64
    assert (manifest["reason"], manifest["data"]["rows"]) == ("declared normal by operator", 400)
    assert set(manifest["versions"]) == {"numpy", "scikit-learn"}


def test_registering_again_changes_nothing(registry: ModelRegistry, tmp_path: Path) -> None:
    first = registry.register(fitted().baseline, origin(), ModelState.ACTIVE)
    before = (tmp_path / "a1" / "index.json").read_bytes()
    assert registry.register(fitted().baseline, origin(), ModelState.ACTIVE) == first
    assert (tmp_path / "a1" / "index.json").read_bytes() == before


def test_a_shadow_model_does_not_take_over(registry: ModelRegistry) -> None:
    active = registry.register(fitted().baseline, origin(), ModelState.ACTIVE)
    shadow = registry.register(fitted(2).baseline, origin(window=2), ModelState.SHADOW)
    assert shadow.state is ModelState.SHADOW
    assert registry.active("a1") == active


def test_a_successor_retires_its_parent_and_a_rollback_brings_it_back(registry: ModelRegistry) -> None:
    old = registry.register(fitted().baseline, origin(), ModelState.ACTIVE)
    new = registry.register(fitted(2).baseline, origin(window=2), ModelState.ACTIVE)
    assert (new.parent, registry.record("a1", old.model).state) == (old.model, ModelState.RETIRED)
    assert registry.by_hand("a1") == 0
    back = registry.rollback("a1", "false alarms", CLOCK.now())
    assert (back.model, back.state) == (old.model, ModelState.ACTIVE)
    assert registry.by_hand("a1") == 1
    assert registry.by_window("a1", 2) == (new.model, True)
    with pytest.raises(Conflict):
        registry.rollback("a1", "once more", CLOCK.now())


def test_another_process_sees_the_change(registry: ModelRegistry, tmp_path: Path) -> None:
    here, there = registry, ModelRegistry(tmp_path)
    here.register(fitted().baseline, origin(), ModelState.ACTIVE)
    first = there.active("a1")
    here.register(fitted(2).baseline, origin(window=2), ModelState.ACTIVE)
    second = there.active("a1")
    assert first is not None
    assert second is not None
    assert first.model != second.model


def test_a_damaged_file_is_refused(registry: ModelRegistry, tmp_path: Path) -> None:
    record = registry.register(fitted().baseline, origin(), ModelState.ACTIVE)
    (tmp_path / "a1" / f"{record.model}.npz").write_bytes(b"something else")
    with pytest.raises(BadData, match="damaged"):
        registry.load(record)


def test_what_is_not_there_is_said_so(registry: ModelRegistry) -> None:
    assert registry.active("a1") is None
    assert registry.models("a1") == []
    with pytest.raises(NotFound):
        registry.promote("a1", "m0", "because", CLOCK.now())


def test_an_asset_key_never_leaves_the_folder(registry: ModelRegistry, tmp_path: Path) -> None:
    registry.register(fitted().baseline, origin(asset="../../x"), ModelState.ACTIVE)
    assert [path.parent.parent for path in tmp_path.rglob("index.json")] == [tmp_path]
    assert registry.assets() == ["../../x"]
