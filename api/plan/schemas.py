"""Shapes of the plan table and its preview."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationInfo, field_validator, model_validator

from api.plan.evidence import KnownEvidence
from api.plan.schedules import Every, FulfilledBy, FulfilledByIn, Schedule, ScheduleIn
from api.shapes import AssetRef, ListQuery, Name, NameIn, Payload, Shape
from maintenance.plan import IntervalUnit, Layer, Missed, Roll
from maintenance.plan import PlanRow as DomainRow
from maintenance.preview import PreviewItem as DomainItem
from maintenance.preview import UndatedItem as DomainUndated
from maintenance.schedules import fulfilled_by_json, schedule_json

PlanKind = Literal["preventive", "inspection", "statutory", "drill", "replacement"]
Code = Annotated[str, Field(min_length=1, max_length=100)]
Key = Annotated[str, Field(max_length=200)]
Days = Annotated[int, Field(ge=0, le=3660)]
Cny = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2200, 12, 31)
PlanDay = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
"""A day that dates may count from: the longest interval after the last one is still inside the calendar."""

LONGEST = {
    IntervalUnit.HOUR: 876_600,
    IntervalUnit.DAY: 36_525,
    IntervalUnit.WEEK: 5_217,
    IntervalUnit.MONTH: 1_200,
    IntervalUnit.YEAR: 100,
}
"""A hundred years in each unit."""


class Interval(Payload):
    """Every `every` units, at most a hundred years. Rows by the hour have moments in the site's local time."""

    unit: IntervalUnit
    every: Annotated[int, Field(ge=1, le=max(LONGEST.values()))]

    @field_validator("every")
    @classmethod
    def _bounded(cls, every: int, info: ValidationInfo) -> int:
        longest = LONGEST.get(info.data.get("unit", IntervalUnit.DAY), every)
        if every > longest:
            unit = info.data["unit"].value
            said = f"间隔最长一百年（{longest} {unit}） / an interval is at most a hundred years: {longest} {unit}s"
            raise ValueError(said)
        return every


EXAMPLES: list[JsonValue] = [
    {
        "code": "EL-HM",
        "name": {"zh": "半月维保", "en": "Half-month maintenance"},
        "kind": "statutory",
        "classes": ["elevator"],
        "interval": {"every": 15, "unit": "day"},
        "tolerance": {"early_days": 5, "late_days": 0},
        "max_gap_days": 15,
        "layer": "law",
    },
    {
        "code": "FI-PAT-2H",
        "name": {"zh": "防火巡查", "en": "Fire patrol"},
        "site": True,
        "interval": {"every": 2, "unit": "hour"},
        "schedule": {"type": "interval", "open_hours": True},
        "layer": "law",
    },
    {
        "code": "HE-Y",
        "name": {"zh": "供暖前检修", "en": "Pre-season overhaul"},
        "classes": ["heating"],
        "schedule": {"type": "season", "seasons": ["heating"], "lead_days": 14},
    },
    {
        "code": "EL-INSP",
        "name": {"zh": "定期检验", "en": "Periodic inspection"},
        "classes": ["elevator"],
        "schedule": {
            "type": "age",
            "years": [1, 4, 7, 9, 11, 13, 15],
            "since": "installed_on",
            "then": {"every": 1, "unit": "year"},
        },
        "tolerance": {"early_days": 60, "late_days": 0},
        "layer": "law",
    },
    {
        "code": "WA-GRE",
        "name": {"zh": "轴承润滑", "en": "Bearing lubrication"},
        "classes": ["pump"],
        "schedule": {"type": "meter", "point": "run_hours", "every": 1500},
        "interval": {"every": 1, "unit": "year"},
        "tolerance": {"late_days": 14},
    },
]


class Tolerance(Payload):
    """The window around a nominal date, in days. Early days that are left out follow from the interval: 5 at 15
    days, 15 at a quarter, 30 at half a year, 60 at a year, else the late days."""

    early_days: Days | None = None
    late_days: Days = 0


class BeforeReuse(Payload):
    """The row is to be done before a machine is used again that was out of use for more than `after_days`."""

    after_days: Annotated[int, Field(ge=1, le=36_600)]
    basis: Annotated[str, Field(max_length=1000)] = ""


