"""A site's way in: two lanes, each with its own session and spool."""

import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from gateway.connecting import RETRY_MAX_S, SAFETY_RETRY_MAX_S, ConnectGate, always_open
from gateway.lane_file import Known, LaneFile
from gateway.leaving import ANSWER, MARK, OTHER, Leaving, answer_to
from gateway.owning import TopicRules
from gateway.requests import BrokerRequests
from gateway.session import Session
from gateway.spool import Spool
from gateway.spool.inspect import bytes_of
from gateway.spool.segments import segments_in
from plantroom.domain.assets import Plant
from plantroom.domain.flow import BROKER_FORGOT_MS, DISK_LOW, LOW_DISK_BYTES, Trouble
from plantroom.errors import Unreachable
from plantroom.ports.clock import Clock, SystemClock, now_ms
from plantroom.ports.requests import DeviceRequests
from plantroom.ports.spool import Lane
from plantroom.settings import BrokerAddress
from plantroom.wire import MARKS, ROOT, SAFETY_SUFFIX, is_replay, mark_topic

log = structlog.get_logger()

CLIENT_IDS: Mapping[Lane, str] = {
    Lane.NORMAL: "plantroom-{site}",
    Lane.SAFETY: f"plantroom-{{site}}{SAFETY_SUFFIX}",
}
"""Of two sites no two are the same: see ``plantroom.wire.check_site_code``."""

SAFETY_FIRST_S = 10.0
"""How long the normal lane's first connection waits for that of the safety lane. After it, it takes everything."""

LOOK_S, RETRY_S = 0.1, 5.0

ANSWERS_MAX = 100
"""Answers that are kept while none can be published; who asks asks again."""


@dataclass(frozen=True, slots=True)
class _Line:
    """See ``gateway.leaving.Line``."""

    session: Session

    def held(self) -> Mapping[str, int]:
        return self.session.subscriptions.held()

    def begun(self) -> int:
        return self.session.subscriptions.begun

    def connects(self) -> int:
        return self.session.counts.connects

    def acknowledged(self) -> int:
        return self.session.counts.acknowledged


