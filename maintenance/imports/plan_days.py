"""The first day of a line where people write words for it: 2026年3月, 每月1日, 3月 under 计划实施时间. Pure.

Only below the headings that are ``free`` in the data: what is no day there is told and left out. What is written as a
day and is none (2026-02-30), or may be two (03/04/2026), is refused as everywhere.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date

from maintenance.frequencies import number_of
from maintenance.imports.cells import Cell, text_of
from maintenance.imports.frequency_months import YEAR, in_words, months_of
from maintenance.imports.frequency_plain import plain_of, without_work
from maintenance.imports.frequency_words import Frequency
from maintenance.imports.plan_columns import HEADINGS
from maintenance.imports.plan_ticks import with_months_of
from maintenance.imports.problems import CellProblem, Problem, Problems, shown
from maintenance.imports.problems import in_words as message
from maintenance.imports.tables import Row
from maintenance.imports.values import FIRST_DAY, LAST_DAY, clears, read_date
from maintenance.schedule_words import often_in_words
from plantroom.domain.assets import LocalName

_KEY = "anchor"
_LONGEST = 60
_NO_LEAP_YEAR = 2001
_LEAP_DAY = (2, 29)
_A_DAY = re.compile(
    r"\D*\d{1,4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,4}\s*[日号]?(?:t|\s|$).*", re.IGNORECASE | re.DOTALL
)
"""What is written as a day, by three numbers."""

_MONTH = re.compile(r"(\d{4})(?:年|-|/|\.)(\d{1,2})(?:月份?)?(?:初|开始|起)?")
_DAY = re.compile(r"(?P<rest>.*(?:月份?|末|初))的?第?(?P<day>\d{1,2}|[一二三四五六七八九十]{1,3})(?:日|号)")
_EACH_MONTH = re.compile("(?:每个?|各)月份?")


def without_words(row: Row, found: Frequency | None, problems: Problems) -> tuple[Frequency | None, int]:
    """The line's frequency with the months, and the day in them (0: none), that words in its column of the first day
    name. A month of a year becomes the day in the row's cell; what cannot be taken leaves it. Each has a warning."""
    cell = row.cells.get(_KEY)
    if cell is None or clears(cell) or not HEADINGS.is_free(_KEY, row.heading(_KEY)):
        return found, 0
    try:
        read_date(cell)
    except CellProblem as problem:
        if isinstance(cell, date) or _A_DAY.fullmatch(unicodedata.normalize("NFKC", text_of(cell)).strip()):
            return found, 0
        why = problem.said
    else:
        return found, 0
    return _in_words(row, cell, found, why, problems)


def _in_words(
    row: Row, cell: Cell, found: Frequency | None, why: LocalName | None, problems: Problems
) -> tuple[Frequency | None, int]:
    text = text_of(cell)
    first = _first_of(text)
    row.written[_KEY] = cell
    row.cells = {key: one for key, one in row.cells.items() if key != _KEY}
    if first is not None:
        row.cells = {**row.cells, _KEY: first}
        problems.warn(_read_as(row, LocalName(f"“{text}”按{first}理解", f"{text} was read as {first}")))
        return found, 0
    months, day = _months(text)
    if months and day and not _is_in(day, months[0]):
        left = message("date_ignored", _no_such_day(text, day, months[0]))
        problems.warn(row.problem(_KEY, "date_ignored", left))
        return found, 0
    both = None
    if found is not None and months and tuple(found.months) in ((), tuple(months)):
        both = with_months_of(found, months)
    if both is None:
        left = message("date_ignored", _left_out(text, found if months else None, why))
        problems.warn(row.problem(_KEY, "date_ignored", left))
        return found, 0
    problems.warn(_read_as(row, _counted_from(text, months, day or 1)))
    return both, day or (1 if len(months) == YEAR else 0)


def _first_of(text: str) -> date | None:
    """The first day of the month of a year that a text names."""
    found = _MONTH.fullmatch(plain_of(text))
    if found is None or not 1 <= int(found[2]) <= YEAR:
        return None
    if not FIRST_DAY.year <= int(found[1]) <= LAST_DAY.year:
        return None
    return date(int(found[1]), int(found[2]), 1)


def _months(text: str) -> tuple[Sequence[int], int]:
    """The months that a text names, and the day in them; none and 0 where it names no such."""
    plain = plain_of(text) if len(text) <= _LONGEST else ""
    found = _DAY.fullmatch(plain)
    rest, day = (found["rest"], number_of(found["day"]) or 0) if found is not None else (plain, 0)
    if found is not None and _EACH_MONTH.fullmatch(rest):
        return tuple(range(1, YEAR + 1)), day
    return months_of(without_work(rest), alone=True) or (), day


def _is_in(day: int, month: int) -> bool:
    """Whether a month of every year has a day of that number."""
    try:
        date(_NO_LEAP_YEAR, month, day)
    except ValueError:
        return False
    return True


def _no_such_day(text: str, day: int, month: int) -> LocalName:
    """What is said of a day that not every year has."""
    if (month, day) == _LEAP_DAY:
        return LocalName(
            f"“{text}”不是每年都有，未采用；请写2月28日或3月1日", f"{text} is not there every year and was left out: "
            "write 28 February or 1 March"
        )  # fmt: skip
    return LocalName(f"没有“{text}”这一天，未采用", f"there is no such day as {text}: left out")


def _counted_from(text: str, months: Sequence[int], day: int) -> LocalName:
    if len(months) == YEAR:
        return LocalName(f"“{text}”按“每月{day}日”理解", f"{text} was read as: day {day} of each month")
    named = in_words(months)
    return LocalName(
        f"“{text}”按“自{named.zh}起算，每次为{day}日”理解", f"{text} was read as: counted from {named.en}, day {day}"
    )


def _read_as(row: Row, said: LocalName) -> Problem:
    return row.problem(_KEY, "date_read_as", message("date_read_as", said))


def _left_out(text: str, found: Frequency | None, why: LocalName | None) -> LocalName:
    """Why words are left out: they do not go with the frequency (``found``), or are no day."""
    zh, en = shown(text), shown(text)
    if found is not None:
        often = often_in_words(found.interval, found.schedule)
        return LocalName(
            f"“{zh}”与周期“{often.zh}”不一致，未采用", f"{en} does not go with the frequency ({often.en}): left out"
        )
    because = why or LocalName("不是日期", "is no day")
    return LocalName(f"“{zh}”未采用：{because.zh}", f"{en} was left out: {because.en}")
