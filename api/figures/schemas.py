"""Shapes of the figures."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field

from api.shapes import ListQuery, Name, Shape
from maintenance.figures.figure import Figure as DomainFigure
from maintenance.figures.groups import By
from maintenance.figures.groups import Group as DomainGroup
from maintenance.figures.precision import Precision as DomainPrecision
from maintenance.figures.precision import overall


class FigureQuery(ListQuery):
    """Days of the site, both included, at most five years. Left out: the 30 days up to today."""

    site: str
    start: Annotated[date | None, Field(alias="from")] = None
    end: Annotated[date | None, Field(alias="to")] = None
    by: By = By.SITE


class Figure(Shape):
    """`value` is `null` where there is too little (`status`): fewer cases (`count`) than `minimum`, or fewer days of
    machines than `minimum_days`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"value": None, "status": "insufficient_data", "count": 2, "minimum": 3, "days": 620.0,
                 "minimum_days": 30.0}
            ]
        }
    )  # fmt: skip

    value: float | None
    status: Literal["ok", "insufficient_data"]
    count: int
    minimum: int
    days: float | None = None
    minimum_days: float | None = None

    @classmethod
    def of(cls, figure: DomainFigure) -> Self:
        """From the domain, rounded to four digits."""
        return cls(
            value=None if figure.value is None else round(figure.value, 4),
            status="ok" if figure.enough else "insufficient_data",
            count=figure.count,
            minimum=figure.minimum,
            days=None if figure.days is None else round(figure.days, 1),
            minimum_days=figure.minimum_days,
        )


class PlanCounts(Shape):
    """Occurrences whose last day lies in the period and is over, or that are done. `due` is the sum of the others but
    `credited`, which is part of `in_time` or `late`, `cancelled` (what a law asks for), part of `missed`, `waived`
    (not to be done: the machine was out of use, or the row had ended), `without_record`, part of `in_time` or
    `late`: done, though its order has no answer, no file and no signature, `incomplete_record`, part of them, too:
    done, with something on its order's record, but not all that its checklist asks for (items without an answer, or
    without their photo or signature), and `recorded_late`, likewise: entered more than 24 hours after it says that it
    was done."""

    due: int
    in_time: int
    late: int
    credited: int
    missed: int
    deferred: int
    bypassed: int
    overdue: int
    cancelled: int
    waived: int
    without_record: int
    incomplete_record: int
    recorded_late: int
    rate: Figure

    @classmethod
    def of(cls, counts: Any) -> Self:
        """From the domain."""
        names = [name for name in cls.model_fields if name != "rate"]
        return cls(**{name: getattr(counts, name) for name in names}, rate=Figure.of(counts.rate))


class SlaShare(Shape):
    """Clocks of one kind that were decided in the period (docs/sla.md); `rate` is the share within the limit."""

    clock: str
    judged: int
    target_met: int
    limit_met: int
    rate: Figure


class Precision(Shape):
    """How often tickets of an origin (alarms: of a source) and failure mode were right; `failure_mode` is empty where
    nobody knows it."""

    source: str
    failure_mode: str
    total: int
    judged: int
    confirmed: int
    rate: Figure

    @classmethod
    def of(cls, one: DomainPrecision) -> Self:
        """From the domain."""
        source, mode = one.key
        return cls(
            source=source,
            failure_mode=mode,
            total=one.total,
            judged=one.judged,
            confirmed=one.confirmed,
            rate=Figure.of(one.rate),
        )


class Ages(Shape):
    """Of `machines` those with a `known` age and design life: `past` it, or `near` its end (90 %). The list itself:
    `/api/v1/renewals`."""

    machines: int
    known: int
    past: int
    near: int


_ENOUGH = {"value": 0.96, "status": "ok", "count": 25, "minimum": 1, "days": None, "minimum_days": None}
_COUNTS = {"due": 25, "in_time": 24, "late": 1, "credited": 2, "missed": 0, "deferred": 0, "bypassed": 0, "overdue": 0,
           "cancelled": 0, "waived": 0, "without_record": 1, "incomplete_record": 1, "recorded_late": 0}  # fmt: skip
