"""Frequencies that nobody can tell, or that can be read in two ways: which they are, and what is said of them. Pure."""

import re
from collections.abc import Sequence
from functools import cache

from maintenance.frequencies import number_of
from maintenance.grids import SEASON_NAMES
from maintenance.imports.codes import CODES
from maintenance.imports.frequency_intervals import EVERY, UNITS
from maintenance.imports.frequency_months import either_month
from maintenance.imports.frequency_plain import NUMBER, WORK
from maintenance.imports.frequency_seasons import names_a_day_before
from maintenance.imports.nearest import with_nearest
from maintenance.imports.problems import CellProblem
from maintenance.intervals import Interval, IntervalUnit
from maintenance.reasons import frequency
from plantroom.domain.assets import LocalName

WHICH_HOURS = LocalName("是运行小时还是日历时间？", "running hours or hours of the calendar?")

_BI = re.compile(r"bi-?(?P<unit>weekly|monthly|annual|annually|yearly)")
_BI_READINGS = {
    "weekly": LocalName("每2周一次，也可能是每周两次", "every 2 weeks or twice a week"),
    "monthly": LocalName("每2个月一次，也可能是每月两次（每15天）", "every 2 months or twice a month (every 15 days)"),
    "annual": LocalName("每半年一次，也可能是每2年一次", "every 6 months or every 2 years"),
}
_APART = re.compile(rf"每?隔(?P<count>{NUMBER})?个?(?P<unit>小时|日|天|周|星期|礼拜|月|季度|季|年).*")
_EITHER = (
    (
        re.compile(f"(?:(?:每|一)年的?)?四季(?:{WORK})?"),
        LocalName("每季度一次，也可能是全年都做，没有说多久一次", "quarterly, or all the year round without how often"),
    ),
    (
        re.compile(f"(?:(?:每|一)年的?)?[四4]个季度(?:{WORK})?"),
        LocalName("每季度一次，也可能是每四个季度（每年）一次", "quarterly or every four quarters (yearly)"),
    ),
    (
        re.compile("24(?:小时|h|hours?|hrs?)"),
        LocalName("每24小时一次，也可能是全天不间断", "every 24 hours or round the clock"),
    ),
)
"""Texts of two meanings, with both."""

_RANGE = re.compile(
    rf"(?:{NUMBER})(?:-|~|至|到|—|–)(?:{NUMBER})|每?(?:一两|两三|三四|三五|四五|五六)(?:个)?(?:天|周|月|年)"
)
_MONTHS_EN = "january|february|march|april|june|july|august|september|october|november|december"
_DATED = re.compile(
    r"每?(?:周|星期|礼拜)(?![一三四五六七二]次)[一二三四五六日天][一二三四五六日天、,※]*(?:.*)?|"
    r"每?个?月(?:的)?(?:第?[0-9一二三四五六七八九十]+[日号]|初|底|末|中旬|上旬|下旬|中|第?[一二三四五1-5]个?(?:周|星期)).*|"
    r"每?年(?:的)?(?:[0-9一二三四五六七八九十]+月[、,和及与※]?)+.*|"
    r"(?:[0-9一二三四五六七八九十]+月(?:份|[0-9]+[日号]|[初末底])?[、,和及与/※]?)+|"
    r"每?个?(?:月|季|季度|年)(?:[初末底]|首月|第.个月).*|第?[一二三四1-4]季度?|q[1-4]|"
    r"(?:19|20)[0-9]{2}年度?(?:内|计划|※|各|一次|1次)*|"
    r"[12][0-9]{3}(?:[-/.年][0-9]{1,2}(?:[-/.月](?:[0-9]{1,2}日?)?)?)(?:00:00:00)?|"
    rf".*(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday).*|.*(?:{_MONTHS_EN}).*|(?:every|each|in)may|"
    r"(?:on|at|by)?(?:the|every|each)*(?:[0-9]{1,2}(?:st|nd|rd|th)?|first|last|beginning|middle|end)(?:day)?"
    r"of(?:the|every|each|a)*(?:month|quarter|year)s?"
)
_ONE_DAY_OF = (
    (
        IntervalUnit.WEEK,
        re.compile("每?(?:周|星期|礼拜)[一二三四五六日天]|(?:every|each|on)?[a-z]+days?|weeklyon[a-z]+day"),
    ),
    (IntervalUnit.MONTH, re.compile("每?个?月[^、,和]*|[a-z0-9]*of(?:the|every|each|a)*month")),
    (
        IntervalUnit.YEAR,
        re.compile(
            f"每?年?的?[0-9一二三四五六七八九十]+月(?:[0-9]{{1,2}}[日号])?[^、,和0-9]*|年[初中底末]|(?:in|every|each)?(?:{_MONTHS_EN})"
        ),
    ),
)
_PARTED = re.compile(rf"[0-9]\.[0-9]|(?:{NUMBER})个半")
_OFTEN = re.compile(r"[2-9二两三四五六七八九十]次|twice|thrice|times|[0-9]x")
_UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
_FRACTION = re.compile(rf"每?(?P<count>{NUMBER})/(?P<of>{NUMBER})个?(?:{_UNIT})(?P<many>s?)度?(?:{WORK}|一次|1次)*")
_A_PART = frozenset({"2", "4"})
"""What follows 1/ in parts of a year: 1/3 months is once in three."""

