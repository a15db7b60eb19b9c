"""Port of people: where departments, staff, rosters, on-call rosters and assignments live.

It belongs to the ledger's transaction; the errors of ``plantroom.ports.ledger`` apply. People are known by the name
they sign in by.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from maintenance.people.assignment import Load
from maintenance.people.departments import Department
from maintenance.people.on_call import Cover, Rota
from maintenance.people.rosters import Absence, Shift, ShiftChange
from maintenance.people.staff import Certificate, Contractor, Person
from plantroom.ports.paging import Scope


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who was given an order, by whom, when and why. ``user`` and ``contractor`` both ``None``: back to the
    department. ``ended_how``: reassigned, declined, expired, switched_off, released; ``None`` while it stands, and for
    ever when the order was finished by them. ``minutes`` is what the work was estimated at."""

    id: str
    work_order: str
    site: str
    user: str | None
    contractor: str | None
    by: str
    at: datetime
    why: str
    automatic: bool
    minutes: int
    ended_at: datetime | None = None
    ended_how: str | None = None
    ended_why: str | None = None
    ended_by: str | None = None


@dataclass(frozen=True, slots=True)
class OnTime:
    """How much of the work that fell due in a period was done in time. ``who`` is a user or a department; ``late``
    was done after it was due, ``missed`` ended without being done, ``open`` is overdue and not done yet."""

    who: str
    on_time: int
    late: int
    missed: int
    open: int

    @property
    def rate(self) -> float | None:
        """Share done in time, 0 to 1; ``None`` when nothing fell due."""
        total = self.on_time + self.late + self.missed + self.open
        return self.on_time / total if total else None


