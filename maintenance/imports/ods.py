"""OpenDocument spreadsheets (.ods) as grids, read row by row from the XML (ODF 1.3 part 3, section 9)."""

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import BinaryIO
from xml.etree import ElementTree as ET

from maintenance.imports.cells import Cell, CellError, Formula, is_blank, looks_like_error
from maintenance.imports.grids import MAX_COLUMNS, MAX_ROWS, Book, Grid, GridRow, Range, has_something
from maintenance.imports.unpacking import TooLarge, part_of

_CONTENT = "content.xml"
_TIME = re.compile(r"PT(\d+)H(\d+)M(\d+)(?:[.,]\d+)?S")


@dataclass(slots=True)
class _Sheet:
    name: str
    hidden: bool


@dataclass(slots=True)
class _Walk:
    """One pass over the document: where it is and what it has met."""

    wanted: int
    repeats: bool = True
    """Whether a row that stands for many is given as often."""

    merges: list[Range] = field(default_factory=list)
    table: int = -1
    row: int = 0


def read_ods(file: BinaryIO, name: str) -> Book:
    """The sheets of a document. Raises as ``read_xlsx``."""
    archive = zipfile.ZipFile(file)
    sheets = _sheets(archive)
    if not sheets:
        raise ValueError("a document without sheets")
    return Book(name, [_grid(archive, place, sheet) for place, sheet in enumerate(sheets)])


def _grid(archive: zipfile.ZipFile, place: int, sheet: _Sheet) -> Grid:
    def rows() -> Iterator[GridRow]:
        yield from _rows(archive, _Walk(place))

    def merges() -> Sequence[Range]:
        walk = _Walk(place, repeats=False)
        for _ in _rows(archive, walk):
            pass
        return walk.merges

    return Grid(sheet.name, rows, merges, sheet.hidden)


def _sheets(archive: zipfile.ZipFile) -> list[_Sheet]:
    found: list[_Sheet] = []
    unseen: set[str] = set()
    style = ""
    with part_of(archive, _CONTENT) as part:
        for event, element in ET.iterparse(part, events=("start", "end")):  # noqa: S314 - as in xlsx
            tag = _tag(element)
            if event == "end":
                if tag == "table-row":
                    part.mark()
                    element.clear()
                continue
            if tag == "style":
                style = _get(element, "name")
            elif tag == "table-properties" and _get(element, "display") == "false":
                unseen.add(style)
            elif tag == "table" and element.tag.startswith("{urn:oasis:names:tc:opendocument:xmlns:table"):
                found.append(_Sheet(_get(element, "name"), _get(element, "style-name") in unseen))
    return found


def _rows(archive: zipfile.ZipFile, walk: _Walk) -> Iterator[GridRow]:
    with part_of(archive, _CONTENT) as part:
        for event, element in ET.iterparse(part, events=("start", "end")):  # noqa: S314
            tag = _tag(element)
            if event == "start" and tag == "table":
                walk.table += 1
                walk.row = 0
                if walk.table > walk.wanted:
                    return
            elif event == "end" and tag == "table-row":
                part.mark()
                if walk.table == walk.wanted:
                    yield from _repeated(element, walk)
                element.clear()


def _repeated(element: ET.Element, walk: _Walk) -> Iterator[GridRow]:
    """The row as often as it stands for rows; blank ones only count."""
    times = _times(element, "number-rows-repeated")
    cells = _cells(element, walk)
    if has_something(cells):
        if times > MAX_ROWS:
            raise TooLarge
        is_hidden = _get(element, "visibility") in {"collapse", "filter"}
        for n in range(times if walk.repeats else 1):
            yield GridRow(walk.row + 1 + n, cells, is_hidden)
    walk.row += times


def _cells(row: ET.Element, walk: _Walk) -> list[Cell]:
    cells: list[Cell] = []
    for element in row:
        tag = _tag(element)
        if tag not in {"table-cell", "covered-table-cell"}:
            continue
        times = min(_times(element, "number-columns-repeated"), MAX_COLUMNS - len(cells))
        value = None if tag == "covered-table-cell" else _cell(element)
        across, down = _times(element, "number-columns-spanned"), _times(element, "number-rows-spanned")
        if across > 1 or down > 1:
            top, left = walk.row + 1, len(cells)
            walk.merges.append(Range(top, left, top + down - 1, left + across - 1))
        if times > 0:
            cells += [value] * times
    while cells and is_blank(cells[-1]):
        cells.pop()
    return cells


def _cell(element: ET.Element) -> Cell:
    value = _value(element)
    formula = _get(element, "formula")
    if formula:
        return Formula(re.sub(r"^(?:\w+:)?=", "", formula), "" if value is None else str(value))
    return value


def _value(element: ET.Element) -> Cell:
    # LibreOffice writes its own value type before the standard's, for errors.
    kinds = [value for key, value in element.attrib.items() if key.rpartition("}")[2] == "value-type"]
    text = "\n".join(_text(one) for one in element if _tag(one) == "p")
    if "error" in kinds or (kinds and looks_like_error(text)):
        return CellError(text)
    kind = kinds[0] if kinds else ""
    if kind in {"float", "percentage", "currency"}:
        number = float(_get(element, "value"))
        return int(number) if number.is_integer() and abs(number) < 1 << 62 else number
    if kind == "date":
        return _moment(_get(element, "date-value"))
    if kind == "time":
        found = _TIME.fullmatch(_get(element, "time-value"))
        return time(int(found[1]) % 24, int(found[2]), int(found[3])) if found else text
    if kind == "boolean":
        return _get(element, "boolean-value") == "true"
    return text or None


def _moment(text: str) -> date | str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment.date() if moment.time() == time(0) else moment


def _text(paragraph: ET.Element) -> str:
    """The text of a paragraph: blanks, tabs and line ends are elements of their own; remarks are left out."""
    found = [paragraph.text or ""]
    for part in paragraph:
        tag = _tag(part)
        if tag == "s":
            found.append(" " * min(_times(part, "c"), 1000))
        elif tag in {"tab", "line-break"}:
            found.append("\t" if tag == "tab" else "\n")
        elif tag != "annotation":
            found.append(_text(part))
        found.append(part.tail or "")
    return "".join(found)


def _times(element: ET.Element, name: str) -> int:
    text = _get(element, name)
    return max(1, int(text)) if text.isdecimal() else 1


def _get(element: ET.Element, name: str) -> str:
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
