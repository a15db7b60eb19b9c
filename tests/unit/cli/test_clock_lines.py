"""What ``clocks list`` says of a clock."""

from datetime import UTC, datetime, timedelta
from unittest.mock import MagicMock

import pytest
from typer.testing import CliRunner

from plantroom.cli.clocks import _document, _line, app
from plantroom.ports.device_clocks import DeviceClock
from tests.unit.ingest.plants import pump

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("offset_ms", "wrong", "said"),
    [
        (28_800_000, False, "28800.0 s ahead, not confirmed yet"),
        (-30_100, False, "30.1 s behind, not confirmed yet"),
        (28_800_000, True, "28800.0 s ahead  WRONG since 2026-11-21 11:58 UTC"),
        (-30_000, False, "30.0 s behind  right"),
        (
            -1_790_000_000_000,
            True,
            "times before 2000 (clock not set, or wrong unit of time)  WRONG since 2026-11-21 11:58 UTC",
        ),
        (1 << 50, True, "times far ahead (wrong unit of time)  WRONG since 2026-11-21 11:58 UTC"),
    ],
)
def test_a_clock_is_right_only_where_it_is(offset_ms: int, wrong: bool, said: str) -> None:
    since = NOON - timedelta(minutes=2) if wrong else None
    assert _line(pump(), DeviceClock("key-P-1", offset_ms, NOON, since)) == f"demo  P-1  {said}"


def test_times_that_stand_still_are_called_that_and_not_a_clock_that_is_behind() -> None:
    clock = DeviceClock("key-P-1", -91 * 86_400_000, NOON, NOON - timedelta(minutes=2), stands=True)
    assert _line(pump(), clock) == (
        "demo  P-1  times stand still 91 days behind (clock stopped, or last change sent again)"
        "  WRONG since 2026-11-21 11:58 UTC"
    )
    assert _document(pump(), clock)["clock_times"] == "standing"


@pytest.mark.parametrize(
    ("clocks", "said"),
    [({}, "no clock is measured"), ({"key-P-1": DeviceClock("key-P-1", 12, NOON)}, "no clock is wrong (1 measured)")],
)
def test_none_wrong_is_not_none_measured(
    clocks: dict[str, DeviceClock], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = MagicMock()
    tx = parts.__enter__.return_value.ledger.read.return_value.__enter__.return_value
    tx.collect.clocks.return_value, tx.assets.plant.return_value.assets = clocks, {"key-P-1": pump()}
    monkeypatch.setattr("plantroom.cli.clocks.opened", lambda _: parts)
    done = CliRunner().invoke(app, ["list", "--wrong"])
    assert done.stdout.strip() == said
