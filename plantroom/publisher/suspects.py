"""Messages at which connections ended: kept back while others pass, tried again alone, and put aside once it is proven.

That connections end proves nothing by itself: a broker that goes down again and again does that whatever is sent. It is
a message's doing when others are acknowledged and connections end at this one alone, again and again, and at nothing
else meanwhile. Whatever the proof, it is tried again, at growing intervals and with nothing else on its way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

PROOF = 3
"""So many connections that end one after the other at a message alone on its way, others having been acknowledged since
it was kept back, are that message's doing."""

PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
"""How long a message is kept back that is suspected: from, twice as long each time, to."""

ASIDE_S, LONGEST_ASIDE_S = 60.0, 3600.0
"""The same of one that is put aside."""


@dataclass(slots=True, eq=False)
class Suspect:
    """A message (its id now) that is kept back or being tried. ``others``: how many were acknowledged when it was kept
    back this time; ``since``: when the proof against it began; ``times``: connections that have ended at it alone since
    then; ``trials``: those that have ended while it was tried; ``at``: when it may be tried (monotonic)."""

    message: int
    since: int = 0
    others: int = 0
    times: int = 0
    trials: int = 0
    pause_s: float = 0.0
    at: float = 0.0
    sure: bool = False


class Suspects:
    """Those that are kept back, and the one that is being tried. The sending thread's own. ``now``: monotonic seconds;
    ``acked``: messages acknowledged so far."""

    def __init__(self) -> None:
        self._kept: list[Suspect] = []
        self.trial: Suspect | None = None
        """Alone on its way."""
        self._others_first = False

    @property
    def in_vain(self) -> int:
        """How many were tried alone ``PROOF`` times and more, without others that prove it to be their doing. Any
        thread."""
        return sum(one is not None and one.trials >= PROOF and not one.sure for one in (*self._kept, self.trial))

    def take_up(self, messages: Sequence[int], now: float) -> None:
        """What an outbox had put aside when it was opened, and had no room to have sent."""
        self._kept = [Suspect(one, sure=True, at=now + ASIDE_S) for one in messages]

    def keep(self, message: int, acked: int, now: float) -> Suspect:
        """Keep this one back."""
        return self._keep(Suspect(message, acked), acked, now)

    def _keep(self, one: Suspect, acked: int, now: float) -> Suspect:
        first, longest = (ASIDE_S, LONGEST_ASIDE_S) if one.sure else (PAUSE_S, LONGEST_PAUSE_S)
        one.pause_s = min(max(2 * one.pause_s, first), longest)
        one.others, one.at = acked, now + one.pause_s
        self._kept.append(one)
        return one

    def due(self, now: float, acked: int, *, others_wait: bool) -> Suspect | None:
        """The one to be tried now: not before others have passed, if there are any."""
        ready = [one for one in self._kept if now >= one.at and (acked > one.others or not others_wait)]
        return min(ready, key=lambda one: one.at, default=None)

    def overdue(self, now: float) -> Suspect | None:
        """One that waits for others in vain: they end connections as well, so it takes turns with them."""
        ready = [one for one in self._kept if now >= one.at + one.pause_s]
        return None if self._others_first else min(ready, key=lambda one: one.at, default=None)

    def try_alone(self, one: Suspect, message: int) -> None:
        """It is on its way alone, as this message."""
        one.message, self.trial = message, one
        self._kept.remove(one)

    def postpone(self, one: Suspect, now: float) -> None:
        """It could not be tried now."""
        one.at = now + max(one.pause_s, PAUSE_S)

    def forget(self, one: Suspect) -> None:
        """The outbox does not have it."""
        self._kept = [other for other in self._kept if other is not one]

    def let_go(self) -> None:
        """What is being tried is a message like any other from now on."""
        self.trial = None

    def ended(self, acked: int, now: float) -> Suspect | None:
        """A connection ended while one was being tried, which is kept back again."""
        one = self.trial
        if one is None:
            return None
        self._others_first = True
        one.trials += 1
        one.times += acked > one.since
        one.sure = one.sure or one.times >= PROOF
        self._keep(one, acked, now)
        self.trial = None
        return one

    def ended_elsewhere(self, acked: int) -> None:
        """A connection ended while none was being tried: no proof against anyone so far."""
        self._others_first = False
        for one in self._kept:
            one.since, one.times = acked, 0

    def passed(self, acked: int, now: float) -> None:
        """What was being tried is acknowledged: connections ended at it by the broker's doing, so there is no proof
        against the others either, and they are to be tried soon."""
        self.trial = None
        self.ended_elsewhere(acked)
        for one in self._kept:
            one.at = min(one.at, now + PAUSE_S)
