"""Which clocks a loop test counts from."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from maintenance.loop_echoes import clock_offset_ms
from plantroom.ports.device_clocks import DeviceClock

NOW = datetime(2026, 11, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    ("set_to", "counts"),
    [
        (datetime(2026, 11, 28, tzinfo=UTC), True),
        (datetime(2010, 1, 1, tzinfo=UTC), True),
        (datetime(1970, 1, 21, tzinfo=UTC), False),
        (datetime(9000, 1, 1, tzinfo=UTC), False),
    ],
)
def test_one_that_starts_at_a_year_of_its_own_counts_one_that_was_never_set_does_not(
    set_to: datetime, counts: bool
) -> None:
    clock = DeviceClock("a", round((set_to - NOW).total_seconds() * 1000), NOW)
    tx: Any = SimpleNamespace(assets=SimpleNamespace(get=lambda _: SimpleNamespace(clock=clock)))
    assert clock_offset_ms(tx, "a") == (clock.offset_ms if counts else 0)


def test_nor_one_that_is_not_measured() -> None:
    tx: Any = SimpleNamespace(assets=SimpleNamespace(get=lambda _: SimpleNamespace(clock=None)))
    assert clock_offset_ms(tx, "a") == 0
