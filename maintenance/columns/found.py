"""What the columns have found so far: occurrences and the jobs that they belong to."""

from dataclasses import dataclass, field

import numpy as np

from maintenance.columns.days import END, Days, Flags
from maintenance.columns.tracks import Windows


@dataclass(frozen=True, slots=True)
class Occurrences:
    """One element for each occurrence; ``job`` is the place in ``Jobs``, ``counted_from`` the day of the job before."""

    pair: Days
    cycle: Days
    nominal: Days
    earliest: Days
    latest: Days
    counted_from: Days
    pulled: Flags
    job: Days


@dataclass(frozen=True, slots=True)
class Jobs:
    """One element for each job; ``leader`` is the pair of its deepest occurrence."""

    leader: Days
    earliest: Days
    latest: Days
    due: Days
    placed_early: Flags


@dataclass(slots=True)
class Found:
    """Collects both, piece by piece. ``beyond`` has for each pair the first day of the window that was not computed any
    more."""

    beyond: Days
    _occurrences: list[tuple[Days | Flags, ...]] = field(default_factory=list)
    _jobs: list[tuple[Days | Flags, ...]] = field(default_factory=list)
    _count: int = 0

    def alone(self, pair: Days, cycle: Days, windows: Windows, last: Days) -> None:
        """Occurrences that are a job each."""
        job = self.jobs(pair, windows.earliest, windows.latest, windows.planned, np.zeros(pair.size, np.bool_))
        self.occurrences(pair, cycle, windows, last, job)

    def jobs(self, leader: Days, earliest: Days, latest: Days, due: Days, placed_early: Flags) -> Days:
        """Add jobs; gives their places."""
        self._jobs.append((leader, earliest, latest, due, placed_early))
        first, self._count = self._count, self._count + leader.size
        return np.arange(first, self._count, dtype=np.int64)

    def occurrences(self, pair: Days, cycle: Days, windows: Windows, last: Days, job: Days) -> None:
        """Add the occurrences of jobs that are there."""
        self._occurrences.append(
            (pair, cycle, windows.nominal, windows.earliest, windows.latest, last, windows.pulled, job)
        )

    def all(self) -> tuple[Occurrences, Jobs]:
        """Everything, in the order in which it came."""
        return Occurrences(*_columns(self._occurrences, 8, 6)), Jobs(*_columns(self._jobs, 5, 4))


def _columns(pieces: list[tuple[Days | Flags, ...]], width: int, flags: int) -> list[Days]:
    if pieces:
        return [np.concatenate([piece[i] for piece in pieces]) for i in range(width)]
    return [np.empty(0, np.bool_ if i == flags else np.int64) for i in range(width)]


def none_beyond(pairs: int) -> Days:
    """``Found.beyond`` before anything was computed."""
    return np.full(pairs, END, np.int64)
