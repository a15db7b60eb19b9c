"""A frequency's cell without what says nothing of how often: list marks, labels, hedges, other numerals. Pure."""

import re
import unicodedata

from maintenance.imports.cells import fold

NUMBER = r"[0-9]+|[一二两三四五六七八九十百]+"
"""Regular expression of a whole number."""

WORK = "※"
"""Stands for the words of the work itself, which say nothing of how often."""

_DONE = (
    "检查|检测|检验|检修|校验|校准|巡检|巡查|巡视|巡回|保养|维护|维修|维保|保洁|养护|测试|试验|试运行|清洁|清洗|清扫|打扫|消毒|"
    "润滑|更换|演练|演习|培训|盘点|评估|抄表|点检|大修|小修|中修"
)
_UNIT = "个?(?:小时|日|天|周(?!期)|星期|礼拜|月|季度?|年)"
_BETWEEN = r"[^,;。、:/()\s内超]{0,10}?"
"""What may stand between how long and how many times, or between a unit and its work; 一年内2次以上 is no frequency."""

WITHIN = f"(?:半|(?:{NUMBER})半?){_UNIT}度?(?={_BETWEEN}(?:{NUMBER})次(?![数以]))"
"""How long, where how many times follows behind the work: 半年清洗一次, 一年清洗两次."""

BY_UNIT = (
    f"半[年月]度?(?=(?:进行|做)?(?:{_DONE}))|(?<![0-9一二两三四五六七八九十第半每个本上下全跨该当今明去逢])[年季月]度"
    f"(?={_BETWEEN}(?:{_DONE}))"
)
"""A unit before its work: 年度预防性试验, 滤网半年清洗; not that of a year (2026年度)."""

_EN_UNIT = "(?:hours?|days?|weeks?|fortnights?|months?|quarters?|years?)"
_EN_LY = "(?:hour|dai|week|fortnight|month|quarter|year|annual)ly"
OFTEN = re.compile(
    f"(?<!间)每?隔(?:{NUMBER})?半?{_UNIT}|每(?:{NUMBER})?半?{_UNIT}|(?:{NUMBER})次/(?:{NUMBER})?半?{_UNIT}|"
    f"{WITHIN}|(?:半|(?:{NUMBER})半?){_UNIT}(?=一[换检保修洗巡查试])|{BY_UNIT}|"
    f"(?:[0-9]+-|semi-?|half-?|bi-?)?{_EN_LY}|(?:semi-?|bi-?)?annual|(?:bi|tri|quinqu)ennial(?:ly)?|perannum|"
    f"every(?:[0-9]+(?:st|nd|rd|th)?|other|second|third|fourth|two|three|four|five|six)?{_EN_UNIT}|"
    f"(?:once|twice|[0-9]+times|[0-9]+x)(?:a|per|every)?(?:{_EN_UNIT}|{_EN_LY})"
)
_TIMES_IN = re.compile(f"(?:半|{NUMBER}).*")
_TIMES = re.compile(f"(?:{NUMBER})次")

_CAPITALS = str.maketrans("壹贰弍叁肆伍陆柒捌玖拾佰俩", "一二二三四五六七八九十百两")
_CIRCLED = re.compile("^[①-⑳❶-❿⒈-⒛]")
_TENS = {"廿": "二十", "卅": "三十"}
_LISTED = re.compile(r"^(?:[•·*●◆■]+|[\-—–]+(?![0-9])|[0-9]{1,2}[、.)](?=[^0-9]))")
_LABEL = re.compile(
    "^(?:(?:维护|保养|检查|巡检)?(?:周期|频次|频率|时间)|frequency|freq(?!=)|interval|间隔(?:时间)?)(?:为|是)?[::=]?(?=.)"
)
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_HEDGES = re.compile(
    "至少|不少于|不得少于|不应少于|不低于|不得低于|不应低于|最少|最低|原则上|一般情况下|一般为?|通常为?|正常情况下|大约|平均|及?以上|左右|为宜|"
    "≥|>=|≤|<=|不超过|不得超过|不应超过|不大于|自然(?=[日月季年周])|日历(?=[日月季年周])|[/·每](?:台|部|套|组|人)$|"
    r"约(?=每|[0-9])|(?:应|需|须|宜)(?=每|[0-9])|atleast|minimum(?:of)?|^min\.?(?=[a-z0-9])|\(min\.?\)|(?:no|not)lessthan|"
    "approximately|approx\\.?|calendar(?=month|day|week|year)|normally|usually"
)
_SAID_TWICE = re.compile(r"(?<=[a-z一二两三四五六七八九十百])\([0-9]+\)(?=[a-z个天日周月季年])")
"""A number in figures behind the same in words: five (5) years."""

