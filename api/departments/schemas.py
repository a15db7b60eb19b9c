"""Shapes of departments."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, StringConstraints

from api.shapes import Key, ListQuery, Name, NameIn, Payload, Shape
from maintenance.people.departments import Department as DomainDepartment

DepartmentKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
Aliases = Annotated[tuple[Key, ...], Field(max_length=50)]


class Department(Shape):
    """A department of a site. Orders, plan rows and grants name it by `name.zh`; `aliases` are other spellings that
    imports take; `classes` the equipment whose tickets are its own when the asset names no department."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "demo:water",
                    "site": "demo",
                    "key": "water",
                    "name": {"zh": "水务管理部门", "en": "Water"},
                    "aliases": ["水務管理部門"],
                    "classes": ["pump", "water_tank"],
                    "version": 1,
                }
            ]
        }
    )

    id: str
    site: str
    key: str
    name: Name
    aliases: list[str]
    classes: list[str]
    version: int

    @classmethod
    def of(cls, department: DomainDepartment) -> Self:
        """From the ledger's record."""
        return cls.model_validate(department)


class DepartmentList(Shape):
    """Departments of a site, by key."""

    items: list[Department]
    next_cursor: str | None = None


class DepartmentQuery(ListQuery):
    """Which site's."""

    site: str


class DepartmentCreate(Payload):
    """A department of the site's own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"site": "demo", "key": "garden", "name": {"zh": "绿化部", "en": "Gardens"}, "classes": ["civil"]}
            ]
        }
    )

    site: Key
    key: DepartmentKey
    name: NameIn
    aliases: Aliases = ()
    classes: Aliases = ()


class DepartmentChange(Payload):
    """Fields to change; what is left out stays. The Chinese name stays as long as anything names the department."""

    name: NameIn | None = None
    aliases: Aliases | None = None
    classes: Aliases | None = None
