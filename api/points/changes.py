"""Limits of a point as they are answered and changed."""

from collections.abc import Sequence
from datetime import datetime

from api.points.schemas import LimitsChange, LimitsHistory, PointLimits, PointLimitsDetail
from api.problems import StaleVersion
from maintenance.alarm_ports import LimitChange
from maintenance.point_limits import set_limits
from maintenance.ports import MaintenanceTx
from plantroom.domain.assets import Point


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
    """Write the limits that ``form`` names; the point's asset is locked. ``StaleVersion`` when ``expected`` is not the
    stored version, else as ``maintenance.point_limits.set_limits``."""
    history = tx.alarms.limit_changes(point.asset, point.key)
    if expected is not None and expected != len(history) + 1:
        current = limits_detail(point, history).model_dump(mode="json")
        raise StaleVersion("the limits have changed since you read them", current, len(history) + 1, ["limits"])
    given = {name: getattr(form, name) for name in form.model_fields_set if name != "reason"}
    changed = set_limits(tx, site, point, given, form.reason, by, now)
    return limits_detail(changed, tx.alarms.limit_changes(point.asset, point.key))
