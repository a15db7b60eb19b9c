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


_OF_A_TABLE = re.compile(
    r"(?:(?:19|20)[0-9]{2}年?度?|[0-9]{3}年度?|年度|月度|季度|全年|日常|定期|预防性|維護|维护|保养|保養|维保|維保|检修|檢修|巡检|巡檢|检查|檢查|"
    r"工作|作业|作業|计划|計劃|計畫|安排|方案|标准|標準|内容|內容|项目|項目|周期|週期|频次|频率|一览|一覽|清单|清單|明细|汇总|记录|記錄|及|与|和|表|"
    r"(?:preventive|planned|annual|yearly)?\s*(?:maintenance|pm|ppm|service)?\s*(?:plan|schedule|programme|program|list)\b)+\s*$",
    re.IGNORECASE,
)
_YEAR = re.compile(r"^\s*(?:(?:19|20)[0-9]{2}\s*年?度?|[0-9]{3}\s*年度?)\s*")


def table_title(text: str) -> str:
    """What the title of a table is about: 空调系统 of 2027年度空调系统维护保养计划表."""
    return _OF_A_TABLE.sub("", _YEAR.sub("", bare_title(text))).strip(" -—_:：")


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
