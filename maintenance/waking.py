"""When time alone changes something for a subject that has been planned. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta

from maintenance.nesting import Job, Track, look_ahead
from maintenance.planner import before_of
from maintenance.recurrence import shifted


def wake_day(tracks: Sequence[Track], jobs: Sequence[Job], today: date, until: date) -> date:
    """The first day on which time alone changes something for a subject whose tracks are used up to ``until``: a job
    begins, one is over, or the next one comes within the horizon. Where rows contain or come before each other,
    and where something is overdue, that is tomorrow."""
    tomorrow, horizon = today + timedelta(days=1), (until - today).days
    if look_ahead(tracks) or any(job.latest < today for job in jobs) or any(before_of(t.row) for t in tracks):
        return tomorrow
    days = [shifted(track.peek().window.earliest, -horizon) for track in tracks if not track.ended]
    days += [job.earliest for job in jobs if job.earliest > today]
    days += [shifted(job.latest, 1) for job in jobs]
    return max(tomorrow, min(days, default=date.max))
