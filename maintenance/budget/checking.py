"""The scheduler's job of budgets: forecasts that are old are made anew, lines that near their end are told of.

Idempotent on the ledger and safe with several schedulers at once: a warning is written once by its key (budget,
revision, level), in the transaction that writes its messages.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from maintenance.budget.forecasting import basis_of, make_forecast
from maintenance.budget.measuring import Line, measure
from maintenance.budget.model import BudgetWarning, Level, level_of, reached
from maintenance.budget.words import notice_of
from maintenance.notify.outbox import notify_channels
from maintenance.plan_run import apart_from_others
from maintenance.planner import Systems
from maintenance.ports import MaintenanceTx
from maintenance.reading_port import NO_READINGS, PointReadings
from maintenance.recurrence import local_day
from maintenance.scheduler import Job
from plantroom.domain.assets import EquipmentClass, Site
from plantroom.domain.authorship import acting_system
from plantroom.ports.ledger import Ledger

NAME = "budget"
EVERY = timedelta(minutes=15)
FRESH_FOR = timedelta(hours=24)
"""How long a forecast stands while neither the plan nor the rate changes (D)."""


def check_budgets(ledger: Ledger[MaintenanceTx], now: datetime, systems: Systems) -> int:
    """Tell of every line that has reached a level since the last look; gives how many warnings are new."""
    with ledger.read() as tx:
        sites = list(tx.assets.sites())
    found = 0
    for site in sites:
        with apart_from_others(site), acting_system("budget"):
            found += _check_site(ledger, site, now, systems)
    return found


def _check_site(ledger: Ledger[MaintenanceTx], site: Site, now: datetime, systems: Systems) -> int:
    year = local_day(now, ZoneInfo(site.time_zone)).year
    with ledger.read() as tx:
        if not tx.budgets.of(site.code, year):
            return 0
        wanted = [line for line in measure(tx, site, year, now, systems).lines if _new_levels(line)]
    if not wanted:
        return 0
    with ledger.begin() as tx:
        # As the lines are now: somebody may have approved more meanwhile.
        lines = measure(tx, site, year, now, systems).lines
        return sum(_warn(tx, site, line, now) for line in lines if _new_levels(line))


def _new_levels(line: Line) -> list[Level]:
    if line.budget is None:
        return []
    level = level_of(line.budget, line.figures.actual, line.figures.committed)
    return reached(level, line.warnings, line.budget.revision)


def _warn(tx: MaintenanceTx, site: Site, line: Line, now: datetime) -> int:
    """Write down the levels that are new and tell of the highest."""
    budget, figures = line.budget, line.figures
    assert budget is not None
    new: list[BudgetWarning] = []
    for level in _new_levels(line):
        one = BudgetWarning(
            budget.id, budget.revision, level, now, budget.approved, round(figures.actual, 2),
            round(figures.committed, 2),
        )  # fmt: skip
        if tx.budgets.warn(one):
            new.append(one)
    if not new:
        return 0
    messages = notify_channels(tx, notice_of(site, line, new[-1]), now)
    tx.budgets.told(replace(new[-1], messages=messages))
    tx.live.note("budget", site.code, {"id": budget.id, "line": budget.line, "level": new[-1].level.value})
    return len(new)


def refresh_forecasts(
    ledger: Ledger[MaintenanceTx],
    now: datetime,
    systems: Systems,
    classes: Mapping[str, EquipmentClass],
    readings: PointReadings = NO_READINGS,
) -> int:
    """Make the forecasts of this year and the next anew where they are old; gives how many."""
    with ledger.read() as tx:
        sites = list(tx.assets.sites())
    made = 0
    for site in sites:
        with apart_from_others(site):
            year = local_day(now, ZoneInfo(site.time_zone)).year
            for one in (year, year + 1):
                if _is_old(ledger, site.code, one, now):
                    store_forecast(ledger, site, one, now, systems, classes, readings)
                    made += 1
    return made


def store_forecast(
    ledger: Ledger[MaintenanceTx],
    site: Site,
    year: int,
    now: datetime,
    systems: Systems,
    classes: Mapping[str, EquipmentClass],
    readings: PointReadings = NO_READINGS,
) -> None:
    """Compute a forecast and keep it. ``BadData`` for a year that it does not reach."""
    forecast = make_forecast(ledger, site, year, now, systems, classes, readings)
    with ledger.begin() as tx:
        tx.budgets.put_forecast(forecast)


def _is_old(ledger: Ledger[MaintenanceTx], site: str, year: int, now: datetime) -> bool:
    with ledger.read() as tx:
        stored = tx.budgets.forecast(site, year)
        if stored is None or not timedelta(0) <= now - stored.computed_at < FRESH_FOR:
            return True
        return stored.basis != basis_of(tx.plan.rows(site), tx.budgets.rate(site).hourly_rate)


def budget_job(
    ledger: Ledger[MaintenanceTx],
    systems: Systems,
    classes: Mapping[str, EquipmentClass],
    readings: PointReadings = NO_READINGS,
) -> Job:
    """The job ``budget``."""

    def run(now: datetime) -> None:
        made = refresh_forecasts(ledger, now, systems, classes, readings)
        warned = check_budgets(ledger, now, systems)
        structlog.get_logger().info("budgets_checked", forecasts=made, warnings=warned)

    return Job(NAME, EVERY, run)
