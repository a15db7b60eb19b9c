"""Shapes of equipment classes and systems."""

from typing import Annotated, Self

from pydantic import Field

from api.points.schemas import PointTemplateOut
from api.shapes import Name, Shape
from plantroom.catalogue.systems import System as DomainSystem
from plantroom.domain.assets import EquipmentClass as DomainClass
from plantroom.domain.assets import Severity, Status


class FailureMode(Shape):
    """A way in which machines of a class fail, what a ticket says then and what to check first."""

    key: str
    name: Name
    severity: Severity
    points: list[str]
    first_checks: list[Name]
    ticket: Name


class EventKind(Shape):
    """An event that devices of a class send."""

    key: str
    name: Name
    failure_mode: str
    severity: Severity
    safety: bool
    clears: str | None


class DesignLife(Shape):
    """How long machines of a class are usually kept, and what that rests on."""

    years: float
    basis: str
    status: Status


class EquipmentClass(Shape):
    """What assets of one kind share. ``checklists``: codes of those that its jobs use."""

    equipment_class: Annotated[str, Field(serialization_alias="class")]
    name: Name
    systems: list[str]
    points: list[PointTemplateOut]
    events: list[EventKind]
    failure_modes: list[FailureMode]
    checklists: list[str]
    life: DesignLife | None

    @classmethod
    def of(cls, made: DomainClass) -> Self:
        """From the catalogue."""
        return cls(
            equipment_class=made.key,
            name=Name.model_validate(made.name),
            systems=list(made.systems),
            points=[PointTemplateOut.of_template(p) for p in made.points],
            events=[EventKind.model_validate(e) for e in made.events],
            failure_modes=[FailureMode.model_validate(m) for m in made.failure_modes],
            checklists=list(made.checklists),
            life=None if made.life is None else DesignLife.model_validate(made.life),
        )


class EquipmentClassList(Shape):
    """Equipment classes by key."""

    items: list[EquipmentClass]
    next_cursor: str | None


class System(Shape):
    """A system of a building, such as water supply, and the classes that belong to it."""

    key: str
    name: Name
    classes: list[str]

    @classmethod
    def of(cls, system: DomainSystem) -> Self:
        """From the catalogue."""
        return cls(key=system.key, name=Name.model_validate(system.name), classes=list(system.classes))


class SystemList(Shape):
    """The systems, in the order of the catalogue."""

    items: list[System]
    next_cursor: str | None
