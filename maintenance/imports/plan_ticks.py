"""Columns of a plan table that are ticked: 日, 周, 月, 季, 年 with √ under one, or a grid of the months. Pure."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from maintenance.frequencies import canonical
from maintenance.imports.cells import fold, is_blank, text_of
from maintenance.imports.columns import Column
from maintenance.imports.frequency_months import UNEVEN, YEAR, evenly, in_words, months_of
from maintenance.imports.frequency_plain import plain_of, without_work
from maintenance.imports.frequency_refusals import several
from maintenance.imports.frequency_words import Frequency, read_frequency
from maintenance.imports.plan_counts import left_out
from maintenance.imports.problems import CellProblem, Problems
from maintenance.imports.problems import in_words as message
from maintenance.imports.tables import Row
from maintenance.schedule_words import often_in_words
from maintenance.schedules import BY_INTERVAL
from plantroom.domain.assets import LocalName

FILE = Path(__file__).parent / "data" / "plan_ticks.toml"
_DATA: Mapping[str, Mapping[str, Any]] = tomllib.loads(FILE.read_text(encoding="utf-8"))

TICKED: Sequence[Column] = tuple(
    Column(key, one["zh"], one["zh"], one["zh"], tuple(one["also"])) for key, one in _DATA.items()
)
"""The columns; an export has none of them."""

PERIODS = {key: one["says"] for key, one in _DATA.items() if "says" in one}
"""The columns 日, 周, 月, 季, 年, with how often each says."""

_WORDS = {
    fold(word): one["says"] for key, one in _DATA.items() if "says" in one for word in (one["zh"], *one["also"])
} | {"h": PERIODS["every_half_year"]}
"""How often a word says that stands in a month's column: 季, 半年, Q, H."""

MONTHS = {month: f"month_{month}" for month in range(1, YEAR + 1)}
"""The months' columns."""

_LEAST = 2
_NONE = frozenset({"×", "✗", "✘", "☐", "□", "-", "—", "–", "/", "\\", "无", "否", "0", "n", "no", "不"})
"""What stands in a cell that is not ticked."""

_TICKS = frozenset(
    {
        "√",
        "✓",
        "✔",
        "☑",
        "●",
        "■",
        "◆",
        "○",
        "★",
        "☆",
        "△",
        "▲",
        "◎",
        "◯",
        "〇",
        "x",
        "v",
        "y",
        "yes",
        "是",
        "有",
        "1",
        "ok",
        "r",
        "p",
    }
)
_EVERY_MONTH = frozenset({"每月", "全年", "1-12月", "1~12月", "各月", "每个月", "all", "monthly", *_NONE})
_WRITE = LocalName("请在该行写“周期”，如 每月一次", "write how often in a column Frequency, such as monthly")


def is_ticked(row: Row) -> bool:
    """Whether a row says by ticks how often."""
    return any(_marked(row, key) for key in (*PERIODS, *MONTHS.values())) or bool(row.text("months"))


def ticked_periods(row: Row) -> Mapping[str, str]:
    """The columns 日, 周, 月, 季, 年 that a row has a tick under, with what each says; none where another word stands
    under one of them."""
    marked = {key: says for key, says in PERIODS.items() if _marked(row, key)}
    return marked if all(fold(row.text(key)) in _TICKS for key in marked) else {}


def worded_months(row: Row) -> Mapping[int, str]:
    """The months (1 to 12) in whose columns different words for 半月, 月, 季, 半年, 年 stand, with how often each says;
    none where another mark stands among them."""
    marked = {month: fold(row.text(key)) for month, key in MONTHS.items() if _marked(row, key)}
    if len(set(marked.values())) < _LEAST or not all(mark in _WORDS for mark in marked.values()):
        return {}
    return {month: _WORDS[mark] for month, mark in marked.items()}


def frequency_of_ticks(row: Row) -> Frequency | None:
    """How often, by the ticks alone; ``None`` without any. Raises ``CellProblem``."""
    periods = [key for key in PERIODS if _marked(row, key)]
    for key in periods:
        if fold(row.text(key)) not in _TICKS:
            raise CellProblem("unknown_frequency", _not_a_tick(row, key))
    if len(periods) > 1:
        known = [read_frequency(PERIODS[key]) for key in periods]
        raise several([often_in_words(one.interval, one.schedule) for one in known])
    months = _months(row)
    found = read_frequency(PERIODS[periods[0]]) if periods else None
    if found is not None or not months:
        return None if found is None else with_months_of(found, months)
    every = evenly(months)
    if every is None:
        raise CellProblem("frequency_is_a_date", UNEVEN)
    return Frequency(every, read_as=True, months=() if len(months) == YEAR else months)


