"""What a baseline learns."""

import numpy as np
import pytest

from models.fitting import fit
from models.quantities import Quantity, deadband_of, quantity_of
from models.scoring import SmoothState, score, shares, smooth
from plantroom.errors import BadData
from tests.unit.models.machine import START_MS, UNITS, healthy


def learn(rows: int = 400, **changed):
    machine = {**healthy(rows), **changed}
    return fit([(k, UNITS.get(k, "")) for k in machine], ts(rows), np.column_stack([*machine.values()]))


def ts(rows: int):
    return START_MS + 1000 * np.arange(rows)


def test_the_level_is_the_usual_value_whatever_one_wild_row_says() -> None:
    flow = healthy(400)["flow"]
    flow[17] = 1e9
    wild, tame = learn(flow=flow).baseline, learn().baseline
    assert wild.level[1] == pytest.approx(tame.level[1], rel=1e-3)
    assert wild.scale[1] == pytest.approx(tame.scale[1], rel=0.2)


def test_the_same_rows_give_the_same_baseline_to_the_last_bit() -> None:
    first, second = learn().baseline, learn().baseline
    for name in ("level", "noise", "scale", "deadband", "components", "variances"):
        assert np.array_equal(getattr(first, name), getattr(second, name))


def test_a_point_that_wanders_has_a_wider_scale_than_one_that_only_hisses() -> None:
    walk = 50.0 + np.cumsum(0.1 * np.random.default_rng(2).normal(size=400))
    calm, wandering = learn().baseline, learn(flow=walk).baseline
    assert wandering.scale[1] > 2 * calm.scale[1]
    assert wandering.scale[0] == calm.scale[0]


def test_the_scale_is_that_of_the_smoothed_noise() -> None:
    noise = 50.0 + 5.0 * np.random.default_rng(2).normal(size=2000)
    baseline = learn(2000, flow=noise).baseline
    assert baseline.scale[1] == pytest.approx(5.0 * np.sqrt(baseline.gain / (2 - baseline.gain)), rel=0.5)


def test_points_that_move_together_become_a_component() -> None:
    load = np.random.default_rng(4).normal(size=400)
    baseline = learn(flow=50.0 + load, pressure=4.0 - 0.1 * load).baseline
    strongest = np.abs(baseline.components[0])
    assert baseline.variances[0] == pytest.approx(2.0, abs=0.1)
    assert sorted(np.argsort(-strongest)[:2].tolist()) == [1, 2]


def test_a_broken_correlation_shows_in_q_and_a_shared_move_in_t2() -> None:
    load = np.random.default_rng(4).normal(size=400)
    baseline = learn(flow=50.0 + load, pressure=4.0 - 0.1 * load).baseline
    along = np.zeros((1, 6))
    along[0, 1], along[0, 2] = 6.0, -6.0
    against = np.abs(along)
    together = score(baseline, along * baseline.scale + np.sign(along) * baseline.deadband)
    broken = score(baseline, against * baseline.scale + np.sign(against) * baseline.deadband)
    assert broken.overall[0] >= 6.0
    assert not np.isclose(together.multivariate[0], broken.multivariate[0])


@pytest.mark.parametrize("rows", [0, 1, 59])
def test_too_few_rows_are_refused(rows: int) -> None:
    with pytest.raises(BadData, match="too few"):
        learn(rows)


def test_points_without_readings_or_without_any_scale_are_left_out() -> None:
    baseline = learn(flow=np.full(400, np.nan), current=np.zeros(400)).baseline
    assert baseline.points == ("vibration", "pressure", "bearing_temp", "humidity")
    with pytest.raises(BadData, match="no point"):
        fit([("flow", "")], ts(400), np.zeros((400, 1)))


def test_shares_sum_to_one_and_point_at_what_deviates() -> None:
    assert shares(np.array([3.0, -4.0, np.nan])).tolist() == pytest.approx([0.36, 0.64, 0.0])
    assert shares(np.zeros(2)).tolist() == [0.0, 0.0]


def test_smoothing_in_pieces_is_smoothing_at_once() -> None:
    baseline = learn().baseline
    values = np.column_stack([*healthy(300, seed=9).values()])
    values[::7, 2] = np.nan
    whole = smooth(baseline, SmoothState.fresh(6), ts(300), values)
    state = SmoothState.fresh(6)
    pieces = [smooth(baseline, state, ts(300)[i : i + 13], values[i : i + 13]) for i in range(0, 300, 13)]
    assert np.array_equal(whole, np.vstack(pieces), equal_nan=True)


def test_a_point_falls_silent_after_the_hold_and_starts_afresh_after_a_gap() -> None:
    baseline = learn().baseline
    times = START_MS + 1000 * np.array([0, 1, 5, 20, 400])
    values = np.full((5, 6), np.nan)
    values[[0, 1], 0] = 3.0
    values[4, 0] = 3.0
    out = smooth(baseline, SmoothState.fresh(6), times, values)[:, 0]
    assert out[2] == out[1] > out[0] > 0
    assert np.isnan(out[3])
    assert out[4] == pytest.approx(out[0])


@pytest.mark.parametrize(
    ("key", "unit", "quantity"),
    [
        ("de_bearing", "mm/s", Quantity.VIBRATION),
        ("accelerometer1_rms", "", Quantity.VIBRATION),
        ("volume_flow_rate_rms", "", Quantity.FLOW),
        ("thermocouple", "", Quantity.TEMPERATURE),
        ("flow_setting", "%", Quantity.OTHER),
    ],
)
def test_the_unit_tells_the_quantity_and_else_the_key(key: str, unit: str, quantity: Quantity) -> None:
    assert quantity_of(key, unit) is quantity


def test_the_deadband_of_a_temperature_does_not_depend_on_its_unit() -> None:
    celsius = np.full(9, 60.0)
    of_celsius = deadband_of("t", "Cel", celsius)
    assert deadband_of("t", "K", celsius + 273.15) == pytest.approx(of_celsius)
    assert deadband_of("t", "[degF]", celsius * 1.8 + 32) == pytest.approx(of_celsius * 1.8)
    assert deadband_of("t", "Cel", np.full(9, 5.0)) == 1.0
