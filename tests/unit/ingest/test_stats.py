"""Totals that go through a restart, and the histogram of the store's writes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.stats import WRITE_BUCKETS_S, Figures, IngestStats, Totals, WriteTimes, write_bucket
from plantroom.domain.flow import by_lane, summed_figures, together, with_lanes


def test_totals_with_dead_letters_by_reason_outlive_a_restart() -> None:
    totals = Totals(received=3)
    totals.count_letters(["not_json: line 1", "not_json", "unknown_asset"])
    totals.count_bad(np.array([0, 100, 1, 104, 100], np.uint8))
    again = Totals()
    again.restore(totals.snapshot())
    assert again == totals
    assert again.by_reason() == {
        "letters_not_json": 2, "letters_unknown_asset": 1, "bad_out_of_range": 2, "bad_said_bad": 1
    }  # fmt: skip


def test_totals_of_an_earlier_version_begin_without_reasons() -> None:
    totals = Totals()
    totals.count_letters(["x"])
    totals.restore(b'{"received": 7, "stored": 1, "duplicates": 0, "dead_lettered": 2}')
    assert (totals.received, totals.dead_lettered, totals.letters) == (7, 2, {})


@pytest.mark.parametrize("state", [b"[]", b"3", b'{"other": 1}', b'{"letters": [1]}', b'{"bad": 3}', b"no json"])
def test_what_are_no_totals_is_refused(state: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Totals().restore(state)


def test_what_is_reported_are_the_totals_that_were_saved_however_they_go_on() -> None:
    figures, totals = Figures(), Totals(received=5)
    totals.count_letters(["x"])
    figures.save(totals)
    totals.received = 9
    totals.count_letters(["x", "y"])
    stats = figures.stats(IngestStats())
    assert (stats.received, stats.more["letters_x"], "letters_y" in stats.more) == (5, 1, False)


@given(st.lists(st.floats(0, 100), max_size=50))
def test_the_histogram_counts_every_write_once_and_its_parts_rise(times: list[float]) -> None:
    writes = WriteTimes()
    for seconds in times:
        writes.add(seconds)
    figures = writes.figures()
    counts = [figures[write_bucket(upper)] for upper in WRITE_BUCKETS_S]
    assert counts == [sum(seconds <= upper for seconds in times) for upper in WRITE_BUCKETS_S]
    assert figures["store_writes"] == len(times)


names = st.sampled_from(["received", "lag_s", "stored_p50_ms", "spool_depth", "store_write_le_10"])
lanes = st.dictionaries(st.sampled_from(["normal", "safety"]), st.dictionaries(names, st.integers(0, 1000)))


@given(lanes)
def test_lanes_come_out_of_a_site_s_figures_as_they_went_in(given_lanes: dict[str, dict[str, float]]) -> None:
    site = with_lanes(given_lanes)
    assert by_lane(site) == {lane: figures for lane, figures in given_lanes.items() if figures}
    assert together(site) == summed_figures(list(given_lanes.values()))
    for name, value in together(site).items():
        parts = [figures.get(name, 0) for figures in given_lanes.values()]
        assert value == (max(parts) if name in {"lag_s", "stored_p50_ms"} else sum(parts))


def test_no_figure_of_a_lane_is_taken_for_a_lane() -> None:
    figures = Figures()
    figures.timed(lambda: None)
    stats = figures.stats(IngestStats())
    assert set(by_lane(with_lanes({"normal": stats.as_mapping()}))) == {"normal"}
