"""What one row of a subject hands to another one that it stands for, or that stands for it. Pure; local days."""

from dataclasses import dataclass, replace
from datetime import date


@dataclass(frozen=True, slots=True)
class Handed:
    """The day of the work that counts (``done``) and as which day it counts for the longest gap of the row that it is
    handed to, and from when that row's dates are its own again."""

    done: date | None = None
    counts: date | None = None
    resumes: date | None = None

    def later(self, other: "Handed") -> "Handed":
        """Whichever work is later, and the later return."""
        work = max(self, other, key=lambda one: one.counts or date.min)
        ends = [one.resumes for one in (self, other) if one.resumes is not None]
        return replace(work, resumes=max(ends, default=None))


NOTHING = Handed()
"""Nothing was done of another row."""
