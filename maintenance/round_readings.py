"""Numbers taken on rounds into readings: the operations' consumer ``checklist_readings``.

The readings store may be away for days; the ledger, and with it every tablet, must not wait for it. So the numbers are
read from the operations that the ledger keeps, written outside any transaction, and only then the cursor moves. A crash
in between writes the same readings again, which changes nothing. A number that the store refuses becomes a dead letter,
in the form in which a publisher would send it.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from maintenance.answers import Refused, read_answer
from maintenance.ports import MaintenanceTx, QueuedOperation
from maintenance.work_orders import ChecklistItem, Operation, WorkOrder
from plantroom.domain.assets import Asset, PointTemplate
from plantroom.domain.quality import Reason
from plantroom.errors import NotFound
from plantroom.ports.ledger import Ledger
from plantroom.ports.letters import DeadLetter
from plantroom.ports.readings import ReadingBatch, ReadingsStore, RejectedReading, SeriesRef
from plantroom.ports.rollups import Window, windows_of
from plantroom.wire import encode_telemetry, telemetry_topic

CONSUMER = "checklist_readings"
BATCH = 500
REFUSED = "rejected_by_store"
"""Code of the letters' reason, as the ingest has it."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """One reading: where it lives, when it was taken (ms since 1970 UTC), what it is worth, by which operation and of
    which asset, by its code."""

    series: SeriesRef
    ts_ms: int
    value: float
    reason: Reason
    op_id: str
    asset: str


class RoundReadings:
    """Writes the numbers of answered checklists as readings of their points: accepted answers, those that differed
    from another tablet's and those that came after the order's end. Not thread-safe; two at once do the same
    work twice and no harm."""

    def __init__(
        self, ledger: Ledger[MaintenanceTx], readings: ReadingsStore, batch: int = BATCH, consumer: str = CONSUMER
    ) -> None:
        self._ledger = ledger
        self._readings = readings
        self._batch = batch
        self._consumer = consumer

    def run_once(self) -> int:
        """Work off the next operations; gives how many there were, of whatever type (0: nothing waits).

        Raises ``Unreachable`` while the ledger or the readings store is away: call it again later."""
        with self._ledger.read() as tx:
            queued = tx.orders.operations_after(self._consumer, self._batch)
            taken = list(_Rounds(tx).readings(queued))
        if not queued:
            return 0
        windows: list[Window] = []
        refused: Sequence[RejectedReading] = ()
        if taken:
            batch = _batch(taken)
            windows = windows_of(batch)
            refused = self._readings.write(batch).rejected
        with self._ledger.begin() as tx:
            if refused:
                now = tx.collect.now()
                tx.collect.add_dead_letters([_letter(taken[one.position], one.message, now) for one in refused])
            tx.roll_ups.mark(windows)
            tx.orders.move_cursor(self._consumer, queued[-1].position)
        return len(queued)


class _Rounds:
    """Operations as the ledger holds them at one moment, with the orders and assets that they are about."""

    def __init__(self, tx: MaintenanceTx) -> None:
        self._tx = tx
        self._orders: dict[str, WorkOrder] = {}
        self._assets: dict[str, tuple[Asset, Mapping[str, PointTemplate]]] = {}

    def readings(self, queued: Sequence[QueuedOperation]) -> Iterator[_Taken]:
        """The numbers among the answers, in the order of the operations."""
        for item in queued:
            taken = self._reading(item.operation)
            if taken is not None:
                yield taken

    def _reading(self, op: Operation) -> _Taken | None:
        if op.type != "answer" or op.work_order is None:
            return None
        order = self._order(op.work_order)
        item = None if order is None else next((i for i in order.template if i.step == op.step), None)
        if order is None or order.asset is None or item is None or item.point is None:
            return None
        number = _number(item, op)
        asset, points = self._asset(order.asset)
        point = points.get(item.point)
        if number is None or point is None:
            return None
        series = SeriesRef(asset.site, asset.equipment_class, asset.key, point.key)
        at = op.done_at or op.captured_at
        at_ms = round(at.timestamp() * 1000)
        return _Taken(series, at_ms, number, worth(point, number), op.op_id, asset.code)

    def _order(self, order_id: str) -> WorkOrder | None:
        if order_id not in self._orders:
            try:
                self._orders[order_id] = self._tx.orders.get(order_id)
            except NotFound:
                return None
        return self._orders[order_id]

    def _asset(self, key: str) -> tuple[Asset, Mapping[str, PointTemplate]]:
        if key not in self._assets:
            points = {p.key: p.template for p in self._tx.assets.points(key)}
            self._assets[key] = self._tx.assets.get(key).asset, points
        return self._assets[key]


def _number(item: ChecklistItem, op: Operation) -> float | None:
    try:
        answer = read_answer(item, op.value)
    except Refused:  # by rules that are stricter than those it was taken by
        return None
    return None if answer.outcome == "na" else answer.number


def worth(point: PointTemplate, number: float) -> Reason:
    """What no sound sensor can show is bad; everything else stands, marked as a person's."""
    low, high = point.physical_low, point.physical_high
    outside = (low is not None and number < low) or (high is not None and number > high)
    return Reason.OUT_OF_RANGE if outside else Reason.MANUAL


def _letter(taken: _Taken, words: str, now: datetime) -> DeadLetter:
    name = hashlib.sha256(taken.op_id.encode()).hexdigest()[:32]
    site, point = taken.series.site, taken.series.point
    payload = encode_telemetry(taken.ts_ms, {point: taken.value})
    topic = telemetry_topic(site, taken.asset)
    return DeadLetter(f"{name}-round", site, now, topic, f"{REFUSED}: number of a round: {words}", payload, point)


def _batch(taken: Sequence[_Taken]) -> ReadingBatch:
    numbers = {series: n for n, series in enumerate(dict.fromkeys(t.series for t in taken))}
    return ReadingBatch(
        series=list(numbers),
        series_id=np.array([numbers[t.series] for t in taken], np.int32),
        ts_ms=np.array([t.ts_ms for t in taken], np.int64),
        value=np.array([t.value for t in taken], np.float64),
        reason=np.array([t.reason for t in taken], np.uint8),
    )
