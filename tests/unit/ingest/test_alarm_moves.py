"""Alarms of points that change their lane, limits that people change, what a restart at any moment makes of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.alarm_book import AlarmBook
from ingest.alarms import LimitAlarms
from plantroom.domain.assets import AlarmPriority, Limits, Plant, Priority, Source, SourceClock
from plantroom.domain.findings import Finding, FindingCleared, FindingRaised
from plantroom.domain.sources import TopicSource
from plantroom.ports.readings import ReadingBatch
from plantroom.ports.spool import Lane
from plantroom.ports.stages import StreamBatch
from tests.examples import examples
from tests.unit.ingest.plants import AUTO_MODE, CLASSES, NOON_MS, PRESSURE, plant_of, pump
from tests.unit.ingest.test_alarms import SERIES, stream, told

Rows = list[tuple[float, float]]
HIGH = [(float(s), 0.9) for s in range(12)]
"""Raises the warning (0.8 for 10 s), not the alarm."""

ORDINARY = plant_of()
SAFETY = plant_of(sources=[Source("key-P-1", priority=Priority.SAFETY)], revision=2)


class Site:
    """Both lanes of a site, each with what its checkpoint would hold."""

    def __init__(self) -> None:
        self.saved: dict[Lane, bytes] = dict.fromkeys(Lane, b"")
        self.begin()

    def begin(self) -> None:
        """Start, from the checkpoints."""
        book = AlarmBook()
        self.lanes = {lane: LimitAlarms(CLASSES, book, lane) for lane in Lane}
        for lane, stage in self.lanes.items():
            stage.restore(self.saved[lane])

    def hear(self, lane: Lane, rows: Rows, plant: Plant, *, save: bool = True) -> list[Finding]:
        found = list(self.lanes[lane].process(stream(rows), plant))
        if save:
            self.save(lane)
        return found

    def save(self, *lanes: Lane) -> None:
        for lane in lanes:
            self.saved[lane] = self.lanes[lane].snapshot()

    def follow(self, plant: Plant) -> list[Finding]:
        return [one for stage in self.lanes.values() for one in stage.follow(plant, "demo")]


def standing(findings: Sequence[Finding]) -> set[str]:
    """What is raised in the end, as the ledger sees it (each finding once)."""
    found: set[str] = set()
    for one in {f.finding_id: f for f in findings}.values():
        if isinstance(one, FindingRaised):
            found.add(one.subject)
        else:
            found.discard(one.subject)
    return found


def test_an_alarm_on_its_way_to_the_ledger_is_not_taken_over_though_its_state_is_handed_over() -> None:
    site = Site()
    assert site.hear(Lane.NORMAL, HIGH, ORDINARY, save=False)
    site.lanes[Lane.NORMAL].hand_over()
    assert site.hear(Lane.SAFETY, [(20, 0.5), (25, 0.5)], SAFETY) == [], "the clear might overtake the raise"


@pytest.mark.parametrize(("first", "second"), [(Lane.NORMAL, Lane.SAFETY), (Lane.SAFETY, Lane.NORMAL)])
def test_an_alarm_moves_with_its_source_and_clears_in_the_other_lane(first: Lane, second: Lane) -> None:
    site = Site()
    begins = ORDINARY if first is Lane.NORMAL else replace(SAFETY, revision=1)
    ends = SAFETY if first is Lane.NORMAL else replace(ORDINARY, revision=2)
    assert told(site.hear(first, HIGH, begins)) == [("raised", "pressure:warning_high", 10.0)]
    assert site.follow(ends) == []
    assert site.hear(second, [(s, 0.9) for s in range(12, 40)], ends) == []
    found = site.hear(second, [(s, 0.5) for s in range(40, 50)], ends)
    assert told(found) == [("cleared", "pressure:warning_high", 45.0)]
    assert site.follow(ends) == []


def test_a_delay_that_is_running_goes_on_in_the_other_lane() -> None:
    site = Site()
    assert site.hear(Lane.NORMAL, HIGH[:6], ORDINARY) == []
    assert told(site.hear(Lane.SAFETY, HIGH[6:], SAFETY)) == [("raised", "pressure:warning_high", 10.0)]


def test_what_becomes_a_safety_alarm_while_it_stands_is_told_once_more_as_one() -> None:
    site = Site()
    beyond = [(float(s), 1.2) for s in range(6)]
    (before,) = site.hear(Lane.NORMAL, beyond, ORDINARY)
    after = site.hear(Lane.SAFETY, [(6.0, 1.2), (7.0, 1.2)], SAFETY)
    assert isinstance(before, FindingRaised)
    assert [f.safety for f in after if isinstance(f, FindingRaised)] == [True]
    assert after[0].subject == before.subject == "pressure:alarm_high"
    assert after[0].finding_id != before.finding_id


def test_a_source_on_foreign_topics_that_is_marked_safety_makes_safety_alarms() -> None:
    source = TopicSource("k", "demo", "panel", "panel/#", "senml", priority=Priority.SAFETY, asset="P-1")
    plant = replace(plant_of(), topic_sources=[source])
    found = LimitAlarms(CLASSES, AlarmBook(), Lane.SAFETY).process(stream([(s, 1.2) for s in range(6)]), plant)
    assert [f.safety for f in found if isinstance(f, FindingRaised)] == [True]


@pytest.mark.parametrize(("lane", "safety"), [(Lane.SAFETY, True), (Lane.NORMAL, False)])
def test_what_an_old_safety_source_brings_that_names_no_assets_is_known_by_its_lane(lane: Lane, safety: bool) -> None:
    source = TopicSource("k", "demo", "pumps", "fire/+/data", "json", priority=Priority.SAFETY, asset_from=2)
    plant = replace(plant_of(), topic_sources=[source])
    found = LimitAlarms(CLASSES, AlarmBook(), lane).process(stream([(s, 1.2) for s in range(6)]), plant)
    assert [f.safety for f in found if isinstance(f, FindingRaised)] == [safety]


def test_a_safety_source_whose_filter_holds_the_code_makes_safety_alarms() -> None:
    source = TopicSource("k", "demo", "pump", "fire/P-1/+", "json", priority=Priority.SAFETY, asset_from=2)
    plant = replace(plant_of(), topic_sources=[source])
    found = LimitAlarms(CLASSES, AlarmBook(), Lane.SAFETY).process(stream([(s, 1.2) for s in range(6)]), plant)
    assert [f.safety for f in found if isinstance(f, FindingRaised)] == [True]


def test_a_backlog_of_the_lane_that_the_point_has_left_does_not_take_the_alarm_back() -> None:
    site = Site()
    site.hear(Lane.NORMAL, HIGH, ORDINARY)
    site.hear(Lane.SAFETY, [(60, 0.9)], SAFETY)
    late = [(s, 0.5) for s in range(20, 40)]
    assert site.hear(Lane.NORMAL, late, SAFETY) == []
    assert told(site.hear(Lane.SAFETY, [(61, 0.5), (66, 0.5)], SAFETY)) == [("cleared", "pressure:warning_high", 66.0)]


def test_what_a_lane_may_not_have_told_yet_is_not_taken_over() -> None:
    site = Site()
    raised = site.hear(Lane.NORMAL, HIGH, ORDINARY, save=False)
    cleared = site.hear(Lane.SAFETY, [(20, 0.5), (25, 0.5)], SAFETY)
    assert cleared == [], "the clear would overtake the raise on its way to the ledger"
    site.save(Lane.NORMAL)
    cleared = site.hear(Lane.SAFETY, [(30, 0.5), (35, 0.5)], SAFETY)
    assert standing([*raised, *cleared]) == set()


def test_an_alarm_that_was_cleared_in_the_other_lane_is_not_there_again_after_a_restart() -> None:
    site = Site()
    found = site.hear(Lane.NORMAL, HIGH, ORDINARY)
    found += site.hear(Lane.SAFETY, [(20, 0.5), (25, 0.5)], SAFETY)
    assert standing(found) == set()
    site.begin()  # the normal lane saved the raised alarm and never heard of it again
    again = site.hear(Lane.SAFETY, [(30 + s, 0.9) for s in range(11)], SAFETY)
    assert told(again) == [("raised", "pressure:warning_high", 40.0)]


@settings(max_examples=examples(150))
@given(
    st.lists(
        st.tuples(
            st.integers(1, 6),
            st.sampled_from([0.5, 0.9, 1.2]),
            st.sampled_from(["hear", "move", "restart", "save"]),
        ),
        max_size=40,
    )
)
def test_whatever_moves_and_restarts_happen_nothing_stays_raised_and_nothing_is_raised_twice(
    steps: list[tuple[int, float, str]],
) -> None:
    site, lane, revision, clock = Site(), Lane.NORMAL, 1, 0.0
    plant, found = plant_of(), list[Finding]()
    for step, value, what in steps:
        if what == "move":
            lane = Lane.SAFETY if lane is Lane.NORMAL else Lane.NORMAL
            revision += 1
            priority = Priority.SAFETY if lane is Lane.SAFETY else Priority.NORMAL
            plant = plant_of(sources=[Source("key-P-1", priority=priority)], revision=revision)
            found += site.follow(plant)
        elif what == "restart":
            site.begin()
        elif what == "save":
            site.save(*Lane)
        clock += step
        found += site.hear(lane, [(clock, value)], plant)
    ordinary = [f for f in found if not (isinstance(f, FindingRaised) and f.safety)]
    seen: set[str] = set()
    for one in {f.finding_id: f for f in ordinary}.values():
        if isinstance(one, FindingRaised):
            assert one.subject not in seen, "raised twice"
            seen.add(one.subject)
        else:
            seen.discard(one.subject)
    found += site.hear(lane, [(clock + s, 0.5) for s in range(1, 8)], plant)
    assert standing(found) == set()


@settings(max_examples=examples(100))
@given(
    st.lists(st.tuples(st.integers(0, 8), st.sampled_from([0.5, 0.77, 0.9, 1.2])), max_size=40),
    st.lists(st.integers(0, 40), max_size=6),
)
def test_batches_and_restarts_change_nothing_and_nothing_is_raised_twice(
    steps: list[tuple[int, float]], cuts: list[int]
) -> None:
    clock, rows = 0.0, list[tuple[float, float]]()
    for step, value in steps:
        clock += step
        rows.append((clock, value))
    whole = list(LimitAlarms(CLASSES).process(stream(rows), plant_of()))
    found, state = list[Finding](), b""
    edges = [0, *sorted(c for c in cuts if c <= len(rows)), len(rows)]
    for start, end in pairwise(edges):
        stage = LimitAlarms(CLASSES)
        stage.restore(state)
        found += stage.process(stream(rows[start:end]), plant_of())
        state = stage.snapshot()
    key: Callable[[Finding], str] = lambda f: f.finding_id  # noqa: E731
    assert sorted(found, key=key) == sorted(whole, key=key)
    up: set[str] = set()
    for one in whole:
        assert (one.subject in up) is isinstance(one, FindingCleared)
        up ^= {one.subject}


def limits(revision: int = 2, **changes: float | None) -> Plant:
    template = replace(PRESSURE, limits=replace(PRESSURE.limits, **changes))  # type: ignore[arg-type]
    return plant_of(templates=[template, AUTO_MODE], revision=revision)


def test_an_active_alarm_is_judged_by_its_new_limit_without_being_raised_again() -> None:
    stage = LimitAlarms(CLASSES)
    stage.process(stream(HIGH), plant_of())
    assert stage.process(stream([(12, 0.9)]), limits(warning_high=0.85)) == []
    found = stage.process(stream([(13, 0.9), (18, 0.9)]), limits(3, warning_high=0.96))
    assert told(list(found)) == [("cleared", "pressure:warning_high", 18.0)]


def test_a_delay_begins_anew_when_the_limit_moves_while_it_runs() -> None:
    stage = LimitAlarms(CLASSES)
    stage.process(stream([(0, 0.9), (9, 0.9)]), plant_of())
    found = stage.process(stream([(10, 0.9), (19, 0.9), (20, 0.9)]), limits(warning_high=0.7))
    assert told(list(found)) == [("raised", "pressure:warning_high", 20.0)]


def test_a_running_delay_goes_on_when_only_its_length_changes() -> None:
    stage = LimitAlarms(CLASSES)
    stage.process(stream([(0, 0.9), (4, 0.9)]), plant_of())
    found = stage.process(stream([(5, 0.9), (6, 0.9), (7, 0.9)]), limits(warning_delay_s=6))
    assert told(list(found)) == [("raised", "pressure:warning_high", 6.0)]


def test_a_clearing_alarm_waits_the_whole_delay_inside_the_new_limit() -> None:
    stage = LimitAlarms(CLASSES)
    stage.process(stream([*HIGH, (12, 0.7), (16, 0.7)]), plant_of())
    found = stage.process(stream([(17, 0.7), (21, 0.7), (22, 0.7)]), limits(warning_high=0.76))
    assert told(list(found)) == [("cleared", "pressure:warning_high", 22.0)]


@pytest.mark.parametrize("gone", ["limit", "point", "asset"])
def test_what_has_no_limit_any_more_clears_without_a_further_reading(gone: str) -> None:
    site = Site()
    site.hear(Lane.NORMAL, HIGH, ORDINARY)
    after = {
        "limit": plant_of(templates=[replace(PRESSURE, limits=Limits()), AUTO_MODE], revision=2),
        "point": plant_of(templates=[AUTO_MODE], revision=2),
        "asset": plant_of(assets=[pump("P-2")], revision=2),
    }[gone]
    cleared = site.follow(after)
    assert told(cleared) == [("cleared", "pressure:warning_high", 11.0)]
    assert site.follow(after) == []
    site.begin()
    assert site.follow(after) == cleared, "a restart before the state was saved tells it under the same id"


def test_a_renamed_asset_keeps_its_alarm() -> None:
    site = Site()
    site.hear(Lane.NORMAL, HIGH, ORDINARY)
    renamed = replace(plant_of([replace(pump(), code="P-9")]), revision=2)
    assert site.follow(renamed) == []
    found = site.hear(Lane.NORMAL, [(20, 0.5), (25, 0.5)], renamed)
    assert told(found) == [("cleared", "pressure:warning_high", 25.0)]


def test_an_asset_that_becomes_a_replay_of_the_past_is_judged_on_its_own_time() -> None:
    site = Site()
    site.hear(Lane.NORMAL, HIGH, ORDINARY)
    replay = plant_of(sources=[Source("key-P-1", clock=SourceClock.SIMULATED)], revision=2)
    past = stream([(-9000.0 + s, 0.5) for s in range(7)])
    received = np.full(len(past.readings), NOON_MS + 60_000, np.int64)
    batch = StreamBatch(past.readings, past.live, received, "demo")
    found = list(site.lanes[Lane.NORMAL].process(batch, replay))
    assert told(found) == [("cleared", "pressure:warning_high", -8995.0)]


def test_a_priority_that_people_set_stands_before_the_one_that_follows_from_the_fault() -> None:
    rows = [(float(s), 1.2) for s in range(12)]
    by_rule = LimitAlarms(CLASSES).process(stream(rows), plant_of())
    assert [f.detail["priority"] for f in by_rule if isinstance(f, FindingRaised)] == ["high", "low"]
    set_by_hand = replace(PRESSURE.limits, alarm_priority=AlarmPriority.MEDIUM, warning_priority=AlarmPriority.HIGH)
    plant = plant_of(templates=[replace(PRESSURE, limits=set_by_hand), AUTO_MODE])
    found = LimitAlarms(CLASSES).process(stream(rows), plant)
    assert [f.detail["priority"] for f in found if isinstance(f, FindingRaised)] == ["medium", "high"]


def test_two_dialects_in_one_batch_are_told_together() -> None:
    site = Site()
    normal = site.lanes[Lane.NORMAL]
    raised = list(normal.process(stream(HIGH), ORDINARY))
    empty = ReadingBatch(SERIES, *(np.empty(0, kind) for kind in (np.int32, np.int64, np.float64, np.uint8)))
    nothing = np.empty(0, np.int64)
    normal.process(StreamBatch(empty, nothing.astype(np.bool_), nothing, "demo"), ORDINARY)
    assert raised
    assert site.hear(Lane.SAFETY, [(20, 0.5), (25, 0.5)], SAFETY) == []
