"""Which message connections may be ending at: guessed from what is in front, and suspected once that is sent alone.

Whether it is that message's doing is for ``suspects`` to find out.
"""

from plantroom.publisher.window import Sent

SUSPECTED = 2
"""Connections that end one after the other before messages go one by one: until then nobody knows whose doing it is,
since a connection that is cut takes acknowledgements of others with it."""

CLOSINGS = 3
"""So many connections that end with the same message alone on its way make it suspected."""

PATIENCE = 4
"""How often that number doubles while nothing at all is acknowledged: then it may be the broker's doing as well."""

CALM = 200
"""Messages acknowledged over one connection after which all is well."""


class Culprit:
    """Which message connections may be ending at. The sending thread's own."""

    def __init__(self) -> None:
        self.alone = False
        """Whether messages are to be sent one by one."""
        self._front: int | None = None
        self._row = self._times = self._in_a_row = self._acked = 0

    def closed(self, front: Sent | None, acked: int) -> Sent | None:
        """A connection that was there has ended, with ``front`` first of what was on its way and so many messages
        acknowledged by then: the message that is suspected, if it is time."""
        self._row = self._row + 1 if acked - self._acked < CALM else 1
        if acked > self._acked:
            self._acked, self._in_a_row = acked, 0
        if not self.alone:
            self.alone = self._row >= SUSPECTED
            return None
        if front is None or front.message != self._front:
            self._front, self._times = (front.message if front else None), 0
        self._times += 1
        if front is None or self._times < CLOSINGS << min(self._in_a_row, PATIENCE):
            return None
        self._in_a_row += 1
        self._front, self._times = None, 0
        return front

    def calm(self, acked: int) -> bool:
        """Whether messages may be sent as usual, now that so many are acknowledged."""
        if self.alone and acked - self._acked >= CALM:
            self.alone, self._row = False, 0
        return not self.alone
