"""Messages to sites that the ledger does not have: one session hears every site and keeps what no other takes.

Each site has sessions of its own for its own topics, so without this one a message to a mistyped site code would
vanish without a trace, a safety event too. What it takes of a site that is entered (see ``gateway.stray_leaving``) the
ingest hands on to that site.
"""

import threading
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import structlog

from gateway.collector import SiteGateway, lane_figures
from gateway.connecting import ConnectGate, always_open
from gateway.leaving import ANSWER, MARK
from gateway.requests import BrokerRequests
from gateway.session import Session
from gateway.spool import Spool
from gateway.stray_leaving import StrayLeaving, began_after
from plantroom.domain.flow import STRAYS, Trouble
from plantroom.errors import Unreachable
from plantroom.ports.clock import Clock
from plantroom.ports.requests import DeviceRequests
from plantroom.ports.spool import Lane
from plantroom.settings import BrokerAddress
from plantroom.wire import MARKS, ROOT, Channel, is_replay, mark_topic

log = structlog.get_logger()

CLIENT_ID = "plantroom_strays"
"""A site's sessions are called ``plantroom-<site>...``: no site code can give this id."""

FOLDER = Path("+") / "strays"
"""Below the folder of all spools, beside ``<site>/<lane>``: ``+`` is no site code."""

ALL_MARKS = f"{ROOT}/+/{MARKS}/+"
ALWAYS = [f"{ROOT}/+/+/{Channel.EVENT}", f"{ROOT}/+/+/{Channel.STATUS}", ALL_MARKS]
TELEMETRY = f"{ROOT}/+/+/{Channel.TELEMETRY}"
LEVELS = 4

CHEAP_PER_S = 500
WINDOW_S = 5.0
LOOK_S = 2.0
PAUSE_S = 60.0
UNCONFIRMED_S = 10.0
"""So long after a connection telemetry is not listened to for the sake of a site that has none of its own yet."""

SITES_FIRST_S = 10.0
"""How long the first connection waits for those of the sites, so that a new broker sends little twice."""

LEAVE_S = 0.5


NO_SITES: Mapping[str, SiteGateway] = {}


