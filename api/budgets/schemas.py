"""Shapes of budgets, rates and forecasts."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, JsonValue, StringConstraints

from api.plan.schemas import Cny
from api.shapes import Instant, Key, ListQuery, Name, Payload, Shape, ShortText
from maintenance.budget.forecast import ForecastItem
from maintenance.budget.measuring import Line
from maintenance.budget.model import WARN_PERCENT, Level, Rate, level_of, share_of
from maintenance.budget.words import place_name

Year = Annotated[int, Field(ge=2000, le=2200)]
Percent = Annotated[int, Field(ge=1, le=100)]
_LINE: JsonValue = {
    "id": "0198c0ffee",
    "site": "demo",
    "year": 2027,
    "line": "upkeep",
    "system": None,
    "name": {"zh": "设备保养费用", "en": "Upkeep"},
    "approved": 20000.0,
    "planned": 20000.0,
    "warn_percent": 90,
    "forecast": 18400.0,
    "actual": 12100.0,
    "actual_by_kind": {"part": 4100.0, "external": 8000.0},
    "committed": 6300.0,
    "to_come": 900.0,
    "outlook": 19300.0,
    "used_percent": 92.0,
    "level": "near",
    "unpriced": 0,
    "warnings": [
        {
            "level": "near",
            "at": "2027-10-02T08:00:00.000Z",
            "approved": 20000.0,
            "actual": 12000.0,
            "committed": 6300.0,
            "messages": 1,
        }
    ],
    "note": "",
    "approved_by": "wang",
    "approved_at": "2026-12-01T08:00:00.000Z",
    "version": 1,
}


class WarningSent(Shape):
    """A level that the line has reached, with the figures as they were then."""

    level: Level
    at: Instant
    approved: float
    actual: float
    committed: float
    messages: int


class Budget(Shape):
    """A line of a site's year, CNY. `system` of `null`: all that has no line of its own system. `approved` is `null`
    where nobody has approved an amount (`id` and `version` are then, too); `planned` is what the user's plan says.

    `actual`: booked from work orders; `committed`: open orders by what their rows say; `to_come`: of the forecast what
    has no order yet; `outlook`: the three together. `unpriced` counts jobs of which nothing says what they cost."""

    model_config = ConfigDict(json_schema_extra={"examples": [_LINE]})

    id: str | None
    site: str
    year: int
    line: str
    system: str | None
    name: Name
    approved: float | None
    planned: float | None
    warn_percent: int
    forecast: float | None
    actual: float
    actual_by_kind: dict[str, float]
    committed: float
    to_come: float | None
    outlook: float | None
    used_percent: float | None
    level: Level | None
    unpriced: int
    warnings: list[WarningSent]
    note: str
    approved_by: str | None
    approved_at: Instant | None
    version: int | None

    @classmethod
    def of(cls, line: Line, site: str, year: int, *, foreseen: bool) -> Self:
        """From the ledger's figures; without a forecast (``foreseen``) nothing is said of what comes."""
        budget, figures = line.budget, line.figures
        share = None if budget is None else share_of(budget.approved, figures.actual + figures.committed)
        return cls(
            id=None if budget is None else budget.id,
            site=site,
            year=year,
            line=line.line,
            system=line.system or None,
            name=Name.model_validate(place_name(line.line, line.system)),
            approved=None if budget is None else budget.approved,
            planned=line.planned,
            warn_percent=WARN_PERCENT if budget is None else budget.warn_percent,
            forecast=round(figures.forecast, 2) if foreseen else None,
            actual=round(figures.actual, 2),
            actual_by_kind={kind: round(amount, 2) for kind, amount in sorted(figures.by_kind.items())},
            committed=round(figures.committed, 2),
            to_come=round(figures.to_come, 2) if foreseen else None,
            outlook=round(figures.outlook, 2) if foreseen else None,
            used_percent=None if share is None or share == float("inf") else round(share, 1),
            level=None if budget is None else level_of(budget, figures.actual, figures.committed),
            unpriced=figures.unpriced,
            warnings=[WarningSent.model_validate(one) for one in line.warnings],
            note="" if budget is None else budget.note,
            approved_by=None if budget is None else budget.approved_by,
            approved_at=None if budget is None else budget.approved_at,
            version=None if budget is None else budget.version,
        )


