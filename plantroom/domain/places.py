"""The location tree of a site: which place may stand in which. Pure.

The site is the root. Below it stand buildings, in a building floors, and spaces anywhere, also in another space or out
of doors (no parent): site > building > floor > space, where a level may be left out and the order never turns.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from plantroom.domain.assets import Location
from plantroom.errors import BadData, FieldProblem


class PlaceKind(StrEnum):
    """What kind of place a location is."""

    BUILDING = "building"
    FLOOR = "floor"
    SPACE = "space"


PARENTS: Mapping[PlaceKind, Sequence[PlaceKind | None]] = {
    PlaceKind.BUILDING: (None,),
    PlaceKind.FLOOR: (PlaceKind.BUILDING,),
    PlaceKind.SPACE: (None, PlaceKind.BUILDING, PlaceKind.FLOOR, PlaceKind.SPACE),
}
"""What each kind may stand in; ``None``: the site itself."""

DEEPEST = 12
"""Places on the way from the site to the deepest one."""

_WORDS: Mapping[PlaceKind | None, str] = {
    None: "the site",
    PlaceKind.BUILDING: "a building",
    PlaceKind.FLOOR: "a floor",
    PlaceKind.SPACE: "a space",
}


def check_place(location: Location, tree: Iterable[Location]) -> None:
    """Raise ``BadData`` that names the field when ``location`` (new, or as it is to be) cannot stand where its parent
    says: unknown kind or parent, another site's parent, a cycle, a kind that does not go there, or children that would
    not. ``tree`` holds the other locations of all sites in question."""
    known = {one.key: one for one in tree if one.key != location.key}
    try:
        kind = PlaceKind(location.kind)
    except ValueError:
        raise _bad("kind", "unknown_kind", f"should be one of {', '.join(PlaceKind)}") from None
    parent = _parent(location, known)
    stands_in = None if parent is None else PlaceKind(parent.kind)
    if stands_in not in PARENTS[kind]:
        allowed = " or ".join(_WORDS[one] for one in PARENTS[kind])
        raise _bad("parent", "wrong_order", f"{_WORDS[kind]} stands in {allowed}, not in {_WORDS[stands_in]}")
    for child in known.values():
        if child.parent == location.key and kind not in PARENTS[PlaceKind(child.kind)]:
            words = f"holds {_WORDS[PlaceKind(child.kind)]} ({child.name.zh}), which cannot stand in {_WORDS[kind]}"
            raise _bad("kind", "wrong_order", words)


def _parent(location: Location, known: Mapping[str, Location]) -> Location | None:
    if location.parent is None:
        return None
    if location.parent == location.key:
        raise _bad("parent", "cycle", "a place cannot stand in itself")
    parent = known.get(location.parent)
    if parent is None:
        raise _bad("parent", "unknown_location", f"there is no location {location.parent!r}")
    if parent.site != location.site:
        raise _bad("parent", "another_site", f"{parent.name.zh} belongs to the site {parent.site}, not {location.site}")
    above: Location | None = parent
    for _ in range(DEEPEST - 1):
        if above is None or above.parent is None:
            return parent
        if above.parent == location.key:
            words = f"{parent.name.zh} stands in {location.name.zh} itself: that would be a circle"
            raise _bad("parent", "cycle", words)
        above = known.get(above.parent)
    raise _bad("parent", "too_deep", f"places may stand {DEEPEST} deep at most")


def subtree(root: str, tree: Iterable[Location]) -> list[str]:
    """The key of a place and of all that stands in it, the place first, parents before children."""
    children: dict[str | None, list[str]] = {}
    for one in tree:
        children.setdefault(one.parent, []).append(one.key)
    found, seen = [root], {root}
    for key in found:
        fresh = [child for child in children.get(key, ()) if child not in seen]
        seen.update(fresh)
        found += fresh
    return found


def path_of(key: str, tree: Mapping[str, Location]) -> list[Location]:
    """The places from the outermost to the one of the key; empty for an unknown one."""
    found: list[Location] = []
    place = tree.get(key)
    while place is not None and place not in found:
        found.append(place)
        place = None if place.parent is None else tree.get(place.parent)
    return found[::-1]


def _bad(field: str, code: str, message: str) -> BadData:
    return BadData(f"{field}: {message}", [FieldProblem(field, code, message)])
