"""Shapes of plan changes and of what they will change."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, JsonValue, model_validator

from api.plan.schemas import Code, PlanDay, PlanRow, PlanRowTerms
from api.shapes import AssetRef, Instant, Key, ListQuery, Name, NameIn, Payload, Shape, ShortText, Why, one_or_more
from maintenance.budget.costing import Cost
from maintenance.plan_changes.effects import Effect, OrderEffect, RowEffect
from maintenance.plan_changes.model import Action, ChangeOrigin, ChangeState
from maintenance.plan_changes.model import PlanChange as DomainChange

_REQUEST: JsonValue = {
    "action": "change",
    "plan_row": "WS-Q",
    "site": "demo",
    "row": {"interval": {"every": 2, "unit": "month"}},
    "effective_from": "2027-01-01",
    "reason": "业主反映水压不稳 / owners report unsteady pressure",
}
_SUGGESTION: JsonValue = {
    "site": "demo",
    "origin": "owner",
    "suggestion": "希望电梯每周检查一次",
    "reason": "业主电话 / by telephone",
}


class PlanRowPart(PlanRowTerms):
    """Fields of a plan row; those that are left out stay as they are. See `PlanRowFields`."""

    code: Code = ""
    name: NameIn = NameIn()

    def given(self) -> dict[str, Any]:
        """What was sent, as it was sent."""
        return self.model_dump(mode="json", by_alias=True, include=self.model_fields_set)


class PlanChangeFields(Payload):
    """What is to change. `create`: `row` is the whole row; `change`: its fields that become others; `retire`: it ends.

    `site` makes it the business of one site: a row of every site then gets a row of its own there in its place, which
    goes on with the work that was done. Without `effective_from` it holds from the day of the approval."""

    action: Action | None = None
    plan_row: Code | None = None
    row: PlanRowPart | None = None
    effective_from: PlanDay | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        wrong = (
            (
                self.action is Action.CREATE and self.plan_row is not None,
                "新增时不填plan_row / plan_row is for rows that are there already",
            ),
            (
                self.action in (Action.CHANGE, Action.RETIRE) and self.plan_row is None,
                "请用plan_row说明是哪一计划项 / say which plan_row",
            ),
            (
                self.action in (Action.CREATE, Action.CHANGE) and self.row is None,
                "请在row中填写改后的内容 / say in row what it is to be",
            ),
            (self.action is Action.RETIRE and self.row is not None, "停用时不填row / a row that ends takes no row"),
            (
                self.action is None and (self.plan_row is not None or self.row is not None),
                "请用action说明做什么 / say which action it is",
            ),
        )
        for is_wrong, text in wrong:
            if is_wrong:
                raise ValueError(text)
        return self


class PlanChangeCreate(PlanChangeFields):
    """A change that is asked for. An owner's suggestion (`origin: owner`) may come without an `action`: a supervisor
    makes a change of it with PATCH. What an approver asks for takes effect at once, unless `only_request`."""

    model_config = ConfigDict(json_schema_extra={"examples": [_REQUEST, _SUGGESTION]})

    site: Key | None = None
    reason: Why
    origin: ChangeOrigin = ChangeOrigin.STAFF
    suggestion: Annotated[str, Field(max_length=5000)] = ""
    asset: Key | None = None
    only_request: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.action is None and (self.origin is not ChangeOrigin.OWNER or not self.suggestion.strip()):
            en = "say which action it is; only an owner's suggestion may be words alone"
            raise ValueError(f"请用action说明做什么；只有业主建议可以只写文字 / {en}")
        if self.action is None and self.site is None:
            raise ValueError("请用site说明业主属于哪个站点 / say of which site the owner is")
        return self


class PlanChangeRevise(PlanChangeFields):
    """Fields to change. With an `action` the whole of what is to change is made anew from the row as it is now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"action": "change", "plan_row": "EL-LOOK", "row": {"interval": {"every": 1, "unit": "week"}}},
                {"effective_from": "2027-03-01"},
            ]
        }
    )

    reason: Why | None = None


