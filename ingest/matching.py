"""From topics and names to assets and series."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from ingest.publishers import publisher_of
from ingest.rejections import UNKNOWN_ASSET, UNKNOWN_TOPIC
from plantroom.domain.alarms import SafetySources, safety_sources
from plantroom.domain.assets import Asset, Plant, Point, Source, SourceClock
from plantroom.domain.sources import (
    MAX_KNOWN_TOPICS,
    SourceTopics,
    TopicSource,
    sources_of,
)
from plantroom.lanes import LANES, lane_of, safety_topics
from plantroom.ports.readings import SeriesRef
from plantroom.ports.spool import Lane
from plantroom.wire import ROOT, Channel, parse_topic

_MAX_SHAPES = 64


class SeriesTable:
    """Series by number, in the order in which they were first met. Numbers never change."""

    def __init__(self) -> None:
        self.refs: list[SeriesRef] = []
        self._ids: dict[SeriesRef, int] = {}

    def __len__(self) -> int:
        return len(self.refs)

    def id_of(self, ref: SeriesRef) -> int:
        """The number of a series, a new one when it is new."""
        known = self._ids.get(ref)
        if known is None:
            known = self._ids[ref] = len(self.refs)
            self.refs.append(ref)
        return known

    def snapshot(self) -> bytes:
        """The whole table."""
        return orjson.dumps([(r.site, r.equipment_class, r.asset, r.point) for r in self.refs])

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot (empty: from nothing). Raises ``ValueError`` on what is not a snapshot."""
        self.refs, self._ids = [], {}
        if not state:
            return
        try:
            for site, equipment_class, asset, point in orjson.loads(state):
                self.id_of(SeriesRef(site, equipment_class, asset, point))
        except TypeError as error:
            raise ValueError("not a snapshot of the series") from error


@dataclass(slots=True)
class AssetRoute:
    """Where the values of one asset go. ``source`` has the priority and the clock of what comes on its own topics,
    ``safety`` says whether any source of it is marked safety. ``shapes`` remembers the series of whole sets of names;
    ``clock`` is its place among the clocks that are measured (-1: none)."""

    asset: Asset
    source: Source
    points: Mapping[str, Point]
    ids: Mapping[str, int]
    safety: bool
    shapes: dict[tuple[str, ...], tuple[int, ...]] = field(default_factory=dict)
    clock: int = -1

    @property
    def simulated(self) -> bool:
        """Whether the source's time is recorded, not live."""
        return self.source.clock is SourceClock.SIMULATED

    @property
    def lane(self) -> Lane:
        """The lane of its source."""
        return LANES[self.source.priority]

    def match(self, keys: tuple[str, ...]) -> tuple[int, ...] | None:
        """The series of all names, or ``None`` when the asset lacks one of them."""
        known = self.shapes.get(keys)
        if known is None:
            found = tuple(self.ids.get(key, -1) for key in keys)
            if -1 in found:
                return None
            if len(self.shapes) < _MAX_SHAPES:
                self.shapes[keys] = found
            known = found
        return known


@dataclass(frozen=True, slots=True)
class Route:
    """A topic that is understood: the asset and the channel."""

    channel: Channel
    asset: AssetRoute


@dataclass(frozen=True, slots=True)
class Target:
    """Where a field of a source goes. ``code``: the asset that the mapping names (empty: the topic's own), which is
    ``asset``, ``None`` when the ledger has none of that code."""

    code: str
    asset: AssetRoute | None
    point: str
    unit: str


@dataclass(frozen=True, slots=True)
class SourceRoute:
    """A topic that a source takes: ``home`` is the asset that the source or the topic names by ``code`` (``None``:
    neither does, or the ledger does not have it), ``targets`` are the mapped fields by name, ``lengths`` how long their
    names are.

    ``owner`` has the numbers of what comes on the topic: the home, or else the first asset that fields name, under
    which each topic has a count of its own; ``publisher`` says so (``ingest.publishers``).
    """

    source: TopicSource
    topic: str
    code: str
    home: AssetRoute | None
    targets: Mapping[str, Sequence[Target]]
    lengths: Collection[int]
    owner: AssetRoute | None
    publisher: str

    def complete(self) -> bool:
        """Whether the ledger has every asset that is named."""
        ask_home = self.home is None and (self.source.asset or self.source.asset_from)
        return not ask_home and all(t.asset or not t.code for some in self.targets.values() for t in some)

    def maps(self, field_name: str) -> bool:
        """Whether the source names a field, with or without its prefix (which ends in a slash or a colon). O(lengths of
        mapped names), however many are mapped."""
        size = len(field_name)
        return field_name in self.targets or any(
            field_name[size - length - 1] in "/:" and field_name[size - length :] in self.targets
            for length in self.lengths
            if length < size
        )

    def whose(self) -> tuple[str, AssetRoute | None]:
        """Code and asset that what came on the topic is about as a whole: its home, or the only one that fields name.
        Where that is nobody, or may be one of several, the topic is all that is known. O(fields)."""
        if self.code or self.source.asset_from:
            return self.code or self.topic, self.home
        named = {one.code: one.asset for some in self.targets.values() for one in some}
        return next(iter(named.items())) if len(named) == 1 else (self.topic, None)


