"""A frequency whose number, unit and times stand in columns of their own, or in its heading. Pure."""

import re
from dataclasses import replace

from maintenance.frequencies import canonical, number_of
from maintenance.imports.cells import fold
from maintenance.imports.columns import remark
from maintenance.imports.frequency_intervals import UNITS
from maintenance.imports.frequency_months import YEAR
from maintenance.imports.frequency_plain import NUMBER, plain_of
from maintenance.imports.frequency_words import Frequency, frequency_or_none, read_frequency
from maintenance.imports.problems import CellProblem, Problems, in_words
from maintenance.imports.tables import Row
from maintenance.intervals import IntervalUnit
from maintenance.schedule_words import often_in_words
from plantroom.domain.assets import LocalName

_NUMBER = re.compile(r"[0-9]{1,3}")
_TIMES = re.compile(f"({NUMBER})(?:次|回|遍|times?|x)")
_COUNT = re.compile(f"({NUMBER})(?:次|回|遍|times?|x)?")
_UNIT = "年|季|月|周|日|天|annum|year|yr|quarter|qtr|month|week|day"
_PER = re.compile(
    f"(?:每|^)(?P<a>{_UNIT})度?(?:维护|保养|检查)?(?:频次|次数)|(?:频次|频率|次数?)(?:/|每)(?P<b>{_UNIT})|"
    f"(?:times|visits|freq(?:uency|[.])?)(?:/|per|a)(?P<c>{_UNIT})"
)
"""Headings under which a number is times in a unit: 每年次数, 频次/年, times per year."""

_HOW_LONG = re.compile("周期|间隔|interval|cycle|period(?!ic)")
"""Headings under which a number is so many units: 周期（年） is every so many years."""

_ALWAYS_UNITS = frozenset({"日", "小时", "时", "钟头", "hour", "hr", "h"})
_HALF_A_YEAR = 6
"""In months."""

_EACH = ("日", "周", "月", "季", "年")


def read_beside(row: Row, problems: Problems) -> Frequency:
    """How often by the frequency's cell and what stands beside it: the unit of a number, how many times in a unit. What
    does not go with the cell is left out with a warning. Raises ``CellProblem``, also for a number under 频次 that may
    be times as well as units: 2 with 年 in its own column. With 年 in the heading it is times, with another unit so
    many of these, with a warning that has both; one of the two that is no whole interval is no reading to choose
    instead, so such a number is refused, but for days and for half and whole years in months. A number with 次 is times
    in the unit."""
    text, heading = row.text("frequency"), row.heading("frequency")
    number = _NUMBER.fullmatch(fold(text))
    own, times = row.text("frequency_unit"), row.text("frequency_times")
    per = _PER.search(_without_remark(fold(heading)))
    if number is not None and not own and per is not None:
        return read_frequency(f"{text}次/{_cn(next(one for one in per.groups() if one))}")
    unit = own or _said_in(heading)
    many = _many_times(text, per, own or remark(heading))
    if many:
        return read_frequency(many)
    if number is not None and _unit(unit) is not None:
        return _numbered(int(number[0]), unit, fold(heading), has_column=bool(own))
    found = _with_times(row, text, times, unit, problems) if times else read_frequency(text, unit)
    if own and number is None and not _goes_with(found, own):
        _leave_out(row, "frequency_unit", own, found, problems)
    return found


def _numbered(count: int, unit: str, heading: str, *, has_column: bool) -> Frequency:
    """A number of 1 and more with a unit beside it or in its heading."""
    bare = _unit(unit) or unit
    if heading.startswith(("次数", "times")):
        return read_frequency(f"{count}次/{bare}")
    if has_column and count > 1 and "次" in heading:
        zh = f"可能是每{count}{_of(unit)}一次，也可能是每{bare}{count}次"
        en = f"this may be every {count} of the unit ({unit}) or {count} times in one"
        raise CellProblem("ambiguous_frequency", LocalName(zh, en))
    so_many = read_frequency(str(count), unit)
    if has_column or count == 1 or _HOW_LONG.search(heading) or fold(unit).endswith("s"):
        return so_many
    in_one = frequency_or_none(f"{count}次/{_cn(bare)}")
    if in_one is not None:
        return _in_doubt(in_one, so_many) if _cn(bare) == "年" else _in_doubt(so_many, in_one)
    if _is_sure(count, _cn(bare)):
        return so_many
    often = often_in_words(so_many.interval, so_many.schedule)
    said = LocalName(
        f"可能是{often.zh}，也可能是每{_cn(bare)}{count}次；表示间隔请将表头改为“周期（{_cn(bare)}）”",
        f"this may be {often.en} or {count} times a {_EN.get(_cn(bare), unit)}: "
        "for an interval head the column Interval",
    )
    raise CellProblem("ambiguous_frequency", said)


