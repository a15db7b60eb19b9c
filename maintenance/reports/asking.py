"""Asking for a report. Inside the caller's transaction."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from maintenance.figures.groups import check_day, period_of
from maintenance.planner import Systems
from maintenance.ports import MaintenanceTx
from maintenance.records.retention import laws_at, retention
from maintenance.recurrence import local_day
from maintenance.reports.model import Report, ReportKind
from plantroom.domain.keys import new_key
from plantroom.errors import BadData, FieldProblem, NotFound

LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants. ``month``: any day of it; a pack has a machine (key) or a system and, where no first or last
    day is said, the years that the law asks records for, up to today."""

    site: str
    kind: ReportKind
    language: str = "zh"
    month: date | None = None
    first: date | None = None
    last: date | None = None
    asset: str | None = None
    system: str | None = None
    costs: bool = False
    pdf: bool = True


def ask(
    tx: MaintenanceTx, wanted: Wanted, by: str, now: datetime, systems: Systems, occasion: str | None = None
) -> Report | None:
    """Ask for a report; ``None``: the one of its occasion is there already. Raises ``NotFound`` for a site or asset
    that there is not, ``BadData`` that names what does not fit."""
    site = tx.assets.site(wanted.site)
    today = local_day(now, ZoneInfo(site.time_zone))
    _check(wanted)
    if wanted.kind is ReportKind.MONTHLY:
        first, last = _month(wanted, today)
    else:
        first, last = _span(wanted, _years(tx, wanted, systems), today)
    period_of(site, first, last)
    report = Report(
        id=new_key(),
        site=site.code,
        kind=wanted.kind,
        first=first,
        last=last,
        language=wanted.language,
        requested_by=by,
        requested_at=now,
        asset=wanted.asset,
        system=wanted.system,
        costs=wanted.costs,
        pdf=wanted.pdf,
        occasion=occasion,
    )
    return report if tx.report_store.add(report) else None


def last_month(today: date) -> date:
    """The first day of the month before a day's."""
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)


def month_of(day: date) -> tuple[date, date]:
    """The first and last day of a day's month."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _check(wanted: Wanted) -> None:
    monthly = wanted.kind is ReportKind.MONTHLY
    for name, day in (("month", wanted.month), ("from", wanted.first), ("to", wanted.last)):
        if day is not None:
            check_day(name, day)
    if wanted.language not in LANGUAGES:
        raise _bad("language", "应为zh或en / should be zh or en")
    if monthly and (wanted.asset or wanted.system):
        raise _bad("asset", "月报是整个项目的 / a monthly report is about the whole site")
    if not monthly and (wanted.asset is None) == (wanted.system is None):
        raise _bad("asset", "请给出一台设备或一个系统 / say one machine or one system")
    if not monthly and wanted.month is not None:
        raise _bad("month", "资料包用from和to / a pack has from and to")
    if monthly and (wanted.first is not None or wanted.last is not None):
        raise _bad("from", "月报用month / a monthly report has month")
    if not monthly and wanted.costs:
        raise _bad("costs", "资料包不含费用 / a pack shows no money")


def _month(wanted: Wanted, today: date) -> tuple[date, date]:
    first, last = month_of(wanted.month or last_month(today))
    if first > today:
        raise _bad("month", "该月尚未开始 / that month has not begun")
    return first, last


def _years(tx: MaintenanceTx, wanted: Wanted, systems: Systems) -> int:
    laws = laws_at(tx, wanted.site)
    if wanted.system is not None:
        if wanted.system not in systems:
            raise _bad("system", f"没有该系统，可用 / there is no such system, but: {', '.join(systems)}")
        return max((retention(one, laws).years for one in systems[wanted.system]), default=retention(None).years)
    asset = tx.assets.get(wanted.asset or "").asset
    if asset.site != wanted.site:
        raise NotFound("there is nothing by that name")
    return retention(asset.equipment_class, laws).years


def _span(wanted: Wanted, years: int, today: date) -> tuple[date, date]:
    last = wanted.last or today
    try:
        first = wanted.first or last.replace(year=last.year - years)
    except ValueError:  # 29 February
        first = last.replace(year=last.year - years, day=28)
    return first, last


def _bad(field: str, words: str) -> BadData:
    return BadData(f"{field}: {words}", [FieldProblem(field, "does_not_fit", words)])
