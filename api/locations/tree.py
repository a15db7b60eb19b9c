"""The location tree as it is answered: plain dictionaries, since thousands of nodes make one answer."""

from collections.abc import Mapping
from typing import Any

from plantroom.domain.assets import Location, Site


def tree_document(
    site: Site, tree: Mapping[str, Location], assets: Mapping[str | None, int], root: str | None, depth: int
) -> dict[str, Any]:
    """The document of ``LocationTree``; places in the order of their kind, then their names. Linear in the places."""
    inside: dict[str | None, list[Location]] = {}
    for place in tree.values():
        inside.setdefault(place.parent, []).append(place)
    for places in inside.values():
        places.sort(key=lambda place: (place.kind, place.name.zh, place.key))
    below = _below(tree, inside, assets)

    def node(place: Location, left: int) -> dict[str, Any]:
        children = inside.get(place.key, [])
        return {
            "key": place.key,
            "kind": place.kind,
            "name": {"zh": place.name.zh, "en": place.name.en},
            "parent": place.parent,
            "version": place.version,
            "assets": assets.get(place.key, 0),
            "assets_below": below[place.key],
            "more": 0 if left > 1 else len(children),
            "children": [node(child, left - 1) for child in children] if left > 1 else [],
        }

    first = inside.get(None, []) if root is None else [tree[root]]
    return {
        "site": site.code,
        "name": {"zh": site.name.zh, "en": site.name.en},
        "assets": assets.get(None, 0),
        "assets_below": sum(assets.values()),
        "items": [node(place, depth) for place in first],
        "next_cursor": None,
    }


def _below(
    tree: Mapping[str, Location], inside: Mapping[str | None, list[Location]], assets: Mapping[str | None, int]
) -> dict[str, int]:
    """How many assets stand in each place with all that is inside it."""
    order = list(inside.get(None, []))
    for place in order:
        order += inside.get(place.key, [])
    found = {key: assets.get(key, 0) for key in tree}
    for place in reversed(order):
        if place.parent is not None:
            found[place.parent] += found[place.key]
    return found
