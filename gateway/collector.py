"""A site's way in: two lanes, each with its own session and spool."""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from gateway.connecting import ConnectGate, always_open
from gateway.session import Session
from gateway.spool import Spool
from gateway.spool.inspect import bytes_of
from gateway.spool.segments import segments_in
from plantroom.domain.assets import Plant, Priority
from plantroom.domain.flow import Trouble
from plantroom.domain.sources import SourceTopics, TopicSource
from plantroom.errors import Unreachable
from plantroom.ports.spool import Lane
from plantroom.settings import BrokerAddress
from plantroom.wire import ROOT, Channel, is_replay, telemetry_topic

CLIENT_IDS: Mapping[Lane, str] = {Lane.NORMAL: "plantroom-{site}", Lane.SAFETY: "plantroom-{site}-safety"}


def safety_topics(plant: Plant, site: str) -> frozenset[str]:
    """Telemetry topics of the site whose source is marked safety, under every name their asset goes by."""
    keys = {key for key, source in plant.sources.items() if source.priority is Priority.SAFETY}
    return frozenset(telemetry_topic(s, code) for (s, code), key in plant.codes.items() if s == site and key in keys)


class SiteGateway:
    """The sessions and spools of one site.

    The safety lane takes all events and the telemetry of safety sources, the normal lane all the rest of the
    site's topics (a mistyped one too, so that it shows as a dead letter). A topic is left to the safety lane only
    once the broker has confirmed that lane's subscription, so nothing falls between the two: a broker that has lost
    one lane's session is asked about the other's again before it counts. A message taken by both is recognised by the
    ingest (same asset, same instant). The topics of the site's sources come on the lane of their source. Requests to
    publishers (``.../replay``) come back to us and are nobody's. ``gate`` gives each session its own gate.
    """

    def __init__(
        self, site: str, broker: BrokerAddress, folder: Path, gate: Callable[[], ConnectGate] = lambda: always_open
    ) -> None:
        self.site = site
        self._gate = gate
        self._ended = False
        self._folder = folder
        self._safety: frozenset[str] = frozenset()
        self._topics = SourceTopics()
        self._all = f"{ROOT}/{site}/#"
        self._lock = threading.Lock()
        self.spools = {lane: Spool(folder / lane.value) for lane in Lane}
        self._events = f"{ROOT}/{site}/+/{Channel.EVENT}"
        self.sessions = {
            Lane.NORMAL: self._session(Lane.NORMAL, broker, [self._all]),
            Lane.SAFETY: self._session(Lane.SAFETY, broker, [self._events]),
        }

    def _session(self, lane: Lane, broker: BrokerAddress, filters: list[str]) -> Session:
        client_id, spool = CLIENT_IDS[lane].format(site=self.site), self.spools[lane]
        if lane is Lane.SAFETY:
            return Session(broker, client_id, spool, filters, self._safety_owns, gate=self._gate())
        doubt = self._doubt_safety
        return Session(broker, client_id, spool, filters, self._normal_owns, on_fresh=doubt, gate=self._gate())

    def _doubt_safety(self) -> None:
        self.sessions[Lane.SAFETY].doubt()

    def _safety_owns(self, topic: str) -> bool:
        """All but what a wide filter brings of topics whose source is a normal one, and our own requests."""
        if is_replay(topic):
            return False
        source = self._topics.owner(topic) if self._topics.sources else None
        if source is None or source.priority is Priority.SAFETY:
            return True
        return self._subscription(source) not in self.sessions[Lane.NORMAL].granted()

    def _subscription(self, source: TopicSource) -> str:
        """The filter that brings a source's topics; those of the site come to the normal lane anyway."""
        inside = source.topic_filter.startswith(f"{ROOT}/") and source.priority is Priority.NORMAL
        return self._all if inside else source.topic_filter

    def _normal_owns(self, topic: str) -> bool:
        if is_replay(topic):
            return False
        source = self._topics.owner(topic) if self._topics.sources else None
        if source is not None:
            safety = source.priority is Priority.SAFETY
            return not safety or source.topic_filter not in self.sessions[Lane.SAFETY].granted()
        filter_of_other = self._events if topic.endswith(f"/{Channel.EVENT}") else topic
        safety = filter_of_other == self._events or topic in self._safety
        return not safety or filter_of_other not in self.sessions[Lane.SAFETY].granted()

    def start(self) -> None:
        """Open the spools and begin to connect. Raises ``Unreachable`` when a spool's folder is unusable."""
        for spool in self.spools.values():
            try:
                spool.open()
            except OSError as error:
                for each in self.spools.values():
                    each.close()
                raise Unreachable(f"spool of site {self.site}", str(error)) from error
        for session in self.sessions.values():
            session.start()

    def end_sessions(self) -> None:
        """Take no more messages: what was received is acknowledged, the rest waits at the broker. The spools stay
        open."""
        if not self._ended:
            self._ended = True
            for session in self.sessions.values():
                session.stop()

    def stop(self) -> None:
        """End both sessions, then close the spools."""
        self.end_sessions()
        for spool in self.spools.values():
            spool.close()

    def follow(self, plant: Plant) -> None:
        """Take up what changed in the ledger: which telemetry belongs to the safety lane, which sources there are."""
        topics = safety_topics(plant, self.site)
        sources = tuple(source for source in plant.topic_sources if source.site == self.site)
        with self._lock:
            if topics == self._safety and sources == self._topics.sources:
                return
            filters = {lane: self._filters(sources, lane) for lane in Priority}
            self.sessions[Lane.SAFETY].subscribe([self._events, *sorted(topics | filters[Priority.SAFETY])])
            self.sessions[Lane.NORMAL].subscribe([self._all, *sorted(filters[Priority.NORMAL] - {self._all})])
            self._safety, self._topics = topics, SourceTopics(sources)

    def _filters(self, sources: Sequence[TopicSource], priority: Priority) -> frozenset[str]:
        return frozenset(self._subscription(source) for source in sources if source.priority is priority)

    def figures(self, lane: Lane) -> dict[str, float]:
        """Of a lane: messages that were made durable over all time, bytes of its spool on disk (left out when the disk
        cannot be asked); since the start records that were damaged, and connects."""
        return lane_figures(self.spools[lane], self.sessions[lane], self._folder / lane.value)

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
