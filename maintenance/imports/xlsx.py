"""Excel workbooks (.xlsx, .xlsm) as grids, read row by row from the XML (ECMA-376 part 1, section 18).

The library readers at hand keep the whole sheet in memory, or tell values from formulas and know merged cells only in
separate passes over a model of the file (docs/decisions/0030-reading-workbooks.md). Formulas come with the value that
was left for them, dates by the number format of their cell. Memory: the shared strings and one row.
"""

import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from functools import cache
from typing import BinaryIO
from xml.etree import ElementTree as ET

from maintenance.imports.cells import Cell, CellError, Formula
from maintenance.imports.grids import MAX_COLUMNS, Book, Grid, GridRow, Range, column_number, has_something, parse_range
from maintenance.imports.unpacking import TooLarge, part_of, read_part

MAX_TEXTS = 3_000_000
"""Shared strings that a workbook may have, and characters times 40."""

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z0-9:$]+)"')
_END_OF_DATA = re.compile(rb"</(?:\w+:)?sheetData\s*>|<(?:\w+:)?sheetData\s*/>")
_NOT_DATES = re.compile(r'"[^"]*"|\\.|\[(?!h+\]|m+\]|s+\])[^\]]*\]|_.|\*.')
_DATE_LETTERS = re.compile(r"[ymdhs年月日]", re.IGNORECASE)
_BUILT_IN_DATES = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_DAY_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's days have no zone
_DAY_ZERO_1904 = datetime(1904, 1, 1)  # noqa: DTZ001
_LAST_SERIAL = 2_958_465
"""31 December 9999."""

_LEAP_1900 = 60
"""Excel's 29 February 1900, which never was: earlier days are one further on."""


def read_xlsx(file: BinaryIO, name: str) -> Book:
    """The sheets of a workbook. Raises ``zipfile.BadZipFile``, ``ET.ParseError``, ``KeyError`` or ``ValueError`` for
    one that is damaged, ``TooLarge``."""
    archive = zipfile.ZipFile(file)
    workbook = ET.fromstring(read_part(archive, "xl/workbook.xml"))  # noqa: S314 - expat bounds entities, DTDs are refused
    targets = _targets(archive)
    in_1904 = any(one.get("date1904") in {"1", "true"} for one in workbook.iter() if _tag(one) == "workbookPr")
    texts, dates = _texts(archive), _date_styles(archive)
    grids = []
    for sheet in (one for one in workbook.iter() if _tag(one) == "sheet"):
        relation = next((value for key, value in sheet.attrib.items() if key.rpartition("}")[2] == "id"), "")
        path = targets.get(relation, "")
        if path not in archive.namelist() or "worksheets" not in path:
            continue
        reader = _SheetReader(archive, path, texts, dates, _DAY_ZERO_1904 if in_1904 else _DAY_ZERO)
        is_hidden = sheet.get("state", "visible") != "visible"
        grids.append(Grid(sheet.get("name", ""), reader.rows, reader.merges, is_hidden))
    if not grids:
        raise ValueError("a workbook without sheets")
    return Book(name, grids)


class _SheetReader:
    """Rows and merged ranges of one sheet."""

    def __init__(
        self, archive: zipfile.ZipFile, path: str, texts: Sequence[str], dates: frozenset[int], zero: datetime
    ) -> None:
        self._archive, self._path, self._texts, self._dates, self._zero = archive, path, texts, dates, zero
        self._parts: Mapping[str, str] = {}
        self._values: Mapping[str, Callable[[str, int], Cell]] = {
            "s": self._shared,
            "b": lambda text, _: text.strip() in {"1", "true"},
            "e": lambda text, _: CellError(text.strip()),
            "str": lambda text, _: _unescaped(text),
            "inlineStr": lambda text, _: text,
            "d": lambda text, _: _iso(text),
            "n": self._number,
        }

    def rows(self) -> Iterator[GridRow]:
        """Rows with something in them, top to bottom."""
        with part_of(self._archive, self._path) as part:
            number, row, end = 0, "", ""
            for _, element in ET.iterparse(part):  # noqa: S314
                tag = element.tag
                if tag != row:
                    if tag == end:
                        return
                    if row or _tag(element) not in {"row", "sheetData"}:
                        continue
                    space = tag.rpartition("}")[0] + "}" if "}" in tag else ""
                    row, end = f"{space}row", f"{space}sheetData"
                    self._parts = {f"{space}{name}": name for name in ("v", "f", "is")}
                    if tag == end:
                        return
                part.mark()
                number = _row_number(element.get("r"), number)
                cells = self._cells(element)
                if has_something(cells):
                    yield GridRow(number, cells, element.get("hidden") in {"1", "true"})
                element.clear()

    def merges(self) -> Sequence[Range]:
        """The merged ranges, which stand behind the data."""
        tail = bytearray()
        with part_of(self._archive, self._path, a_row=False) as part:
            while block := part.read(1 << 20):
                tail += block
                found = _END_OF_DATA.search(tail)
                if found is not None:
                    tail = tail[found.end() :] + part.read(16 << 20)
                    break
                del tail[:-64]
        found_ranges = (parse_range(one.decode()) for one in _MERGED.findall(bytes(tail)))
        return [one for one in found_ranges if one is not None]

    def _cells(self, row: ET.Element) -> list[Cell]:
        cells: list[Cell] = []
        for element in row:
            place = len(cells)
            reference = element.get("r")
            if reference is not None:
                place = _column_of(reference.rstrip("0123456789"))
            if place >= MAX_COLUMNS:
                continue
            if place > len(cells):
                cells += [None] * (place - len(cells))
            value = self._cell(element) if len(element) else None
            if place < len(cells):
                cells[place] = value
            else:
                cells.append(value)
        return cells

    def _cell(self, element: ET.Element) -> Cell:
        kind = element.get("t", "n")
        if len(element) == 1:
            only = element[0]
            name = self._parts.get(only.tag)
            if name == "is":
                return _rich(only)
            if name == "v" and kind == "s":
                return self._shared(only.text or "", 0)
        value: str | None = None
        formula: str | None = None
        for part in element:
            name = self._parts.get(part.tag)
            if name == "v":
                value = part.text or ""
            elif name == "f":
                formula = part.text or ""
            elif name == "is":
                value, kind = _rich(part), "inlineStr"
        if value is None and formula is None:
            return None
        shown = None if value is None else self._values.get(kind, self._number)(value, int(element.get("s") or 0))
        if formula is not None:
            return Formula(_unescaped(formula), "" if shown is None else str(shown))
        return shown

    def _shared(self, text: str, _style: int) -> Cell:
        place = int(text)
        return self._texts[place] if 0 <= place < len(self._texts) else ""

    def _number(self, text: str, style: int) -> Cell:
        text = text.strip()
        if not text:
            return None
        value = float(text)
        if style in self._dates:
            return _moment(value, self._zero)
        return int(value) if value.is_integer() and abs(value) < 1 << 62 else value


