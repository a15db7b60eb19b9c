"""What a new plan row goes by: its schedule with the interval, and whether the two fit together."""

from collections.abc import Iterable

from api.paging import bad_field
from api.plan.schemas import PlanRowCreate
from api.services import Services
from maintenance.intervals import NO_INTERVAL, Interval, IntervalUnit
from maintenance.schedules import (
    BY_INTERVAL,
    ConditionSchedule,
    FulfilledBy,
    IntervalSchedule,
    MeterSchedule,
    Schedule,
    fulfilled_by_from,
    implied_interval,
    schedule_from,
)
from plantroom.domain.assets import PointTemplate

_A_DAY_H = 24


def what_it_goes_by(form: PlanRowCreate) -> tuple[Schedule, Interval, FulfilledBy | None]:
    """The schedule, the interval (``NO_INTERVAL`` without any) and what credits an occurrence. ``BadData`` names the
    field that does not fit."""
    schedule = BY_INTERVAL if form.schedule is None else schedule_from(form.schedule.model_dump(mode="json"))
    given = None if form.interval is None else Interval(form.interval.every, form.interval.unit)
    interval = implied_interval(schedule) if given is None else given
    _check_interval(form, schedule, interval)
    credit = None
    if form.fulfilled_by is not None:
        credit = fulfilled_by_from(form.fulfilled_by.model_dump(mode="json", by_alias=True))
        if interval.unit is IntervalUnit.HOUR or isinstance(schedule, MeterSchedule | ConditionSchedule):
            raise bad_field(
                "fulfilled_by",
                "needs_days",
                "仅适用于有日期的计划项 / is for rows that are due on a day of the calendar",
            )
    return schedule, interval, credit


def _check_interval(form: PlanRowCreate, schedule: Schedule, interval: Interval) -> None:
    """``BadData`` for the first of the fields that do not fit together."""
    by_interval, by_hour = isinstance(schedule, IntervalSchedule), interval.unit is IntervalUnit.HOUR
    in_season = isinstance(schedule, IntervalSchedule) and schedule.in_season is not None
    open_hours = isinstance(schedule, IntervalSchedule) and schedule.open_hours
    of_assets = isinstance(schedule, MeterSchedule | ConditionSchedule)
    rules = (
        (by_interval and interval == NO_INTERVAL, "interval", "missing", "缺少周期 / is missing: say every how often"),
        (
            by_hour and not by_interval,
            "interval.unit",
            "needs_days",
            "此类计划项的周期以日计 / rows of this kind count in days or more",
        ),
        (
            open_hours and not by_hour,
            "schedule.open_hours",
            "needs_hours",
            "仅适用于按小时的周期 / is for rows by the hour",
        ),
        (
            open_hours and interval.every > _A_DAY_H,
            "interval.every",
            "too_long",
            "营业时间内的周期至多24小时 / in opening hours at most 24 hours",
        ),
        (
            form.shift_percent > 0 and (not by_interval or in_season or by_hour),
            "shift_percent",
            "fixed_dates",
            "仅普通周期的计划项可顺延 / only rows by a plain interval can be shifted",
        ),
        (
            by_hour and bool(form.contains),
            "contains",
            "needs_days",
            "按小时的计划项不包含其他项 / rows by the hour contain no others",
        ),
        (
            of_assets and form.site,
            "site",
            "needs_assets",
            "此类计划项须适用于设备 / such rows are about assets",
        ),
    )
    for wrong, field, code, message in rules:
        if wrong:
            raise bad_field(field, code, message)


def check_points(services: Services, form: PlanRowCreate, schedule: Schedule) -> None:
    """``BadData`` where a row names a point that no class it applies to has, or a failure mode that none knows. Rows
    about single assets may name the assets' own points."""
    if form.assets:
        return
    system = services.systems.get(form.system or "")
    keys = form.classes or (() if system is None else system.classes)
    classes = [services.classes[key] for key in keys if key in services.classes]
    if not classes:
        return
    points = {point.key: point for known in classes for point in known.points}
    if isinstance(schedule, MeterSchedule):
        _check_point("schedule.point", schedule.point, points)
    if form.fulfilled_by is not None:
        _check_point("fulfilled_by.point", form.fulfilled_by.point, points)
    if isinstance(schedule, ConditionSchedule):
        modes = sorted({mode.key for known in classes for mode in known.failure_modes})
        unknown = [mode for mode in schedule.failure_modes if mode not in modes]
        if unknown:
            raise bad_field(
                "schedule.failure_modes", "unknown_mode", f"there is no failure mode {unknown[0]!r}: {_some(modes)}"
            )


def _check_point(field: str, key: str, points: dict[str, PointTemplate]) -> None:
    if key not in points:
        raise bad_field(field, "unknown_point", f"there is no point {key!r}: {_some(points)}")


def _some(known: Iterable[str]) -> str:
    return "should be one of " + ", ".join(known)
