"""What a plan row goes by: whether its schedule, its interval and what it applies to fit together, and whether there
are the points and failure modes that it names. The same for rows of a form and of a table. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from maintenance.intervals import NO_INTERVAL, Interval, IntervalUnit
from maintenance.plan import AppliesTo, PlanRow
from maintenance.schedules import (
    ConditionSchedule,
    FulfilledBy,
    IntervalSchedule,
    MeterSchedule,
    Schedule,
)
from plantroom.catalogue.systems import System
from plantroom.domain.assets import EquipmentClass, LocalName

_A_DAY_H = 24


@dataclass(frozen=True, slots=True)
class GoingBy:
    """The part of a row that its dates go by."""

    schedule: Schedule
    interval: Interval
    applies_to: AppliesTo
    fulfilled_by: FulfilledBy | None = None
    shift_percent: int = 0
    contains: tuple[str, ...] = ()

    @classmethod
    def of(cls, row: PlanRow) -> Self:
        """A row's."""
        return cls(row.schedule, row.interval, row.applies_to, row.fulfilled_by, row.shift_percent, row.contains)


@dataclass(frozen=True, slots=True)
class Misfit:
    """What does not fit: the row's field (``schedule.point``), a code, and the reason."""

    field: str
    code: str
    said: LocalName


def misfit(row: GoingBy) -> Misfit | None:
    """The first of the fields that do not fit together; ``None``: all do."""
    schedule, interval = row.schedule, row.interval
    by_interval, by_hour = isinstance(schedule, IntervalSchedule), interval.unit is IntervalUnit.HOUR
    in_season = isinstance(schedule, IntervalSchedule) and schedule.in_season is not None
    open_hours = isinstance(schedule, IntervalSchedule) and schedule.open_hours
    of_assets = isinstance(schedule, MeterSchedule | ConditionSchedule)
    rules = (
        (by_interval and interval == NO_INTERVAL, "interval", "missing", "缺少周期", "is missing: say every how often"),
        (
            by_hour and not by_interval,
            "interval.unit",
            "needs_days",
            "此类计划项的周期以日计",
            "rows of this kind count in days or more",
        ),
        (
            open_hours and not by_hour,
            "schedule.open_hours",
            "needs_hours",
            "仅适用于按小时的周期",
            "is for rows by the hour",
        ),
        (
            open_hours and interval.every > _A_DAY_H,
            "interval.every",
            "too_long",
            "营业时间内的周期至多24小时",
            "in opening hours at most 24 hours",
        ),
        (
            row.shift_percent > 0 and (not by_interval or in_season or by_hour),
            "shift_percent",
            "fixed_dates",
            "仅普通周期的计划项可顺延",
            "only rows by a plain interval can be shifted",
        ),
        (
            by_hour and bool(row.contains),
            "contains",
            "needs_days",
            "按小时的计划项不包含其他项",
            "rows by the hour contain no others",
        ),
        (
            of_assets and row.applies_to.site,
            "site",
            "needs_assets",
            "此类计划项须适用于设备",
            "such rows are about assets",
        ),
        (
            row.fulfilled_by is not None and (by_hour or of_assets),
            "fulfilled_by",
            "needs_days",
            "仅适用于有日期的计划项",
            "is for rows that are due on a day of the calendar",
        ),
    )
    return next((Misfit(field, code, LocalName(zh, en)) for wrong, field, code, zh, en in rules if wrong), None)


def unknown_name(row: GoingBy, classes: Mapping[str, EquipmentClass], systems: Mapping[str, System]) -> Misfit | None:
    """A point that no class has which the row applies to, or a failure mode that none knows; ``None``: there is none
    such. Rows about single assets may name the assets' own points."""
    to = row.applies_to
    if to.assets:
        return None
    system = systems.get(to.system or "")
    keys = to.classes or (() if system is None else system.classes)
    mine = [classes[key] for key in keys if key in classes]
    if not mine:
        return None
    points = list(dict.fromkeys(point.key for known in mine for point in known.points))
    named = [("schedule.point", row.schedule.point)] if isinstance(row.schedule, MeterSchedule) else []
    if row.fulfilled_by is not None:
        named.append(("fulfilled_by.point", row.fulfilled_by.point))
    for field, key in named:
        if key not in points:
            return Misfit(field, "unknown_point", _none_of("测点", "point", key, points))
    if isinstance(row.schedule, ConditionSchedule):
        modes = sorted({mode.key for known in mine for mode in known.failure_modes})
        for key in row.schedule.failure_modes:
            if key not in modes:
                said = _none_of("故障模式", "failure mode", key, modes)
                return Misfit("schedule.failure_modes", "unknown_mode", said)
    return None


def _none_of(zh: str, en: str, key: str, known: Iterable[str]) -> LocalName:
    some = ", ".join(known)
    if not some:
        return LocalName(f"没有{zh} {key}；目前还没有可用的", f"there is no {en} {key!r}, and none to choose from")
    return LocalName(f"没有{zh} {key}；可用：{some}", f"there is no {en} {key!r}: should be one of {some}")
