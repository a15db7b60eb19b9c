"""The short forms of the seed files: schedules, what a reading credits, days of a season.

``in_season=heating`` | ``open_hours`` | ``season:rain/winter lead=21`` | ``age:1/4/7 then=1year since=in_service_on`` |
``meter:run_hours every=1500`` | ``before:EL-INSP lead=30``; ``jockey_running starts 1``; ``heating.to+14``.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from maintenance.schedules import SEASONS, FulfilledBy, Schedule, fulfilled_by_from, schedule_from
from maintenance.seed.strict import Entry
from plantroom.domain.calendars import MonthDay, Season
from plantroom.errors import BadData

_THEN = re.compile(r"(\d+)(day|week|month|year)")
_RULE = re.compile(r"([a-z]+)\.(from|to)([+-]\d+)?")
_MONTH_DAY = re.compile(r"(\d\d)-(\d\d)")
_ANY_YEAR = 2025


def schedule_of(entry: Entry) -> Schedule:
    """The schedule that an entry's ``schedule`` means; nothing given: every interval."""
    text = entry.text("schedule", "")
    head, *rest = text.split() or [""]
    kind, colon, value = head.partition(":")
    found: dict[str, object] = {"type": kind if colon else "interval"}
    for part in rest if colon else text.split():
        name, equals, said = part.partition("=")
        found[name] = _said(entry, name, said) if equals else True
    if "lead" in found:
        found["lead_days"] = found.pop("lead")
    if colon:
        take = _HEADS.get(kind)
        if take is None:
            entry.refuse(f"schedule {text!r}: there is no such kind")
        found |= take(value)
    try:
        return schedule_from(found)
    except (BadData, ValueError) as error:
        entry.refuse(f"schedule {text!r}: {error}")


def fulfilled_by_of(entry: Entry) -> FulfilledBy | None:
    """The reading that credits an occurrence: ``POINT starts|increases BY``."""
    text = entry.text("fulfilled_by", "")
    if not text:
        return None
    try:
        point, when, by = text.split()
        return fulfilled_by_from({"point": point, "is": when, "by": float(by)})
    except (BadData, ValueError) as error:
        entry.refuse(f"fulfilled_by {text!r}: {error}")


def season_day(rule: str, seasons: Mapping[str, Season]) -> date | None:
    """The day that a rule such as ``heating.to+14`` means in any year; ``None`` without that season."""
    found = _RULE.fullmatch(rule)
    if found is None or found[1] not in SEASONS:
        raise BadData(f"anchor {rule!r}: use SEASON.from+DAYS or SEASON.to+DAYS")
    season = seasons.get(found[1])
    if season is None:
        return None
    day = season.start if found[2] == "from" else season.end
    return day.in_year(_ANY_YEAR) + timedelta(days=int(found[3] or 0))


def month_day(text: str) -> MonthDay | None:
    """``11-15``; ``None`` when it is no day of a year."""
    found = _MONTH_DAY.fullmatch(text)
    if found is None:
        return None
    month, day = int(found[1]), int(found[2])
    longest = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}.get(month, 31)
    return MonthDay(month, day) if 1 <= month <= 12 and 1 <= day <= longest else None


def _said(entry: Entry, name: str, said: str) -> object:
    if name in ("lead", "every"):
        if not said.isdecimal():
            entry.refuse(f"schedule: {name}={said} is no whole number")
        return int(said)
    if name == "then":
        found = _THEN.fullmatch(said)
        if found is None:
            entry.refuse(f"schedule: then={said}: use a number and day, week, month or year")
        return {"every": int(found[1]), "unit": found[2]}
    return said


_HEADS: Mapping[str, Callable[[str], dict[str, object]]] = {
    "season": lambda value: {"seasons": value.split("/")},
    "age": lambda value: {"years": [int(year) for year in value.split("/")]},
    "meter": lambda value: {"point": value},
    "before": lambda value: {"code": value},
}
