"""docs/plan.md names every kind of row with an example that is read as it stands, and the default seasons."""

import json
import re
from pathlib import Path

import pytest

from maintenance.grids import SEASON_NAMES
from maintenance.hours import HORIZON
from maintenance.meters import RATE_DAYS
from maintenance.schedules import LEAD_DAYS, SEASONS, TYPES, fulfilled_by_from, schedule_from
from maintenance.site_calendar import DEFAULT_SEASONS

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "plan.md").read_text(encoding="utf-8")
EXAMPLES = [json.loads(found) for found in re.findall(r'`(\{"type": .*?\})`', TEXT)]


@pytest.mark.parametrize("kind", TYPES)
def test_every_kind_has_an_example(kind: str) -> None:
    assert kind in {example["type"] for example in EXAMPLES}


def test_the_examples_are_read_as_they_stand() -> None:
    for example in EXAMPLES:
        schedule_from(example)
    credit = re.search(r'`"fulfilled_by": (\{.*?\})`', TEXT)
    assert credit is not None
    fulfilled_by_from(json.loads(credit[1]))


def test_the_figures_are_those_of_the_code() -> None:
    assert f'"lead_days": {LEAD_DAYS}' in TEXT
    assert HORIZON.days == 2
    assert f"the last {RATE_DAYS:.0f} days" in TEXT
    assert set(SEASONS) == set(SEASON_NAMES) == {season.name for season in DEFAULT_SEASONS}
    for season in DEFAULT_SEASONS:
        first, last = season.span(2027)
        name = {"heating": "heating", "cooling": "cooling", "rain": "rain", "winter": "winter"}[season.name]
        end = "29 Feb" if season.end.month == 2 else f"{last.day} {last:%b}"
        assert re.search(rf"{name} {first.day} {first:%b}\s+to {end}", TEXT), season