class Deciding(Payload):
    """Why it was decided so; needed for a rejection."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "同意 / agreed"}]})

    reason: ShortText = ""


class FieldChange(Shape):
    """One field of a row, as it is and as it is to be."""

    field: str
    before: JsonValue
    after: JsonValue


class Warned(Shape):
    """What whoever approves is told."""

    code: str
    text: Name


_SHOWN: JsonValue = {
    "id": "0198c0ffee",
    "site": "demo",
    "origin": "staff",
    "state": "requested",
    "action": "change",
    "plan_row": "WS-Q",
    "reason": "水压不稳",
    "suggestion": "",
    "asset": None,
    "effective_from": "2027-01-01",
    "fields": [{"field": "interval", "before": {"every": 3, "unit": "month"}, "after": {"every": 2, "unit": "month"}}],
    "before": None,
    "after": None,
    "requested_by": "li",
    "requested_at": "2026-12-01T08:00:00.000Z",
    "decided_by": None,
    "decided_at": None,
    "decision": "",
    "applied_version": None,
    "warnings": [],
    "version": 1,
}


class PlanChange(Shape):
    """A change that somebody asked for: `requested`, then `approved`, `rejected` or `withdrawn`. `before` is the row as
    whoever asked saw it, `after` as it is to be (or became), `fields` what differs. `site` of `null`: of every site."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SHOWN]})

    id: str
    site: str | None
    origin: ChangeOrigin
    state: ChangeState
    action: Action | None
    plan_row: str | None
    reason: str
    suggestion: str
    asset: AssetRef | None
    effective_from: date | None
    fields: list[FieldChange]
    before: PlanRow | None
    after: PlanRow | None
    requested_by: str
    requested_at: Instant
    decided_by: str | None
    decided_at: Instant | None
    decision: str
    applied_version: int | None
    warnings: list[Warned]
    version: int

    @classmethod
    def of(cls, change: DomainChange, asset: AssetRef | None, warnings: list[Warned], *, costs: bool) -> Self:
        """From the ledger's record; ``costs``: with what a job costs."""
        before = None if change.before is None else PlanRow.seen(change.before, costs=costs)
        after = None if change.after is None else PlanRow.seen(change.after, costs=costs)
        computed = {
            "plan_row": change.code,
            "asset": asset,
            "before": before,
            "after": after,
            "fields": differences(before, after),
            "warnings": warnings,
        }
        own = {name: getattr(change, name) for name in cls.model_fields if name not in computed}
        return cls.model_validate(own | computed)


_SILENT = frozenset({"lineage", "version", "effective_from", "site_code", "status"})


def differences(before: PlanRow | None, after: PlanRow | None) -> list[FieldChange]:
    """The fields that differ, by name."""
    if before is None or after is None:
        return []
    one, other = before.model_dump(mode="json", by_alias=True), after.model_dump(mode="json", by_alias=True)
    names = [name for name in one if name not in _SILENT and one[name] != other.get(name)]
    return [FieldChange(field=name, before=one[name], after=other.get(name)) for name in names]


class PlanChangeList(Shape):
    """A page of changes, newest first."""

    items: list[PlanChange]
    next_cursor: str | None


class PlanChangeQuery(ListQuery):
    """Filters of changes. Changes of every site's rows are shown with each site's."""

    site: str | None = None
    state: Annotated[str | None, one_or_more(ChangeState)] = None
    origin: Annotated[str | None, one_or_more(ChangeOrigin)] = None
    plan_row: str | None = None


