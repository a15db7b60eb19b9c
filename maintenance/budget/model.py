"""Budgets: what a line may cost in a year, what it has cost, what is ordered, what is to come. Pure. CNY."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

WARN_PERCENT = 90
"""Share of the approved amount from which a line is warned of, unless it says another. Project default."""


class Level(StrEnum):
    """How far a line is used: its warning share is reached, or all of it."""

    NEAR = "near"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Budget:
    """What is approved for a line of a site in a year. ``system``: for the machines of that system alone; empty: for
    all that has no line of its own system. ``revision`` counts changes of what the warnings go by."""

    id: str
    site: str
    year: int
    line: str
    system: str
    approved: float
    approved_by: str
    approved_at: datetime
    warn_percent: int = WARN_PERCENT
    note: str = ""
    revision: int = 1
    version: int = 1


@dataclass(frozen=True, slots=True)
class BudgetWarning:
    """A level that a line has reached, with the figures as they were then; ``messages`` went out."""

    budget: str
    revision: int
    level: Level
    at: datetime
    approved: float
    actual: float
    committed: float
    messages: int = 0


@dataclass(frozen=True, slots=True)
class Rate:
    """What an hour of a site's own people costs; ``None``: their time is not counted."""

    site: str
    hourly_rate: float | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class Spent:
    """Bookings of a period on a line, by the class of their machine, their kind and the row that made their order."""

    line: str
    equipment_class: str | None
    kind: str
    plan_row: str | None
    amount: float


@dataclass(frozen=True, slots=True)
class Worked:
    """Minutes of a period, or open orders, by the order's kind, the row that made it and its machine's class."""

    kind: str
    plan_row: str | None
    equipment_class: str | None
    minutes: int


@dataclass(frozen=True, slots=True)
class Ordered:
    """Open orders of one kind, row and class: how many, and what is booked and how many minutes are worked on them
    already (of one order, where anything is)."""

    kind: str
    plan_row: str | None
    equipment_class: str | None
    count: int
    booked: float = 0.0
    minutes: int = 0


@dataclass(slots=True)
class Figures:
    """One line: sums by what they are. ``by_kind`` splits the actual cost: part, external, labour."""

    forecast: float = 0.0
    to_come: float = 0.0
    committed: float = 0.0
    by_kind: dict[str, float] = field(default_factory=dict)
    unpriced: int = 0

    @property
    def actual(self) -> float:
        """What has been spent."""
        return sum(self.by_kind.values())

    @property
    def outlook(self) -> float:
        """What it will have been at the end of the year: spent, ordered, and still to be ordered."""
        return self.actual + self.committed + self.to_come


Place = tuple[str, str]
"""A line and a system; the empty one stands for all others."""


def place_of(line: str, system: str, known: Iterable[Place]) -> Place:
    """Where an amount of a line and system counts: at the system's own budget, else at the line's."""
    return (line, system) if (line, system) in set(known) else (line, "")


def share_of(approved: float, used: float) -> float | None:
    """Percent of the approved amount that is used; ``None`` when nothing is approved and nothing used."""
    if approved > 0:
        return used / approved * 100
    return None if used <= 0 else float("inf")


def level_of(budget: Budget, actual: float, committed: float) -> Level | None:
    """The level that actual and committed cost have reached."""
    share = share_of(budget.approved, actual + committed)
    if share is None or share < budget.warn_percent:
        return None
    return Level.OVER if share > 100 else Level.NEAR


def reached(level: Level | None, told: Sequence[BudgetWarning], revision: int) -> list[Level]:
    """The levels up to this one that have not been told of yet, the highest last."""
    if level is None:
        return []
    known = {one.level for one in told if one.revision == revision}
    wanted = [Level.NEAR] if level is Level.NEAR else [Level.NEAR, Level.OVER]
    return [one for one in wanted if one not in known]
