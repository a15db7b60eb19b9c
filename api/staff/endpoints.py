"""Staff, their certificates and days off."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.access import Access, Admin, Supervisor, Technician
from api.paging import bad_field, cut, cut_in_order
from api.preconditions import IfMatch, etag, expected_version, require_version
from api.retrying import BeginAgain
from api.services import Parts, Services
from api.staff.lookup import detail_of, sees, supervised_person, today, visible_person
from api.staff.schemas import (
    Absence,
    AbsenceIn,
    MembershipIn,
    OnTime,
    OnTimeList,
    OnTimeQuery,
    StaffChange,
    StaffChanged,
    StaffCreate,
    StaffDetail,
    StaffList,
    StaffMember,
    StaffQuery,
    member_of,
)
from maintenance.people.rostering import save_absence
from maintenance.people.rosters import Absence as DomainAbsence
from maintenance.people.staff import Membership, Person
from maintenance.people.staffing import add_user, save_person
from maintenance.people.upkeep import switch_off
from maintenance.ports import MaintenanceTx
from plantroom.domain.keys import new_key
from plantroom.errors import NotFound
from plantroom.ports.accounts import Role

router = APIRouter(prefix="/api/v1", tags=["people"], route_class=BeginAgain)


@router.get("/staff", operation_id="listStaff")
def list_staff(query: Annotated[StaffQuery, Query()], caller: Technician, services: Parts) -> StaffList:
    """People with a grant on the caller's sites. Telephone numbers and certificates are with the person alone."""
    if query.site is not None:
        caller.require_sight(query.site)
    with services.ledger.read() as tx:
        people = [p for p in tx.people.people(query.site) if sees(caller, p, caller.role) and _wanted(p, query)]
    page = cut(people, query, lambda p: p.username, ["username"])
    sites = caller.scope.sites
    items = [StaffMember.model_validate(member_of(p, sites)) for p in page.items]
    return StaffList(items=items, next_cursor=page.next_cursor)


def _wanted(person: Person, query: StaffQuery) -> bool:
    if query.active is not None and person.active is not query.active:
        return False
    if query.contractor is not None and person.contractor != query.contractor:
        return False
    if query.department is None:
        return True
    sites = [query.site] if query.site is not None else sorted({m.site for m in person.memberships})
    own = {g.department for g in person.grants}
    return query.department in own or any(query.department in person.departments(site) for site in sites)


@router.post("/staff", operation_id="createStaff", status_code=201)
def create_staff(form: StaffCreate, caller: Admin, services: Parts, response: Response) -> StaffDetail:
    """A new user with what makes them staff. Nobody gives more than they have."""
    grants = tuple(grant.to_domain() for grant in form.grants)
    for grant in grants:
        caller.require_grant(grant)
    with services.ledger.begin() as tx:
        made = add_user(tx, form.username, form.name, form.language, grants)
        given = replace(
            made,
            phone=form.phone,
            skills=form.skills,
            contractor=form.contractor,
            memberships=_memberships(form.departments),
        )
        stored = save_person(tx, given)
        detail = detail_of(tx, caller, stored, today(tx, caller, services.clock.now()))
    response.headers["ETag"] = etag(stored.version)
    return detail


@router.get("/staff/{username}", operation_id="getStaff")
def get_staff(username: str, caller: Technician, services: Parts, response: Response) -> StaffDetail:
    """One person. Telephone number, grants and certificate numbers: for supervisors and the person."""
    with services.ledger.read() as tx:
        person = visible_person(tx, caller, username)
        detail = detail_of(tx, caller, person, today(tx, caller, services.clock.now()))
    response.headers["ETag"] = etag(person.version)
    return detail


