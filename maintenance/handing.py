"""What one row of a subject hands to another one that it stands for, or that stands for it. Pure; local days."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date


@dataclass(frozen=True, slots=True)
class Handed:
    """The day of the work that counts (``done``) and as which day it counts for the longest gap of the row that it is
    handed to, and from when that row's dates are its own again. ``run_out``: it was done before Plantroom, and the
    longest gap had run out when that was entered."""

    done: date | None = None
    counts: date | None = None
    resumes: date | None = None
    run_out: bool = False

    def later(self, other: "Handed") -> "Handed":
        """Whichever work is later, and the later return."""
        work = max(self, other, key=lambda one: one.counts or date.min)
        ends = [one.resumes for one in (self, other) if one.resumes is not None]
        return replace(work, resumes=max(ends, default=None))


NOTHING = Handed()
"""Nothing was done of another row."""


@dataclass(slots=True)
class Received:
    """All that others hand to one row: on account of each row of the law's that it stands for (by code, ``None``: of
    itself, which has come back), and which of these have a longest gap (``bound``). ``own``: the day the row was done
    last itself."""

    own: date | None = None
    by_law: dict[str | None, Handed] = field(default_factory=dict)
    bound: set[str] = field(default_factory=set)

    def take(self, law: str | None, handed: Handed, *, binds: bool = True) -> None:
        """Work that counts for one of the law's rows, whichever is later."""
        self.by_law[law] = self.by_law.get(law, NOTHING).later(handed)
        if law is not None and binds:
            self.bound.add(law)

    @property
    def total(self) -> Handed:
        """What counts for all: what was done for the one of the law's rows whose longest gap ends first, for each of
        them holds."""
        known: Mapping[str, Handed] = {
            law: one for law, one in self.by_law.items() if law is not None and one.counts is not None
        }
        bound = [one for law, one in known.items() if law in self.bound]
        mine = self.by_law.get(None, NOTHING)
        if bound:
            return mine.later(min(bound, key=lambda one: one.counts or date.max))
        for one in known.values():
            mine = mine.later(one)
        return mine

    @property
    def last(self) -> date | None:
        """The day that the row counts from."""
        days = [day for day in (self.own, self.total.counts) if day is not None]
        return max(days, default=None)
