"""docs/reports.md says what the program does."""

from pathlib import Path

from maintenance.figures.figure import DEFINITIONS, MINIMUM_DAYS, MINIMUM_FAILURES, MINIMUM_JUDGED, MINIMUM_REPAIRS
from maintenance.figures.groups import By
from maintenance.records.retention import retention
from maintenance.reports.model import ReportKind, ReportState
from maintenance.reports.monthly_job import JOB
from maintenance.reports.pack import MOST_LINES, MOST_PRINTED

PAGE = (Path(__file__).parents[3] / "docs" / "reports.md").read_text(encoding="utf-8")


def test_every_figure_is_defined_with_its_source_and_its_minimum() -> None:
    rows = {key: next(line for line in PAGE.splitlines() if line.startswith(f"| `{key}")) for key in DEFINITIONS}
    for key, one in DEFINITIONS.items():
        assert one.source.partition(" (")[0] in rows[key] or one.source in ("D", "docs/sla.md"), key
    assert f"{MINIMUM_FAILURES} failures, {MINIMUM_DAYS:.0f} days of machines" in rows["mtbf"]
    assert f"{MINIMUM_REPAIRS} repairs" in rows["mttr"]
    assert f"{MINIMUM_DAYS:.0f} days of machines" in rows["availability"]
    assert f"{MINIMUM_JUDGED} judged" in rows["ticket_precision"]


def test_kinds_states_groups_and_bounds_are_named() -> None:
    for word in (*ReportKind, *ReportState):
        assert f"`{word.value}`" in PAGE, word
    assert "|".join(By) in PAGE
    assert f"the job `{JOB}`" in PAGE
    assert f"at most {MOST_LINES:,} lines, as PDF {MOST_PRINTED:,}" in PAGE


def test_the_years_of_the_law_are_those_of_the_records() -> None:
    lift, fire = retention("elevator"), retention("fire_panel")
    assert f"{lift.years} for elevators and escalators ({lift.basis.partition(' art')[0]})" in PAGE
    assert f"else {fire.years} (fire: {fire.basis})" in PAGE
