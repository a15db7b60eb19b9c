"""Rows of one asset out of the long columns in which readings travel, and when the asset is judged at all."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from models.baseline import Floats
from models.scoring import NEVER, Millis
from plantroom.domain.assets import AssetStatus, Plant, Point, PointKind
from plantroom.domain.quality import FIRST_BAD
from plantroom.ports.readings import ReadingsStore, SeriesRef
from plantroom.ports.stages import StreamBatch

RUNNING = "running"
"""Key of the state point that says whether the machine runs; assets without one are always judged."""

_PAGE = 5_000

_SPAN = 1 << 42
"""More than any instant in milliseconds (to the year 2109): keeps the assets apart in one running maximum."""

JUDGED = frozenset((AssetStatus.IN_SERVICE, AssetStatus.STANDBY))
"""Statuses in which a model may judge an asset."""


@dataclass(frozen=True, slots=True)
class AssetRows:
    """Rows (n) of one asset at rising instants: ``values`` (n, p) of the points ``keys``, NaN where the row came
    without one; ``received_ms`` (n,) is the latest arrival among a row's readings. The newest row may still grow."""

    asset: str
    ts_ms: Millis
    received_ms: Millis
    keys: tuple[str, ...]
    values: Floats

    def column(self, key: str) -> Floats:
        """Values (n,) of a point; NaN for one that no row has."""
        return self.values[:, self.keys.index(key)] if key in self.keys else np.full(len(self.ts_ms), np.nan)

    def matrix(self, points: tuple[str, ...]) -> Floats:
        """Values (n, p) of ``points``; NaN for points that no row has."""
        found, places = _places(self.keys, points)
        if len(found) == len(points):
            return self.values[:, places]
        out = np.full((len(self.ts_ms), len(points)), np.nan)
        out[:, found] = self.values[:, places]
        return out

    def cut(self, start: int, stop: int) -> "AssetRows":
        """Rows ``start`` up to ``stop``."""
        part = slice(start, stop)
        return AssetRows(self.asset, self.ts_ms[part], self.received_ms[part], self.keys, self.values[part])

    def alone(self) -> "AssetRows":
        """A copy that does not keep the rows alive that these were cut from."""
        return AssetRows(self.asset, self.ts_ms.copy(), self.received_ms.copy(), self.keys, self.values.copy())


@lru_cache(4096)
def _places(keys: tuple[str, ...], points: tuple[str, ...]) -> tuple[list[int], list[int]]:
    """Which of the points there are, and which of the keys they are."""
    place = {key: n for n, key in enumerate(keys)}
    found = [n for n, point in enumerate(points) if point in place]
    return found, [place[points[n]] for n in found]


def model_points(points: Mapping[str, Point]) -> list[Point]:
    """The measures of an asset that a model may use, in the order of their keys."""
    usable = [p for p in points.values() if p.template.in_model and p.template.kind is PointKind.MEASURE]
    return sorted(usable, key=lambda point: point.key)


def is_gated(points: Mapping[str, Point]) -> bool:
    """Whether the asset has a state point that says that it runs."""
    return RUNNING in points and points[RUNNING].template.kind is PointKind.STATE


@dataclass(frozen=True, slots=True)
class _Layout:
    """Assets by key, the points of each one's rows, and for each series (s,) whose it is (-1: nobody's) and which
    column it fills (-1: none)."""

    assets: Sequence[str]
    keys: Sequence[tuple[str, ...]]
    owner: NDArray[np.int64]
    column: NDArray[np.int64]

    @classmethod
    def of(cls, series: Sequence[SeriesRef], plant: Plant) -> "_Layout":
        assets = sorted({ref.asset for ref in series if ref.asset in plant.points})
        number = {asset: n for n, asset in enumerate(assets)}
        keys = [_wanted(plant.points[asset]) for asset in assets]
        place = {(asset, key): n for asset, some in zip(assets, keys, strict=True) for n, key in enumerate(some)}
        return cls(
            assets,
            keys,
            np.array([number.get(ref.asset, -1) for ref in series], dtype=np.int64),
            np.array([place.get((ref.asset, ref.point), -1) for ref in series], dtype=np.int64),
        )


def _wanted(points: Mapping[str, Point]) -> tuple[str, ...]:
    return (*(point.key for point in model_points(points)), *([RUNNING] if is_gated(points) else []))


