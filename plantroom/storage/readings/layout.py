"""What the readings stores have in common: the columns that a batch becomes, and the pages made of them.

A row is one asset at one instant. A point has up to three columns in it: its value (good and uncertain
readings), its bad value, so that aggregates need no filter, and the reason code, when there was ever one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plantroom.domain.quality import FIRST_BAD
from plantroom.ports.readings import ReadingBatch, RejectedReading, SeriesPage, SeriesRef

VALUE, BAD, REASON = 0, 1, 2
KINDS = 3
BAD_SUFFIX = "__bad"
REASON_SUFFIX = "__q"


class Holder(NamedTuple):
    """The asset whose rows these are; its class names the measurement or the table."""

    equipment_class: str
    site: str
    asset: str


class ClassPoint(NamedTuple):
    """A point key within an equipment class: what a column belongs to."""

    equipment_class: str
    point: str


def holder_of(series: SeriesRef) -> Holder:
    """The asset of a series."""
    return Holder(series.equipment_class, series.site, series.asset)


def class_point_of(series: SeriesRef) -> ClassPoint:
    """The column family of a series."""
    return ClassPoint(series.equipment_class, series.point)


def by_holder(series: Sequence[SeriesRef]) -> Mapping[Holder, list[SeriesRef]]:
    """The distinct series of each asset."""
    groups: dict[Holder, list[SeriesRef]] = {}
    for one in dict.fromkeys(series):
        groups.setdefault(holder_of(one), []).append(one)
    return groups


def single_holder(series: Sequence[SeriesRef]) -> Holder:
    """The one asset of a read; raises ``ValueError`` when there are several."""
    holders = {holder_of(one) for one in series}
    if len(holders) != 1:
        raise ValueError(f"a read is for the series of one asset, not of {len(holders)}")
    return holders.pop()


@dataclass(frozen=True, slots=True)
class Cells:
    """``k`` cells of a batch in ``r`` rows, rising by (holder, instant, column), each column once a row.

    ``series`` are the series that occur; ``column`` (k,) is ``KINDS * index into series + kind``. Row ``i``
    holds the cells ``first[i]:first[i + 1]`` of ``holders[holder[i]]`` at ``ts_ms[i]``. ``position`` (k,) is
    where in the batch a cell came from.
    """

    series: Sequence[SeriesRef]
    holders: Sequence[Holder]
    first: NDArray[np.int64]
    holder: NDArray[np.int64]
    ts_ms: NDArray[np.int64]
    column: NDArray[np.int64]
    value: NDArray[np.float64]
    position: NDArray[np.int64]


def remarked_in(batch: ReadingBatch) -> set[ClassPoint]:
    """Points that have an uncertain reading (reason 1 to 99) in the batch."""
    mask = (batch.reason > 0) & (batch.reason < FIRST_BAD)
    return {class_point_of(batch.series[i]) for i in set(batch.series_id[mask].tolist())} if mask.any() else set()


def unstorable(batch: ReadingBatch, low_ms: int, high_ms: int) -> list[RejectedReading]:
    """Readings that no column can hold: not finite, or outside the instants ``low_ms <= ts <= high_ms``."""
    infinite = ~np.isfinite(batch.value)
    outside = (batch.ts_ms < low_ms) | (batch.ts_ms > high_ms)
    found = [RejectedReading(int(i), "the value is not a finite number") for i in np.flatnonzero(infinite)]
    found += [
        RejectedReading(int(i), f"the instant {batch.ts_ms[i]} ms is outside of what the store can hold")
        for i in np.flatnonzero(outside & ~infinite)
    ]
    return found


def cells_of(batch: ReadingBatch, remarked: Collection[ClassPoint], leave_out: Sequence[int] = ()) -> Cells:
    """The batch in rows of columns; of two readings of a series at one instant the later position stands.

    ``remarked`` are the points that ever had an uncertain reading: every value of theirs carries its code, so
    that a good value takes an earlier remark away. ``leave_out`` are positions to skip. O(n log n).
    """
    position = np.arange(len(batch), dtype=np.int64)
    if leave_out:
        position = np.delete(position, np.asarray(leave_out, dtype=np.int64))
    used = np.zeros(len(batch.series), dtype=np.bool_)
    used[batch.series_id[position]] = True
    series = [batch.series[i] for i in np.flatnonzero(used).tolist()]
    compact = (np.cumsum(used) - 1)[batch.series_id[position]]
    column, cell, value = _columns(batch, series, compact, position, remarked)
    return _rows(batch, series, column, cell, value)


def _columns(
    batch: ReadingBatch,
    series: Sequence[SeriesRef],
    compact: NDArray[np.int64],
    position: NDArray[np.int64],
    remarked: Collection[ClassPoint],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Column, batch position and value of every cell, unsorted; where two share a column the later one stands."""
    reason = batch.reason[position]
    bad = reason >= FIRST_BAD
    column = compact * KINDS + np.where(bad, BAD, VALUE)
    value = batch.value[position]
    of_good = (reason > 0) & ~bad
    if remarked:
        coded = np.array([class_point_of(one) in remarked for one in series], dtype=np.bool_)
        of_good |= coded[compact] & ~bad
    if not bad.any() and not of_good.any():
        return column, position, value
    # The code of a good value comes after that of a bad one at the same instant: it is the good one that shows.
    coded_cells = np.concatenate([np.flatnonzero(bad), np.flatnonzero(of_good)])
    return (
        np.concatenate([column, compact[coded_cells] * KINDS + REASON]),
        np.concatenate([position, position[coded_cells]]),
        np.concatenate([value, reason[coded_cells].astype(np.float64)]),
    )


