"""A schedule in the words of an export (``maintenance.schedule_words``), read again. Pure.

Only these words count here, in either script and in English; what people write otherwise is for ``frequency_words``.
"""

import re

from maintenance.frequencies import canonical, parse_frequency
from maintenance.grids import SEASON_NAMES
from maintenance.imports.cells import fold
from maintenance.imports.traditional import traditional
from maintenance.intervals import NO_INTERVAL, Interval, IntervalUnit
from maintenance.reasons import frequency
from maintenance.schedule_words import OPEN_HOURS, often_in_words, rule_in_words
from maintenance.schedules import (
    BY_INTERVAL,
    LEAD_DAYS,
    AgeSchedule,
    BeforeSchedule,
    ConditionSchedule,
    IntervalSchedule,
    MeterSchedule,
    Schedule,
    SeasonSchedule,
    Since,
    implied_interval,
    schedule_from,
    schedule_json,
)
from plantroom.domain.assets import LocalName
from plantroom.errors import BadData

MANY_HOURS = 100
"""Hours from which on a number of them may be those that a machine runs as well as the calendar's."""

_LONGEST = 500
_SINCE: dict[str, Since] = {
    "安装后": "installed_on",
    "投用后": "in_service_on",
    "afteritsinstallation": "installed_on",
    "afteritsfirstdayofservice": "in_service_on",
}
_SEASONS = {fold(said): key for key, name in SEASON_NAMES.items() for said in (name.zh, name.en)}
_YEARS = r"(?P<years>[0-9]{1,3}(?:[、,][0-9]{1,3})*)"
_AGE = re.compile(
    rf"(?P<since>安装后|投用后)第{_YEARS}年(?:,之后(?P<then>.+))?|"
    rf"inyears?{_YEARS.replace('years', 'en_years')}(?P<en_since>afteritsinstallation|afteritsfirstdayofservice)"
    r"(?:,then(?P<en_then>.+))?"
)
_LEAD = re.compile(r",(?:提前(?P<zh>[0-9]{1,3})天|(?P<en>[0-9]{1,3})daysahead|(?P<one>1)dayahead)$")
_NUMBER = r"[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?"
_METERS = (
    ("run_hours", re.compile(rf"每运行({_NUMBER})小时|every({_NUMBER})runninghours?")),
    ("starts", re.compile(rf"每启动({_NUMBER})次|every({_NUMBER})starts?")),
)
_OTHER_METER = re.compile(
    rf"(?P<point>\S+)每增加(?P<every>{_NUMBER})|every (?P<en_every>{_NUMBER}) of (?P<en_point>\S+)"
)
_BEFORE = re.compile(
    r"在(?P<code>\S.*)之前[，,]提前(?P<lead>[0-9]{1,3})天|before (?P<en_code>\S.*), (?P<en_lead>[0-9]{1,3}) days? ahead"
)
_MODES = re.compile(
    r"(?:出现以下故障时|出現以下故障時)[：:](?P<modes>.+)|when one of these faults begins: (?P<en_modes>.+)"
)


def read_rule(text: str) -> Schedule | None:
    """The schedule that the words are; ``None``: they are no schedule's own words."""
    if len(text) > _LONGEST:
        return None
    folded, plain = fold(text), text.strip()
    found = _age(folded) or _season(folded) or _interval(folded) or _meter(folded, plain)
    found = found or _condition(plain) or _before(plain)
    if found is None:
        return None
    try:
        return schedule_from(schedule_json(found))
    except BadData:
        return None


def says_how_often(schedule: Schedule) -> bool:
    """Whether a schedule's words may stand where a table says how often: not those beside an interval, nor another
    meter than the two that have words of their own, for ``every 15 of month`` is none."""
    if isinstance(schedule, MeterSchedule):
        return schedule.point in dict(_METERS)
    return not isinstance(schedule, BeforeSchedule | IntervalSchedule)


