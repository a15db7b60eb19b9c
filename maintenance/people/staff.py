"""Staff, certificates, contractors. Pure.

What is stored about a person is what the work needs: what they sign in by, name, departments, one telephone number,
certificates. No birthday, no identity number, no address, no reason of an absence.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from plantroom.domain.assets import LocalName
from plantroom.errors import BadData, FieldProblem
from plantroom.ports.accounts import Grant, Role

_WORKING = frozenset({Role.ADMIN, Role.SUPERVISOR, Role.TECHNICIAN})


@dataclass(frozen=True, slots=True)
class Membership:
    """A person belongs to a department (its Chinese name) of a site."""

    site: str
    department: str


@dataclass(frozen=True, slots=True)
class Person:
    """A user as staff. ``contractor`` is the id of the organisation whose people they are (``None``: our own)."""

    username: str
    name: str
    language: str
    active: bool
    grants: tuple[Grant, ...]
    phone: str = ""
    skills: tuple[str, ...] = ()
    contractor: str | None = None
    memberships: tuple[Membership, ...] = ()
    version: int = 1

    @property
    def shown(self) -> str:
        """What people call them."""
        return self.name or self.username

    def departments(self, site: str) -> frozenset[str]:
        """Their departments on a site: memberships, and those that a grant names."""
        by_grant = {g.department for g in self.grants if g.site in {None, site} and g.department is not None}
        return frozenset(m.department for m in self.memberships if m.site == site) | by_grant

    def may_work(self, site: str, department: str | None, contractor: str | None = None) -> bool:
        """Whether a grant lets them do work of a department on a site (``None``: of nobody in particular); of a grant
        that is limited to a contractor's orders: of that contractor."""
        return any(
            g.role in _WORKING
            and g.site in {None, site}
            and (g.department is None or department is None or g.department == department)
            and (g.contractor is None or g.contractor == contractor)
            for g in self.grants
        )

    def is_on(self, site: str) -> bool:
        """Whether they have any grant on a site."""
        return any(g.site in {None, site} for g in self.grants)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate of a person. ``kind`` is a key of ``maintenance/seed/licences.toml``; ``expires_on`` is its last
    day (``None``: it does not run out). ``classes`` and ``systems`` empty: it holds for all that its kind covers."""

    id: str
    username: str
    kind: str
    number: str
    issued_on: date
    expires_on: date | None = None
    issuer: str = ""
    classes: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    version: int = 1

    def covers(self, equipment_class: str | None, systems: Sequence[str] = ()) -> bool:
        """Whether its scope takes in a class or one of its systems. Work on no machine in particular is covered."""
        return _covers(self.classes, self.systems, equipment_class, systems)


@dataclass(frozen=True, slots=True)
class ContractorLicence:
    """A licence of an organisation, as ``Certificate``."""

    kind: str
    number: str
    issued_on: date
    expires_on: date | None = None
    issuer: str = ""
    classes: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()

    def covers(self, equipment_class: str | None, systems: Sequence[str] = ()) -> bool:
        """As ``Certificate.covers``."""
        return _covers(self.classes, self.systems, equipment_class, systems)


@dataclass(frozen=True, slots=True)
class Contractor:
    """An organisation that does work for a site (``None``: for every site)."""

    id: str
    site: str | None
    name: LocalName
    licences: tuple[ContractorLicence, ...] = ()
    contact: str = ""
    phone: str = ""
    active: bool = True
    version: int = 1


def valid_on(certificate: Certificate | ContractorLicence, day: date) -> bool:
    """Whether it holds on a local day; the day of issue and the last day count."""
    return certificate.issued_on <= day and (certificate.expires_on is None or day <= certificate.expires_on)


def date_problems(issued_on: date, expires_on: date | None, prefix: str = "") -> Iterator[FieldProblem]:
    """What is wrong with the dates of a certificate."""
    if expires_on is not None and expires_on < issued_on:
        words = f"有效期截止{expires_on}早于签发日{issued_on} / expires before it was issued ({issued_on})"
        yield FieldProblem(f"{prefix}expires_on", "before_issued", words)


def checked_dates(certificate: Certificate) -> Certificate:
    """The certificate when its dates make sense. Raises ``BadData``."""
    problems = list(date_problems(certificate.issued_on, certificate.expires_on))
    if problems:
        raise BadData(problems[0].message, problems)
    return certificate


def checked_licences(contractor: Contractor) -> Contractor:
    """The contractor when the dates of its licences make sense. Raises ``BadData``."""
    problems = [
        problem
        for n, licence in enumerate(contractor.licences)
        for problem in date_problems(licence.issued_on, licence.expires_on, f"licences.{n}.")
    ]
    if problems:
        raise BadData(problems[0].message, problems)
    return contractor


def _covers(
    classes: Sequence[str], systems: Sequence[str], equipment_class: str | None, its_systems: Sequence[str]
) -> bool:
    if (not classes and not systems) or equipment_class is None:
        return True
    return equipment_class in classes or any(system in systems for system in its_systems)