def _rows(
    batch: ReadingBatch,
    series: Sequence[SeriesRef],
    column: NDArray[np.int64],
    cell: NDArray[np.int64],
    value: NDArray[np.float64],
) -> Cells:
    holders: dict[Holder, int] = {}
    holder_index = [holders.setdefault(holder_of(one), len(holders)) for one in series]
    holder = np.array(holder_index, dtype=np.int64)[column // KINDS]
    ts_ms = batch.ts_ms[cell]
    order = np.lexsort((column, ts_ms, holder))
    column, cell, value, holder, ts_ms = column[order], cell[order], value[order], holder[order], ts_ms[order]
    new_row = np.ones(len(column), dtype=np.bool_)
    new_row[1:] = (holder[1:] != holder[:-1]) | (ts_ms[1:] != ts_ms[:-1])
    last_of_column = np.ones(len(column), dtype=np.bool_)
    last_of_column[:-1] = new_row[1:] | (column[1:] != column[:-1])
    if not last_of_column.all():
        row = np.cumsum(new_row)[last_of_column]
        column, cell, value = column[last_of_column], cell[last_of_column], value[last_of_column]
        holder, ts_ms = holder[last_of_column], ts_ms[last_of_column]
        new_row = np.ones(len(column), dtype=np.bool_)
        new_row[1:] = row[1:] != row[:-1]
    first = np.flatnonzero(new_row)
    return Cells(
        series=series,
        holders=list(holders),
        first=np.append(first, len(column)),
        holder=holder[first],
        ts_ms=ts_ms[first],
        column=column,
        value=value,
        position=cell,
    )


def page_of(
    series: SeriesRef,
    ts_ms: NDArray[np.int64],
    value: NDArray[np.float64],
    bad: NDArray[np.float64],
    code: NDArray[np.float64],
) -> SeriesPage:
    """The readings of one series out of its three columns (NaN where there is nothing), all (n,).

    Where a good value stands beside a bad one, the good one shows and the code of the bad one is not its own.
    """
    good = ~np.isnan(value)
    code = np.where(np.isnan(code), np.where(good, 0.0, FIRST_BAD), code)
    code = np.where(good & (code >= FIRST_BAD), 0.0, code)
    keep = good | ~np.isnan(bad)
    return SeriesPage(
        series=series,
        ts_ms=ts_ms[keep],
        value=np.where(good, value, bad)[keep],
        reason=code[keep].astype(np.uint8),
    )
