"""Statutory work that counts as done, with nothing on its record (no answer, no file, no signature), with less than its
checklist asks for, or entered long after it says that it was done. Pure but for counting what was not answered."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from maintenance.entered import is_late
from maintenance.figures.compliance import is_statutory
from maintenance.figures.facts import Due
from maintenance.plan import OccurrenceState
from maintenance.reports.ports import DueLine, ReportRepository

_DONE = frozenset({OccurrenceState.DONE.value, OccurrenceState.CREDITED.value})


@dataclass(frozen=True, slots=True)
class Bare:
    """``lines`` of those without a record, ``incomplete`` of those whose record lacks something, and ``late`` of those
    that were entered late, out of ``done`` that a law asks for. ``unanswered``: how many items of its checklist have no
    answer, by order, of the first two."""

    lines: Sequence[DueLine]
    incomplete: Sequence[DueLine]
    late: Sequence[DueLine]
    done: int
    unanswered: Mapping[str, int]


def bare_of(store: ReportRepository, due: Sequence[DueLine], lawful: Collection[str]) -> Bare:
    """What there is of it. ``lawful`` as of ``is_statutory``."""
    done = [one for one in due if one.state in _DONE and is_statutory(fact_of(one), lawful)]
    late = [one for one in done if is_late(one.completed_at, one.recorded_at)]
    bare, incomplete = [one for one in done if one.bare], [one for one in done if one.incomplete]
    orders = {one.order for one in (*bare, *incomplete) if one.order is not None}
    return Bare(bare, incomplete, late, len(done), store.unanswered(orders))


def fact_of(due: DueLine) -> Due:
    """What figures count of it."""
    return Due(
        None, due.lineage, due.plan_row, due.kind, due.layer, None, due.latest, due.due_at, due.state, due.completed_at,
        due.order_state, due.bare, due.recorded_at, due.incomplete,
    )  # fmt: skip
