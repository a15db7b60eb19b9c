"""What the other side asked to have again: answered from the outbox's ring, piece by piece."""

import threading
from collections.abc import Sequence
from typing import NamedTuple

from plantroom.publisher.outbox import Kept, Outbox
from plantroom.wire import Channel, ReplayRequest, encode_gone

MAX_REQUESTS = 1_000
"""Requests that may wait; more are left out, they will be asked again."""


class Again(NamedTuple):
    """Messages to send again, and words (asset, payload) on what is gone."""

    messages: Sequence[Kept]
    gone: Sequence[tuple[str, bytes]]


class Replays:
    """Requests that wait for their answer. ``ask`` from any thread, ``next`` from the one that sends."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, ReplayRequest], int] = {}
        """Where each request stands: the next number to answer for."""

    def ask(self, asset: str, request: ReplayRequest) -> None:
        """Answer this one, too; what is being answered already is not begun again."""
        with self._lock:
            if len(self._waiting) < MAX_REQUESTS:
                self._waiting.setdefault((asset, request), request.first)

    def next(self, sent_to: int, limit: int) -> Again:
        """A piece of the oldest request's answer: at most ``limit`` messages. What has not been sent at all yet
        (messages behind ``sent_to``) comes by itself and is left out."""
        with self._lock:
            oldest = next(iter(self._waiting), None)
        if oldest is None:
            return Again((), ())
        asset, request = oldest
        start = self._waiting[oldest]
        found = self._outbox.numbered(asset, request.channel.value, request.boot, start, request.last, limit)
        end = found[-1].seq if len(found) == limit else request.last
        gone = _between(start, end, [one.seq for one in found])
        with self._lock:
            if end == request.last:
                del self._waiting[oldest]
            else:
                self._waiting[oldest] = end + 1
        words = [(asset, encode_gone(request.boot, gone, Channel(request.channel)))] if gone else []
        return Again([one for one in found if one.id <= sent_to], words)


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
