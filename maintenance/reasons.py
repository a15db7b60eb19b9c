"""Sentences that say why a job falls on its day, in Chinese and English. Pure."""

from collections.abc import Mapping
from datetime import date

from maintenance.nesting import Job, Planned
from maintenance.plan import Interval, IntervalUnit, Layer, PlanRow
from maintenance.recurrence import longest_between, shifted
from maintenance.schedules import BeforeSchedule, IntervalSchedule
from maintenance.sources import cited
from plantroom.domain.assets import LocalName
from plantroom.domain.wording import counted

_ZH = {
    IntervalUnit.HOUR: "小时",
    IntervalUnit.DAY: "天",
    IntervalUnit.WEEK: "周",
    IntervalUnit.MONTH: "个月",
    IntervalUnit.YEAR: "年",
}
_NAMED = {
    (1, IntervalUnit.DAY): LocalName("每日一次", "daily"),
    (1, IntervalUnit.WEEK): LocalName("每周一次", "weekly"),
    (7, IntervalUnit.DAY): LocalName("每周一次", "weekly"),
    (1, IntervalUnit.MONTH): LocalName("每月一次", "monthly"),
    (3, IntervalUnit.MONTH): LocalName("每季度一次", "quarterly"),
    (6, IntervalUnit.MONTH): LocalName("每半年一次", "half-yearly"),
    (1, IntervalUnit.YEAR): LocalName("每年一次", "yearly"),
    (12, IntervalUnit.MONTH): LocalName("每年一次", "yearly"),
}
LAYERS = {
    Layer.LAW: LocalName("法规要求", "required by law"),
    Layer.MAKER: LocalName("厂家要求", "required by the maker"),
    Layer.CONTRACT: LocalName("维护计划约定", "agreed in the maintenance plan"),
}


def frequency(interval: Interval) -> LocalName:
    """The interval in words: 每季度一次 / quarterly, 每15天一次 / every 15 days."""
    if interval.every == 0:
        return LocalName("无固定周期", "at no fixed interval")
    named = _NAMED.get((interval.every, interval.unit))
    if named is not None:
        return named
    plural = interval.unit.value if interval.every == 1 else f"{interval.every} {interval.unit.value}s"
    return LocalName(f"每{interval.every}{_ZH[interval.unit]}一次", f"every {plural}")


def reason(job: Job, floors: Mapping[str, int | None], overdue: bool = False) -> LocalName:
    """One sentence on a job. ``floors`` maps a row's code to the longest gap in days that holds for it."""
    leader = job.leader
    zh, en = _demand(leader, floors.get(leader.row.code)) if not is_asked(leader) else _reuse(leader)
    if len(job.occurrences) > 1:
        others = [p.row for p in job.occurrences[1:]]
        zh += f"，同时完成{'、'.join(r.name.zh for r in others)}，在各自期限中最早的一天前完成"
        en += f"; done together with {', '.join(r.name.en for r in others)}, by the earliest of their last days"
    if job.placed_early:
        zh += "，为与最近一次保养合并而提前"
        en += "; placed early to meet the nearest visit"
    pulled = [p for p in job.occurrences if _is_pulled(p, job.latest)]
    if pulled and pulled[0].counted_from is not None:
        day, gap = pulled[0].counted_from, floors.get(pulled[0].row.code)
        if (rest := pulled[0].pause) is not None:
            back = _day(rest.until)
            zh += f"，法定最长间隔{gap}天在停用期间（至{back}）届满，因此最迟{_day(job.latest)}"
            en += f"; the {counted(gap or 0, 'day')} that the law allows ran out while it was out of use until {back}"
            en += ", hence due then"
        elif pulled[0].run_out:
            zh += f"，上次完成于{_day(day)}（系统启用前），至登记时已超过最长间隔{gap}天，因此最迟{_day(job.latest)}"
            en += f"; last done on {_day(day)}, before the system was used: the longest gap of"
            en += f" {counted(gap or 0, 'day')} had run out when that was entered, hence due on {_day(job.latest)}"
        else:
            gap = None if gap is None else gap + pulled[0].slack
            zh += f"，距前一次（{_day(day)}）不得超过{gap}天，因此最迟{_day(job.latest)}"
            en += f"; at most {counted(gap or 0, 'day')} after the one of {_day(day)}"
            en += f", hence pulled forward to {_day(job.latest)}"
    over = next((p for p in job.occurrences if _was_over(p, job.latest)), None)
    if over is not None:
        zh += f"，{_day(over.window.nominal)}的一次在登记上次完成日期时已过期，因此最迟{_day(job.latest)}"
        en += f"; the one of {_day(over.window.nominal)} was over when its last completion was entered"
        en += f", hence due on {_day(job.latest)}"
    if overdue:
        zh += "，现已逾期"
        en += "; now overdue"
    return LocalName(zh + "。", en + ".")


