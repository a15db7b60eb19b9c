"""What a plan row goes by in words, without a machine: its age, its season, another job, else its frequency. Pure.

``maintenance.imports.rule_words`` reads these words, so that an export comes back as the schedule that it was.
"""

from maintenance.grids import SEASON_NAMES
from maintenance.intervals import NO_INTERVAL, Interval
from maintenance.plan import PlanRow
from maintenance.reasons import frequency
from maintenance.schedules import (
    AgeSchedule,
    BeforeSchedule,
    ConditionSchedule,
    IntervalSchedule,
    MeterSchedule,
    Schedule,
    SeasonSchedule,
)
from plantroom.domain.assets import LocalName
from plantroom.domain.wording import counted

_SINCE = {
    "installed_on": LocalName("安装后", "after its installation"),
    "in_service_on": LocalName("投用后", "after its first day of service"),
}
OPEN_HOURS = LocalName("仅在营业时间内", "only in opening hours")


def how_often(row: PlanRow) -> LocalName:
    """The row's dates in words, as the row itself says them: 安装后第1、4、7年，之后每年一次."""
    return often_in_words(row.interval, row.schedule)


def often_in_words(interval: Interval, schedule: Schedule) -> LocalName:
    """The same of a schedule and the interval beside it."""
    match schedule:
        case AgeSchedule():
            return _by_age(schedule)
        case SeasonSchedule(seasons, _):
            names = [_season(one) for one in seasons]
            before = "、".join(f"{one.zh}前" for one in names)
            return LocalName(before, f"before the {' and the '.join(one.en for one in names)}")
        case BeforeSchedule(code, _):
            return _beside(interval, LocalName(f"在{code}之前", f"before {code}"))
        case MeterSchedule():
            return _beside(interval, _by_meter(schedule))
        case ConditionSchedule(modes):
            named = ", ".join(modes)
            return LocalName(f"出现以下故障时：{named}", f"when one of these faults begins: {named}")
        case _:
            return frequency(interval)


def rule_in_words(schedule: Schedule) -> LocalName:
    """All of a schedule, without the interval beside it: 供暖季前，提前14天. Empty for a plain interval."""
    match schedule:
        case IntervalSchedule(in_season, open_hours):
            season = None if in_season is None else _season(in_season)
            parts = [] if season is None else [LocalName(f"仅在{season.zh}", f"only in the {season.en}")]
            parts += [OPEN_HOURS] if open_hours else []
            return LocalName("，".join(one.zh for one in parts), ", ".join(one.en for one in parts))
        case SeasonSchedule(_, lead) | BeforeSchedule(_, lead):
            said = often_in_words(NO_INTERVAL, schedule)
            return LocalName(f"{said.zh}，提前{lead}天", f"{said.en}, {counted(lead, 'day')} ahead")
        case _:
            return often_in_words(NO_INTERVAL, schedule)


def _season(key: str) -> LocalName:
    return SEASON_NAMES.get(key, LocalName(key, key))


def _by_meter(schedule: MeterSchedule) -> LocalName:
    every = f"{schedule.every:g}"
    known = {
        "run_hours": LocalName(f"每运行{every}小时", f"every {counted(schedule.every, 'running hour')}"),
        "starts": LocalName(f"每启动{every}次", f"every {counted(schedule.every, 'start')}"),
    }
    plain = LocalName(f"{schedule.point}每增加{every}", f"every {every} of {schedule.point}")
    return known.get(schedule.point, plain)


def _by_age(schedule: AgeSchedule) -> LocalName:
    since = _SINCE[schedule.since]
    zh = f"{since.zh}第{'、'.join(map(str, schedule.years))}年"
    en = f"in years {', '.join(map(str, schedule.years))} {since.en}"
    if schedule.then is None:
        return LocalName(zh, en)
    then = frequency(schedule.then)
    return LocalName(f"{zh}，之后{then.zh}", f"{en}, then {then.en}")


def _beside(interval: Interval, said: LocalName) -> LocalName:
    if interval.every == 0:
        return said
    often = frequency(interval)
    return LocalName(f"{often.zh}，{said.zh}", f"{often.en}, {said.en}")
