"""Who is called when something happens: turns of an on-call roster, covers, holidays, gaps. Pure.

A rota belongs to a site or one of its departments and to a level (1 the first to be called, 2 the second, ...). Its
people take turns of ``days`` days that are handed over at a local time: 09:00 stays 09:00 across DST, so one turn of a
year is an hour shorter and one an hour longer. Dates that the calendar does not have do not occur: turns are counted
in days.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import pairwise

from maintenance.people.rosters import Absence, days, instant, is_absent
from plantroom.domain.assets import LocalName, Severity
from plantroom.errors import BadData, FieldProblem

IsHoliday = Callable[[date], bool]
IsAvailable = Callable[[str, datetime], bool]
PRIMARY, SECONDARY = 1, 2
MAX_LEVEL = 9
MAX_TURN_DAYS = 366
_DAY = timedelta(days=1)


def no_holiday(_: date) -> bool:
    """The calendar of a site without holidays."""
    return False


@dataclass(frozen=True, slots=True)
class Rota:
    """People who are on call in turn. ``severities`` empty: whatever the severity; ``department`` ``None``: the whole
    site. ``holiday_people`` take the holidays, a day each, instead of whose turn it is."""

    id: str
    site: str
    department: str | None
    level: int
    name: LocalName
    people: tuple[str, ...]
    starts_on: date
    handover: time
    days: int = 7
    ends_on: date | None = None
    severities: tuple[Severity, ...] = ()
    holiday_people: tuple[str, ...] = ()
    version: int = 1


@dataclass(frozen=True, slots=True)
class Cover:
    """Somebody stands in for whoever is on call on a rota, from ``starts_at`` up to ``ends_at``."""

    id: str
    rota: str
    user: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody is on call from ``starts_at`` up to ``ends_at``; ``why``: rota, holiday or cover."""

    user: str
    starts_at: datetime
    ends_at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody is on call from ``starts_at`` up to ``ends_at``; ``missing`` is who would be."""

    starts_at: datetime
    ends_at: datetime
    missing: str | None


def checked_rota(rota: Rota) -> Rota:
    """The rota when it makes sense. Raises ``BadData`` naming the field."""
    problems = list(_problems(rota))
    if problems:
        raise BadData(problems[0].message, problems)
    return rota


def _problems(rota: Rota) -> Iterator[FieldProblem]:
    if not rota.people:
        yield FieldProblem("people", "required", "至少一人 / needs at least one person")
    if not 1 <= rota.level <= MAX_LEVEL:
        yield FieldProblem("level", "range", f"应为1至{MAX_LEVEL} / should be from 1 (first called) to {MAX_LEVEL}")
    if not 1 <= rota.days <= MAX_TURN_DAYS:
        yield FieldProblem("days", "range", f"应为1至{MAX_TURN_DAYS} / should be from 1 to {MAX_TURN_DAYS}")
    if rota.handover.tzinfo is not None:
        yield FieldProblem("handover", "not_local", "应为当地时间 / should be a local time, without a zone")
    if rota.ends_on is not None and rota.ends_on < rota.starts_on:
        yield FieldProblem("ends_on", "before_start", "早于开始日 / is before starts_on")


def turn_at(
    rota: Rota, at: datetime, covers: Sequence[Cover], zone: tzinfo, is_holiday: IsHoliday = no_holiday
) -> Turn | None:
    """Whose turn it is at an instant; ``None`` before the rota begins and after it has ended. Of covers that overlap
    the one made last counts."""
    day = _duty_day(rota, at, zone)
    planned = _planned(rota, day, zone, is_holiday)
    standing = sorted(
        (c for c in covers if c.rota == rota.id and c.starts_at <= at < c.ends_at), key=lambda c: (c.at, c.id)
    )
    if not standing:
        return planned
    cover = standing[-1]
    return Turn(cover.user, cover.starts_at, cover.ends_at, "cover")


def _duty_day(rota: Rota, at: datetime, zone: tzinfo) -> date:
    """The local day whose handover came last."""
    day = at.astimezone(zone).date()
    return day if instant(day, rota.handover, zone) <= at else day - _DAY


def _planned(rota: Rota, day: date, zone: tzinfo, is_holiday: IsHoliday) -> Turn | None:
    if not rota.people or day < rota.starts_on or (rota.ends_on is not None and day > rota.ends_on):
        return None
    if rota.holiday_people and is_holiday(day):
        user = rota.holiday_people[day.toordinal() % len(rota.holiday_people)]
        return Turn(user, instant(day, rota.handover, zone), instant(day + _DAY, rota.handover, zone), "holiday")
    number = (day - rota.starts_on).days // rota.days
    begins = rota.starts_on + timedelta(days=number * rota.days)
    ends = begins + timedelta(days=rota.days)
    if rota.ends_on is not None:
        ends = min(ends, rota.ends_on + _DAY)
    if rota.holiday_people:
        begins = next((d + _DAY for d in _back(day, begins) if is_holiday(d)), begins)
        ends = next((d for d in days(day, ends - _DAY) if is_holiday(d)), ends)
    user = rota.people[number % len(rota.people)]
    return Turn(user, instant(begins, rota.handover, zone), instant(ends, rota.handover, zone), "rota")


def _back(day: date, first: date) -> Iterator[date]:
    """The days before a day, back to the first."""
    return (date.fromordinal(n) for n in range(day.toordinal() - 1, first.toordinal() - 1, -1))


def turns(
    rota: Rota,
    covers: Sequence[Cover],
    start: datetime,
    end: datetime,
    zone: tzinfo,
    is_holiday: IsHoliday = no_holiday,
) -> list[tuple[datetime, datetime, Turn | None]]:
    """Who is on call from ``start`` up to ``end``, in spans that follow each other without a hole; ``None``: nobody."""
    marks = {start, end}
    day = _duty_day(rota, start, zone)
    while (handover := instant(day, rota.handover, zone)) < end:
        marks.add(handover)
        day += _DAY
    marks.update(mark for cover in covers if cover.rota == rota.id for mark in (cover.starts_at, cover.ends_at))
    inside = sorted(mark for mark in marks if start <= mark <= end)
    spans: list[tuple[datetime, datetime, Turn | None]] = []
    for begins, ends in pairwise(inside):
        turn = turn_at(rota, begins, covers, zone, is_holiday)
        if spans and _who(spans[-1][2]) == _who(turn):
            spans[-1] = (spans[-1][0], ends, spans[-1][2])
        else:
            spans.append((begins, ends, turn))
    return spans


def _who(turn: Turn | None) -> tuple[str, str] | None:
    return None if turn is None else (turn.user, turn.why)


def gaps(
    rota: Rota,
    covers: Sequence[Cover],
    absences: Sequence[Absence],
    known: Callable[[str], bool],
    start: datetime,
    end: datetime,
    zone: tzinfo,
    is_holiday: IsHoliday = no_holiday,
) -> list[Gap]:
    """When nobody can be reached on a rota: it has ended or not begun, or whose turn it is is away, switched off or
    unknown (``known`` says). A person's days off count from midnight to midnight, local."""
    found: list[Gap] = []
    for begins, ends, turn in turns(rota, covers, start, end, zone, is_holiday):
        if turn is None or not known(turn.user):
            _add(found, Gap(begins, ends, None if turn is None else turn.user))
            continue
        for first, last in _by_midnight(begins, ends, zone):
            if is_absent(absences, turn.user, first.astimezone(zone).date()):
                _add(found, Gap(first, last, turn.user))
    return found


