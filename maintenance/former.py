"""What was done of a row before Plantroom: the last time alone, by the records that were brought along. Pure; local
days.

It is an occurrence of the state ``former`` and the cycle ``FORMER_CYCLE``, before all others. The row counts from it as
from any other completion: its longest gap, its meter, what was noticed before. A row without an anchor of its own has
its calendar from that day. What would have fallen due between that day and the one on which it was entered is not made
up for: the dates begin with the first one whose window was open then. Where the longest gap had run out by then, that
one is due on the day of entering: what nobody knew of is not missed.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from maintenance.handing import Handed
from maintenance.plan import FORMER_CYCLE, Occurrence, OccurrenceKey, OccurrenceState, PlanRow
from maintenance.recurrence import Series, shifted

ENTERED_ON, DONE_BY, RECORD_OF = "entered_on", "done_by", "record"
"""What the evidence of such an occurrence has: the day it was entered, who did it, and where that is written."""

_NOON = time(12)


def former_of(history: Sequence[Occurrence]) -> Occurrence | None:
    """What was done before Plantroom, in the history of one row on one subject."""
    return next((one for one in history if one.state is OccurrenceState.FORMER), None)


def former_work(
    row: PlanRow, subject: str, site: str, day: date, entered_on: date, zone: ZoneInfo, said: tuple[str, str] = ("", "")
) -> Occurrence:
    """That a row was done last on a day; ``said``: by whom, and where that is written. It stands for no date of the
    calendar yet (``standing_for``)."""
    evidence = {ENTERED_ON: entered_on.isoformat()} | {
        name: text for name, text in zip((DONE_BY, RECORD_OF), said, strict=True) if text
    }
    return Occurrence(
        OccurrenceKey(row.lineage, subject, FORMER_CYCLE), site, row.code, day, day, day, OccurrenceState.FORMER,
        datetime.combine(day, _NOON, zone), evidence=evidence,
    )  # fmt: skip


def entered_on(former: Occurrence) -> date:
    """The day that it was entered."""
    return date.fromisoformat(str((former.evidence or {})[ENTERED_ON]))


def counting_from(anchor: date, row: PlanRow, former: Occurrence | None) -> date:
    """Where the dates of a row count from."""
    return anchor if former is None or row.anchor is not None else former.latest


def behind_former(series: Series, former: Occurrence | None, newest: int) -> Series:
    """The series behind the newest cycle that it goes on behind. Where that is what was done before Plantroom, the
    dates that were over when it was entered are left out."""
    if former is None or newest != FORMER_CYCLE:
        return series
    return series.resumed(series.next_cycle, max(entered_on(former), series.row.first_day))


def run_out(former: Occurrence | None, gap: int | None) -> Handed | None:
    """As which day it counts where the longest gap had run out when it was entered; ``None``: as what it is."""
    if former is None or gap is None or shifted(former.latest, gap) >= entered_on(former):
        return None
    return Handed(former.latest, shifted(entered_on(former), -gap), run_out=True)


def standing_for(former: Occurrence, series: Series) -> Occurrence:
    """The completion as that of a date of the row's calendar, where it was early for one: that one is not asked for
    again. ``series`` goes on behind it."""
    first = series.nominal(series.next_cycle)
    early = first <= shifted(former.latest, series.row.early_days)
    return replace(former, nominal_date=first) if early else former
