"""Equipment classes and systems: the product's own data, the same for every site."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Viewer
from api.classes.schemas import EquipmentClass, EquipmentClassList, System, SystemList
from api.paging import cut, cut_in_order
from api.services import Parts
from api.shapes import ListQuery
from plantroom.errors import NotFound

router = APIRouter(prefix="/api/v1", tags=["classes"])


@router.get("/classes", operation_id="listClasses")
def list_classes(query: Annotated[ListQuery, Query()], _caller: Viewer, services: Parts) -> EquipmentClassList:
    """Equipment classes with their points, events and failure modes."""
    page = cut(list(services.classes.values()), query, lambda c: c.key, ["class"])
    return EquipmentClassList(items=[EquipmentClass.of(c) for c in page.items], next_cursor=page.next_cursor)


@router.get("/classes/{equipment_class}", operation_id="getClass")
def get_class(equipment_class: str, _caller: Viewer, services: Parts) -> EquipmentClass:
    """One equipment class."""
    made = services.classes.get(equipment_class)
    if made is None:
        raise NotFound("there is no such class")
    return EquipmentClass.of(made)


@router.get("/systems", operation_id="listSystems")
def list_systems(query: Annotated[ListQuery, Query()], _caller: Viewer, services: Parts) -> SystemList:
    """The systems of a building, in the order of the catalogue."""
    page = cut_in_order(list(services.systems.values()), query, lambda s: s.key)
    return SystemList(items=[System.of(s) for s in page.items], next_cursor=page.next_cursor)
