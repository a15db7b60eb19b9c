"""Changing the limits of a point, with who, when and why."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from api.points.schemas import LimitsChange, LimitsHistory, PointLimits, PointLimitsDetail
from api.problems import StaleVersion
from maintenance.alarm_ports import LimitChange
from maintenance.ports import MaintenanceTx
from plantroom.domain.alarms import limit_problems
from plantroom.domain.assets import Limits, Point, Status
from plantroom.errors import BadData, NotFound


def point_of(tx: MaintenanceTx, asset: str, key: str) -> Point:
    """The asset's point. ``NotFound``."""
    found = next((point for point in tx.assets.points(asset) if point.key == key), None)
    if found is None:
        raise NotFound(f"the asset has no point {key!r}")
    return found


def limits_detail(point: Point, history: Sequence[LimitChange]) -> PointLimitsDetail:
    """The point's limits as they are answered."""
    return PointLimitsDetail(
        asset=point.asset,
        point=point.key,
        unit=point.template.unit,
        version=len(history) + 1,
        limits=PointLimits.model_validate(point.template.limits),
        history=[LimitsHistory.model_validate(one) for one in history],
    )


def change_limits(
    tx: MaintenanceTx, site: str, point: Point, form: LimitsChange, expected: int | None, by: str, now: datetime
) -> PointLimitsDetail:
    """Write the limits that ``form`` names; the point's asset is locked. What people set is theirs: the source of the
    limits is then their reason. ``StaleVersion`` when ``expected`` is not the stored version, ``BadData`` for limits
    that cannot be judged by. A change that changes nothing leaves no trace."""
    history = tx.alarms.limit_changes(point.asset, point.key)
    if expected is not None and expected != len(history) + 1:
        current = limits_detail(point, history).model_dump(mode="json")
        raise StaleVersion("the limits have changed since you read them", current, len(history) + 1, ["limits"])
    given = {name: getattr(form, name) for name in form.model_fields_set if name != "reason"}
    before = point.template.limits
    after = replace(before, **given)
    if after == before:
        return limits_detail(point, history)
    after = replace(after, source=form.reason, status=Status.DEFAULT)
    _check(point, after)
    changed = Point(point.asset, replace(point.template, limits=after))
    tx.assets.put_points([changed])
    change = LimitChange(site, point.asset, point.key, now, by, form.reason, before, after)
    tx.alarms.add_limit_change(change)
    tx.live.note("asset", site, {"key": point.asset, "change": "limits", "point": point.key})
    return limits_detail(changed, [change, *history])


def _check(point: Point, limits: Limits) -> None:
    of = point.template
    problems = limit_problems(limits, of.physical_low, of.physical_high, of.stuck_after_s)
    if problems:
        raise BadData("; ".join(f"{one.field} {one.message}" for one in problems), problems)
