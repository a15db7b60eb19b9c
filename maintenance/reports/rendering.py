"""HTML of reports. Everything that comes from the ledger is escaped; nothing is fetched and nothing runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from maintenance.figures.figure import Figure
from maintenance.intervals import Interval, IntervalUnit
from maintenance.plan import PlanRow
from maintenance.reports.words import WORDS
from maintenance.schedule_words import often_in_words, rule_in_words
from maintenance.schedules import BY_INTERVAL, IntervalSchedule
from plantroom.domain.assets import LocalName

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Speech:
    """How things are said: in one language, by the site's clock."""

    language: str
    zone: ZoneInfo

    def word(self, key: str) -> str:
        """A word of the reports; one that there is not stays what it is."""
        return self.name(WORDS[key]) if key in WORDS else key

    def name(self, name: LocalName | Mapping[str, str] | None) -> str:
        """A name in the language, or in the other where it has none."""
        if name is None:
            return ""
        zh, en = (name.zh, name.en) if isinstance(name, LocalName) else (name.get("zh", ""), name.get("en", ""))
        return (en or zh) if self.language == "en" else (zh or en)

    def named(self, line: Any, stem: str = "title") -> str:
        """As ``name``, of a record with two fields."""
        return self.name(LocalName(getattr(line, f"{stem}_zh"), getattr(line, f"{stem}_en")))

    def when(self, at: datetime | None) -> str:
        """An instant by the site's clock."""
        return "" if at is None else at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def day(self, on: date | None) -> str:
        """A day."""
        return "" if on is None else on.isoformat()

    def share(self, figure: Figure) -> str:
        """A figure as percent, or that it rests on too little."""
        return self.figure(figure, lambda value: f"{value:.1%}")

    def hours(self, figure: Figure) -> str:
        """A figure in hours."""
        return self.figure(figure, lambda value: f"{value:,.1f} {self.word('h')}")

    def figure(self, figure: Figure, shown: Callable[[float], str]) -> str:
        """A figure as it is shown, or that it rests on too little."""
        return self.word("insufficient") if figure.value is None else shown(figure.value)

    def span(self, seconds: float | None) -> str:
        """A span of time."""
        if seconds is None:
            return "–"
        return f"{seconds / 60:.0f} {self.word('min')}" if seconds < 7200 else f"{seconds / 3600:.1f} {self.word('h')}"

    def money(self, amount: float | None) -> str:
        """CNY."""
        return "–" if amount is None else f"¥ {amount:,.2f}"

    def often(self, row: PlanRow) -> str:
        """When a row is due: its interval, or the rule that it goes by."""
        if row.schedule == BY_INTERVAL:
            return self.interval(row.interval)
        said = [often_in_words(row.interval, row.schedule)]
        if isinstance(row.schedule, IntervalSchedule):
            said.append(rule_in_words(row.schedule))
        return ("，" if self.language == "zh" else ", ").join(self.name(one) for one in said)

    def interval(self, every: Interval) -> str:
        """How often."""
        if every.every == 0:
            return "–"
        unit = self.word("day_unit" if every.unit is IntervalUnit.DAY else every.unit.value)
        if self.language == "zh":
            return f"{self.word('every')}{every.every}{unit}"
        return f"{self.word('every')} {unit}" if every.every == 1 else f"{self.word('every')} {every.every} {unit}s"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, speech: Speech, **values: Any) -> str:
    """The whole document; the same values give the same bytes."""
    found = _environment().get_template(template)
    return found.render(s=speech, w=speech.word, n=speech.name, **values)
