"""Reading the wide tables. A span is ``(start_ms, end_ms)``, the end left out."""

# ruff: noqa: S608 - every name goes through quoted(), every value is bound

import sqlite3
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plantroom.domain.quality import FIRST_BAD
from plantroom.ports.readings import AggregatePage, SeriesPage, SeriesRef
from plantroom.storage.readings.layout import KINDS, class_point_of, holder_of, page_of, single_holder
from plantroom.storage.readings.sqlite_schema import PointColumns, Schema, find_asset, quoted

_Located = list[tuple[SeriesRef, PointColumns]]
_NOTHING = np.empty(0, dtype=np.float64)


def _by_table(schema: Schema, series: Sequence[SeriesRef]) -> dict[str, _Located]:
    tables: dict[str, _Located] = {}
    for one in dict.fromkeys(series):
        columns = schema.points.get(class_point_of(one))
        if columns is not None:
            tables.setdefault(columns.table, []).append((one, columns))
    return tables


def _present(located: _Located) -> str:
    return " OR ".join(columns.present for _, columns in located)


def read(
    connection: sqlite3.Connection,
    schema: Schema,
    series: Sequence[SeriesRef],
    span: tuple[int, int],
    limit: int,
) -> list[SeriesPage]:
    """Pages of the series of one asset; at most ``limit`` instants over all of them."""
    pages = {one: _empty(one) for one in series}
    asset = find_asset(connection, schema, single_holder(series))
    if asset is None:
        return [pages[one] for one in series]
    parts = [
        (located, _rows(connection, table, located, asset, span, limit))
        for table, located in _by_table(schema, series).items()
    ]
    instants = np.unique(np.concatenate([ts for _, (ts, _) in parts])) if parts else np.empty(0, np.int64)
    for located, (ts_ms, matrix) in parts:
        # A class over several tables: each gave its first rows, together they may reach further than the page.
        n = len(ts_ms) if len(instants) <= limit else int(np.searchsorted(ts_ms, instants[limit]))
        for i, (one, _) in enumerate(located):
            value, bad, code = (matrix[:n, KINDS * i + kind] for kind in range(KINDS))
            pages[one] = page_of(one, ts_ms[:n], value, bad, code)
    return [pages[one] for one in series]


def _empty(series: SeriesRef) -> SeriesPage:
    return page_of(series, np.empty(0, np.int64), _NOTHING, _NOTHING, _NOTHING)


def _rows(
    connection: sqlite3.Connection, table: str, located: _Located, asset: int, span: tuple[int, int], limit: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    rows = connection.execute(
        f"SELECT ts_ms, {', '.join(columns.selected for _, columns in located)} FROM {quoted(table)}"
        f" WHERE asset = ? AND ts_ms >= ? AND ts_ms < ? AND ({_present(located)}) ORDER BY ts_ms LIMIT ?",
        (asset, *span, limit),
    ).fetchall()
    width = 1 + KINDS * len(located)
    ts_ms = np.array([row[0] for row in rows], dtype=np.int64)
    matrix = np.array(rows, dtype=np.float64) if rows else np.empty((0, width))
    return ts_ms, matrix[:, 1:]


def aggregate(
    connection: sqlite3.Connection,
    schema: Schema,
    series: SeriesRef,
    span: tuple[int, int],
    window_ms: int,
) -> AggregatePage:
    """Mean, minimum, maximum, number and last of the values in each window that has any."""
    columns = schema.points.get(class_point_of(series))
    asset = find_asset(connection, schema, holder_of(series))
    rows: list[tuple[Any, ...]] = []
    if columns is not None and asset is not None:
        value = quoted(columns.value)
        # SQLite's remainder takes the sign of the dividend; instants before 1970 must round down too.
        start = f"ts_ms - ((ts_ms % {window_ms}) + {window_ms}) % {window_ms}"
        of_asset = "asset = ?1 AND ts_ms >= ?2 AND ts_ms < ?3"
        chosen = f"FROM {quoted(columns.table)} WHERE {of_asset} AND {value} IS NOT NULL GROUP BY w"
        # The row that a lone max() finds is the one that the bare column is taken from.
        rows = connection.execute(
            f"SELECT w, mean, low, high, number, last FROM (SELECT {start} AS w, avg({value}) AS mean,"
            f" min({value}) AS low, max({value}) AS high, count({value}) AS number {chosen})"
            f" JOIN (SELECT {start} AS w, max(ts_ms), {value} AS last {chosen}) USING (w) ORDER BY w",
            (asset, *span),
        ).fetchall()
    starts, mean, low, high, number, last = zip(*rows, strict=True) if rows else ((), (), (), (), (), ())
    return AggregatePage(
        series=series,
        ts_ms=np.array(starts, dtype=np.int64),
        mean=np.array(mean, dtype=np.float64),
        minimum=np.array(low, dtype=np.float64),
        maximum=np.array(high, dtype=np.float64),
        count=np.array(number, dtype=np.int64),
        last=np.array(last, dtype=np.float64),
    )


def latest(connection: sqlite3.Connection, schema: Schema, series: SeriesRef) -> tuple[int, float, int] | None:
    """The newest reading of a series: two look-ups by key."""
    columns = schema.points.get(class_point_of(series))
    asset = find_asset(connection, schema, holder_of(series))
    if columns is None or asset is None:
        return None
    row = connection.execute(
        f"SELECT ts_ms, {columns.selected} FROM {quoted(columns.table)} WHERE asset = ?1 AND ts_ms ="
        " (SELECT ts_ms FROM reading_last WHERE asset = ?1 AND point = ?2)",
        (asset, series.point),
    ).fetchone()
    if row is None:
        return None
    ts_ms, value, bad, code = row
    if value is not None:
        return ts_ms, value, int(code) if code is not None and code < FIRST_BAD else 0
    return ts_ms, bad, int(code) if code is not None else FIRST_BAD


def count(
    connection: sqlite3.Connection,
    schema: Schema,
    series: Sequence[SeriesRef],
    span: tuple[int, int],
) -> int:
    """Number of instants at which one asset has a reading of any of the series."""
    asset = find_asset(connection, schema, single_holder(series))
    selects = [
        f"SELECT ts_ms FROM {quoted(table)} WHERE asset = ?1 AND ts_ms >= ?2 AND ts_ms < ?3 AND ({_present(located)})"
        for table, located in _by_table(schema, series).items()
    ]
    if asset is None or not selects:
        return 0
    answer = connection.execute(f"SELECT count(*) FROM ({' UNION '.join(selects)})", (asset, *span)).fetchone()
    return int(answer[0])