class SiteGateway:
    """The sessions and spools of one site.

    The safety lane takes all events and the telemetry of safety sources, the normal lane all the rest of the
    site's topics (a mistyped one too, so that it shows as a dead letter). The topics of the site's sources come on the
    lane of their source. A lane leaves a topic to the other only once it is proven that all of it comes there (see
    ``gateway.leaving``); until then both take it, and the ingest recognises what it can: nothing falls between the two.
    Every connection is proven anew. At a broker that knows nothing of us nothing comes twice: the normal lane connects
    after the safety lane. A broker that has lost one lane's session is asked about the other's again before it counts.
    Requests to publishers (``.../replay``) and marks come back to us and are nobody's. Marks of the session for all
    sites are answered (``gateway.stray_leaving``).

    ``gate`` gives each session its own gate; ``requests`` publishes the marks (left out: a connection of its own).
    ``clock`` says when messages came.
    """

    def __init__(
        self,
        site: str,
        broker: BrokerAddress,
        folder: Path,
        gate: Callable[[], ConnectGate] = lambda: always_open,
        requests: DeviceRequests | None = None,
        *,
        clock: Clock | None = None,
    ) -> None:
        self.site = site
        self._clock = clock or SystemClock()
        self._gate = gate
        self._ended = False
        self._folder = folder
        self._lock = threading.Lock()
        self._file = LaneFile(folder)
        nodes = ",".join(f"{host}:{port}" for host, port in broker.nodes)
        self._broker = nodes if broker.known_as is None else broker.known_as
        self._known = Known()
        self._own_requests = None
        if requests is None:
            requests = self._own_requests = BrokerRequests(broker)
        self._requests: DeviceRequests = requests
        self._marks = f"{ROOT}/{site}/{MARKS}/"
        self._answers: deque[str] = deque(maxlen=ANSWERS_MAX)
        """Marks of the session for all sites that came."""
        self._connecting: dict[Lane, int] = {}
        """How often a lane had connected before the attempt that is under way, or was the last."""
        self._started = False
        self.failures = 0
        """Turns of the thread that proves, ended by an error nobody foresaw."""
        self._normal_waits_since: float | None = None
        self._followed: TopicRules | None = None
        self._work = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"lanes-{site}", daemon=True)
        rules = TopicRules(site)
        self.spools = {lane: Spool(folder / lane.value) for lane in Lane}
        self.sessions = {lane: self._session(lane, broker, rules) for lane in Lane}
        self._leaving = Leaving(rules, {lane: _Line(session) for lane, session in self.sessions.items()})

    def _session(self, lane: Lane, broker: BrokerAddress, rules: TopicRules) -> Session:
        client_id, spool = CLIENT_IDS[lane].format(site=self.site), self.spools[lane]
        gate = self._gate()
        return Session(
            broker,
            client_id,
            spool,
            rules.filters(lane),
            lambda topic: self._owns(lane, topic),
            on_fresh=lambda: self._fresh(lane),
            gate=lambda connects: gate(connects) or self._may_connect(lane, connects),
            clock=self._clock,
            longest_pause_s=SAFETY_RETRY_MAX_S if lane is Lane.SAFETY else RETRY_MAX_S,
        )

    def _fresh(self, lane: Lane) -> None:
        """In the lane's thread: the broker knows nothing of its session. At the first start, and at another broker, it
        never did."""
        if self._broker and self._known.broker == self._broker:
            with self._lock:
                self._known = Known(self._broker, now_ms(self._clock))
                # At once: the sessions are there again, and nobody would know after a kill.
                self._keep_filters()
            log.error("broker_forgot_session", site=self.site, lane=lane.value)
        self.sessions[OTHER[lane]].doubt()
        self._work.set()

    def _owns(self, lane: Lane, topic: str) -> bool:
        """In the lane's thread, for each topic."""
        if topic.startswith(self._marks) and self._is_mark(lane, topic.removeprefix(self._marks)):
            return False
        return not is_replay(topic) and not self._leaving.leaves(lane, topic)

    def _is_mark(self, lane: Lane, name: str) -> bool:
        if not MARK.fullmatch(name):
            return ANSWER.fullmatch(name) is not None
        self._leaving.mark_came(lane, name)
        if self._leaving.answers(lane, name):
            self._answers.append(name)
            self._work.set()
        return True

    def _may_connect(self, lane: Lane, connects: int) -> str | None:
        """In the lane's thread: the reason not to connect now."""
        if lane is Lane.NORMAL and not connects and not self._safety_is_first():
            return "waiting for the session of the safety lane"
        self._connecting[lane] = connects
        self._work.set()
        return None

    def _safety_is_first(self) -> bool:
        now = time.monotonic()
        if self._normal_waits_since is None:
            self._normal_waits_since = now
        granted = self.sessions[Lane.SAFETY].granted()
        return self._leaving.rules.events in granted or now - self._normal_waits_since > SAFETY_FIRST_S

    def _keep_filters(self) -> bool:
        """On the disk what the broker may hold for us, so that a later run lets it go; ``False``: not now."""
        rules = self._leaving.rules
        return self._file.save(
            {lane: one.subscriptions.possible() | set(rules.filters(lane)) for lane, one in self.sessions.items()},
            self._known,
        )

    def start(self) -> None:
        """Open the spools and begin to connect. Raises ``Unreachable`` when a spool's folder is unusable."""
        try:
            for spool in self.spools.values():
                spool.open()
        except OSError as error:
            for each in self.spools.values():
                each.close()
            raise Unreachable(f"spool of site {self.site}", str(error)) from error
        shadow = LaneFile(self._folder.with_name(f"{self.site}{SAFETY_SUFFIX}")).load()[Lane.NORMAL]
        for lane, left_over in self._file.load().items():
            # A site of an earlier version that had the safety lane's client id has left its filters with the session.
            also = shadow if lane is Lane.SAFETY else ()
            self.sessions[lane].subscriptions.expect({*left_over, *also})
        self._known = self._file.known()
        self._keep_filters()
        self._started = True
        self._thread.start()
        for session in self.sessions.values():
            session.start()

    def end_sessions(self) -> None:
        """Take no more messages: what was received is acknowledged, the rest waits at the broker. The spools stay
        open."""
        if not self._ended:
            self._ended = True
            for session in self.sessions.values():
                session.stop()
            self._stop.set()
            self._work.set()
            if self._thread.is_alive():
                self._thread.join(5)
            if self._own_requests is not None:
                self._own_requests.stop()

    def stop(self) -> None:
        """End both sessions, then close the spools."""
        self.end_sessions()
        for spool in self.spools.values():
            spool.close()

    def follow(self, plant: Plant) -> None:
        """Take up what changed in the ledger: which telemetry belongs to the safety lane, which sources there are."""
        rules = TopicRules.of(plant, self.site)
        with self._lock:
            if rules == self._followed:
                return
            if rules != self._leaving.rules:
                self._leaving.change(rules)
            if self._started:
                self._keep_filters()
            for lane, session in self.sessions.items():
                session.subscribe(rules.filters(lane))
            self._followed = rules
        self._work.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._work.wait()
            self._work.clear()
            try:
                while not self._stop.is_set() and not self._look():
                    self._stop.wait(LOOK_S)
            except Exception:  # outermost loop of the thread: until it gets on, both lanes take what is not proven
                self.failures += 1
                log.exception("lanes_failed", site=self.site)
                self._stop.wait(RETRY_S)
                self._work.set()

    def _look(self) -> bool:
        """What was proven meanwhile, and what is to be proven; ``True``: there is nothing to do until something
        changes."""
        with self._lock:
            mark = self._leaving.turn(time.monotonic())
            apart, kept = self.apart(), True
            if apart:
                self._known = replace(self._known, broker=self._broker)
                kept = self._keep_filters()
        if mark is not None:
            self._requests.publish(mark_topic(self.site, mark), b"", acknowledged=True)
        while self._answers:
            answer = answer_to(self._answers.popleft())
            self._requests.publish(mark_topic(self.site, answer), b"", acknowledged=True)
        return apart and kept

    def apart(self) -> bool:
        """Whether every topic comes on one lane alone now."""
        return all(
            session.counts.connects > self._connecting.get(lane, -1)
            and session.granted() >= set(self._leaving.rules.filters(lane))
            and not self._leaving.unproven(lane)
            for lane, session in self.sessions.items()
        )

    def figures(self, lane: Lane) -> dict[str, float]:
        """Of a lane: messages that were made durable over all time, bytes of its spool on disk (left out when the disk
        cannot be asked); since the start records that were damaged, and connects. ``DISK_LOW`` and ``BROKER_FORGOT_MS``
        when they are to be told."""
        figures = lane_figures(self.spools[lane], self.sessions[lane], self._folder / lane.value)
        if self._known.forgotten_ms:
            figures[BROKER_FORGOT_MS] = self._known.forgotten_ms
        with suppress(OSError):
            if shutil.disk_usage(self._folder).free < LOW_DISK_BYTES:
                figures[DISK_LOW] = 1
        return figures

    def asked_ms(self) -> int:
        """When the broker was last asked for topics (ms since 1970): it then sends anew what it retained of them."""
        return max(session.counts.asked_ms for session in self.sessions.values())

    def troubles(self) -> list[Trouble]:
        """Why messages are not coming in now; empty when all is well."""
        found = [session.trouble(self.site, lane.value) for lane, session in self.sessions.items()]
        return [trouble for trouble in found if trouble is not None]

    def problems(self) -> list[str]:
        """The same in plain words."""
        return [str(trouble) for trouble in self.troubles()]


def lane_figures(spool: Spool, session: Session, folder: Path) -> dict[str, float]:
    """See ``SiteGateway.figures``."""
    figures: dict[str, float] = {
        "taken": spool.taken,
        "spool_damaged": spool.damaged,
        "broker_connects": session.counts.connects,
    }
    with suppress(OSError):
        figures["spool_bytes"] = bytes_of(segments_in(folder))
    return figures
