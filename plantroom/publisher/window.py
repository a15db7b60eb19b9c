"""Messages on their way: what was sent, what the broker has acknowledged, and up to where that is everything."""

from collections import OrderedDict, deque
from typing import NamedTuple


class Reached(NamedTuple):
    """Up to message ``last`` all are acknowledged: so many more than before, of so many bytes."""

    last: int
    messages: int
    payload_bytes: int


class Sent(NamedTuple):
    """A message on its way under a packet id; ``again``: as the answer to a request."""

    packet: int
    message: int
    again: bool


class Window:
    """At most ``size`` messages on their way. The sending thread's own, but for ``acknowledged``."""

    def __init__(self, size: int, acked: int = 0) -> None:
        self.size = size
        self._came: deque[int] = deque()
        self._by_packet: dict[int, Sent] = {}
        self._outstanding: OrderedDict[int, int] = OrderedDict()
        """Size by message of those that were sent, until all before them are acknowledged."""
        self._done: set[int] = set()
        self.acked = acked
        """Messages acknowledged so far, those that were sent again included."""

    @property
    def full(self) -> bool:
        """Whether nothing more may be sent now."""
        return len(self._by_packet) >= self.size

    @property
    def answers(self) -> list[int]:
        """Messages on their way that are sent again for a replay."""
        return [one.message for one in self._by_packet.values() if one.again]

    @property
    def front(self) -> Sent | None:
        """What was sent first of those that are on their way."""
        return next(iter(self._by_packet.values()), None)

    def sent(self, packet: int, message: int, *, again: bool = False) -> None:
        """Sent under a packet id; ``again``: for a replay."""
        self._by_packet[packet] = Sent(packet, message, again)

    def in_turn(self, message: int, size: int) -> None:
        """It was this message's turn: all before it have been sent. To be called for each, in their order."""
        self._outstanding[message] = size

    def skipped(self, message: int) -> None:
        """Taken as sent and acknowledged."""
        self._done.add(message)

    def acknowledged(self, packet: int) -> None:
        """The broker has this packet (paho's thread)."""
        self._came.append(packet)

    @property
    def unsettled(self) -> bool:
        """Whether acknowledgements wait to be noted."""
        return bool(self._came)

    def settle(self) -> Reached | None:
        """Note what came; where it reaches now, when that is further than before."""
        while self._came:
            sent = self._by_packet.pop(self._came.popleft(), None)
            if sent is None:  # a word on the status topic
                continue
            self.acked += 1
            if not sent.again:
                self._done.add(sent.message)
        last = count = size = 0
        while self._outstanding and (front := next(iter(self._outstanding))) in self._done:
            last, count, size = front, count + 1, size + self._outstanding.pop(front)
            self._done.discard(front)
        return Reached(last, count, size) if count else None


SUSPECTED = 2
"""Connections that end one after the other before messages go one by one: until then nobody knows whose doing it is,
since a connection that is cut takes acknowledgements of others with it."""

CLOSINGS = 3
"""So many connections that end with the same message alone on its way are that message's doing."""

PATIENCE = 4
"""How often that number doubles while nothing at all is acknowledged: then it may be the broker's doing as well."""

CALM = 200
"""Messages acknowledged over one connection after which all is well."""


class Culprit:
    """Which message it is that the broker ends the connection at. The sending thread's own."""

    def __init__(self) -> None:
        self.alone = False
        """Whether messages are to be sent one by one."""
        self._front: int | None = None
        self._row = self._times = self._in_a_row = self._acked = 0

    def closed(self, front: Sent | None, acked: int) -> Sent | None:
        """A connection that was there has ended, with ``front`` first of what was on its way and so many messages
        acknowledged by then: the message to be put aside, if it is time."""
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