class BudgetList(Shape):
    """Lines of a site's year: those of the user's plan in its order, then others. `forecast_at` is when the forecast
    was made (`null`: not yet; it is made within minutes, or at once by `POST /budgets/forecast`)."""

    site: str
    year: int
    hourly_rate: float | None
    forecast_at: Instant | None
    items: list[Budget]
    next_cursor: str | None


class BudgetQuery(ListQuery):
    """Of which site and year; default: the site's present year."""

    site: Key
    year: Year | None = None


class BudgetCreate(Payload):
    """An approved amount. With `system` it is for that system's machines alone, and the line without one is for all
    others. A warning goes out when actual and committed cost reach `warn_percent` of it, and when they pass it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"site": "demo", "year": 2027, "line": "upkeep", "approved": 20000}]}
    )

    site: Key
    year: Year
    line: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    system: Key | None = None
    approved: Cny
    warn_percent: Percent = WARN_PERCENT
    note: ShortText = ""


class BudgetChange(Payload):
    """Fields to change. Another amount or share begins the warnings anew."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"approved": 24000}]})

    approved: Cny | None = None
    warn_percent: Percent | None = None
    note: ShortText | None = None


class ForecastSource(Shape):
    """One source of a forecast: the jobs of a plan row on the machines of a system (`done`, `ordered`, `to_come`), or a
    machine whose design life ends in the year. `reason` says in words how the figure comes about. CNY."""

    line: str
    system: str | None
    source: str
    name: Name
    plan_row: str | None
    asset: str | None
    done: int
    ordered: int
    to_come: int
    hours: float
    labour: float
    job_cost: float
    material: float
    total: float
    to_come_cost: float
    unpriced: int
    reason: Name

    @classmethod
    def of(cls, item: ForecastItem) -> Self:
        """From the ledger's record."""
        computed = {"system": item.system or None, "hours": round(item.minutes / 60, 2)}
        own = {name: getattr(item, name) for name in cls.model_fields if name not in computed}
        return cls.model_validate(own | computed)


class Forecast(Shape):
    """A page of the sources of a site's forecast, by line, system and source; `total` is of all of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "site": "demo",
                    "year": 2027,
                    "computed_at": "2026-12-01T08:00:00.000Z",
                    "hourly_rate": 60.0,
                    "total": 240.0,
                    "items": [
                        {
                            "line": "upkeep",
                            "system": "water",
                            "source": "WS-Q",
                            "name": {"zh": "供水季度保养", "en": "Quarterly upkeep of the water supply"},
                            "plan_row": "WS-Q",
                            "asset": None,
                            "done": 0,
                            "ordered": 0,
                            "to_come": 4,
                            "hours": 4.0,
                            "labour": 240.0,
                            "job_cost": 0.0,
                            "material": 0.0,
                            "total": 240.0,
                            "to_come_cost": 240.0,
                            "unpriced": 0,
                            "reason": {
                                "zh": "4次；每次工时60分钟 × 60元/小时",
                                "en": "4 jobs; 60 min each at 60 CNY/h",
                            },
                        }
                    ],
                    "next_cursor": None,
                }
            ]
        }
    )

    site: str
    year: int
    computed_at: Instant | None
    hourly_rate: float | None
    total: float
    items: list[ForecastSource]
    next_cursor: str | None


class ForecastRequest(Payload):
    """Which forecast to make now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"site": "demo", "year": 2027}]})

    site: Key
    year: Year


class HourlyRate(Shape):
    """What an hour of a site's own people costs, CNY; `null`: their time is not counted. `version` 0: nobody has said
    one yet."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"site": "demo", "hourly_rate": 60.0, "version": 1}]})

    site: str
    hourly_rate: float | None
    version: int

    @classmethod
    def of(cls, rate: Rate) -> Self:
        """From the ledger's record."""
        return cls.model_validate(rate)


class RateChange(Payload):
    """The rate as it is to be."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"hourly_rate": 60}]})

    hourly_rate: Annotated[float | None, Field(ge=0, le=1e6, allow_inf_nan=False)]
