"""When the session for all sites may leave a site's topics to the site's own sessions.

As with the lanes of a site (``gateway.leaving``), a site that is entered and whose subscription is confirmed proves
nothing about what waits: what the broker queued for this session before came to it alone. So this session asks: it
publishes a mark where those of the site are, and the site's collector, whichever that is, answers one that comes by the
site's own queue behind all that its subscription may have missed (``Leaving.answers``). A mark that was answered, and
has come by this session's queue, is the proof: both are at one broker, all that was queued here before has been taken,
and all behind the mark comes to the site, too. Nothing proven outlives a connection, of either. The queue of a session
that the broker knew nothing of began empty: what was confirmed for a site before needs no mark (``began_after``).
"""

import secrets
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from gateway.leaving import MARK_BYTES

FIRST_S, AGAIN_S, AGAIN_MAX_S = 1.0, 0.5, 60.0
"""When a site is asked after its subscription was confirmed (it proves its own queue first), and again; doubles."""

AT_ONCE = 50
"""Sites that are asked in one turn."""

MARKS_KEPT = 8
"""Marks of a site that have not come or not been answered, of which the newest may still prove something."""


def began_after(begun: int, granted: int | None) -> bool:
    """Whether our queue began empty behind the grant of a site's subscription. ``begun`` as of ``Subscriptions`` (0:
    the broker knew the session), ``granted``: when the site's was confirmed; it was so once more since."""
    return granted is not None and granted < begun


@dataclass(slots=True)
class _Asked:
    """The marks of a site, under one connection of ours and one of its own."""

    ours: int
    theirs: int
    next_at: float
    again_s: float = AGAIN_S
    names: dict[str, None] = field(default_factory=dict)
    came: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)

    @property
    def proven(self) -> bool:
        """Whether one of its marks came by both."""
        return bool(self.came & self.answered)

    def name(self, now_s: float) -> str:
        """A mark to publish now; the oldest is forgotten where there are many."""
        self.next_at = now_s + self.again_s
        self.again_s = min(AGAIN_MAX_S, 2 * self.again_s)
        name = secrets.token_hex(MARK_BYTES)
        self.names[name] = None
        if len(self.names) > MARKS_KEPT:
            del self.names[next(iter(self.names))]
        return name


class StrayLeaving:
    """Which sites' topics may be left. ``leaves``, ``mark_came`` and ``answer_came`` are called in the session's
    thread, ``turn`` by another. ``connects``: how often the session has connected; ``theirs``: the same of the site's
    own one, as far as it is known here."""

    def __init__(self, connects: Callable[[], int], theirs: Callable[[str], int]) -> None:
        self._connects = connects
        self._theirs = theirs
        self._lock = threading.Lock()
        self._asked: dict[str, _Asked] = {}
        self._proven: Mapping[str, tuple[int, int]] = {}
        """Site -> the connections that it is proven on."""
        self._once: dict[str, int] = {}
        """Site -> our connection on which it was proven at some time."""

    def leaves(self, site: str) -> bool:
        """Whether all of the site's that comes on this connection from now on comes to its own sessions, too."""
        proven = self._proven.get(site)
        return proven is not None and proven == (self._connects(), self._theirs(site))

    def left_once(self, site: str) -> bool:
        """Whether it could be left on this connection of ours at some time: whoever has it by now, or nobody, the
        broker goes on queueing for its sessions."""
        return self._once.get(site) == self._connects()

    def mark_came(self, site: str, name: str) -> None:
        """A mark came by our queue."""
        with self._lock:
            asked = self._asked.get(site)
            if asked is not None and name in asked.names:
                asked.came.add(name)

    def answer_came(self, site: str, name: str) -> None:
        """The site's collector says that it came by the site's own queue."""
        with self._lock:
            asked = self._asked.get(site)
            if asked is not None and name in asked.names:
                asked.answered.add(name)

    def turn(self, now_s: float, confirmed: Collection[str]) -> list[tuple[str, str]]:
        """Sites and names of the marks to publish now. ``confirmed``: the sites whose own subscription is confirmed
        now; ``now_s`` is monotonic."""
        with self._lock:
            ours = self._connects()
            for site in self._asked.keys() - set(confirmed):
                del self._asked[site]
            for site in confirmed:
                asked, theirs = self._asked.get(site), self._theirs(site)
                if asked is None or (asked.ours, asked.theirs) != (ours, theirs):
                    self._asked[site] = _Asked(ours, theirs, now_s + FIRST_S)
            self._proven = {site: (ours, asked.theirs) for site, asked in self._asked.items() if asked.proven}
            self._once = {site: at for site, at in self._once.items() if at == ours} | dict.fromkeys(self._proven, ours)
            due = [site for site, asked in self._asked.items() if now_s >= asked.next_at and not asked.proven]
            return [(site, self._asked[site].name(now_s)) for site in due[:AT_ONCE]]
