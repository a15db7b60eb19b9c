"""How often, in the words of plan tables: Simplified, Traditional, English, ISO 8601. Generous where there is one
meaning, strict where there are two. Pure.

Half a month, or twice a month, is 15 days, the law's count. What is no whole number of days or months (three times a
week) is refused, as are weekdays and dates, which say when and not how often.
"""

import re
from dataclasses import dataclass, replace
from functools import cache

from maintenance.frequencies import WORDS, number_of, parse_frequency
from maintenance.imports.cells import fold
from maintenance.imports.codes import CODES
from maintenance.imports.nearest import with_nearest
from maintenance.imports.problems import CellProblem
from maintenance.imports.rule_words import MANY_HOURS, read_rule, says_how_often
from maintenance.intervals import Interval, IntervalUnit
from maintenance.reasons import frequency
from maintenance.schedules import (
    BY_INTERVAL,
    IntervalSchedule,
    MeterSchedule,
    Schedule,
    SeasonSchedule,
    implied_interval,
)
from plantroom.domain.assets import LocalName


@dataclass(frozen=True, slots=True)
class Frequency:
    """What a cell means: an interval, or a schedule of another kind with the interval that stands for its depth.
    ``read_as``: not word for word, so that a warning says how it was read."""

    interval: Interval
    schedule: Schedule = BY_INTERVAL
    read_as: bool = False


_HOUR, _DAY, _WEEK, _MONTH, _YEAR = IntervalUnit
_UNITS: dict[str, tuple[int, IntervalUnit]] = {
    "小时": (1, _HOUR), "钟头": (1, _HOUR), "时": (1, _HOUR), "hour": (1, _HOUR), "hr": (1, _HOUR), "h": (1, _HOUR),
    "日": (1, _DAY), "天": (1, _DAY), "day": (1, _DAY), "d": (1, _DAY), "自然日": (1, _DAY),
    "周": (1, _WEEK), "星期": (1, _WEEK), "礼拜": (1, _WEEK), "week": (1, _WEEK), "wk": (1, _WEEK), "w": (1, _WEEK),
    "旬": (10, _DAY),
    "月": (1, _MONTH), "month": (1, _MONTH), "mth": (1, _MONTH), "m": (1, _MONTH), "mo": (1, _MONTH),
    "季": (3, _MONTH), "季度": (3, _MONTH), "quarter": (3, _MONTH), "qtr": (3, _MONTH), "q": (3, _MONTH),
    "年": (1, _YEAR), "year": (1, _YEAR), "yr": (1, _YEAR), "y": (1, _YEAR), "a": (1, _YEAR), "annum": (1, _YEAR),
}  # fmt: skip
_HALVES = {"月": Interval(15, _DAY), "年": Interval(6, _MONTH)}
_EVERY = WORDS | {
    "双周": Interval(2, _WEEK), "隔周": Interval(2, _WEEK), "双月": Interval(2, _MONTH), "隔月": Interval(2, _MONTH),
    "隔年": Interval(2, _YEAR), "半年度": Interval(6, _MONTH), "半月度": Interval(15, _DAY),
    "旬": Interval(10, _DAY), "每旬": Interval(10, _DAY),
    "月度": Interval(1, _MONTH), "季度": Interval(3, _MONTH), "年度": Interval(1, _YEAR),
    "otherday": Interval(2, _DAY), "otherweek": Interval(2, _WEEK), "othermonth": Interval(2, _MONTH),
    "otheryear": Interval(2, _YEAR), "secondday": Interval(2, _DAY), "secondweek": Interval(2, _WEEK),
    "secondmonth": Interval(2, _MONTH), "secondyear": Interval(2, _YEAR),
    "fortnight": Interval(2, _WEEK), "semester": Interval(6, _MONTH), "trimester": Interval(3, _MONTH),
    "biennial": Interval(2, _YEAR), "biennially": Interval(2, _YEAR), "triennial": Interval(3, _YEAR),
    "semiyearly": Interval(6, _MONTH), "halfyear": Interval(6, _MONTH), "semimonthly": Interval(15, _DAY),
    "halfmonth": Interval(15, _DAY), "perannum": Interval(1, _YEAR),
    "hm": Interval(15, _DAY), "hy": Interval(6, _MONTH), "sa": Interval(6, _MONTH),
}  # fmt: skip
_CODE = re.compile(r"([0-9]{0,2})([dwmqy])")
"""The usual codes of facilities management, with a number or without: 2W, 18M, Q."""

