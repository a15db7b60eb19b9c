"""On-call rosters, who is on call, and when nobody is."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.access import Supervisor, Technician
from api.on_call.schemas import (
    OnCallCover,
    OnCallCoverIn,
    OnCallGap,
    OnCallGapList,
    OnCallGapQuery,
    OnCallList,
    OnCallPerson,
    OnCallQuery,
    OnCallRota,
    OnCallRotaChange,
    OnCallRotaCreate,
    OnCallRotaList,
    OnCallRotaQuery,
)
from api.paging import cut_in_order
from api.preconditions import IfMatch, etag, expected_version, require_version
from api.retrying import BeginAgain
from api.services import Parts
from maintenance.people.duty import holidays_of, on_call_all
from maintenance.people.on_call import Cover, Rota
from maintenance.people.owners import known_department
from maintenance.people.rostering import gaps_of, save_cover, save_rota
from plantroom.domain.keys import new_key

router = APIRouter(prefix="/api/v1/on-call", tags=["people"], route_class=BeginAgain)


@router.get("", operation_id="listOnCall")
def list_on_call(query: Annotated[OnCallQuery, Query()], caller: Technician, services: Parts) -> OnCallList:
    """Who is to be called, in this order, with the number to call them on."""
    caller.require_site(query.site)
    with services.ledger.read() as tx:
        department = query.department and known_department(tx, query.site, query.department)
        at = query.at or services.clock.now()
        found = on_call_all(tx, at, query.site, department, query.severity, holidays_of(tx, query.site))
    page = cut_in_order(found, query, lambda one: str(one.level))
    return OnCallList(items=[OnCallPerson.of(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/gaps", operation_id="listOnCallGaps")
def list_gaps(query: Annotated[OnCallGapQuery, Query()], caller: Technician, services: Parts) -> OnCallGapList:
    """When nobody can be reached on a rota: it has ended, or whose turn it is is away or switched off."""
    caller.require_site(query.site)
    now = services.clock.now()
    with services.ledger.read() as tx:
        found = gaps_of(tx, query.site, now, now + timedelta(days=query.days), holidays_of(tx, query.site))
    page = cut_in_order(found, query, lambda pair: f"{pair[0].id} {pair[1].starts_at.isoformat()}")
    return OnCallGapList(items=[OnCallGap.of(*pair) for pair in page.items], next_cursor=page.next_cursor)


@router.get("/rotas", operation_id="listOnCallRotas")
def list_rotas(query: Annotated[OnCallRotaQuery, Query()], caller: Technician, services: Parts) -> OnCallRotaList:
    """The on-call rotas of a site."""
    caller.require_site(query.site)
    with services.ledger.read() as tx:
        page = cut_in_order(tx.people.rotas(query.site), query, lambda r: r.id)
    return OnCallRotaList(items=[OnCallRota.of(r) for r in page.items], next_cursor=page.next_cursor)


@router.post("/rotas", operation_id="createOnCallRota", status_code=201)
def create_rota(form: OnCallRotaCreate, caller: Supervisor, services: Parts, response: Response) -> OnCallRota:
    """Add an on-call rota."""
    caller.require_site(form.site)
    given = form.model_dump(exclude={"name", "department"})
    with services.ledger.begin() as tx:
        department = form.department and known_department(tx, form.site, form.department)
        caller.require_site(form.site, [department])
        stored = save_rota(tx, Rota(id=new_key(), name=form.name.to_domain(), department=department or None, **given))
    response.headers["ETag"] = etag(stored.version)
    return OnCallRota.of(stored)


@router.patch("/rotas/{rota_id}", operation_id="changeOnCallRota")
def change_rota(
    rota_id: str,
    form: OnCallRotaChange,
    caller: Supervisor,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> OnCallRota:
    """Change an on-call rota."""
    expected = expected_version(if_match)
    with services.ledger.begin() as tx:
        stored = tx.people.rota(rota_id)
        caller.require_change(stored.site, [stored.department])
        require_version(expected, OnCallRota.of(stored), stored.version, sorted(form.model_fields_set), "on-call rota")
        given: dict[str, Any] = {n: getattr(form, n) for n in form.model_fields_set}
        given = {n: v for n, v in given.items() if v is not None or n == "ends_on"}
        if form.name is not None:
            given["name"] = form.name.to_domain()
        stored = save_rota(tx, replace(stored, **given), expected)
    response.headers["ETag"] = etag(stored.version)
    return OnCallRota.of(stored)


@router.delete("/rotas/{rota_id}", operation_id="deleteOnCallRota", status_code=204)
def delete_rota(rota_id: str, caller: Supervisor, services: Parts) -> None:
    """Take an on-call rota away with its covers."""
    with services.ledger.begin() as tx:
        stored = tx.people.rota(rota_id)
        caller.require_change(stored.site, [stored.department])
        tx.people.drop_rota(rota_id)


@router.post("/rotas/{rota_id}/covers", operation_id="createOnCallCover", status_code=201)
def create_cover(rota_id: str, form: OnCallCoverIn, caller: Supervisor, services: Parts) -> OnCallCover:
    """Somebody stands in for whoever is on call."""
    with services.ledger.begin() as tx:
        rota = tx.people.rota(rota_id)
        caller.require_change(rota.site, [rota.department])
        cover = Cover(
            id=new_key(),
            rota=rota_id,
            user=form.user,
            starts_at=form.starts_at,
            ends_at=form.ends_at,
            reason=form.reason,
            by=caller.principal.name,
            at=services.clock.now(),
        )
        save_cover(tx, cover)
    return OnCallCover.of(cover)


@router.delete("/covers/{cover_id}", operation_id="deleteOnCallCover", status_code=204)
def delete_cover(cover_id: str, caller: Supervisor, services: Parts) -> None:
    """The turn is whose it was."""
    with services.ledger.begin() as tx:
        rota = tx.people.rota(tx.people.cover(cover_id).rota)
        caller.require_change(rota.site, [rota.department])
        tx.people.drop_cover(cover_id)
