"""No window and no reading leads to a number that is none: in a model, in the state or in a snapshot."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models import snapshot
from models.baseline import Baseline
from models.fitting import Fit, fit
from models.rows import AssetRows
from models.watcher import AssetState, Watcher
from plantroom.errors import BadData
from tests.examples import examples
from tests.unit.models.machine import MODES, START_MS, healthy

HUGE = float(np.finfo(np.float64).max)
KEYS = ("vibration", "flow", "humidity")
UNITS = ("mm/s", "m3/h", "[degF]")

Column = NDArray[np.float64]


def ts(rows: int, first: int = 0) -> NDArray[np.int64]:
    return START_MS + 1000 * np.arange(first, first + rows)


def learn(**columns: Column) -> Fit:
    rows = len(next(iter(columns.values())))
    return fit([(key, "") for key in columns], ts(rows), np.column_stack([*columns.values()]))


def all_finite(baseline: Baseline) -> bool:
    arrays = (baseline.level, baseline.noise, baseline.scale, baseline.deadband, baseline.reach)
    more = (baseline.components, baseline.variances, [baseline.t2_limit, baseline.q_limit, baseline.dt_s])
    return all(np.isfinite(array).all() for array in (*arrays, *more)) and bool((baseline.scale > 0).all())


@pytest.mark.parametrize("silent", [slice(50), slice(100, 150), slice(100, 200), slice(250, 400)])
def test_a_point_silent_for_whole_blocks_is_learned_from_the_others(silent: slice) -> None:
    machine = healthy(400, keys=("flow", "current"))
    gappy = machine["flow"].copy()
    gappy[silent] = np.nan
    whole, holed = learn(**machine).baseline, learn(**{**machine, "flow": gappy}).baseline
    assert all_finite(holed)
    assert holed.points == ("flow", "current")
    assert holed.scale[0] == pytest.approx(whole.scale[0], rel=0.5)
    assert holed.scale[1] == whole.scale[1]


def test_a_step_across_a_silent_block_counts_as_the_drift_of_two() -> None:
    flow = np.repeat(50.0 + np.arange(8) % 2 * 4.0, 50)
    flow[100:150] = np.nan
    assert learn(flow=flow).baseline.scale[0] > 4.0


@pytest.mark.parametrize(
    "column",
    [
        np.where(np.arange(400) % 40 < 2, HUGE, 5.0),
        np.where(np.arange(400) % 2 == 0, 1e200, -1e200),
        np.where(np.arange(400) == 7, 1.0, 0.0),
        np.full(400, 5e-324),
    ],
    ids=["some_huge", "all_huge", "mostly_zero", "below_any_scale"],
)
def test_a_point_without_a_finite_scale_is_left_out(column: Column) -> None:
    sound = healthy(400, keys=("flow", "current"))
    assert learn(pressure=column, **sound).baseline.points == ("flow", "current")
    with pytest.raises(BadData, match="no point"):
        learn(pressure=column)


def test_two_thirds_of_silence_at_one_end_are_no_error() -> None:
    column = healthy(400)["flow"]
    column[140:] = np.nan
    assert all_finite(learn(flow=column).baseline)


shapes = st.sampled_from(["noise", "constant", "zero", "mostly_zero", "steps", "huge", "extreme", "tiny", "walk"])


@st.composite
def columns(draw: st.DrawFn, rows: int) -> Column:
    """A column of ``rows`` values of some shape, with gaps."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape, size = draw(shapes), 10.0 ** draw(st.integers(-308, 307))
    made = {
        "noise": lambda: draw(st.floats(-1e3, 1e3)) + rng.normal(size=rows),
        "constant": lambda: np.full(rows, draw(st.floats(allow_nan=False, allow_infinity=False))),
        "zero": lambda: np.zeros(rows),
        "mostly_zero": lambda: np.where(rng.random(rows) < draw(st.sampled_from([0.001, 0.02, 0.3])), size, 0.0),
        "steps": lambda: np.where(rng.random(rows) < 0.5, size, draw(st.floats(-1e3, 1e3))),
        "huge": lambda: size * rng.normal(size=rows).clip(-10, 10),
        "extreme": lambda: rng.choice([HUGE, -HUGE, 0.0, 1.0], size=rows),
        "tiny": lambda: 1.0 + 1e-15 * rng.normal(size=rows),
        "walk": lambda: np.cumsum(size / rows * rng.normal(size=rows).clip(-3, 3)),
    }[shape]()
    for start in draw(st.lists(st.integers(0, rows - 1), max_size=3)):
        made[start : start + draw(st.integers(1, rows))] = np.nan
    return made


@st.composite
def windows(draw: st.DrawFn) -> Column:
    rows = draw(st.integers(55, 200))
    return np.column_stack([draw(columns(rows)) for _ in KEYS])


@settings(max_examples=examples(150), deadline=None)
@given(windows())
def test_any_window_gives_a_finite_model_or_is_refused(values: Column) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = fit(list(zip(KEYS, UNITS, strict=True)), ts(len(values)), values)
        except BadData:
            return
    assert all_finite(found.baseline)
    snapshot_of_calibration = [v for v in found.calibration.values() if isinstance(v, float)]
    assert np.isfinite(snapshot_of_calibration).all()


anything = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([HUGE, -HUGE, 0.0, 50.0, 1e308, -1e308])
)


@settings(max_examples=examples(100), deadline=None)
@given(windows(), st.lists(st.tuples(anything, anything, anything), min_size=1, max_size=30))
def test_any_reading_leaves_a_state_that_can_be_saved(values: Column, stream: list[tuple[float, ...]]) -> None:
    try:
        baseline = fit(list(zip(KEYS, UNITS, strict=True)), ts(len(values)), values).baseline
    except BadData:
        return
    watcher, state = Watcher("demo", "a1", "m", baseline, MODES), AssetState()
    watcher.start(state)
    repeated = np.repeat(np.array(stream), 8, axis=0)
    times = ts(len(repeated), first=500)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        findings = watcher.watch(AssetRows("a1", times, times, tuple(KEYS), repeated), state)
    assert state.smooth is not None
    assert np.isfinite(state.smooth.deviation).all()
    assert np.isfinite(state.score)
    for finding in findings:
        shown = [(e.contribution, e.value, e.expected) for e in getattr(finding, "evidence", ())]
        assert np.isfinite(np.array(shown, dtype=np.float64)).all()
    packed = snapshot.pack({"a1": state})
    assert snapshot.pack(snapshot.unpack(packed)) == packed
