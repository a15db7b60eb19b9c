"""Occurrences as rows and back."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from maintenance.plan import Occurrence, OccurrenceKey, OccurrenceState
from plantroom.domain.audit_verify import Broken, Place, Tampering
from plantroom.storage.ledger import tables_maintenance as t
from plantroom.storage.ledger.audit_diff import whole
from plantroom.storage.ledger.audited import kept_rule
from plantroom.storage.ledger.columns import by_bytes

_o = t.occurrences.c
AT_ONCE = 5_000
"""Rows that are fetched at a time."""

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


def closed_as_kept(connection: Connection) -> Iterator[tuple[str, str]]:
    """As ``PlanRepository.closed_as_kept``. What the program cannot have written raises ``Broken``."""
    rule = kept_rule(t.occurrences)
    assert rule is not None
    slash = sa.literal("/", literal_execute=True)
    key: sa.ColumnElement[str] = _o.subject.concat(slash).concat(_o.lineage).concat(slash)
    key = by_bytes(connection, key.concat(sa.cast(_o.cycle, sa.Text)))
    names = [column.name for column in t.occurrences.c]
    statement = sa.select(*t.occurrences.c, key.label("kept_key")).where(_o.state != OccurrenceState.DUE.value)
    try:
        with connection.execute(statement.order_by(key), execution_options={"yield_per": AT_ONCE}) as result:
            for row in result.mappings():
                yield row["kept_key"], whole(rule, {name: row[name] for name in names})
    except (ValueError, TypeError, OverflowError) as error:
        detail = f"a value in the table of occurrences is none: it was changed ({error})"
        raise Broken(Place(Tampering.OCCURRENCE_CHANGED, detail=detail)) from error
