"""The last day that the law allowed for work that is done: it may be earlier than the day that was written down when
the job was planned, since the one before was done early and no scheduler has looked since."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from maintenance.plan import Occurrence, OccurrenceState, PlanRow
from maintenance.ports import MaintenanceTx
from maintenance.recurrence import local_day, shifted
from maintenance.rests import Rest, carried_through, pauses_of
from maintenance.schedules import IntervalSchedule
from maintenance.stand_ins import floor_of


def last_allowed(
    history: Sequence[Occurrence], floor: int, at: datetime, zone: ZoneInfo, rests: Sequence[Rest] = ()
) -> date | None:
    """The last day, counted from the last completion before ``at`` or the last day of what was missed before (from the
    end of a rest during which it was over); ``None`` without any. ``history`` are the occurrences of one row on one
    subject."""
    day = local_day(at, zone)
    done = [local_day(o.completed_at, zone) for o in history if o.completed_at is not None and o.completed_at < at]
    missed = [o.latest for o in history if o.state is OccurrenceState.MISSED and o.latest < day]
    last = carried_through(max([*done, *missed], default=None), floor, pauses_of(rests, zone))
    return None if last is None else shifted(last, floor)


def lawful(tx: MaintenanceTx, occurrences: Sequence[Occurrence], at: datetime) -> list[Occurrence]:
    """Occurrences that are being completed at an instant, each with the last day that the law allowed, so that work
    done too late shows as such."""
    found: list[Occurrence] = []
    for one in occurrences:
        rows = {row.code: row for row in tx.plan.rows(one.site)}
        row = next((r for r in rows.values() if r.lineage == one.key.lineage), None)
        floor = None if row is None or _in_season(row) else floor_of(row, rows)
        if floor is None:
            found.append(one)
            continue
        zone = ZoneInfo(tx.assets.site(one.site).time_zone)
        known = [o for o in tx.plan.occurrences_of(one.site, one.key.subject) if o.key.lineage == one.key.lineage]
        rests = tx.rests.of([one.key.subject]).get(one.key.subject, ())
        last = last_allowed([o for o in known if o.key != one.key], floor, at, zone, rests)
        found.append(
            one if last is None or last >= one.latest else replace(one, latest=last, earliest=min(one.earliest, last))
        )
    return found


def _in_season(row: PlanRow) -> bool:
    """Whether the time between two completions may hold a season in which nothing was to be done."""
    return isinstance(row.schedule, IntervalSchedule) and row.schedule.in_season is not None
