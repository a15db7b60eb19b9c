"""Rates from counters, and since when a trouble is there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ingest.rates import CONNECTING_S, Rates, Since
from plantroom.domain.flow import Trouble, TroubleKind
from plantroom.ports.clock import Clock


class Ticks:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class MovedClock(Clock):
    instant = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant


def test_rates_are_what_counters_gained_a_second() -> None:
    ticks = Ticks()
    rates = Rates(ticks)
    assert set(rates.figures().values()) == {0}
    rates.note({"taken": 1_000, "received": 900, "stored": 4_500, "duplicates": 5, "letters_not_json": 2})
    assert set(rates.figures().values()) == {0}
    ticks.now += 2
    rates.note(
        {"taken": 1_200, "received": 1_000, "stored": 5_000, "duplicates": 15, "letters_not_json": 4, "letters_x": 1}
    )
    assert rates.figures() == {
        "messages_per_s": 100, "done_per_s": 50, "values_per_s": 255, "stored_per_s": 250, "rejects_per_min": 90
    }  # fmt: skip


def test_what_happened_long_ago_counts_no_more() -> None:
    ticks = Ticks()
    rates = Rates(ticks)
    for second in range(30):
        rates.note({"taken": 1_000 * min(second, 10)})
        ticks.now += 1
    assert rates.figures()["messages_per_s"] == 0


@given(st.lists(st.tuples(st.floats(0.01, 20), st.integers(0, 10**9)), max_size=50))
def test_no_counter_makes_a_negative_rate_and_little_is_remembered(steps: list[tuple[float, int]]) -> None:
    ticks = Ticks()
    rates = Rates(ticks)
    for step, taken in steps:
        ticks.now += step
        rates.note({"taken": taken})
        assert rates.figures()["messages_per_s"] >= 0
    assert len(rates._seen) <= 12


def test_a_trouble_keeps_its_beginning_while_its_words_change_and_begins_anew_after_it_was_over() -> None:
    clock = MovedClock()
    since = Since(clock)
    begun = clock.instant
    first = Trouble(TroubleKind.STORE_AWAY, "does not answer", "demo", "normal")
    assert [one.since for one in since.told([first])] == [begun]
    clock.instant += timedelta(minutes=5)
    other = Trouble(TroubleKind.STORE_AWAY, "does not answer", "demo", "safety")
    told = since.told([Trouble(TroubleKind.STORE_AWAY, "answered 503", "demo", "normal"), other])
    assert [(one.words, one.since) for one in told] == [("answered 503", begun), ("does not answer", clock.instant)]
    since.told([])
    clock.instant += timedelta(minutes=1)
    assert since.told([first])[0].since == clock.instant


def test_a_connection_is_told_to_be_missing_once_it_does_not_come_back_by_itself() -> None:
    ticks, clock = Ticks(), MovedClock()
    since = Since(clock, ticks)
    begun = clock.instant
    away = Trouble(TroubleKind.BROKER_AWAY, "not connected yet", "demo", "normal")
    refused = Trouble(TroubleKind.BROKER_REFUSES, "not authorised", "demo", "safety")
    for _ in range(2):
        assert since.told([away, refused]) == [replace(refused, since=begun)]
        ticks.now += CONNECTING_S - 1
        clock.instant += timedelta(seconds=CONNECTING_S - 1)
        assert since.told([away]) == []
        ticks.now += 1
        clock.instant += timedelta(seconds=1)
        assert since.told([away]) == [replace(away, since=begun)]
        assert since.told([]) == []
        begun = clock.instant
