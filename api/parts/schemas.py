"""Shapes of spare parts."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field

from api.access import Access, sees_money
from api.shapes import ListQuery, Name, NameIn, NewName, Payload, Shape, Why
from plantroom.domain.parts import Part as DomainPart

Short = Annotated[str, Field(max_length=200)]
Amount = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]
Least = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Money = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Keys = Annotated[list[Short], Field(max_length=1000, default_factory=list)]


class Part(Shape):
    """A spare part in the store of a site. ``stock`` and ``minimum`` count ``unit``; ``classes`` and ``assets`` (keys)
    say what it fits. ``unit_cost`` (CNY) is ``null`` for whoever may not see the site's budgets. ``version`` is its
    ETag."""

    key: str
    site: str
    number: str
    name: Name
    unit: str
    stock: float
    minimum: float
    below_minimum: bool
    unit_cost: float | None
    classes: list[str]
    assets: list[str]
    place: str
    version: int

    @classmethod
    def of(cls, part: DomainPart, caller: Access) -> Self:
        """From the ledger's record, as the caller may see it."""
        shown = cls.model_validate(part)
        return shown if sees_money(caller, part.site) else shown.model_copy(update={"unit_cost": None})


class PartList(Shape):
    """A page of parts."""

    items: list[Part]
    next_cursor: str | None


class PartQuery(ListQuery):
    """Filters of parts; those given must all hold. ``fits``: the key of an asset, whose parts or whose class's they
    are; ``below_minimum``: those of which some has to be bought."""

    site: str | None = None
    number: str | None = None
    text: str | None = None
    below_minimum: bool = False
    fits: str | None = None


class PartFields(Payload):
    """What may be said of a part when it is made and changed later. The stock is booked afterwards."""

    unit: Annotated[str, Field(min_length=1, max_length=20)] = "pcs"
    minimum: Least = 0.0
    unit_cost: Money | None = None
    classes: Keys
    assets: Keys
    place: Short = ""


class PartCreate(PartFields):
    """A new part."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "site": "demo",
                    "number": "6205-2RS",
                    "name": {"zh": "深沟球轴承", "en": "Deep groove ball bearing"},
                    "stock": 6,
                    "minimum": 2,
                    "unit_cost": 18.5,
                    "classes": ["pump"],
                }
            ]
        }
    )

    site: Short
    number: Annotated[str, Field(min_length=1, max_length=200)]
    name: NameIn = NameIn()
    stock: Amount = 0.0


class PartChange(PartFields):
    """What is to change; fields that are left out stay as they are."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"minimum": 4, "place": "B1 库房"}]})

    number: Annotated[str, Field(min_length=1, max_length=200)] = ""
    name: NewName = NameIn()


class PartBooking(Payload):
    """How many are taken out of the stock (below 0) or put into it, and why."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"quantity": -2, "reason": "P-101 大修 / overhaul"}]})

    quantity: Amount
    reason: Why
