"""What was done of a row before Plantroom: the last time alone, by the records that were brought along. Pure; local
days.

It is an occurrence of the state ``former`` and the cycle ``FORMER_CYCLE``, before all others. The row counts from it as
from any other completion: its longest gap, its meter, what was noticed before. A row without an anchor of its own has
its calendar from that day. What would have fallen due between that day and the one on which it was entered is not made
up for: where the window of one, or the longest gap, had run out by then, the newest one is due on the day of entering
(what nobody knew of is not missed), and the calendar goes on behind it.
"""

import sys
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from maintenance.grids import ListGrid
from maintenance.handing import Handed
from maintenance.plan import FORMER_CYCLE, Occurrence, OccurrenceKey, OccurrenceState, PlanRow
from maintenance.recurrence import Series, local_day, shifted

ENTERED_ON, ENTERED_BY, DONE_BY, RECORD_OF = "entered_on", "entered_by", "done_by", "record"
"""What the evidence of such an occurrence has: the day it was entered and by whom, who did it, where that is
written."""

CHANGED_ON, CHANGED_BY = "changed_on", "changed_by"
"""And, where what is said of the day was changed, when last and by whom."""

DONE_WITH = "done_with"
"""And, where it was done with another row that contains it, that row's code."""

COUNTS_AS = "counts_as"
"""And, where the longest gap had run out by then, the day that it counts as (``counted_day``)."""

DUE_ON = "due_on"
"""And, where the planner has looked first on a later day: that day, on which is due what was to be on that of entering.
"""

ANEW_TO, ANEW_SINCE = "anew_to", "anew_since"
"""And, until the planner has looked: up to which cycle what nobody has begun is to be made anew, and from which day on
what was over then is, too (that of entering, unless it is one that was wrong and is corrected)."""

ANEW_OF = "anew_of"
"""What the evidence of something that is due has, until the planner has looked: the rows whose completions have been
taken back, each with the day of that and the one from which on what was over is made anew, too."""

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
    """The completion with what is said of the same day by now: who did it, where that is written, with which row. When
    and by whom it was entered stays; who said otherwise is noted beside that."""
    texts = (DONE_BY, RECORD_OF, DONE_WITH)
    known, said = former.evidence or {}, now.evidence or {}
    kept = {name: text for name, text in known.items() if name not in texts}
    told = {name: text for name, text in said.items() if name in texts}
    changed = {CHANGED_ON: said[ENTERED_ON], CHANGED_BY: said.get(ENTERED_BY, "")}
    return replace(former, evidence=kept | told | changed)


def counts_alike(one: Occurrence, other: Occurrence) -> bool:
    """Whether two completions of one row give it the same dates."""
    days = (one.latest, one.nominal_date, (one.evidence or {}).get(COUNTS_AS))
    return days == (other.latest, other.nominal_date, (other.evidence or {}).get(COUNTS_AS))


def done_with(former: Occurrence) -> str | None:
    """The code of the row that it was done with, where it was not entered by itself."""
    code = (former.evidence or {}).get(DONE_WITH)
    return None if code is None else str(code)


def due_by_entering(former: Occurrence, history: Iterable[Occurrence], by: str | None) -> set[OccurrenceKey]:
    """What is due on the very day on which completions were entered, which is of their making, from that of ``former``
    on (``history``: of one subject); ``by``: whose completions alone."""
    known = list(history)
    days = {
        one.key.lineage: due_day(one)
        for one in known
        if one.state is OccurrenceState.FORMER and by in (None, (one.evidence or {}).get(ENTERED_BY))
    }
    if former.key.lineage not in days:
        return set()
    due = (one for one in known if one.state is OccurrenceState.DUE and one.latest >= due_day(former))
    return {one.key for one in due if days.get(one.key.lineage) == one.latest}


def counted_day(one: Occurrence, completed_at: datetime, zone: ZoneInfo) -> date:
    """The day that a completion counts as for the longest gap: where that had run out when it was entered, the one from
    which it ends on the day of entering."""
    counts = None if one.state is not OccurrenceState.FORMER else (one.evidence or {}).get(COUNTS_AS)
    return local_day(completed_at, zone) if counts is None else date.fromisoformat(str(counts))


@dataclass(frozen=True, slots=True)
class Anew:
    """That what is due of a row (a lineage) on a subject is to be made anew, up to a cycle. What was over before
    ``since`` stays on record; said on a day."""

    lineage: str
    said_on: date
    since: date
    last: int = sys.maxsize


