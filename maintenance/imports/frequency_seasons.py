"""Frequencies that are no plain interval: before a season, at its change, by running hours or starts, and intervals
that hold in opening hours or in a season only. Pure."""

import re
from dataclasses import dataclass

from maintenance.frequencies import number_of
from maintenance.imports.frequency_plain import NUMBER, WORK
from maintenance.schedules import IntervalSchedule, MeterSchedule, Schedule, SeasonSchedule

_WORDS = {
    "heating": "供暖 采暖 供热 取暖 暖气 heating",
    "rain": (
        "雨 汛 防汛 主汛 入汛 雷雨 雷暴 雷电 梅雨 暴雨 多雨 台风 防台 洪水 洪 防洪 "
        "rain rainy rains flood monsoon typhoon wet thunderstorm hurricane"
    ),
    "winter": (
        "冬 入冬 冬天 寒 寒冬 严寒 寒潮 冰冻 霜冻 防冻 封冻 上冻 结冰 低温 越冬 迎峰度冬 冬防 "
        "winter frost cold freezing"
    ),
    "cooling": (
        "夏 入夏 夏天 供冷 制冷 空调 高温 夏季高温 高温天气 暑 暑期 酷暑 迎峰度夏 度夏 "
        "cooling summer hot air-conditioning"
    ),
}
_SEASONS = {word: key for key, words in _WORDS.items() for word in words.split()}
_ONE = "|".join(sorted(_SEASONS, key=len, reverse=True))
_COMES = "(?:[两二]季|季节|季|期|天气|来临|到来|开始|启动|运行|season)*"
_YEARLY = re.compile("每年度?|每一年|一年|年度|^yearly|^annually|^annual|^onceayear|^everyyear|^once")
_SEASON = re.compile(
    rf"(?:在|于)?(?:每?逢|每到|每次|每)?的?(?P<a>{_ONE}){_COMES}"
    rf"(?:前?(?:{WORK}|、|/|,|and)?(?P<b>{_ONE}){_COMES})?之?(?:以前|前夕|前期|前|来临前|到来前)各?{WORK}?(?:一次|1次)?{WORK}?|"
    rf"(?:before|pre|priorto|aheadof)-?(?:the)?(?:startof)?(?:the)?(?P<c>{_ONE})-?(?:season)?"
    rf"(?:and(?:(?:before|pre|priorto)-?)?(?:the)?(?P<d>{_ONE})-?(?:season)?)?"
)
_CHANGE = re.compile(
    rf"(?:每次|每逢|每年)?(?:的)?(?:换季|季节转换|季节更替|季节变换|季节交替|春季?[和、与及/,{WORK}]?秋季?(?:两季|二季|两个季节|季)?)"
    rf"(?:时|前)?各?{WORK}?(?:一次|1次)?{WORK}?|change-?over|season(?:al)?change(?:over)?|"
    rf"(?:every|each|in)?springand(?:in)?autumn"
)
_RUN = re.compile(
    rf"(?:每|累计|累积)?(?:运行|运转|工作)?(?:每|累计|累积|满|达到?)*([0-9]+(?:\.[0-9]+)?|{NUMBER})个?"
    r"(?:运行|运转|工作)?(?:小时|h|hours?|hrs?)(?:运行|运转)?(?:一次|1次|后)?"
)
_RUN_EN = re.compile(
    r"(?:every|each|after|per)?([0-9]+(?:\.[0-9]+)?)(?:running|run|operating|operation|service|engine)-?"
    r"(?:hours?|hrs?|h)|(?:every|each|after|per)?([0-9]+(?:\.[0-9]+)?)(?:hours?|hrs?|h)(?:run|running|ofoperation|operation)"
)
_STARTS = re.compile(
    r"(?:每|累计)?(?:启动|启停|起动|开机)(?:满)?([0-9]+)次(?:一次|后)?|(?:every|each|after|per)?([0-9]+)starts?"
)
_OPEN = re.compile(
    r"(?:在)?(?:营业|开放|运营)(?:时间|期间|时段)?内?,?|,?(?:during|in)(?:the)?(?:opening|business)hours,?"
)
_IN_SEASON = re.compile(rf"(?:在)?(?P<season>{_ONE})(?:季节|季|期)+(?:间|内)*,?(?!.*前)")


def names_a_day_before(bare: str) -> bool:
    """Whether a text says that something is done before something."""
    return re.search(r"前|before|priorto|^pre-", bare) is not None


def other_kind(said: str) -> Schedule | None:
    """The schedule of a text without the words of the work; ``None``: it is no such one."""
    bare = _YEARLY.sub("", said).strip(",、-–—:")
    if _CHANGE.fullmatch(said) or _CHANGE.fullmatch(bare):
        return SeasonSchedule(("cooling", "heating"))
    found = _SEASON.fullmatch(said) or _SEASON.fullmatch(bare)
    if found is not None:
        named = [_SEASONS[word] for word in found.groups() if word]
        return SeasonSchedule(tuple(dict.fromkeys(named)))
    if re.search(r"运行|运转|工作|run|operat|service|engine", said):
        found = _RUN.fullmatch(said) or _RUN_EN.fullmatch(said)
        if found is not None:
            text = next(one for one in found.groups() if one)
            hours = float(text) if re.match(r"[0-9]", text) else number_of(text)
            return MeterSchedule("run_hours", float(hours)) if hours else None
    found = _STARTS.fullmatch(said)
    if found is not None:
        return MeterSchedule("starts", float(found[1] or found[2]))
    return None


@dataclass(frozen=True, slots=True)
class Within:
    """What is left of a text beside the time in which it holds, and that."""

    rest: str
    schedule: IntervalSchedule


def within(bare: str) -> list[Within]:
    """Ways in which a text may be an interval that holds at times only: 营业时间内每2小时一次, 供暖期每周一次."""
    found = []
    for pattern in (_OPEN, _IN_SEASON):
        part = pattern.match(bare) or pattern.search(bare)
        rest = bare[: part.start()] + bare[part.end() :] if part is not None else ""
        if part is not None and rest:
            only = IntervalSchedule(open_hours=True) if pattern is _OPEN else IntervalSchedule(_SEASONS[part["season"]])
            found.append(Within(rest, only))
    return found
