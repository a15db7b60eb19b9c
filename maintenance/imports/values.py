"""Values out of cells: text, dates, numbers, yes or no, words of a list. All raise ``CellProblem``. Pure."""

import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar

from maintenance.imports.cells import Cell, fold, lost_digits, seen, text_of
from maintenance.imports.nearest import with_nearest
from maintenance.imports.problems import CellProblem
from plantroom.domain.assets import LocalName
from plantroom.domain.wording import counted

T = TypeVar("T")

CLEAR = "（空）"
"""What is written into a cell to empty a field; a blank cell leaves the field as it is."""

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 12, 31)

_CLEARS = frozenset({"(空)", "(清空)", "(none)", "(clear)"})
_NOTHING = re.compile(
    r"[\W_]*(?:(?:无|空|没有|暂无|无需|待定|待补充?|未定|未知|不详|不明|不适用|不涉及|none|n/?a|nil|null|tb[adc]|unknown)[\W_]*)?"
)
_LONGEST_CLEAR, _LONGEST_DAY = 10, 60
_DAY = re.compile(r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})(?:日|号)?")
_ROC_DAY = re.compile(
    r"(?:(?:中华)?民国(?P<year>\d{1,3})|(?P<plain>1\d{2}))(?:-|/|\.|年)(?P<month>\d{1,2})(?:-|/|\.|月)(?P<day>\d{1,2})(?:日|号)?"
)
"""A day with a year of the Republic of China, which it names, or one of three digits, which no other count has."""

_ROC_BEGAN = 1911
_TIME = re.compile(r"(?<=[\d日号])(?:t|\s+)(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?$")
_ENDS_IN_A_ZONE = re.compile(r"^\d{4}-\d{2}-\d{2}[t ].*(?:z|[+-]\d{2}:?\d{0,2})$")
_WHICH_DAY = LocalName(
    "带时区的时刻，在各地不是同一天；请写成站点当地的日期",
    "an instant with a time zone is not the same day everywhere: write the site's local date",
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_TWO_WAYS = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{2}|\d{4})")
_YES = frozenset({"是", "有", "对", "√", "✓", "☑", "y", "yes", "true", "1", "启用"})
_NO = frozenset({"否", "无", "没有", "不", "×", "x", "✗", "☐", "n", "no", "false", "0", "停用"})
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?")
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_BEYOND = 1 << 63
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")


def clears(cell: Cell) -> bool:
    """Whether the cell asks to empty its field."""
    return isinstance(cell, str) and len(cell) <= _LONGEST_CLEAR and cell[:1] in "(（ " and fold(cell) in _CLEARS


def says_nothing(text: str) -> bool:
    """Whether a text stands where there is nothing to say: 无, 待定, N/A, a dash, a slash."""
    return _NOTHING.fullmatch(fold(text)) is not None


def read_text(cell: Cell, most: int = 500) -> str:
    """A text of at most so many characters."""
    text = text_of(cell)
    if len(text) > most:
        said = LocalName(f"内容过长（{len(text)}字，最多{most}）", f"{counted(len(text), 'character')}, at most {most}")
        raise CellProblem("too_long", said)
    return text


def read_code(cell: Cell) -> str:
    """A code as it is written; whole numbers count, dates and what has lost its digits do not."""
    if isinstance(cell, date):
        raise CellProblem("date_as_code")
    if lost_digits(cell):
        raise CellProblem("number_as_code")
    return text_of(cell)


def normal_code(text: str) -> str:
    """The code as people see it: half-width, without invisible characters."""
    return seen(text)


def read_date(cell: Cell) -> date:
    """A day: a spreadsheet's date, 2026-11-28, 2026/11/28, 2026年11月28日, 20261128. The year comes first. A time of
    day behind it is left out, unless it names a time zone, where the day may be another one."""
    if isinstance(cell, datetime):
        return _bounded(cell.date())
    if isinstance(cell, date):
        return _bounded(cell)
    return _day_in(cell) if isinstance(cell, str) else _day_of(fold(text_of(cell)))


