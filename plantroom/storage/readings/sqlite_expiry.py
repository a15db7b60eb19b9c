"""Deleting old rows of the wide tables, a piece at a time."""

# ruff: noqa: S608 - every name goes through quoted(), every value is bound

import sqlite3
from typing import NamedTuple

from plantroom.storage.readings.sqlite_schema import Schema, quoted


class Part(NamedTuple):
    """The rows of one asset in one table."""

    table: str
    asset: int


def expired_parts(connection: sqlite3.Connection, schema: Schema, before_ms: int) -> list[Part]:
    """Where there is anything older than ``before_ms``: two look-ups by key for each asset and table."""
    assets = connection.execute("SELECT id, class FROM reading_asset").fetchall()
    found = []
    for number, equipment_class in assets:
        for table in schema.tables.get(equipment_class, ()):
            there = connection.execute(
                f"SELECT 1 FROM {quoted(table)} WHERE asset = ? AND ts_ms < ? LIMIT 1", (number, before_ms)
            )
            if there.fetchone() is not None:
                found.append(Part(table, number))
    return found


def delete_rows(connection: sqlite3.Connection, part: Part, before_ms: int, limit: int) -> int:
    """Delete the oldest rows of a part, at most ``limit``; gives how many (fewer: none are left)."""
    old = f"FROM {quoted(part.table)} WHERE asset = ?1 AND ts_ms < ?2"
    statement = f"DELETE {old} AND ts_ms < coalesce((SELECT ts_ms {old} ORDER BY ts_ms LIMIT 1 OFFSET ?3), ?2)"
    return connection.execute(statement, (part.asset, before_ms, limit)).rowcount
