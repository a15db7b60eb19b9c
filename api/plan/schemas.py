"""Shapes of the plan table and its preview."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from api.shapes import AssetRef, ListQuery, Name, NameIn, Payload, Shape
from maintenance.plan import IntervalUnit, Layer, Missed, Roll
from maintenance.plan import PlanRow as DomainRow
from maintenance.planner import PreviewItem as DomainItem

PlanKind = Literal["preventive", "inspection", "statutory", "drill", "replacement"]
Code = Annotated[str, Field(min_length=1, max_length=100)]
Key = Annotated[str, Field(max_length=200)]
Days = Annotated[int, Field(ge=0, le=3660)]


FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2200, 12, 31)
PlanDay = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
"""A day that dates may count from: the longest interval after the last one is still inside the calendar."""

LONGEST = {IntervalUnit.DAY: 36_525, IntervalUnit.WEEK: 5_217, IntervalUnit.MONTH: 1_200, IntervalUnit.YEAR: 100}
"""A hundred years in each unit."""


class Interval(Payload):
    """Every `every` units, at most a hundred years. Rows by the hour are not scheduled yet and are refused."""

    unit: IntervalUnit
    every: Annotated[int, Field(ge=1, le=max(LONGEST.values()))]

    @field_validator("unit")
    @classmethod
    def _dated(cls, unit: IntervalUnit) -> IntervalUnit:
        if unit not in LONGEST:
            raise ValueError(f"rows by the hour are not scheduled yet: should be one of {', '.join(LONGEST)}")
        return unit

    @field_validator("every")
    @classmethod
    def _bounded(cls, every: int, info: ValidationInfo) -> int:
        longest = LONGEST.get(info.data.get("unit", IntervalUnit.DAY), every)
        if every > longest:
            raise ValueError(f"an interval is at most a hundred years: {longest} {info.data['unit'].value}s")
        return every


class Tolerance(Payload):
    """The window around a nominal date, in days. Early days that are left out follow from the interval: 5 at 15
    days, 15 at a quarter, 30 at half a year, 60 at a year, else the late days."""

    early_days: Days | None = None
    late_days: Days = 0


class PlanRowFields(Payload):
    """One line of the plan table as it is taken in. It applies to exactly one of `system`, `classes`,
    `assets` (keys) or, with `site: true`, to the site itself."""

    code: Code
    name: NameIn
    kind: PlanKind = "preventive"
    system: Annotated[str | None, Field(max_length=100)] = None
    classes: Annotated[tuple[Key, ...], Field(max_length=100)] = ()
    assets: Annotated[tuple[Key, ...], Field(max_length=10_000)] = ()
    site: bool = False
    interval: Interval
    anchor: PlanDay | None = None
    tolerance: Tolerance = Tolerance()
    max_gap_days: Annotated[int | None, Field(ge=1, le=36_600)] = None
    fulfils: Annotated[tuple[Code, ...], Field(max_length=100)] = ()
    contains: Annotated[tuple[Code, ...], Field(max_length=100)] = ()
    shift_percent: Annotated[int, Field(ge=0, le=100)] = 0
    roll: Roll = Roll.NONE
    missed: Missed = Missed.HOLD
    layer: Layer = Layer.CONTRACT
    basis: Annotated[str, Field(max_length=1000)] = ""
    executor: Annotated[str, Field(max_length=100)] = "in_house"
    department: NameIn = NameIn()
    checklist: Annotated[str | None, Field(max_length=100)] = None
    evidence: Annotated[tuple[Key, ...], Field(max_length=20)] = ()
    standard: NameIn = NameIn()
    estimated_minutes: Annotated[int, Field(ge=0, le=100_000)] = 30
    effective_from: PlanDay = date(2000, 1, 1)


class PlanRowCreate(PlanRowFields):
    """A new row of one site (`site_code`, or that of its `assets`), or of every site's default profile."""

    site_code: Annotated[str | None, Field(max_length=200)] = None

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        given = [self.system is not None, bool(self.classes), bool(self.assets), self.site]
        if sum(given) != 1:
            raise ValueError("applies to exactly one of system, classes, assets or site: true")
        return self


class IntervalOut(Shape):
    """Every `every` units."""

    every: int
    unit: IntervalUnit


class ToleranceOut(Shape):
    """The window around a nominal date, in days."""

    early_days: int
    late_days: int


class PlanRow(Shape):
    """One line of the plan table at its newest version."""

    lineage: str
    code: str
    name: Name
    kind: str
    system: str | None
    classes: list[str]
    assets: list[str]
    site: bool
    site_code: str | None
    interval: IntervalOut
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
    department: Name
    checklist: str | None
    evidence: list[str]
    standard: Name
    estimated_minutes: int
    effective_from: date
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
        }
        own = {name: getattr(row, name) for name in cls.model_fields if name not in computed}
        return cls.model_validate(own | computed)


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


class PreviewOccurrence(Shape):
    """One cycle of a plan row."""

    plan_row: str
    name: Name
    cycle: int
    nominal_date: date
    earliest: date
    latest: date


class PreviewItem(Shape):
    """Work that the plan table asks for: its days, and in one sentence why. ``asset`` is the asset's key, or
    ``site:<code>`` for work that belongs to no asset; ``work_order`` is there when it is one already."""

    asset: str
    asset_ref: AssetRef | None
    site: str
    title: Name
    layer: Layer
    occurrences: list[PreviewOccurrence]
    due: date
    earliest: date
    latest: date
    work_order: str | None
    reason: Name

    @classmethod
    def of(cls, item: DomainItem, asset: AssetRef | None) -> Self:
        """From the planner's item."""
        job = item.job
        occurrences = [
            PreviewOccurrence(
                plan_row=p.row.code,
                name=Name.model_validate(p.row.name),
                cycle=p.window.cycle,
                nominal_date=p.window.nominal,
                earliest=p.window.earliest,
                latest=p.window.latest,
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
            due=job.due,
            earliest=job.earliest,
            latest=job.latest,
            work_order=item.work_order,
            reason=Name.model_validate(item.reason),
        )


class Preview(Shape):
    """A page of the preview, by due date."""

    items: list[PreviewItem]
    next_cursor: str | None


class MaterialiseResult(Shape):
    """How many occurrences were made, were there already, and were found missed."""

    created: int
    existing: int
    missed: int
