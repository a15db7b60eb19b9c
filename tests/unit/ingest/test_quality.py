"""The quality gate."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.matching import Matcher, SeriesTable
from ingest.quality import QualityGate
from plantroom.domain.assets import Source, SourceClock
from plantroom.domain.quality import Reason
from tests.unit.ingest.plants import NOON_MS, plant_of

Row = tuple[str, int, float]
"""Point, milliseconds after noon, value."""


class Bench:
    """A gate for one pump; ``late_s`` is how much later than observed each reading is received."""

    def __init__(self, clock: SourceClock = SourceClock.LIVE) -> None:
        self.table = SeriesTable()
        matcher = Matcher("demo", self.table)
        matcher.follow(plant_of(sources=[Source("key-P-1", clock=clock)]))
        self.gate = QualityGate()
        routes = matcher.routes()
        self.gate.follow(routes, len(self.table))
        self.ids = routes[0].ids

    def judge(self, rows: list[Row], late_s: float = 0) -> list[tuple[int, bool]]:
        ts = np.array([NOON_MS + row[1] for row in rows], np.int64)
        reason = np.zeros(len(rows), np.uint8)
        live = self.gate.judge(
            np.array([self.ids[row[0]] for row in rows], np.int32),
            ts,
            np.array([row[2] for row in rows], np.float64),
            ts + round(1000 * late_s),
            reason,
        )
        return list(zip(reason.tolist(), live.tolist(), strict=True))


def test_values_outside_the_physical_range_are_bad() -> None:
    judged = Bench().judge([("pressure", 0, -0.1), ("pressure", 1, 4.0), ("pressure", 2, 4.1), ("vibration", 0, 1e9)])
    assert [reason for reason, _ in judged] == [Reason.OUT_OF_RANGE, 0, Reason.OUT_OF_RANGE, 0]


def test_a_measure_that_repeats_one_value_for_too_long_is_stuck_until_it_moves() -> None:
    rows = [("pressure", 30_000 * n, 0.5) for n in range(4)] + [("pressure", 120_000, 0.51)]
    assert [reason for reason, _ in Bench().judge(rows)] == [0, 0, 0, Reason.STUCK, 0]


def test_a_silence_is_no_repetition() -> None:
    assert [r for r, _ in Bench().judge([("pressure", 0, 0.5), ("pressure", 600_000, 0.5)])] == [0, 0]


def test_states_and_points_without_a_limit_are_never_stuck() -> None:
    rows = [(point, 10_000 * n, 1.0) for n in range(20) for point in ("running", "vibration")]
    assert {reason for reason, _ in Bench().judge(rows)} == {0}


def test_late_readings_are_good_but_not_live() -> None:
    assert Bench().judge([("vibration", 0, 1.0)], late_s=601) == [(0, False)]
    assert Bench().judge([("vibration", 0, 1.0)], late_s=599) == [(0, True)]


def test_a_simulated_source_is_never_late_but_keeps_its_order() -> None:
    bench = Bench(SourceClock.SIMULATED)
    judged = bench.judge([("vibration", 0, 1.0), ("vibration", 2, 1.0), ("vibration", 1, 1.0)], late_s=1e6)
    assert [live for _, live in judged] == [True, True, False]


def test_a_repeated_instant_is_not_live_again() -> None:
    bench = Bench()
    assert bench.judge([("vibration", 5, 1.0)]) == [(0, True)]
    assert bench.judge([("vibration", 5, 1.0), ("pressure", 5, 1.0)]) == [(0, False), (0, True)]


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["pressure", "vibration", "running"]),
        st.integers(0, 40).map(lambda n: 10_000 * n),
        st.sampled_from([0.5, 0.6, 9.0]),
    ),
    max_size=30,
)


@settings(max_examples=60)
@given(ROWS, st.integers(0, 30))
def test_the_verdict_does_not_depend_on_where_the_stream_is_cut(rows: list[Row], cut: int) -> None:
    whole, parts = Bench(), Bench()
    first = parts.judge(rows[:cut])
    state = parts.gate.snapshot()
    parts.gate.restore(state)
    matcher = Matcher("demo", parts.table)
    matcher.follow(plant_of())
    parts.gate.follow(matcher.routes(), len(parts.table))
    assert first + parts.judge(rows[cut:]) == whole.judge(rows)
