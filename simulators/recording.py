"""Recorded data from CSV files: reading, naming points, moving in time. Pure but for the reading of the file."""

import csv
import io
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from plantroom.errors import BadData, FieldProblem

SEPARATORS = (";", "\t", "|", ",")
EMPTY = frozenset(("", "nan", "null", "none", "na", "n/a", "-", "--"))
TIME_HEADINGS = frozenset(
    ("time", "ts", "timestamp", "datetime", "date", "date_time", "时间", "時間", "日期", "采集时间", "採集時間")
)
_FORMATS = (
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S.%f",
    "%Y/%m/%d %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
)
_NUMERIC_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded run of one asset.

    ``columns`` (p) are the headings of the numeric columns and ``point_keys`` (p) the points they become, ``ts_ms``
    (n,) int64 milliseconds since 1970 UTC in the file's order, ``values`` (n, p) float64 with NaN for empty cells.
    ``problems`` say what was left out or looks odd, for people.
    """

    columns: tuple[str, ...]
    point_keys: tuple[str, ...]
    ts_ms: NDArray[np.int64]
    values: NDArray[np.float64]
    problems: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.ts_ms)


@dataclass(frozen=True, slots=True)
class _Table:
    headings: list[str]
    rows: list[list[str]]
    lines: list[int]
    """Line of each row in the file, the heading being line 1."""
    decimal_comma: bool


def read_recording(
    path: Path,
    *,
    time_column: str | None = None,
    separator: str = "auto",
    ignore: Sequence[str] = (),
    mapping: Mapping[str, str] | None = None,
    time_zone: str = "UTC",
) -> Recording:
    """The recording in a CSV file (UTF-8, UTF-16 with a mark, or GB18030).

    ``time_column`` is a heading (default: a heading that means time, else the first column that reads as dates);
    times without a zone are local to ``time_zone`` (an hour that comes twice in autumn is the first one);
    ``separator`` is one character or ``auto``; ``ignore`` and ``mapping`` (heading -> point key) go by heading.
    Raises ``BadData`` naming row and column, ``OSError`` when the file cannot be read.
    """
    return parse_recording(
        path.read_bytes(),
        time_column=time_column,
        separator=separator,
        ignore=ignore,
        mapping=mapping,
        time_zone=time_zone,
    )


def parse_recording(
    data: bytes,
    *,
    time_column: str | None = None,
    separator: str = "auto",
    ignore: Sequence[str] = (),
    mapping: Mapping[str, str] | None = None,
    time_zone: str = "UTC",
) -> Recording:
    """As ``read_recording``, from the file's bytes."""
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadData(f"time zone {time_zone!r} is not known; expected a name such as Asia/Shanghai") from error
    table = _table(_text(data), separator)
    problems = [f"no column {name!r} to ignore" for name in ignore if name not in table.headings]
    for name in mapping or {}:
        if name not in table.headings:
            raise BadData(f"--map names column {name!r}; the file has: {', '.join(table.headings)}")
    at = _time_position(table, time_column, zone)
    ts_ms = _times(table, at, zone)
    chosen: list[int] = []
    series: list[NDArray[np.float64]] = []
    for position, heading in enumerate(table.headings):
        if position == at or heading in ignore:
            continue
        numbers, trouble = _numbers(table, position)
        problems += trouble
        if numbers is not None:
            chosen.append(position)
            series.append(numbers)
    if not chosen:
        raise BadData(f"no numeric column beside the time column {table.headings[at]!r}")
    headings = tuple(table.headings[position] for position in chosen)
    keys, trouble = name_points(headings, mapping or {})
    steps = np.diff(ts_ms)
    if (steps < 0).any():
        trouble.append(f"time runs backwards at row {table.lines[int(np.argmax(steps < 0)) + 1]}")
    if len(np.unique(ts_ms)) < len(ts_ms):
        trouble.append(f"{len(ts_ms) - len(np.unique(ts_ms))} rows share an instant with another: the last one stands")
    return Recording(headings, keys, ts_ms, np.column_stack(series), (*problems, *trouble))


