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

    def of(self, which: Days, job: Days) -> "Occurrences":
        """Some of them, in jobs at other places."""
        columns = (self.pair, self.cycle, self.nominal, self.earliest, self.latest, self.counted_from)
        pair, cycle, nominal, earliest, latest, counted_from = (column[which] for column in columns)
        return Occurrences(pair, cycle, nominal, earliest, latest, counted_from, self.pulled[which], job)


@dataclass(frozen=True, slots=True)
class Jobs:
    """One element for each job; ``leader`` is the pair of its deepest occurrence."""

    leader: Days
    earliest: Days
    latest: Days
    due: Days
    placed_early: Flags

    def of(self, which: Days) -> "Jobs":
        """Some of them."""
        leader, earliest, latest, due = (c[which] for c in (self.leader, self.earliest, self.latest, self.due))
        return Jobs(leader, earliest, latest, due, self.placed_early[which])


@dataclass(slots=True)
class Found:
    """Collects both, piece by piece. ``beyond`` has for each pair the first day of the window that was not computed any
    more."""

    beyond: Days
    _occurrences: list[Occurrences] = field(default_factory=list)
    _jobs: list[Jobs] = field(default_factory=list)
    _count: int = 0

    def alone(self, pair: Days, cycle: Days, windows: Windows, last: Days) -> None:
        """Occurrences that are a job each."""
        job = self.jobs(pair, windows.earliest, windows.latest, windows.planned, np.zeros(pair.size, np.bool_))
        self.occurrences(pair, cycle, windows, last, job)

    def jobs(self, leader: Days, earliest: Days, latest: Days, due: Days, placed_early: Flags) -> Days:
        """Add jobs; gives their places."""
        self._jobs.append(Jobs(leader, earliest, latest, due, placed_early))
        first, self._count = self._count, self._count + leader.size
        return np.arange(first, self._count, dtype=np.int64)

    def occurrences(self, pair: Days, cycle: Days, windows: Windows, last: Days, job: Days) -> None:
        """Add the occurrences of jobs that are there."""
        nominal, earliest, latest, _, pulled = windows
        self._occurrences.append(Occurrences(pair, cycle, nominal, earliest, latest, last, pulled, job))

    def all_occurrences(self) -> Occurrences:
        """Every occurrence, in the order in which they came."""
        some = self._occurrences
        return Occurrences(
            pair=_joined([one.pair for one in some]),
            cycle=_joined([one.cycle for one in some]),
            nominal=_joined([one.nominal for one in some]),
            earliest=_joined([one.earliest for one in some]),
            latest=_joined([one.latest for one in some]),
            counted_from=_joined([one.counted_from for one in some]),
            pulled=_flags([one.pulled for one in some]),
            job=_joined([one.job for one in some]),
        )

    def all_jobs(self) -> Jobs:
        """Every job, in the order in which they came."""
        some = self._jobs
        return Jobs(
            leader=_joined([one.leader for one in some]),
            earliest=_joined([one.earliest for one in some]),
            latest=_joined([one.latest for one in some]),
            due=_joined([one.due for one in some]),
            placed_early=_flags([one.placed_early for one in some]),
        )


def _joined(pieces: list[Days]) -> Days:
    return np.concatenate(pieces) if pieces else np.empty(0, np.int64)


def _flags(pieces: list[Flags]) -> Flags:
    return np.concatenate(pieces) if pieces else np.empty(0, np.bool_)


def none_beyond(pairs: int) -> Days:
    """``Found.beyond`` before anything was computed."""
    return np.full(pairs, END, np.int64)
