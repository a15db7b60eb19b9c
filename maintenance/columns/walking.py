"""Rows that no other row contains, and the rest of those that one does: each walks by itself."""

import numpy as np

from maintenance.columns.days import Days, WorkDays
from maintenance.columns.found import Found
from maintenance.columns.tracks import Tracks


def walk(pair: Days, tracks: Tracks, until: Days, calendar: WorkDays, found: Found) -> None:
    """Add each pair's occurrences whose windows begin by its ``until``. O(occurrences); raises ``TooFar``."""
    while pair.size:
        windows = tracks.peek(calendar)
        goes = windows.earliest <= until
        if not goes.all():
            found.beyond[pair[~goes]] = windows.earliest[~goes]
            pair, until, tracks = pair[goes], until[goes], tracks.take(goes)
            windows = windows.of(goes)
        found.alone(pair, tracks.next_cycle, windows, tracks.last)
        counted = tracks.counted(windows.planned, windows.latest)
        tracks.next_cycle, tracks.last = tracks.next_cycle + 1, np.maximum(tracks.last, counted)
