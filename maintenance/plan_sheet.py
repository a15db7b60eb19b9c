"""The user's table as text cells: encoding, separator, headings. Pure."""

import csv
import io
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

MAX_BYTES = 20_000_000

_WRITTEN = {
    "code": "编号 編號 编码 編碼 code id",
    "system": "设施设备类别 設施設備類別 系统 系統 设备类别 設備類別 system category",
    "task": "维护内容 維護內容 保养内容 保養內容 服务内容 服務內容 内容 內容 项目 項目 task content",
    "standard": "标准要求 標準要求 维护标准 維護標準 标准 標準 standard requirement",
    "frequency": "维护周期 維護周期 維護週期 周期 週期 服务频率 服務頻率 频率 頻率 frequency interval cycle",
    "department": "维护责任部门 維護責任部門 责任部门 責任部門 责任人 責任人 部门 部門 department responsible",
}
HEADINGS: Mapping[str, tuple[str, ...]] = {key: tuple(text.split()) for key, text in _WRITTEN.items()}
"""Column -> headings that mean it; the first is the one that messages name."""

_NEEDED = ("system", "frequency")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with (or odd about) one cell: where, what, and what to do."""

    sheet: str
    row: int
    column: str
    value: str
    code: str
    message: str

    def as_json(self) -> dict[str, object]:
        """The entry as CONTRACTS' ``/imports`` shows it."""
        return {
            "sheet": self.sheet,
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "code": self.code,
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One line: its number in the file (the heading is 1) and its cells by column."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table that could be read; ``problems`` when it could not, or not all of it."""

    name: str
    rows: tuple[SheetRow, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_sheet(data: bytes, filename: str) -> Sheet:
    """Read a CSV in UTF-8 (with or without mark) or GB 18030. Empty lines are left out. Never raises."""
    text = _text(data)
    if text is None:
        return _unreadable(filename, "not_csv", "请另存为 CSV(UTF-8 或 GB 18030) / save it as CSV, at most 20 MB")
    lines = [(n, [_cell(c) for c in cells]) for n, cells in enumerate(_reader(text), 1)]
    filled = [(n, cells) for n, cells in lines if any(cells)]
    if not filled:
        return _unreadable(filename, "empty", "表格为空 / the table is empty")
    head_at, head = filled[0]
    columns = {place: key for place, cell in enumerate(head) if (key := _column(cell)) is not None}
    problems = [
        Problem(
            filename, head_at, HEADINGS[key][0], "", "missing_column", f"缺少列“{HEADINGS[key][0]}” / no such column"
        )
        for key in _NEEDED
        if key not in columns.values()
    ]
    twice = [key for key in HEADINGS if list(columns.values()).count(key) > 1]
    problems += [
        Problem(filename, head_at, HEADINGS[key][0], "", "column_twice", "该列出现两次 / the column is there twice")
        for key in twice
    ]
    if problems:
        return Sheet(filename, (), tuple(problems))
    rows = tuple(
        SheetRow(n, {key: cells[place] for place, key in columns.items() if place < len(cells)})
        for n, cells in filled[1:]
    )
    return Sheet(filename, rows)


def _text(data: bytes) -> str | None:
    if len(data) > MAX_BYTES or b"\x00" in data or data[:2] == b"PK":
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _reader(text: str) -> list[list[str]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t", key=first.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error:
        return []


def _cell(text: str) -> str:
    return " ".join(text.replace("\ufeff", "").split())


def _column(heading: str) -> str | None:
    wanted = unicodedata.normalize("NFKC", heading).casefold().strip()
    return next((key for key, names in HEADINGS.items() if wanted in names), None)


def _unreadable(filename: str, code: str, message: str) -> Sheet:
    return Sheet(filename, (), (Problem(filename, 1, "", "", code, message),))