def with_months_of(found: Frequency, months: Sequence[int]) -> Frequency | None:
    """A frequency that begins in months beside it; ``None`` where the two do not go together."""
    every = evenly(months) if months else None
    if not months:
        return found
    if every is None or found.schedule != BY_INTERVAL or canonical(every) != canonical(found.interval):
        return None
    return replace(found, read_as=True, months=() if len(months) == YEAR else months)


def with_ticks(row: Row, found: Frequency, problems: Problems) -> Frequency:
    """A row's frequency with the months that are ticked beside it; where these, or ticks under 日, 月, 季, do not go
    with it, a warning says that they are left out."""
    for key in PERIODS:
        if _marked(row, key) and not _says_the_same(row, key, found):
            said = left_out(f"{row.heading(key)} {row.text(key)}", found)
            problems.warn(row.problem(key, "beside_frequency", message("beside_frequency", said)))
    try:
        months = _months(row)
    except CellProblem as problem:
        said = LocalName(f"{problem.said.zh}；未采用", f"{problem.said.en}; not taken over")
        problems.warn(row.problem(column_of(row), "months_ignored", message("months_ignored", said)))
        return found
    if not months and row.text("months") and fold(row.text("months")) not in _EVERY_MONTH:
        problems.warn(row.problem("months", "months_ignored"))
    if not months or found.months:
        return found
    both = with_months_of(found, months)
    if both is not None:
        return both
    named, said = in_words(months), often_in_words(found.interval, found.schedule)
    left = LocalName(
        f"标记的月份（{named.zh}）与周期“{said.zh}”不一致，未采用",
        f"the months that are ticked ({named.en}) do not go with the frequency ({said.en}): they were not taken over",
    )
    problems.warn(row.problem("frequency", "months_ignored", message("months_ignored", left)))
    return found


def _says_the_same(row: Row, key: str, found: Frequency) -> bool:
    of = read_frequency(PERIODS[key])
    return fold(row.text(key)) in _TICKS and canonical(of.interval) == canonical(found.interval)


def column_of(row: Row) -> str:
    """The column that a problem with the ticks is told of."""
    return next((key for key in (*PERIODS, *MONTHS.values()) if _marked(row, key)), "months")


def _months(row: Row) -> Sequence[int]:
    named = row.text("months")
    if named:
        return months_of(without_work(plain_of(named)), alone=True) or _plain(named)
    ticked = [month for month, key in MONTHS.items() if _marked(row, key)]
    marks = {fold(row.text(f"month_{month}")) for month in ticked}
    several = next((one for one in sorted(marks) if _SEVERAL.fullmatch(one)), None)
    if several is not None:
        raise CellProblem("unknown_frequency", _several_times(several))
    if len(marks) > 1 and not marks <= _TICKS:
        raise CellProblem("unknown_frequency", _not_alike(sorted(marks)))
    return tuple(ticked)


def _plain(text: str) -> Sequence[int]:
    """Months as plain numbers: 3, 6、12."""
    parts = [one for one in fold(text).replace("、", ",").replace(";", ",").split(",") if one]
    if not parts or not all(one.isdecimal() and 1 <= int(one) <= YEAR for one in parts):
        return ()
    return tuple(sorted({int(one) for one in parts}))


def _marked(row: Row, key: str) -> bool:
    cell = row.cells.get(key)
    return not is_blank(cell) and fold(text_of(cell)) not in _NONE


def _not_a_tick(row: Row, key: str) -> LocalName:
    said = row.text(key)
    return LocalName(f"“{said}”不是勾选标记；{_WRITE.zh}", f"“{said}” is no tick; {_WRITE.en}")


_MARK = re.escape("".join(sorted(one for one in _TICKS if len(one) == 1 and one != "1")))
_SEVERAL = re.compile(f"([{_MARK}])\\1+|[02-9]次?|[1-9][0-9]+次?")
"""A mark several times in one cell, or a number of times."""


def _several_times(mark: str) -> LocalName:
    return LocalName(
        f"一格里的“{mark}”可能是该月做几次，含义不明；{_WRITE.zh}",
        f"“{mark}” in one cell may be several times in that month; {_WRITE.en}",
    )


def _not_alike(marks: Sequence[str]) -> LocalName:
    zh, en = "、".join(marks), ", ".join(marks)
    return LocalName(
        f"各月的标记不同（{zh}），含义不明；请把不同的工作分行填写，并写明“周期”",
        f"the months are marked differently ({en}): write a line with its frequency for each kind of work",
    )