_WORK = re.compile(
    "(?:进行|开展|组织|安排|实施|执行|做|全面|例行|定期|专业|例|常规|集中|综合|的|检查|检测|检验|检修|校验|校准|巡检|巡查|巡视|巡回|"
    "保养|维护|维修|维保|养护|测试|试验|试运行|清洁|清洗|清扫|打扫|消毒|润滑|更换|演练|演习|培训|盘点|评估|抄表|点检|检|巡|查|修|与|和|及)+"
)
_W = "※"
"""Stands for the words of the work itself, which say nothing of how often."""

_NUMBER = r"[0-9]+|[一二两三四五六七八九十]+"
_CN_UNIT = "小时|h|日|天|周|星期|月|季度|季|年"
_AT_LEAST = "(?:至少|不少于|最少|不低于|应|需|须|要)?"
_CN = re.compile(
    rf"{_AT_LEAST}(?P<per>每|逐|按|一)?(?P<every>{_NUMBER})?(?P<half>半)?个?"
    rf"(?P<unit>小时|h|钟头|自然日|日|天|周|星期|礼拜|旬|月|季度|季|年)度?内?"
    rf"{_W}?{_AT_LEAST}{_W}?{_AT_LEAST}(?:(?P<times>{_NUMBER})?(?P<mark>次|回|遍))?{_W}?"
)
_PER = re.compile(
    rf"(?P<times>{_NUMBER})(?:次|回|遍)?(?:/|每)(?P<every>{_NUMBER})?(?P<half>半)?个?(?P<unit>{_CN_UNIT})"
)
_DAYS_EACH = re.compile(rf"(?P<every>{_NUMBER})(?P<half>半)?个?(?P<unit>{_CN_UNIT})(?:/|每)(?P<times>一|1)?次")
_EN_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "twelve": 12, "fifteen": 15, "thirty": 30, "once": 1, "twice": 2, "thrice": 3,
}  # fmt: skip
_EN_COUNT = "|".join(sorted(_EN_NUMBERS, key=len, reverse=True)) + "|[0-9]+"
_EN_UNIT = "hours?|hrs?|h|days?|weeks?|wks?|months?|mths?|quarters?|qtrs?|years?|yrs?|annum"
_EN_EVERY = re.compile(
    rf"(?:atleast)?(?:once|onetime|1x|1time)?(?:in|every|each|per|an|a|/)?(?P<every>{_EN_COUNT})?-?(?P<unit>{_EN_UNIT})"
    "(?:interval|intervals|basis)?"
)
_EN_TIMES = re.compile(
    rf"(?:atleast)?(?P<times>{_EN_COUNT})-?(?:x|times?)?(?:every|each|per|an|a|/)?"
    rf"(?P<unit>{_EN_UNIT}|daily|weekly|monthly|quarterly|yearly|annually)"
)
_EN_NTHLY = re.compile(rf"(?P<every>{_EN_COUNT})-?(?P<unit>hourly|daily|weekly|monthly|yearly)")
_LY = {
    "hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter", "yearly": "year",
    "annually": "year",
}  # fmt: skip

_TWO_WAYS = re.compile(
    r"bi-?(?:weekly|monthly|annual|annually|yearly)|"
    r"(?:每隔|隔(?=[一二两三四五六七八九十0-9日天]))[一二两三四五六七八九十0-9]*个?(?:小时|日|天|周|星期|月|季度|年).*"
)
_RANGE = re.compile(
    rf"(?:{_NUMBER})(?:-|~|至|到|—|–)(?:{_NUMBER})|每?(?:一两|两三|三四|三五|四五|五六)(?:个)?(?:天|周|月|年)"
)
_DATED = re.compile(
    r"每?(?:周|星期|礼拜)(?![一二三四五六七]次)[一二三四五六日天][一二三四五六日天、,※]*(?:.*)?|每?月(?:的)?(?:第?[0-9一二三四五六七八九十]+[日号]|初|底|末|中旬|上旬|下旬).*|"
    r"每?年(?:的)?[0-9一二三四五六七八九十]+月.*|[0-9一二三四五六七八九十]+月(?:份|[0-9]+[日号])?|每?个?(?:月|季|季度|年)[初末底].*|"
    r".*(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday).*|第[一二三四]季度|q[1-4]|"
    r".*(?:january|february|march|april|june|july|august|september|october|november|december).*|(?:every|each|in)may|"
    r"(?:on|at|by)?(?:the|every|each)*(?:[0-9]{1,2}(?:st|nd|rd|th)?|first|last|beginning|middle|end)(?:day)?"
    r"of(?:the|every|each|a)*(?:month|quarter|year)s?"
)
_SAYS_WHEN = re.compile("[春夏秋冬]|运行|spring|summer|autumn|winter|running")
"""A season, or running: the nearest interval (每季度一次 for 春季) would mislead."""

