"""Delays as percentiles on a logarithmic scale."""

import numpy as np
import pytest

from ingest.ages import Ages


@pytest.mark.parametrize("share", [0.5, 0.99])
def test_a_percentile_is_within_a_tenth(share: float) -> None:
    ages = Ages()
    drawn = np.random.default_rng(3).lognormal(4, 1, 20_000).astype(np.int64) + 1
    for part in np.array_split(drawn, 7):
        ages.add(part)
    exact = float(np.quantile(drawn, share))
    assert exact <= ages.percentile(share) * 1.02 <= exact * 1.13


def test_nothing_yet_is_nothing() -> None:
    ages = Ages()
    ages.add(np.empty(0, np.int64))
    assert ages.percentile(0.99) == 0


def test_instants_ahead_of_our_clock_and_very_old_ones_are_counted_at_the_ends() -> None:
    ages = Ages()
    ages.add(np.array([-5, 0, 1, 1 << 60]))
    assert ages.percentile(0.75) <= 1.1
    assert ages.percentile(1.0) > 1e7