def _add(found: list[Gap], gap: Gap) -> None:
    if found and found[-1].ends_at == gap.starts_at and found[-1].missing == gap.missing:
        found[-1] = Gap(found[-1].starts_at, gap.ends_at, gap.missing)
    else:
        found.append(gap)


def _by_midnight(begins: datetime, ends: datetime, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    """The span cut at local midnights."""
    while begins < ends:
        midnight = instant(begins.astimezone(zone).date() + _DAY, time(0), zone)
        yield begins, min(midnight, ends)
        begins = midnight


def answering(
    rotas: Sequence[Rota],
    covers: Sequence[Cover],
    at: datetime,
    zone: tzinfo,
    department: str | None,
    level: int,
    severity: Severity | None = None,
    is_holiday: IsHoliday = no_holiday,
    available: IsAvailable = lambda _user, _at: True,
) -> tuple[Rota, Turn] | None:
    """Who answers at a level: of the department's own rotas, else of the site's; a rota for the very severity stands
    before one for all. Whoever is not ``available`` is passed over; ``None``: nobody answers."""
    fitting = [
        rota
        for rota in rotas
        if rota.level == level
        and rota.department in {department, None}
        and (not rota.severities or severity is None or severity in rota.severities)
    ]
    for rota in sorted(fitting, key=lambda r: (r.department is None, not r.severities, r.id)):
        turn = turn_at(rota, at, covers, zone, is_holiday)
        if turn is not None and available(turn.user, at):
            return rota, turn
    return None