class PlanRowTerms(Payload):
    """What a plan row may say beside its code and name."""

    kind: PlanKind = "preventive"
    system: Annotated[str | None, Field(max_length=100)] = None
    classes: Annotated[tuple[Key, ...], Field(max_length=100)] = ()
    assets: Annotated[tuple[Key, ...], Field(max_length=10_000)] = ()
    site: bool = False
    interval: Interval | None = None
    schedule: ScheduleIn = None
    fulfilled_by: FulfilledByIn = None
    anchor: PlanDay | None = None
    tolerance: Tolerance = Tolerance()
    max_gap_days: Annotated[int | None, Field(ge=1, le=36_600)] = None
    fulfils: Annotated[tuple[Code, ...], Field(max_length=100)] = ()
    contains: Annotated[tuple[Code, ...], Field(max_length=100)] = ()
    shift_percent: Annotated[int, Field(ge=0, le=100)] = 0
    roll: Roll = Roll.NONE
    missed: Missed | None = None
    layer: Layer = Layer.CONTRACT
    basis: Annotated[str, Field(max_length=1000)] = ""
    executor: Annotated[str, Field(max_length=100)] = "in_house"
    licence: Annotated[tuple[Key, ...], Field(max_length=20)] = ()
    budget_line: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    department: NameIn = NameIn()
    checklist: Annotated[str | None, Field(max_length=100)] = None
    evidence: Annotated[tuple[KnownEvidence, ...], Field(max_length=20)] = ()
    standard: NameIn = NameIn()
    estimated_minutes: Annotated[int, Field(ge=0, le=100_000)] = 30
    job_cost: Cny | None = None
    material_cost: Cny | None = None
    before_reuse: BeforeReuse | None = None
    ends: PlanDay | None = None


class PlanRowFields(PlanRowTerms):
    """One line of the plan table as it is taken in. It applies to exactly one of `system`, `classes`,
    `assets` (keys) or, with `site: true`, to the site itself.

    `schedule` says what the dates go by: `interval` (the default; `in_season`, `open_hours`), `season`, `age`, `meter`,
    `before` another row, or `condition`. `interval` may be left out where the schedule says enough: of a row by a meter
    it is the calendar's cap, of one before another row how often it comes. `missed` that is left out is `hold`, of rows
    by the hour `supersede`. `fulfilled_by` is the reading that credits an occurrence, `licence` what whoever does the
    work must hold, `budget_line` what its cost is booked to, `job_cost` and `material_cost` what one job costs
    beside the time of our own people, in CNY. `before_reuse` asks for it when a machine comes back that was out of use
    for long. From the day `ends` on it has no dates any more."""

    model_config = ConfigDict(json_schema_extra={"examples": EXAMPLES})

    code: Code
    name: NameIn
    effective_from: PlanDay = date(2000, 1, 1)


class PlanRowCreate(PlanRowFields):
    """A new row of one site (`site_code`, or that of its `assets`), or of every site's default profile."""

    site_code: Annotated[str | None, Field(max_length=200)] = None

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        given = [self.system is not None, bool(self.classes), bool(self.assets), self.site]
        if sum(given) != 1:
            zh = "适用范围须填且只填system、classes、assets或site: true之一"
            raise ValueError(f"{zh} / applies to exactly one of system, classes, assets or site: true")
        return self


class ToleranceOut(Shape):
    """The window around a nominal date, in days."""

    early_days: int
    late_days: int


class BeforeReuseOut(Shape):
    """When the row is to be done before a machine is used again, who says so and how sure that is."""

    after_days: int
    basis: str
    status: str


