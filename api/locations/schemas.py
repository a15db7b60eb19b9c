"""Shapes of locations."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from api.shapes import ListQuery, Name, NewName, Payload, Shape

Kind = Literal["building", "floor", "space"]


class Location(Shape):
    """A node of a site's location tree; ``kind`` is building, floor or space, ``parent`` a key (``null``: the site
    itself). ``version`` is its ETag."""

    key: str
    site: str
    kind: str
    name: Name
    parent: str | None
    version: int


class LocationQuery(ListQuery):
    """Filters of locations."""

    site: str


class LocationList(Shape):
    """The locations of a site, by key."""

    items: list[Location]
    next_cursor: str | None = None


class LocationNode(Shape):
    """A location in its tree. ``assets``: how many stand directly in it, ``assets_below``: with all that is inside;
    ``more``: places inside that were not asked for (``depth``)."""

    key: str
    kind: str
    name: Name
    parent: str | None
    version: int
    assets: int
    assets_below: int
    more: int
    children: "list[LocationNode]"


class LocationTree(Shape):
    """The location tree of a site. ``assets``: how many stand in no place, ``assets_below``: how many there are."""

    site: str
    name: Name
    assets: int
    assets_below: int
    items: list[LocationNode]
    next_cursor: None = None


class TreeQuery(LocationQuery):
    """Which part of a tree: below ``root`` (a key; left out: the whole site), ``depth`` levels of it. ``limit`` and
    ``cursor`` go by the outermost level."""

    root: str | None = None
    depth: Annotated[int, Field(ge=1, le=12)] = 12


class LocationCreate(Payload):
    """A new location. A building stands in the site itself, a floor in a building, a space anywhere."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"site": "demo", "kind": "building", "name": {"zh": "1号楼", "en": "Building 1"}}]
        }
    )

    site: Annotated[str, Field(max_length=200)]
    kind: Kind
    name: NewName
    parent: Annotated[str | None, Field(max_length=200)] = None


class LocationChange(Payload):
    """What is to change: another name, another place to stand in, another kind."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": {"zh": "2号楼", "en": "Building 2"}}]})

    kind: Kind = "space"
    name: NewName | None = None
    parent: Annotated[str | None, Field(max_length=200)] = None