@lru_cache(maxsize=4096)
def _day_in(text: str) -> date:
    return _day_of(_TIME.sub("", unicodedata.normalize("NFKC", text).strip().casefold()))


def _day_of(text: str) -> date:
    if len(text) > _LONGEST_DAY:
        raise CellProblem("bad_date")
    bare = re.sub(r"\s*([年月日号/.-])\s*", r"\1", text)
    roc = _roc(text)
    if roc is not None:
        return _bounded(roc)
    found = _DAY.fullmatch(bare) or _COMPACT.fullmatch(bare)
    if found is None and _ENDS_IN_A_ZONE.search(bare) is not None:
        raise CellProblem("bad_date", _WHICH_DAY)
    if found is None:
        other = _TWO_WAYS.fullmatch(bare)
        raise CellProblem("bad_date") if other is None else _year_last(text, other)
    try:
        return _bounded(date(int(found[1]), int(found[2]), int(found[3])))
    except ValueError:
        said = LocalName("没有这一天", "there is no such day")
        raise CellProblem("bad_date", said) from None


def is_roc(cell: Cell) -> bool:
    """Whether a cell has its day with a year of the Republic of China: 民國115年3月1日, 115/03/01."""
    return isinstance(cell, str) and len(cell) <= _LONGEST_DAY and _roc(_TIME.sub("", cell.strip())) is not None


def _roc(text: str) -> date | None:
    found = _ROC_DAY.fullmatch(fold(text))
    if found is None:
        return None
    year = int(found["year"] or found["plain"]) + _ROC_BEGAN
    return _day(year, int(found["month"]), int(found["day"]))


def _year_last(text: str, found: re.Match[str]) -> CellProblem:
    """What is wrong with a date that has its year last, and the days that it may mean."""
    first, second, year = int(found[1]), int(found[2]), int(found[3])
    year += 2000 if len(found[3]) == 2 else 0
    day_first, month_first = _day(year, second, first), _day(year, first, second)
    if day_first is not None and month_first is not None and day_first != month_first:
        zh = f"“{text}”可读作{day_first}（日在前）或{month_first}（月在前）；应为 年-月-日"
        en = f"{text} may be {day_first} (day first) or {month_first} (month first); should be year-month-day"
        return CellProblem("ambiguous_date", LocalName(zh, en))
    day = day_first or month_first
    if day is None:
        zh, en = f"“{text}”不是日期；应为 年-月-日", f"{text} is no day; should be year-month-day"
        return CellProblem("bad_date", LocalName(zh, en))
    zh = f"“{text}”的年份在后，会读作{day}；应为 年-月-日"
    en = f"{text} has its year last and would be read as {day}; should be year-month-day"
    return CellProblem("bad_date", LocalName(zh, en))


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _bounded(day: date) -> date:
    if not FIRST_DAY <= day <= LAST_DAY:
        said = LocalName(f"日期应在{FIRST_DAY}与{LAST_DAY}之间", f"should lie between {FIRST_DAY} and {LAST_DAY}")
        raise CellProblem("out_of_range", said)
    return day


def read_number(cell: Cell, low: float | None = None, high: float | None = None) -> float:
    """A finite number, within bounds where there are any."""
    if isinstance(cell, bool | date):
        raise CellProblem("bad_number")
    if isinstance(cell, int | float):
        value = float(cell)
    else:
        text = "".join(unicodedata.normalize("NFKC", text_of(cell)).casefold().split()).replace("−", "-")
        if _GROUPED.fullmatch(text):
            text = text.replace(",", "")
        if _NUMBER.fullmatch(text) is None:
            raise CellProblem("bad_number")
        value = float(text)
    if not math.isfinite(value):
        raise CellProblem("bad_number")
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = " – ".join(f"{one:g}" for one in (low, high) if one is not None)
        raise CellProblem("out_of_range", LocalName(f"应在 {bounds} 之内", f"should be within {bounds}"))
    return value


def read_whole(cell: Cell, low: int, high: int) -> int:
    """A whole number within bounds."""
    value = read_number(cell, low, high)
    if not value.is_integer():
        raise CellProblem("bad_number", LocalName("应为整数", "should be a whole number"))
    return int(value)


