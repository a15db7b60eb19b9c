"""What a file is, whatever its name says, and its sheets. Everything that is no table gets a plain reason."""

import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import BinaryIO
from xml.etree import ElementTree as ET

from maintenance.imports.grids import MAX_BYTES, Book, Grid, GridRow, Range
from maintenance.imports.ods import read_ods
from maintenance.imports.problems import Problem, Unreadable, in_words
from maintenance.imports.text_files import read_text
from maintenance.imports.unpacking import TooLarge, is_bomb, read_part
from maintenance.imports.xls import BrokenXls, EncryptedXls, read_xls
from maintenance.imports.xlsx import read_xlsx
from plantroom.domain.assets import LocalName

BROKEN = (zipfile.BadZipFile, ET.ParseError, KeyError, ValueError, IndexError, OverflowError, EOFError, OSError)
"""What the readers raise for a file that is damaged."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS = (
    (b"%PDF", LocalName("这是 PDF 文件", "this is a PDF")),
    (b"\x89PNG", LocalName("这是图片", "this is a picture")),
    (b"\xff\xd8\xff", LocalName("这是图片", "this is a picture")),
    (b"{\\rtf", LocalName("这是 RTF 文档", "this is an RTF document")),
    (b"Rar!", LocalName("这是压缩包", "this is an archive")),
    (b"7z\xbc\xaf", LocalName("这是压缩包", "this is an archive")),
    (b"\x1f\x8b", LocalName("这是压缩包", "this is an archive")),
)
_WEB_PAGE = re.compile(
    rb"\s*(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|table|meta|head|body)\b", re.IGNORECASE | re.DOTALL
)
_XML_2003 = re.compile(rb"\s*<\?xml.{0,400}(?:mso-application|<(?:\w+:)?Workbook\b)", re.IGNORECASE | re.DOTALL)
_UTF16 = "utf-16-le"


def open_book(file: BinaryIO, name: str) -> Book:
    """The sheets of a file; it stays open while they are read. Raises ``Unreadable`` with the reason."""
    size = file.seek(0, 2)
    file.seek(0)
    if size > MAX_BYTES:
        raise too_large(name, size)
    head = file.read(4096)
    file.seek(0)
    if not head.strip():
        raise _unreadable(name, "empty")
    if head.startswith(b"PK\x03\x04"):
        return _opened(name, lambda: _zipped(file, name))
    if head.startswith(b"PK\x05\x06"):
        raise _unreadable(name, "empty")
    if head.startswith(_OLE):
        return _opened(name, lambda: _compound(file, name))
    for mark, said in _OTHERS:
        if head.startswith(mark):
            raise _unreadable(name, "wrong_format", said)
    bare = head.removeprefix(b"\xef\xbb\xbf")
    if _WEB_PAGE.match(bare):
        said = LocalName("这是网页（有些系统把网页命名为 .xls）", "this is a web page (some programs call it .xls)")
        raise _unreadable(name, "wrong_format", said)
    if _XML_2003.match(bare):
        said = LocalName("这是“XML 表格 2003”", "this is an XML Spreadsheet 2003")
        raise _unreadable(name, "wrong_format", said)
    book = read_text(file.read(), name)
    if book is None:
        raise _unreadable(name, "not_csv" if b"\x00" in head else "bad_text")
    return book


def too_large(name: str, size: int) -> Unreadable:
    """The refusal of a file by its size in bytes."""
    said = LocalName(f"文件过大（{size / 1e6:.0f} MB）", f"the file is too large ({size / 1e6:.0f} MB)")
    return _unreadable(name, "too_large", said)


def _opened(name: str, read: Callable[[], Book]) -> Book:
    with _in_words(name):
        book = read()
    return replace(book, grids=[_guarded(grid) for grid in book.grids])


@contextmanager
def _in_words(name: str) -> Iterator[None]:
    """What is wrong with a workbook, in words for people."""
    try:
        yield
    except TooLarge:
        raise _unreadable(name, "zip_bomb") from None
    except EncryptedXls:
        raise _unreadable(name, "encrypted") from None
    except (*BROKEN, BrokenXls) as error:
        raise _unreadable(name, "broken_workbook") from error


def _guarded(grid: Grid) -> Grid:
    """The sheet, whose rows are read later, with its errors in words."""

    def rows() -> Iterator[GridRow]:
        with _in_words(grid.name):
            yield from grid.read()

    def merges() -> Sequence[Range]:
        with _in_words(grid.name):
            return grid.merges()

    return replace(grid, read=rows, merges=merges)


def _zipped(file: BinaryIO, name: str) -> Book:
    with zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
        mimetype = read_part(archive, "mimetype")[:200] if "mimetype" in names else b""
        is_locked = any(one.flag_bits & 1 for one in archive.infolist())
        if any(is_bomb(one.file_size, one.compress_size) for one in archive.infolist()):
            raise TooLarge
        if "META-INF/manifest.xml" in names:
            is_locked |= b"encryption-data" in read_part(archive, "META-INF/manifest.xml")
    if is_locked:
        raise _unreadable(name, "encrypted")
    if "xl/workbook.xml" in names:
        return read_xlsx(file, name)
    if b"opendocument.spreadsheet" in mimetype:
        return read_ods(file, name)
    raise _unreadable(name, "wrong_format", _named(names, mimetype))


def _named(names: set[str], mimetype: bytes) -> LocalName:
    if "xl/workbook.bin" in names:
        return LocalName("这是二进制工作簿(.xlsb)", "this is a binary workbook (.xlsb)")
    if "word/document.xml" in names or b"opendocument.text" in mimetype:
        return LocalName("这是文字文档(Word)", "this is a text document (Word)")
    if "ppt/presentation.xml" in names:
        return LocalName("这是演示文稿(PowerPoint)", "this is a presentation (PowerPoint)")
    return LocalName("这是压缩包，不是工作簿", "this is an archive and no workbook")


def _compound(file: BinaryIO, name: str) -> Book:
    """An OLE file: an old workbook, an encrypted new one, or something else (MS-CFB)."""
    data = file.read()
    file.seek(0)
    if "EncryptedPackage".encode(_UTF16) in data or "EncryptionInfo".encode(_UTF16) in data:
        raise _unreadable(name, "encrypted")
    if "WordDocument".encode(_UTF16) in data:
        raise _unreadable(name, "wrong_format", LocalName("这是文字文档(Word)", "this is a text document (Word)"))
    if "Workbook".encode(_UTF16) not in data and "Book".encode(_UTF16) not in data:
        raise _unreadable(name, "wrong_format")
    return read_xls(data, name)


def _unreadable(name: str, code: str, said: LocalName | None = None) -> Unreadable:
    return Unreadable(Problem(name, 1, "", "", code, in_words(code, said)))
