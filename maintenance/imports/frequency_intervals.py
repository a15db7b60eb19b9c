"""An interval in the words of plan tables: Chinese, English, ISO 8601, iCalendar, the codes of facilities management.
Pure."""

import re

from maintenance.frequencies import WORDS, number_of
from maintenance.imports.frequency_plain import NUMBER, WORK
from maintenance.intervals import Interval, IntervalUnit

MOST = 3650
"""Units that an interval has at most."""

_HOUR, _DAY, _WEEK, _MONTH, _YEAR = IntervalUnit
UNITS: dict[str, tuple[int, IntervalUnit]] = {
    "小时": (1, _HOUR), "钟头": (1, _HOUR), "时": (1, _HOUR), "hour": (1, _HOUR), "hr": (1, _HOUR), "h": (1, _HOUR),
    "日": (1, _DAY), "天": (1, _DAY), "day": (1, _DAY), "d": (1, _DAY), "自然日": (1, _DAY),
    "周": (1, _WEEK), "星期": (1, _WEEK), "礼拜": (1, _WEEK), "week": (1, _WEEK), "wk": (1, _WEEK), "w": (1, _WEEK),
    "旬": (10, _DAY), "fortnight": (2, _WEEK),
    "月": (1, _MONTH), "month": (1, _MONTH), "mth": (1, _MONTH), "m": (1, _MONTH), "mo": (1, _MONTH),
    "季": (3, _MONTH), "季度": (3, _MONTH), "quarter": (3, _MONTH), "qtr": (3, _MONTH), "q": (3, _MONTH),
    "年": (1, _YEAR), "year": (1, _YEAR), "yr": (1, _YEAR), "y": (1, _YEAR), "a": (1, _YEAR), "annum": (1, _YEAR),
}  # fmt: skip
_HALVES = {"月": Interval(15, _DAY), "年": Interval(6, _MONTH)}
_OTHER = {
    f"{word}{unit}": Interval(2, UNITS[unit][1])
    for word in ("other", "second", "alternate")
    for unit in ("day", "week", "month", "year")
}
EVERY = WORDS | _OTHER | {
    "双周": Interval(2, _WEEK), "隔周": Interval(2, _WEEK), "双月": Interval(2, _MONTH), "隔月": Interval(2, _MONTH),
    "隔年": Interval(2, _YEAR), "隔日": Interval(2, _DAY), "隔天": Interval(2, _DAY), "隔季": Interval(6, _MONTH),
    "半年度": Interval(6, _MONTH), "半月度": Interval(15, _DAY), "上半年、下半年各一次": Interval(6, _MONTH),
    "日": Interval(1, _DAY), "天": Interval(1, _DAY), "周": Interval(1, _WEEK), "月": Interval(1, _MONTH),
    "季": Interval(3, _MONTH), "年": Interval(1, _YEAR),
    "旬": Interval(10, _DAY), "每旬": Interval(10, _DAY),
    "月度": Interval(1, _MONTH), "季度": Interval(3, _MONTH), "年度": Interval(1, _YEAR),
    "fortnight": Interval(2, _WEEK), "semester": Interval(6, _MONTH), "trimester": Interval(3, _MONTH),
    "biennial": Interval(2, _YEAR), "biennially": Interval(2, _YEAR), "triennial": Interval(3, _YEAR),
    "triennially": Interval(3, _YEAR), "quinquennial": Interval(5, _YEAR), "quinquennially": Interval(5, _YEAR),
    "semiyearly": Interval(6, _MONTH), "halfannual": Interval(6, _MONTH), "halfannually": Interval(6, _MONTH),
    "halfyear": Interval(6, _MONTH), "semimonthly": Interval(15, _DAY),
    "halfmonth": Interval(15, _DAY), "perannum": Interval(1, _YEAR), "p.a": Interval(1, _YEAR), "a": Interval(1, _YEAR),
    "hm": Interval(15, _DAY), "hy": Interval(6, _MONTH), "sa": Interval(6, _MONTH), "qtr": Interval(3, _MONTH),
}  # fmt: skip
"""Words that are a frequency by themselves, or behind 每 and every."""

_CODE = re.compile(r"([0-9]{0,2})([dwmqy])")
"""The usual codes of facilities management, with a number or without: 2W, 18M, Q."""

