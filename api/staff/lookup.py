"""People as the caller may see them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from api.access import Access
from api.staff.schemas import Certificate, StaffDetail, member_of
from maintenance.people.staff import Certificate as DomainCertificate
from maintenance.people.staff import Person
from maintenance.ports import MaintenanceTx
from plantroom.errors import NotFound
from plantroom.ports.accounts import Role


def today(tx: MaintenanceTx, caller: Access, now: datetime, site: str | None = None) -> date:
    """The local day of a site, else of the first one that the caller sees, else UTC's: the day certificates are shown
    as valid on."""
    sites = [s for s in tx.assets.sites() if caller.scope.allows(s.code) and site in {None, s.code}]
    return now.astimezone(ZoneInfo(sites[0].time_zone)).date() if sites else now.date()


def sees(caller: Access, person: Person, role: Role = Role.VIEWER) -> bool:
    """Whether the caller holds the role on any site on which the person has a grant."""
    scope = caller.principal.scope(role)
    if scope.sites is None:
        return True
    return any(person.is_on(site) for site in scope.sites)


def visible_person(tx: MaintenanceTx, caller: Access, username: str) -> Person:
    """The person; ``NotFound`` for one on no site of the caller's."""
    person = tx.people.person(username)
    if not sees(caller, person) and not is_self(caller, person):
        raise NotFound("there is nothing by that name")
    return person


def supervised_person(tx: MaintenanceTx, caller: Access, username: str) -> Person:
    """The person, for whoever may change them: ``Forbidden`` unless the caller holds the role on a site of theirs."""
    person = visible_person(tx, caller, username)
    if not sees(caller, person, caller.role):
        caller.require_site(next((g.site for g in person.grants if g.site is not None), "*"))
    return person


def is_self(caller: Access, person: Person) -> bool:
    """Whether it is the caller."""
    return caller.principal.kind == "person" and caller.principal.name == person.username


def detail_of(tx: MaintenanceTx, caller: Access, person: Person, today: date) -> StaffDetail:
    """A person with what the caller may see of them."""
    in_full = is_self(caller, person) or sees(caller, person, Role.SUPERVISOR)
    scope = caller.principal.scope(Role.VIEWER)
    grants = [g for g in person.grants if scope.sites is None or g.site is None or g.site in scope.sites]
    held = tx.people.certificates([person.username])
    return StaffDetail.model_validate(
        member_of(person, scope.sites)
        | {
            "language": person.language,
            "phone": person.phone if in_full else None,
            "grants": grants if in_full else None,
            "certificates": [Certificate.of(c, today, in_full=in_full) for c in held],
        }
    )


def supervised_certificate(tx: MaintenanceTx, caller: Access, certificate_id: str) -> DomainCertificate:
    """A certificate, for whoever may change it. ``NotFound``, ``Forbidden``."""
    found = tx.people.certificate(certificate_id)
    supervised_person(tx, caller, found.username)
    return found
