"""How well the alarms serve the people who get them (ISA-18.2 / IEC 62682, monitoring and assessment). Pure.

The figures are of alarms that people were told of: what was shelved or suppressed is not among them. Targets from
ANSI/ISA-18.2-2016, table 5, and EEMUA 191: an operator can see to about one alarm in ten minutes for a long time, and
to two at most; more than ten in ten minutes are a flood; ten alarms that ring most should make less than 5 % of all.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from maintenance.alarm_ports import Annunciation
from maintenance.floods import BEGINS_ABOVE, SPAN
from plantroom.domain.assets import AlarmPriority

TOP = 10
CHATTER_TIMES = 3
CHATTER_WITHIN = timedelta(minutes=1)
"""An alarm that rings three times in a minute chatters: its deadband or delays want looking at."""

STALE_AFTER = timedelta(hours=24)
"""An alarm that stands longer than that tells nobody anything any more."""


@dataclass(frozen=True, slots=True)
class Actor:
    """One alarm (asset and subject), how often it rang, and its share of all."""

    asset: str
    failure_mode: str
    subject: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Performance:
    """``per_10min`` is the mean over the whole time, ``peak_10min`` the most in any of its ten-minute spans (from its
    beginning on), ``over_limit_share`` the share of spans with more than ten; ``per_day`` the mean."""

    alarms: int
    per_10min: float
    peak_10min: int
    over_limit_share: float
    per_day: float
    by_priority: dict[str, int]
    top: tuple[Actor, ...]
    top_share: float
    chattering: tuple[Actor, ...]


def performance(announced: Sequence[Annunciation], start: datetime, end: datetime) -> Performance:
    """The figures of the alarms told from ``start`` to before ``end``, given in that order. O(n log n)."""
    total = len(announced)
    spans = Counter((one.at - start) // SPAN for one in announced)
    count = -((start - end) // SPAN) or 1
    rang: defaultdict[tuple[str, str, str], list[datetime]] = defaultdict(list)
    for one in announced:
        rang[one.asset, one.failure_mode, one.subject].append(one.at)
    actors = sorted((_actor(key, times, total) for key, times in rang.items()), key=lambda one: -one.count)
    top = tuple(actors[:TOP])
    days = max((end - start) / timedelta(days=1), 1e-9)
    return Performance(
        alarms=total,
        per_10min=total / max((end - start) / SPAN, 1.0),
        peak_10min=max(spans.values(), default=0),
        over_limit_share=sum(n > BEGINS_ABOVE for n in spans.values()) / count,
        per_day=total / max(days, 1.0),
        by_priority={one.value: sum(a.priority is one for a in announced) for one in AlarmPriority},
        top=top,
        top_share=sum(one.share for one in top),
        chattering=tuple(one for one in actors if _chatters(rang[one.asset, one.failure_mode, one.subject])),
    )


def _actor(key: tuple[str, str, str], times: Sequence[datetime], total: int) -> Actor:
    return Actor(*key, len(times), len(times) / total)


def _chatters(times: Sequence[datetime]) -> bool:
    later = times[CHATTER_TIMES - 1 :]
    return any(last - first <= CHATTER_WITHIN for first, last in zip(times, later, strict=False))
