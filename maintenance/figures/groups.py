"""The figures of a site's period, by group: all of it, system, class, asset or department. One pass over the facts."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from maintenance.figures.compliance import PlanCounts, is_statutory, plan_counts
from maintenance.figures.facts import Alarm, Booked, Due, Facts, Kept, Machine, Repaired, Stop, Ticket
from maintenance.figures.figure import Figure, share
from maintenance.figures.precision import Precision, alarm_precision, ticket_precision
from maintenance.figures.reliability import Reliability, Span, reliability, time_to_repair
from maintenance.figures.rows import standing_for_law, systems_of
from maintenance.plan import PlanRow
from maintenance.planner import Systems
from maintenance.ports import MaintenanceTx
from maintenance.recurrence import local_day
from plantroom.domain.assets import AssetStatus, EquipmentClass, LocalName, Site
from plantroom.domain.renewal import NEAR_END, YEAR_DAYS
from plantroom.errors import BadData, FieldProblem

LONGEST_DAYS = 366 * 5 + 1
"""A period is at most five years: as long as records are kept."""

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9999, 1, 1)
"""Days that periods lie between: every clock can say their instants."""

NO_GROUP = ""
"""The key of what belongs to no system, class, asset or department: the site itself."""


class By(StrEnum):
    """What figures are grouped by."""

    SITE = "site"
    SYSTEM = "system"
    CLASS = "class"
    ASSET = "asset"
    DEPARTMENT = "department"


@dataclass(frozen=True, slots=True)
class Period:
    """Days of the site, both included, and the instants between which they lie. DST: a day is as long as it is."""

    first: date
    last: date
    begins: datetime
    ends: datetime
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Sla:
    """Clocks of one kind that were decided."""

    clock: str
    judged: int
    target_met: int
    limit_met: int

    @property
    def rate(self) -> Figure:
        """The share that kept its limit."""
        return share(self.limit_met, self.judged)


@dataclass(frozen=True, slots=True)
class Ages:
    """Machines that are there: how many have a known age and life, how many are past it or near its end."""

    machines: int
    known: int
    past: int
    near: int


@dataclass(frozen=True, slots=True)
class Group:
    """One group's figures. ``cost`` is what was booked, CNY."""

    key: str
    name: LocalName
    plan: PlanCounts
    statutory: PlanCounts
    sla: tuple[Sla, ...]
    reliability: Reliability
    tickets: tuple[Precision, ...]
    alarms: tuple[Precision, ...]
    ages: Ages
    cost: float


@dataclass(slots=True)
class _Bag:
    """``tickets`` and ``repaired`` are those of who had the work, ``faults`` the tickets of the group's machines."""

    machines: list[Machine] = field(default_factory=list)
    due: list[Due] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
    faults: list[Ticket] = field(default_factory=list)
    repaired: list[Repaired] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    booked: list[Booked] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Names that groups go by: systems with their classes, classes, the site's plan rows by lineage."""

    systems: Systems
    classes: Mapping[str, EquipmentClass]
    system_names: Mapping[str, LocalName]
    rows: Mapping[str, PlanRow] = field(default_factory=dict)


def check_day(name: str, day: date) -> None:
    """Raise ``BadData`` for a day in which no clock can say an instant."""
    if not FIRST_DAY <= day <= LAST_DAY:
        words = f"应在{FIRST_DAY}至{LAST_DAY}之间 / should lie between {FIRST_DAY} and {LAST_DAY}"
        raise BadData(f"{name}: {words}", [FieldProblem(name, "out_of_range", words)])


def period_of(site: Site, first: date, last: date) -> Period:
    """The period of some days. Raises ``BadData`` when it ends before it begins, is longer than five years, or lies
    where no site has ever been."""
    for name, day in (("from", first), ("to", last)):
        check_day(name, day)
    if not 0 <= (last - first).days < LONGEST_DAYS:
        words = "应在开始日期之后五年内 / should be after from, by five years at most"
        raise BadData(f"to: {words}", [FieldProblem("to", "bad_span", words)])
    zone = ZoneInfo(site.time_zone)
    begins = datetime.combine(first, time(), zone).astimezone(UTC)
    return Period(first, last, begins, datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC), zone)


def figures(
    tx: MaintenanceTx, site: Site, period: Period, by: By, now: datetime, catalogue: Catalogue
) -> Sequence[Group]:
    """The groups by key, that of the site itself first. Ten statements, whatever there is; O(facts)."""
    facts = tx.figures.facts(site.code, period.first, period.last, period.begins, period.ends, now)
    return grouped(facts, site, period, by, now, catalogue)


def grouped(facts: Facts, site: Site, period: Period, by: By, now: datetime, catalogue: Catalogue) -> Sequence[Group]:
    """As ``figures``, of facts that are there."""
    keys = _Keys(facts, by, catalogue)
    bags: defaultdict[str, _Bag] = defaultdict(_Bag)
    if by is By.SITE:
        bags[NO_GROUP] = _Bag()
    for name, listed, keys_of in keys.routes(facts):
        for fact in listed:
            for key in keys_of(fact):
                getattr(bags[key], name).append(fact)
    lawful = standing_for_law(catalogue.rows.values())
    return [
        _group(key, keys.name(key, site), bags[key], period, now, catalogue.classes, lawful) for key in sorted(bags)
    ]


