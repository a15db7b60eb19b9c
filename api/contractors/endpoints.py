"""Organisations that work for a site."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.access import Access, Supervisor, Technician
from api.contractors.schemas import Contractor, ContractorChange, ContractorCreate, ContractorList, ContractorQuery
from api.paging import cut
from api.preconditions import IfMatch, etag, expected_version, require_version
from api.retrying import BeginAgain
from api.services import Parts
from maintenance.people.staff import Contractor as DomainContractor
from maintenance.people.staffing import save_contractor
from maintenance.people.upkeep import review_contractor
from maintenance.ports import MaintenanceTx
from plantroom.domain.keys import new_key
from plantroom.errors import NotFound
from plantroom.ports.accounts import Role

router = APIRouter(prefix="/api/v1/contractors", tags=["people"], route_class=BeginAgain)


@router.get("", operation_id="listContractors")
def list_contractors(query: Annotated[ContractorQuery, Query()], caller: Technician, services: Parts) -> ContractorList:
    """Contractors with their licences. Whom to call there is for supervisors."""
    with services.ledger.read() as tx:
        found = [
            c
            for c in tx.people.contractors(caller.scope, query.site)
            if query.active is None or c.active is query.active
        ]
    page = cut(found, query, lambda c: f"{c.name.zh} {c.id}", ["name"])
    items = [Contractor.of(c, in_full=_supervises(caller, c)) for c in page.items]
    return ContractorList(items=items, next_cursor=page.next_cursor)


def _supervises(caller: Access, contractor: DomainContractor) -> bool:
    scope = caller.principal.scope(Role.SUPERVISOR)
    return scope.sites is None or (scope.sites != frozenset() and contractor.site in {None, *scope.sites})


@router.post("", operation_id="createContractor", status_code=201)
def create_contractor(form: ContractorCreate, caller: Supervisor, services: Parts, response: Response) -> Contractor:
    """Add a contractor of a site; one for every site needs the role everywhere."""
    if form.site is None:
        caller.require_everywhere()
    else:
        caller.require_site(form.site)
    made = DomainContractor(
        id=new_key(),
        site=form.site,
        name=form.name.to_domain(),
        licences=tuple(licence.to_domain() for licence in form.licences),
        contact=form.contact,
        phone=form.phone,
    )
    with services.ledger.begin() as tx:
        stored = save_contractor(tx, made)
    response.headers["ETag"] = etag(stored.version)
    return Contractor.of(stored, in_full=True)


@router.get("/{contractor_id}", operation_id="getContractor")
def get_contractor(contractor_id: str, caller: Technician, services: Parts, response: Response) -> Contractor:
    """One contractor."""
    with services.ledger.read() as tx:
        found = _visible(tx, caller, contractor_id)
    response.headers["ETag"] = etag(found.version)
    return Contractor.of(found, in_full=_supervises(caller, found))


@router.patch("/{contractor_id}", operation_id="changeContractor")
def change_contractor(
    contractor_id: str,
    form: ContractorChange,
    caller: Supervisor,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> Contractor:
    """Change a contractor. Orders that it may not do any more go back to their departments."""
    expected = expected_version(if_match)
    with services.ledger.begin() as tx:
        stored = _visible(tx, caller, contractor_id)
        if stored.site is None:
            caller.require_everywhere()
        else:
            caller.require_change(stored.site)
        shown = Contractor.of(stored, in_full=True)
        require_version(expected, shown, stored.version, sorted(form.model_fields_set), "contractor")
        given: dict[str, Any] = {n: v for n in ("contact", "phone", "active") if (v := getattr(form, n)) is not None}
        if form.name is not None:
            given["name"] = form.name.to_domain()
        if form.licences is not None:
            given["licences"] = tuple(licence.to_domain() for licence in form.licences)
        changed = save_contractor(tx, replace(stored, **given), expected)
        review_contractor(tx, contractor_id, services.clock.now())
    response.headers["ETag"] = etag(changed.version)
    return Contractor.of(changed, in_full=True)


def _visible(tx: MaintenanceTx, caller: Access, contractor_id: str) -> DomainContractor:
    """The contractor, when the caller sees any site that it works for."""
    found = tx.people.contractor(contractor_id)
    scope = caller.principal.scope(Role.VIEWER)
    if scope.sites is not None and (not scope.sites or (found.site is not None and not scope.allows(found.site))):
        raise NotFound("there is nothing by that name")
    return found