def warnings(row: PlanRow, floor: int | None) -> tuple[LocalName, ...]:
    """What is odd about a row: laxer than the law, hence scheduled at the floor."""
    if floor is None or longest_between(row) <= floor:
        return ()
    said, shown = frequency(row.interval), frequency(Interval(floor, IntervalUnit.DAY))
    return (
        LocalName(
            f"{row.name.zh}：计划周期（{said.zh}）宽于法定最长间隔{floor}天，按{shown.zh}安排",
            f"{row.name.en}: {said.en} is laxer than the legal {counted(floor, 'day')}; scheduled {shown.en}",
        ),
    )


def said_of(planned: Planned) -> LocalName:
    """What an occurrence's date goes by, in words: its frequency, its season, its age, its meter."""
    row, grid = planned.row, planned.grid
    if grid is None:
        return frequency(row.interval)
    because = grid.because(planned.window.nominal)
    periodic = row.interval.every > 0 and isinstance(row.schedule, IntervalSchedule | BeforeSchedule)
    if not periodic:
        return because
    often = frequency(row.interval)
    return LocalName(f"{often.zh}，{because.zh}", f"{often.en}, {because.en}")


def _demand(planned: Planned, floor: int | None) -> tuple[str, str]:
    row = planned.row
    said, layer = said_of(planned), LAYERS[row.layer]
    zh = f"{row.name.zh}：{said.zh}，{layer.zh}"
    en = f"{row.name.en}: {said.en}, {layer.en}"
    if row.basis:
        basis = cited(row.basis)
        zh, en = f"{zh}（{basis.zh}）", f"{en} ({basis.en})"
    if row.fulfilled_by is not None:
        zh += f"，由测点“{row.fulfilled_by.point}”的读数自动确认"
        en += f", credited by the readings of {row.fulfilled_by.point}"
    if floor is not None and longest_between(row) > floor:
        zh += f"，因宽于法定最长间隔，按{floor}天安排"
        en += f"; laxer than the law allows, so scheduled every {counted(floor, 'day')}"
    return zh, en


def is_asked(planned: Planned) -> bool:
    """Whether an occurrence is asked for because its machine was out of use for long."""
    pause, reuse = planned.pause, planned.row.before_reuse
    if pause is None or reuse is None or pause.days_since(pause.began) <= reuse.after_days:
        return False
    return planned.window.nominal == planned.window.earliest == planned.window.latest == pause.until


def _reuse(planned: Planned) -> tuple[str, str]:
    row, pause, reuse = planned.row, planned.pause, planned.row.before_reuse
    assert pause is not None
    assert reuse is not None
    zh = f"{row.name.zh}：{_day(pause.began)}至{_day(pause.until)}停用，超过{reuse.after_days}天，重新启用前须完成"
    en = (
        f"{row.name.en}: out of use from {_day(pause.began)} to {_day(pause.until)}, "
        f"more than {counted(reuse.after_days, 'day')}: before it is used again"
    )
    if reuse.basis:
        basis = cited(reuse.basis)
        zh, en = f"{zh}（{basis.zh}）", f"{en} ({basis.en})"
    return zh, en


def _was_over(planned: Planned, latest: date) -> bool:
    """Whether its own window was over when what was done before Plantroom was entered (``maintenance.former``)."""
    own = shifted(planned.window.nominal, planned.row.late_days)
    return own < planned.window.latest == latest and planned.pause is None


def _is_pulled(planned: Planned, latest: date) -> bool:
    return planned.window.pulled and planned.window.latest == latest


def _day(day: date) -> str:
    return day.isoformat()
