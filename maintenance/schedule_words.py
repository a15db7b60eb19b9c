"""What a plan row goes by in words, without a machine: its age, its season, another job, else its frequency. Pure."""

from maintenance.grids import SEASON_NAMES
from maintenance.intervals import Interval
from maintenance.plan import PlanRow
from maintenance.reasons import frequency
from maintenance.schedules import (
    AgeSchedule,
    BeforeSchedule,
    ConditionSchedule,
    MeterSchedule,
    Schedule,
    SeasonSchedule,
)
from plantroom.domain.assets import LocalName

_SINCE = {
    "installed_on": LocalName("安装后", "after its installation"),
    "in_service_on": LocalName("投用后", "after its first day of service"),
}


def how_often(row: PlanRow) -> LocalName:
    """The row's dates in words, as the row itself says them: 安装后第1、4、7年，之后每年一次."""
    return often_in_words(row.interval, row.schedule)


def often_in_words(interval: Interval, schedule: Schedule) -> LocalName:
    """The same of a schedule and the interval beside it."""
    match schedule:
        case AgeSchedule():
            return _by_age(schedule)
        case SeasonSchedule(seasons, _):
            names = [SEASON_NAMES.get(one, LocalName(one, one)) for one in seasons]
            before = "、".join(f"{one.zh}前" for one in names)
            return LocalName(before, f"before the {' and the '.join(one.en for one in names)}")
        case BeforeSchedule(code, _):
            return _beside(interval, LocalName(f"在{code}之前", f"before {code}"))
        case MeterSchedule(point, every):
            return _beside(interval, LocalName(f"{point}每增加{every:g}", f"every {every:g} of {point}"))
        case ConditionSchedule():
            return LocalName("出现所列故障时", "when one of its faults begins")
        case _:
            return frequency(interval)


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