_WHICH_FRACTION = LocalName(
    "几分之几（如半年），也可能是每几个一次（如每2年一次）",
    "a part of it (half a year) or once in so many (every 2 years)",
)
_AT_MOST = re.compile(
    "(?:≤|<=?|不超过|不得超过|不应超过|不大于|不多于|最多|至多)(?:每?个?(?:日|天|周|星期|礼拜|月|季度?|年))?"
    f"(?:{NUMBER})(?:次|回|遍|x(?![a-z])|times)"
)
_AT_MOST_SAID = LocalName(
    "只说了最多几次，没有说多久一次", "at most so many times does not say how often it has to be done"
)
_SHIFT = re.compile("每个?班次?(?:内)?(?:一次)?|(?:per|every|each)shift")
_NO_TELLING = LocalName("班次长短未知", "nobody knows how long a shift is")
_COUNT_ALONE = re.compile(f"(?:{NUMBER})(?:次|回|遍|x|times?)|twice|thrice")
_WITHIN_WHAT = LocalName(
    "没有说在多长时间内做几次，请写明单位，例如 2次/年",
    "this does not say within what time: write such as 2 times a year",
)
NO_WHOLE = LocalName("不能排成整日或整月的间隔", "this is no whole number of days or months")
_NO_INTERVAL = re.compile(
    "(?:all)?(?:the)?year-?a?round|all(?:the)?year(?:long)?|全年|整年|"
    "不定期|不固定|视情况.*|视.*情况|必要时.*|按需.*|根据.*(?:需要|情况|要求)|随时|及时|即时|有需要时|需要时|偶尔|临时|待定|无|不适用|n/?a|tbd|"
    ".*(?:时|(?<!前)后|使用前|用前)|按(?:计划|规范|合同|规定|要求|.*要求)|日常|经常|长期|常年|定期|全天候?|全天|连续|持续|实时|不间断|7[x*×]?24(?:小时|h)?|24[/x*]7|"
    "(?:as|when|if|where)(?:and)?(?:when)?(?:needed|required|necessary)|asandwhen.*|on(?:demand|condition|request|failure)|"
    "adhoc|upon.*|occasional(?:ly)?|regular(?:ly)?|periodic(?:al|ally)?|continuous(?:ly)?|runtofailure|none|varies|various"
)
_NONE_SAID = LocalName(
    "没有说多久一次；可写 每日一次、每周一次、每月一次、每季度一次、每半年一次、每年一次，"
    "按状态做的写“出现以下故障时：…”",
    "this does not say how often; there are daily, weekly, monthly, quarterly, half-yearly, yearly, and for work on "
    "condition: when one of these faults begins",
)
_SAYS_WHEN = re.compile("[春夏秋冬]|运行|spring|summer|autumn|winter|running")
"""A season, or running: the nearest interval (每季度一次 for 春季) would mislead."""


def refuse_early(said: str) -> None:
    """Raises ``CellProblem`` for what would be read as something else: dates, ranges, words of two meanings."""
    two = _two_ways(said)
    if two is not None:
        zh, en = f"可能是{two.zh}", f"this may be {two.en}"
        raise CellProblem("ambiguous_frequency", LocalName(zh, en))
    if _DATED.fullmatch(said):
        raise CellProblem("frequency_is_a_date", _nearest_to_date(said))
    if _RANGE.search(said):
        raise CellProblem("ambiguous_frequency", LocalName("写的是一个范围", "this is a range"))


