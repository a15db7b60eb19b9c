"""In which order safety findings that wait are applied: those of each asset and failure mode have their turn. Pure.

A turn is one finding, so that a device that floods the queue costs the first safety finding of any other no more than
one of its own. What waits before a safety finding of its own asset and mode goes before it, but for what stands apart:
events of no failure mode that are no safety events, and their ends. Whatever a device says that its class does not know
is of that one mode, and would keep a safety event waiting. Of these only those of the same event go before it. The
order of each event's own is kept, that of different events is not (``maintenance.event_order``).
"""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain, islice, zip_longest

from plantroom.domain.assets import UNCLASSIFIED
from plantroom.domain.findings import FindingSource
from plantroom.ports.outbox import Line, WaitingFinding

Place = tuple[Line, int]
"""A line and a position in the outbox."""


class Turns:
    """What is known to wait, by its line; some 50 bytes each, 200 of an event that stands apart. Cost of a finding:
    constant."""

    def __init__(self) -> None:
        self.seen = 0
        """The position up to which all that waits is known."""
        self._passed = 0
        """A position up to which nothing waits any more."""
        self._waiting: dict[Line, deque[int]] = {}
        """What goes before safety of its line and that itself, in the order in which it goes."""
        self._safety: dict[Line, deque[int]] = {}
        """Positions of safety findings; the lines in the order of their turns."""
        self._apart: dict[int, list[int]] = {}
        """What stands apart, by the hash of its line and event: two that share one keep each other's order, too."""

    def note(self, waiting: Iterable[WaitingFinding]) -> None:
        """What waits behind ``seen``, in its order."""
        for one in waiting:
            if _stands_apart(one):
                self._put_apart(one)
            else:
                line = self._waiting.setdefault(one.line, deque())
                if one.source is FindingSource.RULE:
                    # Not among what waits already: whoever goes before those need not wait for these.
                    line.extend(self._apart.pop(_event(one), ()))
                line.append(one.position)
            if one.safety:
                self._safety.setdefault(one.line, deque()).append(one.position)
            self.seen = one.position

    def next(self, limit: int) -> list[Place]:
        """Whose turn it is: of each line with a safety finding what comes next up to its last one, one of each line and
        round. Empty when no safety waits."""
        lines = [self._until(safety[-1], line) for line, safety in islice(self._safety.items(), limit)]
        return list(islice((place for place in chain.from_iterable(zip_longest(*lines)) if place is not None), limit))

    def done(self, line: Line, position: int) -> None:
        """The finding at a place that ``next`` gave waits no more; the line has had its turn."""
        waiting, safety = self._waiting.get(line), _behind(self._safety.pop(line, None), position)
        if safety:
            self._safety[line] = safety
        if waiting and position in waiting:
            waiting.remove(position)  # Near its beginning, where ``next`` found it.
        self._forget_passed(line)

    def passed(self, one: WaitingFinding) -> None:
        """Nothing waits any more up to a finding that was taken in the order in which all came. That is no turn."""
        self._passed = one.position
        apart = self._apart.get(_event(one))
        if apart is not None and apart[-1] <= one.position:
            del self._apart[_event(one)]
        self._forget_passed(one.line)

    def drained(self) -> None:
        """Nothing waits: what is still thought to was done by somebody else."""
        self._waiting.clear()
        self._safety.clear()
        self._apart.clear()

    def _put_apart(self, one: WaitingFinding) -> None:
        known = self._apart.setdefault(_event(one), [])
        known.append(one.position)
        half = len(known) // 2
        if known[half] <= self._passed:
            del known[: half + 1]

    def _until(self, last: int, line: Line) -> Iterator[Place]:
        for position in self._waiting[line]:
            # That the last one has passed, too, is known to another instance alone: asked for, it is found out.
            if position > self._passed or position == last:
                yield line, position
            if position == last:
                return

    def _forget_passed(self, line: Line) -> None:
        for places in (self._waiting, self._safety):
            if line in places and not _behind(places[line], self._passed):
                del places[line]


def _stands_apart(one: WaitingFinding) -> bool:
    return one.source is FindingSource.RULE and one.line.failure_mode == UNCLASSIFIED and not one.safety


def _event(one: WaitingFinding) -> int:
    return hash((one.line, one.subject))


def _behind(positions: deque[int] | None, position: int) -> deque[int] | None:
    while positions and positions[0] <= position:
        positions.popleft()
    return positions
