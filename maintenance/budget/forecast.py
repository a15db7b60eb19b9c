"""What a year's maintenance will cost: the plan's jobs times what one costs, and the machines whose life ends. Pure.

Of the year's jobs those that are done count as they were planned, those that stand and those that come as the engine
has them; a job that somebody missed costs nothing. Each figure says where it comes from.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from maintenance.budget.costing import Cost, cost_of, deepest, line_of_row
from maintenance.plan import Occurrence, OccurrenceState, PlanRow
from maintenance.preview import PreviewItem
from plantroom.domain.assets import Asset, EquipmentClass, LocalName
from plantroom.domain.renewal import ageing
from plantroom.domain.wording import counted

REPLACEMENT = "replacement"


@dataclass(frozen=True, slots=True)
class ForecastItem:
    """One source of a line's forecast: the jobs of a row on the machines of a system, or one machine that is to be
    replaced. ``done``, ``ordered`` and ``to_come`` are jobs; ``to_come_cost`` is what has no order yet. CNY."""

    line: str
    system: str
    source: str
    name: LocalName
    done: int = 0
    ordered: int = 0
    to_come: int = 0
    minutes: int = 0
    labour: float = 0.0
    job_cost: float = 0.0
    material: float = 0.0
    total: float = 0.0
    to_come_cost: float = 0.0
    unpriced: int = 0
    plan_row: str | None = None
    asset: str | None = None
    reason: LocalName = LocalName("", "")


@dataclass(frozen=True, slots=True)
class Forecast:
    """A site's year. ``basis`` is a digest of what it goes by, ``hourly_rate`` what its labour was counted with."""

    site: str
    year: int
    computed_at: datetime
    basis: str
    hourly_rate: float | None
    items: tuple[ForecastItem, ...] = ()


@dataclass(slots=True)
class _Count:
    """Jobs of one row on the machines of one system."""

    row: PlanRow
    done: int = 0
    ordered: int = 0
    to_come: int = 0


@dataclass(slots=True)
class Tally:
    """Counts the jobs of a year. ``systems`` is the system of each class, ``classes`` the class of each asset."""

    year: int
    rows: Mapping[str, PlanRow]
    systems: Mapping[str, str]
    classes: Mapping[str, str]
    _found: dict[tuple[str, str], _Count] = field(default_factory=dict)

    def history(self, known: Iterable[Occurrence]) -> None:
        """Jobs of the year that are done, by any of a subject's occurrences; those of one order are one job."""
        jobs: dict[tuple[str, str], list[PlanRow]] = defaultdict(list)
        for one in known:
            row = self.rows.get(one.key.lineage)
            counts = one.state in (OccurrenceState.DONE, OccurrenceState.CREDITED) and one.work_order is not None
            if counts and row is not None and one.nominal_date.year == self.year:
                jobs[one.work_order or "", one.key.subject].append(row)
        for (_, subject), rows in jobs.items():
            self._of(deepest(rows), subject).done += 1

    def coming(self, items: Iterable[PreviewItem]) -> None:
        """Jobs that stand or come."""
        for item in items:
            stands = item.work_order is not None
            self.add(item.job.leader.row, item.asset, ordered=int(stands), to_come=int(not stands))

    def add(self, row: PlanRow, subject: str, ordered: int = 0, to_come: int = 0) -> None:
        """So many jobs of a row on a subject."""
        count = self._of(row, subject)
        count.ordered += ordered
        count.to_come += to_come

    def _of(self, row: PlanRow, subject: str) -> _Count:
        system = row.applies_to.system or self.systems.get(self.classes.get(subject, ""), "")
        return self._found.setdefault((row.lineage, system), _Count(row))

    def items(self, hourly_rate: float | None) -> list[ForecastItem]:
        """The forecast of what has been counted, by line, system and row."""
        found = [_item(system, count, hourly_rate) for (_, system), count in self._found.items()]
        return sorted(found, key=lambda one: (one.line, one.system, one.source))


def _item(system: str, count: _Count, hourly_rate: float | None) -> ForecastItem:
    row, one = count.row, cost_of(count.row, hourly_rate)
    every = one.times(count.done + count.ordered + count.to_come)
    return ForecastItem(
        line=line_of_row(row),
        system=system,
        source=row.code,
        name=row.name,
        done=count.done,
        ordered=count.ordered,
        to_come=count.to_come,
        minutes=every.minutes,
        labour=money(every.labour),
        job_cost=money(every.job_cost),
        material=money(every.material),
        total=money(every.total),
        to_come_cost=money(one.times(count.to_come).total),
        unpriced=every.unpriced,
        plan_row=row.code,
        reason=_said(row, one, every.jobs, hourly_rate),
    )


def _said(row: PlanRow, one: Cost, jobs: int, hourly_rate: float | None) -> LocalName:
    """In one sentence where the figure comes from."""
    zh, en = [f"{jobs}次"], [f"{jobs} jobs"]
    if one.labour:
        zh.append(f"每次工时{one.minutes}分钟 × {hourly_rate:g}元/小时")
        en.append(f"{one.minutes} min each at {hourly_rate:g} CNY/h")
    if row.job_cost is not None:
        zh.append(f"每次费用{row.job_cost:g}元")
        en.append(f"{row.job_cost:g} CNY a job")
    if row.material_cost is not None:
        zh.append(f"每次材料{row.material_cost:g}元")
        en.append(f"{row.material_cost:g} CNY of material each")
    if one.unpriced:
        zh.append("没有费用数据：请填写每次费用或工时单价")
        en.append("nothing says what one costs: enter the cost of a job, or the hourly rate")
    return LocalName("；".join(zh), "; ".join(en))


def replacements(
    assets: Iterable[Asset], classes: Mapping[str, EquipmentClass], systems: Mapping[str, str], year: int
) -> list[ForecastItem]:
    """The machines whose design life ends in the year, by code."""
    found: list[ForecastItem] = []
    for asset in sorted(assets, key=lambda one: one.code):
        age = ageing(asset, classes.get(asset.equipment_class), date(year, 12, 31))
        if age is None or age.ends_on.year != year:
            continue
        cost = asset.replacement_cost
        priced_zh = "没有更换费用：请在设备卡上填写" if cost is None else f"更换费用{cost:g}元"
        priced_en = (
            "nothing says what it costs: enter it on the asset's card" if cost is None else f"replacement {cost:g} CNY"
        )
        found.append(
            ForecastItem(
                line=REPLACEMENT,
                system=systems.get(asset.equipment_class, ""),
                source=asset.code,
                name=asset.name,
                to_come=1,
                total=money(cost or 0.0),
                to_come_cost=money(cost or 0.0),
                unpriced=1 if cost is None else 0,
                asset=asset.key,
                reason=LocalName(
                    f"设计寿命{age.life_years:g}年，至{age.ends_on}；{priced_zh}",
                    f"design life of {counted(age.life_years, 'year')} ends on {age.ends_on}; {priced_en}",
                ),
            )
        )
    return found


def money(amount: float) -> float:
    """Rounded to the fen."""
    return round(amount, 2)


def sums(items: Sequence[ForecastItem]) -> dict[tuple[str, str], tuple[float, float, int]]:
    """Total, cost to come and unpriced jobs by line and system."""
    found: dict[tuple[str, str], tuple[float, float, int]] = {}
    for one in items:
        total, coming, unpriced = found.get((one.line, one.system), (0.0, 0.0, 0))
        found[one.line, one.system] = (total + one.total, coming + one.to_come_cost, unpriced + one.unpriced)
    return found