class _Keys:
    """The groups that a fact belongs to."""

    def __init__(self, facts: Facts, by: By, catalogue: Catalogue) -> None:
        self._by, self._catalogue = by, catalogue
        self._machines = {one.key: one for one in facts.machines}
        self._systems: dict[str, list[str]] = {}
        for system, classes in catalogue.systems.items():
            for one in classes:
                self._systems.setdefault(one, []).append(system)
        self._of_row = {key: systems_of(row, catalogue.systems) or [NO_GROUP] for key, row in catalogue.rows.items()}

    def routes(self, facts: Facts) -> Sequence[tuple[str, Sequence[Any], Callable[[Any], Collection[str]]]]:
        def by_asset(one: Any) -> Collection[str]:
            return self.of(one.asset, None)

        def by_both(one: Any) -> Collection[str]:
            return self.of(one.asset, one.department)

        return (
            ("machines", facts.machines, self.of_machine),
            ("due", facts.due, self.of_due),
            ("tickets", facts.tickets, by_both),
            ("faults", facts.tickets, by_asset),
            ("repaired", facts.repaired, by_both),
            ("stops", facts.stops, by_asset),
            ("kept", facts.kept, by_both),
            ("alarms", facts.alarms, by_asset),
            ("booked", facts.booked, by_both),
        )

    def of_machine(self, machine: Machine) -> Collection[str]:
        return {
            By.SITE: (NO_GROUP,),
            By.SYSTEM: self._systems.get(machine.equipment_class, (NO_GROUP,)),
            By.CLASS: (machine.equipment_class,),
            By.ASSET: (machine.key,),
            By.DEPARTMENT: (machine.department or NO_GROUP,),
        }[self._by]

    def of(self, asset: str | None, department: str | None) -> Collection[str]:
        if self._by is By.DEPARTMENT and department:
            return (department,)
        machine = self._machines.get(asset or "")
        return (NO_GROUP,) if machine is None else self.of_machine(machine)

    def of_due(self, due: Due) -> Collection[str]:
        row = self._catalogue.rows.get(due.lineage)
        if self._by is By.DEPARTMENT:
            own = due.department or (row.department.zh if row is not None else "")
            return (own,) if own else self.of(due.asset, None)
        if self._by is By.SYSTEM and due.asset is None:
            return self._of_row.get(due.lineage, (NO_GROUP,))
        return self.of(due.asset, None)

    def name(self, key: str, site: Site) -> LocalName:
        if key == NO_GROUP:
            return site.name
        if self._by is By.ASSET:
            machine = self._machines[key]
            return LocalName(f"{machine.zh}（{machine.code}）", f"{machine.en} ({machine.code})")
        if self._by is By.SYSTEM:
            return self._catalogue.system_names.get(key, LocalName(key, key))
        made = self._catalogue.classes.get(key) if self._by is By.CLASS else None
        return LocalName(key, key) if made is None else made.name


def _group(
    key: str,
    name: LocalName,
    bag: _Bag,
    period: Period,
    now: datetime,
    classes: Mapping[str, EquipmentClass],
    lawful: Collection[str],
) -> Group:
    until = max(min(period.ends, now), period.begins)
    today = min(period.last, local_day(now, period.zone))
    return Group(
        key=key,
        name=name,
        plan=plan_counts((one for one in bag.due if not is_statutory(one, lawful)), now, period.zone, lawful),
        statutory=plan_counts((one for one in bag.due if is_statutory(one, lawful)), now, period.zone, lawful),
        sla=_sla(bag.kept),
        reliability=_reliability(bag, (period.begins, until), period.zone),
        tickets=tuple(ticket_precision(one for one in bag.tickets if one.opened_at >= period.begins)),
        alarms=tuple(alarm_precision(bag.alarms)),
        ages=_ages(bag.machines, today, classes.get),
        cost=round(sum(one.amount for one in bag.booked), 2),
    )


def _reliability(bag: _Bag, period: Span, zone: tzinfo) -> Reliability:
    """Of a department: failures are those of its machines, repairs those that it made, on whatever machine."""
    found = reliability(bag.machines, bag.faults, bag.repaired, bag.stops, period, zone)
    return replace(found, mttr_h=time_to_repair(bag.tickets, bag.repaired, period))


def _sla(kept: Sequence[Kept]) -> tuple[Sla, ...]:
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for one in kept:
        for place, count in enumerate((one.judged, one.target_met, one.limit_met)):
            sums[one.kind][place] += int(count)
    return tuple(Sla(clock, *counts) for clock, counts in sorted(sums.items()))


def _ages(machines: Sequence[Machine], on: date, class_of: Callable[[str], EquipmentClass | None]) -> Ages:
    there = [one for one in machines if one.status != AssetStatus.SCRAPPED.value]
    shares = [found for one in there if (found := _share_of_life(one, class_of(one.equipment_class), on)) is not None]
    past = sum(one >= 1 for one in shares)
    return Ages(len(there), len(shares), past, sum(one >= NEAR_END for one in shares) - past)


def _share_of_life(machine: Machine, made: EquipmentClass | None, on: date) -> float | None:
    since = machine.installed_on or machine.in_service_on
    life = machine.design_life_years or (made.life.years if made is not None and made.life is not None else None)
    if since is None or since > on or not life:
        return None
    return (on - since).days / YEAR_DAYS / life
