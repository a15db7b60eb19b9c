"""The condition models as a stage of the stream: learn when told to, score what comes, notice what is wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog

from models import snapshot
from models.baseline import Baseline
from models.learning import Learned, Learner, due_windows
from models.registry import ModelRecord, ModelRegistry
from models.rows import JUDGED, RUNNING, AssetRows, rows_of
from models.settings import DetectorSettings
from models.watcher import AssetHealth, AssetState, Watcher
from plantroom.domain.assets import Asset, EquipmentClass, FailureModeSpec, Health, Plant
from plantroom.domain.findings import Finding
from plantroom.errors import BadData, NotFound
from plantroom.ports.clock import Clock
from plantroom.ports.ledger import HealthChange
from plantroom.ports.readings import ReadingsStore
from plantroom.ports.stages import StreamBatch, StreamStage

_log = structlog.get_logger()

ClassOf = Callable[[str], EquipmentClass | None]


@dataclass(frozen=True, slots=True)
class _Live:
    """A watcher in use, and the newest instant that its model learned from."""

    watcher: Watcher
    after_ms: int
    equipment_class: str


class ModelStage(StreamStage):
    """Scores each asset that has an active model; the others are left alone (cold start).

    A learn window is fitted when the asset's live stream passes its end, on exactly its stored rows, and the
    model scores from the next row on. A model set by hand (promoted, rolled back) is taken up with the next
    batch. All I/O of a batch comes before any state moves, so a batch that fails with ``Unreachable`` can be
    given again.
    """

    def __init__(
        self,
        registry: ModelRegistry | Path,
        readings: ReadingsStore,
        clock: Clock,
        class_of: ClassOf,
        settings: DetectorSettings | None = None,
    ) -> None:
        self._registry = ModelRegistry(registry) if isinstance(registry, Path) else registry
        self._learner = Learner(self._registry, readings, clock, settings or DetectorSettings())
        self._class_of = class_of
        self._states: dict[str, AssetState] = {}
        self._live: dict[str, _Live] = {}
        self._scored: dict[str, None] = {}
        self._shown: dict[str, tuple[Health, float, str]] = {}

    def process(self, batch: StreamBatch, plant: Plant) -> Sequence[Finding]:
        """Findings of the batch in observed order. Raises ``Unreachable`` when a learn window cannot be read."""
        tables = [rows for rows in rows_of(batch, plant) if rows.asset in plant.assets]
        learned = self._learn(tables, plant)
        by_hand = {rows.asset: self._by_hand(rows.asset) for rows in tables}
        for rows in tables:
            self._resume(plant.assets[rows.asset])
        findings: list[Finding] = []
        for rows in tables:
            due = [item for item in learned if item.window.asset == rows.asset]
            findings += self._advance(rows, plant.assets[rows.asset], due, by_hand[rows.asset])
        return sorted(findings, key=lambda finding: finding.observed_at)

    def snapshot(self) -> bytes:
        """The state of every asset. Models are named, not held: they live in the registry."""
        return snapshot.pack(self._states)

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot. Raises ``ValueError`` on what is not one."""
        self._states = snapshot.unpack(state)
        self._live = {}
        self._scored = {}

    def health(self, asset: str) -> Health:
        """What the model makes of an asset; unknown without a model."""
        state = self._states.get(asset)
        return Health.UNKNOWN if state is None else state.health

    def health_report(self) -> Sequence[AssetHealth]:
        """The last judgement of every asset scored since the last call, to be published."""
        report = [self._live[asset].watcher.health(self._states[asset]) for asset in self._scored]
        self._scored = {}
        return report

    def health_changes(self) -> Sequence[HealthChange]:
        """As ``health_report``, for the ledger: only what changed in word, or moved by a tenth of the threshold."""
        changes = []
        for item in self.health_report():
            shown = (item.health, round(item.score / item.threshold, 1), item.model)
            if self._shown.get(item.asset) == shown:
                continue
            self._shown[item.asset] = shown
            reason = {
                "score": round(item.score, 2),
                "threshold": item.threshold,
                "observed_at": item.observed_at.isoformat(),
                "model": item.model,
            }
            changes.append(HealthChange(item.asset, item.health, reason))
        return changes

    def _learn(self, tables: Sequence[AssetRows], plant: Plant) -> list[Learned]:
        seen = {rows.asset: int(rows.ts_ms[-1]) for rows in tables}
        known = {asset: state.windows for asset, state in self._states.items()}
        return [self._learner.learn(window, plant) for window in due_windows(plant, known, seen)]

    def _by_hand(self, asset: str) -> tuple[int, ModelRecord | None, Baseline | None]:
        """The count of changes by hand, and the model to take up when it has moved (or nothing is known yet)."""
        count = self._registry.by_hand(asset)
        state = self._states.get(asset)
        if state is not None and state.by_hand == count and (state.model is not None or state.windows):
            return count, None, None
        record = self._registry.active(asset)
        if record is None or (state is not None and state.model == record.model):
            return count, None, None
        return count, record, self._registry.load(record)

    def _resume(self, asset: Asset) -> None:
        """Load the model that a restored state names."""
        state = self._states.get(asset.key)
        live = self._live.get(asset.key)
        if state is None or state.model is None:
            return
        if live is not None and live.watcher.model == state.model and live.equipment_class == asset.equipment_class:
            return
        try:
            record = self._registry.record(asset.key, state.model)
            baseline = self._registry.load(record)
        except (BadData, NotFound, OSError) as error:
            _log.error("model_lost", asset=asset.key, model=state.model, problem=str(error))
            state.model, state.smooth, state.monitor, state.health = None, None, None, Health.UNKNOWN
            return
        self._put(asset, record, baseline)

    def _put(self, asset: Asset, record: ModelRecord, baseline: Baseline) -> Watcher:
        watcher = Watcher(asset.site, asset.key, record.model, baseline, self._modes(asset))
        self._live[asset.key] = _Live(watcher, record.scores_after_ms, asset.equipment_class)
        return watcher

    def _modes(self, asset: Asset) -> Sequence[FailureModeSpec]:
        try:
            found = self._class_of(asset.equipment_class)
        except NotFound:
            found = None
        return () if found is None else found.failure_modes

    def _advance(
        self,
        rows: AssetRows,
        asset: Asset,
        learned: Sequence[Learned],
        by_hand: tuple[int, ModelRecord | None, Baseline | None],
    ) -> list[Finding]:
        state = self._states.setdefault(asset.key, AssetState())
        rows = rows.cut(int(np.searchsorted(rows.ts_ms, state.last_ms)), len(rows.ts_ms))
        if not len(rows.ts_ms):
            return []
        findings: list[Finding] = []
        state.by_hand, record, baseline = by_hand
        if record is not None and baseline is not None:
            findings += self._switch(asset, state, record, baseline, rows.cut(0, 1))
        done = 0
        for item in learned:
            cut = int(np.searchsorted(rows.ts_ms, item.end_ms, side="right"))
            findings += self._watch(rows.cut(done, cut), asset, state)
            state.windows.append(item.window.id)
            if item.record is not None and item.baseline is not None:
                findings += self._switch(asset, state, item.record, item.baseline, rows.cut(cut, cut + 1))
            done = cut
        findings += self._watch(rows.cut(done, len(rows.ts_ms)), asset, state)
        state.last_ms = int(rows.ts_ms[-1])
        return findings

    def _switch(
        self, asset: Asset, state: AssetState, record: ModelRecord, baseline: Baseline, first: AssetRows
    ) -> list[Finding]:
        """Put the asset under another model. What the old one had raised is over: normal has a new meaning."""
        findings: list[Finding] = []
        before = self._live.get(asset.key)
        if before is not None and state.monitor is not None and len(first.ts_ms):
            findings = [
                before.watcher.cleared(finding, int(first.ts_ms[0]), int(first.received_ms[0]))
                for finding in state.monitor.open.values()
            ]
        self._put(asset, record, baseline).start(state)
        return findings

    def _watch(self, rows: AssetRows, asset: Asset, state: AssetState) -> list[Finding]:
        if not len(rows.ts_ms):
            return []
        live = self._live.get(asset.key)
        if live is None or state.model is None or asset.status not in JUDGED:
            silent = np.full(len(rows.ts_ms), np.nan)
            state.run.judged(rows.ts_ms, rows.columns.get(RUNNING, silent), 0)
            state.judging = False
            return []
        fresh = int(np.searchsorted(rows.ts_ms, live.after_ms, side="right"))
        if fresh == len(rows.ts_ms):
            return []
        before = state.scored_ms
        findings = live.watcher.watch(rows.cut(fresh, len(rows.ts_ms)), state)
        if state.scored_ms != before:
            self._scored[asset.key] = None
        return findings
