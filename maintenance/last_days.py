"""The day from which the longest gap of a row counts. Pure; local days."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from maintenance.former import counted_day
from maintenance.nesting import Track
from maintenance.plan import COMPLETED, Occurrence, OccurrenceState
from maintenance.rests import carried_through


def last_day(history: Sequence[Occurrence], zone: ZoneInfo, before: date = date.max) -> date | None:
    """The day that a row was done last, as it counts, or the last day of what was missed of the dates before a day,
    whichever is later."""
    breaches = [o.latest for o in history if o.state is OccurrenceState.MISSED and o.nominal_date < before]
    done = [
        counted_day(o, o.completed_at, zone) for o in history if o.state in COMPLETED and o.completed_at is not None
    ]
    return max([*done, *breaches], default=None)


def last_before(one: Occurrence, track: Track, zone: ZoneInfo) -> date | None:
    """The day that the longest gap before something that stands counts from: that of its track, but nothing that was
    missed of later dates."""
    if not any(o.state is OccurrenceState.MISSED and o.nominal_date > one.nominal_date for o in track.history):
        return track.last
    known = (last_day(track.history, zone, one.nominal_date), track.stood, track.handed.counts)
    last = max((day for day in known if day is not None), default=None)
    return carried_through(last, track.series.max_gap_days, track.rests)


def count_standing(track: Track, counted: date) -> None:
    """Have a track count from what stands of it, looked at in the order of its cycles."""
    track.stood = counted if track.stood is None else max(track.stood, counted)
    if track.last is None or counted > track.last:
        track.carry(counted, track.rests)
