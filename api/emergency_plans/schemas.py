"""Shapes of emergency plans."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, JsonValue

from api.plan.schedules import Every
from api.plan.schemas import Interval
from api.shapes import ListQuery, Name, NameIn, NewName, Payload, Shape
from maintenance.emergency.plans import Category
from maintenance.emergency.plans import EmergencyPlan as DomainPlan

Items = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=500)], ...], Field(max_length=100)]
_EXAMPLE: JsonValue = {
    "code": "EP-EQ",
    "category": "equipment_failure",
    "name": {"zh": "设备故障应急预案", "en": "Equipment failure"},
    "measures": ["排查故障", "紧急维修"],
    "supplies": ["维修工具", "备件"],
    "people": ["专业维修团队"],
    "drill": {"every": 6, "unit": "month"},
}


class EmergencyPlan(Shape):
    """What to do in an emergency, with what and by whom. `drill_row` is the plan row of its drill; `version` its
    ETag."""

    key: str
    code: str
    category: Category
    name: Name
    site: str | None
    measures: list[str]
    supplies: list[str]
    people: list[str]
    department: Name
    drill: Every | None
    drill_row: str | None
    classes: list[str]
    active: bool
    version: int

    @classmethod
    def of(cls, plan: DomainPlan) -> Self:
        """From the ledger's record."""
        return cls.model_validate(plan)


class EmergencyPlanList(Shape):
    """A page of emergency plans, by code."""

    items: list[EmergencyPlan]
    next_cursor: str | None


class EmergencyPlanQuery(ListQuery):
    """Filters of emergency plans. `site` shows those that hold on it: its own and those of every site."""

    site: str | None = None
    category: Category | None = None
    code: str | None = None
    active: bool | None = None


class EmergencyPlanFields(Payload):
    """What may be said of a plan when it is made and changed later."""

    category: Category = Category.OTHER
    measures: Items = ()
    supplies: Items = ()
    people: Items = ()
    department: NameIn = NameIn()
    drill: Interval | None = None
    classes: Annotated[tuple[str, ...], Field(max_length=100)] = ()
    active: bool = True


class EmergencyPlanCreate(EmergencyPlanFields):
    """A new plan of one site, or of every one. Its drill becomes a row of the plan table."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    code: Annotated[str, Field(min_length=1, max_length=100)]
    name: NewName
    site: Annotated[str | None, Field(max_length=200)] = None


class EmergencyPlanChange(EmergencyPlanFields):
    """What is to change; fields that are left out stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"measures": ["排查故障", "紧急维修", "通报"]}]})

    code: Annotated[str, Field(min_length=1, max_length=100)] = "-"
    name: NewName = NameIn(zh="-")
