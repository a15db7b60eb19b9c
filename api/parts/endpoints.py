"""Spare parts of sites: what there is of them, what they fit, what has to be bought."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.access import Access, Supervisor, Technician, Viewer
from api.paging import bad_field, page_request
from api.parts.schemas import Part, PartBooking, PartChange, PartCreate, PartList, PartQuery
from api.preconditions import IfMatch, etag, expected_version
from api.problems import StaleVersion
from api.retrying import BeginAgain
from api.services import Parts
from plantroom.domain.assets import EquipmentClass, LocalName
from plantroom.domain.keys import new_key
from plantroom.domain.parts import Part as DomainPart
from plantroom.errors import NotFound, VersionConflict
from plantroom.ports.equipment import PartFilter
from plantroom.ports.ledger import LedgerTx

router = APIRouter(prefix="/api/v1/parts", tags=["parts"], route_class=BeginAgain)


@router.get("", operation_id="listParts")
def list_parts(query: Annotated[PartQuery, Query()], caller: Viewer, services: Parts) -> PartList:
    """Parts by site and number."""
    filters = PartFilter(caller.scope, query.site, query.number, query.text, query.below_minimum, query.fits)
    with services.ledger.read() as tx:
        page = tx.parts.list(filters, page_request(query))
    return PartList(items=[Part.of(part, caller) for part in page.items], next_cursor=page.next_cursor)


@router.post("", operation_id="createPart", status_code=201)
def create_part(form: PartCreate, caller: Supervisor, services: Parts, response: Response) -> Part:
    """A new part. 409 where the site has one of that number."""
    caller.require_site(form.site)
    name = form.name.to_domain()
    given = form.model_dump(exclude={"name"}) | {"classes": tuple(form.classes), "assets": tuple(form.assets)}
    part = DomainPart(key=new_key(), name=name if name.zh else LocalName(form.number, form.number), **given)
    with services.ledger.begin() as tx:
        _check_fits(tx, services.classes, part)
        try:
            tx.parts.add(part)
        except NotFound:
            raise bad_field("site", "unknown_site", f"there is no site {form.site!r}") from None
        _note(tx, part, "created")
    response.headers["ETag"] = etag(part.version)
    response.headers["Location"] = f"/api/v1/parts/{part.key}"
    return Part.of(part, caller)


@router.get("/{part_key}", operation_id="getPart")
def get_part(part_key: str, caller: Viewer, services: Parts, response: Response) -> Part:
    """One part; its `ETag` is what a change has to send as `If-Match`."""
    with services.ledger.read() as tx:
        part = _visible(tx, caller, part_key)
    response.headers["ETag"] = etag(part.version)
    return Part.of(part, caller)


@router.patch("/{part_key}", operation_id="changePart")
def change_part(
    part_key: str, form: PartChange, caller: Supervisor, services: Parts, response: Response, if_match: IfMatch = None
) -> Part:
    """Change fields of a part. 412 with the part as it stands now when somebody else was faster."""
    with services.ledger.begin() as tx:
        stored = _visible(tx, caller, part_key)
        caller.require_change(stored.site)
        given = {name: getattr(form, name) for name in form.model_fields_set}
        given |= {name: tuple(given[name]) for name in ("classes", "assets") if name in given}
        if "name" in given:
            given["name"] = form.name.to_domain()
        changed = replace(stored, **given)
        _check_fits(tx, services.classes, changed)
        try:
            changed = tx.parts.update(changed, expected_version(if_match))
        except VersionConflict as error:
            current = Part.of(stored, caller).model_dump(mode="json")
            differing = [f.name for f in fields(stored) if f.name in given and getattr(stored, f.name) != given[f.name]]
            raise StaleVersion(str(error), current, stored.version, differing) from error
        _note(tx, changed, "changed")
    response.headers["ETag"] = etag(changed.version)
    return Part.of(changed, caller)


@router.post("/{part_key}/book", operation_id="bookPart")
def book_part(part_key: str, form: PartBooking, caller: Technician, services: Parts, response: Response) -> Part:
    """Take some out of the stock, or put some in. What was used is booked whatever had been counted: the stock may fall
    below 0."""
    with services.ledger.begin() as tx:
        stored = _visible(tx, caller, part_key)
        caller.require_change(stored.site)
        booked = tx.parts.book(part_key, form.quantity)
        tx.live.note(
            "part",
            booked.site,
            {
                "key": booked.key,
                "change": "booked",
                "quantity": form.quantity,
                "reason": form.reason,
                "by": caller.principal.name,
            },
        )
    response.headers["ETag"] = etag(booked.version)
    return Part.of(booked, caller)


@router.delete("/{part_key}", operation_id="removePart", status_code=204)
def remove_part(part_key: str, caller: Supervisor, services: Parts) -> None:
    """Remove a part that is no longer kept."""
    with services.ledger.begin() as tx:
        stored = _visible(tx, caller, part_key)
        caller.require_change(stored.site)
        tx.parts.remove(part_key)
        _note(tx, stored, "removed")


def _visible(tx: LedgerTx, caller: Access, key: str) -> DomainPart:
    try:
        part = tx.parts.get(key)
    except NotFound:
        raise NotFound("there is no such part") from None
    caller.require_sight(part.site)
    return part


def _check_fits(tx: LedgerTx, classes: Mapping[str, EquipmentClass], part: DomainPart) -> None:
    _refuse("classes", "unknown_class", (one for one in part.classes if one not in classes))
    known = tx.assets.several(part.assets)
    _refuse("assets", "unknown_asset", (k for k in part.assets if k not in known or known[k].site != part.site))


def _refuse(field: str, code: str, wrong: Iterable[str]) -> None:
    first = next(iter(wrong), None)
    if first is not None:
        raise bad_field(
            field, code, f"there is no {field.removesuffix('es').removesuffix('s')} {first!r} for this part"
        )


def _note(tx: LedgerTx, part: DomainPart, change: str) -> None:
    tx.live.note("part", part.site, {"key": part.key, "change": change})
