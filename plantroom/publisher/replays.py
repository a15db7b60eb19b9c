"""What the other side asked to have again: answered from the outbox's ring, piece by piece.

Another publisher of the same asset hears the same requests. Each answers those for boots of its own and is silent on
all others, which it knows nothing of.
"""

import threading
from collections.abc import Sequence
from typing import NamedTuple

from plantroom.publisher.outbox import Kept, Outbox
from plantroom.wire import Channel, ReplayRequest, encode_gone

MAX_REQUESTS = 1_000
"""Requests that may wait; more are left out, they will be asked again."""


Asked = tuple[str, ReplayRequest]
"""Which asset is asked for what."""


class Again(NamedTuple):
    """A piece of the answer to ``asked``, up to number ``last``: messages to send again, and words (asset, payload) on
    what is gone."""

    asked: Asked | None
    last: int
    messages: Sequence[Kept]
    gone: Sequence[tuple[str, bytes]]


NOTHING = Again(None, 0, (), ())


class Replays:
    """Requests that wait for their answer. ``ask`` from any thread, the rest from the one that sends."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._lock = threading.Lock()
        self._waiting: dict[Asked, int] = {}
        """Where each request stands: the next number to answer for."""

    def ask(self, asset: str, request: ReplayRequest) -> None:
        """Answer this one, too, when its boot is our own; what is being answered already is not begun again."""
        with self._lock:
            if len(self._waiting) < MAX_REQUESTS and self._outbox.had(request.boot):
                self._waiting.setdefault((asset, request), request.first)

    def next(self, sent_to: int, limit: int) -> Again:
        """A piece of the oldest request's answer: at most ``limit`` messages. The same again until ``answered`` says
        how far it was sent. What comes by itself is left out: messages behind ``sent_to``, and those kept back."""
        with self._lock:
            asked = next(iter(self._waiting), None)
            if asked is None:
                return NOTHING
            start = self._waiting[asked]
        asset, request = asked
        found = self._outbox.numbered(asset, request.channel.value, request.boot, start, request.last, limit)
        end = found[-1].seq if len(found) == limit else request.last
        gone = _between(start, end, [one.seq for one in found])
        words = [(asset, encode_gone(request.boot, gone, Channel(request.channel)))] if gone else []
        return Again(asked, end, [one for one in found if one.id <= sent_to and not one.aside], words)

    def answered(self, again: Again, last: int) -> None:
        """The answer was sent up to this number."""
        if again.asked is None:
            return
        with self._lock:
            if last >= again.asked[1].last:
                self._waiting.pop(again.asked, None)
            else:
                self._waiting[again.asked] = last + 1


def _between(first: int, last: int, there: Sequence[int]) -> list[tuple[int, int]]:
    """The numbers of a span that are not ``there`` (rising)."""
    found, start = [], first
    for seq in there:
        if seq > start:
            found.append((start, seq - 1))
        start = seq + 1
    if start <= last:
        found.append((start, last))
    return found
