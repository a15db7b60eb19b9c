"""What came of repairs: one record for each attempt at a ticket. Pure.

A ticket that is opened again begins another attempt; the one before has then failed. So has one after which another
ticket of the same machine and failure mode was opened soon.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from statistics import median

REOPENED_WITHIN = timedelta(days=14)
"""A repair of the same machine and mode within it counts as opened again (D; DESIGN section 6 joins such findings)."""

REPEATED_WITHIN = timedelta(days=30)
"""Within it the repair before has not worked (D)."""

NEWEST = 200
"""How many of the newest tickets of a level are looked at: what was done ten years ago on the hundredth pump tells
nothing more, and the answer takes the same time whatever the ledger holds (D)."""

SHOWN_CODES = 5
SHOWN_TICKETS = 3


@dataclass(frozen=True, slots=True)
class Repair:
    """One attempt. ``again_at`` is when the ticket itself was opened again; ``model`` and ``equipment_class`` as they
    were. ``confirmed``: closed, and there was something wrong."""

    work_order: str
    attempt: int
    site: str
    asset: str | None
    equipment_class: str | None
    model: str
    department: str | None
    failure_mode: str | None
    cause: str | None
    action: str | None
    item: str
    note: str
    verdict: str | None
    state: str
    confirmed: bool
    opened_at: datetime
    completed_at: datetime | None
    completed_by: str | None
    again_at: datetime | None
    coded_by: str | None
    coded_at: datetime | None


@dataclass(frozen=True, slots=True)
class PastRepair:
    """A closed attempt as the history shows it; ``next_at`` is when the same fault was there again, on this ticket or
    another."""

    work_order: str
    number: int
    site: str
    asset: str
    model: str
    department: str | None
    cause: str | None
    action: str | None
    note: str
    opened_at: datetime
    completed_at: datetime
    completed_by: str | None
    next_at: datetime | None

    def again_within(self, span: timedelta) -> bool:
        """Whether the fault came back so soon."""
        return self.next_at is not None and self.next_at - self.completed_at <= span


@dataclass(frozen=True, slots=True)
class CodeCount:
    """How often a code was given, and how often the fault then stayed away for 30 days. ``judged`` leaves out those
    completed less than 30 days ago with nothing since: nobody knows yet."""

    code: str
    count: int
    worked: int
    judged: int


@dataclass(frozen=True, slots=True)
class UsedPart:
    """A part that such tickets used: in how many of them, and how much."""

    number: str
    name_zh: str
    name_en: str
    unit: str
    tickets: int
    quantity: float


@dataclass(frozen=True, slots=True)
class Learned:
    """What is known from the tickets of one level: this machine, others of its model, others of its class."""

    level: str
    tickets: int
    causes: tuple[CodeCount, ...]
    actions: tuple[CodeCount, ...]
    last: tuple[PastRepair, ...]
    median_repair_minutes: int
    parts: tuple[UsedPart, ...] = ()


def learned(level: str, past: Sequence[PastRepair], now: datetime) -> Learned | None:
    """The summary of a level's tickets; ``None`` without any. Codes by what worked, then by frequency, then by name;
    tickets from the newest."""
    if not past:
        return None
    newest = sorted(past, key=lambda one: (one.completed_at, one.number), reverse=True)
    minutes = [(one.completed_at - one.opened_at) / timedelta(minutes=1) for one in past]
    return Learned(
        level=level,
        tickets=len({one.work_order for one in past}),
        causes=_counted(past, lambda one: one.cause, now),
        actions=_counted(past, lambda one: one.action, now),
        last=tuple(newest[:SHOWN_TICKETS]),
        median_repair_minutes=round(max(0.0, median(minutes))),
    )


def _counted(
    past: Iterable[PastRepair], code_of: Callable[[PastRepair], str | None], now: datetime
) -> tuple[CodeCount, ...]:
    count: Counter[str] = Counter()
    worked: Counter[str] = Counter()
    judged: Counter[str] = Counter()
    for one in past:
        code = code_of(one)
        if code is None:
            continue
        count[code] += 1
        failed = one.again_within(REPEATED_WITHIN)
        known = failed or now - one.completed_at >= REPEATED_WITHIN
        judged[code] += known
        worked[code] += known and not failed
    ordered = sorted(count, key=lambda code: (-worked[code], -count[code], code))
    return tuple(CodeCount(code, count[code], worked[code], judged[code]) for code in ordered[:SHOWN_CODES])


@dataclass(frozen=True, slots=True)
class RepeatRate:
    """Of ``repairs`` completed by or in ``who``: those whose fault was there again within 14 and within 30 days."""

    who: str
    repairs: int
    reopened: int
    repeated: int

    @property
    def rate(self) -> float | None:
        """Share opened again within 14 days, 0 to 1; ``None`` without repairs."""
        return self.reopened / self.repairs if self.repairs else None


def repeat_rates(past: Iterable[PastRepair], by: str, zone_of: Callable[[str], tzinfo]) -> list[RepeatRate]:
    """Rates by ``month`` (of the completion, local to the site), ``department`` or ``person`` (who completed it)."""
    groups: dict[str, list[PastRepair]] = defaultdict(list)
    for one in past:
        who = {
            "month": f"{one.completed_at.astimezone(zone_of(one.site)):%Y-%m}",
            "department": one.department or "",
            "person": one.completed_by or "",
        }[by]
        groups[who].append(one)
    return [
        RepeatRate(
            who,
            len(group),
            sum(one.again_within(REOPENED_WITHIN) for one in group),
            sum(one.again_within(REPEATED_WITHIN) for one in group),
        )
        for who, group in sorted(groups.items())
    ]
