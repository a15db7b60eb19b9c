"""Writing the cells of a batch into the wide tables, inside the caller's transaction."""

# ruff: noqa: S608 - every name goes through quoted(), every value is bound

import sqlite3
from collections.abc import Mapping, Sequence

import numpy as np

from plantroom.storage.readings.layout import BAD, KINDS, REASON, VALUE, Cells, class_point_of, holder_of
from plantroom.storage.readings.sqlite_schema import Schema, ensure, make_asset, quoted

_Place = tuple[str, str]
"""Table and column."""


def write_cells(connection: sqlite3.Connection, schema: Schema, cells: Cells) -> None:
    """Upsert every row: one statement for each table and set of columns, many rows in each."""
    used = np.unique(cells.column).tolist()
    ensure(connection, schema, ((cells.series[c // KINDS], c % KINDS) for c in used))
    places = {c: _place(schema, cells, c) for c in used}
    numbers = [make_asset(connection, schema, holder) for holder in cells.holders]
    for (table, columns), rows in _grouped(cells, places, numbers).items():
        connection.executemany(_upsert(schema, table, columns), rows)
    _note_newest(connection, cells, numbers)


def _place(schema: Schema, cells: Cells, column: int) -> _Place:
    point = schema.points[class_point_of(cells.series[column // KINDS])]
    return point.table, {VALUE: point.value, BAD: point.bad, REASON: point.code}[column % KINDS]


def _grouped(
    cells: Cells, places: Mapping[int, _Place], numbers: Sequence[int]
) -> dict[tuple[str, tuple[str, ...]], list[tuple[float, ...]]]:
    groups: dict[tuple[str, tuple[str, ...]], list[tuple[float, ...]]] = {}
    plans: dict[tuple[int, ...], list[tuple[list[tuple[float, ...]], list[int]]]] = {}
    column, value, first = cells.column.tolist(), cells.value.tolist(), cells.first.tolist()
    rows_of = zip(cells.holder.tolist(), cells.ts_ms.tolist(), first[:-1], first[1:], strict=True)
    for holder, ts_ms, a, b in rows_of:
        key = tuple(column[a:b])
        plan = plans.get(key)
        if plan is None:
            plan = plans[key] = _plan(key, places, groups)
        if len(plan) == 1:
            plan[0][0].append((numbers[holder], ts_ms, *value[a:b]))
            continue
        for rows, offsets in plan:
            rows.append((numbers[holder], ts_ms, *(value[a + offset] for offset in offsets)))
    return groups


def _plan(
    key: tuple[int, ...],
    places: Mapping[int, _Place],
    groups: dict[tuple[str, tuple[str, ...]], list[tuple[float, ...]]],
) -> list[tuple[list[tuple[float, ...]], list[int]]]:
    """Where rows with these columns go: for each table the list that takes them and which of the cells."""
    by_table: dict[str, list[int]] = {}
    for offset, column in enumerate(key):
        by_table.setdefault(places[column][0], []).append(offset)
    return [
        (groups.setdefault((table, tuple(places[key[i]][1] for i in offsets)), []), offsets)
        for table, offsets in by_table.items()
    ]


def _upsert(schema: Schema, table: str, columns: Sequence[str]) -> str:
    names = [quoted(name) for name in columns]
    value_of = {one.code: one.value for one in schema.points.values() if one.table == table and one.code}
    updates = [_assignment(name, value_of.get(name)) for name in columns]
    return (
        f"INSERT INTO {quoted(table)} (asset, ts_ms, {', '.join(names)})"
        f" VALUES ({', '.join('?' * (2 + len(names)))})"
        f" ON CONFLICT (asset, ts_ms) DO UPDATE SET {', '.join(updates)}"
    )


def _assignment(name: str, value_name: str | None) -> str:
    """What an upsert does to a column; the code of a bad reading leaves that of a stored value alone."""
    column = quoted(name)
    if value_name is None:
        return f"{column} = excluded.{column}"
    return (
        f"{column} = CASE WHEN excluded.{column} >= 100 AND {quoted(value_name)} IS NOT NULL"
        f" THEN {column} ELSE excluded.{column} END"
    )


def _note_newest(connection: sqlite3.Connection, cells: Cells, numbers: Sequence[int]) -> None:
    """Keep the newest instant of each series, so that ``latest`` never searches."""
    ts_ms = np.repeat(cells.ts_ms, np.diff(cells.first))
    newest = np.full(len(cells.series), np.iinfo(np.int64).min)
    np.maximum.at(newest, cells.column // KINDS, ts_ms)
    number_of = dict(zip(cells.holders, numbers, strict=True))
    connection.executemany(
        "INSERT INTO reading_last VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET ts_ms = excluded.ts_ms WHERE excluded.ts_ms > ts_ms",
        [(number_of[holder_of(one)], one.point, ts) for one, ts in zip(cells.series, newest.tolist(), strict=True)],
    )
