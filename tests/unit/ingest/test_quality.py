"""The quality gate."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.matching import Matcher, SeriesTable
from ingest.quality import QualityGate
from plantroom.domain.assets import Plant, Point, Source, SourceClock
from plantroom.domain.quality import Reason, is_stale
from tests.examples import examples
from tests.unit.ingest.plants import NOON_MS, PRESSURE, RUNNING, VIBRATION, plant_of

Row = tuple[str, int, float]
"""Point, milliseconds after noon, value."""


class Bench:
    """A gate for one pump; ``late_s`` is how much later than observed each reading is received."""

    def __init__(self, clock: SourceClock = SourceClock.LIVE, plant: Plant | None = None) -> None:
        self.table = SeriesTable()
        matcher = Matcher("demo", self.table)
        matcher.follow(plant or plant_of(sources=[Source("key-P-1", clock=clock)]))
        self.gate = QualityGate()
        routes = matcher.routes()
        self.gate.follow(routes, len(self.table))
        self.ids = routes[0].ids

    def judge(
        self, rows: list[Row], late_s: float = 0, received: list[int] | None = None, aside: bool = False
    ) -> list[tuple[int, bool]]:
        ts = np.array([NOON_MS + row[1] for row in rows], np.int64)
        reason = np.zeros(len(rows), np.uint8)
        live = self.gate.judge(
            np.array([self.ids[row[0]] for row in rows], np.int32),
            ts,
            np.array([row[2] for row in rows], np.float64),
            ts + round(1000 * late_s) if received is None else np.array(received, np.int64) + NOON_MS,
            reason,
            np.full(len(rows), aside),
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


MOVES = plant_of(templates=[replace(PRESSURE, stuck_while="running"), VIBRATION, RUNNING])
"""A plant whose pressure has to move while the pump runs."""


def still(begin_s: int, end_s: int, *, runs: float | None = None) -> list[Row]:
    """The same pressure every ten seconds, with the word on whether the pump runs."""
    told = [] if runs is None else [("running", runs)]
    return [(key, 1000 * s, value) for s in range(begin_s, end_s, 10) for key, value in [("pressure", 0.41), *told]]


def stuck(judged: list[tuple[int, bool]]) -> int:
    return sum(reason == Reason.STUCK for reason, _ in judged)


def test_the_value_of_a_machine_that_rests_is_not_stuck() -> None:
    assert stuck(Bench(plant=MOVES).judge(still(0, 10_000, runs=0))) == 0


def test_the_value_of_a_machine_that_is_not_known_to_run_is_not_stuck() -> None:
    assert stuck(Bench(plant=MOVES).judge(still(0, 10_000))) == 0


def test_the_value_of_a_machine_that_runs_is_stuck() -> None:
    assert stuck(Bench(plant=MOVES).judge(still(0, 200, runs=1))) == 20 - 7


def test_a_machine_that_starts_has_its_whole_time_to_move() -> None:
    bench = Bench(plant=MOVES)
    assert stuck(bench.judge([*still(0, 5000, runs=0), ("running", 5_000_000, 1.0), *still(5000, 5060)])) == 0
    assert stuck(bench.judge(still(5060, 5070))) == 1
    assert stuck(bench.judge([("running", 5_081_000, 0.0), *still(5090, 9000)])) == 0


def test_a_bad_word_on_whether_it_runs_is_none() -> None:
    bench = Bench(plant=MOVES)
    bench.judge([("running", 0, 1.0)])
    bench.judge([("running", 1, 7.0)])
    assert stuck(bench.judge(still(1, 500))) == 0


def test_a_machine_without_the_state_is_judged_as_ever() -> None:
    bench = Bench(plant=plant_of(templates=[replace(PRESSURE, stuck_while="running")]))
    assert stuck(bench.judge(still(0, 200))) == 20 - 7


def test_a_restart_remembers_whether_the_machine_runs() -> None:
    bench = Bench(plant=MOVES)
    bench.judge(still(0, 100, runs=1))
    again = Bench(plant=MOVES)
    again.gate.restore(bench.gate.snapshot())
    matcher = Matcher("demo", again.table)
    matcher.follow(MOVES)
    again.gate.follow(matcher.routes(), len(again.table))
    assert stuck(again.judge(still(100, 200))) == 10


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


def live(judged: list[tuple[int, bool]]) -> list[bool]:
    return [one for _, one in judged]


@pytest.mark.parametrize("ahead_s", [290, 86_400])
def test_one_instant_far_ahead_holds_the_others_back_for_a_second_only(ahead_s: int) -> None:
    """By the device's clock, or (in the same message's time of receipt) by our own."""
    ahead_ms = 1000 * ahead_s
    received = 0 if ahead_s < 300 else ahead_ms
    rows = [("vibration", ahead_ms, 1.0)] + [("vibration", 500 * n, 1.0) for n in range(1, 8)]
    judged = live(Bench().judge(rows, received=[received] + [500 * n for n in range(1, 8)]))
    assert judged[0]
    assert judged[4:] == [True] * 4


def test_a_device_whose_clock_is_fast_is_judged_all_the_time() -> None:
    rows = [("vibration", 1000 * n + 200_000, 1.0) for n in range(10)]
    assert live(Bench().judge(rows, received=[1000 * n for n in range(10)])) == [True] * 10


def test_a_clock_set_back_begins_a_new_run_of_a_stuck_value() -> None:
    bench = Bench()
    bench.judge([("pressure", 290_000, 0.5)], received=[0])
    judged = bench.judge([("pressure", 10_000 * n, 0.5) for n in range(1, 9)])
    assert [reason for reason, _ in judged] == [0] * 7 + [Reason.STUCK]


def test_readings_aside_are_only_looked_at_for_their_range() -> None:
    bench = Bench()
    assert bench.judge([("pressure", 9000, 0.5), ("pressure", 9001, 99.0)], aside=True) == [
        (0, False),
        (Reason.OUT_OF_RANGE, False),
    ]
    assert bench.judge([("pressure", 1, 0.5)]) == [(0, True)]


@pytest.mark.parametrize(
    ("silent_s", "clock", "stale"),
    [(120, SourceClock.LIVE, False), (121, SourceClock.LIVE, True), (121, SourceClock.SIMULATED, False)],
)
def test_a_live_point_is_stale_after_its_own_time(silent_s: int, clock: SourceClock, stale: bool) -> None:
    last = datetime(2026, 11, 21, tzinfo=UTC)
    point, now = Point("key-P-1", PRESSURE), last + timedelta(seconds=silent_s)
    assert is_stale(point, Source("key-P-1", clock=clock), last, now) is stale
    assert not is_stale(point, None, None, now)
    assert not is_stale(replace(point, template=replace(PRESSURE, stale_after_s=None)), None, last, now)


RECEIVED = st.lists(st.tuples(st.integers(0, 12), st.integers(-6, 12)), max_size=20)


@settings(max_examples=examples(60))
@given(RECEIVED, st.integers(0, 20))
def test_jumping_clocks_are_judged_the_same_wherever_the_stream_is_cut(
    instants: list[tuple[int, int]], cut: int
) -> None:
    rows: list[Row] = [("vibration", 500 * max(0, r + d), float(n)) for n, (r, d) in enumerate(instants)]
    received = [500 * r for r, _ in instants]
    whole, parts = Bench(), Bench()
    first = parts.judge(rows[:cut], received=received[:cut])
    assert first + parts.judge(rows[cut:], received=received[cut:]) == whole.judge(rows, received=received)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["pressure", "vibration", "running"]),
        st.integers(0, 40).map(lambda n: 10_000 * n),
        st.sampled_from([0.5, 0.6, 9.0]),
    ),
    max_size=30,
)


RUNS = st.lists(st.tuples(st.sampled_from(["pressure", "running"]), st.sampled_from([0.0, 1.0]), st.integers(0, 4)))


@settings(max_examples=examples(100))
@given(RUNS, st.integers(0, 30))
def test_whether_a_machine_runs_counts_the_same_wherever_the_stream_is_cut(
    steps: list[tuple[str, float, int]], cut: int
) -> None:
    rows: list[Row] = []
    clock = 0
    for point, value, step in steps:
        clock += 10_000 * step
        rows.append((point, clock, 0.5 if point == "pressure" else value))
    whole, parts, singly = Bench(plant=MOVES), Bench(plant=MOVES), Bench(plant=MOVES)
    judged = whole.judge(rows)
    assert parts.judge(rows[:cut]) + parts.judge(rows[cut:]) == judged
    assert [one for row in rows for one in singly.judge([row])] == judged


@settings(max_examples=examples(60))
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