class Matcher:
    """Topics of one site to assets and series, by the plant that ``follow`` was last given."""

    def __init__(self, site: str, table: SeriesTable) -> None:
        self.site = site
        self._table = table
        self._plant: Plant | None = None
        self._assets: dict[str, AssetRoute] = {}
        self.known: dict[str, Route] = {}
        """Topics that were understood so far, for those who look up many."""
        self._topics = SourceTopics()
        self._source_routes: dict[str, SourceRoute] = {}
        self._targets: dict[str, Mapping[str, Sequence[Target]]] = {}
        self._lengths: dict[str, Collection[int]] = {}
        self._sources: Mapping[str, Source] = {}
        self._safety = SafetySources()
        self._safety_topics: Collection[str] = ()

    def follow(self, plant: Plant, *, anew: bool = True) -> bool:
        """Use this state of the plant from now on; gives whether something of the site may be another. ``anew``: take
        it that it is."""
        before, self._plant = self._plant, plant
        now = plant.site_revisions.get(self.site)
        if before is not None and not anew and now is not None and now == before.revision_of(self.site):
            return False
        self._assets, self.known = {}, {}
        self._topics = SourceTopics(source for source in plant.topic_sources if source.site == self.site)
        self._source_routes, self._targets, self._lengths = {}, {}, {}
        self._sources = sources_of(plant, self.site)
        self._safety = safety_sources(plant, unnamed=False)
        self._safety_topics = safety_topics(plant, self.site)
        return True

    def route(self, topic: str) -> Route | SourceRoute | str:
        """Where a topic leads, or the reason (a code of ``ingest.rejections``) why nowhere."""
        known = self.known.get(topic) or self._source_routes.get(topic)
        if known is not None:
            return known
        source = self._topics.owner(topic)
        if source is not None:
            return self._route_of(source, topic)
        parts = parse_topic(topic)
        if parts is None or parts.site != self.site:
            return UNKNOWN_TOPIC
        asset = self._asset_of(parts.asset)
        if asset is None:
            return UNKNOWN_ASSET
        route = self.known[topic] = Route(parts.channel, asset)
        return route

    def knows(self, topic: str) -> bool:
        """Whether a topic leads to an asset of the ledger, or never will to one of this site."""
        route = self.route(topic)
        if isinstance(route, SourceRoute):
            return route.complete()
        return route != UNKNOWN_ASSET and not (route == UNKNOWN_TOPIC and not topic.startswith(f"{ROOT}/"))

    def lane_of(self, topic: str) -> Lane:
        """The lane on which messages of a topic come."""
        return lane_of(topic, self.site, self._topics.owner(topic), self._safety_topics) or Lane.NORMAL

    def routes(self) -> Sequence[AssetRoute]:
        """All assets of the site."""
        plant = self._plant
        if plant is None:
            return []
        found = (self._asset_of(code) for site, code in plant.codes if site == self.site)
        return list({route.asset.key: route for route in found if route is not None}.values())

    def _route_of(self, source: TopicSource, topic: str) -> SourceRoute:
        targets = self._targets.get(source.key)
        if targets is None:
            found: dict[str, list[Target]] = {}
            for one in source.fields:
                asset = self._asset_of(one.asset) if one.asset else None
                found.setdefault(one.field, []).append(Target(one.asset, asset, one.point, one.unit))
            targets = self._targets[source.key] = found
        levels = topic.split("/")
        code = levels[source.asset_from - 1] if 0 < source.asset_from <= len(levels) else source.asset
        if len(self._source_routes) >= MAX_KNOWN_TOPICS:
            self._source_routes = {}
        home = self._asset_of(code) if code else None
        owner = home or next((one.asset for some in targets.values() for one in some if one.asset is not None), None)
        publisher = "" if owner is None else publisher_of(owner.asset.key, "" if owner is home else topic)
        lengths = self._lengths.get(source.key)
        if lengths is None:
            lengths = self._lengths[source.key] = frozenset(map(len, targets))
        route = SourceRoute(source, topic, code, home, targets, lengths, owner, publisher)
        self._source_routes[topic] = route
        return route

    def _asset_of(self, code: str) -> AssetRoute | None:
        plant = self._plant
        key = plant.codes.get((self.site, code)) if plant is not None else None
        if plant is None or key is None or key not in plant.assets:
            return None
        known = self._assets.get(key)
        if known is None:
            asset, points = plant.assets[key], plant.points.get(key, {})
            ids = {
                point: self._table.id_of(SeriesRef(asset.site, asset.equipment_class, key, point)) for point in points
            }
            source, safety = self._sources.get(key) or Source(key), self._safety.has(asset)
            known = self._assets[key] = AssetRoute(asset, source, points, ids, safety)
        return known
