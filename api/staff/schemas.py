"""Shapes of staff and certificates."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field

from api.session.schemas import GrantOut
from api.shapes import Instant, Key, ListQuery, Name, Payload, Shape, ShortText
from maintenance.people.known import licence_kinds
from maintenance.people.licences import Demand, LicenceKind
from maintenance.people.ports import OnTime as DomainOnTime
from maintenance.people.staff import Certificate as DomainCertificate
from maintenance.people.staff import Person, valid_on
from maintenance.people.upkeep import Expiry
from plantroom.ports.accounts import Grant, Role

Scopes = Annotated[tuple[Key, ...], Field(max_length=50)]


class Membership(Shape):
    """A department of a site, by its Chinese name."""

    site: str
    department: str


class MembershipIn(Payload):
    """A department of a site, in any spelling."""

    site: Key
    department: Key


class Certificate(Shape):
    """A certificate of a person. `number` and `issuer` are for supervisors and the person: `null` for others.
    `valid` is as of today."""

    id: str
    username: str
    kind: str
    name: Name
    number: str | None
    issued_on: date
    expires_on: date | None
    issuer: str | None
    classes: list[str]
    systems: list[str]
    valid: bool
    version: int

    @classmethod
    def of(cls, certificate: DomainCertificate, today: date, *, in_full: bool) -> Self:
        """From the ledger's record."""
        return cls(
            id=certificate.id,
            username=certificate.username,
            kind=certificate.kind,
            name=Name.model_validate(licence_kinds()[certificate.kind].name),
            number=certificate.number if in_full else None,
            issued_on=certificate.issued_on,
            expires_on=certificate.expires_on,
            issuer=certificate.issuer if in_full else None,
            classes=list(certificate.classes),
            systems=list(certificate.systems),
            valid=valid_on(certificate, today),
            version=certificate.version,
        )


class StaffMember(Shape):
    """A person, as colleagues see them; departments of the caller's sites only."""

    username: str
    name: str
    active: bool
    departments: list[Membership]
    skills: list[str]
    contractor: str | None
    version: int


class StaffDetail(StaffMember):
    """A person in full. `phone` and `grants` are for supervisors of a site of theirs and the person: `null` for
    others; `certificates` then come without their numbers."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "username": "li",
                    "name": "李工",
                    "active": True,
                    "departments": [{"site": "demo", "department": "电气管理部门"}],
                    "skills": ["高压柜"],
                    "contractor": None,
                    "version": 3,
                    "language": "zh",
                    "phone": "138 0000 0000",
                    "grants": [{"role": "technician", "site": "demo", "department": None, "contractor": None}],
                    "certificates": [],
                }
            ]
        }
    )

    language: str
    phone: str | None
    grants: list[GrantOut] | None
    certificates: list[Certificate]


class StaffList(Shape):
    """A page of people, by user name."""

    items: list[StaffMember]
    next_cursor: str | None = None


class StaffQuery(ListQuery):
    """Filters of people."""

    site: str | None = None
    department: str | None = None
    contractor: str | None = None
    active: bool | None = None


class GrantIn(Payload):
    """A role on a site and in a department; left out: every one. With `contractor` it reaches no further than that
    contractor's orders."""

    role: Role
    site: Key | None = None
    department: Key | None = None
    contractor: Key | None = None

    def to_domain(self) -> Grant:
        """The ledger's record."""
        return Grant(self.role, self.site, self.department, self.contractor)


Phone = Annotated[str, Field(max_length=40, description="digits, blanks, - and a leading +")]
Skills = Annotated[tuple[Key, ...], Field(max_length=50)]
Memberships = Annotated[tuple[MembershipIn, ...], Field(max_length=100)]


class StaffCreate(Payload):
    """A new user, without a password: `plantroom user password` sets one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "username": "li",
                    "name": "李工",
                    "grants": [{"role": "technician", "site": "demo"}],
                    "departments": [{"site": "demo", "department": "electrical"}],
                }
            ]
        }
    )

    username: Key
    name: ShortText = ""
    language: Literal["zh", "en"] = "zh"
    grants: Annotated[tuple[GrantIn, ...], Field(min_length=1, max_length=50)]
    departments: Memberships = ()
    phone: Phone = ""
    skills: Skills = ()
    contractor: Key | None = None


class StaffChange(Payload):
    """Fields to change; what is left out stays. `departments` replaces those on the caller's sites. `active: false`
    switches the person off (administrators; with a `reason`): their open orders go back to their departments."""

    departments: Memberships | None = None
    phone: Phone | None = None
    skills: Skills | None = None
    contractor: Key | None = None
    active: bool | None = None
    reason: ShortText = ""


class StaffChanged(StaffDetail):
    """A person after a change; `returned` are the ids of orders that went back to their departments by it."""

    returned: list[str]


class CertificateCreate(Payload):
    """A certificate. `expires_on` is its last day; empty `classes` and `systems`: all that its kind covers."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"kind": "electrician_low", "number": "T3101", "issued_on": "2025-05-01", "expires_on": "2028-04-30"}
            ]
        }
    )

    kind: Key
    number: Key
    issued_on: date
    expires_on: date | None = None
    issuer: ShortText = ""
    classes: Scopes = ()
    systems: Scopes = ()


