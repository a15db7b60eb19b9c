"""The location tree of a site: site > building > floor > space."""

from dataclasses import replace
from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Response

from api.access import Access, Supervisor, Viewer
from api.locations.schemas import (
    Location,
    LocationChange,
    LocationCreate,
    LocationList,
    LocationQuery,
    LocationTree,
    TreeQuery,
)
from api.locations.tree import tree_document
from api.paging import bad_field, cut
from api.preconditions import IfMatch, etag, expected_version
from api.problems import StaleVersion
from api.retrying import BeginAgain
from api.services import Parts
from plantroom.domain.assets import Location as DomainLocation
from plantroom.domain.keys import new_key
from plantroom.errors import NotFound, VersionConflict
from plantroom.ports.ledger import LedgerTx

router = APIRouter(prefix="/api/v1/locations", tags=["locations"], route_class=BeginAgain)


@router.get("", operation_id="listLocations")
def list_locations(query: Annotated[LocationQuery, Query()], caller: Viewer, services: Parts) -> LocationList:
    """The locations of a site."""
    caller.require_sight(query.site)
    with services.ledger.read() as tx:
        tx.assets.site(query.site)
        page = cut(tx.assets.locations(query.site), query, lambda n: n.key, ["key"])
    return LocationList(items=[Location.model_validate(n) for n in page.items], next_cursor=page.next_cursor)


@router.get("/tree", operation_id="getLocationTree", response_model=LocationTree)
def get_tree(query: Annotated[TreeQuery, Query()], caller: Viewer, services: Parts) -> Response:
    """The location tree of a site, or a part of it, with how many assets stand where."""
    caller.require_sight(query.site)
    with services.ledger.read() as tx:
        site, tree = tx.assets.site(query.site), tx.places.tree(query.site)
        if query.root is not None and query.root not in tree:
            raise bad_field("root", "unknown_location", f"site {query.site} has no location {query.root!r}")
        document = tree_document(site, tree, tx.places.assets_in(query.site), query.root, query.depth)
    return Response(orjson.dumps(document), media_type="application/json")


@router.post("", operation_id="createLocation", status_code=201)
def create_location(form: LocationCreate, caller: Supervisor, services: Parts, response: Response) -> Location:
    """A new building, floor or space. 422 that names the field where it cannot stand."""
    caller.require_site(form.site)
    made = DomainLocation(new_key(), form.site, form.kind, form.name.to_domain(), form.parent)
    with services.ledger.begin() as tx:
        try:
            tx.places.add(made)
        except NotFound:
            raise bad_field("site", "unknown_site", f"there is no site {form.site!r}") from None
        _note(tx, made, "created")
    response.headers["ETag"] = etag(made.version)
    response.headers["Location"] = f"/api/v1/locations/{made.key}"
    return Location.model_validate(made)


@router.get("/{location_key}", operation_id="getLocation")
def get_location(location_key: str, caller: Viewer, services: Parts, response: Response) -> Location:
    """One location; its `ETag` is what a change has to send as `If-Match`."""
    with services.ledger.read() as tx:
        found = _visible(tx, caller, location_key)
    response.headers["ETag"] = etag(found.version)
    return Location.model_validate(found)


@router.patch("/{location_key}", operation_id="changeLocation")
def change_location(
    location_key: str,
    form: LocationChange,
    caller: Supervisor,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> Location:
    """Rename a location or move it, with all that stands in it, elsewhere within its site. 412 with the location as it
    stands now when somebody else was faster."""
    with services.ledger.begin() as tx:
        stored = _visible(tx, caller, location_key)
        caller.require_change(stored.site)
        given = {name: getattr(form, name) for name in form.model_fields_set}
        if form.name is not None:
            given["name"] = form.name.to_domain()
        given = {name: value for name, value in given.items() if name == "parent" or value is not None}
        try:
            changed = tx.places.update(replace(stored, **given), expected_version(if_match))
        except VersionConflict as error:
            newest = tx.places.get(location_key)
            current = Location.model_validate(newest).model_dump(mode="json")
            differing = [name for name, value in given.items() if getattr(newest, name) != value]
            raise StaleVersion(str(error), current, newest.version, differing) from error
        _note(tx, changed, "changed")
    response.headers["ETag"] = etag(changed.version)
    return Location.model_validate(changed)


@router.delete("/{location_key}", operation_id="removeLocation", status_code=204)
def remove_location(location_key: str, caller: Supervisor, services: Parts) -> None:
    """Remove a location. 409 while a place or an asset stands in it."""
    with services.ledger.begin() as tx:
        stored = _visible(tx, caller, location_key)
        caller.require_change(stored.site)
        tx.places.remove(location_key)
        _note(tx, stored, "removed")


def _visible(tx: LedgerTx, caller: Access, key: str) -> DomainLocation:
    try:
        found = tx.places.get(key)
    except NotFound:
        raise NotFound("there is no such location") from None
    caller.require_sight(found.site)
    return found


def _note(tx: LedgerTx, location: DomainLocation, change: str) -> None:
    tx.live.note("location", location.site, {"key": location.key, "change": change})
