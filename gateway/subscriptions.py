"""What a session asked of the broker and what the broker has granted."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import inf

import structlog

from gateway.order import next_in_order

log = structlog.get_logger()

REFUSED_RETRY_S = 30.0
TRUST_S = 60.0
"""How long the broker is trusted to keep the session of somebody who is away."""

ANSWER_S = 5.0
"""A SUBSCRIBE that has not been answered for so long is a trouble."""

PACKET_FILTERS = 200
PACKET_BYTES = 32 << 10
"""Of filters in one packet: brokers limit a packet's size, and one that is still going out holds up what follows."""

_REFUSED = 0x80
_AROUND_FILTER_BYTES = 3
"""Its length and its QoS (MQTT 3.1.1, section 3.8.3)."""


def in_packets(filters: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """The filters in their order, in runs of as many as go into one SUBSCRIBE or UNSUBSCRIBE."""
    run: list[str] = []
    size = 0
    for name in filters:
        more = len(name.encode()) + _AROUND_FILTER_BYTES
        if run and (len(run) >= PACKET_FILTERS or size + more > PACKET_BYTES):
            yield tuple(run)
            run, size = [], 0
        run.append(name)
        size += more
    if run:
        yield tuple(run)


class Subscriptions:
    """Topic filters of one session: wanted, asked for, confirmed on this connection, held by the broker.

    What was confirmed on an earlier connection counts no more once there is a new one: a broker that knows the session
    may have come back from an older image of it, or be another broker.
    The session's thread drives it; ``want``, ``granted``, ``held`` and ``doubt`` may be called from any thread.
    """

    def __init__(self, client_id: str, filters: Sequence[str], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._client_id = client_id
        self._wanted = dict.fromkeys(filters)
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._held: Mapping[str, int] = {}
        self._doubted: Mapping[str, int] = {}
        self._may_hold: frozenset[str] = frozenset()
        """What it may hold: from an earlier run, and all that was asked for, until an UNSUBACK says otherwise."""
        self.begun = 0
        """When the broker knew nothing of the session (``next_in_order``): all that it queues came later. 0: on this
        connection it did know it."""
        self._confirmed: frozenset[str] = frozenset()
        self._asked: dict[int, tuple[int, tuple[str, ...]]] = {}
        self._asked_at: dict[str, float] = {}
        self._letting_go: dict[int, frozenset[str]] = {}
        self._refused: Mapping[str, float] = {}
        self._doubts = 0
        self._doubts_met = 0
        self._away_since: float | None = None
        self._changes = 0
        self._asked_all: tuple[int, float] | None = None
        """Nothing was missing at that change, and will not be before that time."""
        self._let_go_all = -1

    def want(self, filters: Sequence[str]) -> None:
        """Use these filters from now on."""
        with self._lock:
            self._wanted = dict.fromkeys(filters)
            self._changes += 1

    def expect(self, left_over: Iterable[str]) -> None:
        """Before the first connection, from an earlier run: what the broker may hold still, which is asked for anew or
        let go."""
        self._may_hold = frozenset(left_over)

    def granted(self) -> frozenset[str]:
        """Filters that the broker holds: confirmed on this connection or, while there is none, on the last one, but for
        no longer than ``TRUST_S``: how long a broker keeps what nobody comes back for is its own affair."""
        return frozenset(self.held())

    def held(self) -> Mapping[str, int]:
        """The same, and since when without a break (``next_in_order``)."""
        away_since = self._away_since
        if away_since is not None and self._monotonic() - away_since > TRUST_S:
            return {}
        return self._held

    def possible(self) -> frozenset[str]:
        """All that the broker may hold."""
        with self._lock:
            return frozenset(self._wanted) | self._may_hold

    def doubt(self) -> None:
        """The broker may have lost this session: nothing counts as granted until it confirms once more. If it does so
        on the connection that stands, it has lost nothing."""
        with self._lock:
            self._doubts += 1
            self._changes += 1
            self._doubted = {} if self._away_since is not None else {**self._doubted, **self._held}
            self._held = {}

    def refused(self) -> Sequence[str]:
        """Filters that the broker refuses, sorted."""
        return sorted(self._refused)

    def unanswered(self) -> str:
        """In words, which wanted filters the broker should have confirmed by now: all of them as long as it holds none,
        and those that were asked for more than ``ANSWER_S`` ago; empty when there are none."""
        late, waiting = self._monotonic() - ANSWER_S, list(self._wanted)
        if self.granted():
            waiting = [name for name, at in self._asked_at.items() if at < late and name in self._wanted]
        return f"the broker has not confirmed the subscription to {', '.join(waiting)}" if waiting else ""

    def connected(self, *, session_present: bool) -> None:
        """A connection stands, and nothing is confirmed on it yet; a broker that knows nothing of the session holds
        nothing of it."""
        self._refused = {}
        with self._lock:
            if not session_present:
                self._may_hold = frozenset()
            self._held = {}
            self._away_since = None
            self._changes += 1
            self.begun = 0 if session_present else next_in_order()

    def disconnected(self) -> None:
        """The connection is gone, with all that was confirmed or asked on it."""
        self._confirmed, self._asked, self._asked_at, self._letting_go = frozenset(), {}, {}, {}
        with self._lock:
            self._doubted = {}
            self._changes += 1
            if self._away_since is None:
                self._away_since = self._monotonic()

    def missing(self) -> tuple[str, ...]:
        """Wanted filters to subscribe to now; refused ones are tried again after ``REFUSED_RETRY_S``. O(1) as long as
        nothing has changed since there were none."""
        now, changes = self._monotonic(), self._changes
        if self._asked_all is not None and self._asked_all[0] == changes and now < self._asked_all[1]:
            return ()
        with self._lock:
            if self._doubts_met != self._doubts:
                self._doubts_met = self._doubts
                self._confirmed = frozenset()
        self._refused = {name: at for name, at in self._refused.items() if name in self._wanted}
        waiting = {name for doubts, names in self._asked.values() if doubts == self._doubts_met for name in names}
        waiting |= {name for name, at in self._refused.items() if now - at < REFUSED_RETRY_S}
        found = tuple(name for name in self._wanted if name not in self._confirmed and name not in waiting)
        self._asked_all = None if found else (changes, min(self._refused.values(), default=inf) + REFUSED_RETRY_S)
        return found

    def _waiting_for_answer(self) -> set[str]:
        """An answer from before a doubt confirms nothing, but what it is about is under way all the same."""
        return {name for _, names in self._asked.values() for name in names}

    def asked(self, mid: int, names: tuple[str, ...]) -> None:
        """A SUBSCRIBE with this packet id is under way: from now on the broker may hold these, whatever becomes of its
        answer."""
        with self._lock:
            self._may_hold |= frozenset(names)
        self._asked[mid] = (self._doubts_met, names)
        self._asked_at = dict.fromkeys(names, self._monotonic()) | self._asked_at

    def answered(self, mid: int, codes: Iterable[int]) -> None:
        """Its SUBACK: one code a filter."""
        doubts, names = self._asked.pop(mid, (-1, ()))
        answered = frozenset(names) - self._waiting_for_answer()
        self._asked_at = {name: at for name, at in self._asked_at.items() if name not in answered}
        granted = {name for name, code in zip(names, codes, strict=False) if code < _REFUSED}
        with self._lock:
            self._changes += 1
            if doubts != self._doubts:
                return
            self._confirmed |= granted
            anew = {name: self._doubted.get(name) or next_in_order() for name in granted}
            self._held = {**anew, **self._held}
            self._doubted = {name: since for name, since in self._doubted.items() if name not in granted}
        now = self._monotonic()
        for name in set(names) - granted:
            if name not in self._refused:
                log.error("subscription_refused", client=self._client_id, filter=name)
        still = {name: at for name, at in self._refused.items() if name not in granted}
        self._refused = still | dict.fromkeys(set(names) - granted, now)

    def gone(self) -> list[str]:
        """Filters that the broker may hold and nobody wants any more, to unsubscribe from; they no longer count. Those
        of which an answer is under way come after it. O(1) as long as nothing has changed since there were none."""
        changes = self._changes
        if self._let_go_all == changes:
            return []
        waiting = self._waiting_for_answer().union(*self._letting_go.values())
        with self._lock:
            wanted = frozenset(self._wanted)
            found = sorted(self._may_hold - wanted - waiting)
            if found:
                self._confirmed &= wanted
                self._held = {name: since for name, since in self._held.items() if name in wanted}
            self._doubted = {name: since for name, since in self._doubted.items() if name in wanted}
            self._let_go_all = -1 if found else changes
        return found

    def letting_go(self, mid: int, names: Iterable[str]) -> None:
        """An UNSUBSCRIBE with this packet id is under way."""
        self._letting_go[mid] = frozenset(names)

    def let_go(self, mid: int) -> None:
        """Its UNSUBACK: the broker holds none of it, but for what was asked for again behind it."""
        names = self._letting_go.pop(mid, frozenset())
        with self._lock:
            self._may_hold -= names - self._waiting_for_answer() - self._held.keys()
            self._changes += 1