def to_be_made_anew(former: Occurrence, history: Iterable[Occurrence], since: date | None = None) -> Occurrence:
    """The completion, with word for the planner of what is due already (``history``: of its subject). ``since``: from
    which day on what was over is made anew, too, if not from that of entering."""
    due = [one for one in history if one.state is OccurrenceState.DUE]
    if not due:
        return former
    word: dict[str, object] = {ANEW_TO: max((o.key.cycle for o in due if is_of(o, former)), default=FORMER_CYCLE)}
    if since is not None and since < entered_on(former):
        word[ANEW_SINCE] = since.isoformat()
    return replace(former, evidence=dict(former.evidence or {}) | word)


def taken_back(words: Sequence[Anew], due: Occurrence) -> Occurrence:
    """Something that is due of a subject, with word for the planner of completions that have been taken back."""
    said = [[word.lineage, word.said_on.isoformat(), word.since.isoformat()] for word in (*anew_of(due), *words)]
    return replace(due, evidence=dict(due.evidence or {}) | {ANEW_OF: said})


def anew_of(one: Occurrence) -> list[Anew]:
    """What an occurrence has to tell the planner."""
    said, evidence = [], one.evidence or {}
    last, rows = evidence.get(ANEW_TO), evidence.get(ANEW_OF)
    if isinstance(last, int):
        since = date.fromisoformat(str(evidence.get(ANEW_SINCE, evidence[ENTERED_ON])))
        said.append(Anew(one.key.lineage, entered_on(one), since, last))
    if isinstance(rows, list | tuple):
        said += [Anew(row, date.fromisoformat(on), date.fromisoformat(since)) for row, on, since in rows]
    return said


def is_of(one: Occurrence, former: Occurrence) -> bool:
    """Whether an occurrence is of the same row and subject."""
    return (one.key.lineage, one.key.subject) == (former.key.lineage, former.key.subject)


def overtaken(word: Anew, history: Sequence[Occurrence]) -> list[Occurrence]:
    """What was due of a row when its completion was entered or taken back, and is due yet (``history``: of one
    subject). What was over by then stays on record."""
    over = over_on(history, word.since)
    due = (one for one in history if one.state is OccurrenceState.DUE and one.key.lineage == word.lineage)
    return [one for one in due if one.key.cycle <= word.last and one.key not in over]


def over_on(history: Iterable[Occurrence], day: date, excused: Container[OccurrenceKey] = ()) -> set[OccurrenceKey]:
    """What is due and was over before a day, with all that its order carries: what is done in one go is due by the
    earliest of its last days. ``history``: of one subject. Of ``excused`` it does not matter that they are over."""
    due = [one for one in history if one.state is OccurrenceState.DUE]
    late = {one.work_order or one.key for one in due if one.latest < day and one.key not in excused}
    return {one.key for one in due if (one.work_order or one.key) in late}


def as_said(one: Occurrence) -> Occurrence:
    """An occurrence without what it has to tell the planner."""
    evidence = one.evidence or {}
    if evidence.keys().isdisjoint(_WORDS):
        return one
    return replace(one, evidence={name: said for name, said in evidence.items() if name not in _WORDS} or None)


def words_in(one: Occurrence) -> dict[str, object]:
    """The part of an occurrence's evidence that is for the planner."""
    return {name: said for name, said in (one.evidence or {}).items() if name in _WORDS}


_WORDS = (ANEW_TO, ANEW_SINCE, ANEW_OF)


def entered_on(former: Occurrence) -> date:
    """The day that it was entered."""
    return date.fromisoformat(str((former.evidence or {})[ENTERED_ON]))


def due_day(former: Occurrence) -> date:
    """The day on which is due what it makes due at once: that of entering, or of the planner's first look."""
    day = (former.evidence or {}).get(DUE_ON)
    return entered_on(former) if day is None else date.fromisoformat(str(day))


def put_off(former: Occurrence, day: date) -> Occurrence:
    """The completion with that day as ``due_day``."""
    evidence = dict(former.evidence or {})
    counts, later = evidence.get(COUNTS_AS), (day - due_day(former)).days
    if counts is not None:
        evidence[COUNTS_AS] = shifted(date.fromisoformat(str(counts)), later).isoformat()
    return replace(former, evidence=evidence | {DUE_ON: day.isoformat()})


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
    day, first = due_day(former), FORMER_CYCLE + 1
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
