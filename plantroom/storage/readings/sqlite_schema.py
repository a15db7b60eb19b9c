"""Tables and columns of the SQLite readings store, and which point is where.

A table per equipment class: ``asset`` (number of the asset), ``ts_ms``, and for each point its value, ``__bad``
and ``__q`` columns, each made when first needed. Columns are named after the points; where SQLite would take two
for one (it ignores case) or the name has one of our endings, a number is added, and ``reading_column`` knows. After
``MAX_COLUMNS`` a class goes on in a further table: SQLite allows 2,000, and each column costs a byte in every row.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field

from plantroom.ports.readings import SeriesRef
from plantroom.storage.readings.layout import (
    BAD,
    BAD_SUFFIX,
    REASON,
    REASON_SUFFIX,
    VALUE,
    ClassPoint,
    Holder,
    class_point_of,
)

MAX_COLUMNS = 400
SUFFIXES = {VALUE: "", BAD: BAD_SUFFIX, REASON: REASON_SUFFIX}

DDL = """
CREATE TABLE IF NOT EXISTS reading_asset (
    id INTEGER PRIMARY KEY, class TEXT NOT NULL, site TEXT NOT NULL, asset TEXT NOT NULL,
    UNIQUE (class, site, asset));
CREATE TABLE IF NOT EXISTS reading_table (
    name TEXT PRIMARY KEY, class TEXT NOT NULL, part INTEGER NOT NULL, UNIQUE (class, part)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reading_column (
    class TEXT NOT NULL, point TEXT NOT NULL, kind INTEGER NOT NULL, table_name TEXT NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY (class, point, kind)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reading_last (
    asset INTEGER NOT NULL, point TEXT NOT NULL, ts_ms INTEGER NOT NULL, PRIMARY KEY (asset, point)) WITHOUT ROWID;
"""


def quoted(name: str) -> str:
    """``name`` as an SQL identifier."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


@dataclass(frozen=True, slots=True)
class PointColumns:
    """Where a point's readings are; ``bad`` and ``code`` are empty until there was one."""

    table: str
    value: str
    bad: str = ""
    code: str = ""

    @property
    def selected(self) -> str:
        """The three columns as quoted expressions, ``NULL`` for those that are not there."""
        return ", ".join(quoted(name) if name else "NULL" for name in (self.value, self.bad, self.code))

    @property
    def present(self) -> str:
        """Condition for a row that holds a reading of the point."""
        return " OR ".join(f"{quoted(name)} IS NOT NULL" for name in (self.value, self.bad) if name)


@dataclass(slots=True)
class Schema:
    """What the catalogue said at ``version`` (``PRAGMA schema_version``).

    The writer extends its own before it commits, so readers must not share it.
    """

    version: int
    points: dict[ClassPoint, PointColumns] = field(default_factory=dict)
    tables: dict[str, list[str]] = field(default_factory=dict)
    names: dict[str, set[str]] = field(default_factory=dict)
    assets: dict[Holder, int] = field(default_factory=dict)

    @property
    def coded(self) -> set[ClassPoint]:
        """Points that have a column for reason codes."""
        return {point for point, columns in self.points.items() if columns.code}


def version_of(connection: sqlite3.Connection) -> int:
    """The number that SQLite raises at every change of the schema, by any process."""
    return int(connection.execute("PRAGMA schema_version").fetchone()[0])


def load(connection: sqlite3.Connection) -> Schema:
    """The catalogue as the file has it now."""
    schema = Schema(version_of(connection))
    for name, equipment_class in connection.execute("SELECT name, class FROM reading_table ORDER BY class, part"):
        schema.tables.setdefault(equipment_class, []).append(name)
        schema.names[name] = {"asset", "ts_ms"}
    rows = connection.execute("SELECT class, point, kind, table_name, name FROM reading_column ORDER BY kind")
    for equipment_class, point, kind, table, name in rows:
        _remember(schema, ClassPoint(equipment_class, point), kind, table, name)
    return schema


def _remember(schema: Schema, point: ClassPoint, kind: int, table: str, name: str) -> None:
    schema.names[table].add(_folded(name))
    known = schema.points.get(point)
    if kind == VALUE or known is None:
        schema.points[point] = PointColumns(table, name)
    elif kind == BAD:
        schema.points[point] = PointColumns(table, known.value, name, known.code)
    else:
        schema.points[point] = PointColumns(table, known.value, known.bad, name)


def ensure(connection: sqlite3.Connection, schema: Schema, needed: Iterable[tuple[SeriesRef, int]]) -> bool:
    """Make the columns for (series, kind) that are missing, inside the caller's transaction; says if it made any."""
    made = False
    for series, kind in needed:
        point = class_point_of(series)
        known = schema.points.get(point)
        if known is None:
            _add_column(connection, schema, point, VALUE, _table_with_room(connection, schema, point.equipment_class))
            known, made = schema.points[point], True
        if (kind == BAD and not known.bad) or (kind == REASON and not known.code):
            _add_column(connection, schema, point, kind, known.table)
            made = True
    if made:
        schema.version = version_of(connection)
    return made


def _add_column(connection: sqlite3.Connection, schema: Schema, point: ClassPoint, kind: int, table: str) -> None:
    name = _free_name(point.point, kind, schema.names[table])
    connection.execute(f"ALTER TABLE {quoted(table)} ADD COLUMN {quoted(name)} REAL")
    connection.execute("INSERT INTO reading_column VALUES (?, ?, ?, ?, ?)", (*point, kind, table, name))
    _remember(schema, point, kind, table, name)


def _table_with_room(connection: sqlite3.Connection, schema: Schema, equipment_class: str) -> str:
    tables = schema.tables.setdefault(equipment_class, [])
    if tables and len(schema.names[tables[-1]]) < MAX_COLUMNS:
        return tables[-1]
    number = connection.execute("SELECT count(*) FROM reading_table").fetchone()[0] + 1
    plain = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in equipment_class)[:60]
    name = f"readings_{number}_{plain}"
    connection.execute(
        f"CREATE TABLE {quoted(name)} (asset INTEGER NOT NULL, ts_ms INTEGER NOT NULL,"
        " PRIMARY KEY (asset, ts_ms)) WITHOUT ROWID"
    )
    connection.execute("INSERT INTO reading_table VALUES (?, ?, ?)", (name, equipment_class, len(tables) + 1))
    tables.append(name)
    schema.names[name] = {"asset", "ts_ms"}
    return name


def _folded(name: str) -> str:
    return name.casefold()


def _free_name(point: str, kind: int, taken: set[str]) -> str:
    """A column name like the point's key that SQLite does not take for another one."""
    stem = "".join(c if c.isprintable() else "_" for c in point)[:200] or "_"
    number = 1 if stem.endswith((BAD_SUFFIX, REASON_SUFFIX)) else 0
    while True:
        name = f"{stem}{f' ({number})' if number else ''}{SUFFIXES[kind]}"
        if _folded(name) not in taken:
            return name
        number += 1


def find_asset(connection: sqlite3.Connection, schema: Schema, holder: Holder) -> int | None:
    """The number that stands for an asset in the wide tables; ``None`` when it has no readings."""
    known = schema.assets.get(holder)
    if known is None:
        row = connection.execute(
            "SELECT id FROM reading_asset WHERE class = ? AND site = ? AND asset = ?", holder
        ).fetchone()
        if row is None:
            return None
        known = schema.assets[holder] = int(row[0])
    return known


def make_asset(connection: sqlite3.Connection, schema: Schema, holder: Holder) -> int:
    """The number of an asset, new or not, inside the caller's transaction."""
    known = find_asset(connection, schema, holder)
    if known is None:
        cursor = connection.execute("INSERT INTO reading_asset (class, site, asset) VALUES (?, ?, ?)", holder)
        known = schema.assets[holder] = int(cursor.lastrowid or 0)
    return known
