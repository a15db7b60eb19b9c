"""Places that a table names by their path and that are not there yet: 1号楼/B1/水泵房 is a building, a floor in it, and
a space on that. Pure.

A path begins with the building, so that a word alone, which may be mistyped, makes nothing. What a new place is follows
from where it stands and what it is called (project default): outermost a building, in a building a floor where its name
is a floor's (1层, B1, 3/F, Level 2, 屋面), everything else a space. A slash stands between other things, too: days
(2026/1/5), alternatives (室内/室外), several buildings (3/4号楼). These are no paths.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from maintenance.imports.cells import fold, seen
from maintenance.imports.nearest import with_nearest
from maintenance.imports.problems import CellProblem
from maintenance.imports.values import says_nothing
from plantroom.domain.assets import LocalName, Location
from plantroom.domain.keys import new_key
from plantroom.domain.places import DEEPEST, PlaceKind

LONGEST = 200
"""Characters of a name; a longer one is a sentence."""

KINDS: Mapping[str, LocalName] = {
    PlaceKind.BUILDING: LocalName("楼栋", "building"),
    PlaceKind.FLOOR: LocalName("楼层", "floor"),
    PlaceKind.SPACE: LocalName("空间", "space"),
}

_FLOOR = re.compile(
    r"(?:地下|地上|负|首|顶|底|夹|裙房|设备|避难|标准|屋顶|屋面|第)?[0-9一二三四五六七八九十百]*层|(?:-|[blp])[0-9]{1,3}层|[0-9一二三四五六七八九十]+楼"
    r"|屋面|屋顶|天面|天台|(?:b|l|p|lg|ug)-?[0-9]{1,3}f?|-?[0-9]{1,3}f|[gmru]f|-?[0-9]{1,3}/f|[a-z]{1,2}[0-9]?/f|[lu]g"
    r"|(?:floor|level|basement)[0-9]{1,3}|[0-9]{1,3}(?:st|nd|rd|th)floor|(?:ground|first|top|mezzanine)floor|roof|mezzanine"
)
_BEFORE_F = re.compile(r"[0-9]{1,3}|[A-Za-z]{1,2}[0-9]?")
_NUMBER = re.compile(r"[0-9一二三四五六七八九十百]+|(?<![a-z])[a-z](?![a-z])")
_BARE = re.compile(r"[0-9]+|[a-z]|室内|室外|户内|户外|楼内|楼外|indoors?|outdoors?|inside|outside")
"""What names no building by itself, nor beside others of its like."""

_MARK = re.compile(rf"(?:{_NUMBER.pattern})[号#]?")
_BUILDING = re.compile(rf"{_MARK.pattern}(?:楼|大?厦|座|栋|幢|塔)")


def names_of(path: str) -> list[str]:
    """The names in a path, the outermost first; 3/F is one, N/A another. Empty for what is no path."""
    names: list[str] = []
    for name in map(seen, path.replace("／", "/").split("/")):
        before = names[-1] if names else ""
        if (name in ("F", "f") and _BEFORE_F.fullmatch(before)) or fold(f"{before}/{name}") == "n/a":
            names[-1] += f"/{name}"
        else:
            names.append(name)
    return names if len(names) > 1 and all(0 < len(name) <= LONGEST for name in names) else []


def is_floor(name: str) -> bool:
    """Whether a name is a floor's."""
    return _FLOOR.fullmatch(fold(name)) is not None


def inside(place: Location | None, tree: Mapping[str, Location]) -> list[Location]:
    """What stands directly in a place, or (``None``) in the site itself."""
    key = None if place is None else place.key
    return [one for one in tree.values() if one.parent == key]


