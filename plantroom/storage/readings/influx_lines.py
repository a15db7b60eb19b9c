"""InfluxDB's names and line protocol.

Line protocol has no escape for a backslash, treats a measurement that starts with ``#`` as a comment and
reserves some names, and InfluxQL confuses a field with a tag of the same name. Such characters travel as ``%XX``
(UTF-8, as in an address), everything else as it is, so every printable name can be stored.
"""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import unquote

import numpy as np
import orjson
from numpy.typing import NDArray

from plantroom.ports.readings import DAY_MS
from plantroom.storage.readings.layout import BAD_SUFFIX, REASON_SUFFIX, Cells, Holder

LOW_MS = -9_223_372_036_854
HIGH_MS = 9_223_372_036_854
"""InfluxDB keeps nanoseconds in 64 bits: 1677 to 2262."""

_CONFLICT = re.compile(r'input field "(.+)" on measurement "(.+)" is type')
_NAMES_KEPT = 20_000
_RESERVED = {"time", "site", "asset"}
_IN_MEASUREMENT = str.maketrans({",": r"\,", " ": r"\ "})
_IN_KEY = str.maketrans({",": r"\,", " ": r"\ ", "=": r"\="})


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def stored_name(name: str) -> str:
    """``name`` as InfluxDB keeps it; different names stay different (the empty one becomes a lone ``%``)."""
    if not name:
        return "%"
    safe = "".join(c if c not in "%\\" and (c == " " or c.isprintable()) else _percent(c) for c in name)
    if safe.startswith(("#", "_")) or safe in _RESERVED:
        safe = _percent(safe[0]) + safe[1:]
    for suffix in (BAD_SUFFIX, REASON_SUFFIX):
        if safe.endswith(suffix):
            safe = safe[: -len(suffix)] + _percent("_") + suffix[1:]
    return safe


def original_name(stored: str) -> str:
    """The name that ``stored_name`` made this of."""
    return "" if stored == "%" else unquote(stored)


@lru_cache(_NAMES_KEPT)
def fields_of(point: str) -> tuple[str, str, str]:
    """Field names of a point: value, bad value, reason code."""
    name = stored_name(point)
    return name, name + BAD_SUFFIX, name + REASON_SUFFIX


@lru_cache(_NAMES_KEPT)
def _keys_of(point: str) -> list[str]:
    return [f"{name.translate(_IN_KEY)}=" for name in fields_of(point)]


def identifier(name: str) -> str:
    """An already stored name as a quoted InfluxQL identifier."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def literal(text: str) -> str:
    """An already stored name as an InfluxQL string."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


@lru_cache(_NAMES_KEPT)
def _head(holder: Holder) -> str:
    measurement = stored_name(holder.equipment_class).translate(_IN_MEASUREMENT)
    asset = stored_name(holder.asset).translate(_IN_KEY)
    site = stored_name(holder.site).translate(_IN_KEY)
    return f"{measurement},asset={asset},site={site}"


class Sample(NamedTuple):
    """Where a cell is: whose row, which field, when."""

    holder: Holder
    field: str
    ts_ms: int