class RowMaker:
    """Makes rows of one stream; what it works out about plant and series is kept until they change."""

    def __init__(self) -> None:
        self._layout = _Layout([], [], np.empty(0, np.int64), np.empty(0, np.int64))
        self._plant: Plant | None = None
        self._series: Sequence[SeriesRef] = ()

    def rows_of(self, batch: StreamBatch, plant: Plant, held: Callable[[str], AssetRows | None]) -> list[AssetRows]:
        """Rows of each asset in a batch, out of its live, good or uncertain readings; assets by key.

        Readings of one asset and instant make one row, whichever message they came in. ``held`` gives an asset's row
        that was still growing at the end of the batch before: it is the first of the rows here. A row grows until the
        asset's stream has a later instant, and never after: a reading that comes behind its row counts with the row
        that is growing then. So rows depend on the order of the stream and not on where it is cut. Instants lie in the
        years 1970 to 2109. O(n log n).
        """
        readings = batch.readings
        layout = self._layout_of(readings.series, plant, batch.site)
        usable = batch.live & (readings.reason < FIRST_BAD)
        picked = np.flatnonzero(usable & (layout.owner[readings.series_id] >= 0))
        if not len(picked):
            return []
        owners = layout.owner[readings.series_id[picked]]
        grown = {n: row for n in np.unique(owners).tolist() if (row := held(layout.assets[n])) is not None}
        owner, ts_ms, received_ms, column, value = _sorted_by_owner(batch, layout, picked, grown)
        starts = np.concatenate(([True], owner[1:] != owner[:-1]))
        offset = np.cumsum(starts) * _SPAN
        instant = np.maximum.accumulate(ts_ms + offset) - offset
        begins = starts | np.concatenate(([False], instant[1:] != instant[:-1]))
        number, firsts = np.cumsum(begins) - 1, np.flatnonzero(begins)
        values = np.full((len(firsts), max(map(len, layout.keys))), np.nan)
        first_row = dict(zip(owner[starts].tolist(), number[starts].tolist(), strict=True))
        for n, one in grown.items():
            values[first_row[n], : len(layout.keys[n])] = one.matrix(layout.keys[n])[0]
        filled = column >= 0
        values[number[filled], column[filled]] = value[filled]
        instants, received = instant[firsts], np.maximum.reduceat(received_ms, firsts)
        edges = pairwise([*first_row.values(), len(firsts)])
        found = [(layout.assets[n], layout.keys[n], a, b) for n, (a, b) in zip(first_row, edges, strict=True)]
        return [AssetRows(k, instants[a:b], received[a:b], keys, values[a:b, : len(keys)]) for k, keys, a, b in found]

    def _layout_of(self, series: Sequence[SeriesRef], plant: Plant, site: str) -> _Layout:
        known = self._plant
        same = known is not None and site in plant.site_revisions and plant.revision_of(site) == known.revision_of(site)
        if (plant is not known and not same) or series is not self._series or len(series) != len(self._layout.owner):
            self._layout = _Layout.of(series, plant)
            self._plant, self._series = plant, series
        return self._layout


def _sorted_by_owner(
    batch: StreamBatch, layout: _Layout, picked: NDArray[np.intp], grown: Mapping[int, AssetRows]
) -> tuple[NDArray[np.int64], Millis, Millis, NDArray[np.int64], Floats]:
    """Owner, instant, arrival, column and value of the picked readings, by owner. A row that still grows (by owner)
    comes as a reading of no column, before those of its asset."""
    readings, series = batch.readings, batch.readings.series_id[picked]
    owner = np.concatenate((np.array(list(grown), np.int64), layout.owner[series]))
    order = np.argsort(owner, kind="stable")
    rows = grown.values()
    return (
        owner[order],
        np.concatenate((*(row.ts_ms for row in rows), readings.ts_ms[picked]))[order],
        np.concatenate((*(row.received_ms for row in rows), batch.received_ms[picked]))[order],
        np.concatenate((np.full(len(grown), -1), layout.column[series]))[order],
        np.concatenate((np.zeros(len(grown)), readings.value[picked]))[order],
    )


def stored_rows(
    store: ReadingsStore, site: str, equipment_class: str, asset: str, points: Sequence[str], span_ms: tuple[int, int]
) -> AssetRows:
    """All stored good or uncertain rows of ``points`` with ``span_ms[0] <= ts <= span_ms[1]``.

    Raises ``Unreachable`` as the store does.
    """
    refs = [SeriesRef(site, equipment_class, asset, point) for point in points]
    times: list[Millis] = []
    values: list[Floats] = []
    start, end = span_ms[0], span_ms[1] + 1
    while start < end:
        pages = store.read(refs, start, end, _PAGE)
        instants = np.unique(np.concatenate([page.ts_ms for page in pages])) if pages else np.zeros(0, np.int64)
        if not len(instants):
            break
        block = np.full((len(instants), len(refs)), np.nan)
        for j, page in enumerate(pages):
            good = page.reason < FIRST_BAD
            block[np.searchsorted(instants, page.ts_ms[good]), j] = page.value[good]
        times.append(instants)
        values.append(block)
        start = int(instants[-1]) + 1
    ts_ms = np.concatenate(times) if times else np.zeros(0, dtype=np.int64)
    matrix = np.vstack(values) if values else np.zeros((0, len(refs)))
    return AssetRows(asset, ts_ms, ts_ms, tuple(points), matrix)


@dataclass(slots=True)
class RunState:
    """Whether the machine runs, as last said (taken to run until told otherwise), and since when."""

    running: bool = True
    started_ms: int = NEVER

    def judged(self, ts_ms: Millis, running: Floats, settle_ms: int) -> NDArray[np.bool_]:
        """Which rows (n,) may be judged: the machine runs and has had ``settle_ms`` after its start.

        ``running`` (n,) is NaN where a row does not say. Moves the state on.
        """
        if self.steady(ts_ms, running, settle_ms):
            return np.ones(len(ts_ms), dtype=np.bool_)
        out = np.empty(len(ts_ms), dtype=np.bool_)
        for i, (now_ms, said) in enumerate(zip(ts_ms.tolist(), running.tolist(), strict=True)):
            if said == said:  # noqa: PLR0124  not NaN
                if said > 0.0 and not self.running:
                    self.started_ms = now_ms
                self.running = said > 0.0
            out[i] = self.running and now_ms - self.started_ms >= settle_ms
        return out

    def steady(self, ts_ms: Millis, running: Floats, settle_ms: int) -> bool:
        """Whether all rows may be judged and change nothing, as nearly always."""
        return self.running and bool((ts_ms - self.started_ms >= settle_ms).all()) and not bool((running <= 0.0).any())
