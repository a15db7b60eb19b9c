"""Shifts, and who works when. Pure.

A shift is a span of local time that recurs on days of the week or in a cycle of days, with the people who work it.
What differs on one day is a ``ShiftChange``. Local times become instants day by day in the site's zone: 08:00 stays
08:00 across DST, so a night shift lasts an hour more or less on those two nights. A local time that a clock change
leaves out is the instant of the change; one that comes twice is the first. So instants keep the order of local times,
and one shift's end and the next one's beginning at the same local time are the same instant.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from plantroom.domain.assets import LocalName
from plantroom.errors import BadData, FieldProblem

FIRE_CONTROL_ROOM = "fire_control_room"
"""Post whose shifts need two certified people (``FIRE_CONTROL_ROOM_PEOPLE``)."""

FIRE_CONTROL_ROOM_PEOPLE = 2
"""People at least on each shift of a fire control room, day and night. Basis: GB 25506-2010 4.2.1; from memory."""

EVERY_WEEKDAY = (0, 1, 2, 3, 4, 5, 6)
MAX_CYCLE_DAYS = 366
MAX_PEOPLE = 200
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Shift:
    """A recurring span of local time and who works it.

    ``ends`` at or before ``starts`` means the next day. ``weekdays`` (0 Monday to 6 Sunday) say on which days it
    begins; with ``cycle_days`` the days are instead those whose number since ``valid_from``, counted round the cycle,
    is in ``cycle_on`` (four crews in turn: a cycle of 4 or 8 days). ``minimum`` people at least should be on it.
    """

    id: str
    site: str
    department: str
    name: LocalName
    starts: time
    ends: time
    people: tuple[str, ...]
    valid_from: date
    valid_until: date | None = None
    weekdays: tuple[int, ...] = EVERY_WEEKDAY
    cycle_days: int | None = None
    cycle_on: tuple[int, ...] = ()
    minimum: int = 1
    post: str = ""
    version: int = 1

    def runs_on(self, day: date) -> bool:
        """Whether it begins on that local day by its pattern."""
        if day < self.valid_from or (self.valid_until is not None and day > self.valid_until):
            return False
        if self.cycle_days is None:
            return day.weekday() in self.weekdays
        return (day - self.valid_from).days % self.cycle_days in self.cycle_on


class ChangeKind(StrEnum):
    """What is different on one day: a person is off, comes in addition, changes with another; nobody works."""

    OFF = "off"
    EXTRA = "extra"
    REPLACE = "replace"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ShiftChange:
    """A dated exception of a shift. ``user`` is whom it is about (``None``: the whole shift is cancelled), ``other``
    who works instead. ``extra`` runs the shift on a day that its pattern leaves out."""

    id: str
    shift: str
    day: date
    kind: ChangeKind
    user: str | None
    other: str | None
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Absence:
    """Days (first and last included) on which a person does not work. Why is nobody's business and not stored."""

    id: str
    user: str
    first: date
    last: date


@dataclass(frozen=True, slots=True, order=True)
class Duty:
    """A person works: from ``starts_at`` up to, not including, ``ends_at``. ``day`` is the local day it begins on."""

    starts_at: datetime
    ends_at: datetime
    user: str
    shift: str
    day: date


def instant(day: date, at: time, zone: tzinfo) -> datetime:
    """The instant of a local time, UTC; across DST as the module says."""
    local = datetime.combine(day, at, zone)
    found = local.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return found
    before, after = found, local.replace(fold=1).astimezone(UTC)
    low, high = min(before, after), max(before, after)
    offset = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == offset else (low, middle)
    return high.replace(microsecond=0)


