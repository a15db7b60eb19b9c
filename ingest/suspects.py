"""Which records hold one that cannot be processed: ranges of positions that are halved until it stands alone."""

from collections.abc import Sequence

from plantroom.ports.spool import SpoolRecord


class Suspects:
    """Ranges of positions (first and last), the next one last. One thread.

    Finding one culprit among n records takes 2 log2(n) tries; what is not at fault goes on in large pieces.
    """

    def __init__(self) -> None:
        self._ranges: list[tuple[int, int]] = []

    def add(self, first: int, last: int) -> None:
        """Something between these positions, both included, cannot be processed."""
        self._ranges.append((first, last))

    def include(self, records: Sequence[SpoolRecord]) -> bool:
        """Whether these records, cut by ``limit``, are suspect."""
        return bool(self._ranges) and records[-1].position >= self._ranges[-1][0]

    def limit(self, ahead: Sequence[SpoolRecord], most: int) -> int:
        """How many of the records ahead go together: never some that are suspect with others that are not."""
        while self._ranges and ahead and self._ranges[-1][1] < ahead[0].position:
            self._ranges.pop()
        if not self._ranges:
            return most
        first, last = self._ranges[-1]
        free = sum(record.position < first for record in ahead[:most])
        return free or sum(record.position <= last for record in ahead[:most])

    def halve(self, records: Sequence[SpoolRecord]) -> None:
        """The culprit is among these records, two or more, which are the next range or the beginning of it."""
        middle = len(records) // 2
        last = self._ranges.pop()[1]
        self._ranges += [(records[middle].position, last), (records[0].position, records[middle - 1].position)]