def read_json(text: str) -> Any:
    """The value that a text of JSON means. Raises ``ValueError`` also for what no ledger keeps: NaN and infinity, whole
    numbers beyond 64 bits, halves of characters, U+0000, and what is nested too deep."""
    try:
        found = json.loads(text, parse_int=_whole, parse_constant=_no_number)
        written = json.dumps(found, allow_nan=False, ensure_ascii=False)
    except RecursionError:
        raise ValueError("nested too deep") from None
    written.encode()
    if _NUL.search(written):
        raise ValueError("U+0000")
    return found


def write_json(value: Any) -> str:
    """The value as ``read_json`` takes it. What no ledger keeps, U+0000, becomes U+FFFD."""
    text = json.dumps(value, ensure_ascii=False)
    return _NUL.sub(lambda found: found[0][:-6] + "\N{REPLACEMENT CHARACTER}", text)


def _whole(digits: str) -> int:
    value = int(digits)
    if not -_BEYOND <= value < _BEYOND:
        raise ValueError("beyond 64 bits")
    return value


def _no_number(word: str) -> None:
    raise ValueError(word)


def read_yes_no(cell: Cell) -> bool:
    """是 or 否, yes or no, √ or ×, true or false."""
    if isinstance(cell, bool):
        return cell
    word = fold(text_of(cell))
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise CellProblem("bad_yes_no")


def yes_no(value: bool, language: str) -> str:
    """The word for it."""
    if language == "en":
        return "yes" if value else "no"
    return "是" if value else "否"


@dataclass(frozen=True, slots=True)
class Word:
    """A value's words: those that we write, and others that mean it."""

    zh: str
    hant: str
    en: str
    also: Sequence[str] = ()

    def said(self, language: str) -> str:
        """The word in a language."""
        return {"zh": self.zh, "zh-hant": self.hant}.get(language, self.en)


class Words(Generic[T]):
    """A closed list of values in words. Key, any script and English mean the same; ``code`` is the problem's."""

    def __init__(self, words: Mapping[T, Word], code: str = "unknown_choice", key: Callable[[T], str] = str) -> None:
        self._words = words
        self._code = code
        self._known: dict[str, T] = {}
        for value, word in words.items():
            for text in (key(value), word.zh, word.hant, word.en, *word.also):
                if self._known.setdefault(fold(text), value) != value:
                    raise ValueError(f"{text!r} means two values")

    def find(self, text: str) -> T | None:
        """The value that a text means; ``None``: none."""
        return self._known.get(fold(text))

    def read(self, cell: Cell) -> T:
        """The value of a cell. Raises ``CellProblem`` that lists the words."""
        found = self._known.get(fold(text_of(cell)))
        if found is None:
            said = listed(self._code, self._words.values())
            raise CellProblem(self._code, with_nearest(said, text_of(cell), self._all()))
        return found

    def _all(self) -> Iterator[tuple[str, LocalName]]:
        for word in self._words.values():
            for text in (word.zh, word.en, *word.also):
                yield text, LocalName(word.zh, word.en)

    def said(self, value: T, language: str) -> str:
        """The word that we write."""
        return self._words[value].said(language)

    def choices(self, language: str) -> list[str]:
        """All words, for a drop-down."""
        return [word.said(language) for word in self._words.values()]

    def table(self) -> Mapping[T, Word]:
        """The words by value, for the documentation."""
        return self._words


_LISTED = {
    "unknown_choice": ("没有这个选项；可用", "there is no such choice; there are"),
    "unknown_class": ("不认识的设备类别；可用", "unknown equipment class; there are"),
    "unknown_role": ("没有这个角色；可用", "there is no such role; there are"),
    "unknown_category": ("看不懂的类别；可用", "unknown category; there are"),
}


def listed(code: str, words: object) -> LocalName:
    """What is wrong with the known words behind it."""
    zh, en = _LISTED[code]
    known = [word for word in words if isinstance(word, Word)] if hasattr(words, "__iter__") else []
    return LocalName(f"{zh}：{'、'.join(w.zh for w in known)}", f"{en}: {', '.join(w.en for w in known)}")
