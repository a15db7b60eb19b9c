"""``location``: the tree of buildings, floors and spaces."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from plantroom.cli.common import AsJson, DataDir, emit, opened
from plantroom.errors import BadData

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from plantroom.domain.assets import Location

app = typer.Typer(name="location", help="The location tree: site > building > floor > space.", no_args_is_help=True)

AtSite = Annotated[str, typer.Option(help="The site.")]
PathTo = Annotated[str, typer.Argument(help="Names from the building inwards with / between, or the key.")]


@app.callback()
def _group() -> None:
    """The location tree: site > building > floor > space."""


@app.command()
def tree(site: AtSite = "demo", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """The location tree of a site, with how many assets stand in each place."""
    with opened(data_dir) as parts, parts.ledger.read() as tx:
        tx.assets.site(site)
        known, counts = tx.places.tree(site), tx.places.assets_in(site)
    items = [_document(place, depth, counts.get(place.key, 0)) for place, depth in _in_order(known, None, 0)]
    lines = [
        f"{'  ' * item['depth']}{item['name']} ({item['kind']}, {item['assets']})  {item['key']}" for item in items
    ]
    emit({"site": site, "items": items}, as_json, lines or f"site {site} has no locations")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Its name.")],
    kind: Annotated[str, typer.Option(help="building, floor or space.")],
    inside: Annotated[
        str | None, typer.Option("--in", help="What it stands in: names with / between, or a key.")
    ] = None,
    name_en: Annotated[str | None, typer.Option(help="Its English name.")] = None,
    site: AtSite = "demo",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """A new building, floor or space."""
    from plantroom.domain.assets import LocalName, Location
    from plantroom.domain.keys import new_key

    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        parent = None if inside is None else _found(tx.places.tree(site), inside).key
        made = Location(new_key(), site, kind, LocalName(name, name_en or name), parent)
        tx.places.add(made)
    emit(_document(made, 0, 0), as_json, f"{name}: {made.key}")


@app.command()
def move(
    place: PathTo,
    inside: Annotated[str | None, typer.Option("--in", help="Where it goes; left out: into the site itself.")] = None,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    name_en: Annotated[str | None, typer.Option(help="Another English name.")] = None,
    stay: Annotated[bool, typer.Option("--stay", help="It stays where it is: only the name changes.")] = False,
    site: AtSite = "demo",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Move a place, with all that stands in it, or rename it."""
    from dataclasses import replace

    from plantroom.domain.assets import LocalName

    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        known = tx.places.tree(site)
        found = _found(known, place)
        parent = found.parent if stay else None if inside is None else _found(known, inside).key
        named = LocalName(name or found.name.zh, name_en or (name if name and not name_en else found.name.en))
        changed = tx.places.update(replace(found, parent=parent, name=named), None)
    emit(_document(changed, 0, 0), as_json, f"{changed.name.zh}: {changed.key}")


@app.command()
def remove(place: PathTo, site: AtSite = "demo", data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Remove a place that nothing stands in."""
    with opened(data_dir) as parts, parts.ledger.begin() as tx:
        found = _found(tx.places.tree(site), place)
        tx.places.remove(found.key)
    emit({"removed": found.key}, as_json, f"{found.name.zh} is gone")


def _found(known: "Mapping[str, Location]", text: str) -> "Location":
    """The place of a key, or of names from the outermost inwards. Raises ``BadData`` for none, and for several."""
    if text in known:
        return known[text]
    fitting: list[Location | None] = [None]
    for part in text.split("/"):
        parents = {None if one is None else one.key for one in fitting}
        names = part.strip()
        fitting = [one for one in known.values() if one.parent in parents and names in (one.name.zh, one.name.en)]
    if len(fitting) != 1 or fitting[0] is None:
        raise BadData(
            f"{text!r}: there is {'no such place' if not fitting else 'more than one such place: use its key'}"
        )
    return fitting[0]


def _in_order(known: "Mapping[str, Location]", parent: str | None, depth: int) -> "Iterator[tuple[Location, int]]":
    inside = sorted((one for one in known.values() if one.parent == parent), key=lambda one: (one.kind, one.name.zh))
    for place in inside:
        yield place, depth
        yield from _in_order(known, place.key, depth + 1)


def _document(place: "Location", depth: int, assets: int) -> dict[str, Any]:
    return {
        "key": place.key,
        "site": place.site,
        "kind": place.kind,
        "name": place.name.zh,
        "name_en": place.name.en,
        "parent": place.parent,
        "depth": depth,
        "assets": assets,
        "version": place.version,
    }
