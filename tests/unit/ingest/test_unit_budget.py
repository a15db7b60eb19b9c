"""Units that nobody has named before are looked up as far as a minute of a source goes."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import mapping
from ingest.pipeline import Pipeline
from ingest.presence import PresenceTracker
from ingest.unit_budget import KNOWN, MINUTE_MS, NEW_A_MINUTE, UnitBudget
from plantroom.domain.sources import FieldMapping, TopicSource
from plantroom.ports.spool import Lane, SpoolRecord
from plantroom.units import Conversion, conversion
from tests.unit.ingest.plants import CLASSES, NOON_MS, plant_of

SOURCE = TopicSource("s", "demo", "x", "m/+", "senml", asset="P-1")
NONSENSE = [".".join(some) for some in combinations_with_replacement(["m", "g", "s", "kPa", "L", "Hz"], 6)]


def pipeline() -> Pipeline:
    made = Pipeline("demo", Lane.NORMAL, (), CLASSES, PresenceTracker(CLASSES))
    made.follow(replace(plant_of(), topic_sources=(SOURCE,)))
    return made


def message(position: int, at_ms: int, units: Sequence[str]) -> SpoolRecord:
    records = [{"n": "pressure", "u": unit, "v": 500} for unit in units]
    return SpoolRecord(position, at_ms, "m/a", json.dumps(records).encode())


def test_a_flood_of_new_units_is_looked_up_once_a_minute_and_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def note(sent: str, wanted: str, *, difference: bool = False) -> Conversion:
        asked.append(sent)
        return conversion(sent, wanted, difference=difference)

    monkeypatch.setattr(mapping, "conversion", note)
    line, stored = pipeline(), 0
    line.read(line.sort([message(1, NOON_MS, ["kPa"])]))
    for n in range(8):
        units = [*NONSENSE[50 * n : 50 * n + 49], "kPa"]
        read = line.read(line.sort([message(2 + n, NOON_MS + 5_000 * n, units)]))
        stored += sum(len(columns.readings) for columns in read.columns)
        assert len(read.rejections) == 49
    assert stored == 8, "what is known goes on"
    assert len(set(asked)) <= NEW_A_MINUTE

    later = line.read(line.sort([message(20, NOON_MS + MINUTE_MS, ["bar", "MPa", "Pa"])]))
    assert later.rejections == []


def test_a_unit_that_the_source_gives_costs_nothing_of_it() -> None:
    given_unit = replace(SOURCE, fields=(FieldMapping("pressure", "pressure", unit="kPa"),))
    line = pipeline()
    line.follow(replace(plant_of(revision=2), topic_sources=(given_unit,)))
    for n in range(3):
        read = line.read(line.sort([message(1 + n, NOON_MS, NONSENSE[50 * n : 50 * n + 50])]))
        assert read.rejections == []


def test_the_result_does_not_depend_on_a_restart() -> None:
    records = [message(1 + n, NOON_MS + n, NONSENSE[20 * n : 20 * n + 20]) for n in range(5)]
    whole, cut = pipeline(), pipeline()
    expected = [r.reason for r in whole.read(whole.sort(records)).rejections]
    found = [r.reason for r in cut.read(cut.sort(records[:2])).rejections]
    again = pipeline()
    again.restore(cut.snapshot())
    again.follow(replace(plant_of(), topic_sources=(SOURCE,)))
    found += [r.reason for r in again.read(again.sort(records[2:])).rejections]
    assert found == expected
    assert sum("new ones a minute" in reason for reason in found) == 100 - NEW_A_MINUTE


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 4)), max_size=600))
def test_no_minute_has_more_new_ones_than_it_may_and_the_memory_is_bounded(asked: list[tuple[int, int]]) -> None:
    budget, at_ms, ever = UnitBudget(), NOON_MS, set[int]()
    firsts: Counter[int] = Counter()
    for unit, wait in asked:
        at_ms += 100 * wait
        if budget.allows("s", str(unit), "x", at_ms) and unit not in ever:
            ever.add(unit)
            firsts[at_ms // MINUTE_MS] += 1
    assert all(count <= NEW_A_MINUTE for count in firsts.values())
    restored = UnitBudget()
    restored.restore(budget.snapshot())
    assert restored.snapshot() == budget.snapshot()
    assert len(budget.snapshot()) < 40 * KNOWN + 200


def test_a_clock_that_was_set_back_closes_nothing_for_long() -> None:
    budget = UnitBudget()
    assert all(budget.allows("s", str(n), "x", NOON_MS) for n in range(NEW_A_MINUTE))
    assert not budget.allows("s", "one more", "x", NOON_MS + MINUTE_MS - 1 - NOON_MS % MINUTE_MS)
    assert not budget.allows("s", "one more", "x", NOON_MS - 10 * MINUTE_MS, again=True)
    assert budget.allows("s", "one more", "x", NOON_MS - 10 * MINUTE_MS)


@pytest.mark.parametrize("state", [b"[1]", b"{}", b'{"known": [], "spent": {}}'])
def test_what_is_no_snapshot_is_refused(state: bytes) -> None:
    with pytest.raises(ValueError, match="not a snapshot"):
        UnitBudget().restore(state)
