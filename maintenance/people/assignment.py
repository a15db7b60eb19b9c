"""Who may do a piece of work, who is the best choice, and why others are not. Pure.

Refused: who is switched off, has no grant for the site and department, lacks a certificate that the work demands,
belongs to another organisation than the order. Set aside by the automatic choice only: who is not of the department,
is not on shift, is away, has declined the order. Among the rest the one with the least work gets it: minutes of open
orders, then their number, then who was given something longest ago, then the name; so it is fair, and the same for
whoever computes it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from maintenance.people.licences import (
    Demand,
    Lack,
    LicenceKind,
    Work,
    demanded,
    lacks_of_contractor,
    lacks_of_person,
)
from maintenance.people.rosters import Absence, Duty, is_absent
from maintenance.people.staff import Certificate, Contractor, Person
from plantroom.domain.assets import LocalName

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work to be given to somebody. ``days`` are the local days on which certificates have to hold: today,
    and the day it is due. ``start`` to ``end`` is when somebody has to be on shift: at ``start``, or for work with a
    window at any time of it."""

    order: str
    site: str
    department: str | None
    work: Work
    days: tuple[date, ...]
    start: datetime
    end: datetime
    contractor: str | None = None
    place: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Load:
    """A person's open orders, their estimated minutes, and when they were given something last."""

    orders: int = 0
    minutes: int = 0
    last_given_at: datetime | None = None


NO_LOAD = Load()


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about people. ``duties`` are those that touch the job's span, by user; ``declined`` who has
    declined this order; ``open_places`` the locations, from the leaf to the building, of a person's open orders."""

    certificates: Mapping[str, Sequence[Certificate]] = field(default_factory=dict)
    contractors: Mapping[str, Contractor] = field(default_factory=dict)
    duties: Mapping[str, Sequence[Duty]] = field(default_factory=dict)
    absences: Sequence[Absence] = ()
    loads: Mapping[str, Load] = field(default_factory=dict)
    declined: frozenset[str] = frozenset()
    open_places: Mapping[str, Sequence[tuple[str, ...]]] = field(default_factory=dict)
    demands: Sequence[Demand] = ()
    kinds: Mapping[str, LicenceKind] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody is not the one; ``refuses``: they cannot be given the work at all."""

    code: str
    text: LocalName
    refuses: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person for a job. ``distance`` counts the steps in the location tree to the nearest other open order."""

    person: Person
    on_shift: bool
    load: Load
    reasons: tuple[Reason, ...]
    warnings: tuple[LocalName, ...]
    distance: int | None = None

    @property
    def allowed(self) -> bool:
        """Whether they may be given the work by hand."""
        return not any(reason.refuses for reason in self.reasons)

    @property
    def suggested(self) -> bool:
        """Whether the automatic choice considers them."""
        return not self.reasons


def judge(job: Job, person: Person, facts: Facts, asked: Sequence[Demand] | None = None) -> Candidate:
    """What speaks against a person, what only has to be said, and how much they have to do. ``asked`` are the demands
    of the work where the caller has them already."""
    demands = demanded(job.work, facts.demands, facts.kinds) if asked is None else asked
    reasons = [*_standing(job, person, facts)]
    warnings: list[LocalName] = []
    for lack in _lacks(job, person, facts, demands):
        if lack.strict:
            reasons.append(Reason(lack.code, lack.text, refuses=True))
        else:
            warnings.append(lack.text)
    on_shift = bool(facts.duties.get(person.username))
    reasons += _today(job, person, facts, on_shift=on_shift)
    return Candidate(
        person=person,
        on_shift=on_shift,
        load=facts.loads.get(person.username, NO_LOAD),
        reasons=tuple(reasons),
        warnings=tuple(warnings),
        distance=nearest(job.place, facts.open_places.get(person.username, ())),
    )


def candidates(job: Job, people: Sequence[Person], facts: Facts) -> list[Candidate]:
    """Everybody of the site, the best choice first, then who may be given it by hand, then who may not."""
    asked = demanded(job.work, facts.demands, facts.kinds)
    judged = [judge(job, person, facts, asked) for person in people if person.is_on(job.site)]
    return sorted(judged, key=lambda c: (not c.suggested, not c.allowed, len(c.reasons), _preference(c)))


def choice(job: Job, people: Sequence[Person], facts: Facts) -> Candidate | None:
    """Whom the automatic assignment gives the work to; ``None``: it stays with the department."""
    return min(suggestions(job, people, facts), key=_preference, default=None)