@router.patch("/staff/{username}", operation_id="changeStaff")
def change_staff(
    username: str,
    form: StaffChange,
    caller: Supervisor,
    services: Parts,
    response: Response,
    if_match: IfMatch = None,
) -> StaffChanged:
    """Change a person's departments, telephone number, skills or contractor, or switch them off or on."""
    expected = expected_version(if_match)
    with services.ledger.begin() as tx:
        if form.active is not None:
            # Before anything of theirs, as a table of users does.
            tx.accounts.lock_users()
        person = supervised_person(tx, caller, username)
        shown = detail_of(tx, caller, person, today(tx, caller, services.clock.now()))
        require_version(expected, shown, person.version, sorted(form.model_fields_set - {"reason"}), "person")
        stored = save_person(tx, _changed(caller, person, form), expected)
        returned = _switch(tx, caller, services, stored, form)
        stored = tx.people.person(username)
        detail = detail_of(tx, caller, stored, today(tx, caller, services.clock.now()))
    response.headers["ETag"] = etag(stored.version)
    return StaffChanged(**detail.model_dump(), returned=returned)


def _changed(caller: Access, person: Person, form: StaffChange) -> Person:
    given: dict[str, Any] = {n: v for n in ("phone", "skills") if (v := getattr(form, n)) is not None}
    if "contractor" in form.model_fields_set:
        given["contractor"] = form.contractor
    if form.departments is not None:
        scope = caller.scope.sites
        for member in form.departments:
            caller.require_site(member.site)
        kept = [m for m in person.memberships if scope is not None and m.site not in scope]
        given["memberships"] = (*kept, *_memberships(form.departments))
    return replace(person, **given)


def _memberships(departments: tuple[MembershipIn, ...]) -> tuple[Membership, ...]:
    return tuple(Membership(member.site, member.department) for member in departments)


def _switch(tx: MaintenanceTx, caller: Access, services: Services, person: Person, form: StaffChange) -> list[str]:
    """Switch a person off or on; gives the orders that went back. An administrator of everything the person may do."""
    if form.active is None or form.active is person.active:
        return []
    for grant in person.grants:
        caller.raised(Role.ADMIN).require_grant(grant)
    if form.active:
        user = tx.accounts.user_by_name(person.username)
        if user is None:
            raise NotFound(f"there is no user {person.username!r}")
        tx.accounts.put_user(replace(user, active=True))
        return []
    if not form.reason:
        raise bad_field("reason", "reason_required", "说明原因 / say why")
    return switch_off(tx, person.username, caller.principal.name, form.reason, services.clock.now())


@router.post("/staff/{username}/absences", operation_id="createAbsence", status_code=201)
def create_absence(username: str, form: AbsenceIn, caller: Supervisor, services: Parts) -> Absence:
    """Days on which the person does not work: no shift of theirs counts, and they are not called."""
    with services.ledger.begin() as tx:
        person = supervised_person(tx, caller, username)
        made = save_absence(tx, DomainAbsence(new_key(), person.username, form.first, form.last))
    return Absence.model_validate(made)


@router.delete("/absences/{absence_id}", operation_id="deleteAbsence", status_code=204)
def delete_absence(absence_id: str, caller: Supervisor, services: Parts) -> None:
    """The person works on those days after all."""
    with services.ledger.begin() as tx:
        supervised_person(tx, caller, tx.people.absence(absence_id).user)
        tx.people.drop_absence(absence_id)


@router.get("/on-time", operation_id="listOnTime")
def list_on_time(query: Annotated[OnTimeQuery, Query()], caller: Supervisor, services: Parts) -> OnTimeList:
    """How much of the work that fell due in a period was done in time. Figures about a person are for supervisors."""
    if query.site is not None:
        caller.require_sight(query.site)
    if query.end <= query.start:
        raise bad_field("to", "before_from", "should be after from")
    with services.ledger.read() as tx:
        found = tx.people.on_time(caller.scope, query.start, query.end, query.by, query.site, services.clock.now())
    page = cut_in_order(found, query, lambda one: one.who)
    return OnTimeList(items=[OnTime.of(one) for one in page.items], next_cursor=page.next_cursor)