class PeopleRepository(ABC):
    """Departments, staff, contractors, rosters, on-call rosters, assignments.

    ``put_*`` adds or replaces by id. With ``expected`` it raises ``VersionConflict`` when another version is stored,
    and gives the record with its new version; a new record has version 1."""

    @abstractmethod
    def departments(self, site: str) -> Sequence[Department]:
        """Those that a site has changed, by key; empty while it has the seeded ones."""

    @abstractmethod
    def put_department(self, department: Department, expected: int | None = None) -> Department:
        """Add or replace."""

    @abstractmethod
    def drop_department(self, site: str, key: str) -> None:
        """Take away; ``NotFound``."""

    @abstractmethod
    def uses_of_department(self, site: str, name: str) -> Mapping[str, int]:
        """How much names a department (by its Chinese name): open work orders, assets, plan rows that hold for the
        site, shifts, on-call rotas, members, grants. Only what there is any of."""

    @abstractmethod
    def people(self, site: str | None = None) -> Sequence[Person]:
        """Everybody, or those with a grant on a site, by user name."""

    @abstractmethod
    def person(self, username: str) -> Person:
        """``NotFound`` for an unknown user."""

    @abstractmethod
    def put_person(self, person: Person, expected: int | None = None) -> Person:
        """Write what makes a user staff (telephone, skills, contractor, memberships); the account is not touched."""

    @abstractmethod
    def certificates(self, usernames: Sequence[str] | None = None) -> Sequence[Certificate]:
        """Of some or all people, by user, kind and last day."""

    @abstractmethod
    def certificate(self, certificate_id: str) -> Certificate: ...

    @abstractmethod
    def put_certificate(self, certificate: Certificate, expected: int | None = None) -> Certificate:
        """Add or replace; ``Conflict`` for a number that the same person has of that kind already."""

    @abstractmethod
    def drop_certificate(self, certificate_id: str) -> None: ...

    @abstractmethod
    def contractors(self, scope: Scope, site: str | None = None) -> Sequence[Contractor]:
        """Those that work for any of the sites, by Chinese name and id."""

    @abstractmethod
    def contractor(self, contractor_id: str) -> Contractor: ...

    @abstractmethod
    def put_contractor(self, contractor: Contractor, expected: int | None = None) -> Contractor: ...

    @abstractmethod
    def shifts(self, site: str | None = None, users: Sequence[str] | None = None) -> Sequence[Shift]:
        """Shifts of a site, or those that list one of some people, by site, department, beginning and id."""

    @abstractmethod
    def shift(self, shift_id: str) -> Shift: ...

    @abstractmethod
    def put_shift(self, shift: Shift, expected: int | None = None) -> Shift:
        """Add or replace. Nobody else changes shifts or their exceptions until the transaction ends."""

    @abstractmethod
    def drop_shift(self, shift_id: str) -> None:
        """Take a shift away with its changes."""

    @abstractmethod
    def shift_changes(self, first: date, last: date, shifts: Sequence[str]) -> Sequence[ShiftChange]:
        """Changes of some shifts on days from the first to the last, in the order they were made."""

    @abstractmethod
    def shift_change(self, change_id: str) -> ShiftChange: ...

    @abstractmethod
    def shifts_changed_for(self, users: Sequence[str], first: date, last: date) -> Sequence[str]:
        """Ids of shifts that a change brings one of some people to."""

    @abstractmethod
    def add_shift_change(self, change: ShiftChange) -> None:
        """Add; as ``put_shift``."""

    @abstractmethod
    def drop_shift_change(self, change_id: str) -> None: ...

    @abstractmethod
    def absences(self, first: date, last: date, users: Sequence[str] | None = None) -> Sequence[Absence]:
        """Absences that touch the days from the first to the last."""

    @abstractmethod
    def absence(self, absence_id: str) -> Absence: ...

    @abstractmethod
    def add_absence(self, absence: Absence) -> None: ...

    @abstractmethod
    def drop_absence(self, absence_id: str) -> None: ...

    @abstractmethod
    def rotas(self, site: str) -> Sequence[Rota]:
        """On-call rotas of a site, by level and id."""

    @abstractmethod
    def rota(self, rota_id: str) -> Rota: ...

    @abstractmethod
    def put_rota(self, rota: Rota, expected: int | None = None) -> Rota: ...

    @abstractmethod
    def drop_rota(self, rota_id: str) -> None:
        """Take a rota away with its covers."""

    @abstractmethod
    def covers(self, rotas: Sequence[str], start: datetime, end: datetime) -> Sequence[Cover]:
        """Covers of some rotas that touch a span."""

    @abstractmethod
    def cover(self, cover_id: str) -> Cover: ...

    @abstractmethod
    def add_cover(self, cover: Cover) -> None: ...

    @abstractmethod
    def drop_cover(self, cover_id: str) -> None: ...

    @abstractmethod
    def add_assignment(self, assignment: Assignment) -> None:
        """Add; one that still stands for the order has to be ended before."""

    @abstractmethod
    def end_assignment(self, work_order: str, at: datetime, how: str, why: str, by: str) -> Assignment | None:
        """End the one that stands for an order; gives it as it is then, ``None`` when none stands."""

    @abstractmethod
    def assignments(self, work_order: str) -> Sequence[Assignment]:
        """All of an order, oldest first."""

    @abstractmethod
    def loads(self) -> Mapping[str, Load]:
        """By user, of those who were ever given work: their open orders on any site, and when they were given something
        last."""

    @abstractmethod
    def ownerless(self, before: date, site: str | None = None) -> Sequence[str]:
        """Ids of open orders (scheduled ones that begin before a day) that nobody has been given, the most urgent
        first."""

    @abstractmethod
    def given(self, username: str | None = None, site: str | None = None) -> Sequence[str]:
        """Ids of open orders that a person, or anybody, has been given."""

    @abstractmethod
    def open_places(self, site: str) -> Sequence[tuple[str, str]]:
        """Who has an open order where: user and location's key, each pair once."""

    @abstractmethod
    def on_time(
        self,
        scope: Scope,
        start: datetime,
        end: datetime,
        by: str,
        site: str | None = None,
        now: datetime | None = None,
    ) -> Sequence[OnTime]:
        """Of work that fell due from ``start`` up to ``end``: by ``person`` or ``department``. Cancelled, deferred,
        bypassed and rejected work is left out; what is not over at ``now`` (default: ``end``) is not counted."""
