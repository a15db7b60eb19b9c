"""In which order safety findings that wait are applied: those of each asset and failure mode have their turn. Pure.

A turn is one finding, so that a device that floods the queue costs the first safety finding of any other no more than
one of its own. What waits before a safety finding of its own asset and mode goes before it.
"""

from collections import deque
from collections.abc import Iterable
from itertools import chain, islice, takewhile, zip_longest

from plantroom.ports.outbox import Line, WaitingFinding

Place = tuple[Line, int]
"""A line and a position in the outbox."""


class Turns:
    """What is known to wait, by its line; some 50 bytes each. Cost of a finding: constant."""

    def __init__(self) -> None:
        self.seen = 0
        """The position up to which all that waits is known."""
        self._waiting: dict[Line, deque[int]] = {}
        self._safety: dict[Line, deque[int]] = {}
        """Positions of safety findings; the lines in the order of their turns."""

    def note(self, waiting: Iterable[WaitingFinding]) -> None:
        """What waits behind ``seen``, in its order."""
        for one in waiting:
            self._waiting.setdefault(one.line, deque()).append(one.position)
            if one.safety:
                self._safety.setdefault(one.line, deque()).append(one.position)
            self.seen = one.position

    def next(self, limit: int) -> list[Place]:
        """Whose turn it is: of each line with a safety finding what comes next up to its last one, one of each line and
        round. Empty when no safety waits."""
        lines = [_until(line, self._waiting[line], safety[-1]) for line, safety in islice(self._safety.items(), limit)]
        return list(islice((place for place in chain.from_iterable(zip_longest(*lines)) if place is not None), limit))

    def done(self, line: Line, position: int) -> None:
        """The line's findings up to the position wait no more; the line has had its turn."""
        safety = _behind(self._safety.pop(line, None), position)
        if safety:
            self._safety[line] = safety
        waiting = _behind(self._waiting.pop(line, None), position)
        if waiting:
            self._waiting[line] = waiting

    def drained(self) -> None:
        """Nothing waits: what is still thought to was done by somebody else."""
        self._waiting.clear()
        self._safety.clear()


def _until(line: Line, waiting: deque[int], last: int) -> Iterable[Place]:
    return ((line, position) for position in takewhile(lambda position: position <= last, waiting))


def _behind(positions: deque[int] | None, position: int) -> deque[int] | None:
    while positions and positions[0] <= position:
        positions.popleft()
    return positions
