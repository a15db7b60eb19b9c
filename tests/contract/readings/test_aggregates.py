"""Aggregates are those that NumPy computes from the same readings."""

import numpy as np
import pytest

from plantroom.ports.readings import ReadingsStore
from tests.contract.readings.given import T0, batch, pump, wave

FLOW, HEAD = pump("flow"), pump("head")


@pytest.mark.parametrize("window_ms", [1_000, 7_001, 600_000, 86_400_000])
def test_aggregates_agree_with_numpy(store: ReadingsStore, window_ms: int) -> None:
    written = wave([FLOW, HEAD], 2_000, step_ms=1_733)
    store.write(written)
    start, end = T0 + 5_000, T0 + 3_000_000
    pages = store.aggregate([HEAD, FLOW], start, end, window_ms)
    assert [page.series for page in pages] == [HEAD, FLOW]
    for page, number in zip(pages, (1, 0), strict=True):
        chosen = (written.series_id == number) & (written.ts_ms >= start) & (written.ts_ms < end)
        value, window = written.value[chosen], written.ts_ms[chosen] // window_ms * window_ms
        starts = np.unique(window)
        groups = [value[window == one] for one in starts]
        assert np.array_equal(page.ts_ms, starts)
        assert np.array_equal(page.count, [len(group) for group in groups])
        assert np.array_equal(page.minimum, [group.min() for group in groups])
        assert np.array_equal(page.maximum, [group.max() for group in groups])
        assert np.allclose(page.mean, [group.mean() for group in groups], rtol=1e-12, atol=0)


def test_empty_windows_are_left_out(store: ReadingsStore) -> None:
    base = T0 // 60_000 * 60_000
    store.write(batch((FLOW, base + 1, 1.0), (FLOW, base + 600_000, 3.0)))
    (page,) = store.aggregate([FLOW], base, base + 3_600_000, 60_000)
    assert page.ts_ms.tolist() == [base, base + 600_000]


def test_windows_before_1970_round_down_too(store: ReadingsStore) -> None:
    store.write(batch((FLOW, -1, 1.0), (FLOW, -60_000, 3.0), (FLOW, -60_001, 7.0), (FLOW, 0, 9.0)))
    (page,) = store.aggregate([FLOW], -600_000, 1, 60_000)
    assert (page.ts_ms.tolist(), page.mean.tolist()) == ([-120_000, -60_000, 0], [7.0, 2.0, 9.0])


def test_more_windows_than_a_page_are_all_there(store: ReadingsStore) -> None:
    store.write(wave([FLOW], 15_000))
    (page,) = store.aggregate([FLOW], T0, T0 + 10**9, 1_000)
    assert len(page.ts_ms) == 15_000


def test_a_window_of_nothing_is_refused(store: ReadingsStore) -> None:
    with pytest.raises(ValueError, match="window"):
        store.aggregate([FLOW], T0, T0 + 1, 0)
