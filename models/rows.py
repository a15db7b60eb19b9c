"""Rows of one asset out of the long columns in which readings travel, and when the asset is judged at all."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

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

JUDGED = frozenset((AssetStatus.IN_SERVICE, AssetStatus.STANDBY))
"""Statuses in which a model may judge an asset."""


@dataclass(frozen=True, slots=True)
class AssetRows:
    """Rows (n) of one asset at rising instants: ``columns`` maps a point's key to its values (n,), NaN where
    the row came without it; ``received_ms`` (n,) is the latest arrival among a row's readings. The newest row may
    still grow."""

    asset: str
    ts_ms: Millis
    received_ms: Millis
    columns: Mapping[str, Floats]

    def matrix(self, points: Sequence[str]) -> Floats:
        """Values (n, p) of ``points``; NaN for points that no row has."""
        silent = np.full(len(self.ts_ms), np.nan)
        if not points:
            return np.zeros((len(self.ts_ms), 0))
        return np.column_stack([self.columns.get(point, silent) for point in points])

    def cut(self, start: int, stop: int) -> "AssetRows":
        """Rows ``start`` up to ``stop``."""
        part = slice(start, stop)
        columns = {key: column[part] for key, column in self.columns.items()}
        return AssetRows(self.asset, self.ts_ms[part], self.received_ms[part], columns)


def model_points(points: Mapping[str, Point]) -> list[Point]:
    """The measures of an asset that a model may use, in the order of their keys."""
    usable = [p for p in points.values() if p.template.in_model and p.template.kind is PointKind.MEASURE]
    return sorted(usable, key=lambda point: point.key)


def is_gated(points: Mapping[str, Point]) -> bool:
    """Whether the asset has a state point that says that it runs."""
    return RUNNING in points and points[RUNNING].template.kind is PointKind.STATE


def rows_of(batch: StreamBatch, plant: Plant, held: Callable[[str], AssetRows | None]) -> Iterator[AssetRows]:
    """Rows of each asset in a batch, out of its live, good or uncertain readings; assets by key.

    Readings of one asset and instant make one row, whichever message they came in. ``held`` gives an asset's row
    that was still growing at the end of the batch before: it is the first of the rows here. A row grows until the
    asset's stream has a later instant, and never after: a reading that comes behind its row counts with the row
    that is growing then. So rows depend on the order of the stream and not on where it is cut. O(n log n).
    """
    readings = batch.readings
    usable = batch.live & (readings.reason < FIRST_BAD)
    assets = sorted({ref.asset for ref in readings.series if ref.asset in plant.points})
    number = {asset: i for i, asset in enumerate(assets)}
    asset_of_series = np.array([number.get(ref.asset, -1) for ref in readings.series], dtype=np.int64)
    if not assets:
        return
    owner = np.where(usable, asset_of_series[readings.series_id], -1)
    order = np.argsort(owner, kind="stable")
    bounds = np.searchsorted(owner[order], np.arange(len(assets) + 1))
    for i, asset in enumerate(assets):
        picked = order[bounds[i] : bounds[i + 1]]
        if len(picked):
            yield _assemble(asset, batch, picked, plant.points[asset], held(asset))


def _assemble(
    asset: str, batch: StreamBatch, picked: NDArray[np.intp], points: Mapping[str, Point], held: AssetRows | None
) -> AssetRows:
    readings = batch.readings
    instant_of = np.maximum.accumulate(readings.ts_ms[picked])
    if held is not None:
        instant_of = np.maximum(instant_of, held.ts_ms)
    instants = np.unique(instant_of if held is None else np.append(instant_of, held.ts_ms))
    row = np.searchsorted(instants, instant_of)
    received = np.full(len(instants), NEVER, dtype=np.int64)
    np.maximum.at(received, row, batch.received_ms[picked])
    wanted = {point.key for point in model_points(points)} | ({RUNNING} if is_gated(points) else set())
    columns: dict[str, Floats] = {}
    if held is not None:
        received[0] = max(received[0], held.received_ms[0])
        rest = np.full(len(instants) - 1, np.nan)
        columns = {key: np.append(column, rest) for key, column in held.columns.items() if key in wanted}
    series = readings.series_id[picked]
    for number in np.unique(series):
        key = readings.series[number].point
        if key in wanted:
            of_series = series == number
            column = columns.setdefault(key, np.full(len(instants), np.nan))
            column[row[of_series]] = readings.value[picked][of_series]
    return AssetRows(asset, instants, received, columns)


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
    return AssetRows(asset, ts_ms, ts_ms, {point: matrix[:, j] for j, point in enumerate(points)})


@dataclass(slots=True)
class RunState:
    """Whether the machine runs, as last said (taken to run until told otherwise), and since when."""

    running: bool = True
    started_ms: int = NEVER

    def judged(self, ts_ms: Millis, running: Floats, settle_ms: int) -> NDArray[np.bool_]:
        """Which rows (n,) may be judged: the machine runs and has had ``settle_ms`` after its start.

        ``running`` (n,) is NaN where a row does not say. Moves the state on.
        """
        out = np.empty(len(ts_ms), dtype=np.bool_)
        for i, (now_ms, said) in enumerate(zip(ts_ms.tolist(), running.tolist(), strict=True)):
            if said == said:  # noqa: PLR0124  not NaN
                if said > 0.0 and not self.running:
                    self.started_ms = now_ms
                self.running = said > 0.0
            out[i] = self.running and now_ms - self.started_ms >= settle_ms
        return out
