"""A site's budget lines as they stand: approved, forecast, spent, ordered. Only reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from maintenance.budget.costing import cost_of, line_of_row, system_of_class
from maintenance.budget.forecast import Forecast, sums
from maintenance.budget.model import Budget, BudgetWarning, Figures, Place, Rate, place_of
from maintenance.plan import PlanRow
from maintenance.planner import Systems
from maintenance.ports import MaintenanceTx
from maintenance.recurrence import local_day
from maintenance.seed.budgets import budget_lines
from maintenance.work.records import BUDGET_LINES
from maintenance.work_orders import Kind
from plantroom.domain.assets import Site

LABOUR = "labour"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a site's year. ``budget`` is ``None`` where nobody has approved an amount; ``planned`` is what the
    user's plan says of the line (``maintenance/seed/budget_lines.toml``)."""

    line: str
    system: str
    budget: Budget | None
    planned: float | None
    figures: Figures
    warnings: tuple[BudgetWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """All lines of a site's year, by line and system."""

    lines: tuple[Line, ...]
    rate: Rate
    forecast: Forecast | None


def year_of(site: Site, year: int) -> tuple[datetime, datetime]:
    """The year's first instant on the site, and that of the next one."""
    zone = ZoneInfo(site.time_zone)
    starts = (datetime.combine(date(one, 1, 1), time(), zone).astimezone(UTC) for one in (year, year + 1))
    return next(starts), next(starts)


def measure(tx: MaintenanceTx, site: Site, year: int, now: datetime, systems: Systems) -> Measured:
    """The lines as they stand now."""
    budgets = {(one.line, one.system): one for one in tx.budgets.of(site.code, year)}
    forecast, rate = tx.budgets.forecast(site.code, year), tx.budgets.rate(site.code)
    counted = _Counted(tx, site, budgets, rate, systems)
    if forecast is not None:
        counted.forecast(forecast)
    counted.spent(*year_of(site, year))
    counted.ordered(year, local_day(now, ZoneInfo(site.time_zone)).year)
    warnings = tx.budgets.warnings([one.id for one in budgets.values()])
    lines: list[Line] = []
    known = budget_lines()
    order = {key: number for number, key in enumerate(known)}
    for place in sorted(counted.figures, key=lambda one: (order.get(one[0], len(order)), one)):
        line, system = place
        budget = budgets.get(place)
        planned = known[line].cny_per_year if line in known and not system else None
        told = tuple(one for one in warnings if budget is not None and one.budget == budget.id)
        lines.append(Line(line, system, budget, planned, counted.figures[place], told))
    return Measured(tuple(lines), rate, forecast)


class _Counted:
    """Sums by line and system."""

    def __init__(
        self, tx: MaintenanceTx, site: Site, budgets: Mapping[Place, Budget], rate: Rate, systems: Systems
    ) -> None:
        self._tx, self._site, self._budgets, self._rate = tx, site, budgets, rate.hourly_rate
        self._systems = system_of_class(systems)
        self._rows: Mapping[str, PlanRow] = {row.code: row for row in tx.plan.rows(site.code)}
        self._rows |= {row.code: row for row in tx.plan.rows(site.code) if row.site == site.code}
        self.figures: dict[Place, Figures] = {(line, ""): Figures() for line in budget_lines()}
        self.figures |= {place: Figures() for place in budgets}

    def forecast(self, forecast: Forecast) -> None:
        """What the year is to cost."""
        for (line, system), (total, coming, unpriced) in sums(forecast.items).items():
            found = self._at(line, system)
            found.forecast += total
            found.to_come += coming
            found.unpriced += unpriced

    def spent(self, start: datetime, end: datetime) -> None:
        """What was booked, and the time of our own people where it has a price."""
        for one in self._tx.budgets.spent(self._site.code, start, end):
            kinds = self._at(one.line, self._system(one.equipment_class, one.plan_row)).by_kind
            kinds[one.kind] = kinds.get(one.kind, 0.0) + one.amount
        if self._rate is None:
            return
        for work in self._tx.budgets.worked(self._site.code, start, end):
            line = self._line(work.kind, work.plan_row)
            kinds = self._at(line, self._system(work.equipment_class, work.plan_row)).by_kind
            kinds[LABOUR] = kinds.get(LABOUR, 0.0) + work.minutes / 60 * self._rate

    def ordered(self, year: int, present: int) -> None:
        """What is ordered and not done. What is overdue is spent in the present year."""
        if year < present:
            return
        start, end = year_of(self._site, year)
        for one in self._tx.budgets.ordered(self._site.code, None if year == present else start, end):
            row = self._rows.get(one.plan_row or "")
            if row is None:
                continue
            said = cost_of(row, self._rate).times(one.count)
            worked = min(one.minutes / 60 * (self._rate or 0.0), said.labour)
            left = max(said.total - one.booked - worked, 0.0)
            system = self._system(one.equipment_class, one.plan_row)
            self._at(line_of_row(row), system).committed += left

    def _line(self, kind: str, plan_row: str | None) -> str:
        row = self._rows.get(plan_row or "")
        return BUDGET_LINES[Kind(kind)] if row is None else line_of_row(row)

    def _system(self, equipment_class: str | None, plan_row: str | None = None) -> str:
        row = self._rows.get(plan_row or "")
        named = None if row is None else row.applies_to.system
        return named or self._systems.get(equipment_class or "", "")

    def _at(self, line: str, system: str) -> Figures:
        return self.figures.setdefault(place_of(line, system, self._budgets), Figures())