WORK_WORDS = re.compile(
    f"(?:进行|开展|组织|安排|实施|执行|做|全面|例行|定期|专业|例|常规|集中|综合|的|{_DONE}|检|巡|查|修|保|审|与|和|及)+"
)
"""Words for what is done, one behind the other (folded)."""
_EN_WORK = re.compile(
    "(?<=[a-z])(?:routine|preventive|planned)?(?:checks?|checkup|inspections?|inspected|servic(?:e|es|ing)|pm|ppm|"
    "maintenance|tests?|testing|visits?|cleaning|lubrication|greasing|audits?|surveys?|overhauls?|basis|tasks?)+$"
)
_AND_HALF = re.compile(f"^(?:每|一)?(?P<years>{NUMBER})年半(?=$|※|一|1|/)")
_WEEKDAY = re.compile("^(?:每个?|每?逢)?(?:周|星期|礼拜)[一二三四五六日天]")
_COUNTED_WORK = re.compile(f"(?<=[日天周期月季年旬度])({NUMBER})个?{WORK}")
"""一日一巡, 一年两检: the work stands for the times."""


def plain_of(text: str) -> str:
    """The text folded, in one kind of numerals, without marks, labels and hedges."""
    folded = fold(_CIRCLED.sub("", unicodedata.normalize("NFC", text).strip()))
    bare = re.sub(r"[_。.;；,，]+$", "", _LABEL.sub("", _LISTED.sub("", folded)))
    bare = _SAID_TWICE.sub("", _THOUSANDS.sub("", bare)).replace("(s)", "s")
    bare = re.sub("[叁参](?=个|天|日|年|周|月|季|次|小时|十|百)", "三", bare).translate(_CAPITALS)
    for one, other in _TENS.items():
        bare = bare.replace(one, other)
    return _with_months(_HEDGES.sub("", bare))


def without_work(bare: str) -> str:
    """The text with ``WORK`` for what is done: 每月检查一次 as 每月※一次. 每周一检 is once a week, but
    每周一巡检 and 周一检 are on Mondays."""
    said = WORK_WORDS.sub(WORK, _EN_WORK.sub("", bare))
    day = _WEEKDAY.match(bare)
    work = WORK_WORDS.match(bare, day.end()) if day is not None else None
    dated = day is not None and work is not None and (len(work[0]) > 1 or day[0][0] not in "每逢")
    return said if dated else _COUNTED_WORK.sub(r"\1次", said)


def often_in(text: str) -> list[str]:
    """The words inside others of a folded text that say how often: (夜间每1小时), (pumps monthly), yearly test. Of
    半年清洗一次 they are 半年一次."""
    said = []
    for found in OFTEN.finditer(text):
        words = found[0]
        times = _TIMES.search(text, found.end()) if _TIMES_IN.fullmatch(words) and "次" not in words else None
        said.append(words if times is None else words + times[0])
    return said


def is_any_work(text: str) -> bool:
    """Whether a text says that work is done and not which, nor on what: 维护保养, 检查, maintenance."""
    return without_work(f"{_SOMETHING}{plain_of(text)}") in (_SOMETHING, f"{_SOMETHING}{WORK}")


_SOMETHING = "x"
"""Stands before the work: English words of it count behind a letter only."""


def _with_months(bare: str) -> str:
    """A year and a half as 18 months."""
    found = _AND_HALF.match(bare)
    if found is None or not found["years"].translate(_ONES).isdecimal():
        return bare
    return f"每{int(found['years'].translate(_ONES)) * 12 + 6}个月{bare[found.end() :]}"


_ONES = str.maketrans("一二两三四五六七八九", "1223456789")