_SHIFT = re.compile("每班次?(?:一次)?|(?:per|every|each)shift")
_NO_TELLING = LocalName("班次长短未知", "nobody knows how long a shift is")
_RUN = re.compile(
    r"(?:每|累计|累积)?(?:运行|运转|工作)?(?:每|累计|累积|满)?([0-9]+(?:\.[0-9]+)?|[一二三四五六七八九十]+)个?"
    r"(?:运行|运转|工作)?(?:小时|h|hours?|hrs?)(?:运行|运转)?(?:一次|后)?"
)
_RUN_EN = re.compile(
    r"(?:every|each|after|per)?([0-9]+(?:\.[0-9]+)?)(?:running|run|operating|operation|service)-?(?:hours?|hrs?|h)"
)
_STARTS = re.compile(
    r"(?:每|累计)?(?:启动|启停|起动|开机)(?:满)?([0-9]+)次(?:一次|后)?|(?:every|each|after|per)?([0-9]+)starts?"
)
_SEASONS = {
    "供暖": "heating", "采暖": "heating", "供热": "heating", "heating": "heating", "取暖": "heating",
    "雨": "rain", "汛": "rain", "雨期": "rain", "汛期": "rain", "rain": "rain", "rainy": "rain", "flood": "rain",
    "台风": "rain",
    "冬": "winter", "入冬": "winter", "冬天": "winter", "winter": "winter", "寒": "winter",
    "夏": "cooling", "入夏": "cooling", "供冷": "cooling", "制冷": "cooling", "空调": "cooling", "cooling": "cooling",
    "summer": "cooling",
}  # fmt: skip
_ONE_SEASON = "|".join(sorted(_SEASONS, key=len, reverse=True))
_COMES = "(?:季节|季|期|来临|到来|开始|season)*"
_SEASON = re.compile(
    rf"(?:每年|年度|每|yearly|annually|annual)?(?P<a>{_ONE_SEASON}){_COMES}"
    rf"(?:前?(?:{_W}|、|/|,|and)(?P<b>{_ONE_SEASON}){_COMES})?之?(?:前|来临前|到来前)各?{_W}?(?:一次)?{_W}?|"
    rf"(?:yearly|annually|once|annual)?(?:before|pre|priorto)-?(?:the)?(?P<c>{_ONE_SEASON})-?(?:season)?"
    rf"(?:and(?:the)?(?P<d>{_ONE_SEASON})(?:season)?)?"
)
_CHANGE = re.compile(
    rf"(?:每次|每年)?(?:的)?(?:换季|季节转换|季节更替|季节变换|春季?[和、与及/,※]?秋季?(?:两季|二季|两个季节|季)?)(?:时|前)?"
    rf"各?{_W}?(?:一次)?{_W}?|change-?over|season(?:al)?change(?:over)?|(?:every|each|in)?springand(?:in)?autumn"
)
_OPEN = re.compile(
    r"(?:在)?(?:营业|开放|运营)(?:时间|期间|时段)?内?,?|,?(?:during|in)(?:the)?(?:opening|business)hours,?"
)
_IN_SEASON = re.compile(rf"(?:在)?(?P<season>{_ONE_SEASON})(?:季节|季|期)+(?:间|内)*,?(?!.*前)")
MOST = 3650
LONGEST = 80
"""Characters that a frequency has at most."""

_MANY_HOURS = re.compile(r"[0-9]{3,}个?(?:小时|钟头|h(?![a-z])|hrs?|hours?)")
_WHICH_HOURS = LocalName("是运行小时还是日历时间？", "running hours or hours of the calendar?")
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_OFTENER = LocalName("不能排成整日或整月的间隔", "this is no whole number of days or months")


