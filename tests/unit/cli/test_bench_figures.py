"""Figures of the benches are JSON whatever happened, and a loss is an exit code."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plantroom.cli.bench_figures import percentiles, shortfalls, show
from plantroom.errors import Unreachable

NEVER = float("inf")
TIME = st.floats(0, 1e7) | st.just(NEVER)


@given(st.lists(TIME))
def test_percentiles_are_strict_json_and_count_what_never_came(times: list[float]) -> None:
    made = percentiles(times)
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    assert (made["count"], made["never_came"]) == (len(times), sum(map(math.isinf, times)))
    if made["never_came"]:
        assert made["max"] is None


@pytest.mark.parametrize(
    ("times", "p50", "p99"),
    [
        ([], None, None),
        ([4.0], 4.0, 4.0),
        ([1.0, 3.0], 2.0, 3.0),
        ([NEVER], None, None),
        ([1.0, 2.0, NEVER], 2.0, None),
        ([1.0, NEVER, NEVER], None, None),
        ([*[5.0] * 199, NEVER], 5.0, 5.0),
    ],
)
def test_a_percentile_of_what_never_came_is_none(times: list[float], p50: float | None, p99: float | None) -> None:
    made = percentiles(times)
    assert (made["p50"], made["p99"]) == (p50, p99)


WELL: dict[str, Any] = {"lost": 0, "duplicates": 0, "crashes": 0, "spool_intact": True, "bad": 3, "dead_lettered": 3}


def test_a_run_without_a_loss_is_none_that_falls_short() -> None:
    assert shortfalls(WELL | {"safety_to_ticket_ms": percentiles([1.0]), "nobody_ms": percentiles([])}) == []


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"lost": 2}, "lost is 2"),
        ({"duplicates": 1}, "duplicates is 1"),
        ({"crashes": 1}, "crashes is 1"),
        ({"false_offline": 1}, "false_offline is 1"),
        ({"false_late": 40}, "false_late is 40"),
        ({"missed_offline": 20}, "missed_offline is 20"),
        ({"gaps": 17}, "gaps is 17"),
        ({"acknowledged": 0}, "acknowledged is 0"),
        ({"scored_assets": 0}, "scored_assets is 0"),
        ({"counts": False, "bare_messages_per_s": 9000, "ratio": 0.3}, "does not count: .* reached 9000 messages/s"),
        ({"counts": True, "ratio": 0.59}, "ratio is 0.59, below 0.6"),
        ({"counts": True, "ratio": 0.7, "ratio_to_telegraf": 1.0}, "ratio_to_telegraf is 1.0, no more than 1.0"),
        ({"dead_lettered": 2}, "dead_lettered is 2 of 3"),
        ({"spool_intact": False}, "a kill left a spool that is not intact"),
        ({"safety_to_ticket_ms": percentiles([1.0, NEVER])}, "safety_to_ticket_ms: 1 of 2 never came"),
        ({"by_phase_ms": {"drain": percentiles([NEVER])}}, "by_phase_ms.drain: 1 of 1 never came"),
    ],
)
def test_a_loss_is_shown_behind_the_figures(
    more: dict[str, Any], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Unreachable, match=words):
        show(WELL | more, True)
    assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail).keys() == (WELL | more).keys()


def test_a_figure_that_is_no_number_is_never_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        show({"ratio": math.nan}, True)
    assert capsys.readouterr().out == ""


def test_ratios_are_required_of_whole_runs_that_count() -> None:
    poor = {"counts": True, "ratio": 0.3, "ratio_to_telegraf": 0.9}
    assert len(shortfalls(WELL | poor)) == 2
    assert shortfalls(WELL | poor | {"whole_run": False}) == []
    assert shortfalls(WELL | {"counts": False, "whole_run": False}) == []
    assert len(shortfalls(WELL | poor | {"counts": False})) == 1
    assert shortfalls(WELL | {"counts": True, "ratio": 0.6, "ratio_to_telegraf": None, "whole_run": True}) == []
    assert shortfalls(WELL | {"counts": True, "ratio": 0.85, "ratio_to_telegraf": 1.5, "scored_assets": 50}) == []