def rule_text(schedule: Schedule, language: str) -> str | None:
    """A schedule's words where ``read_rule`` reads the same again, else ``None``."""
    said = rule_in_words(schedule)
    texts = [traditional(said.zh)] if language == "zh-hant" else []
    texts += [said.en if language == "en" else said.zh]
    return next((text for text in texts if read_rule(text) == schedule), None)


def frequency_text(interval: Interval, schedule: Schedule, language: str) -> str:
    """A frequency as an export writes it, so that ``read_frequency`` reads the same again; empty for a row that only
    its schedule can describe."""
    if schedule != BY_INTERVAL and interval == implied_interval(schedule):
        return _scheduled_text(schedule, language)
    if interval == NO_INTERVAL:
        return ""
    said = _in(frequency(interval), language)
    known = parse_frequency(said)
    is_plain = interval.unit is not IntervalUnit.HOUR or interval.every < MANY_HOURS
    if is_plain and known is not None and canonical(known) == canonical(interval):
        return said
    letter = interval.unit.value[0].upper()
    return f"P{'T' if interval.unit is IntervalUnit.HOUR else ''}{interval.every}{letter}"


def _scheduled_text(schedule: Schedule, language: str) -> str:
    if not says_how_often(schedule) or rule_text(schedule, language) is None:
        return ""
    return _in(often_in_words(NO_INTERVAL, schedule), language)


def _in(said: LocalName, language: str) -> str:
    if language == "en":
        return said.en
    return traditional(said.zh) if language == "zh-hant" else said.zh


def _age(folded: str) -> Schedule | None:
    found = _AGE.fullmatch(folded)
    if found is None:
        return None
    years = tuple(int(one) for one in re.split("[、,]", found["years"] or found["en_years"]))
    after = found["then"] or found["en_then"]
    then = parse_frequency(after) if after else None
    if after and then is None:
        return None
    return AgeSchedule(years, _SINCE[found["since"] or found["en_since"]], then)


def _season(folded: str) -> Schedule | None:
    lead = _LEAD.search(folded)
    bare = folded[: lead.start()] if lead is not None else folded
    if bare.startswith("beforethe"):
        names = bare.removeprefix("beforethe").split("andthe")
    elif bare.endswith("前"):
        names = bare.removesuffix("前").split("前、")
    else:
        return None
    if not all(one in _SEASONS for one in names):
        return None
    days = LEAD_DAYS if lead is None else int(lead["zh"] or lead["en"] or lead["one"])
    return SeasonSchedule(tuple(_SEASONS[one] for one in names), days)


def _interval(folded: str) -> Schedule | None:
    season, is_open = None, False
    for part in folded.split(","):
        named = _SEASONS.get(part.removeprefix("仅在").removeprefix("onlyinthe"))
        if named is not None and part.startswith(("仅在", "onlyinthe")) and season is None:
            season = named
        elif part in (fold(OPEN_HOURS.zh), fold(OPEN_HOURS.en)):
            is_open = True
        else:
            return None
    return IntervalSchedule(season, is_open)


def _meter(folded: str, plain: str) -> Schedule | None:
    for point, pattern in _METERS:
        found = pattern.fullmatch(folded)
        if found is not None:
            return MeterSchedule(point, float(found[1] or found[2]))
    found = _OTHER_METER.fullmatch(plain)
    if found is None:
        return None
    return MeterSchedule(found["point"] or found["en_point"], float(found["every"] or found["en_every"]))


def _condition(plain: str) -> Schedule | None:
    found = _MODES.fullmatch(plain)
    if found is None:
        return None
    return ConditionSchedule(tuple(re.split("[,，、] *", found["modes"] or found["en_modes"])))


def _before(plain: str) -> Schedule | None:
    found = _BEFORE.fullmatch(plain)
    if found is None:
        return None
    return BeforeSchedule(found["code"] or found["en_code"], int(found["lead"] or found["en_lead"]))