class PlanRow(Shape):
    """One line of the plan table at its newest version. `job_cost` and `material_cost` are `null` for those who do not
    see budgets."""

    lineage: str
    code: str
    name: Name
    kind: str
    system: str | None
    classes: list[str]
    assets: list[str]
    site: bool
    site_code: str | None
    interval: Every | None
    schedule: Schedule
    fulfilled_by: FulfilledBy | None
    anchor: date | None
    tolerance: ToleranceOut
    max_gap_days: int | None
    fulfils: list[str]
    contains: list[str]
    shift_percent: int
    roll: Roll
    missed: Missed
    layer: Layer
    basis: str
    status: str
    executor: str
    licence: list[str]
    budget_line: str | None
    department: Name
    checklist: str | None
    evidence: list[str]
    standard: Name
    estimated_minutes: int
    job_cost: float | None
    material_cost: float | None
    before_reuse: BeforeReuseOut | None
    effective_from: date
    ends: date | None
    version: int

    @classmethod
    def of(cls, row: DomainRow) -> Self:
        """From the ledger's record."""
        computed = {
            "system": row.applies_to.system,
            "classes": list(row.applies_to.classes),
            "assets": list(row.applies_to.assets),
            "site": row.applies_to.site,
            "site_code": row.site,
            "tolerance": ToleranceOut(early_days=row.early_days, late_days=row.late_days),
            "interval": row.interval if row.interval.every else None,
            "schedule": schedule_json(row.schedule),
            "fulfilled_by": None if row.fulfilled_by is None else fulfilled_by_json(row.fulfilled_by),
        }
        own = {name: getattr(row, name) for name in cls.model_fields if name not in computed}
        return cls.model_validate(own | computed)

    @classmethod
    def seen(cls, row: DomainRow, *, costs: bool) -> Self:
        """As ``of``; what a job costs is for those who see budgets."""
        shown = cls.of(row)
        return shown if costs else shown.model_copy(update={"job_cost": None, "material_cost": None})


class PlanRowList(Shape):
    """A page of plan rows, by code."""

    items: list[PlanRow]
    next_cursor: str | None


class PlanRowQuery(ListQuery):
    """Filters of plan rows. `site` shows the rows that hold on it: its own and the default profile's."""

    site: str | None = None
    kind: PlanKind | None = None
    layer: Layer | None = None
    system: str | None = None
    code: str | None = None


class PreviewQuery(BaseModel):
    """Which dates: of one asset or of one site; at most three years, from 2000 on, to five years from today."""

    model_config = ConfigDict(extra="forbid")

    asset: Annotated[str | None, Field(description="the asset's key")] = None
    site: str | None = None
    start: Annotated[date | None, Field(alias="from", description="default: today on the site")] = None
    end: Annotated[date | None, Field(alias="to", description="inclusive; default: a year after `from`")] = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 1000
    cursor: str | None = None


When = date | datetime
"""A local date of the site or, of rows by the hour, a moment with the site's offset."""


class PreviewOccurrence(Shape):
    """One cycle of a plan row."""

    plan_row: str
    name: Name
    cycle: int
    nominal_date: When
    earliest: When
    latest: When


class PreviewItem(Shape):
    """Work that the plan table asks for: its days, and in one sentence why. ``asset`` is the asset's key, or
    ``site:<code>`` for work that belongs to no asset; ``work_order`` is there when it is one already. Rows by the hour
    have moments in place of days, shown with the site's offset."""

    asset: str
    asset_ref: AssetRef | None
    site: str
    title: Name
    layer: Layer
    occurrences: list[PreviewOccurrence]
    due: When
    earliest: When
    latest: When
    work_order: str | None
    reason: Name

    @classmethod
    def of(cls, item: DomainItem, asset: AssetRef | None) -> Self:
        """From the planner's item."""
        job, by_hour = item.job, item.moment is not None
        occurrences = [
            PreviewOccurrence(
                plan_row=p.row.code,
                name=Name.model_validate(p.row.name),
                cycle=p.window.cycle,
                nominal_date=item.nominal(p),
                earliest=item.begins if by_hour else p.window.earliest,
                latest=item.ends if by_hour else p.window.latest,
            )
            for p in job.occurrences
        ]
        return cls(
            asset=item.asset,
            asset_ref=asset,
            site=item.site,
            title=Name.model_validate(job.leader.row.name),
            layer=job.leader.row.layer,
            occurrences=occurrences,
            due=item.due,
            earliest=item.begins,
            latest=item.ends,
            work_order=item.work_order,
            reason=Name.model_validate(item.reason),
        )


class UndatedRow(Shape):
    """A row whose next date nobody knows (no readings of its meter, no day of installation, no machine), and
    why."""

    asset: str
    asset_ref: AssetRef | None
    site: str
    plan_row: str
    name: Name
    reason: Name

    @classmethod
    def of(cls, item: DomainUndated, asset: AssetRef | None) -> Self:
        """From the planner's item."""
        return cls.model_validate(item.as_json() | {"asset_ref": asset})


class Preview(Shape):
    """A page of the preview, by due date. ``undated`` are the rows without a date, with the first page."""

    items: list[PreviewItem]
    undated: list[UndatedRow]
    next_cursor: str | None


class MaterialiseResult(Shape):
    """How many occurrences were made, were there already, and were found missed."""

    created: int
    existing: int
    missed: int
