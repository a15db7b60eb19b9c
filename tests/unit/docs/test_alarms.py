"""docs/alarms.md names every state, priority and default figure as the code has it."""

from pathlib import Path

import pytest

from maintenance.alarm_list import RETURNED_FOR
from maintenance.alarm_rules import AlarmState
from maintenance.floods import BEGINS_ABOVE, ENDS_BELOW, SPAN
from plantroom.domain.alarms import MAX_SHELVING_H
from plantroom.domain.assets import AlarmPriority, Limits

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "alarms.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("state", [one for one in AlarmState if one is not AlarmState.NORMAL])
def test_every_state_has_a_line(state: AlarmState) -> None:
    assert f"| `{state.value}` |" in TEXT


@pytest.mark.parametrize("priority", AlarmPriority)
def test_every_priority_is_named(priority: AlarmPriority) -> None:
    assert f"`{priority.value}`" in TEXT


def test_the_figures_are_those_of_the_code() -> None:
    limits = Limits()
    assert f"at most {MAX_SHELVING_H:g} h, one shift" in TEXT
    assert f"for {RETURNED_FOR.total_seconds() / 3600:g} h" in TEXT
    minutes = SPAN.total_seconds() / 60
    assert f"more than {BEGINS_ABOVE} alarms in {minutes:g} minutes" in TEXT
    assert f"fewer than {ENDS_BELOW} were" in TEXT
    assert f"| {limits.warning_delay_s:g} s, {limits.alarm_delay_s:g} s |" in TEXT
    assert f"| {limits.off_delay_s:g} s |" in TEXT