_CN_UNIT = "小时|h|钟头|自然日|日|天|周|星期|礼拜|旬|月|季度|季|年"
_NEED = "(?:应|需|须|要)?"
_CN = re.compile(
    rf"(?P<per>每|逐|按|一(?!百))?(?P<every>{NUMBER})?(?P<half>半)?个?(?P<unit>{_CN_UNIT})度?内?"
    rf"{WORK}?{_NEED}{WORK}?{_NEED}各?(?:(?P<times>{NUMBER})?(?P<mark>次|回|遍))?{WORK}?"
)
_PER = re.compile(
    rf"(?:(?P<times>{NUMBER})(?:次|回|遍)?|次)(?:/每?|每)(?P<every>{NUMBER})?(?P<half>半)?个?(?P<unit>{_CN_UNIT})度?"
)
"""2次/月, 次/半年, 1次/每季度."""

_EACH = re.compile(rf"每?(?P<every>{NUMBER})?(?P<half>半)?个?(?P<unit>{_CN_UNIT})度?(?:/每?|每)(?P<times>{NUMBER})?次")
"""15天/次, 半年/次, 月/2次."""

_EACH_SEASON = re.compile(
    f"(?:(?:每|一)年的?)?(?:四季|四个季度|春、?夏、?秋、?冬(?:四季)?|每个季节)(?:{WORK})?(?:各|均|都){WORK}?(?:一次|1次)?{WORK}?|(?:每年)?每个季节{WORK}?(?:一次|1次)?{WORK}?"
)
_HALVES_OF_A_YEAR = re.compile(f"(?:每年)?上(?:半年)?[、和与,]?下半年各?{WORK}?(?:一次|1次)?{WORK}?")
_OF_A_DAY = re.compile(f"(?:每?[日天])?早[、,/]?(?P<noon>[中午][、,/]?)?晚各?{WORK}?(?:一次|1次)?{WORK}?")
_APART = re.compile(rf"每?隔(?P<unit>日|天|周|星期|礼拜|月|季度|季|年){WORK}?(?:一次|1次)?{WORK}?")
"""隔月, 隔日: the one between is left out."""

_EN_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "twelve": 12, "fifteen": 15, "thirty": 30, "once": 1, "twice": 2, "thrice": 3,
    "2nd": 2, "3rd": 3, "4th": 4, "5th": 5, "6th": 6, "10th": 10, "second": 2, "third": 3, "fourth": 4, "fifth": 5,
    "sixth": 6,
}  # fmt: skip
_EN_COUNT = "|".join(sorted(_EN_NUMBERS, key=len, reverse=True)) + "|[0-9]+"
_EN_UNIT = "hours?|hrs?|h|days?|weeks?|wks?|fortnights?|months?|mths?|mos?|quarters?|qtrs?|years?|yrs?|annum"
_LY = {
    "hourly": "hour", "daily": "day", "dly": "day", "weekly": "week", "wkly": "week", "monthly": "month",
    "mthly": "month", "mnthly": "month", "mly": "month", "quarterly": "quarter", "qtrly": "quarter", "qtly": "quarter",
    "qly": "quarter", "yearly": "year", "yrly": "year", "annually": "year", "fortnightly": "fortnight",
}  # fmt: skip
_EN_LY = "|".join(_LY)
_EN_EVERY = re.compile(
    rf"(?:once|onetime|one(?=/|per|every)|1x|1time|1(?=/|per|every))?(?:in|every|each|per|an|a|/)*(?P<every>{_EN_COUNT})?-?(?P<unit>{_EN_UNIT})"
    "(?:intervals?)?"
)
_EN_TIMES = re.compile(
    rf"(?P<times>{_EN_COUNT})-?(?:x|times?)?(?:in|every|each|per|an|a|/)*(?P<unit>{_EN_UNIT}|{_EN_LY})"
)
_EN_NTHLY = re.compile(rf"(?P<every>{_EN_COUNT})?-?(?P<unit>{_EN_LY})")
_RRULE = re.compile(r"(?:rrule:)?freq=(?P<unit>hourly|daily|weekly|monthly|yearly)(?:;interval=(?P<every>[0-9]{1,4}))?")


def interval_of(bare: str, said: str) -> Interval | None:
    """The interval that a plain text means; ``said`` is the same without the words of the work."""
    word = re.sub(rf"(?:一次|1次|{WORK})+$", "", said)
    ways = (bare, bare.replace("-", ""), word, bare.removeprefix("every").removeprefix("each"), word.removeprefix("每"))
    for one in (*ways, ways[3].removesuffix("s")):
        if one in EVERY:
            return EVERY[one]
    code = _CODE.fullmatch(bare)
    if code is not None:
        return times_of(int(code[1] or 1), UNITS[code[2]])
    if re.fullmatch(rf"(?:日|周|旬|月|季|年){WORK}", said):
        return times_of(1, UNITS[said[0]])
    return _chinese(said) or _english(said)