def point_key(heading: str) -> str:
    """A heading in lower_snake_case: words begin at a capital after a small letter or digit, or before a small one.

    >>> point_key("Volume Flow RateRMS"), point_key("Accelerometer1RMS"), point_key("inletPressure (bar)")
    ('volume_flow_rate_rms', 'accelerometer1_rms', 'inlet_pressure_bar')
    """
    text = unicodedata.normalize("NFKC", heading)
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", text)
    text = re.sub(r"([A-Z])([A-Z][a-z])", r"\1_\2", text)
    text = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_").lower()
    return f"p_{text}" if text[:1].isdigit() else text


def name_points(headings: Sequence[str], mapping: Mapping[str, str]) -> tuple[tuple[str, ...], list[str]]:
    """A point key for each heading, all different, and what is odd about them.

    A mapped key is taken as it is; a heading without Latin letters or digits becomes ``column_N`` (N from 1 among
    the numeric columns); the second of two equal keys gets ``_2``. Raises ``BadData`` for two equal mapped keys or
    one that is not lower_snake_case.
    """
    taken: set[str] = set()
    for heading in headings:
        if (key := mapping.get(heading)) is not None:
            if not re.fullmatch(r"[a-z][a-z0-9_]*", key) or key in taken:
                raise BadData(f"--map {heading}={key}: a key is lower_snake_case and used once")
            taken.add(key)
    keys: list[str] = []
    notes: list[str] = []
    for number, heading in enumerate(headings, start=1):
        if heading in mapping:
            keys.append(mapping[heading])
            continue
        wanted = point_key(heading)
        if not wanted:
            wanted = f"column_{number}"
            notes.append(f"column {heading!r} becomes point {wanted}; --map {heading}=KEY gives it a better one")
        key, copy = wanted, 2
        while key in taken:
            key, copy = f"{wanted}_{copy}", copy + 1
        taken.add(key)
        keys.append(key)
    return tuple(keys), notes


def shifted_to(recording: Recording, now_ms: int) -> tuple[Recording, int]:
    """The recording moved by whole seconds so that its last instant is at or less than 1 s before ``now_ms``.

    Returns it with the shift in seconds (negative when the recording lies in the future).
    """
    shift_s = (now_ms - int(recording.ts_ms.max())) // 1000
    return replace(recording, ts_ms=recording.ts_ms + shift_s * 1000), shift_s


def _text(data: bytes) -> str:
    encodings = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadData("the file is neither UTF-8 nor GB18030 text")


def _table(text: str, separator: str) -> _Table:
    if "\x00" in text:
        raise BadData("the file is not text (it holds zero bytes)")
    if not text.strip():
        raise BadData("the file is empty")
    if separator != "auto" and len(separator) != 1:
        raise BadData(f"separator {separator!r}: expected one character or auto")
    mark = _separator(text) if separator == "auto" else separator
    reader = csv.reader(io.StringIO(text), delimiter=mark, skipinitialspace=True)
    headings: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not headings:
                headings = [cell.strip() for cell in cells]
                continue
            if len(cells) != len(headings):
                problem = f"has {len(cells)} cells, the heading {len(headings)}"
                raise _bad(reader.line_num, None, "width", problem)
            rows.append(cells)
            lines.append(reader.line_num)
    except csv.Error as error:
        raise _bad(reader.line_num, None, "csv", str(error)) from error
    for heading in headings:
        if headings.count(heading) > 1:
            raise BadData(f"heading {heading!r} is there twice", [FieldProblem("row 1", "repeated_heading", heading)])
    if not rows:
        raise BadData("the file has a heading and no rows")
    return _Table(headings, rows, lines, decimal_comma=mark != ",")


