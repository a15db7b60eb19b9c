"""Certificates of people, what runs out, and which work needs which."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.access import Supervisor, Viewer
from api.paging import cut_in_order
from api.preconditions import IfMatch, etag, expected_version, require_version
from api.retrying import BeginAgain
from api.services import Parts
from api.staff.lookup import supervised_certificate, supervised_person, today
from api.staff.schemas import (
    Certificate,
    CertificateChange,
    CertificateCreate,
    DemandOut,
    ExpiringCertificate,
    ExpiringList,
    ExpiringQuery,
    LicenceKindOut,
    LicenceRules,
)
from maintenance.people.known import licence_demands, licence_kinds
from maintenance.people.staff import Certificate as DomainCertificate
from maintenance.people.staffing import save_certificate
from maintenance.people.upkeep import expiring
from plantroom.domain.keys import new_key

router = APIRouter(prefix="/api/v1", tags=["people"], route_class=BeginAgain)


@router.get("/licence-rules", operation_id="getLicenceRules")
def get_rules(_caller: Viewer) -> LicenceRules:
    """Kinds of certificate and licence, and which work needs which, each with its basis and how far that was checked.
    A plan row may ask for more (`licence`)."""
    kinds = [LicenceKindOut.of(kind) for kind in licence_kinds().values()]
    return LicenceRules(kinds=kinds, demands=[DemandOut.of(demand) for demand in licence_demands()])


@router.get("/certificates", operation_id="listExpiringCertificates")
def list_expiring(query: Annotated[ExpiringQuery, Query()], caller: Supervisor, services: Parts) -> ExpiringList:
    """Certificates of people and licences of contractors that run out within some days or have run out, the soonest
    first. One that was renewed is left out."""
    if query.site is not None:
        caller.require_site(query.site)
    with services.ledger.read() as tx:
        day = today(tx, caller, services.clock.now(), query.site)
        found = expiring(tx, caller.scope, day, query.expires_within, query.site)
    page = cut_in_order(found, query, lambda e: f"{e.holder} {e.kind} {e.number}")
    return ExpiringList(items=[ExpiringCertificate.of(e) for e in page.items], next_cursor=page.next_cursor)


@router.post("/staff/{username}/certificates", operation_id="createCertificate", status_code=201)
def create_certificate(
    username: str, form: CertificateCreate, caller: Supervisor, services: Parts, response: Response
) -> Certificate:
    """Add a certificate. 422 when it expires before it was issued, 409 for a number that the person has already."""
    with services.ledger.begin() as tx:
        person = supervised_person(tx, caller, username)
        made = DomainCertificate(id=new_key(), username=person.username, **form.model_dump())
        stored = save_certificate(tx, made)
        shown = Certificate.of(stored, today(tx, caller, services.clock.now()), in_full=True)
    response.headers["ETag"] = etag(stored.version)
    return shown


@router.patch("/certificates/{certificate_id}", operation_id="changeCertificate")
def change_certificate(
    certificate_id: str,
    form: CertificateChange,
    caller: Supervisor,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> Certificate:
    """Correct a certificate. A renewal is a new one."""
    expected = expected_version(if_match)
    with services.ledger.begin() as tx:
        stored = supervised_certificate(tx, caller, certificate_id)
        day = today(tx, caller, services.clock.now())
        shown = Certificate.of(stored, day, in_full=True)
        require_version(expected, shown, stored.version, sorted(form.model_fields_set), "certificate")
        given = {n: getattr(form, n) for n in form.model_fields_set}
        given = {n: v for n, v in given.items() if v is not None or n == "expires_on"}
        stored = save_certificate(tx, replace(stored, **given), expected)
    response.headers["ETag"] = etag(stored.version)
    return Certificate.of(stored, day, in_full=True)


@router.delete("/certificates/{certificate_id}", operation_id="deleteCertificate", status_code=204)
def delete_certificate(certificate_id: str, caller: Supervisor, services: Parts) -> None:
    """Take a certificate away that was entered by mistake. One that has run out stays: it shows who was qualified."""
    with services.ledger.begin() as tx:
        supervised_certificate(tx, caller, certificate_id)
        tx.people.drop_certificate(certificate_id)
