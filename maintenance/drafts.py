"""What a run of the plan wants to insert, and small records of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import structlog

from maintenance.nesting import Job, Planned
from maintenance.plan import Occurrence, OccurrenceKey
from maintenance.work_orders import WorkOrder, WorkOrderOccurrence


@dataclass(slots=True)
class Draft:
    """What a run wants to insert."""

    occurrences: list[Occurrence] = field(default_factory=list)
    orders: list[tuple[WorkOrder, tuple[OccurrenceKey, ...]]] = field(default_factory=list)

    def size(self) -> tuple[int, int]:
        """How much there is, for ``cut``."""
        return len(self.occurrences), len(self.orders)

    def cut(self, occurrences: int, orders: int) -> None:
        """Forget what came later."""
        del self.occurrences[occurrences:], self.orders[orders:]


def key_of(planned: Planned, subject: str) -> OccurrenceKey:
    """The key of a planned occurrence on a subject."""
    return OccurrenceKey(planned.row.lineage, subject, planned.window.cycle)


def shown(planned: Planned, subject: str) -> WorkOrderOccurrence:
    """A planned occurrence as its order shows it."""
    found = planned.window
    return WorkOrderOccurrence(key_of(planned, subject), planned.row.code, found.nominal, found.latest)


def begun_of(jobs: Sequence[Job], today: date) -> dict[str, int]:
    """Newest cycle by row lineage whose job has begun."""
    newest: dict[str, int] = {}
    for job in jobs:
        if job.earliest <= today:
            for planned in job.occurrences:
                lineage = planned.row.lineage
                newest[lineage] = max(newest.get(lineage, -1), planned.window.cycle)
    return newest


def left_out(event: str, error: Exception, **where: str) -> None:
    """Log what could not be planned: it costs nothing else."""
    structlog.get_logger().error(event, error=str(error), type=type(error).__name__, **where)