def suggestions(job: Job, people: Sequence[Person], facts: Facts) -> Iterator[Candidate]:
    """Those whom the automatic choice considers, in no particular order. Who is not on shift or of another department
    is left out before anything else is looked at."""
    asked = demanded(job.work, facts.demands, facts.kinds)
    for person in people:
        if person.username not in facts.duties or not person.is_on(job.site):
            continue
        if job.department is None or person.contractor or job.department in person.departments(job.site):
            found = judge(job, person, facts, asked)
            if found.suggested:
                yield found


def licensed(job: Job, contractors: Sequence[Contractor], facts: Facts) -> list[Contractor]:
    """The active contractors of the site whose licences the work demands, by id; none when it demands none."""
    demands = [d for d in demanded(job.work, facts.demands, facts.kinds) if d.contractor]
    if not demands:
        return []
    return [
        c
        for c in sorted(contractors, key=lambda one: one.id)
        if c.active
        and c.site in {None, job.site}
        and not lacks_of_contractor(c, demands, job.work, job.days, facts.kinds)
    ]


def contractor_lacks(job: Job, contractor: Contractor, facts: Facts) -> list[Lack]:
    """What a contractor lacks for a job."""
    return lacks_of_contractor(
        contractor, demanded(job.work, facts.demands, facts.kinds), job.work, job.days, facts.kinds
    )


def nearest(place: tuple[str, ...], others: Sequence[tuple[str, ...]]) -> int | None:
    """Steps in the location tree from a place to the nearest of others; places are given from the leaf upwards."""
    if not place:
        return None
    steps = [n for other in others if (n := _steps(place, other)) is not None]
    return min(steps, default=None)


def _steps(one: tuple[str, ...], other: tuple[str, ...]) -> int | None:
    up = {node: n for n, node in enumerate(other)}
    return next((n + up[node] for n, node in enumerate(one) if node in up), None)


def _preference(candidate: Candidate) -> tuple[int, int, datetime, str]:
    load = candidate.load
    return load.minutes, load.orders, load.last_given_at or _NEVER, candidate.person.username


def _standing(job: Job, person: Person, facts: Facts) -> list[Reason]:
    """What refuses whatever the day."""
    who = person.shown
    if not person.active:
        return [_refusal("inactive", f"{who}已停用", f"{who} is switched off")]
    theirs = person.contractor or job.contractor
    if not person.may_work(job.site, job.department, theirs):
        where = f"{job.site} / {job.department or '*'}"
        return [_refusal("no_grant", f"{who}没有{where}的权限", f"{who} has no grant for {where}")]
    if job.contractor is not None and person.contractor != job.contractor:
        other = facts.contractors.get(job.contractor)
        name = LocalName(job.contractor, job.contractor) if other is None else other.name
        text = LocalName(f"工单属于{name.zh}，{who}不是其人员", f"the order is {name.en}'s, {who} is not of theirs")
        return [Reason("other_contractor", text, refuses=True)]
    if person.contractor is None:
        return []
    contractor = facts.contractors.get(person.contractor)
    if contractor is None or not contractor.active or contractor.site not in {None, job.site}:
        return [
            _refusal(
                "contractor_inactive", f"{who}的单位已停用或不在本项目", f"the contractor of {who} is not active here"
            )
        ]
    return []


def _lacks(job: Job, person: Person, facts: Facts, demands: Sequence[Demand]) -> list[Lack]:
    held = facts.certificates.get(person.username, ())
    found = lacks_of_person(person.shown, held, demands, job.work, job.days, facts.kinds)
    contractor = facts.contractors.get(person.contractor) if person.contractor is not None else None
    return found + lacks_of_contractor(contractor, demands, job.work, job.days, facts.kinds)


def _today(job: Job, person: Person, facts: Facts, *, on_shift: bool) -> list[Reason]:
    """What only the automatic choice minds."""
    who, found = person.shown, []
    mine = person.departments(job.site)
    if job.department is not None and person.contractor is None and job.department not in mine:
        text = LocalName(f"{who}不属于{job.department}", f"{who} is not of {job.department}")
        found.append(Reason("other_department", text, refuses=False))
    if is_absent(facts.absences, person.username, job.days[0]):
        found.append(Reason("absent", LocalName(f"{who}当天不在岗", f"{who} is away that day"), refuses=False))
    if not on_shift:
        found.append(Reason("off_shift", LocalName(f"{who}届时不当班", f"{who} is not on shift then"), refuses=False))
    if person.username in facts.declined:
        found.append(Reason("declined", LocalName(f"{who}已拒绝此单", f"{who} has declined this order"), refuses=False))
    return found


def _refusal(code: str, zh: str, en: str) -> Reason:
    return Reason(code, LocalName(zh, en), refuses=True)
