"""What one simulated asset sends, in time: physics, faults, planned events and nuisances put together."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulators import nuisances
from simulators.physics import Chunk, Fault, Floats, SimEvent
from simulators.scenario import Scenario, ScenarioAsset

WARM_UP_S = 6 * 3600
"""Simulated and thrown away before the first row, so that temperatures and hourly counts have settled."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Messages in columns: ``ts_ms`` by the device's clock, ``columns`` point -> (n,), and who counted what.

    ``boot`` (n,) counts restarts, ``seq`` (n,) messages since the restart. ``due_ms`` (n,) is when the message leaves
    the device, by the true clock; ``lost`` (n,) says which do not arrive.
    """

    ts_ms: NDArray[np.int64]
    due_ms: NDArray[np.int64]
    columns: dict[str, Floats]
    boot: NDArray[np.int64]
    seq: NDArray[np.int64]
    events: tuple[SimEvent, ...]
    lost: NDArray[np.bool_]

    def arrived(self) -> "Delivery":
        """Without what is lost, which leaves holes in ``seq``."""
        kept = ~self.lost
        columns = {key: values[kept] for key, values in self.columns.items()}
        return Delivery(
            self.ts_ms[kept], self.due_ms[kept], columns, self.boot[kept], self.seq[kept], self.events, self.lost[kept]
        )

    def __len__(self) -> int:
        return len(self.ts_ms)


class AssetStream:
    """Messages of one asset from ``start`` (seconds since 1970 UTC, whole steps) on, piece by piece.

    The same scenario, asset and start give the same messages, however they are cut into pieces.
    """

    def __init__(self, scenario: Scenario, asset: ScenarioAsset, start: int, part: str = "") -> None:
        machine = asset.machine
        if start % machine.step_s:
            raise ValueError(f"start {start} is not a whole step of {machine.step_s} s")
        self._asset = asset
        self._machine = machine
        self._start = start
        self._second = start
        self._seed = zlib.crc32(f"{scenario.seed}/{asset.code}/{part}".encode())
        self._faults = tuple(replace(f, start_s=f.start_s + start) for f in asset.faults)
        self._nuisances = tuple(replace(n, start_s=n.start_s + start) for n in asset.nuisances)
        self._held: dict[str, float] = {}
        self._boot = 0
        self._seq = 0
        state = machine.initial(asset.config, scenario.seed, f"{asset.code}/{part}", start - WARM_UP_S)
        _, self._state = machine.simulate(asset.config, state, WARM_UP_S, ())
        if machine.per_trip:
            # A trip ends at once, so that nobody waits for the first message.
            self._state = replace(self._state, next_end=start + 1.0)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The asset's faults, placed in time."""
        return self._faults

    @property
    def second(self) -> int:
        """Where the stream stands: everything before has been handed out."""
        return self._second

    def advance(self, seconds: int) -> Delivery:
        """The messages of the next ``seconds`` (whole steps) that arrive."""
        return self.advance_all(seconds).arrived()

    def advance_all(self, seconds: int) -> Delivery:
        """As ``advance``, with those that are lost on the way."""
        begin, self._second = self._second, self._second + seconds
        chunk, self._state = self._machine.simulate(self._asset.config, self._state, seconds, self._faults)
        return self._deliver(chunk, (*chunk.events, *self._planned(begin, self._second)))

    def _planned(self, begin: int, end: int) -> Iterator[SimEvent]:
        for planned in self._asset.events:
            at = self._start + planned.at_s
            if begin <= at < end:
                yield SimEvent(round(at * 1000), planned.event, planned.severity, planned.data)

    def _deliver(self, chunk: Chunk, events: tuple[SimEvent, ...]) -> Delivery:
        seconds = chunk.ts_ms / 1000
        shown = nuisances.falsified(self._nuisances, seconds, chunk.columns, self._held)
        sent = ~nuisances.down(self._nuisances, seconds)
        if not self._machine.per_trip:
            sent &= (np.floor(seconds).astype(np.int64) % self._asset.every_s) == 0
        boot = nuisances.boots(self._nuisances, seconds)[sent]
        seq = self._count(boot)
        lost = nuisances.lost(self._nuisances, seconds, self._seed)[sent]
        due = chunk.ts_ms[sent]
        error = nuisances.clock_error_ms(self._nuisances, due / 1000)
        columns = {key: values[sent] for key, values in shown.items()}
        ordered = tuple(sorted(events, key=lambda e: e.ts_ms))
        return Delivery(due + error, due, columns, boot, seq, ordered, lost)

    def _count(self, boot: NDArray[np.int64]) -> NDArray[np.int64]:
        seq = np.empty(len(boot), dtype=np.int64)
        for i, number in enumerate(boot.tolist()):
            if number != self._boot:
                self._boot, self._seq = number, 0
            seq[i] = self._seq
            self._seq += 1
        return seq


def aligned(second: float, asset: ScenarioAsset) -> int:
    """The last whole step of the asset's machine at or before an instant."""
    return int(second // asset.machine.step_s) * asset.machine.step_s


def baseline_rows(
    scenario: Scenario, asset: ScenarioAsset, hours: float | None = None, end_ms: int = 0
) -> Iterator[Chunk]:
    """Simulated normal history of an asset that ends before ``end_ms``, an hour to a chunk.

    A row every ``learning_interval_s`` (an elevator: every trip) over ``hours`` (default: the
    scenario's). No faults, no nuisances; the same day's profile that live operation will show.
    """
    span = int((scenario.learning_hours if hours is None else hours) * 3600)
    machine = asset.machine
    sound = replace(asset, faults=(), nuisances=(), events=(), every_s=machine.step_s)
    end = aligned(end_ms / 1000, asset)
    stream = AssetStream(scenario, sound, aligned(end - span, asset), part="baseline")
    every = max(asset.learning_interval_s or scenario.learning_interval_s, machine.step_s)
    while stream.second < end:
        piece = stream.advance(aligned(min(3600, end - stream.second), asset))
        chosen = piece.ts_ms < end_ms
        if not machine.per_trip:
            chosen &= (piece.ts_ms // 1000) % every == 0
        yield Chunk(piece.ts_ms[chosen], {key: values[chosen] for key, values in piece.columns.items()})
