"""From topics and names to assets and series."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from ingest.rejections import UNKNOWN_ASSET, UNKNOWN_TOPIC
from plantroom.domain.assets import Asset, Plant, Point, Priority, Source, SourceClock
from plantroom.ports.readings import SeriesRef
from plantroom.wire import Channel, parse_topic

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
    """Where the values of one asset go. ``shapes`` remembers the series of whole sets of names."""

    asset: Asset
    source: Source
    points: Mapping[str, Point]
    ids: Mapping[str, int]
    shapes: dict[tuple[str, ...], tuple[int, ...]] = field(default_factory=dict)

    @property
    def simulated(self) -> bool:
        """Whether the source's time is recorded, not live."""
        return self.source.clock is SourceClock.SIMULATED

    @property
    def safety(self) -> bool:
        """Whether the source is marked safety."""
        return self.source.priority is Priority.SAFETY

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


class Matcher:
    """Topics of one site to assets and series, by the plant that ``follow`` was last given."""

    def __init__(self, site: str, table: SeriesTable) -> None:
        self.site = site
        self._table = table
        self._plant: Plant | None = None
        self._assets: dict[str, AssetRoute] = {}
        self.known: dict[str, Route] = {}
        """Topics that were understood so far, for those who look up many."""

    def follow(self, plant: Plant) -> None:
        """Use this state of the plant from now on."""
        self._plant = plant
        self._assets, self.known = {}, {}

    def route(self, topic: str) -> Route | str:
        """Where a topic leads, or the reason (a code of ``ingest.rejections``) why nowhere."""
        known = self.known.get(topic)
        if known is not None:
            return known
        parts = parse_topic(topic)
        if parts is None or parts.site != self.site:
            return UNKNOWN_TOPIC
        asset = self._asset_of(parts.asset)
        if asset is None:
            return UNKNOWN_ASSET
        route = self.known[topic] = Route(parts.channel, asset)
        return route

    def routes(self) -> Sequence[AssetRoute]:
        """All assets of the site."""
        plant = self._plant
        if plant is None:
            return []
        found = (self._asset_of(code) for site, code in plant.codes if site == self.site)
        return list({route.asset.key: route for route in found if route is not None}.values())

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
            known = self._assets[key] = AssetRoute(asset, plant.sources.get(key, Source(key)), points, ids)
        return known
