"""What was done of a row before Plantroom: the last time alone, by the records that were brought along. Pure; local
days.

It is an occurrence of the state ``former`` and the cycle ``FORMER_CYCLE``, before all others. The row counts from it as
from any other completion: its longest gap, its meter, what was noticed before. A row without an anchor of its own has
its calendar from that day. What would have fallen due between that day and the one on which it was entered is not made
up for: where the window of one, or the longest gap, had run out by then, the newest one is due on the day of entering
(what nobody knew of is not missed), and the calendar goes on behind it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from maintenance.grids import ListGrid
from maintenance.handing import Handed
from maintenance.plan import FORMER_CYCLE, Occurrence, OccurrenceKey, OccurrenceState, PlanRow
from maintenance.recurrence import Series, local_day, shifted

ENTERED_ON, ENTERED_BY, DONE_BY, RECORD_OF = "entered_on", "entered_by", "done_by", "record"
"""What the evidence of such an occurrence has: the day it was entered and by whom, who did it, where that is
written."""

COUNTS_AS = "counts_as"
"""And, where the longest gap had run out by then, the day that it counts as (``counted_day``)."""

ANEW_TO = "anew_to"
"""And, until the planner has looked: up to which cycle what nobody has begun is to be made anew."""

_NOON = time(12)


def former_of(history: Sequence[Occurrence]) -> Occurrence | None:
    """What was done before Plantroom, in the history of one row on one subject."""
    return next((one for one in history if one.state is OccurrenceState.FORMER), None)


def former_work(
    row: PlanRow, subject: str, site: str, day: date, entered_on: date, zone: ZoneInfo,
    floor: int | None = None, **said: str,
) -> Occurrence:  # fmt: skip
    """That a row was done last on a day, of which the longest gap is ``floor`` days; ``said``: what else its evidence
    has. It stands for no date of the calendar yet (``standing_for``)."""
    evidence = {ENTERED_ON: entered_on.isoformat()} | {name: text for name, text in said.items() if text}
    if floor is not None and shifted(day, floor) < entered_on:
        evidence[COUNTS_AS] = shifted(entered_on, -floor).isoformat()
    return Occurrence(
        OccurrenceKey(row.lineage, subject, FORMER_CYCLE), site, row.code, day, day, day, OccurrenceState.FORMER,
        datetime.combine(day, _NOON, zone), evidence=evidence,
    )  # fmt: skip


def told_otherwise(former: Occurrence, now: Occurrence) -> Occurrence:
    """The completion with what is said of the same day by now: who did it, where that is written, by whose word. When
    it was entered stays."""
    texts = (ENTERED_BY, DONE_BY, RECORD_OF)
    kept = {name: text for name, text in (former.evidence or {}).items() if name not in texts}
    return replace(former, evidence=kept | {name: text for name, text in (now.evidence or {}).items() if name in texts})


def counted_day(one: Occurrence, completed_at: datetime, zone: ZoneInfo) -> date:
    """The day that a completion counts as for the longest gap: where that had run out when it was entered, the one from
    which it ends on the day of entering."""
    counts = None if one.state is not OccurrenceState.FORMER else (one.evidence or {}).get(COUNTS_AS)
    return local_day(completed_at, zone) if counts is None else date.fromisoformat(str(counts))


def to_be_made_anew(former: Occurrence, history: Iterable[Occurrence]) -> Occurrence:
    """The completion, with word for the planner of what is due of its row already (``history``: of its subject)."""
    due = [one.key.cycle for one in history if one.state is OccurrenceState.DUE and is_of(one, former)]
    return replace(former, evidence=dict(former.evidence or {}) | {ANEW_TO: max(due)}) if due else former


def is_of(one: Occurrence, former: Occurrence) -> bool:
    """Whether an occurrence is of the same row and subject."""
    return (one.key.lineage, one.key.subject) == (former.key.lineage, former.key.subject)


def overtaken(former: Occurrence, history: Sequence[Occurrence]) -> list[Occurrence]:
    """What was due of its row when it was entered and is due yet. What was over by then stays on record."""
    last = (former.evidence or {}).get(ANEW_TO)
    if not isinstance(last, int):
        return []
    over = over_on(history, entered_on(former))
    due = (one for one in history if one.state is OccurrenceState.DUE and is_of(one, former))
    return [one for one in due if one.key.cycle <= last and one.key not in over]


def over_on(history: Iterable[Occurrence], day: date) -> set[OccurrenceKey]:
    """What is due and was over before a day, with all that its order carries: what is done in one go is due by the
    earliest of its last days. ``history``: of one subject."""
    due = [one for one in history if one.state is OccurrenceState.DUE]
    late = {one.work_order or one.key for one in due if one.latest < day}
    return {one.key for one in due if (one.work_order or one.key) in late}


def as_said(former: Occurrence) -> Occurrence:
    """The completion without the word for the planner."""
    evidence = former.evidence or {}
    if ANEW_TO not in evidence:
        return former
    return replace(former, evidence={name: text for name, text in evidence.items() if name != ANEW_TO})


def entered_on(former: Occurrence) -> date:
    """The day that it was entered."""
    return date.fromisoformat(str((former.evidence or {})[ENTERED_ON]))


def counting_from(anchor: date, row: PlanRow, former: Occurrence | None) -> date:
    """Where the dates of a row count from."""
    return anchor if former is None or row.anchor is not None else former.latest


def behind_former(series: Series, former: Occurrence | None, newest: int) -> Series:
    """The series behind the newest cycle that it goes on behind. Where that is what was done before Plantroom, the
    dates whose windows were over when that was entered are left out, but for the newest of them: unless the next one
    may be done by then already, or it could not be made up for (its season is over), it is due on the day of
    entering."""
    if former is None:
        return series
    day, first = entered_on(former), FORMER_CYCLE + 1
    if isinstance(series.grid, ListGrid):
        late = [one for one in series.grid.days[:1] if shifted(one, series.row.late_days) < day]
        return replace(series, grid=replace(series.grid, days=(day,))) if late and newest == FORMER_CYCLE else series
    series = replace(series, due_on=(first, day))
    if newest != FORMER_CYCLE:
        return series
    then = series.resumed(first, max(day, series.row.first_day))
    if then.renumbered == series.renumbered or shifted(then.nominal(first), -series.row.early_days) <= day:
        return then
    over = replace(then, renumbered=then.renumbered + 1)
    missed = over.nominal(first)
    lost = series.grid is not None and series.grid.span(missed)[1] < day
    return then if lost or missed < series.row.first_day else over


def run_out(former: Occurrence | None) -> Handed | None:
    """As which day it counts where the longest gap had run out when it was entered; ``None``: as what it is."""
    counts = None if former is None else (former.evidence or {}).get(COUNTS_AS)
    if former is None or counts is None:
        return None
    return Handed(former.latest, date.fromisoformat(str(counts)), run_out=True)


def standing_for(former: Occurrence, series: Series) -> Occurrence:
    """The completion as that of a date of the row's calendar, where it was early for one: that one is not asked for
    again. ``series`` goes on behind it."""
    first = series.nominal(series.next_cycle)
    early = former.latest < first <= shifted(former.latest, series.row.early_days)
    return replace(former, nominal_date=first) if early else former
