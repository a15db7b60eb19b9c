"""Section titles between the rows of a table: 一、消防系统 above its lines. Pure."""

import re
from collections.abc import Sequence

from maintenance.imports.cells import Cell, is_blank, text_of

_LONGEST = 40
_MARK = re.compile(
    r"^\s*(?:第?[一二三四五六七八九十]{1,3}[、.．,，:：]|第[一二三四五六七八九十0-9]{1,3}(?:部分|章|节|项|类)[、.．:：]?|"
    r"[(（][一二三四五六七八九十0-9]{1,3}[)）]|[0-9]{1,2}(?:[、.．)）]|\s(?=\S))|[A-Za-z](?:[、.．)）:：]|\s(?=[^A-Za-z]))|"
    r"(?:section|part)\s*[0-9A-Za-z]{1,3}\s*[:：.-]?|[IVX]{1,4}[.、])\s*",
    re.IGNORECASE,
)
_CHAPTER = re.compile(
    r"^\s*(?:[一二三四五六七八九十]{1,3}、|[(（][一二三四五六七八九十]{1,3}[)）]|第[一二三四五六七八九十]{1,3}(?:部分|章|节))"
)
_AFTER = re.compile(r"\s*(?:[(（](?:共|合计)?[0-9]+(?:项|条|台)?[)）]|[:：])\s*$")


def title_of(cells: Sequence[Cell]) -> str | None:
    """The title that a row may be: the only text in it, without its list mark; ``None``: it has others."""
    filled = [cell for cell in cells if not is_blank(cell)]
    if len(filled) != 1 or not isinstance(filled[0], str) or len(filled[0]) > _LONGEST:
        return None
    return bare_title(text_of(filled[0])) or None


def has_mark(text: str) -> bool:
    """Whether a list mark stands before a text."""
    return _MARK.match(text) is not None


def is_numbered(text: str) -> bool:
    """Whether a text has the mark of a chapter: 一、 or （一） or 第一部分."""
    return _CHAPTER.match(text) is not None


def bare_title(text: str) -> str:
    """A title without its list mark and what counts its lines."""
    return _AFTER.sub("", _MARK.sub("", text)).strip()