def read_frequency(text: str, unit: str = "") -> Frequency:
    """What a cell means. ``unit``: what the heading says in brackets, for plain numbers. Raises ``CellProblem``."""
    rule = read_rule(text)
    if rule is not None and says_how_often(rule):
        return Frequency(implied_interval(rule), rule)
    folded = fold(text)
    if len(folded) > LONGEST:
        raise CellProblem("unknown_frequency")
    plain = _THOUSANDS.sub("", re.sub(r"[_。.;；,，]+$|^[•·*-]+", "", folded))
    bare = re.sub(r"\([^)]*\)$", "", plain)
    if not bare:
        raise CellProblem("missing_value")
    if re.fullmatch(r"[0-9]+(?:\.0+)?", bare):
        return _numbered(int(float(bare)), fold(unit))
    said = _WORK.sub(_W, bare)
    if _DATED.fullmatch(said) or _RANGE.search(said) or _TWO_WAYS.fullmatch(said):
        raise _refusal(said, bare)
    narrower = _within(plain.replace("(", "").replace(")", ""))
    if narrower is not None:
        return narrower
    other = _other_kind(said)
    if other is None and _MANY_HOURS.search(bare) and not bare.startswith("pt"):
        raise CellProblem("ambiguous_frequency", _WHICH_HOURS)
    known = parse_frequency(bare)
    if known is not None:
        return Frequency(known, read_as=bare != plain)
    if other is not None:
        return other
    interval = _interval(bare, said)
    if interval is not None:
        return Frequency(interval, read_as=bare != plain or _is_odd(bare, interval))
    raise _refusal(said, bare)


def _is_odd(bare: str, interval: Interval) -> bool:
    """Whether a reader may have meant something else: a code of letters, twice a month as 15 days."""
    is_code = bare.isascii() and len(bare) <= 3
    return is_code or (interval.unit in (_DAY, _HOUR) and re.search("月|month|周|week|daily", bare) is not None)


def found_in(text: str) -> Frequency | None:
    """The frequency inside a sentence (每季度进行一次全面检查，包括制动系统); ``None`` for none and for several."""
    found: dict[tuple[object, object], Frequency] = {}
    for part in re.split(r"[，,;；。:：、\n]", text):
        try:
            one = read_frequency(part)
        except CellProblem:
            continue
        found.setdefault((one.interval, one.schedule), one)
    return next(iter(found.values())) if len(found) == 1 else None


def _numbered(count: int, unit: str) -> Frequency:
    known = _UNITS.get(unit) or _UNITS.get(unit.removesuffix("s")) or _UNITS.get(unit.removeprefix("个"))
    if known is None:
        raise CellProblem("frequency_without_unit")
    if known[1] is _HOUR and count >= MANY_HOURS:
        raise CellProblem("ambiguous_frequency", _WHICH_HOURS)
    interval = _times(count, known)
    if interval is None:
        raise CellProblem("unknown_frequency")
    return Frequency(interval)


def _other_kind(bare: str) -> Frequency | None:
    """Schedules that are no interval: seasons, running hours, starts."""
    if _CHANGE.fullmatch(bare):
        return _scheduled(SeasonSchedule(("cooling", "heating")))
    found = _SEASON.fullmatch(bare)
    if found is not None:
        named = [_SEASONS[word] for word in found.groups() if word]
        return _scheduled(SeasonSchedule(tuple(dict.fromkeys(named))))
    if re.search(r"运行|运转|工作|run|operat|service", bare):
        found = _RUN.fullmatch(bare) or _RUN_EN.fullmatch(bare)
        if found is not None:
            hours = number_of(found[1]) if not re.match(r"[0-9]", found[1]) else float(found[1])
            return _scheduled(MeterSchedule("run_hours", float(hours))) if hours else None
    found = _STARTS.fullmatch(bare)
    if found is not None:
        return _scheduled(MeterSchedule("starts", float(found[1] or found[2])))
    return None


def _within(bare: str) -> Frequency | None:
    """An interval that holds in opening hours or in a season only: 营业时间内每2小时一次, 供暖期每周一次."""
    for pattern in (_OPEN, _IN_SEASON):
        found = pattern.match(bare) or pattern.search(bare)
        rest = bare[: found.start()] + bare[found.end() :] if found is not None else ""
        if found is None or not rest:
            continue
        try:
            inner = read_frequency(rest)
        except CellProblem:
            return None
        if inner.schedule != BY_INTERVAL:
            return None
        if pattern is _OPEN:
            return replace(inner, schedule=IntervalSchedule(open_hours=True), read_as=True)
        return replace(inner, schedule=IntervalSchedule(in_season=_SEASONS[found["season"]]), read_as=True)
    return None


def _scheduled(schedule: Schedule) -> Frequency:
    return Frequency(implied_interval(schedule), schedule, read_as=True)


