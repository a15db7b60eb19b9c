"""The planner's first look at what was brought along on an earlier day. Inside the caller's transaction."""

from collections.abc import Iterable, Sequence
from datetime import date

from maintenance.former import due_day, put_off
from maintenance.nesting import Job
from maintenance.plan import FORMER_CYCLE, Occurrence, OccurrenceState
from maintenance.ports import MaintenanceTx


def first_looked(
    tx: MaintenanceTx, history: Sequence[Occurrence], to_make: Iterable[Job], today: date
) -> Sequence[Occurrence]:
    """The history of a subject, of which nobody has seen the jobs ``to_make`` before: what completions make due on the
    day of entering is due today, if that day was over before anybody could see it."""
    first = {
        planned.row.lineage: planned.window.latest
        for job in to_make
        for planned in job.occurrences
        if planned.window.cycle == FORMER_CYCLE + 1
    }
    late = {
        one.key: put_off(one, today)
        for one in history
        if one.state is OccurrenceState.FORMER and due_day(one) < today and first.get(one.key.lineage) == due_day(one)
    }
    if not late:
        return history
    tx.plan.update_occurrences(list(late.values()))
    return [late.get(one.key, one) for one in history]