def _separator(text: str) -> str:
    """The separator by which most of the first lines have the width of the heading."""
    lines = [line for line in text.splitlines()[:50] if line.strip()]

    def fit(mark: str) -> tuple[float, int]:
        widths = [len(cells) for cells in csv.reader(lines, delimiter=mark)]
        if not widths or widths[0] < 2:
            return 0.0, 0
        return sum(w == widths[0] for w in widths) / len(widths), widths[0]

    return max(SEPARATORS, key=fit)


def _time_position(table: _Table, name: str | None, zone: ZoneInfo) -> int:
    if name is not None:
        if name not in table.headings:
            raise BadData(f"no time column {name!r}; the file has: {', '.join(table.headings)}")
        return table.headings.index(name)
    for position, heading in enumerate(table.headings):
        if heading.casefold() in TIME_HEADINGS and _instant_ms(table.rows[0][position], zone) is not None:
            return position
    for position in range(len(table.headings)):
        cell = table.rows[0][position]
        if _number(cell) is None and _instant_ms(cell, zone) is not None:
            return position
    raise BadData(f"no column reads as time; name one with --time-column. The file has: {', '.join(table.headings)}")


def _times(table: _Table, at: int, zone: ZoneInfo) -> NDArray[np.int64]:
    instants = np.empty(len(table.rows), dtype=np.int64)
    for i, cells in enumerate(table.rows):
        instant = _instant_ms(cells[at], zone)
        if instant is None:
            raise _bad(table.lines[i], table.headings[at], "time", f"{cells[at]!r} is no time")
        instants[i] = instant
    return instants


def _instant_ms(cell: str, zone: ZoneInfo) -> int | None:
    """Milliseconds since 1970 UTC of a date with time (ISO 8601 and what spreadsheets write) or a Unix time."""
    text = cell.strip()
    number = _number(text)
    if number is not None:
        for low, high, factor in ((1e8, 1e11, 1000.0), (1e11, 1e14, 1.0)):
            if low <= number < high:
                return round(number * factor)
        return None
    moment = _moment(text)
    if moment is None:
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
    whole = aware.astimezone(UTC)
    return int(whole.replace(microsecond=0).timestamp()) * 1000 + round(whole.microsecond / 1000)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007  # the caller adds the zone
        except ValueError:
            continue
    return None


def _numbers(table: _Table, position: int) -> tuple[NDArray[np.float64] | None, list[str]]:
    """A column as numbers with NaN for empty cells, or ``None`` for a column of text; and what is odd."""
    values = np.full(len(table.rows), np.nan)
    odd: list[int] = []
    filled = 0
    for i, cells in enumerate(table.rows):
        cell = cells[position].strip()
        if cell.lower() in EMPTY:
            continue
        filled += 1
        number = _number(cell, decimal_comma=table.decimal_comma)
        if number is None:
            odd.append(i)
        else:
            values[i] = number
    heading = table.headings[position]
    if filled == 0:
        return None, [f"column {heading!r} is empty: left out"]
    if len(odd) > _NUMERIC_SHARE * filled:
        return None, [f"column {heading!r} is not numeric: left out"]
    shown = [f"row {table.lines[i]}, column {heading!r}: {table.rows[i][position]!r} is no number: empty" for i in odd]
    more = [f"column {heading!r}: {len(odd) - 20} more cells are no numbers"] if len(odd) > 20 else []
    return values, shown[:20] + more


def _number(cell: str, *, decimal_comma: bool = False) -> float | None:
    text = cell.strip()
    if decimal_comma and re.fullmatch(r"[+-]?\d+,\d+", text):
        text = text.replace(",", ".")
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in text else None


def _bad(line: int, column: str | None, code: str, problem: str) -> BadData:
    where = f"row {line}" if column is None else f"row {line}, column {column!r}"
    return BadData(f"{where}: {problem}", [FieldProblem(where, code, problem)])
