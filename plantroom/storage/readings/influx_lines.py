"""InfluxDB's names and line protocol.

Line protocol has no escape for a backslash, treats a measurement that starts with ``#`` as a comment and
reserves some names, and InfluxQL confuses a field with a tag of the same name. Such characters travel as ``%XX``
(UTF-8, as in an address), everything else as it is, so every printable name can be stored.
"""

import re
from collections.abc import Sequence
from urllib.parse import unquote

from plantroom.storage.readings.layout import BAD_SUFFIX, REASON_SUFFIX, Cells, Holder

LOW_MS = -9_223_372_036_854
HIGH_MS = 9_223_372_036_854
"""InfluxDB keeps nanoseconds in 64 bits: 1677 to 2262."""

_CONFLICT = re.compile(r'input field "(.+)" on measurement "(.+)" is type')
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


def fields_of(point: str) -> tuple[str, str, str]:
    """Field names of a point: value, bad value, reason code."""
    name = stored_name(point)
    return name, name + BAD_SUFFIX, name + REASON_SUFFIX


def identifier(name: str) -> str:
    """An already stored name as a quoted InfluxQL identifier."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def literal(text: str) -> str:
    """An already stored name as an InfluxQL string."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _head(holder: Holder) -> str:
    measurement = stored_name(holder.equipment_class).translate(_IN_MEASUREMENT)
    asset = stored_name(holder.asset).translate(_IN_KEY)
    site = stored_name(holder.site).translate(_IN_KEY)
    return f"{measurement},asset={asset},site={site}"


class LineBook:
    """The lines of a batch: one per row, and one per cell for when a row must be taken apart.

    Numbers are written by ``repr``: the shortest text that gives the same float64, never an integer.
    """

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._heads = [_head(holder) for holder in cells.holders]
        self._names = [name for one in cells.series for name in fields_of(one.point)]
        self._keys = [f"{name.translate(_IN_KEY)}=" for name in self._names]
        self._templates: dict[tuple[int, tuple[int, ...]], str] = {}
        self._columns, self._values = tuple(cells.column), tuple(cells.value)
        self._gone: set[int] = set()

    def __len__(self) -> int:
        return len(self._cells.ts_ms)

    def rows(self, start: int, stop: int) -> list[str]:
        """Lines of the rows ``start:stop`` without what ``drop_conflicting`` took out."""
        if self._gone:
            return [line for row in range(start, stop) if (line := self._what_is_left(row))]
        cells, templates = self._cells, self._templates
        first, columns, values = cells.first, self._columns, self._values
        lines = []
        for h, t, a, b in zip(
            cells.holder[start:stop],
            cells.ts_ms[start:stop],
            first[start:stop],
            first[start + 1 : stop + 1],
            strict=True,
        ):
            shape = h, columns[a:b]
            template = templates.get(shape)
            if template is None:
                template = templates[shape] = self._template(h, columns[a:b])
            lines.append(template % (*values[a:b], t))
        return lines

    def _template(self, holder: int, columns: Sequence[int]) -> str:
        """A row's line with a place for each value and for the instant: rows of one machine mostly look alike."""
        head = self._heads[holder].replace("%", "%%")
        fields = ",".join(self._keys[column].replace("%", "%%") + "%r" for column in columns)
        return f"{head} {fields} %d"

    def _field(self, cell: int) -> str:
        return self._keys[self._cells.column[cell]] + repr(self._cells.value[cell])

    def _what_is_left(self, row: int) -> str:
        fields = ",".join(self._field(i) for i in self._left(row, row + 1))
        return f"{self._heads[self._cells.holder[row]]} {fields} {self._cells.ts_ms[row]}" if fields else ""

    def _left(self, start: int, stop: int) -> list[int]:
        return [i for i in range(self._cells.first[start], self._cells.first[stop]) if i not in self._gone]

    def single(self, row: int) -> list[tuple[int, str]]:
        """The row as one line per cell, each with the position in the batch that it came from."""
        head, ts_ms = self._heads[self._cells.holder[row]], self._cells.ts_ms[row]
        return [(int(self._cells.position[i]), f"{head} {self._field(i)} {ts_ms}") for i in self._left(row, row + 1)]

    def positions(self, start: int, stop: int) -> list[int]:
        """Positions in the batch that the rows ``start:stop`` hold, each once."""
        return sorted({int(self._cells.position[i]) for i in self._left(start, stop)})

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
