"""Failures, repairs and down time. Pure; hours, instants in UTC.

Operating time is calendar time in service, since the machine was entered, less recorded down time (EN 13306: the up
state): nothing tells of every machine how long it ran, and nothing at all of the time before anybody could tell. A
failure is a repair ticket that was closed with a fault confirmed; what is wrong with a sensor or with its transmission
is no failure of the machine. Down time is what was recorded: maintenance by hand, work that isolates the machine, and
confirmed *critical* tickets from opening to completion, for a machine with a critical fault is not to be used (project
default).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from maintenance.figures.facts import Machine, Repaired, Stop, Ticket
from maintenance.figures.figure import MINIMUM_DAYS, MINIMUM_FAILURES, MINIMUM_REPAIRS, Figure
from maintenance.rests import AT_REST
from maintenance.risk.model import NOT_OF_THE_MACHINE
from plantroom.domain.assets import Severity

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Reliability:
    """``failures`` are confirmed ones, ``unjudged`` tickets that are open or closed without a word on what it was."""

    failures: int
    unjudged: int
    operating_hours: float
    down_hours: float
    mtbf_h: Figure
    mttr_h: Figure
    availability: Figure


def reliability(
    machines: Sequence[Machine],
    tickets: Sequence[Ticket],
    repaired: Sequence[Repaired],
    stops: Iterable[Stop],
    period: Span,
    zone: tzinfo,
) -> Reliability:
    """The figures of a group of machines; ``period`` does not reach beyond the present."""
    begins, ends = period
    tickets = [one for one in tickets if one.failure_mode not in NOT_OF_THE_MACHINE]
    down = down_times([*stops, *_of_tickets(tickets)], period)
    watched = down_h = 0.0
    for machine in machines:
        for span in in_service(machine, period, zone):
            watched += (span[1] - span[0]) / HOUR
            down_h += sum(
                (min(until, span[1]) - max(since, span[0])) / HOUR
                for since, until in down.get(machine.key, ())
                if until > span[0] and since < span[1]
            )
    opened = [one for one in tickets if begins <= one.opened_at < ends and one.asset is not None]
    failures = sum(one.confirmed for one in opened)
    days = watched / 24
    long_enough = days >= MINIMUM_DAYS
    operating = watched - down_h
    between = operating / failures if failures >= MINIMUM_FAILURES and long_enough else None
    return Reliability(
        failures=failures,
        unjudged=sum(_unjudged(one) for one in opened),
        operating_hours=operating,
        down_hours=down_h,
        mtbf_h=Figure(between, failures, MINIMUM_FAILURES, days, MINIMUM_DAYS),
        mttr_h=time_to_repair(tickets, repaired, period),
        availability=Figure(operating / watched if long_enough else None, len(machines), 1, days, MINIMUM_DAYS),
    )


def in_service(machine: Machine, period: Span, zone: tzinfo) -> list[Span]:
    """The parts of the period in which a machine was known, there and in use, in order. Before it was entered nobody
    would have told of a fault. Times in which it was scrapped or out of service are left out; one that is so now is
    left out wholly where nobody knows since when."""
    rests = machine.rests
    if machine.status in AT_REST and all(until is not None for _, until in rests):
        return []
    begins, ends = period
    since = machine.in_service_on or machine.installed_on
    if since is not None:
        begins = max(begins, datetime(since.year, since.month, since.day, tzinfo=zone).astimezone(UTC))
    if machine.known_since is not None:
        begins = max(begins, machine.known_since)
    found: list[Span] = []
    for rested, back in sorted(rests, key=lambda rest: rest[0]):
        found.append((begins, min(rested, ends)))
        begins = max(begins, back or ends)
    return [(since, until) for since, until in (*found, (begins, ends)) if since < until]


def down_times(stops: Iterable[Stop], period: Span) -> Mapping[str, list[Span]]:
    """When each machine was down inside the period, without overlaps, by asset. O(n log n)."""
    begins, ends = period
    spans: defaultdict[str, list[Span]] = defaultdict(list)
    for stop in stops:
        since, until = max(stop.since, begins), min(stop.until or ends, ends)
        if since < until:
            spans[stop.asset].append((since, until))
    return {asset: _joined(found) for asset, found in spans.items()}


def _joined(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for since, until in sorted(spans):
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], until))
        else:
            joined.append((since, until))
    return joined


def _of_tickets(tickets: Iterable[Ticket]) -> list[Stop]:
    return [
        Stop(one.asset, one.opened_at, one.completed_at)
        for one in tickets
        if one.asset is not None and one.confirmed and one.severity == Severity.CRITICAL.value
    ]


def _unjudged(ticket: Ticket) -> bool:
    return not ticket.confirmed and ticket.verdict is None and ticket.state not in ("rejected", "cancelled")


def time_to_repair(tickets: Iterable[Ticket], repaired: Iterable[Repaired], period: Span) -> Figure:
    """The mean of confirmed repairs of machines, hours."""
    theirs = (one for one in tickets if one.failure_mode not in NOT_OF_THE_MACHINE)
    confirmed = {one.work_order for one in theirs if one.confirmed}
    took = [one.seconds for one in repaired if one.work_order in confirmed and period[0] <= one.stopped_at < period[1]]
    enough = len(took) >= MINIMUM_REPAIRS
    return Figure(sum(took) / len(took) / 3600 if enough else None, len(took), MINIMUM_REPAIRS)