def made_of(names: Sequence[str], site: str, tree: Mapping[str, Location]) -> list[Location]:
    """The places of a path that a site's ``tree`` does not have, the outermost first; empty where two that it has are
    called alike. Raises ``CellProblem`` for a path that is too deep, that begins with a floor or with what stands
    somewhere inside, or that has a building behind its first name (of these nobody knows the building), or whose slash
    stands between other things than places."""
    here: Location | None = None
    known = 0
    for name in names:
        found = [one for one in inside(here, tree) if fold(name) in {fold(one.name.zh), fold(one.name.en)}]
        if len(found) > 1:
            return []
        if not found:
            break
        here, known = found[0], known + 1
    if known == 0:
        _require_building(names, tree)
    _require_places(names, known)
    if len(names) > DEEPEST:
        said = LocalName(f"位置最多{DEEPEST}级", f"places may stand {DEEPEST} deep at most")
        raise CellProblem("unknown_location", said)
    made: list[Location] = []
    for name in names[known:]:
        parent = None if here is None else here.key
        here = Location(new_key(), site, _kind(name, here), LocalName(name, name), parent)
        made.append(here)
    return made


def said_of(place: Location, path: str, tree: Mapping[str, Location]) -> LocalName:
    """What a warning says of a new place: what it is, where, and which one beside it is called nearly so. Names with
    other numbers are other places."""
    kind = KINDS[place.kind]
    said = LocalName(f"新建{kind.zh}“{path}”", f"the {kind.en} {path} is new")
    above = tree.get(place.parent or "")
    beside = [one for one in inside(above, tree) if one.key != place.key and _numbers(one) == _numbers(place)]
    return with_nearest(said, place.name.zh, ((one.name.zh, one.name) for one in beside))


def _numbers(place: Location) -> list[str]:
    return _NUMBER.findall(fold(place.name.zh))


def _kind(name: str, above: Location | None) -> str:
    if above is None:
        return PlaceKind.BUILDING.value
    in_building = above.kind == PlaceKind.BUILDING.value
    return PlaceKind.FLOOR.value if in_building and is_floor(name) else PlaceKind.SPACE.value


def _require_building(names: Sequence[str], tree: Mapping[str, Location]) -> None:
    called = {fold(name) for one in tree.values() for name in (one.name.zh, one.name.en)}
    buildings = {fold(name) for one in inside(None, tree) for name in (one.name.zh, one.name.en)}
    if is_floor(names[0]) or fold(names[0]) in called or fold(names[1]) in buildings:
        said = LocalName("路径要从楼栋写起", "a path begins with the building")
        raise CellProblem("unknown_location", said)


def _require_places(names: Sequence[str], known: int) -> None:
    """That what would be made, all but the first ``known`` names, are places, each in the one before."""
    no_place = next((name for name in names[known:] if says_nothing(name)), None)
    if no_place is not None:
        raise CellProblem("unknown_location", LocalName(f"“{no_place}”不是位置", f"{no_place} is no place"))
    if known == 0 and (names[0].isdecimal() or all(map(_is_bare, names))):
        said = LocalName(f"“{names[0]}”不是楼栋的名称", f"{names[0]} is no name of a building")
        raise CellProblem("unknown_location", said)
    for name, inner in list(pairwise(names))[max(known - 1, 0) :]:
        if _are_beside(name, inner):
            said = LocalName(
                f"“{name}”与“{inner}”并列，一台设备只写一个位置",
                f"{name} and {inner} stand beside each other, an asset stands in one place",
            )
            raise CellProblem("unknown_location", said)


def _is_bare(name: str) -> bool:
    return _BARE.fullmatch(fold(name)) is not None


def _are_beside(name: str, inner: str) -> bool:
    """Whether two neighbours in a path are of one kind with other numbers: 1号楼/2号楼, A/B座, 1#/2#楼."""
    one, other = fold(name), fold(inner)
    if is_floor(inner) or [*map(str.isdigit, _NUMBER.findall(one))] != [*map(str.isdigit, _NUMBER.findall(other))]:
        return False
    if _MARK.fullmatch(one) and _BUILDING.fullmatch(other):
        return True
    return not _is_bare(name) and one != other and _NUMBER.sub("0", one) == _NUMBER.sub("0", other)
