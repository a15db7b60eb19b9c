"""docs/risk.md has the figures of the weights, docs/incidents.md the stages, people and items of the rules."""

import re
from pathlib import Path

from maintenance.incidents.drills import CHECKLIST
from maintenance.incidents.model import LATE_AFTER, OUTCOMES, Outcome, Stage
from maintenance.incidents.rules import NEEDS, NEXT
from maintenance.risk.watching import EVERY
from maintenance.risk.weights import Steps, weights
from plantroom.domain.assets import Health, Severity

DOCS = Path(__file__).resolve().parents[3] / "docs"
RISK = (DOCS / "risk.md").read_text(encoding="utf-8")
INCIDENTS = (DOCS / "incidents.md").read_text(encoding="utf-8")


def row(text: str, beginning: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(f"| {beginning}"))


def said(steps: Steps, percent: bool = False) -> tuple[str, str]:
    begins = ", ".join(f"{begins * 100:.0f} %" if percent else f"{begins:g}" for begins, _ in steps)
    return begins, ", ".join(str(points) for _, points in steps)


def test_the_points_are_those_of_the_file() -> None:
    given = weights()
    for beginning, steps, percent in (
        ("share of the design life", given.age, True), ("overdue work that the law", given.overdue_law, False),
        ("other overdue work", given.overdue_other, False), ("faults within 12 months", given.repeats, False),
    ):  # fmt: skip
        begins, points = said(steps, percent)
        assert f"from {begins} | {points} |" in row(RISK, beginning)
    condition = ", ".join(str(given.condition[severity]) for severity in reversed(Severity))
    assert f"| {condition} |" in row(RISK, "the worst open episode")
    assert f"| {given.health[Health.WATCH]}, {given.health[Health.ACT]} |" in row(RISK, "condition model")
    levels = ", ".join(map(str, given.levels[1:]))
    assert f"begins at {levels} points" in RISK
    grades = ", ".join(str(given.criticality[grade]) for grade in "ABC")
    assert f"Criticality A, B, C: {grades}." in RISK
    assert f"escalators: {given.safety} more" in RISK
    assert re.search(rf"take over: {given.single}\s+more", RISK)


def test_the_warning_is_that_of_the_file() -> None:
    given = weights()
    assert f"The warning value is {given.warning_value}" in RISK
    assert f"at {given.clear_value} or below for {given.clear_after_days} days" in RISK
    assert (EVERY.seconds, "Every five minutes" in RISK) == (300, True)


def test_the_stages_stand_in_their_order_with_whom_they_name() -> None:
    for stage in Stage:
        line = row(INCIDENTS, f"`{stage}`")
        assert f"`{NEEDS[stage]}`" in line
        follows = [before for before in Stage if stage in NEXT[before]]
        assert all(before in line for before in follows)
    assert f"{LATE_AFTER.seconds // 60} minutes after" in INCIDENTS


def test_every_outcome_and_the_checklist_are_named() -> None:
    assert {outcome for outcomes in OUTCOMES.values() for outcome in outcomes} == set(Outcome)
    assert all(f"`{outcome}`" in INCIDENTS for outcome in Outcome)
    assert f"`{CHECKLIST}`" in INCIDENTS
