"""Shapes of custom fields."""

from typing import Annotated

from pydantic import ConfigDict, Field

from api.shapes import Name, NameIn, NewName, Payload, Shape
from plantroom.domain.custom import CustomType

Choices = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=200, default_factory=list)
]


class CustomField(Shape):
    """A field that assets have beside the fixed ones: of one ``class``, or of every one (``null``). Values are in the
    asset's ``custom`` under ``key``: a text, a number in ``unit`` (UCUM), a date, a boolean, one of ``choices``."""

    key: str
    name: Name
    type: CustomType
    equipment_class: Annotated[str | None, Field(serialization_alias="class")]
    unit: str
    choices: list[str]
    required: bool
    version: int


class CustomFieldList(Shape):
    """Custom fields by key."""

    items: list[CustomField]
    next_cursor: str | None


class CustomFieldFields(Payload):
    """What may be said of a custom field when it is made and changed later."""

    type: CustomType = CustomType.TEXT
    equipment_class: Annotated[str | None, Field(alias="class", max_length=200)] = None
    unit: Annotated[str, Field(max_length=40)] = ""
    choices: Choices
    required: bool = False


class CustomFieldCreate(CustomFieldFields):
    """A new custom field."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "key": "water_zone",
                    "name": {"zh": "供水分区", "en": "Water zone"},
                    "type": "choice",
                    "class": "pump",
                    "choices": ["低区", "中区", "高区"],
                }
            ]
        }
    )

    key: Annotated[str, Field(min_length=1, max_length=60)]
    name: NewName


class CustomFieldChange(CustomFieldFields):
    """What is to change; its type stays while assets have values."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"required": True}]})

    name: NewName = NameIn()
