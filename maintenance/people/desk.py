"""Everything that is known about the people of a site at a moment, read once: the desk at which work is given out.

Inside the caller's transaction; made anew for each, since it goes stale.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from maintenance.people.assignment import Candidate, Facts, Job, Load, candidates, choice, judge, licensed, suggestions
from maintenance.people.known import licence_demands, licence_kinds
from maintenance.people.licences import TICKET, Work
from maintenance.people.rosters import Absence, Duty, duties, instant
from maintenance.people.staff import Certificate, Contractor, Person
from maintenance.plan import PlanRow
from maintenance.ports import MaintenanceTx
from maintenance.work_orders import WorkOrder
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import Asset
from plantroom.ports.paging import EVERYTHING

TICKET_MINUTES = 60
"""What a repair ticket counts for in a person's load, since nobody has estimated it. Project default."""

SHIFTS_AHEAD = timedelta(days=14)
"""How far into a window it is looked for somebody who is on shift: rosters rarely reach further. Project default."""

_DAY = timedelta(days=1)


class Desk:
    """People, certificates, rosters and loads of one site at ``now``."""

    def __init__(self, tx: MaintenanceTx, site: str, now: datetime) -> None:
        self._tx, self.site, self.now = tx, site, now
        self.zone = ZoneInfo(tx.assets.site(site).time_zone)
        self.today = now.astimezone(self.zone).date()
        self._rows: dict[str, PlanRow | None] = {}
        self._loads: dict[str, Load] | None = None
        self._cards: dict[str, Asset] = {}

    @cached_property
    def people(self) -> Sequence[Person]:
        """Everybody with a grant on the site."""
        return self._tx.people.people(self.site)

    @cached_property
    def contractors(self) -> Mapping[str, Contractor]:
        """Contractors of the site by id, switched off or not."""
        return {c.id: c for c in self._tx.people.contractors(EVERYTHING, self.site)}

    @cached_property
    def certificates(self) -> Mapping[str, Sequence[Certificate]]:
        """By user."""
        found: dict[str, list[Certificate]] = defaultdict(list)
        for certificate in self._tx.people.certificates([p.username for p in self.people]):
            found[certificate.username].append(certificate)
        return found

    @cached_property
    def absences(self) -> Sequence[Absence]:
        """Of anybody, today and in the days ahead that shifts are looked at."""
        return self._tx.people.absences(self.today - _DAY, self.today + SHIFTS_AHEAD + _DAY)

    @cached_property
    def duties(self) -> Mapping[str, Sequence[Duty]]:
        """By user, in order, from yesterday to ``SHIFTS_AHEAD`` from today."""
        first, last = self.today - _DAY, self.today + SHIFTS_AHEAD
        shifts = self._tx.people.shifts(self.site)
        changes = self._tx.people.shift_changes(first, last, [shift.id for shift in shifts])
        found: dict[str, list[Duty]] = defaultdict(list)
        for duty in duties(shifts, changes, self.absences, first, last, self.zone):
            found[duty.user].append(duty)
        return found

    @property
    def loads(self) -> dict[str, Load]:
        """What everybody has to do; ``gave`` keeps it up to date."""
        if self._loads is None:
            self._loads = dict(self._tx.people.loads())
        return self._loads

    def gave(self, username: str, minutes: int) -> None:
        """Somebody has been given work at this desk."""
        before = self.loads.get(username, Load())
        self.loads[username] = replace(
            before, orders=before.orders + 1, minutes=before.minutes + minutes, last_given_at=self.now
        )

    def job(self, order: WorkOrder) -> Job:
        """What an order asks for. A ticket wants somebody who is on shift now; planned work somebody who is on shift at
        any time of its window, as far as ``SHIFTS_AHEAD``."""
        start = end = self.now
        days: tuple[date, ...] = (self.today,)
        if order.due is not None and order.due > self.now:
            days = (self.today, order.due.astimezone(self.zone).date())
            if order.occurrences:
                begins = self.now if order.earliest is None else instant(order.earliest, time(0), self.zone)
                start = max(self.now, begins)
                end = max(start, min(order.due, self.now + SHIFTS_AHEAD))
        return Job(
            order=order.id,
            site=order.site,
            department=order.department,
            work=self.work(order),
            days=days,
            start=start,
            end=end,
            contractor=order.contractor,
        )

    def work(self, order: WorkOrder) -> Work:
        """What the demands look at. The leading row's executor counts: it contains the others."""
        rows = [row for shown in order.occurrences if (row := self._row(shown.plan_row)) is not None]
        card = self._card(order)
        equipment_class = None if card is None else card.equipment_class
        known = equipment_classes().get(equipment_class or "")
        return Work(
            kind=order.kind.value,
            executor=rows[0].executor if rows else TICKET,
            equipment_class=equipment_class,
            systems=() if known is None else known.systems,
            rows=tuple(row.code for row in rows),
            licences=tuple(dict.fromkeys(kind for row in rows for kind in row.licence)),
        )

    def minutes(self, order: WorkOrder) -> int:
        """How long the work is expected to take."""
        leader = self._row(order.occurrences[0].plan_row) if order.occurrences else None
        return TICKET_MINUTES if leader is None else leader.estimated_minutes

    def facts(self, job: Job, only: str | None = None) -> Facts:
        """What counts for one job; ``only`` one person's shifts."""
        # Who has declined is asked only where everybody is: whoever has the work may keep it.
        ended = self._tx.people.assignments(job.order) if only is None else ()
        duties = self.duties if only is None else {only: self.duties.get(only, ())}
        return Facts(
            certificates=self.certificates,
            contractors=self.contractors,
            duties={user: found for user, listed in duties.items() if (found := _touching(listed, job))},
            absences=self.absences,
            loads=self.loads,
            declined=frozenset(a.user for a in ended if a.ended_how == "declined" and a.user is not None),
            demands=licence_demands(),
            kinds=licence_kinds(),
        )

    def judged(self, order: WorkOrder, person: Person) -> Candidate:
        """What speaks against one person."""
        job = self.job(order)
        return judge(job, person, self.facts(job, person.username))

    def candidates(self, order: WorkOrder) -> list[Candidate]:
        """Everybody, the best choice first, with how near their other work is."""
        card = self._card(order)
        job = replace(self.job(order), place=self._upwards(None if card is None else card.location))
        facts = self.facts(job)
        places: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for username, location in self._tx.people.open_places(self.site):
            places[username].append(self._upwards(location))
        return candidates(job, self.people, replace(facts, open_places=places))

    def anybody(self, order: WorkOrder) -> bool:
        """Whether ``chosen`` would find somebody."""
        job = self.job(order)
        facts = self.facts(job)
        if job.contractor is None:
            fit = licensed(job, list(self.contractors.values()), facts)
            if len(fit) == 1:
                return True
        return next(suggestions(job, self.people, facts), None) is not None

    def chosen(self, order: WorkOrder) -> tuple[Person | None, Contractor | None]:
        """Whom an order is given to without anybody's asking: a person on shift, else a contractor when exactly one is
        licensed for work that demands it; ``(None, None)``: it stays with its department."""
        job = self.job(order)
        facts = self.facts(job)
        contractor = None if job.contractor is None else self.contractors.get(job.contractor)
        if contractor is None:
            fit = licensed(job, list(self.contractors.values()), facts)
            contractor = fit[0] if len(fit) == 1 else None
            job = job if contractor is None else replace(job, contractor=contractor.id)
        best = choice(job, self.people, facts)
        return (None if best is None else best.person), contractor

    def person(self, username: str) -> Person:
        """Somebody by their user name, with a grant on the site or not. ``NotFound``."""
        known = next((p for p in self.people if p.username == username), None)
        return self._tx.people.person(username) if known is None else known

    def _row(self, code: str) -> PlanRow | None:
        if code not in self._rows:
            self._rows[code] = self._tx.plan.row(code, self.site)
        return self._rows[code]

    def _card(self, order: WorkOrder) -> Asset | None:
        if order.asset is None:
            return None
        if order.asset not in self._cards:
            self._cards[order.asset] = self._tx.assets.get(order.asset).asset
        return self._cards[order.asset]

    @cached_property
    def _parents(self) -> Mapping[str, str | None]:
        return {place.key: place.parent for place in self._tx.assets.locations(self.site)}

    def _upwards(self, node: str | None) -> tuple[str, ...]:
        """A location and those it lies in, from the inside out."""
        found: list[str] = []
        while node is not None and node not in found:
            found.append(node)
            node = self._parents.get(node)
        return tuple(found)


def _touching(listed: Sequence[Duty], job: Job) -> list[Duty]:
    """A person's duties that touch the job's span; they follow each other without overlapping."""
    begun = bisect_right(listed, job.end, key=lambda duty: duty.starts_at)
    return [duty for duty in listed[:begun] if duty.ends_at > job.start]