_NONE = {"value": None, "status": "insufficient_data", "count": 2, "minimum": 3, "days": 310.0, "minimum_days": 30.0}
_EXAMPLE: dict[str, Any] = {
    "key": "elevator",
    "name": {"zh": "电梯系统", "en": "Elevators"},
    "plan": _COUNTS | {"rate": _ENOUGH},
    "statutory": _COUNTS | {"rate": _ENOUGH},
    "sla": [{"clock": "resolve", "judged": 25, "target_met": 20, "limit_met": 24, "rate": _ENOUGH}],
    "failures": 2,
    "unjudged": 1,
    "operating_hours": 7430.5,
    "down_hours": 9.5,
    "mtbf_h": _NONE,
    "mttr_h": _NONE | {"days": None, "minimum_days": None},
    "availability": _ENOUGH | {"value": 0.9987, "count": 10, "days": 310.0, "minimum_days": 30.0},
    "ticket_precision": _NONE | {"minimum": 5, "days": None, "minimum_days": None},
    "tickets": [],
    "alarm_precision": _NONE | {"minimum": 5, "days": None, "minimum_days": None},
    "alarms": [],
    "ages": {"machines": 10, "known": 9, "past": 1, "near": 2},
    "cost": 1830.0,
}


class Group(Shape):
    """One group's figures. `key` is empty for the site itself and what belongs to no other group; `cost` is what was
    booked in the period, CNY (against the budget: `/api/v1/budgets`), and `null` for whoever is no supervisor."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    key: str
    name: Name
    plan: PlanCounts
    statutory: PlanCounts
    sla: list[SlaShare]
    failures: int
    unjudged: int
    operating_hours: float
    down_hours: float
    mtbf_h: Figure
    mttr_h: Figure
    availability: Figure
    ticket_precision: Figure
    tickets: list[Precision]
    alarm_precision: Figure
    alarms: list[Precision]
    ages: Ages
    cost: float | None

    @classmethod
    def of(cls, group: DomainGroup, *, costs: bool) -> Self:
        """From the domain."""
        found = group.reliability
        return cls(
            key=group.key,
            name=Name.model_validate(group.name),
            plan=PlanCounts.of(group.plan),
            statutory=PlanCounts.of(group.statutory),
            sla=[
                SlaShare(
                    clock=one.clock,
                    judged=one.judged,
                    target_met=one.target_met,
                    limit_met=one.limit_met,
                    rate=Figure.of(one.rate),
                )
                for one in group.sla
            ],
            failures=found.failures,
            unjudged=found.unjudged,
            operating_hours=round(found.operating_hours, 1),
            down_hours=round(found.down_hours, 2),
            mtbf_h=Figure.of(found.mtbf_h),
            mttr_h=Figure.of(found.mttr_h),
            availability=Figure.of(found.availability),
            ticket_precision=Figure.of(overall(group.tickets).rate),
            tickets=[Precision.of(one) for one in group.tickets],
            alarm_precision=Figure.of(overall(group.alarms).rate),
            alarms=[Precision.of(one) for one in group.alarms],
            ages=Ages.model_validate(group.ages),
            cost=group.cost if costs else None,
        )


class Definition(Shape):
    """What a figure is; `source` names the standard (`M`: from memory, `D`: ours)."""

    key: str
    name: Name
    formula: Name
    source: str


class FigureList(Shape):
    """Figures of a site's period by group, with what they mean."""

    model_config = ConfigDict(
        populate_by_name=True,
        json_schema_extra={
            "examples": [
                {"site": "demo", "from": "2026-03-01", "to": "2026-03-31", "by": "system", "items": [_EXAMPLE],
                 "definitions": [], "next_cursor": None}
            ]
        },
    )  # fmt: skip

    site: str
    start: Annotated[date, Field(alias="from")]
    end: Annotated[date, Field(alias="to")]
    by: By
    items: list[Group]
    definitions: list[Definition]
    next_cursor: str | None = None
