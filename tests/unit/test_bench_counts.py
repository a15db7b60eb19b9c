"""What the benchmarks count as lost, doubled and flowing again."""

import numpy as np

from plantroom.cli.bench_failover_load import SteadyPublisher
from plantroom.cli.bench_ingest import differences

INSTANTS = np.array([10, 20, 30], np.int64)
VALUES = np.array([1.0, 2.0, 3.0])


def count(ts_ms: list[int], values: list[float]) -> tuple[int, int]:
    return differences(INSTANTS, VALUES, np.array(ts_ms, np.int64), np.array(values))


def test_everything_once_is_neither_lost_nor_too_much():
    assert count([10, 20, 30], [1.0, 2.0, 3.0]) == (0, 0)


def test_a_reading_that_is_given_twice_does_not_stand_for_a_missing_one():
    assert count([10, 30, 30], [1.0, 3.0, 3.0]) == (1, 1)


def test_another_value_is_a_loss():
    assert count([10, 20, 30], [1.0, 2.5, 3.0]) == (1, 0)


def test_an_instant_that_nobody_published_is_too_much():
    assert count([10, 20, 25, 30], [1.0, 2.0, 2.5, 3.0]) == (0, 1)
    assert count([10, 20, 30, 40], [1.0, 2.0, 3.0, 4.0]) == (0, 1)


def test_nothing_given_is_all_lost():
    assert count([], []) == (3, 0)


def test_flowing_again_is_told_by_the_first_message_behind_the_kill_not_by_the_newest():
    publisher = SteadyPublisher("mqtt://localhost:1", ["P-000"], 100)
    publisher._numbers["P-000"] = [(n, 1000 + n) for n in range(0, 10_000, 5)]
    assert publisher.instant_behind("P-000", 4_000) == 5_000
    assert publisher.instant_behind("P-000", 4_001) == 5_005
    assert publisher.instant_behind("P-000", 9_996) is None
