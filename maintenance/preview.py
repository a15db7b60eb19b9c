"""What falls due when, shown: jobs of some subjects between two days, each with its reason. Pure; no I/O."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from maintenance.facts import Facts
from maintenance.hourly import HourCase, hour_reason, job_of, to_show
from maintenance.hours import Moment
from maintenance.nesting import Job, Planned
from maintenance.plan import Occurrence, PlanRow
from maintenance.planner import Subject, Systems, Undated, hour_rows_for, plan_subject, rows_for
from maintenance.reasons import reason
from maintenance.recurrence import every_day, shifted
from maintenance.rolling import IsWorkingDay
from plantroom.domain.assets import LocalName
from plantroom.domain.calendars import ALWAYS_OPEN, SiteCalendar


@dataclass(frozen=True, slots=True)
class PreviewItem:
    """One job of the preview. ``asset`` is the asset's key, or ``site:<code>``; ``job`` has the occurrences. Rows by
    the hour have a ``moment``, shown in ``zone``."""

    asset: str
    site: str
    job: Job
    reason: LocalName
    work_order: str | None = None
    moment: Moment | None = None
    zone: ZoneInfo | None = None

    @property
    def begins(self) -> date | datetime:
        """The first day, or moment, that the work may be done."""
        return self.job.earliest if self.moment is None else self.moment.at.astimezone(self.zone)

    @property
    def due(self) -> date | datetime:
        """The day, or moment, that the work is planned for."""
        return self.job.due if self.moment is None else self.moment.at.astimezone(self.zone)

    @property
    def ends(self) -> date | datetime:
        """The last day, or the moment by which the work is to be done."""
        return self.job.latest if self.moment is None else self.moment.until.astimezone(self.zone)

    def nominal(self, planned: Planned) -> date | datetime:
        """The nominal day, or moment, of one of its occurrences."""
        return planned.window.nominal if self.moment is None else self.moment.at.astimezone(self.zone)

    def as_json(self) -> dict[str, object]:
        """The item as ``GET /plan/preview`` shows it."""
        by_hour = self.moment is not None
        return {
            "asset": self.asset,
            "site": self.site,
            "occurrences": [
                {
                    "plan_row": p.row.code,
                    "name": {"zh": p.row.name.zh, "en": p.row.name.en},
                    "cycle": p.window.cycle,
                    "nominal_date": self.nominal(p).isoformat(),
                    "earliest": (self.begins if by_hour else p.window.earliest).isoformat(),
                    "latest": (self.ends if by_hour else p.window.latest).isoformat(),
                }
                for p in self.job.occurrences
            ],
            "due": self.due.isoformat(),
            "earliest": self.begins.isoformat(),
            "latest": self.ends.isoformat(),
            "layer": self.job.leader.row.layer.value,
            "work_order": self.work_order,
            "reason": {"zh": self.reason.zh, "en": self.reason.en},
        }

    def place(self) -> tuple[date, str, str, str]:
        """Where the item stands: by day, subject, row and moment."""
        at = "" if self.moment is None else self.moment.at.isoformat()
        return self.job.due, self.asset, self.job.leader.row.code, at


@dataclass(frozen=True, slots=True)
class UndatedItem:
    """A row of a subject whose next date nobody knows, with the reason."""

    asset: str
    site: str
    row: PlanRow
    reason: LocalName

    def as_json(self) -> dict[str, object]:
        """The item as ``GET /plan/preview`` shows it."""
        return {
            "asset": self.asset,
            "site": self.site,
            "plan_row": self.row.code,
            "name": {"zh": self.row.name.zh, "en": self.row.name.en},
            "reason": {"zh": self.reason.zh, "en": self.reason.en},
        }


@dataclass(frozen=True, slots=True)
class Preview:
    """Jobs by due day, and the rows without a date."""

    items: list[PreviewItem]
    undated: list[UndatedItem]


@dataclass(frozen=True, slots=True)
class Horizon:
    """What a preview is asked for: jobs with a nominal date in ``start .. end`` (both inclusive), or due then whatever
    their nominal date, seen on ``today``, on a site of that zone and calendar. ``overdue``: with the orders that have
    been due before."""

    start: date
    end: date
    today: date
    zone: ZoneInfo
    is_working_day: IsWorkingDay = every_day
    calendar: SiteCalendar = ALWAYS_OPEN
    overdue: bool = False


def preview(
    rows: Sequence[PlanRow],
    subjects: Sequence[Subject],
    history: Mapping[str, Sequence[Occurrence]],
    start: date,
    end: date,
    today: date,
    systems: Systems,
    zone: ZoneInfo,
    is_working_day: IsWorkingDay = every_day,
    facts: Mapping[str, Facts] | None = None,
) -> list[PreviewItem]:
    """The jobs of ``preview_all``."""
    return preview_all(
        rows, subjects, history, Horizon(start, end, today, zone, is_working_day), systems, facts or {}
    ).items


def preview_all(
    rows: Sequence[PlanRow],
    subjects: Sequence[Subject],
    history: Mapping[str, Sequence[Occurrence]],
    horizon: Horizon,
    systems: Systems,
    facts: Mapping[str, Facts],
) -> Preview:
    """Jobs not yet done, by due day, and rows without a date.

    ``history`` and ``facts`` map a subject's key to all its occurrences and to what is known of it. Dates before today
    are shown for rows without a history as their calendar has them; what a history has closed is not shown again.
    """
    every_row = {row.code: row for row in rows}
    items: list[PreviewItem] = []
    undated: list[UndatedItem] = []
    for subject in subjects:
        known, fact = history.get(subject.key, ()), facts.get(subject.key) or Facts(horizon.calendar)
        dated = rows_for(rows, subject, systems)
        found, left = _dated(dated, every_row, subject, known, horizon, fact)
        items += found
        undated += [UndatedItem(subject.key, subject.site, one.row, one.because) for one in left]
        items += _hourly(hour_rows_for(rows, subject, systems), subject, known, horizon, fact)
    return Preview(sorted(items, key=PreviewItem.place), undated)


def _dated(
    rows: Sequence[PlanRow],
    every_row: Mapping[str, PlanRow],
    subject: Subject,
    known: Sequence[Occurrence],
    horizon: Horizon,
    facts: Facts,
) -> tuple[list[PreviewItem], Sequence[Undated]]:
    start, end, today = horizon.start, horizon.end, horizon.today
    plan = plan_subject(
        rows, every_row, subject, known, today, horizon.zone, min(start, today), horizon.is_working_day, facts
    )
    pairs = [(s.job, s.work_order) for s in plan.standing]
    reach = max((row.early_days + row.late_days for row in rows), default=0)
    pairs += [(job, None) for job in plan.upcoming(shifted(end, reach))]
    items = []
    for job, order in pairs:
        days = [p.window.nominal for p in job.occurrences]
        known_late = horizon.overdue and order is not None and min(days) <= end
        if not known_late and not any(start <= day <= end for day in (*days, job.due)):
            continue
        overdue = order is not None and job.latest < today
        items.append(PreviewItem(subject.key, subject.site, job, reason(job, plan.floors, overdue), order))
    return items, plan.undated


def _hourly(
    rows: Sequence[PlanRow], subject: Subject, known: Sequence[Occurrence], horizon: Horizon, facts: Facts
) -> list[PreviewItem]:
    by_row: dict[str, list[Occurrence]] = defaultdict(list)
    for occurrence in known:
        by_row[occurrence.key.lineage].append(occurrence)
    items = []
    for row in rows:
        case = HourCase(row, subject.anchor(row), facts.calendar, horizon.zone, by_row[row.lineage])
        for moment, order in to_show(case, horizon.start, horizon.end):
            job = job_of(row, moment, horizon.zone)
            text = hour_reason(case, moment)
            items.append(PreviewItem(subject.key, subject.site, job, text, order, moment, horizon.zone))
    return items
