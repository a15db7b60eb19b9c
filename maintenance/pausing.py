"""Rows on machines that were out of use for a while: where they go on. Pure; local days.

What would have had its last day during the rest is left out. The first occurrence behind it is the first one of the
row's calendar whose window is still open on the day of the return, so that it is due within an interval of it. A
longest gap that ran out during the rest counts from the return. Where a row is to be done before a machine that rested
for long is used again (``PlanRow.before_reuse``), an occurrence is due on the day of the return; the dates of the
calendar stay, but the one that may be done that early is done with it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from maintenance.kinds import Case
from maintenance.nesting import Planned, Track
from maintenance.plan import Occurrence, OccurrenceState, PlanRow
from maintenance.recurrence import Series, Window, local_day, shifted
from maintenance.rests import Pause, carried, pauses_of


def paused(track: Track, case: Case) -> Track:
    """The track with the rests of its machine."""
    track.rests = pauses = pauses_of(case.facts.rests, case.zone)
    carry(track, track.last)
    track.pauses = tuple(replace(one, asks=_asks(one, track.series, case)) for one in pauses)
    track.reuses = _long(case.row, pauses)
    return track


def carry(track: Track, last: date | None) -> None:
    """Have a track count from a day, or from the return behind which that holds no more."""
    track.last = last
    for pause in track.rests:
        last = carried(track.last, track.series.max_gap_days, pause)
        if last != track.last:
            track.last, track.resumed = last, pause


def behind_reuse(series: Series, case: Case, newest: int, day: date) -> Series:
    """A series behind its newest known cycle, which was given ``day``: one that was asked for because of a rest is none
    of its calendar's dates."""
    if not any(one.until == day for one in _long(case.row, pauses_of(case.facts.rests, case.zone))):
        return series
    return series.strictly_behind(newest, shifted(day, case.row.early_days))


def given_since_return(case: Case, closed: Sequence[Occurrence]) -> list[Occurrence]:
    """What stands of a floating row since its machine came back, while nothing has been closed since: it keeps its
    dates, for it floats with nothing."""
    newest = max(
        date.min if o.completed_at is None else local_day(o.completed_at, case.zone) for o in closed
    )  # fmt: skip
    newest = max(newest, *(o.latest for o in closed))
    returns = [one.until for one in pauses_of(case.facts.rests, case.zone) if one.until > newest]
    if not returns:
        return []
    due = (o for o in case.history if o.state is OccurrenceState.DUE)
    return [o for o in due if shifted(o.nominal_date, case.row.late_days) >= returns[0]]


def asked_for(track: Track, cycle: int, day: date) -> Planned | None:
    """What stands because of a rest, by the date that it was given; ``None`` for any other."""
    pause = next((one for one in track.reuses if one.until == day), None)
    if pause is None:
        return None
    return Planned(track.row, Window(cycle, day, day, day, day, pulled=False), None, None, pause)


def _long(row: PlanRow, pauses: Sequence[Pause]) -> tuple[Pause, ...]:
    """Those behind which the row is to be done before the machine is used again."""
    reuse = row.before_reuse
    return () if reuse is None else tuple(one for one in pauses if one.days > reuse.after_days)


def _asks(pause: Pause, series: Series, case: Case) -> bool:
    """Whether the row is to be done because of a rest, and has not been since: what was done in the last
    ``after_days`` of it counts."""
    reuse, history = case.row.before_reuse, case.history
    if reuse is None or pause.days <= reuse.after_days or (series.ends is not None and pause.until >= series.ends):
        return False
    if any(o.nominal_date >= pause.until or o.state is OccurrenceState.DUE for o in history):
        return False
    if not history and pause.until < case.start:
        return False
    fresh = max(pause.since, shifted(pause.until, -reuse.after_days))
    return not any(o.completed_at is not None and local_day(o.completed_at, case.zone) >= fresh for o in history)
