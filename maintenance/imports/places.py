"""The columns of a sheet: which heading stands for which column of a table, where several mean one. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from maintenance.imports.cells import fold
from maintenance.imports.columns import Headings


@dataclass(frozen=True, slots=True)
class Place:
    """A column of a sheet: the heading as it was written, and the column that it means (``None``: no one)."""

    column: int
    heading: str
    key: str | None


def best_places(places: Sequence[Place], headings: Headings) -> list[Place]:
    """The places of the headings; of several headings that mean one column (责任部门 and 责任人) only the one that is
    named first among its words has it. One heading that is there twice stays so."""
    best: dict[str, tuple[int, int, str]] = {}
    places = _with_parts(places, headings)
    for place in places:
        if place.key is not None:
            wide, near = headings.depth(place.key, place.heading), headings.rank(place.key, place.heading)
            rank = (wide if headings.columns[place.key].part else 0, near, fold(place.heading))
            best[place.key] = min(rank, best.get(place.key, rank))
    return [
        place if place.key is None or fold(place.heading) == best[place.key][2] else replace(place, key=None)
        for place in places
    ]


def _with_parts(places: Sequence[Place], headings: Headings) -> Sequence[Place]:
    """The places, of which the narrowest of several widths (设备名称 beside 系统) is of the column of the part."""
    found = list(places)
    for column in headings.columns.values():
        if not column.part:
            continue
        mine = {n: headings.depth(column.key, one.heading) for n, one in enumerate(places) if one.key == column.key}
        narrowest = max(mine.values(), default=0)
        for n, depth in mine.items():
            if depth == narrowest > min(mine.values()):
                found[n] = replace(places[n], key=column.part)
    return found
