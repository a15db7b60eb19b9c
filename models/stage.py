"""The condition models as a stage of the stream: learn when told to, score what comes, notice what is wrong."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog

from models import snapshot
from models.fitting import fit
from models.learning import Fitter, Learned, Learner, due_windows
from models.registry import Loaded, ModelRegistry, reachable
from models.rows import JUDGED, RUNNING, AssetRows, RowMaker
from models.settings import DetectorSettings
from models.together import Sitting, Together
from models.watcher import AssetHealth, AssetState, Watcher, cleared, instant
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


@dataclass(frozen=True, slots=True)
class _Turn:
    """What a batch brings an asset: rows to be judged and the one to hold back, with all that had to be read.
    ``resumed`` is the model that the state names, ``taken`` one that was set by hand, ``learned`` windows whose end
    the rows pass."""

    asset: Asset
    rows: AssetRows
    held: AssetRows
    by_hand: int
    resumed: Loaded | None = None
    taken: Loaded | None = None
    learned: Sequence[Learned] = ()


class ModelStage(StreamStage):
    """Scores each asset that has an active model; the others are left alone (cold start).

    An asset's newest row is held back until its stream has a later instant: its readings may come in several
    messages. So findings depend on the order of the stream, never on where it is cut into batches; they come one
    row later, and the last row of a recording is not judged.

    A learn window is fitted when the asset's live stream passes its end, on exactly its stored rows (what the store
    has of them by then), and the model scores from the next row on. A model set by hand (promoted, rolled back) is
    taken up with the next row. A lost model (files missing or damaged) leaves its asset unjudged and the others
    alone; it is looked for again at the next start. All I/O of a batch comes before any state moves, so a batch
    that fails with ``Unreachable`` can be given again.
    """

    def __init__(
        self,
        registry: ModelRegistry | Path,
        readings: ReadingsStore,
        clock: Clock,
        class_of: ClassOf,
        settings: DetectorSettings | None = None,
        fit_with: Fitter = fit,
    ) -> None:
        self._registry = ModelRegistry(registry) if isinstance(registry, Path) else registry
        self._settings = settings or DetectorSettings()
        self._learner = Learner(self._registry, readings, clock, self._settings, fit_with)
        self._class_of = class_of
        self._rows = RowMaker()
        self._together = Together()
        self._states: dict[str, AssetState] = {}
        self._live: dict[str, _Live] = {}
        self._lost: dict[str, str] = {}
        self._unreadable: set[str] = set()
        self._learned: dict[int, Learned] = {}
        self._report: dict[str, AssetHealth] = {}
        self._shown: dict[str, tuple[Health, float, str]] = {}

    def process(self, batch: StreamBatch, plant: Plant) -> Sequence[Finding]:
        """Findings of the batch in observed order, which is the order in which an asset's were noticed: its rows never
        go back, also when its clock is set. Raises ``Unreachable`` when the store or the registry is."""
        tables = [rows for rows in self._rows.rows_of(batch, plant, self._held) if rows.asset in plant.assets]
        with reachable():
            due = self._learn(tables, plant)
            turns = [self._prepare(rows, plant.assets[rows.asset], due) for rows in tables]
        calm = self._together.judge([one for turn in turns if (one := self._sitting(turn)) is not None])
        findings = [finding for turn in turns for finding in self._advance(turn, turn.asset.key in calm)]
        return sorted(findings, key=lambda finding: finding.observed_at)

    def snapshot(self) -> bytes:
        """The state of every asset. Models are named, not held: they live in the registry."""
        return snapshot.pack(self._states)

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot. Raises ``ValueError`` on what is not one."""
        self._states = snapshot.unpack(state)
        self._live, self._lost, self._learned, self._report, self._shown = {}, {}, {}, {}, {}
        self._unreadable = set()

    def health(self, asset: str) -> Health:
        """What the model makes of an asset; unknown without a model."""
        state = self._states.get(asset)
        return Health.UNKNOWN if state is None else state.health

    def health_report(self) -> Sequence[AssetHealth]:
        """The last judgement of every asset scored, or whose model was lost, since the last call; to be published."""
        report = list(self._report.values())
        self._report = {}
        return report

    def health_changes(self) -> Sequence[HealthChange]:
        """As ``health_report``, for the ledger: only what changed in word, or moved by a tenth of the threshold."""
        changes = []
        for item in self.health_report():
            shown = (item.health, round(item.score / item.threshold, 1), item.model)
            if self._shown.get(item.asset) == shown:
                continue
            self._shown[item.asset] = shown
            reason: dict[str, object] = {"observed_at": item.observed_at.isoformat(), "model": item.model}
            if item.lost:
                reason["model_lost"] = True
            else:
                reason |= {"score": round(item.score, 2), "threshold": item.threshold}
            changes.append(HealthChange(item.asset, item.health, reason))
        return changes

    def _held(self, asset: str) -> AssetRows | None:
        state = self._states.get(asset)
        return None if state is None else state.held

    def _learn(self, tables: Sequence[AssetRows], plant: Plant) -> Sequence[Learned]:
        """Windows that the stream has passed, by end. Each is learned once, also while it waits to be used."""
        seen = {rows.asset: int(rows.ts_ms[-1]) for rows in tables}
        known = {asset: state.windows for asset, state in self._states.items()}
        due = due_windows(plant, known, seen)
        for window in due:
            if window.id not in self._learned:
                self._learned[window.id] = self._learner.learn(window, plant)
        return [self._learned[window.id] for window in due]

    def _prepare(self, rows: AssetRows, asset: Asset, due: Sequence[Learned]) -> _Turn:
        last = len(rows.ts_ms) - 1
        whole, held = rows.cut(0, last), rows.cut(last, last + 1).alone()
        if not last:
            return _Turn(asset, whole, held, 0)
        newest_ms = int(whole.ts_ms[-1])
        learned = [item for item in due if item.window.asset == asset.key and item.end_ms < newest_ms]
        by_hand, taken = self._by_hand(asset.key, int(held.ts_ms[0]))
        resumed = self._resumed(asset) if taken is None else None
        return _Turn(asset, whole, held, by_hand, resumed, taken, learned)

    def _by_hand(self, asset: str, now_ms: int) -> tuple[int, Loaded | None]:
        """The count of changes by hand, and the model to take up when it has moved (or nothing is known yet)."""
        state = self._states[asset] if asset in self._states else AssetState()
        try:
            count = self._registry.by_hand(asset)
            self._unreadable.discard(asset)
            if state.by_hand == count and (state.model is not None or state.windows):
                return count, None
            model = self._registry.active_model(asset)
        except BadData as error:
            if asset not in self._unreadable:
                _log.error("model_index_unreadable", asset=asset, problem=str(error))
                self._unreadable.add(asset)
                if asset not in self._live:
                    self._report[asset] = self._nothing_known(asset, state.model or "", now_ms)
            return state.by_hand, None
        if model is None or state.model == model:
            return count, None
        return count, self._registry.find(asset, model)

    def _resumed(self, asset: Asset) -> Loaded | None:
        """The model that the state names, where it is not in use yet."""
        state, live = self._states.get(asset.key), self._live.get(asset.key)
        if state is None or state.model is None or self._lost.get(asset.key) == state.model:
            return None
        if live is not None and live.watcher.model == state.model and live.equipment_class == asset.equipment_class:
            return None
        return self._registry.find(asset.key, state.model)

    def _put(self, asset: Asset, found: Loaded, state: AssetState, now_ms: int) -> Watcher | None:
        """Use the model from here on; ``None`` when it is lost."""
        state.model = found.model
        if found.baseline is None:
            self._live.pop(asset.key, None)
            self._lost[asset.key] = found.model
            state.health, state.judging = Health.UNKNOWN, False
            self._report[asset.key] = self._nothing_known(asset.key, found.model, now_ms)
            return None
        watcher = Watcher(asset.site, asset.key, found.model, found.baseline, self._modes(asset))
        self._live[asset.key] = _Live(watcher, found.scores_after_ms, asset.equipment_class)
        self._lost.pop(asset.key, None)
        return watcher

    def _nothing_known(self, asset: str, model: str, now_ms: int) -> AssetHealth:
        threshold, now = self._settings.raise_z, instant(now_ms)
        return AssetHealth(asset, Health.UNKNOWN, 0.0, threshold, observed_at=now, model=model, lost=True)

    def _modes(self, asset: Asset) -> Sequence[FailureModeSpec]:
        try:
            found = self._class_of(asset.equipment_class)
        except NotFound:
            found = None
        return () if found is None else found.failure_modes

    def _sitting(self, turn: _Turn) -> Sitting | None:
        """A turn that is nothing but rows after those that the model learned from, of an asset that may be judged."""
        state, live, rows = self._states.get(turn.asset.key), self._live.get(turn.asset.key), turn.rows
        if state is None or live is None or not len(rows.ts_ms) or turn.resumed or turn.taken or turn.learned:
            return None
        if state.model is None or turn.asset.status not in JUDGED or int(rows.ts_ms[0]) <= live.after_ms:
            return None
        return Sitting(live.watcher, state, rows)

    def _advance(self, turn: _Turn, done_already: bool) -> list[Finding]:
        asset, rows = turn.asset, turn.rows
        state = self._states.setdefault(asset.key, AssetState())
        state.held = turn.held
        if done_already:
            state.by_hand = turn.by_hand
            self._report[asset.key] = self._live[asset.key].watcher.health(state)
            return []
        if not len(rows.ts_ms):
            return []
        findings: list[Finding] = []
        state.by_hand = turn.by_hand
        if turn.resumed is not None:
            watcher = self._put(asset, turn.resumed, state, int(rows.ts_ms[0]))
            if watcher is not None and state.monitor is None:
                watcher.start(state)
        if turn.taken is not None:
            findings += self._switch(asset, state, turn.taken, rows.cut(0, 1))
        done = 0
        for item in turn.learned:
            cut = int(np.searchsorted(rows.ts_ms, item.end_ms, side="right"))
            findings += self._watch(rows.cut(done, cut), asset, state)
            state.windows.append(item.window.id)
            self._learned.pop(item.window.id, None)
            if item.model is not None:
                findings += self._switch(asset, state, item.model, rows.cut(cut, cut + 1))
            done = cut
        return findings + self._watch(rows.cut(done, len(rows.ts_ms)), asset, state)

    def _switch(self, asset: Asset, state: AssetState, found: Loaded, first: AssetRows) -> list[Finding]:
        """Put the asset under another model. What the old one had raised is over: normal has a new meaning."""
        now_ms, received_ms = int(first.ts_ms[0]), int(first.received_ms[0])
        before = [] if state.monitor is None else list(state.monitor.open.values())
        watcher = self._put(asset, found, state, now_ms)
        if watcher is None:
            state.smooth, state.monitor = None, None
        else:
            watcher.start(state)
        return [cleared(asset.site, asset.key, finding, now_ms, received_ms) for finding in before]

    def _watch(self, rows: AssetRows, asset: Asset, state: AssetState) -> list[Finding]:
        live = self._live.get(asset.key)
        unjudged = live is None or state.model is None or asset.status not in JUDGED
        fresh = len(rows.ts_ms)
        if live is not None and not unjudged:
            fresh = int(np.searchsorted(rows.ts_ms, live.after_ms, side="right"))
        if fresh:
            passed = rows.cut(0, fresh)
            state.run.judged(passed.ts_ms, passed.column(RUNNING), 0)
            state.judging = False
        if live is None or fresh == len(rows.ts_ms):
            return []
        before = state.scored_ms
        findings = live.watcher.watch(rows.cut(fresh, len(rows.ts_ms)), state)
        if state.scored_ms != before:
            self._report[asset.key] = live.watcher.health(state)
        return findings
