"""Work that goes before another job, once that job has been done without it. Pure; local days.

A notice of the water stop three days before the tanks are cleaned tells nobody anything any more when they have been
cleaned earlier. That is so of rows whose only dates are the other row's: one with an interval or a longest gap of its
own, and what the law asks for, has its own date whatever becomes of the other job.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from maintenance.plan import COMPLETED, Layer, Occurrence, OccurrenceKey, PlanRow
from maintenance.schedules import BeforeSchedule


def gone_without(rows: Sequence[PlanRow], history: Sequence[Occurrence]) -> Mapping[OccurrenceKey, str]:
    """The occurrences of a subject whose job, the one that they go before, has been done; and why nobody needs them any
    more, in both languages. ``rows`` are the subject's (``rows_for``). O(rows + history)."""
    by_code = {row.code: row for row in rows}
    found: dict[OccurrenceKey, str] = {}
    pairs = [
        (row, by_code[row.schedule.code], timedelta(days=row.schedule.lead_days))
        for row in rows
        if isinstance(row.schedule, BeforeSchedule) and row.schedule.code in by_code and _only_goes_before(row)
    ]
    if not pairs:
        return found
    done = {(one.key.lineage, one.nominal_date) for one in history if one.state in COMPLETED}
    for row, other, lead in pairs:
        for one in history:
            day = one.nominal_date + lead
            if one.key.lineage == row.lineage and one.state not in COMPLETED and (other.lineage, day) in done:
                found[one.key] = _why(other, day.isoformat())
    return found


def _only_goes_before(row: PlanRow) -> bool:
    lawful = row.layer is Layer.LAW or row.kind == "statutory" or bool(row.fulfils)
    return not lawful and row.max_gap_days is None and row.interval.every == 0


def _why(other: PlanRow, day: str) -> str:
    return (
        f"{day}的“{other.name.zh}”（{other.code}）已完成，事前工作无需再做 / "
        f"{other.name.en} ({other.code}) of {day} is done: nothing is needed before it any more"
    )
