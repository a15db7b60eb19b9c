"""What a plan row's dates go by. Pure data with their JSON form; the dates are computed in ``maintenance.grids``,
``maintenance.meters``, ``maintenance.conditions`` and ``maintenance.hours``.

Outside (API, imports, seed files) a schedule is an object with a ``type``::

    {"type": "interval", "in_season": "cooling", "open_hours": false}
    {"type": "season", "seasons": ["cooling", "heating"], "lead_days": 14}
    {"type": "age", "years": [1, 4, 7, 9, 11, 13, 15], "since": "installed_on", "then": {"every": 1, "unit": "year"}}
    {"type": "meter", "point": "run_hours", "every": 1500}
    {"type": "before", "code": "EL-INSP", "lead_days": 30}
    {"type": "condition", "failure_modes": ["bearing"]}

and what a reading credits is ``{"point": "starts", "is": "increases", "by": 1}``. ``schedule_from`` and
``fulfilled_by_from`` read these and say which field is wrong; ``schedule_json`` and ``fulfilled_by_json`` write them.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NoReturn, cast

from maintenance.intervals import NO_INTERVAL, Interval, IntervalUnit
from plantroom.errors import BadData, FieldProblem

Since = Literal["installed_on", "in_service_on"]
Credits = Literal["starts", "increases"]

SEASONS = ("rain", "winter", "heating", "cooling")
"""The seasons that a site may have."""

LEAD_DAYS = 14
"""Days before a season (or before another job) when a row does not say: two weeks to mend what the work finds (D)."""

MAX_YEARS = 100
_LONGEST = {
    IntervalUnit.HOUR: 876_600,
    IntervalUnit.DAY: 36_525,
    IntervalUnit.WEEK: 5_217,
    IntervalUnit.MONTH: 1_200,
    IntervalUnit.YEAR: MAX_YEARS,
}
_MAX_LEAD = 366


@dataclass(frozen=True, slots=True)
class IntervalSchedule:
    """Every interval from the anchor. ``in_season``: only inside that season of the site; ``open_hours``: only while
    the site is open (rows by the hour)."""

    in_season: str | None = None
    open_hours: bool = False
    type: Literal["interval"] = field(default="interval", init=False)


@dataclass(frozen=True, slots=True)
class SeasonSchedule:
    """Once a year before each of the seasons, ``lead_days`` (1 or more) before it begins."""

    seasons: tuple[str, ...]
    lead_days: int = LEAD_DAYS
    type: Literal["season"] = field(default="season", init=False)


@dataclass(frozen=True, slots=True)
class AgeSchedule:
    """In the given years (ascending, whole years since ``since``), afterwards every ``then`` (``None``: not again)."""

    years: tuple[int, ...]
    since: Since = "installed_on"
    then: Interval | None = None
    type: Literal["age"] = field(default="age", init=False)


@dataclass(frozen=True, slots=True)
class MeterSchedule:
    """After each ``every`` (in the point's own unit: hours run, starts) since the last completion, as the readings of
    the asset's point ``point`` show. The row's interval, when it has one, is the calendar's cap: whichever is first."""

    point: str
    every: float
    type: Literal["meter"] = field(default="meter", init=False)


@dataclass(frozen=True, slots=True)
class BeforeSchedule:
    """``lead_days`` (1 or more) before the job of the row ``code``. With an interval of its own the row comes once in
    each interval, counted from where that row's dates count from (a self-inspection every year, also in the years
    without an inspection)."""

    code: str
    lead_days: int = LEAD_DAYS
    type: Literal["before"] = field(default="before", init=False)


@dataclass(frozen=True, slots=True)
class ConditionSchedule:
    """When an episode of one of these failure modes begins; not again before it is done."""

    failure_modes: tuple[str, ...]
    type: Literal["condition"] = field(default="condition", init=False)


Schedule = (
    IntervalSchedule | SeasonSchedule | AgeSchedule | MeterSchedule | BeforeSchedule | ConditionSchedule
)  # fmt: skip

BY_INTERVAL = IntervalSchedule()
"""The schedule of a row that says nothing else."""

TYPES = ("interval", "season", "age", "meter", "before", "condition")


@dataclass(frozen=True, slots=True)
class FulfilledBy:
    """The reading that credits an occurrence: the state ``point`` starts (goes from false to true) ``by`` times inside
    the window, or the counter ``point`` increases by at least ``by``."""

    point: str
    when: Credits = "starts"
    by: float = 1.0


def implied_interval(schedule: Schedule) -> Interval:
    """The interval of a row that names none: a season row's share of the year, an age row's last interval; it says how
    deep the row is (what may contain it), never when it is due. ``NO_INTERVAL`` for the rest."""
    if isinstance(schedule, SeasonSchedule):
        count = len(schedule.seasons)
        return Interval(1, IntervalUnit.YEAR) if count == 1 else Interval(max(1, 12 // count), IntervalUnit.MONTH)
    if isinstance(schedule, AgeSchedule):
        return schedule.then or Interval(1, IntervalUnit.YEAR)
    return NO_INTERVAL


def schedule_json(schedule: Schedule) -> dict[str, object]:
    """The schedule as its object; an interval row's options only where they are set."""
    match schedule:
        case IntervalSchedule(in_season, open_hours):
            found: dict[str, object] = {"type": "interval"}
            if in_season is not None:
                found["in_season"] = in_season
            return found | {"open_hours": True} if open_hours else found
        case SeasonSchedule(seasons, lead):
            return {"type": "season", "seasons": list(seasons), "lead_days": lead}
        case AgeSchedule(years, since, then):
            after = None if then is None else {"every": then.every, "unit": then.unit.value}
            return {"type": "age", "years": list(years), "since": since, "then": after}
        case MeterSchedule(point, every):
            return {"type": "meter", "point": point, "every": every}
        case BeforeSchedule(code, lead):
            return {"type": "before", "code": code, "lead_days": lead}
        case ConditionSchedule(modes):
            return {"type": "condition", "failure_modes": list(modes)}


def fulfilled_by_json(fulfilled_by: FulfilledBy) -> dict[str, object]:
    """What credits an occurrence, as its object."""
    return {"point": fulfilled_by.point, "is": fulfilled_by.when, "by": fulfilled_by.by}


def schedule_from(document: object, where: str = "schedule") -> Schedule:
    """The schedule that an object means. ``BadData`` names the field that is wrong (``schedule.years``)."""
    reader = _Reader(document, where)
    kind = reader.word("type", TYPES)
    schedule = _READERS[kind](reader)
    reader.finish()
    return schedule


def fulfilled_by_from(document: object, where: str = "fulfilled_by") -> FulfilledBy:
    """What credits an occurrence. ``BadData`` names the field that is wrong."""
    reader = _Reader(document, where)
    found = FulfilledBy(
        reader.text("point"), cast("Credits", reader.word("is", ("starts", "increases"))), reader.amount("by", 1.0)
    )
    reader.finish()
    return found


class _Reader:
    """One object's fields, each with a clear complaint."""

    def __init__(self, document: object, where: str) -> None:
        self._where = where
        if not isinstance(document, Mapping):
            _refuse(where, "not_an_object", '应为对象 / should be an object, such as {"type": "interval"}')
        self._left = dict(document)

    def take(self, name: str) -> object:
        return self._left.pop(name, None)

    def refuse(self, name: str, code: str, message: str) -> NoReturn:
        _refuse(f"{self._where}.{name}", code, message)

    def finish(self) -> None:
        for name in self._left:
            self.refuse(str(name), "unknown_field", "没有这个字段 / there is no such field here")

    def word(self, name: str, known: Sequence[str]) -> str:
        value = self.take(name)
        if value not in known:
            self.refuse(name, "unknown_word", f"应为以下之一 / should be one of: {', '.join(known)}")
        return cast("str", value)

    def text(self, name: str) -> str:
        value = self.take(name)
        if not isinstance(value, str) or not 0 < len(value.strip()) <= 100:
            self.refuse(name, "missing", "应为1至100个字符 / should be a text of 1 to 100 characters")
        return value.strip()

    def flag(self, name: str) -> bool:
        value = self.take(name)
        if not isinstance(value, bool | None):
            self.refuse(name, "not_a_flag", "应为 true 或 false / should be true or false")
        return bool(value)

    def whole(self, name: str, low: int, high: int, default: int) -> int:
        value = self.take(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.refuse(name, "out_of_range", f"应为{low}至{high}的整数 / should be a whole number, {low} to {high}")
        return value

    def amount(self, name: str, default: float | None = None) -> float:
        value = self.take(name)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            self.refuse(name, "not_positive", "应为正数 / should be a number above 0")
        return float(value)

    def words(self, name: str, known: Sequence[str] | None = None) -> tuple[str, ...]:
        value = self.take(name)
        if not isinstance(value, list | tuple) or not value or not all(isinstance(v, str) and v for v in value):
            self.refuse(name, "missing", "应为非空的列表 / should be a list of words, at least one")
        for one in value:
            if known is not None and one not in known:
                self.refuse(name, "unknown_word", f"没有“{one}”；可用 / should be of: {', '.join(known)}")
        return tuple(dict.fromkeys(value))

    def years(self, name: str) -> tuple[int, ...]:
        value = self.take(name)
        whole = isinstance(value, list | tuple) and all(isinstance(v, int) and not isinstance(v, bool) for v in value)
        years = cast("Sequence[int]", value) if whole else ()
        if not years or not all(a < b for a, b in zip((0, *years), (*years, MAX_YEARS + 1), strict=True)):
            self.refuse(
                name,
                "not_ascending",
                f"应为递增的整数年，1至{MAX_YEARS} / should be ascending whole years, 1 to {MAX_YEARS}",
            )
        return tuple(years)

    def interval(self, name: str) -> Interval | None:
        value = self.take(name)
        if value is None:
            return None
        inner = _Reader(value, f"{self._where}.{name}")
        unit = IntervalUnit(inner.word("unit", [u.value for u in IntervalUnit if u is not IntervalUnit.HOUR]))
        every = inner.whole("every", 1, _LONGEST[unit], 0)
        if every == 0:
            inner.refuse("every", "missing", "缺少 / is missing")
        inner.finish()
        return Interval(every, unit)


def _interval(reader: _Reader) -> Schedule:
    season = reader.take("in_season")
    if season is not None and season not in SEASONS:
        reader.refuse("in_season", "unknown_word", f"应为以下之一 / should be one of: {', '.join(SEASONS)}")
    return IntervalSchedule(season, reader.flag("open_hours"))


def _season(reader: _Reader) -> Schedule:
    return SeasonSchedule(reader.words("seasons", SEASONS), reader.whole("lead_days", 1, _MAX_LEAD, LEAD_DAYS))


def _age(reader: _Reader) -> Schedule:
    since = reader.take("since") or "installed_on"
    if since not in ("installed_on", "in_service_on"):
        reader.refuse("since", "unknown_word", "应为以下之一 / should be one of: installed_on, in_service_on")
    return AgeSchedule(reader.years("years"), since, reader.interval("then"))


def _meter(reader: _Reader) -> Schedule:
    return MeterSchedule(reader.text("point"), reader.amount("every"))


def _before(reader: _Reader) -> Schedule:
    return BeforeSchedule(reader.text("code"), reader.whole("lead_days", 1, _MAX_LEAD, LEAD_DAYS))


def _condition(reader: _Reader) -> Schedule:
    return ConditionSchedule(reader.words("failure_modes"))


_READERS: Mapping[str, Callable[[_Reader], Schedule]] = {
    "interval": _interval,
    "season": _season,
    "age": _age,
    "meter": _meter,
    "before": _before,
    "condition": _condition,
}


def _refuse(field_name: str, code: str, message: str) -> NoReturn:
    raise BadData(f"{field_name}: {message}", [FieldProblem(field_name, code, message)])
