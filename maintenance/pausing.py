"""Rows on machines that were out of use for a while: where they go on. Pure; local days.

What would have had its last day during the rest is left out. The first occurrence behind it is the first one of the
row's calendar whose window is still open on the day of the return, so that it is due within an interval of it. A
longest gap that ran out during the rest counts from the return; where nothing was ever done, the last day of what
lapsed first stands for its end. Where a row is to be done before a machine that rested for long is used again
(``PlanRow.before_reuse``), an occurrence is due on the day of the return; the dates of the calendar stay, but the one
that may be done that early is done with it.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from maintenance.kinds import Case
from maintenance.last_days import count_standing, last_before
from maintenance.nesting import Planned, Track
from maintenance.plan import OccurrenceState
from maintenance.recurrence import Series, Window, local_day, shifted, window_at
from maintenance.rests import Pause, lapsed_first, pauses_of


def paused(track: Track, case: Case) -> Track:
    """The track with the rests of its machine."""
    track.rests = pauses = pauses_of(case.facts.rests, case.zone)
    track.carry(_counted(track.last, track.series, case, pauses), pauses)
    asked = (replace(one, asks=_asks(one, track.series, case)) for one in pauses)
    track.pauses = tuple(one for one in asked if one.asks or one.since < one.until)
    track.reuses = _long(case, pauses)
    return track


def behind_reuse(series: Series, case: Case, newest: int, day: date) -> Series:
    """A series behind its newest known cycle, which was given ``day``: one that was asked for because of a rest is none
    of its calendar's dates."""
    pauses = pauses_of(case.facts.rests, case.zone)
    by_law = () if case.floor is None or case.row.shift_percent else pauses
    if not any(one.until == day for one in (*by_law, *_long(case, pauses))):
        return series
    return series.strictly_behind(newest, shifted(day, case.row.early_days))


def resumed(series: Series, case: Case, last: date | None) -> Series:
    """The series of a floating row, which begins behind what is closed, with the dates left out that what stands since
    has left out on account of a rest. What is overdue counts on the last day that it would be given now, as it does
    where it stands."""
    pauses = pauses_of(case.facts.rests, case.zone)
    if not pauses:
        return series
    whole = tuple(one for one in pauses if one.since < one.until)
    track = Track(series, series.next_cycle, last, pauses=whole, rests=pauses, history=case.history)
    track.carry(_counted(last, series, case, pauses), pauses)
    for one in sorted(case.history, key=lambda o: o.key.cycle):
        if one.key.cycle >= series.next_cycle:
            track.next_cycle = one.key.cycle
            track.settle()
        if one.state is OccurrenceState.DUE and one.latest < case.today:
            counts = last_before(one, track, case.zone)
            count_standing(track, window_at(track.series, one.key.cycle, one.nominal_date, counts).latest)
    return track.series


def asked_for(track: Track, cycle: int, day: date) -> Planned | None:
    """What stands because of a rest, by the date that it was given; ``None`` for any other."""
    pause = next((one for one in track.reuses if one.until == day), None)
    if pause is None:
        return None
    return Planned(track.row, Window(cycle, day, day, day, day, pulled=False), None, None, pause, 0, track.length)


def _counted(last: date | None, series: Series, case: Case, pauses: Sequence[Pause]) -> date | None:
    return lapsed_first(case.history, series.max_gap_days, pauses) if last is None else last


def _long(case: Case, pauses: Sequence[Pause]) -> tuple[Pause, ...]:
    """Those behind which the row is or was to be done before the machine is used again: what was out of use since it
    was done last is long enough."""
    reuse = case.row.before_reuse
    if reuse is None or not pauses:
        return ()
    done = sorted(local_day(o.completed_at, case.zone) for o in case.history if o.completed_at is not None)
    found = []
    for one in pauses:
        place = bisect_left(done, one.until)
        if one.days_since(done[place - 1] if place else date.min) > reuse.after_days:
            found.append(one)
    return tuple(found)


def _asks(pause: Pause, series: Series, case: Case) -> bool:
    """Whether the row is to be done because of a rest, and has not been since: what was done in the last
    ``after_days`` of it counts."""
    history = case.history
    if not _long(case, [pause]) or (series.ends is not None and pause.until >= series.ends):
        return False
    if any(o.nominal_date >= pause.until or o.state is OccurrenceState.DUE for o in history):
        return False
    if not history and pause.until < case.start:
        return False
    return not any(o.completed_at is not None and local_day(o.completed_at, case.zone) >= pause.until for o in history)