@cache
def _column_of(name: str) -> int:
    return column_number(name) if name.isalpha() and name.isascii() and len(name) <= 3 else MAX_COLUMNS


def _row_number(text: str | None, before: int) -> int:
    return int(text) if text is not None and text.isdecimal() else before + 1


def _moment(serial: float, zero: datetime) -> Cell:
    """The date, or time of day below one day, of a serial number; a number that is no date stays one."""
    if not 0 <= serial < _LAST_SERIAL + 1:
        return serial
    if serial < 1:
        return (zero + timedelta(seconds=round(serial * 86_400))).time() if serial else time(0)
    if zero is _DAY_ZERO and serial < _LEAP_1900:
        serial += 1
    whole, part = divmod(serial, 1)
    moment = zero + timedelta(days=whole, seconds=round(part * 86_400))
    return moment.date() if moment.time() == time(0) else moment


def _iso(text: str) -> Cell:
    try:
        moment = datetime.fromisoformat(text.strip().removesuffix("Z"))
    except ValueError:
        return text
    return moment.date() if moment.time() == time(0) else moment


def _texts(archive: zipfile.ZipFile) -> Sequence[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return ()
    texts: list[str] = []
    size = 0
    with part_of(archive, "xl/sharedStrings.xml") as part:
        root: ET.Element | None = None
        for event, element in ET.iterparse(part, events=("start", "end")):  # noqa: S314
            if event == "start":
                root = element if root is None else root
            elif _tag(element) == "si":
                part.mark()
                texts.append(_rich(element))
                size += len(texts[-1])
                if len(texts) > MAX_TEXTS or size > MAX_TEXTS * 40:
                    raise TooLarge
                element.clear()
                if root is not None:
                    root.remove(element)
    return texts


def _rich(element: ET.Element) -> str:
    """The text of a string with or without formats; phonetic guides are left out."""
    if len(element) == 1 and _tag(element[0]) == "t":
        return _unescaped(element[0].text or "")
    found = []
    for part in element:
        tag = _tag(part)
        if tag == "t":
            found.append(part.text or "")
        elif tag == "r":
            found += [one.text or "" for one in part if _tag(one) == "t"]
    return _unescaped("".join(found))


def _unescaped(text: str) -> str:
    """``_x000A_`` and the like are characters that XML cannot carry (section 22.9.2.19). Two halves of a character make
    one; a half alone is none."""
    if "_x" not in text:
        return text
    found = _ESCAPED.sub(lambda one: chr(int(one[1], 16)), text)
    return found.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _date_styles(archive: zipfile.ZipFile) -> frozenset[int]:
    """The cell formats whose numbers are dates or times."""
    if "xl/styles.xml" not in archive.namelist():
        return frozenset()
    styles = ET.fromstring(read_part(archive, "xl/styles.xml"))  # noqa: S314
    own = {one.get("numFmtId"): one.get("formatCode", "") for one in styles.iter() if _tag(one) == "numFmt"}
    formats = next((one for one in styles.iter() if _tag(one) == "cellXfs"), None)
    found = set()
    for place, one in enumerate(formats if formats is not None else ()):
        number = one.get("numFmtId", "0")
        if number in own:
            if _DATE_LETTERS.search(_NOT_DATES.sub("", own[number].split(";")[0])) and "General" not in own[number]:
                found.add(place)
        elif number.isdecimal() and int(number) in _BUILT_IN_DATES:
            found.add(place)
    return frozenset(found)


def _targets(archive: zipfile.ZipFile) -> Mapping[str, str]:
    relations = ET.fromstring(read_part(archive, "xl/_rels/workbook.xml.rels"))  # noqa: S314
    found = {}
    for one in relations:
        target = one.get("Target", "")
        found[one.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return found


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