def _nearest_to_date(said: str) -> LocalName:
    """What is wrong with a date or weekday, with how often it comes where that is one day of each."""
    either = either_month(said)
    if either is not None:
        return either
    known = CODES["frequency_is_a_date"].meaning
    unit = next((one for one, pattern in _ONE_DAY_OF if pattern.fullmatch(said)), None)
    if unit is None:
        return known
    often = frequency(Interval(1, unit))
    return LocalName(f"{known.zh}；最接近的是“{often.zh}”", f"{known.en}; the nearest is {often.en}")


_SIGNED = re.compile(r"[+\-−–—±]+[0-9.]+[^0-9]*|每?-[0-9]+.*")
_NOTHING = re.compile(rf"(?:每|每隔)?0+(?:\.0+)?(?:[(\[].*|个?(?:{_UNIT})s?(?:一次|1次|/次)?|次.*)?")
_BELOW_ONE = LocalName("周期应是大于0的数，不带正负号", "how often has to be a number above 0, without a sign")


def refuse_below_one(text: str) -> None:
    """Raises ``CellProblem`` for a number (in a folded text) that is 0 or has a sign: -3, +3, 0天."""
    if _SIGNED.fullmatch(text) or _NOTHING.fullmatch(text):
        raise CellProblem("unknown_frequency", _BELOW_ONE)


def refuse_at_most(text: str) -> None:
    """Raises ``CellProblem`` for a text (folded) that says how many times there are at most: 不超过2次/年."""
    if _AT_MOST.search(text):
        raise CellProblem("unknown_frequency", _AT_MOST_SAID)


def _two_ways(said: str) -> LocalName | None:
    part = _FRACTION.fullmatch(said)
    if part is not None and part["of"] not in ("1", "一"):
        times = part["count"] == "1" and part["many"] and part["of"] not in _A_PART
        return None if times else _WHICH_FRACTION
    found = _BI.fullmatch(said)
    if found is not None:
        return _BI_READINGS.get(found["unit"], _BI_READINGS["annual"])
    either = next((one for pattern, one in _EITHER if pattern.fullmatch(said)), None)
    if either is not None:
        return either
    found = _APART.fullmatch(said)
    count = number_of(found["count"]) if found is not None and found["count"] is not None else None
    if found is None or count is None:
        return None
    every, unit = UNITS[found["unit"]]
    one, other = (frequency(Interval(number * every, unit)) for number in (count, count + 1))
    return LocalName(f"{one.zh}，也可能是{other.zh}", f"{one.en} or {other.en}")


def refusal(said: str, written: str) -> CellProblem:
    """What is wrong with a text that nobody can tell. ``written``: it with the words of the work."""
    if _SHIFT.fullmatch(said):
        return CellProblem("unknown_frequency", _NO_TELLING)
    if _NO_INTERVAL.fullmatch(written):
        return CellProblem("unknown_frequency", _NONE_SAID)
    if _PARTED.search(said) or _OFTEN.search(said):
        return CellProblem("unknown_frequency", _WITHIN_WHAT if _COUNT_ALONE.fullmatch(said) else NO_WHOLE)
    if names_a_day_before(written):
        names = [(f"{one.zh}前", f"before the {one.en}") for one in SEASON_NAMES.values()]
        zh, en = "、".join(one for one, _ in names), ", ".join(one for _, one in names)
        said_before = LocalName(
            f"“{written}”没有对应的季节；有：{zh}", f"there is no season for “{written}”; there are: {en}"
        )
        return CellProblem("unknown_frequency", said_before)
    if _SAYS_WHEN.search(written):
        return CellProblem("unknown_frequency")
    return CellProblem("unknown_frequency", with_nearest(CODES["unknown_frequency"].meaning, written, _common()))


def several(said: Sequence[LocalName]) -> CellProblem:
    """What is said of a cell with several frequencies."""
    zh, en = "、".join(one.zh for one in said), ", ".join(one.en for one in said)
    return CellProblem(
        "unknown_frequency",
        LocalName(f"一格里有几个周期：{zh}，请分行填写", f"several frequencies in one cell ({en}), a line each"),
    )


@cache
def _common() -> tuple[tuple[str, LocalName], ...]:
    """The words that are a frequency by themselves, with what is said for each."""
    said = [(word, frequency(interval)) for word, interval in EVERY.items()]
    return (*said, *((name, one) for _, one in said for name in (one.zh, one.en)))
