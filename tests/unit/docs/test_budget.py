"""docs/budget.md and docs/plan.md say of changes and budgets what the code has."""

from pathlib import Path

import pytest

from maintenance.budget.checking import EVERY, NAME
from maintenance.budget.model import WARN_PERCENT, Level
from maintenance.plan_changes.model import Action
from maintenance.plan_changes.previewing import AHEAD
from maintenance.seed.budgets import budget_lines

DOCS = Path(__file__).resolve().parents[3] / "docs"
BUDGET, PLAN = ((DOCS / name).read_text(encoding="utf-8") for name in ("budget.md", "plan.md"))


def test_the_figures_are_those_of_the_code() -> None:
    assert f"`warn_percent` (default {WARN_PERCENT})" in BUDGET
    assert f"the job `{NAME}` looks every {EVERY.total_seconds() / 60:.0f} minutes" in BUDGET
    assert AHEAD.days == 365
    assert "next twelve months" in PLAN


@pytest.mark.parametrize("line", budget_lines())
def test_every_line_of_the_user_s_plan_is_named(line: str) -> None:
    assert line in BUDGET


@pytest.mark.parametrize("level", Level)
def test_every_level_is_named(level: Level) -> None:
    assert f"`{level.value}`" in BUDGET


@pytest.mark.parametrize("action", Action)
def test_every_action_is_named(action: Action) -> None:
    assert f"`{action.value}`" in PLAN


@pytest.mark.parametrize("code", ["law_floor", "law_ends", "law_applies_otherwise"])
def test_every_warning_is_named(code: str) -> None:
    assert f"`{code}`" in PLAN