def _interval(bare: str, said: str) -> Interval | None:
    word = re.sub(rf"(?:一次|1次|{_W})+$", "", said)
    for one in (
        bare,
        bare.replace("-", ""),
        word,
        bare.removeprefix("every").removeprefix("each"),
        word.removeprefix("每"),
    ):
        if one in _EVERY:
            return _EVERY[one]
    code = _CODE.fullmatch(bare)
    if code is not None:
        return _times(int(code[1] or 1), _UNITS[code[2]])
    if re.fullmatch(rf"(?:日|周|月|季|年){_W}", said):
        return _times(1, _UNITS[said[0]])
    return _chinese(said) or _english(bare)


def _chinese(bare: str) -> Interval | None:
    found = _PER.fullmatch(bare) or _DAYS_EACH.fullmatch(bare)
    if found is None:
        found = _CN.fullmatch(bare)
        if found is None or not _is_whole(found):
            return None
    every = number_of(found["every"])
    times = number_of(found["times"])
    if every is None or times is None:
        return None
    if found["half"] is not None:
        interval = _HALVES.get(found["unit"]) if found["every"] in (None, "一") else None
    else:
        interval = _times(every, _UNITS[found["unit"]])
    return _shared(interval, times)


_CLEAR = frozenset({"天", "周", "星期", "年", "小时", "h", "季度"})
"""Units that with a number are no name of a day or month."""


def _is_whole(found: re.Match[str]) -> bool:
    """Whether a Chinese phrase says that it is a frequency: 每, a number or 次; not a lone 月, nor 一月 (January)."""
    if found["per"] in ("每", "逐", "按"):
        return True
    if found["half"] or (found["every"] is None and found["times"] and found["mark"]):
        return True
    if found["per"] == "一" or found["every"] is not None:
        return (
            bool(found["mark"]) or "个" in found[0] or found["unit"] in {"天", "周", "星期", "年", "小时", "h", "季度"}
        )
    return False


def _english(bare: str) -> Interval | None:
    found = _EN_EVERY.fullmatch(bare)
    if found is not None and (found["every"] or len(found[0]) > len(found["unit"])):
        return _times(_en_number(found["every"]), _unit(found["unit"]))
    found = _EN_NTHLY.fullmatch(bare)
    if found is not None and found["every"] not in {"once", "twice", "thrice"}:
        return _times(_en_number(found["every"]), _unit(_LY[found["unit"]]))
    found = _EN_TIMES.fullmatch(bare)
    if found is not None:
        return _shared(_times(1, _unit(_LY.get(found["unit"], found["unit"]))), _en_number(found["times"]))
    return None


def _unit(word: str) -> tuple[int, IntervalUnit]:
    return _UNITS.get(word) or _UNITS[word.removesuffix("s")]


def _times(count: int, unit: tuple[int, IntervalUnit]) -> Interval | None:
    return Interval(count * unit[0], unit[1]) if 1 <= count <= MOST else None


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
    if unit is _MONTH and (every, times) in {(1, 2), (1, 3)}:
        return Interval(30 // times, _DAY)
    if unit is _WEEK:
        every, unit = every * 7, _DAY
    if unit is _DAY and every % times:
        every, unit = every * 24, _HOUR
        if interval.every > 1 or interval.unit is not _DAY:
            return None
    return Interval(every // times, unit) if every % times == 0 else None


def _refusal(bare: str, written: str) -> CellProblem:
    if _SHIFT.fullmatch(bare):
        return CellProblem("unknown_frequency", _NO_TELLING)
    if _TWO_WAYS.fullmatch(bare) or _RANGE.search(bare):
        return CellProblem("ambiguous_frequency")
    if _DATED.fullmatch(bare):
        return CellProblem("frequency_is_a_date")
    if re.search(r"[0-9]\.[0-9]", bare) or re.search(r"[2-9二两三四五六七八九十]次|twice|thrice|times", bare):
        return CellProblem("unknown_frequency", _OFTENER)
    if _SAYS_WHEN.search(written):
        return CellProblem("unknown_frequency")
    return CellProblem("unknown_frequency", with_nearest(CODES["unknown_frequency"].meaning, written, _common()))


@cache
def _common() -> tuple[tuple[str, LocalName], ...]:
    """The words that are a frequency by themselves, with what is said for each."""
    said = [(word, frequency(interval)) for word, interval in _EVERY.items()]
    return (*said, *((name, one) for _, one in said for name in (one.zh, one.en)))


def _en_number(text: str | None) -> int:
    text = text or "1"
    return int(text) if text.isdecimal() else _EN_NUMBERS[text]
