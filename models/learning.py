"""From a learn window to an active model: an operator's word makes the baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from models.baseline import Floats
from models.fitting import Fit, fit
from models.registry import Loaded, ModelRecord, ModelRegistry, ModelState, Provenance
from models.rows import RUNNING, RunState, is_gated, model_points, stored_rows
from models.scoring import Millis
from models.settings import DetectorSettings
from plantroom.domain.assets import LearnWindow, Plant
from plantroom.errors import BadData, NotFound
from plantroom.ports.clock import Clock
from plantroom.ports.readings import ReadingsStore

_log = structlog.get_logger()


class Fitter(Protocol):
    """``models.fitting.fit``, here or in another process."""

    def __call__(
        self, points: Sequence[tuple[str, str]], ts_ms: Millis, values: Floats, settings: DetectorSettings | None = None
    ) -> Fit:
        """As ``fit``."""
        ...


@dataclass(frozen=True, slots=True)
class Learned:
    """A window that has been dealt with; ``model`` is ``None`` when nothing came of it."""

    window: LearnWindow
    model: Loaded | None

    @property
    def end_ms(self) -> int:
        """Last instant of the window."""
        return round(self.window.end.timestamp() * 1000)


def due_windows(plant: Plant, known: Mapping[str, Sequence[int]], seen: Mapping[str, int]) -> list[LearnWindow]:
    """Windows not yet dealt with (``known``: ids by asset) that an asset's stream has passed (``seen``: the
    newest instant by asset), by end."""
    due = [
        window
        for window in plant.learn_windows
        if window.asset in seen
        and window.id not in known.get(window.asset, ())
        and round(window.end.timestamp() * 1000) < seen[window.asset]
    ]
    return sorted(due, key=lambda window: (window.end, window.id))


class Learner:
    """Fits and registers the models that learn windows ask for."""

    def __init__(
        self,
        registry: ModelRegistry,
        readings: ReadingsStore,
        clock: Clock,
        settings: DetectorSettings,
        fit_with: Fitter = fit,
    ) -> None:
        self._registry = registry
        self._readings = readings
        self._clock = clock
        self._settings = settings
        self._fit_with = fit_with

    def learn(self, window: LearnWindow, plant: Plant) -> Learned:
        """Fit on exactly the stored rows of the window and make the model active.

        A window that was learned before gives the model of that time (processing again after a crash), or none
        when somebody has set it aside since. Unusable data are logged and give none. Raises ``Unreachable`` as the
        store does and ``OSError`` as the registry does.
        """
        try:
            before = self._registry.by_window(window.asset, window.id)
            model = self._fit(window, plant).model if before is None else before[0]
        except (BadData, NotFound) as error:
            _log.warning("learn_window_unusable", asset=window.asset, window=window.id, problem=str(error))
            return Learned(window, None)
        if before is None:
            _log.info("model_learned", asset=window.asset, window=window.id, model=model)
        elif before[1]:
            return Learned(window, None)
        return Learned(window, self._registry.find(window.asset, model))

    def _fit(self, window: LearnWindow, plant: Plant) -> ModelRecord:
        asset = plant.assets.get(window.asset)
        if asset is None:
            raise NotFound(f"learn window {window.id} names an unknown asset")
        points = plant.points.get(asset.key, {})
        measures = model_points(points)
        keys = [point.key for point in measures] + ([RUNNING] if is_gated(points) else [])
        span_ms = (round(window.start.timestamp() * 1000), round(window.end.timestamp() * 1000))
        rows = stored_rows(self._readings, asset.site, asset.equipment_class, asset.key, keys, span_ms)
        if is_gated(points):
            settle_ms = round(1000 * self._settings.settle_s)
            judged = RunState().judged(rows.ts_ms, rows.column(RUNNING), settle_ms)
        else:
            judged = rows.ts_ms >= 0
        values = rows.matrix(tuple(point.key for point in measures))[judged]
        fitted = self._fit_with(
            [(p.key, p.template.unit) for p in measures], rows.ts_ms[judged], values, self._settings
        )
        provenance = Provenance(
            asset=asset.key,
            start_ms=span_ms[0],
            end_ms=span_ms[1],
            rows=int(judged.sum()),
            reason=f"declared normal by {window.declared_by}",
            created_at=self._clock.now(),
            window=window.id,
            calibration=fitted.calibration,
        )
        return self._registry.register(fitted.baseline, provenance, ModelState.ACTIVE)
