"""How often a ticket or an alarm was right. Pure.

Judged is what somebody has given a verdict on, and what was rejected as a false alarm. ``sensor`` and ``nothing_found``
are judged and not confirmed: they cost somebody a walk.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from maintenance.figures.facts import Alarm, Ticket
from maintenance.figures.figure import MINIMUM_JUDGED, Figure, share
from maintenance.work_orders import State

CONFIRMED = "confirmed"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Precision:
    """Of all that came by ``key`` (an origin or source, and a failure mode where it is known)."""

    key: tuple[str, str]
    total: int
    judged: int
    confirmed: int

    @property
    def rate(self) -> Figure:
        """The share of confirmed ones among those that were judged."""
        return share(self.confirmed, self.judged, MINIMUM_JUDGED)


def ticket_precision(tickets: Iterable[Ticket]) -> list[Precision]:
    """By origin and failure mode."""
    return _counted(tickets, lambda one: (one.origin, one.failure_mode or ""), _ticket_verdict)


def alarm_precision(alarms: Iterable[Alarm]) -> list[Precision]:
    """By source and failure mode."""
    return _counted(alarms, lambda one: (one.source, one.failure_mode), _alarm_verdict)


def overall(found: Iterable[Precision]) -> Precision:
    """The sums."""
    listed = list(found)
    return Precision(
        ("", ""),
        sum(one.total for one in listed),
        sum(one.judged for one in listed),
        sum(one.confirmed for one in listed),
    )


def _ticket_verdict(ticket: Ticket) -> str | None:
    if ticket.confirmed:
        return CONFIRMED
    return ticket.verdict or ("false_alarm" if ticket.state == State.REJECTED.value else None)


def _alarm_verdict(alarm: Alarm) -> str | None:
    return alarm.verdict or ("false_alarm" if alarm.order_state == State.REJECTED.value else None)


def _counted(
    items: Iterable[T], key_of: Callable[[T], tuple[str, str]], verdict_of: Callable[[T], str | None]
) -> list[Precision]:
    total: Counter[tuple[str, str]] = Counter()
    judged: Counter[tuple[str, str]] = Counter()
    confirmed: Counter[tuple[str, str]] = Counter()
    for item in items:
        key, verdict = key_of(item), verdict_of(item)
        total[key] += 1
        judged[key] += verdict is not None
        confirmed[key] += verdict == CONFIRMED
    return [Precision(key, total[key], judged[key], confirmed[key]) for key in sorted(total)]
