"""What one job of a plan row costs, and which line it belongs to. Pure. CNY.

    labour = minutes / 60 x rate       of our own people; what a contractor asks for his time is in the job's cost
    job    = labour + job_cost + material_cost

A job that takes shallower rows with it is the deepest row's: its minutes and cost are those of all of it, as its
checklist is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from maintenance.plan import PlanRow
from maintenance.recurrence import longest_days
from maintenance.work.records import BUDGET_LINES
from maintenance.work_orders import Kind

IN_HOUSE = "in_house"


@dataclass(frozen=True, slots=True)
class Cost:
    """What some jobs take: minutes, and CNY. ``unpriced`` counts the jobs of which nothing says what they cost."""

    jobs: int = 0
    minutes: int = 0
    labour: float = 0.0
    job_cost: float = 0.0
    material: float = 0.0
    unpriced: int = 0

    @property
    def total(self) -> float:
        """CNY in all."""
        return self.labour + self.job_cost + self.material

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.jobs + other.jobs,
            self.minutes + other.minutes,
            self.labour + other.labour,
            self.job_cost + other.job_cost,
            self.material + other.material,
            self.unpriced + other.unpriced,
        )

    def times(self, count: int) -> "Cost":
        """The same so many times."""
        return Cost(
            self.jobs * count,
            self.minutes * count,
            self.labour * count,
            self.job_cost * count,
            self.material * count,
            self.unpriced * count,
        )


NO_COST = Cost()


def cost_of(row: PlanRow, hourly_rate: float | None) -> Cost:
    """One job of a row. Without a rate the time of our own people costs nothing; what is automatic takes none."""
    own = row.executor == IN_HOUSE
    minutes = 0 if row.executor == "automatic" else row.estimated_minutes
    labour = minutes / 60 * (hourly_rate or 0.0) if own else 0.0
    said = row.job_cost is not None or row.material_cost is not None or (own and hourly_rate is not None)
    free = row.executor == "automatic"
    return Cost(1, minutes, labour, row.job_cost or 0.0, row.material_cost or 0.0, 0 if said or free else 1)


def line_of_row(row: PlanRow) -> str:
    """The budget line that a row's cost belongs to: its own, else that of its kind."""
    return row.budget_line or BUDGET_LINES[Kind(row.kind)]


def deepest(rows: Iterable[PlanRow]) -> PlanRow:
    """Of the rows that one order stands for the one that the others are done with. ``ValueError`` for none."""
    return min(rows, key=lambda row: (-longest_days(row.interval), row.code))


def system_of_class(systems: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """The system of each equipment class; a class of several belongs to the smallest, then the first by name."""
    found: dict[str, str] = {}
    for key, classes in sorted(systems.items(), key=lambda one: (len(list(one[1])), one[0])):
        for name in classes:
            found.setdefault(name, key)
    return found