class LineBook:
    """The lines of a batch: one per row, and one per cell for when a row must be taken apart.

    Numbers are written as the shortest text that gives the same float64, never as an integer.
    """

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._heads = [_head(holder) for holder in cells.holders]
        self._names = [name for one in cells.series for name in fields_of(one.point)]
        self._keys = [key for one in cells.series for key in _keys_of(one.point)]
        self._templates: dict[tuple[int, bytes], bytes] = {}
        self._alike = np.flatnonzero(_begins_anew(cells))
        self._gone: set[int] = set()

    def __len__(self) -> int:
        return len(self._cells.ts_ms)

    def body(self, start: int, stop: int) -> bytes:
        """Lines of the rows ``start:stop`` without what ``drop_conflicting`` took out, each with its line feed.

        All numbers are written by one call of orjson and put into one text by one ``%``: 0.8 us a line of five values
        where a ``repr`` for each number and a ``%`` for each line took 2.4.
        """
        if self._gone:
            return b"".join([line for row in range(start, stop) if (line := self._what_is_left(row))])
        cells = self._cells
        ends = cells.first[start + 1 : stop + 1] - cells.first[start]
        numbers = np.empty(int(ends[-1]) + stop - start, np.object_)
        of_instant = np.zeros(len(numbers), np.bool_)
        of_instant[ends + np.arange(stop - start)] = True
        numbers[of_instant] = cells.ts_ms[start:stop]
        numbers[~of_instant] = cells.value[cells.first[start] : cells.first[stop]]
        texts = orjson.dumps(numbers.tolist())[1:-1].split(b",")
        return b"".join(self._templates_of(start, stop)) % tuple(texts)

    def _templates_of(self, start: int, stop: int) -> Iterator[bytes]:
        """For each run of rows of one shape its line, with places for the numbers, as often as there are rows."""
        inside = self._alike[np.searchsorted(self._alike, start, "right") : np.searchsorted(self._alike, stop)]
        for row, end in pairwise([start, *inside.tolist(), stop]):
            yield self._template(row) * (end - row)

    def _template(self, row: int) -> bytes:
        cells = self._cells
        holder, columns = int(cells.holder[row]), cells.column[cells.first[row] : cells.first[row + 1]]
        shape = holder, columns.tobytes()
        known = self._templates.get(shape)
        if known is None:
            fields = ",".join(self._keys[column].replace("%", "%%") + "%b" for column in columns.tolist())
            known = self._templates[shape] = f"{self._heads[holder].replace('%', '%%')} {fields} %b\n".encode()
        return known

    def _field(self, cell: int) -> str:
        return f"{self._keys[self._cells.column[cell]]}{float(self._cells.value[cell])!r}"

    def _what_is_left(self, row: int) -> bytes:
        fields = ",".join(self._field(i) for i in self._left(row, row + 1))
        return f"{self._heads[self._cells.holder[row]]} {fields} {self._cells.ts_ms[row]}\n".encode() if fields else b""

    def _left(self, start: int, stop: int) -> list[int]:
        return [i for i in range(self._cells.first[start], self._cells.first[stop]) if i not in self._gone]

    def single(self, row: int) -> list[tuple[int, bytes]]:
        """The row as one line per cell, each with the position in the batch that it came from."""
        head, ts_ms = self._heads[self._cells.holder[row]], self._cells.ts_ms[row]
        left = self._left(row, row + 1)
        return [(int(self._cells.position[i]), f"{head} {self._field(i)} {ts_ms}\n".encode()) for i in left]

    def positions(self, start: int, stop: int) -> list[int]:
        """Positions in the batch that the rows ``start:stop`` hold, each once."""
        return sorted({int(self._cells.position[i]) for i in self._left(start, stop)})

    def samples(self, start: int, stop: int, days: Collection[int], refused: Collection[int]) -> list[Sample]:
        """Of each of these days (since 1970) in the rows ``start:stop`` one cell that was not taken out or, by its
        position in the batch, refused."""
        found: dict[int, Sample] = {}
        cells, left = self._cells, set(days)
        for row in range(start, stop):
            day = int(cells.ts_ms[row]) // DAY_MS
            if day not in left:
                continue
            for cell in self._left(row, row + 1):
                if int(cells.position[cell]) not in refused:
                    found[day] = Sample(
                        cells.holders[cells.holder[row]], self._names[cells.column[cell]], int(cells.ts_ms[row])
                    )
                    left.remove(day)
                    break
            if not left:
                break
        return list(found.values())

    def drop_conflicting(self, said: str, start: int, stop: int) -> list[int]:
        """Take out the field that the server names as of another type; the batch positions that this concerns.

        Without it, a field that another program wrote as an integer would cost a bisection of every batch.
        """
        match = _CONFLICT.search(said)
        if match is None:
            return []
        field, measurement = match.groups()
        gone = [
            i
            for row in range(start, stop)
            if stored_name(self._cells.holders[self._cells.holder[row]].equipment_class) == measurement
            for i in self._left(row, row + 1)
            if self._names[self._cells.column[i]] == field
        ]
        self._gone.update(gone)
        return sorted({int(self._cells.position[i]) for i in gone})


def _begins_anew(cells: Cells) -> NDArray[np.bool_]:
    """Rows (r,) whose holder or columns are not those of the row before."""
    width = np.diff(cells.first)
    another = np.ones(len(width), np.bool_)
    another[1:] = (cells.holder[1:] != cells.holder[:-1]) | (width[1:] != width[:-1])
    # Each cell beside the one in its place in a row before of the same width; what wraps round is of the first row.
    beside = cells.column[np.arange(len(cells.column)) - np.repeat(width, width)]
    another |= np.logical_or.reduceat(cells.column != beside, cells.first[:-1])
    return another
