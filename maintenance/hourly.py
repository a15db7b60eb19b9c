"""Occurrences of rows by the hour on one subject: which moments are to be made, shown or given up. Pure.

After an outage every moment that passed is on record, once: the moments go on behind the newest known one. A subject
without any occurrence begins with the moment that is going on now.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from maintenance.hours import Moment, instant, moments
from maintenance.nesting import Job, Planned
from maintenance.plan import Occurrence, OccurrenceState, PlanRow
from maintenance.reasons import LAYERS, frequency
from maintenance.recurrence import Window
from maintenance.rests import Rest
from maintenance.schedules import IntervalSchedule
from maintenance.site_calendar import clock_time, openings_of
from maintenance.sources import cited
from plantroom.domain.assets import LocalName
from plantroom.domain.calendars import SiteCalendar

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class HourCase:
    """A row by the hour on one subject: where it counts from, its site, its occurrences so far, and
    when its machine was out of use: what was over then is not asked for."""

    row: PlanRow
    anchor: date
    calendar: SiteCalendar
    zone: ZoneInfo
    history: Sequence[Occurrence] = ()
    rests: Sequence[Rest] = ()

    def between(self, start: datetime, end: datetime) -> list[Moment]:
        """The moments going on at ``start`` or beginning before ``end``, while the row holds."""
        effective = instant(datetime.combine(self.row.effective_from, time()), self.zone)
        if self.row.ends is not None:
            end = min(end, instant(datetime.combine(self.row.ends, time()), self.zone))
        return moments(self.row, self.anchor, self.calendar, self.zone, max(start, effective), end)

    @property
    def newest(self) -> datetime | None:
        """When the newest known moment begins."""
        return max((o.nominal_at for o in self.history if o.nominal_at is not None), default=None)


def to_make(case: HourCase, now: datetime, until: datetime) -> list[Moment]:
    """The moments that have no occurrence yet, up to ``until``: those that go on or come, and what an outage left."""
    newest = case.newest
    known = {o.key.cycle for o in case.history}
    start = now if newest is None else min(newest, now)
    rested = [rest for rest in case.rests if rest.until is not None]
    coming = (m for m in case.between(start, until) if m.cycle not in known)
    return [m for m in coming if not any(rest.holds(m.until) for rest in rested)]


def to_show(case: HourCase, start: date, end: date) -> list[tuple[Moment, str | None]]:
    """The moments of ``start .. end`` (local days, inclusive) that are not closed, each with the order that stands for
    it."""
    first = instant(datetime.combine(start, time()), case.zone)
    last = instant(datetime.combine(end + timedelta(days=1), time()), case.zone)
    due = {o.key.cycle: o.work_order for o in case.history if o.state is OccurrenceState.DUE}
    known = {o.key.cycle for o in case.history}
    newest = case.newest
    return [
        (moment, due.get(moment.cycle))
        for moment in case.between(first, last)
        if moment.at >= first
        and (moment.cycle in due or (moment.cycle not in known and (newest is None or moment.at > newest)))
    ]


def job_of(row: PlanRow, moment: Moment, zone: ZoneInfo) -> Job:
    """The moment as a job, by its local days."""
    day = moment.at.astimezone(zone).date()
    last = (moment.until - _TICK).astimezone(zone).date()
    window = Window(moment.cycle, day, day, last, day, pulled=False)
    return Job((Planned(row, window, None),), day, last, day)


def hour_reason(case: HourCase, moment: Moment, overdue: bool = False) -> LocalName:
    """One sentence on a moment: how often, in which hours, who asks for it."""
    row = case.row
    said, layer = frequency(row.interval), LAYERS[row.layer]
    zh, en = f"{row.name.zh}：{said.zh}", f"{row.name.en}: {said.en}"
    if isinstance(row.schedule, IntervalSchedule) and row.schedule.open_hours and case.calendar.openings:
        weekday = moment.local.weekday()
        hours = openings_of(case.calendar, weekday) or openings_of(case.calendar, (weekday - 1) % 7)
        spans = "、".join(f"{clock_time(a)}–{clock_time(b)}" for a, b in hours)
        zh, en = f"{zh}（营业时间{spans}内）", f"{en} in opening hours ({spans.replace('、', ', ')})"
    zh, en = f"{zh}，{layer.zh}", f"{en}, {layer.en}"
    if row.basis:
        basis = cited(row.basis)
        zh, en = f"{zh}（{basis.zh}）", f"{en} ({basis.en})"
    if overdue:
        zh, en = f"{zh}，现已逾期", f"{en}; now overdue"
    return LocalName(zh + "。", en + ".")
