"""Stages kept apart: one that fails takes neither the stream nor the other stages with it."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar, runtime_checkable

import numpy as np
import structlog

from plantroom.domain.assets import Plant
from plantroom.domain.findings import Finding
from plantroom.errors import Unreachable
from plantroom.ports.ledger import HealthChange
from plantroom.ports.stages import StreamBatch, StreamStage

log = structlog.get_logger()
T = TypeVar("T")

REST_S = 60.0
"""How long a stage is spared what it keeps failing at, and how long its failure stays among the problems."""

FAILURES_OF_ASSET = 3
FAILURES_OF_ALL = 10
"""So many failed messages within ``REST_S`` (of one asset, of all): searching for each one would cost more than
the findings are worth, and hold up everything else."""


@runtime_checkable
class HealthSource(Protocol):
    """A stage that also has a word on the assets' health."""

    def health_changes(self) -> Sequence[HealthChange]:
        """Changes since the last call, oldest first."""
        ...


@runtime_checkable
class HandsOver(Protocol):
    """A stage whose ``snapshot`` also says that all it found is told, which is not so inside a transaction."""

    def hand_over(self) -> bytes:
        """As ``snapshot``, and nothing else."""
        ...


class StageFailed(Exception):
    """A stage raised what it should not; its state is undefined until it is restored."""

    def __init__(self, stage: "GuardedStage", assets: frozenset[str], cause: Exception) -> None:
        super().__init__(f"{stage.name}: {type(cause).__name__}: {cause}")
        self.stage = stage
        self.assets = assets


class GuardedStage:
    """One stage behind a fence. One thread, but for ``problem`` and ``failures``."""

    def __init__(self, stage: StreamStage, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.stage = stage
        self.name = type(stage).__name__
        self.failures = 0
        """Messages that it did not get through, since the start."""
        self._monotonic = monotonic
        self._failed: deque[tuple[float, str]] = deque()
        self._resting: dict[str, float] = {}
        self._rests_until = 0.0
        self._good = b""
        self._words = ("", 0.0)
        self._snapshot_words = ""

    def process(self, batch: StreamBatch, plant: Plant) -> tuple[Sequence[Finding], Sequence[HealthChange]]:
        """As ``StreamStage.process``, without the assets that it is spared, and its word on health. Raises
        ``Unreachable`` (give it the same batch again) and ``StageFailed``."""
        now = self._monotonic()
        if now < self._rests_until:
            return (), ()
        if self._resting:
            self._resting = {asset: until for asset, until in self._resting.items() if now < until}
            batch = _without(batch, self._resting)
        if not len(batch.readings):
            return (), ()
        return self._fenced(lambda: (self.stage.process(batch, plant), self._health()), lambda: _assets_in(batch))

    def follow(self, plant: Plant, site: str) -> Sequence[Finding]:
        """As ``StreamStage.follow``; a failure is noted and gives nothing. Raises ``Unreachable``."""
        if self._monotonic() < self._rests_until:
            return ()
        try:
            return self._fenced(lambda: self.stage.follow(plant, site), frozenset)
        except StageFailed as failure:
            self.missed(failure)
            return ()

    def _health(self) -> Sequence[HealthChange]:
        return self.stage.health_changes() if isinstance(self.stage, HealthSource) else ()

    def _fenced(self, look: Callable[[], T], assets: Callable[[], frozenset[str]]) -> T:
        try:
            return look()
        except Unreachable:
            raise
        except Exception as error:  # the fence: whatever a stage raises stays its own affair
            raise StageFailed(self, assets(), error) from error

    def missed(self, failure: StageFailed) -> None:
        """It failed at a single message, whose findings are lost; readings and other stages are not concerned."""
        log.error("stage_failed", stage=self.name, assets=sorted(failure.assets), problem=str(failure))
        now = self._monotonic()
        self.failures += 1
        self._failed.extend((now, asset) for asset in failure.assets)
        while self._failed and self._failed[0][0] < now - REST_S:
            self._failed.popleft()
        recent = [asset for _, asset in self._failed]
        for asset in failure.assets:
            if recent.count(asset) >= FAILURES_OF_ASSET:
                self._resting[asset] = now + REST_S
        if len(recent) >= FAILURES_OF_ALL:
            self._rests_until = now + REST_S
        self._words = (f"{failure}; its findings of such messages are lost", now + REST_S)

    def problems(self) -> list[str]:
        """What is wrong with it, in plain words (any thread)."""
        words, until = self._words
        return [text for text in (words if self._monotonic() < until else "", self._snapshot_words) if text]

    def snapshot(self) -> bytes:
        """Its state, or the last one that it could give."""
        return self._saved(self.stage.snapshot)

    def hand_over(self) -> bytes:
        """As ``snapshot``, in the middle of a transaction that tells what it found."""
        return self._saved(self.stage.hand_over if isinstance(self.stage, HandsOver) else self.stage.snapshot)

    def _saved(self, give: Callable[[], bytes]) -> bytes:
        try:
            self._good = give()
            self._snapshot_words = ""
        except Exception as error:
            if not self._snapshot_words:
                log.exception("stage_snapshot_failed", stage=self.name)
            self._snapshot_words = (
                f"{self.name} cannot save its state ({type(error).__name__}: {error}); after a restart it goes on"
                " from an earlier one"
            )
        return self._good

    def restore(self, state: bytes) -> None:
        """As ``StreamStage.restore``; whatever goes wrong is a ``ValueError``, unless it cannot even begin anew:
        then it rests."""
        try:
            self.stage.restore(state)
        except Exception as error:
            if state:
                raise ValueError(f"{type(error).__name__}: {error}") from error
            log.exception("stage_cannot_begin", stage=self.name)
            self._rests_until = self._monotonic() + REST_S
            self._words = (f"{self.name} cannot begin: {type(error).__name__}: {error}", self._rests_until)
        self._good = state


def _assets_in(batch: StreamBatch) -> frozenset[str]:
    series = batch.readings.series
    return frozenset(series[number].asset for number in np.unique(batch.readings.series_id).tolist())


def _without(batch: StreamBatch, assets: dict[str, float]) -> StreamBatch:
    all_of = batch.readings
    spared = np.array([one.asset in assets for one in all_of.series], np.bool_)
    kept = ~spared[all_of.series_id]
    if kept.all():
        return batch
    return StreamBatch(all_of.only(kept), batch.live[kept], batch.received_ms[kept], batch.site)