def _is_sure(count: int, unit: str) -> bool:
    """Whether nobody means so many times in a unit: 30 times a day, 12 times a month."""
    return unit in _ALWAYS_UNITS or (unit == "月" and (count == _HALF_A_YEAR or count % YEAR == 0))


def _many_times(text: str, per: re.Match[str] | None, unit: str) -> str:
    """A number with 次 (2次, 2x) as so many times in the unit of the heading or its own column; else empty."""
    found = _TIMES.fullmatch(plain_of(text))
    headed = next((one for one in per.groups() if one), "") if per is not None else ""
    within = _unit(headed or re.sub("^(?:次|times)?(?:/|per|每)?", "", fold(unit)))
    return "" if found is None or within is None else f"{found[1]}次/{_cn(within)}"


def _in_doubt(found: Frequency, other: Frequency) -> Frequency:
    return replace(found, read_as=True, doubt=often_in_words(other.interval, other.schedule))


def _with_times(row: Row, text: str, times: str, unit: str, problems: Problems) -> Frequency:
    """A frequency beside how many times: 年 with 2 is twice a year, 每月一次 with 2 contradicts itself."""
    found = _COUNT.fullmatch(plain_of(times))
    count = number_of(found[1]) if found is not None else None
    within = _unit(text.removeprefix("每"))
    if within is not None and count is not None and count > 1:
        shared = frequency_or_none(f"{count}次/{within}")
        if shared is not None:
            return replace(shared, read_as=shared.read_as or text.startswith("每"))
        alone = read_frequency(text, unit)
        if not _comes_to(alone, count):
            return read_frequency(f"{count}次/{within}")  # raises what is wrong with it
        return replace(alone, read_as=True)
    alone = read_frequency(text, unit)
    said = frequency_or_none(times) if count is None else None
    if said is not None and within is not None and f"/{within}" in fold(times):
        return replace(said, read_as=True)
    same = said is not None and canonical(said.interval) == canonical(alone.interval)
    if not same and count != 1 and (count is None or not _comes_to(alone, count)):
        _leave_out(row, "frequency_times", times, alone, problems)
    return alone


def _comes_to(found: Frequency, count: int) -> bool:
    """Whether it is so many times in one of the usual units: monthly is 12 times (a year)."""
    ways = (frequency_or_none(f"{count}次/{unit}") for unit in _EACH)
    return any(one is not None and canonical(one.interval) == canonical(found.interval) for one in ways)


def _goes_with(found: Frequency, unit: str) -> bool:
    """Whether a frequency in words is so many of the unit in its own column; a word that is no unit says nothing."""
    bare = _unit(unit)
    if bare is None:
        return True
    every, of = canonical(found.interval)
    count, base = canonical(read_frequency("1", bare).interval)
    return of == base and every % count == 0


def _leave_out(row: Row, key: str, said: str, found: Frequency, problems: Problems) -> None:
    problems.warn(row.problem(key, "beside_frequency", in_words("beside_frequency", left_out(said, found))))


def left_out(said: str, found: Frequency) -> LocalName:
    """What is told of a cell beside the frequency that says otherwise."""
    often = often_in_words(found.interval, found.schedule)
    return LocalName(
        f"“{said}”与周期“{often.zh}”不一致，按周期安排，“{said}”未采用",
        f"{said} does not go with the frequency ({often.en}), which counts: {said} was not taken over",
    )


def _said_in(heading: str) -> str:
    """The unit in a heading's brackets; （每年）, (per year) and (/年) as times in one."""
    said = fold(remark(heading))
    found = re.fullmatch(f"(?:times)?(?:per|/|每)(?P<unit>{_UNIT})度?", said)
    if found is None or (_HOW_LONG.search(fold(heading)) and not said.startswith("times")):
        return remark(heading)
    return f"次/{_cn(found['unit'])}"


def _without_remark(folded: str) -> str:
    return re.sub(r"[(\[【][^)\]】]*[)\]】]", "", folded)


_CN = {
    (1, IntervalUnit.YEAR): "年", (3, IntervalUnit.MONTH): "季", (1, IntervalUnit.MONTH): "月",
    (1, IntervalUnit.WEEK): "周", (1, IntervalUnit.DAY): "日",
}  # fmt: skip
_EN = {"年": "year", "季": "quarter", "月": "month", "周": "week"}


def _cn(unit: str) -> str:
    return _CN.get(UNITS.get(_unit(unit) or "", (0, IntervalUnit.DAY)), unit)


def _unit(text: str) -> str | None:
    """A bare unit (年, 每月, 季度, years), as it stands behind 次/; ``None``: it is none."""
    bare = fold(text).removeprefix("每").removeprefix("个")
    return next((one for one in (bare, bare.removesuffix("s"), bare.removesuffix("度")) if one in UNITS), None)


def _of(unit: str) -> str:
    named = _unit(unit) or unit
    return f"个{named}" if named in ("月", "季", "季度") else named
