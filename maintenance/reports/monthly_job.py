"""The scheduler's job ``reports``: on the first of a month last month's report of each site, in both languages, once.

Idempotent on the ledger and safe with several schedulers at once: a report of an occasion is there once. A service that
did not run on the first asks for it when it runs again. Days are the site's own.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from maintenance.figures.groups import period_of
from maintenance.planner import Systems
from maintenance.ports import MaintenanceTx
from maintenance.recurrence import local_day
from maintenance.reports.asking import LANGUAGES, Wanted, ask, last_month, month_of
from maintenance.reports.model import ReportKind
from maintenance.scheduler import Job
from plantroom.domain.assets import Site
from plantroom.domain.authorship import acting_system
from plantroom.ports.ledger import Ledger

JOB = "reports"
EVERY = timedelta(hours=1)
BY = f"system:{JOB}"


def reports_job(ledger: Ledger[MaintenanceTx], systems: Systems) -> Job:
    """The job: every hour, since sites begin their months at different times."""

    def run(now: datetime) -> None:
        asked = ask_monthly(ledger, now, systems)
        if asked:
            structlog.get_logger().info("monthly_reports_asked_for", reports=asked)

    return Job(JOB, EVERY, run)


def ask_monthly(ledger: Ledger[MaintenanceTx], now: datetime, systems: Systems) -> int:
    """Ask for what is wanting; gives how many reports are new. A month in which a site had no work has no report."""
    with ledger.read() as tx:
        wanting = [site for site in tx.assets.sites() if _wanting(tx, site, now)]
    if not wanting:
        return 0
    with acting_system(JOB), ledger.begin() as tx:
        return sum(_asked(tx, site, language, now, systems) for site in wanting for language in LANGUAGES)


def _wanting(tx: MaintenanceTx, site: Site, now: datetime) -> bool:
    first, last = month_of(last_month(local_day(now, ZoneInfo(site.time_zone))))
    if all(tx.report_store.made_for(_occasion(site, f"{first:%Y-%m}", language)) for language in LANGUAGES):
        return False
    period = period_of(site, first, last)
    return tx.figures.anything(site.code, first, last, period.begins, period.ends)


def _asked(tx: MaintenanceTx, site: Site, language: str, now: datetime, systems: Systems) -> bool:
    month = last_month(local_day(now, ZoneInfo(site.time_zone)))
    wanted = Wanted(site.code, ReportKind.MONTHLY, language, month)
    return ask(tx, wanted, BY, now, systems, _occasion(site, f"{month:%Y-%m}", language)) is not None


def _occasion(site: Site, month: str, language: str) -> str:
    return f"monthly:{site.code}:{month}:{language}"
