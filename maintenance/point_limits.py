"""Changing the limits of a point, with who, when and why."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from maintenance.alarm_ports import LimitChange
from maintenance.ports import MaintenanceTx
from plantroom.domain.alarms import limit_problems
from plantroom.domain.assets import LimitOrigin, Limits, Point, Status
from plantroom.domain.authorship import explained
from plantroom.errors import BadData, FieldProblem, NotFound

REASON_CHARACTERS = 500


def point_of(tx: MaintenanceTx, asset: str, key: str) -> Point:
    """The asset's point. ``NotFound``."""
    points = tx.assets.points(asset)
    found = next((point for point in points if point.key == key), None)
    if found is None:
        known = ", ".join(point.key for point in points) or "none"
        raise NotFound(f"the asset has no point {key!r}; its points: {known}")
    return found


def set_limits(
    tx: MaintenanceTx, site: str, point: Point, given: Mapping[str, Any], reason: str, by: str, now: datetime
) -> Point:
    """Write the limits that ``given`` names (fields of ``Limits``); the point's asset is locked. What people set is
    theirs, unless they name another ``origin``; the source of the limits is then their reason. Raises ``BadData`` for
    limits that cannot be judged by and for no reason, everything that is wrong at once. A change that changes nothing
    leaves no trace."""
    before, reason = point.template.limits, reason.strip()
    after = replace(before, **given)
    _check(point, after, reason)
    if after == before:
        return point
    origin = LimitOrigin(given.get("origin", LimitOrigin.OWN))
    after = replace(after, source=reason, status=Status.DEFAULT, origin=origin)
    explained(reason)
    changed = Point(point.asset, replace(point.template, limits=after))
    tx.assets.put_points([changed])
    tx.alarms.add_limit_change(LimitChange(site, point.asset, point.key, now, by, reason, before, after))
    tx.live.note("asset", site, {"key": point.asset, "change": "limits", "point": point.key})
    return changed


def _check(point: Point, limits: Limits, reason: str) -> None:
    # Limits that are there already are kept as they are, whatever rules have come since.
    unchanged = limits == point.template.limits
    of = point.template
    problems = [] if unchanged else limit_problems(limits, of.physical_low, of.physical_high, of.stuck_after_s)
    if not 0 < len(reason) <= REASON_CHARACTERS:
        words = f"say why, in up to {REASON_CHARACTERS} characters"
        problems.append(FieldProblem("reason", "required", words))
    if problems:
        raise BadData("; ".join(f"{one.field} {one.message}" for one in problems), problems)