def times_of(count: int, unit: tuple[int, IntervalUnit]) -> Interval | None:
    """So many of a unit."""
    return Interval(count * unit[0], unit[1]) if 1 <= count <= MOST else None


def _chinese(said: str) -> Interval | None:
    if _HALVES_OF_A_YEAR.fullmatch(said):
        return Interval(6, _MONTH)
    if _EACH_SEASON.fullmatch(said):
        return Interval(3, _MONTH)
    found = _OF_A_DAY.fullmatch(said)
    if found is not None:
        return Interval(8 if found["noon"] else 12, _HOUR)
    found = _APART.fullmatch(said)
    if found is not None:
        return times_of(2, UNITS[found["unit"]])
    found = _PER.fullmatch(said) or _EACH.fullmatch(said)
    if found is None:
        found = _CN.fullmatch(said)
        if found is None or not _is_whole(found):
            return None
    return _counted(found)


def _counted(found: re.Match[str]) -> Interval | None:
    every, times = number_of(found["every"]), number_of(found["times"])
    if every is None or times is None:
        return None
    if found["half"] is not None:
        interval = _HALVES.get(found["unit"]) if found["every"] in (None, "一") else None
    else:
        interval = times_of(every, UNITS[found["unit"]])
    return _shared(interval, times)


_CLEAR = frozenset({"天", "周", "星期", "年", "小时", "h"})
"""Units that with a number are no name of a day, month or quarter."""


def _is_whole(found: re.Match[str]) -> bool:
    """Whether a Chinese phrase says that it is a frequency: 每, a number or 次; not a lone 月, nor 一月 (January)."""
    if found["per"] in ("每", "逐", "按"):
        return True
    if found["half"] or (found["every"] is None and found["times"] and found["mark"]):
        return True
    if found["per"] == "一" or found["every"] is not None:
        return bool(found["mark"]) or "个" in found[0] or found["unit"] in _CLEAR
    return False


def _english(bare: str) -> Interval | None:
    found = _RRULE.fullmatch(bare)
    if found is not None:
        return times_of(int(found["every"] or 1), _unit(_LY[found["unit"]]))
    found = _EN_EVERY.fullmatch(bare)
    if found is not None and (found["every"] or len(found[0]) > len(found["unit"])):
        return times_of(_en_number(found["every"]), _unit(found["unit"]))
    found = _EN_NTHLY.fullmatch(bare)
    if found is not None and found["every"] not in {"once", "twice", "thrice"}:
        return times_of(_en_number(found["every"]), _unit(_LY[found["unit"]]))
    found = _EN_TIMES.fullmatch(bare)
    if found is not None:
        return _shared(times_of(1, _unit(_LY.get(found["unit"], found["unit"]))), _en_number(found["times"]))
    return None


def _unit(word: str) -> tuple[int, IntervalUnit]:
    return UNITS.get(word) or UNITS[word.removesuffix("s")]


_WITHIN = {
    (_MONTH, 1, 2): Interval(15, _DAY), (_MONTH, 1, 3): Interval(10, _DAY),
    (_MONTH, 12, 24): Interval(15, _DAY), (_MONTH, 12, 26): Interval(2, _WEEK), (_MONTH, 12, 36): Interval(10, _DAY),
    (_MONTH, 12, 52): Interval(1, _WEEK), (_MONTH, 12, 365): Interval(1, _DAY),
}  # fmt: skip
"""So many times in so many months, where people mean half a month, ten days, a week, a day."""


def _shared(interval: Interval | None, times: int) -> Interval | None:
    """An interval shared between so many times: half a year for twice a year, 15 days for twice a month; ``None`` where
    that is no whole number of days or months (hours within a day)."""
    if interval is None or times < 1:
        return None
    if times == 1:
        return interval
    every, unit = interval.every, interval.unit
    if unit is _YEAR:
        every, unit = every * 12, _MONTH
    if (unit, every, times) in _WITHIN:
        return _WITHIN[unit, every, times]
    if unit is _WEEK:
        every, unit = every * 7, _DAY
    if unit is _DAY and every % times:
        every, unit = every * 24, _HOUR
        if interval.every > 1 or interval.unit is not _DAY:
            return None
    return Interval(every // times, unit) if every % times == 0 else None


def _en_number(text: str | None) -> int:
    text = text or "1"
    return int(text) if text.isdecimal() else _EN_NUMBERS[text]
