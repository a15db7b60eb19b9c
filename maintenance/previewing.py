"""The preview of some subjects of one site, from what the ledger holds."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from maintenance.coverage import rows_without_machines
from maintenance.gathering import facts_of
from maintenance.plan import Occurrence, PlanRow
from maintenance.planner import Subject, Systems, asset_subject, rows_for, site_subject
from maintenance.ports import MaintenanceTx
from maintenance.preview import Horizon, Preview, UndatedItem, preview_all
from maintenance.reading_port import NO_READINGS, PointReadings
from maintenance.recurrence import local_day
from maintenance.site_calendar import working_days
from maintenance.withdrawing import families_of, looked_ahead
from plantroom.domain.assets import Asset, Site
from plantroom.errors import BadData, FieldProblem

FIRST_DAY = date(2000, 1, 1)
MAX_SPAN = timedelta(days=3 * 366)
MAX_AHEAD = timedelta(days=5 * 366)


def subjects_of(site: Site, assets: Sequence[Asset]) -> list[Subject]:
    """The site itself and its assets, by code."""
    mine = sorted((a for a in assets if a.site == site.code), key=lambda a: a.code)
    return [site_subject(site.code, site.name), *(asset_subject(a) for a in mine)]


def check_span(start: date, end: date, today: date) -> None:
    """``BadData`` naming ``from`` or ``to`` for a span that a preview does not cover: one that ends before it begins,
    begins before 2000, is longer than three years or ends more than five years after today."""
    if start < FIRST_DAY:
        raise _wrong("from", "too_early", f"should not be before {FIRST_DAY}")
    if end < start:
        raise _wrong("to", "empty_span", "should not be before `from`")
    if end - start > MAX_SPAN:
        raise _wrong("to", "too_long", "should be at most three years after `from`")
    if end - today > MAX_AHEAD:
        raise _wrong("to", "too_far", "should be at most five years from today")


def _wrong(field: str, code: str, message: str) -> BadData:
    return BadData(f"{field}: {message}", [FieldProblem(field, code, message)])


def ledger_preview(
    tx: MaintenanceTx,
    site: Site,
    subjects: Sequence[Subject],
    start: date,
    end: date,
    now: datetime,
    systems: Systems,
    readings: PointReadings = NO_READINGS,
) -> Preview:
    """Jobs with a nominal date in ``start .. end``, or due then, by due day, on the site's own calendar, and the rows
    without a date, of a whole site (``subjects_of``) also those without a machine; "today" is the site's local day at
    ``now``. A span with today in it begins with what was due before it and is still to be done.

    Raises ``BadData`` as ``check_span``."""
    zone = ZoneInfo(site.time_zone)
    today = local_day(now, zone)
    check_span(start, end, today)
    only = subjects[0].key if len(subjects) == 1 else None
    history: dict[str, list[Occurrence]] = defaultdict(list)
    for occurrence in tx.plan.occurrences_of(site.code, only):
        history[occurrence.key.subject].append(occurrence)
    rows = tx.plan.rows(site.code, today)
    facts = facts_of(tx, site, subjects, rows, readings, now, systems)
    working = working_days(site.calendar, site.time_zone)
    horizon = Horizon(start, end, today, zone, working, site.calendar, overdue=start <= today <= end)
    by_code = {row.code: row for row in rows}
    ahead: dict[str, Sequence[Occurrence]] = {}
    for one in subjects:
        ahead[one.key] = looked_ahead(history.get(one.key, ()), partial(_families, rows, one, systems, by_code))
    found = preview_all(rows, subjects, ahead, horizon, systems, facts)
    own = next((one.key for one in subjects if one.asset is None), None)
    if own is not None:
        machines = [one.asset for one in subjects if one.asset is not None]
        idle = rows_without_machines(site.code, machines, rows, systems, today)
        found.undated.extend(UndatedItem(own, site.code, row, reason) for row, reason in idle)
    return found


def _families(
    rows: Sequence[PlanRow], one: Subject, systems: Systems, by_code: Mapping[str, PlanRow]
) -> Mapping[str, frozenset[str]]:
    return families_of(rows_for(rows, one, systems), by_code)
