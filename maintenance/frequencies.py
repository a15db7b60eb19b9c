"""Frequencies as plan tables write them, in Chinese (both scripts), English and ISO 8601. Pure."""

import re
import unicodedata

from maintenance.plan import Interval, IntervalUnit

_DIGITS = {"一": 1, "二": 2, "两": 2, "兩": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_UNITS = {
    "小时": (1, IntervalUnit.HOUR),
    "日": (1, IntervalUnit.DAY),
    "天": (1, IntervalUnit.DAY),
    "周": (1, IntervalUnit.WEEK),
    "星期": (1, IntervalUnit.WEEK),
    "月": (1, IntervalUnit.MONTH),
    "季": (3, IntervalUnit.MONTH),
    "季度": (3, IntervalUnit.MONTH),
    "年": (1, IntervalUnit.YEAR),
    "hour": (1, IntervalUnit.HOUR),
    "day": (1, IntervalUnit.DAY),
    "week": (1, IntervalUnit.WEEK),
    "month": (1, IntervalUnit.MONTH),
    "quarter": (3, IntervalUnit.MONTH),
    "year": (1, IntervalUnit.YEAR),
}
_HALVES = {
    "月": Interval(15, IntervalUnit.DAY),
    "年": Interval(6, IntervalUnit.MONTH),
    "month": Interval(15, IntervalUnit.DAY),
    "year": Interval(6, IntervalUnit.MONTH),
}
WORDS = {
    "hourly": Interval(1, IntervalUnit.HOUR),
    "daily": Interval(1, IntervalUnit.DAY),
    "weekly": Interval(1, IntervalUnit.WEEK),
    "fortnightly": Interval(2, IntervalUnit.WEEK),
    "monthly": Interval(1, IntervalUnit.MONTH),
    "quarterly": Interval(3, IntervalUnit.MONTH),
    "yearly": Interval(1, IntervalUnit.YEAR),
    "annually": Interval(1, IntervalUnit.YEAR),
    "annual": Interval(1, IntervalUnit.YEAR),
    "halfyearly": Interval(6, IntervalUnit.MONTH),
    "semiannually": Interval(6, IntervalUnit.MONTH),
    "semiannual": Interval(6, IntervalUnit.MONTH),
    "halfmonthly": Interval(15, IntervalUnit.DAY),
    "半月": Interval(15, IntervalUnit.DAY),
    "半年": Interval(6, IntervalUnit.MONTH),
}
"""Words that are a frequency by themselves."""

_CN = re.compile(
    r"每?([0-9]+|[一二两兩三四五六七八九十]+)?(半)?个?(小时|日|天|周|星期|月|季度|季|年)度?(?:(?:至少)?(?:进行)?一次)?"
)
_EN = re.compile(r"(?:once|onetime)?(?:every|each|per|an|a)?([0-9]+)?(half)?-?(hour|day|week|month|quarter|year)s?")
_ISO = re.compile(r"pt?([0-9]+)([hdwmy])")
_ISO_UNITS = {
    "h": IntervalUnit.HOUR,
    "d": IntervalUnit.DAY,
    "w": IntervalUnit.WEEK,
    "m": IntervalUnit.MONTH,
    "y": IntervalUnit.YEAR,
}
_PARTED = re.compile(r"[0-9][.-][0-9]|[0-9],(?![0-9]{3}(?![0-9]))[0-9]|(?<![0-9a-z])-[0-9]")
"""A number that is no whole one, a range, one below nothing: without its mark it would be another number."""

_TRADITIONAL = str.maketrans({"個": "个", "週": "周", "時": "时", "進": "进", "兩": "两"})


def parse_frequency(text: str) -> Interval | None:
    """The interval a phrase means, or ``None`` when nobody can tell: 每月一次, 每季度一次, 每半年, 每15天, 半月,
    每两周一次, weekly, once a month, every 3 months, P3M. Half a month is 15 days (the law's count)."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_TRADITIONAL)
    if _PARTED.search(plain):
        return None
    plain = re.sub(r"[\s_\-,。.,]+", "", plain)
    plain = plain.removeprefix("至少")
    if plain in WORDS:
        return WORDS[plain]
    iso = _ISO.fullmatch(plain)
    if iso is not None:
        return _iso(plain, int(iso[1]), iso[2])
    return _chinese(plain) or _english(plain)


def canonical(interval: Interval) -> tuple[int, str]:
    """One form for equal intervals: days for weeks, months for years."""
    if interval.unit is IntervalUnit.WEEK:
        return interval.every * 7, "day"
    if interval.unit is IntervalUnit.YEAR:
        return interval.every * 12, "month"
    return interval.every, interval.unit.value


def _iso(plain: str, count: int, unit: str) -> Interval | None:
    is_time = plain.startswith("pt")
    if count < 1 or is_time != (unit == "h"):
        return None
    return Interval(count, _ISO_UNITS[unit])


def _chinese(plain: str) -> Interval | None:
    found = _CN.fullmatch(plain)
    if found is None:
        return None
    count, half, unit = found.groups()
    if not plain.startswith("每") and count is None and half is None:
        return None
    if half is not None:
        return _HALVES.get(unit) if count in (None, "一") else None
    return _counted(number_of(count), unit)


def _english(plain: str) -> Interval | None:
    found = _EN.fullmatch(plain)
    if found is None or plain in _UNITS:
        return None
    count, half, unit = found.groups()
    if half is not None:
        return _HALVES.get(unit) if count is None else None
    return _counted(int(count) if count else 1, unit)


def _counted(count: int | None, unit: str) -> Interval | None:
    if count is None or not 1 <= count <= 3650:
        return None
    factor, base = _UNITS[unit]
    return Interval(count * factor, base)


def number_of(text: str | None) -> int | None:
    """What digits or a Chinese number below a thousand mean; nothing means one, ``None``: no number."""
    if text is None:
        return 1
    if text.isdecimal():
        return int(text)
    hundreds, has_hundred, rest = text.partition("百")
    if has_hundred:
        high, below = _DIGITS.get(hundreds), number_of(rest) if rest else 0
        return None if high is None or below is None or below >= 100 else high * 100 + below
    tens, has_ten, ones = text.partition("十")
    if not has_ten:
        return _DIGITS.get(text)
    high = _DIGITS.get(tens) if tens else 1
    low = _DIGITS.get(ones) if ones else 0
    return None if high is None or low is None else high * 10 + low