class TelemetryGate:
    """Whether the telemetry of all sites is listened to: only while no more than ``CHEAP_PER_S`` messages a second come
    of it (over ``WINDOW_S``); else there is a look of ``LOOK_S`` every ``PAUSE_S``. Any thread."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._open = True
        self._begin(WINDOW_S)

    def _begin(self, length_s: float) -> None:
        self._count, self._limit = 0, CHEAP_PER_S * length_s
        self._until = self._monotonic() + length_s

    @property
    def open(self) -> bool:
        """Whether to listen now."""
        return self._open

    def count(self) -> bool:
        """One more has come; ``True`` when it was the one too many. Those that come after it count no more."""
        with self._lock:
            if not self._open:
                return False
            if self._monotonic() >= self._until:
                self._begin(WINDOW_S)
            self._count += 1
            if self._count <= self._limit:
                return False
            self._open = False
            self._until = self._monotonic() + PAUSE_S
            return True

    def look_again(self) -> bool:
        """``True`` when it is time for another look, which begins now."""
        with self._lock:
            if self._open or self._monotonic() < self._until:
                return False
            self._open = True
            self._begin(LOOK_S)
            return True


class StrayGateway:
    """The session for all sites and the spool of what is nobody's.

    A site's messages are left to its own sessions once it is proven that those get all of them (``StrayLeaving``);
    until then they are taken here, too. Telemetry, which comes with QoS 0 and is queued nowhere, is not listened to
    meanwhile, since most of it would come twice: not from a connection on until it is proven for all sites, nor while a
    site's subscription is new. Until a site that was entered has one, listening goes on.
    """

    def __init__(
        self,
        broker: BrokerAddress,
        spools: Path,
        gate: TelemetryGate | None = None,
        connect_gate: ConnectGate = always_open,
        requests: DeviceRequests | None = None,
        clock: Clock | None = None,
    ) -> None:
        """``requests`` publishes the marks (left out: a connection of its own); ``clock`` says when messages came."""
        self._folder = spools / FOLDER
        self.spool = Spool(self._folder)
        self._gate = gate or TelemetryGate()
        self._connect_gate = connect_gate
        self._own_requests = None
        if requests is None:
            requests = self._own_requests = BrokerRequests(broker)
        self._requests: DeviceRequests = requests
        self._listening = False
        """Whether telemetry is asked for."""
        self._connected: tuple[int, float] = (0, 0.0)
        """The number of the connection that was seen last, and since when it is known."""
        self.session = Session(
            broker,
            CLIENT_ID,
            self.spool,
            ALWAYS,
            self._owns,
            on_fresh=self._doubt,
            casual=[TELEMETRY],
            gate=self._may_connect,
            clock=clock,
        )
        self.session.subscriptions.expect([TELEMETRY])
        self._waits_to = 0.0
        self._sites = NO_SITES
        """Those whose own sessions run here."""
        self._leaving = StrayLeaving(lambda: self.session.counts.connects, self._connects_of)

    def start(self, sites: Mapping[str, SiteGateway] = NO_SITES) -> None:
        """Open the spool and begin to connect, after these sites if they do not take long. Raises ``Unreachable`` when
        the spool's folder is unusable."""
        self._sites, self._waits_to = dict(sites), time.monotonic() + SITES_FIRST_S
        try:
            self.spool.open()
        except OSError as error:
            raise Unreachable("spool of unknown sites", str(error)) from error
        self.session.start()

    def stop(self) -> None:
        """End the session, then close the spool. Before that telemetry is let go, so that the broker does not keep the
        whole plant's a second time for as long as nobody is there."""
        if self.session.problem() is None:
            self._listen(on=False)
            end = time.monotonic() + LEAVE_S
            while TELEMETRY in self.session.granted() and time.monotonic() < end:
                time.sleep(0.01)
        self.session.stop()
        self.spool.close()
        if self._own_requests is not None:
            self._own_requests.stop()

    def follow(self, sites: Mapping[str, SiteGateway], elsewhere: Collection[str] = ()) -> None:
        """Prove what can be left to these sites' own sessions, and to those of sites that other collectors have been
        confirmed for; listen to telemetry or not. To be called often."""
        now, self._sites = time.monotonic(), dict(sites)
        here = {site for site in sites if self._granted(site) is not None}
        confirmed = here | (set(elsewhere) - sites.keys())
        if self.session.counts.connects != self._connected[0]:
            self._connected = self.session.counts.connects, now
        askable = {site for site in confirmed if not self._began_after(site)}
        for site, mark in self._leaving.turn(now, askable if ALL_MARKS in self.session.granted() else ()):
            self._requests.publish(mark_topic(site, mark), b"", acknowledged=True)
        self._gate.look_again()
        fresh = now - self._connected[1] < UNCONFIRMED_S and not sites.keys() <= confirmed
        self._listen(on=self._gate.open and not fresh and all(map(self._leaves, confirmed)))

    def _leaves(self, site: str) -> bool:
        return self._leaving.leaves(site) or self._began_after(site)

    def _began_after(self, site: str) -> bool:
        """On the first connection, for which the sites were waited for: later they may be elsewhere by then."""
        first = self.session.counts.connects == 1
        return first and began_after(self.session.subscriptions.begun, self._granted(site))

    def _granted(self, site: str) -> int | None:
        """When the broker confirmed all topics of a site for its own session here."""
        one = self._sites.get(site)
        return None if one is None else one.sessions[Lane.NORMAL].subscriptions.held().get(f"{ROOT}/{site}/#")

    def _doubt(self) -> None:
        """The broker knows nothing of us: whether it is the one that the sites are at they have to hear anew."""
        for one in self._sites.values():
            one.sessions[Lane.NORMAL].doubt()

    def _connects_of(self, site: str) -> int:
        one = self._sites.get(site)
        return one.sessions[Lane.NORMAL].counts.connects if one is not None else 0

    def _listen(self, *, on: bool) -> None:
        if on != self._listening:
            self._listening = on
            self.session.subscribe([*ALWAYS, TELEMETRY] if on else ALWAYS)

    def _may_connect(self, connects: int) -> str | None:
        """In the session's thread: the reason not to connect now."""
        closed = self._connect_gate(connects)
        if not closed and not connects and time.monotonic() < self._waits_to:
            waits = any(self._granted(site) is None for site in self._sites)
            closed = "waiting for the sessions of the sites" if waits else None
        if closed is None:
            self._listen(on=False)
        return closed

    def figures(self) -> dict[str, float]:
        """As ``SiteGateway.figures``."""
        return lane_figures(self.spool, self.session, self._folder)

    def troubles(self) -> list[Trouble]:
        """Why messages to unknown sites are not coming in now; empty when all is well."""
        trouble = self.session.trouble(STRAYS)
        return [] if trouble is None else [trouble]

    def problems(self) -> list[str]:
        """The same in plain words."""
        return [str(trouble) for trouble in self.troubles()]

    def _owns(self, topic: str) -> bool:
        """In the session's thread, for each message."""
        levels = topic.split("/")
        if len(levels) != LEVELS or is_replay(topic):
            return False
        if levels[2] == MARKS and self._is_mark(levels[1], levels[-1]):
            return False
        if levels[-1] == Channel.TELEMETRY:
            if self._gate.count():
                self._listen(on=False)
                log.info("stray_telemetry_too_much", more_than_per_s=CHEAP_PER_S, again_in_s=PAUSE_S)
            return self._listening and not self._has_its_own(levels[1])
        return not self._leaves(levels[1])

    def _has_its_own(self, site: str) -> bool:
        """Whether the site's own sessions get its telemetry. What is handed on of that comes at another time than the
        site's own copy: over what was sent behind it for the same instant, or a second time. So it is less to be taken
        than an event, which is known again: it rests with who has the site, not with what is proven to be empty. What
        still comes by a subscription of before, until the broker has let it go, is listened to by nobody."""
        one = self._sites.get(site)
        if one is None:
            return self._leaving.left_once(site)
        session = one.sessions[Lane.NORMAL]
        there = session.counts.connects > 0 and not session.subscriptions.begun
        refused = f"{ROOT}/{site}/#" in session.subscriptions.refused()
        return self._granted(site) is not None or (there and not refused)

    def _is_mark(self, site: str, name: str) -> bool:
        if MARK.fullmatch(name):
            self._leaving.mark_came(site, name)
            return True
        answer = ANSWER.fullmatch(name)
        if answer is not None:
            self._leaving.answer_came(site, answer[1])
        return answer is not None