class CertificateChange(Payload):
    """Fields to change; what is left out stays."""

    number: Key | None = None
    issued_on: date | None = None
    expires_on: date | None = None
    issuer: ShortText | None = None
    classes: Scopes | None = None
    systems: Scopes | None = None


class ExpiringCertificate(Shape):
    """A certificate or licence that runs out soon, or has run out and was not renewed (`days_left` negative)."""

    holder: str
    name: str
    is_person: bool
    kind: str
    kind_name: Name
    number: str
    expires_on: date
    days_left: int
    certificate: str | None

    @classmethod
    def of(cls, expiry: Expiry) -> Self:
        """From the domain."""
        named = Name.model_validate(licence_kinds()[expiry.kind].name)
        return cls.model_validate({name: getattr(expiry, name) for name in Expiry.__slots__} | {"kind_name": named})


class ExpiringList(Shape):
    """Certificates that run out, the soonest first."""

    items: list[ExpiringCertificate]
    next_cursor: str | None = None


class ExpiringQuery(ListQuery):
    """Which: of a site, within so many days (30 and 7 are what people look at)."""

    site: str | None = None
    expires_within: Annotated[int, Field(ge=0, le=3660, description="days from today")] = 30


class LicenceKindOut(Shape):
    """A kind of certificate. `holder` is person or contractor; `status` says how far its basis was checked."""

    key: str
    holder: str
    name: Name
    basis: Name
    status: str
    renew_months: int | None

    @classmethod
    def of(cls, kind: LicenceKind) -> Self:
        """From the data file."""
        return cls.model_validate(kind)


class DemandOut(Shape):
    """Which work needs which certificate: any one of `person`, any one of `contractor`. What is not `strict` warns and
    refuses nobody."""

    key: str
    name: Name
    classes: list[str]
    kinds: list[str]
    executors: list[str]
    rows: list[str]
    person: list[str]
    contractor: list[str]
    strict: bool
    basis: Name
    status: str

    @classmethod
    def of(cls, demand: Demand) -> Self:
        """From the data file."""
        return cls.model_validate(demand)


class LicenceRules(Shape):
    """Kinds of certificate, and which work needs which."""

    kinds: list[LicenceKindOut]
    demands: list[DemandOut]


class AbsenceIn(Payload):
    """Days off, first and last included. Why is not asked."""

    first: date
    last: date


class Absence(Shape):
    """Days off."""

    id: str
    user: str
    first: date
    last: date


class OnTimeQuery(ListQuery):
    """Which work: due from `from` up to `to`; `by` person (supervisors) or department."""

    site: str | None = None
    start: Annotated[Instant, Field(alias="from")]
    end: Annotated[Instant, Field(alias="to")]
    by: Literal["person", "department"] = "department"


class OnTime(Shape):
    """Work that fell due in the period: done in time, done late, missed, overdue still. `rate` is the share in time,
    `null` when nothing fell due."""

    who: str
    on_time: int
    late: int
    missed: int
    open: int
    rate: float | None

    @classmethod
    def of(cls, found: DomainOnTime) -> Self:
        """From the ledger."""
        return cls.model_validate(found)


class OnTimeList(Shape):
    """On-time figures, by person or department."""

    items: list[OnTime]
    next_cursor: str | None = None


def member_of(person: Person, sites: frozenset[str] | None) -> dict[str, object]:
    """What colleagues see; departments of the given sites only (``None``: all)."""
    return {
        "username": person.username,
        "name": person.shown,
        "active": person.active,
        "departments": [
            Membership(site=m.site, department=m.department)
            for m in person.memberships
            if sites is None or m.site in sites
        ],
        "skills": list(person.skills),
        "contractor": person.contractor,
        "version": person.version,
    }