def span_of(shift: Shift, day: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """When the shift that begins on a local day begins and ends, UTC."""
    last = day if shift.ends > shift.starts else day + _DAY
    return instant(day, shift.starts, zone), instant(last, shift.ends, zone)


def checked(shift: Shift) -> Shift:
    """The shift when it makes sense. Raises ``BadData`` naming the field."""
    problems = list(_problems(shift))
    if problems:
        raise BadData(problems[0].message, problems)
    return shift


def _problems(shift: Shift) -> Iterator[FieldProblem]:
    if shift.starts == shift.ends:
        words = (
            "班次长度为零：开始与结束相同；24小时值班请分成两个班次 / a shift of no length; a whole day is two shifts"
        )
        yield FieldProblem("ends", "zero_length", words)
    if shift.starts.tzinfo is not None or shift.ends.tzinfo is not None:
        yield FieldProblem("starts", "not_local", "应为当地时间 / should be a local time, without a zone")
    if shift.valid_until is not None and shift.valid_until < shift.valid_from:
        yield FieldProblem("valid_until", "before_start", "早于生效日 / is before valid_from")
    if not 1 <= shift.minimum <= MAX_PEOPLE:
        yield FieldProblem("minimum", "range", f"应为1至{MAX_PEOPLE} / should be from 1 to {MAX_PEOPLE}")
    if len(set(shift.people)) != len(shift.people):
        yield FieldProblem("people", "twice", "有人重复 / somebody is there twice")
    if shift.cycle_days is None:
        if not shift.weekdays or not set(shift.weekdays) <= set(EVERY_WEEKDAY):
            yield FieldProblem(
                "weekdays", "range", "应为0（周一）至6（周日） / should be from 0 (Monday) to 6 (Sunday)"
            )
    elif not 1 <= shift.cycle_days <= MAX_CYCLE_DAYS:
        yield FieldProblem("cycle_days", "range", f"应为1至{MAX_CYCLE_DAYS} / should be from 1 to {MAX_CYCLE_DAYS}")
    elif not shift.cycle_on or not all(0 <= n < shift.cycle_days for n in shift.cycle_on):
        words = "应为0至周期天数减1 / should be days of the cycle, counted from 0"
        yield FieldProblem("cycle_on", "range", words)


def people_on(shift: Shift, day: date, changes: Sequence[ShiftChange]) -> tuple[str, ...]:
    """Who works the shift that begins on a day, in the shift's order; changes of that shift and day, oldest first."""
    if any(change.kind is ChangeKind.CANCELLED for change in changes):
        return ()
    people = list(shift.people) if shift.runs_on(day) else []
    for change in changes:
        if change.user is None:
            continue
        if change.kind is ChangeKind.EXTRA:
            people.append(change.user)
        elif change.user in people:
            place = people.index(change.user)
            people[place : place + 1] = [] if change.other is None else [change.other]
    return tuple(dict.fromkeys(people))


def duties(
    shifts: Sequence[Shift],
    changes: Sequence[ShiftChange],
    absences: Sequence[Absence],
    first: date,
    last: date,
    zone: tzinfo,
) -> list[Duty]:
    """Who works when, of the shifts that begin from ``first`` to ``last`` (local days, both included), in order.

    An absent person does not work; whoever replaces somebody is asked for their own absences. O(shifts x days x
    people)."""
    by_day: dict[tuple[str, date], list[ShiftChange]] = defaultdict(list)
    for change in sorted(changes, key=lambda c: (c.at, c.id)):
        by_day[change.shift, change.day].append(change)
    away = _by_user(absences)
    found: list[Duty] = []
    for day in days(first, last):
        for shift in shifts:
            people = people_on(shift, day, by_day.get((shift.id, day), ()))
            begins, ends = span_of(shift, day, zone)
            if begins < ends:  # a short shift may lie wholly in the hour that a clock change leaves out
                found += [Duty(begins, ends, user, shift.id, day) for user in people if not _away(away, user, day)]
    return sorted(found)


def who_is_on(
    at: datetime, shifts: Sequence[Shift], changes: Sequence[ShiftChange], absences: Sequence[Absence], zone: tzinfo
) -> list[Duty]:
    """The duties that hold at an instant, in order. A shift lasts a day at most, so yesterday's and today's decide."""
    today = at.astimezone(zone).date()
    found = duties(shifts, changes, absences, today - _DAY, today, zone)
    return [duty for duty in found if duty.starts_at <= at < duty.ends_at]


def overlaps(found: Sequence[Duty]) -> list[tuple[Duty, Duty]]:
    """Pairs of duties of one person that share time: the first of them for each that begins while another lasts."""
    pairs: list[tuple[Duty, Duty]] = []
    latest: dict[str, Duty] = {}
    for duty in sorted(found):
        before = latest.get(duty.user)
        if before is not None and duty.starts_at < before.ends_at:
            pairs.append((before, duty))
        if before is None or duty.ends_at > before.ends_at:
            latest[duty.user] = duty
    return pairs


def days(first: date, last: date) -> Iterator[date]:
    """Local days from the first to the last, both included."""
    for number in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(number)


def is_absent(absences: Sequence[Absence], user: str, day: date) -> bool:
    """Whether a person does not work on a day."""
    return any(a.user == user and a.first <= day <= a.last for a in absences)


def _by_user(absences: Sequence[Absence]) -> Mapping[str, Sequence[Absence]]:
    found: dict[str, list[Absence]] = defaultdict(list)
    for absence in absences:
        found[absence.user].append(absence)
    return found


def _away(absences: Mapping[str, Sequence[Absence]], user: str, day: date) -> bool:
    return any(a.first <= day <= a.last for a in absences.get(user, ()))
