"""The forecast of a site's year, from what the ledger holds.

The engine that makes the orders is run over every machine, a batch at a time, so that a large site's history is never
in memory as a whole; in columns where it can be. O(occurrences of the year).
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import blake2b
from zoneinfo import ZoneInfo

from maintenance.budget.costing import system_of_class
from maintenance.budget.counting import Year, count_in_columns
from maintenance.budget.forecast import Forecast, Tally, replacements
from maintenance.columns.days import WorkDays
from maintenance.gathering import facts_of
from maintenance.plan import PlanRow
from maintenance.planner import Systems
from maintenance.ports import MaintenanceTx
from maintenance.preview import Horizon, preview_all
from maintenance.previewing import subjects_of
from maintenance.reading_port import NO_READINGS, PointReadings
from maintenance.recurrence import local_day
from maintenance.site_plan import SitePlan, read_site
from plantroom.domain.assets import EquipmentClass, Site
from plantroom.errors import BadData, FieldProblem
from plantroom.ports.ledger import Ledger

BATCH = 2000
AROUND = timedelta(days=100)
"""How far the day that a job is planned for may lie from its nominal date."""

FIRST_YEAR, YEARS_AHEAD = 2000, 4
"""From when a year can be asked for, and how many years after the present one."""


def check_year(year: int, today: date) -> None:
    """``BadData`` for a year that no forecast reaches."""
    if not FIRST_YEAR <= year <= today.year + YEARS_AHEAD:
        text = f"应在{FIRST_YEAR}年至{today.year + YEARS_AHEAD}年之间 / should be from {FIRST_YEAR} to "
        words = f"{text}{today.year + YEARS_AHEAD}"
        raise BadData(f"year: {words}", [FieldProblem("year", "out_of_range", words)])


def basis_of(rows: Sequence[PlanRow], hourly_rate: float | None) -> str:
    """Changes with the plan and with the rate; what becomes of machines is seen a day later."""
    said = "|".join(sorted(f"{row.lineage}:{row.version}" for row in rows))
    return blake2b(f"{said}|{hourly_rate}".encode(), digest_size=12).hexdigest()


def make_forecast(
    ledger: Ledger[MaintenanceTx],
    site: Site,
    year: int,
    now: datetime,
    systems: Systems,
    classes: Mapping[str, EquipmentClass],
    readings: PointReadings = NO_READINGS,
) -> Forecast:
    """Compute it; nothing is written. ``BadData`` as ``check_year``."""
    zone = ZoneInfo(site.time_zone)
    today = local_day(now, zone)
    check_year(year, today)
    counted = Year(date(year, 1, 1), date(year, 12, 31), year == today.year)
    with ledger.read() as tx:
        plan = read_site(tx, site, now, systems, max((counted.last - today).days, 0))
        every = {row.lineage: row for row in tx.plan.rows(site.code)} | {row.lineage: row for row in plan.rows}
        assets = [asset for asset in tx.assets.plant().assets.values() if asset.site == site.code]
        rate = tx.budgets.rate(site.code).hourly_rate
        basis = basis_of(tx.plan.rows(site.code), rate)
    by_class = system_of_class(systems)
    tally = Tally(year, every, by_class, {asset.key: asset.equipment_class for asset in assets})
    subjects = [one for one in subjects_of(site, assets) if one.key in plan.cards]
    calendar = WorkDays(plan.is_working_day)
    for start in range(0, len(subjects), BATCH):
        some = {one.key: one for one in subjects[start : start + BATCH]}
        with ledger.read() as tx:
            history = tx.plan.occurrences_of_several(list(some))
            for known in history.values():
                tally.history(known)
            if year < today.year:
                continue
            left = count_in_columns(tally, plan, list(some), history, calendar, now, counted)
            single = [some[key] for key in left]
            facts = facts_of(tx, site, single, plan.rows, readings, now, systems)
            found = preview_all(plan.rows, single, history, _horizon(plan, counted), systems, facts)
            tally.coming(item for item in found.items if counted.has(item.job.due))
    items = tally.items(rate) + (replacements(assets, classes, by_class, year) if year >= today.year else [])
    return Forecast(site.code, year, now, basis, rate, tuple(items))


def _horizon(plan: SitePlan, year: Year) -> Horizon:
    """Nominal dates around the year: a job counts in the year that it is planned for."""
    first = plan.today if year.present else max(plan.today, year.first - AROUND)
    return Horizon(
        first, year.last + AROUND, plan.today, plan.zone, plan.is_working_day, plan.site.calendar,
        overdue=year.present,
    )  # fmt: skip