class PreviewPage(ListQuery):
    """Which page of what will change."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 1000


MONEY = ("labour", "job_cost", "material", "total")
"""Of an effort, what is for those who see budgets."""


class Effort(Shape):
    """What the row, and those that depend on it, take in these twelve months on the machines in question, CNY (`null`
    for those who do not see budgets). `unpriced` jobs say no cost."""

    jobs: int
    hours: float
    labour: float | None
    job_cost: float | None
    material: float | None
    total: float | None
    unpriced: int

    @classmethod
    def of(cls, cost: Cost, *, costs: bool) -> Self:
        """From the planner's sums; ``costs``: with the money."""
        made = cls(
            jobs=cost.jobs,
            hours=round(cost.minutes / 60, 2),
            labour=round(cost.labour, 2),
            job_cost=round(cost.job_cost, 2),
            material=round(cost.material, 2),
            total=round(cost.total, 2),
            unpriced=cost.unpriced,
        )
        return made if costs else made.model_copy(update=dict.fromkeys(MONEY))


class Changed(Shape):
    """One occurrence that goes (`after` is `null`), comes (`before` is `null`) or moves. `asset` is the asset's key, or
    `site:<code>`."""

    asset: str
    asset_ref: AssetRef | None
    site: str
    plan_row: str
    name: Name
    change: Literal["goes", "comes", "moves"]
    before: date | None
    after: date | None
    reason: Name | None

    @classmethod
    def of(cls, effect: Effect, asset: AssetRef | None) -> Self:
        """From the planner's comparison."""
        own = {name: getattr(effect, name) for name in ("asset", "site", "change", "before", "after", "reason")}
        return cls.model_validate(own | {"asset_ref": asset, "plan_row": effect.row.code, "name": effect.row.name})


class RowCounts(Shape):
    """How many occurrences of a row there are in both plans, and what becomes of them. Of rows by the hour these counts
    are all that is said."""

    plan_row: str
    name: Name
    before: int
    after: int
    goes: int
    comes: int
    moves: int

    @classmethod
    def of(cls, effect: RowEffect) -> Self:
        """From the planner's comparison."""
        counts = {name: getattr(effect, name) for name in ("before", "after", "goes", "comes", "moves")}
        return cls.model_validate(counts | {"plan_row": effect.row.code, "name": effect.row.name})


class OrderAfter(Shape):
    """A work order that is there already: it `stays` on its day with the checklist that it was made with, `moves` to
    another day, or is `left`: the plan asks for it no more. The planner cancels it when its row gives way and nobody
    has begun; else people do it or cancel it."""

    work_order: str
    asset: str
    becomes: Literal["stays", "moves", "left"]
    before: date
    after: date | None

    @classmethod
    def of(cls, effect: OrderEffect) -> Self:
        """From the planner's comparison."""
        own = {name: getattr(effect, name) for name in ("asset", "becomes", "before", "after")}
        return cls.model_validate(own | {"work_order": effect.order})


class PlanChangePreview(Shape):
    """What will change in the next twelve months, computed by the engine that makes the orders; nothing is written.
    `changes` is a page by day; all else comes with the first page."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "from": "2026-12-01",
                    "to": "2027-12-01",
                    "effective_from": "2027-01-01",
                    "fields": [],
                    "before": {
                        "jobs": 4, "hours": 4.0, "labour": 200.0, "job_cost": 0.0, "material": 0.0, "total": 200.0,
                        "unpriced": 0,
                    },
                    "after": {
                        "jobs": 6, "hours": 6.0, "labour": 300.0, "job_cost": 0.0, "material": 0.0, "total": 300.0,
                        "unpriced": 0,
                    },
                    "cost_difference": 100.0,
                    "rows": [],
                    "orders": [],
                    "warnings": [],
                    "changes": [],
                    "next_cursor": None,
                }
            ]
        }
    )  # fmt: skip

    start: Annotated[date, Field(serialization_alias="from")]
    end: Annotated[date, Field(serialization_alias="to")]
    effective_from: date
    fields: list[FieldChange]
    before: Effort
    after: Effort
    cost_difference: float | None
    rows: list[RowCounts]
    orders: list[OrderAfter]
    warnings: list[Warned]
    changes: list[Changed]
    next_cursor: str | None
