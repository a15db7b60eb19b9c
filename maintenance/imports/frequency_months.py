"""Months in which work falls each year, as an interval that begins in the first of them: 每年3月、9月 is every six
months from March on, 每季末月 quarterly from March on. Pure."""

import re
from collections.abc import Sequence
from datetime import date

from maintenance.frequencies import number_of
from maintenance.imports.frequency_plain import WORK
from maintenance.intervals import Interval, IntervalUnit
from plantroom.domain.assets import LocalName

YEAR = 12
_EARLIEST = 2000
"""The year that a first month is taken in where nobody knows the day."""

_EN = (
    "jan(?:uary)?", "feb(?:ruary)?", "mar(?:ch)?", "apr(?:il)?", "may", "june?", "july?", "aug(?:ust)?",
    "sept?(?:ember)?", "oct(?:ober)?", "nov(?:ember)?", "dec(?:ember)?",
)  # fmt: skip
_EN_ONE = "|".join(_EN)
_CN_ONE = "1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九]"
_JOINT = f"(?:[、,&;；.{WORK}]+|(?<=[月份4])/|(?<=度)/)"
_ONCE = f"(?:各?{WORK}?(?:各?(?:一次|1次))?{WORK}?)"
_MONTHS = re.compile(
    rf"(?P<yearly>(?:每|一)年度?(?:{WORK}|一次|1次|的|各)*(?:于|在)?[,:]?)?"
    rf"(?P<months>(?:{_CN_ONE})月?份?(?:{_JOINT}(?:{_CN_ONE})月?份?)*)(?<=[月份]){_ONCE}"
)
_MONTHS_EN = re.compile(
    rf"(?:every|each|in|annually|yearly|annual|onceayear|,|each?year|everyyear|per|year)*"
    rf"(?P<months>(?:{_EN_ONE})(?:(?:[,;&/]|and)+(?:{_EN_ONE}))*)"
)
_QUARTERS = re.compile(
    rf"(?P<yearly>(?:每|一)年的?)?(?P<all>(?:q[1-4]|第?[一二三四1-4]季度?|第[一二三四1-4](?=[、,和及与]))"
    rf"(?:{_JOINT}(?:q[1-4]|第?[一二三四1-4](?:季度?)?))*){_ONCE}"
)
_ALL_QUARTERS = re.compile(r"q1(?:-|~|–|—|to|至|到)q4")
_A_QUARTER = re.compile(f"[一1]季|[一1]季度?{WORK}*(?:一次|1次|{WORK})+|[一1]季度?各?(?:一次|1次)")
"""Once in a quarter, not in the first one."""

_ALL_SEASONS = re.compile(rf"(?:(?:每|一)年的?)?四季{_ONCE}")
"""Each season, or all the year round: not the fourth quarter."""

_OF_A_QUARTER = re.compile(rf"每?个?季度?的?第?(?P<which>首|初|末|最后一?|一|1|二|2|中间?|三|3)个?月份?{_ONCE}")
_WHICH = {"首": 1, "初": 1, "一": 1, "1": 1, "二": 2, "2": 2, "中": 2, "中间": 2}
_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

_LONE = re.compile(rf"(?P<month>{_CN_ONE})月{WORK}?")


def either_month(said: str) -> LocalName | None:
    """What a lone 3月 may be: March, or three months; ``None``: it is none."""
    found = _LONE.fullmatch(said)
    month = number_of(found["month"]) if found is not None else None
    if month is None:
        return None
    return LocalName(
        f"可能是每年{month}月，也可能是每{month}个月；请写“每年{month}月”或“每{month}个月”",
        f"this may be each {_NAMES[month - 1]} or every {month} months",
    )


UNEVEN = LocalName(
    "所列月份之间的间隔不相等，请每个月份各填一行：每年一次，起算日期填该月",
    "the months are not equally far apart: write a line for each, yearly, with its month as the start date",
)


def months_of(said: str, *, alone: bool = False) -> Sequence[int] | None:
    """The months that a text without the words of the work names; ``None``: it names none. A lone 3月 may as well be
    three months, so it counts where the text beside it says how often (``alone``)."""
    found = _OF_A_QUARTER.fullmatch(said)
    if found is not None:
        first = _WHICH.get(found["which"], 3)
        return tuple(range(first, YEAR + 1, 3))
    if _ALL_QUARTERS.fullmatch(said):
        return (1, 4, 7, 10)
    found = _QUARTERS.fullmatch(said)
    if found is not None and not _A_QUARTER.fullmatch(said) and not _ALL_SEASONS.fullmatch(said):
        numbers = [number_of(one) for one in re.findall("[一二三四1-4]", found["all"])]
        return _sorted([(one or 1) * 3 - 2 for one in numbers])
    found = _MONTHS.fullmatch(said)
    if found is not None:
        named = [number_of(one) for one in re.findall(_CN_ONE, found["months"])]
        clear = found["yearly"] or len(named) > 1 or found["months"].endswith("份")
        return _sorted([one or 1 for one in named]) if clear or alone else None
    found = _MONTHS_EN.fullmatch(said)
    if found is None:
        return None
    parts = [next(n for n, one in enumerate(_EN, 1) if re.fullmatch(one, name)) for name in _english(found["months"])]
    return _sorted(parts)


def _english(text: str) -> list[str]:
    return re.findall(_EN_ONE, text)


def _sorted(months: Sequence[int]) -> Sequence[int]:
    return tuple(sorted(set(months)))


def evenly(months: Sequence[int]) -> Interval | None:
    """The interval between months that come each year; ``None`` where they are not equally far apart."""
    apart = {(after - before) % YEAR or YEAR for before, after in zip(months, [*months[1:], months[0]], strict=True)}
    if len(apart) != 1:
        return None
    every = apart.pop()
    return Interval(1, IntervalUnit.YEAR) if every == YEAR else Interval(every, IntervalUnit.MONTH)


def first_day(months: Sequence[int], today: date, day: int = 1) -> date:
    """The day that a row counts from whose work falls in these months: that day of the first one in this year."""
    return date(max(today.year, _EARLIEST), months[0], day)


def falls_in(anchor: date | None, months: Sequence[int]) -> bool:
    """Whether a row's own first day lies in these months already."""
    return anchor is not None and anchor.month in months


def in_words(months: Sequence[int]) -> LocalName:
    """The months in words."""
    zh = "、".join(f"{one}月" for one in months)
    return LocalName(zh, ", ".join(_NAMES[one - 1] for one in months))
