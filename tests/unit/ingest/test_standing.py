"""What a store has of given instants: asked in few questions, a bad reading does not count."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import standing
from ingest.standing import GAP_MS, SPANS, Standing
from plantroom.domain.quality import Reason
from plantroom.ports.readings import ReadingBatch, SeriesPage, SeriesRef
from plantroom.storage.readings.sqlite import SqliteReadings
from tests.unit.ingest.plants import NOON_MS

SERIES = [SeriesRef("demo", "pump", f"key-{asset}", point) for asset in ("a", "b") for point in ("x", "y")]

Row = tuple[int, int, bool]
"""Series, instant, whether it is good."""

rows = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from([0, 1, 2, GAP_MS - 1, GAP_MS + 5, 9 * GAP_MS]), st.booleans()),
    unique_by=lambda row: row[:2],
    max_size=15,
)


def batch(of: Sequence[Row]) -> ReadingBatch:
    return ReadingBatch(
        SERIES,
        np.array([number for number, _, _ in of], np.int32),
        np.array([NOON_MS + at for _, at, _ in of], np.int64),
        np.ones(len(of)),
        np.array([0 if good else Reason.OUT_OF_RANGE for _, _, good in of], np.uint8),
    )


class Counted:
    """A store's reading end that counts what it is asked."""

    def __init__(self, store: SqliteReadings) -> None:
        self.store, self.asked = store, 0

    def __call__(self, series: Sequence[SeriesRef], start_ms: int, end_ms: int, limit: int) -> Sequence[SeriesPage]:
        self.asked += 1
        return self.store.read(series, start_ms, end_ms, limit)


def opened(folder: Path) -> SqliteReadings:
    store = SqliteReadings(folder / "readings.db")
    store.open()
    return store


@given(rows, rows, st.integers(1, 4), st.integers(1, 4))
def test_what_stands_is_what_was_written_and_is_good(
    tmp_path_factory: object, written: list[Row], wanted: list[Row], page: int, spans: int
) -> None:
    folder: Path = tmp_path_factory.mktemp("standing")  # type: ignore[attr-defined]
    store = opened(folder)
    store.write(batch(written))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(standing, "PAGE", page)
        patch.setattr(standing, "SPANS", spans)
        found = Standing(store.read).of(batch(wanted), np.array([good for _, _, good in wanted], np.bool_))
    good = {(number, at) for number, at, good in written if good}
    assert found.tolist() == [asked and (number, at) in good for number, at, asked in wanted]
    store.close()


def test_thousands_of_instants_side_by_side_are_one_question(tmp_path: Path) -> None:
    store = opened(tmp_path)
    count = 5_000
    every = [(0, 10 * n, True) for n in range(count)]
    store.write(batch(every[::2]))
    read = Counted(store)
    found = Standing(read).of(batch(every), np.ones(count, np.bool_))
    assert found.tolist() == [n % 2 == 0 for n in range(count)]
    assert read.asked == 1
    store.close()


@pytest.mark.parametrize(("count", "asked"), [(3, 3), (SPANS, SPANS), (150, SPANS)])
def test_instants_far_apart_are_all_asked_for_in_a_few_questions(tmp_path: Path, count: int, asked: int) -> None:
    store = opened(tmp_path)
    apart = [(0, 2 * GAP_MS * n, True) for n in range(count)]
    store.write(batch(apart[::2]))
    read = Counted(store)
    found = Standing(read).of(batch(apart), np.ones(count, np.bool_))
    assert found.tolist() == [n % 2 == 0 for n in range(count)]
    assert read.asked == asked
    store.close()


def test_the_widest_gaps_are_not_read_through(tmp_path: Path) -> None:
    store = opened(tmp_path)
    hours = [(0, 60 * GAP_MS * n + 2 * GAP_MS * m, True) for n in range(SPANS) for m in range(3)]
    spans: list[int] = []

    def read(series: Sequence[SeriesRef], start_ms: int, end_ms: int, limit: int) -> Sequence[SeriesPage]:
        spans.append(end_ms - start_ms)
        return store.read(series, start_ms, end_ms, limit)

    Standing(read).of(batch(hours), np.ones(len(hours), np.bool_))
    assert spans == [4 * GAP_MS + 1] * SPANS
    store.close()
