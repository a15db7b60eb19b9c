"""Messages on their way: what was sent, what the broker has acknowledged, and up to where that is everything."""

from collections import OrderedDict, deque
from typing import NamedTuple


class Reached(NamedTuple):
    """Up to message ``last`` all are acknowledged: so many more than before, of so many bytes."""

    last: int
    messages: int
    payload_bytes: int


class Window:
    """At most ``size`` messages on their way. The sending thread's own, but for ``acknowledged``."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._came: deque[int] = deque()
        self._by_packet: dict[int, int] = {}
        self._outstanding: OrderedDict[int, int] = OrderedDict()
        """Size by message of those that were sent, until all before them are acknowledged."""
        self._done: set[int] = set()
        self.acked = 0
        """Messages acknowledged so far, those that were sent again included."""

    @property
    def full(self) -> bool:
        """Whether nothing more may be sent now."""
        return len(self._by_packet) >= self._size

    def sent(self, packet: int, message: int) -> None:
        """Sent under a packet id; ``message`` 0: again, for a replay."""
        self._by_packet[packet] = message

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
            message = self._by_packet.pop(self._came.popleft(), None)
            if message is None:  # a word on the status topic
                continue
            self.acked += 1
            if message:
                self._done.add(message)
        last = count = size = 0
        while self._outstanding and (front := next(iter(self._outstanding))) in self._done:
            last, count, size = front, count + 1, size + self._outstanding.pop(front)
            self._done.discard(front)
        return Reached(last, count, size) if count else None
