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
        self._words: dict[int, tuple[str, bytes]] = {}
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
    def empty(self) -> bool:
        """Whether no message is on its way."""
        return not self._by_packet

    @property
    def words(self) -> list[tuple[str, bytes]]:
        """Words (topic, payload) on what is gone that are on their way."""
        return list(self._words.values())

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

    def said(self, packet: int, topic: str, payload: bytes) -> None:
        """A word on what is gone, sent under a packet id. It takes no room."""
        self._words[packet] = (topic, payload)

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
            packet = self._came.popleft()
            self._words.pop(packet, None)
            sent = self._by_packet.pop(packet, None)
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
