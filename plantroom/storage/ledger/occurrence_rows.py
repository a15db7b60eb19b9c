"""Occurrences as rows and back."""

from collections.abc import Sequence
from typing import Any

from maintenance.plan import Occurrence, OccurrenceKey, OccurrenceState
from plantroom.storage.ledger import tables_maintenance as t

_o = t.occurrences.c
OCCURRENCE_COLUMNS = (
    _o.lineage,
    _o.subject,
    _o.cycle,
    _o.site,
    _o.plan_row,
    _o.nominal_date,
    _o.earliest,
    _o.latest,
    _o.state,
    _o.completed_at,
    _o.work_order,
    _o.nominal_at,
    _o.due_at,
    _o.evidence,
)
_STATES = {state.value: state for state in OccurrenceState}


def occurrence_values(one: Occurrence) -> dict[str, Any]:
    """The columns' values of an occurrence."""
    return {
        "lineage": one.key.lineage,
        "subject": one.key.subject,
        "cycle": one.key.cycle,
        "site": one.site,
        "plan_row": one.plan_row,
        "nominal_date": one.nominal_date,
        "earliest": one.earliest,
        "latest": one.latest,
        "state": one.state.value,
        "completed_at": one.completed_at,
        "work_order": one.work_order,
        "nominal_at": one.nominal_at,
        "due_at": one.due_at,
        "evidence": one.evidence,
    }


def occurrence_of(row: Sequence[Any]) -> Occurrence:
    """The occurrence of a row selected with ``OCCURRENCE_COLUMNS`` and perhaps others behind them."""
    lineage, subject, cycle, site, plan_row, nominal, earliest, latest, state, completed, order, *more = row
    nominal_at, due_at, evidence = more[:3]
    return Occurrence(
        key=OccurrenceKey(lineage, subject, cycle),
        site=site,
        plan_row=plan_row,
        nominal_date=nominal,
        earliest=earliest,
        latest=latest,
        state=_STATES[state],
        completed_at=completed,
        work_order=order,
        nominal_at=nominal_at,
        due_at=due_at,
        evidence=evidence,
    )
