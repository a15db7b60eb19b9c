"""What the benchmarks count as lost, doubled and flowing again."""

from pathlib import Path

import numpy as np

from plantroom.cli.bench_failover_load import Kind, Note, SteadyPublisher
from plantroom.cli.bench_failover_lost import SHOWN, keep, lost_of
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


def published(code: str, notes: list[Note]) -> SteadyPublisher:
    publisher = SteadyPublisher("mqtt://localhost:1", [f"P-{n:03}" for n in range(5)], 100)
    publisher._notes[code] = notes
    return publisher


def test_of_what_says_an_instant_the_lost_ones_are_named_by_it():
    publisher = published("P-000", [Note(n, 10 * n, float(n), n / 10, b"") for n in range(1, 5)])
    assert lost_of(publisher, {"P-000": ([10, 30, 40], [1.0, 3.5, 4.0])}) == {
        "P-000": {
            "kind": Kind.NUMBERED.value,
            "count": 2,
            "messages": [{"seq": 2, "ts_ms": 20, "at_s": 0.2}, {"seq": 3, "ts_ms": 30, "at_s": 0.3}],
        }
    }


def test_of_what_says_none_the_lost_ones_are_those_whose_value_is_there_less_often_than_it_was_published():
    publisher = published("P-004", [Note(n, None, value, n / 10, b"") for n, value in enumerate([1.0, 2.0, 1.0])])
    lost = lost_of(publisher, {"P-004": ([7, 8], [2.0, 1.0])})
    assert lost == {"P-004": {"kind": Kind.BARE.value, "count": 1, "messages": [{"seq": 2, "value": 1.0, "at_s": 0.2}]}}


def test_where_nothing_is_lost_nothing_is_named_and_of_much_only_the_first():
    publisher = published("P-003", [Note(n, None, 1.0, 0.0, b"") for n in range(SHOWN + 9)])
    assert lost_of(publisher, {"P-003": (list(range(SHOWN + 9)), [1.0] * (SHOWN + 9))}) == {}
    found = lost_of(publisher, {"P-003": ([], [])})["P-003"]
    assert (found["count"], len(found["messages"])) == (SHOWN + 9, SHOWN)


def test_what_is_kept_has_all_folders_and_no_secret(tmp_path: Path):
    broker = tmp_path / "broker"
    (broker / "rb1").mkdir(parents=True)
    (broker / "rb1" / "server.log").write_text("said")
    (broker / ".erlang.cookie").write_text("secret")
    keep({"broker": broker}, tmp_path / "kept")
    assert [one.name for one in (tmp_path / "kept" / "broker").rglob("*")] == ["rb1", "server.log"]
