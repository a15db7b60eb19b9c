"""The last day that the law allowed for work that is done: it may be earlier than the day that was written down when
the job was planned, since the one before was done early and no scheduler has looked since. Rows that stand for the
law's, or did, count from what was done of either (``maintenance.stand_ins``)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache, partial
from zoneinfo import ZoneInfo

from maintenance.answering import answering, subject_of
from maintenance.last_days import last_day
from maintenance.plan import Occurrence, OccurrenceKey, PlanRow
from maintenance.ports import MaintenanceTx
from maintenance.recurrence import local_day, shifted
from maintenance.rests import Rest, carried_through, lapsed_first, pauses_of, without_lapsed
from maintenance.schedules import IntervalSchedule
from maintenance.stand_ins import Source, floor_of, handed_to, sources, stand_ins
from plantroom.errors import NotFound


def last_allowed(
    history: Sequence[Occurrence],
    floor: int,
    at: datetime | None,
    zone: ZoneInfo,
    rests: Sequence[Rest] = (),
    handed: date | None = None,
) -> date | None:
    """The last day, counted from the last completion before ``at`` or the last day of what was missed before (from the
    end of a rest during which it was over), or from what others hand to the row, or else from the return behind the
    rest in which its first one lapsed; ``None`` without any. Without ``at`` from the last completion, whatever was
    missed since. ``history`` are the occurrences of one row on one subject, what has lapsed as waived."""
    days, pauses = [day for day in (_last(history, at, zone), handed) if day is not None], pauses_of(rests, zone)
    counts = max(days, default=None)
    last = carried_through(lapsed_first(history, floor, pauses) if counts is None else counts, floor, pauses)
    return None if last is None else shifted(last, floor)


def _last(history: Sequence[Occurrence], at: datetime | None, zone: ZoneInfo, before: date = date.max) -> date | None:
    """The day something was done last, as above; what was missed counts with a date before a day."""
    if at is None:
        return last_day([o for o in history if o.completed_at is not None], zone, before)
    today = local_day(at, zone)
    known = [o for o in history if (o.latest < today if o.completed_at is None else o.completed_at < at)]
    return last_day(known, zone, before)


@dataclass(frozen=True, slots=True)
class Record:
    """What is on record of a subject: its occurrences by lineage, and what its rows count from that stand for others
    or come back."""

    occurrences: Mapping[str, Sequence[Occurrence]]
    lineages: Mapping[str, str]
    given: Sequence[Source]
    rests: Sequence[Rest]
    zone: ZoneInfo

    def last_allowed(self, row: PlanRow, floor: int, at: datetime | None, but: OccurrenceKey) -> date | None:
        """The last day for one of the rows, as ``last_allowed``, from all that is on record but one occurrence."""
        own = [one for one in self.occurrences.get(but.lineage, ()) if one.key != but]
        return last_allowed(own, floor, at, self.zone, self.rests, self._handed(row, at))

    def _handed(self, row: PlanRow, at: datetime | None) -> date | None:
        def last(code: str, before: date) -> date | None:
            return _last(self.occurrences.get(self.lineages[code], ()), at, self.zone, before)

        return handed_to(row, self.given, last, {}, date.max).total.counts


def record_of(tx: MaintenanceTx, rows: Sequence[PlanRow], site: str, key: str) -> Record:
    """The record of a subject by the rows of its site."""
    occurrences: defaultdict[str, list[Occurrence]] = defaultdict(list)
    zone = ZoneInfo(tx.assets.site(site).time_zone)
    rests = tx.rests.of([key]).get(key, ())
    for one in without_lapsed(tx.plan.occurrences_of(site, key), rests, zone):
        occurrences[one.key.lineage].append(one)
    try:
        holding = answering(rows, subject_of(tx, site, key))
    except NotFound:
        holding = []
    links = stand_ins(holding, {row.code: row for row in rows})
    lineages = {row.code: row.lineage for row in holding}
    return Record(occurrences, lineages, sources(links, date.max), rests, zone)


def lawful(tx: MaintenanceTx, occurrences: Sequence[Occurrence], at: datetime) -> list[Occurrence]:
    """Occurrences of an order that are being completed at an instant, each with the last day that the law allowed, so
    that work done too late shows as such."""
    found: list[Occurrence] = []
    if not occurrences:
        return found
    site = occurrences[0].site
    rows = tx.plan.rows(site)
    by_code, record = {row.code: row for row in rows}, cache(partial(record_of, tx, rows, site))
    for one in occurrences:
        row = next((r for r in by_code.values() if r.lineage == one.key.lineage), None)
        floor = None if row is None or _in_season(row) else floor_of(row, by_code)
        if row is None or floor is None:
            found.append(one)
            continue
        last = record(one.key.subject).last_allowed(row, floor, at, one.key)
        found.append(
            one if last is None or last >= one.latest else replace(one, latest=last, earliest=min(one.earliest, last))
        )
    return found


def _in_season(row: PlanRow) -> bool:
    """Whether the time between two completions may hold a season in which nothing was to be done."""
    return isinstance(row.schedule, IntervalSchedule) and row.schedule.in_season is not None
