"""Messages to sites that the ledger does not have: one session hears every site and keeps what no other takes.

Each site has sessions of its own for its own topics, so without this one a message to a mistyped site code would
vanish without a trace, a safety event too.
"""

import json
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

import structlog

from gateway.collector import SiteGateway, lane_figures
from gateway.connecting import ConnectGate, always_open
from gateway.session import Session
from gateway.spool import Spool
from plantroom.domain.flow import STRAYS, Trouble
from plantroom.errors import Unreachable
from plantroom.ports.clock import Clock
from plantroom.ports.spool import Lane
from plantroom.settings import BrokerAddress
from plantroom.wire import ROOT, Channel, is_replay

log = structlog.get_logger()

CLIENT_ID = "plantroom_strays"
"""A site's sessions are called ``plantroom-<site>...``: no site code can give this id."""

FOLDER = Path("+") / "strays"
"""Below the folder of all spools, beside ``<site>/<lane>``: ``+`` is no site code."""

ALWAYS = [f"{ROOT}/+/+/{Channel.EVENT}", f"{ROOT}/+/+/{Channel.STATUS}"]
TELEMETRY = f"{ROOT}/+/+/{Channel.TELEMETRY}"
LEVELS = 4

CHEAP_PER_S = 500
WINDOW_S = 5.0
LOOK_S = 2.0
PAUSE_S = 60.0
TAKE_OVER_S = 1.0
"""A new site's messages are taken here for this long after its own sessions have them, so that none falls between."""

LEAVE_S = 0.5


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

    A site's messages are left to its own sessions once the broker has confirmed those. Which sites that holds for is
    kept over restarts (``state``), since the broker queues for all these sessions alike while nobody is there.
    """

    def __init__(
        self,
        broker: BrokerAddress,
        spools: Path,
        gate: TelemetryGate | None = None,
        connect_gate: ConnectGate = always_open,
        own_part: Callable[[bytes], bytes] = bytes,
        clock: Clock | None = None,
    ) -> None:
        """``own_part`` finds what ``state`` gave in all that was saved with the spool's cursor; ``clock`` says when
        messages came."""
        self._own_part = own_part
        self._folder = spools / FOLDER
        self.spool = Spool(self._folder)
        self._gate = gate or TelemetryGate()
        self._granted_at: dict[str, float] = {}
        self._taken: frozenset[str] = frozenset()
        filters = [*ALWAYS, TELEMETRY]
        self.session = Session(
            broker, CLIENT_ID, self.spool, filters, self._owns, casual=[TELEMETRY], gate=connect_gate, clock=clock
        )

    def start(self, sites: Iterable[str], ready: Collection[str] = ()) -> None:
        """Open the spool and begin to connect; ``sites`` are those of the ledger now, which count as taken care of when
        nothing is known of an earlier run. So do those that are ``ready``, whose own sessions the broker has confirmed
        at some time, at once: it has queued their messages here, too. Raises ``Unreachable`` when the spool's folder is
        unusable."""
        try:
            self.spool.open()
        except OSError as error:
            raise Unreachable("spool of unknown sites", str(error)) from error
        state = self._own_part(self.spool.committed()[1])
        self._taken = frozenset(json.loads(state) if state else sites) | frozenset(ready)
        self.session.start()

    def stop(self) -> None:
        """End the session, then close the spool. Before that telemetry is let go, so that the broker does not keep the
        whole plant's a second time for as long as nobody is there."""
        if self.session.problem() is None:
            self.session.subscribe(ALWAYS)
            end = time.monotonic() + LEAVE_S
            while TELEMETRY in self.session.granted() and time.monotonic() < end:
                time.sleep(0.01)
        self.session.stop()
        self.spool.close()

    def follow(self, sites: Mapping[str, SiteGateway], elsewhere: Collection[str] = ()) -> None:
        """Leave the messages of these sites to their own sessions as soon as they have them, and those of sites that
        other collectors have been confirmed for at once; to be called often."""
        now = time.monotonic()
        self._taken |= set(elsewhere) - self._taken
        for site in sites.keys() - self._taken:
            if f"{ROOT}/{site}/#" not in sites[site].sessions[Lane.NORMAL].granted():
                self._granted_at.pop(site, None)
            elif now - self._granted_at.setdefault(site, now) >= TAKE_OVER_S:
                del self._granted_at[site]
                self._taken |= {site}
        if self._gate.look_again():
            self.session.subscribe([*ALWAYS, TELEMETRY])

    def state(self) -> bytes:
        """The sites that are taken care of, to be saved with the spool's cursor."""
        return json.dumps(sorted(self._taken), ensure_ascii=False).encode()

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
        if levels[-1] == Channel.TELEMETRY and self._gate.count():
            self.session.subscribe(ALWAYS)
            log.info("stray_telemetry_too_much", more_than_per_s=CHEAP_PER_S, again_in_s=PAUSE_S)
        return levels[1] not in self._taken
