"""The history of the way in: counters of several collectors that start again, hand over and fall silent."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from api.ingest.history import MAX_ROWS, MAX_SITES, SLOTS, STEP_S, FlowHistory, Row
from plantroom.ports.ledger import CollectorReport
from plantroom.ports.paging import EVERYTHING, Scope

BEGIN = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)


def at(second: float) -> datetime:
    return BEGIN + timedelta(seconds=second)


def note(history: FlowHistory, second: float, *, name: str = "a", site: str = "demo", **figures: float) -> None:
    history.note([CollectorReport(name, at(second), True, [], {}, {site: figures})], at(second))


def rows(history: FlowHistory, until: float, scope: Scope = EVERYTHING, site: str | None = None) -> list[Row]:
    return history.rows(scope, site, BEGIN, at(until))[1]


def rates(history: FlowHistory, until: float) -> list[float]:
    return [row[1] for row in rows(history, until)]


def test_a_collector_that_starts_again_makes_no_spike() -> None:
    history = FlowHistory()
    for second in range(0, 100, 5):
        note(history, second, taken=1_000_000 + 10 * second)
    for second in range(100, 200, 5):
        note(history, second, taken=10 * (second - 100))
    assert max(rates(history, 200)) <= 10
    assert sum(rates(history, 200)) > 90


def test_another_collector_that_takes_over_makes_no_spike_either() -> None:
    history = FlowHistory()
    for second in range(0, 60, 5):
        note(history, second, taken=500 + 10 * second)
    for second in range(60, 120, 5):
        note(history, second, name="b", taken=70_000 + 10 * second)
    assert max(rates(history, 120)) <= 10


def test_what_was_not_reported_for_long_is_a_hole_and_not_a_guess() -> None:
    history = FlowHistory()
    for second in (0, 5, 10, 400, 405, 410):
        note(history, second, taken=1_000.0 * second)
    found = rows(history, 420)
    assert [row[0] for row in found] == [round(at(second).timestamp() * 1000) for second in (0, 400)]
    assert [row[1] for row in found] == [1_000, 1_000]


def test_the_same_report_twice_adds_nothing() -> None:
    history = FlowHistory()
    for second in (0, 5, 5, 5, 10):
        note(history, second, taken=10.0 * second, spool_depth=3)
    assert [(row[1], row[4]) for row in rows(history, 20)] == [(10, 3)]


def test_collectors_of_one_site_add_up_and_the_worst_lag_counts() -> None:
    history = FlowHistory()
    for second in range(0, 40, 5):
        both = [
            CollectorReport(name, at(second), True, [], {}, {"demo": {"taken": 10.0 * second, "lag_s": lag}})
            for name, lag in (("a", 1.0), ("b", 4.0))
        ]
        history.note(both, at(second))
    assert [(row[1], row[5]) for row in rows(history, 39)] == [(20, 4), (20, 4)]


def test_a_scope_sees_its_sites_only() -> None:
    history = FlowHistory()
    for second in range(0, 40, 5):
        sites = {"demo": {"taken": 10.0 * second, "lag_s": 1.0}, "west": {"taken": 5.0 * second, "lag_s": 9.0}}
        history.note([CollectorReport("a", at(second), True, [], {}, sites)], at(second))
    assert [(row[1], row[5]) for row in rows(history, 19)] == [(15, 9)]
    assert [(row[1], row[5]) for row in rows(history, 19, Scope(frozenset({"demo"})))] == [(10, 1)]
    assert [(row[1], row[5]) for row in rows(history, 19, site="west")] == [(5, 9)]
    assert rows(history, 19, Scope(frozenset({"demo"})), "west") == []


def test_twelve_hours_fit_on_a_chart_and_older_ones_are_gone() -> None:
    history = FlowHistory()
    hours = 13
    for second in range(0, hours * 3600, 10):
        note(history, second, taken=2.0 * second)
    step_s, found = history.rows(EVERYTHING, None, BEGIN - timedelta(days=9), at(hours * 3600))
    assert step_s == 60
    assert len(found) <= MAX_ROWS + 1
    assert found[0][0] >= at(3600 - step_s).timestamp() * 1000
    assert {row[1] for row in found} == {2}


def test_however_many_sites_there_are_memory_is_bounded() -> None:
    history = FlowHistory()
    for number in range(MAX_SITES + 50):
        note(history, number / 100, site=f"s{number}", taken=1)
    assert len(history._rings) == MAX_SITES
    assert sum(ring.table.nbytes + ring.slots.nbytes for ring in history._rings.values()) < 20e6


steps = st.lists(st.tuples(st.floats(0.1, 100), st.integers(0, 10**6), st.sampled_from("ab")), max_size=60)


@given(steps)
def test_rates_are_never_negative_and_rows_rise(made: list[tuple[float, int, str]]) -> None:
    history, second, taken = FlowHistory(), 0.0, {"a": 0, "b": 0}
    for passed, gained, name in made:
        second += passed
        taken[name] += gained
        note(history, second, name=name, taken=taken[name], spool_depth=gained)
    found = rows(history, second + STEP_S)
    assert all(min(row[1:]) >= 0 for row in found)
    assert [row[0] for row in found] == sorted({row[0] for row in found})
    assert len(found) <= SLOTS
