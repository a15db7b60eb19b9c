"""Assets that the plan table does not reach, what is proposed for them, and rows that reach no asset. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from maintenance.intervals import Interval, IntervalUnit
from maintenance.plan import PlanRow
from maintenance.planner import Systems, asset_subject, hour_rows_for, rows_for
from maintenance.rests import AT_REST
from maintenance.stand_ins import replaced_from
from plantroom.domain.assets import Asset, LocalName


@dataclass(frozen=True, slots=True)
class Proposal:
    """A row that could be made for an asset without a plan."""

    name: LocalName
    interval: Interval
    status: str = "default"


PROPOSED: Sequence[Proposal] = (
    Proposal(LocalName("每月外观检查", "Monthly look"), Interval(1, IntervalUnit.MONTH)),
    Proposal(LocalName("年度功能测试", "Yearly test"), Interval(1, IntervalUnit.YEAR)),
)
"""What is proposed for whatever has no row: a monthly look and a yearly test (requirements.md III.9, default)."""


@dataclass(frozen=True, slots=True)
class Covered:
    """How far the plan reaches on a site: assets in use, those of them with rows, and those without."""

    assets: int
    with_plan: int
    without_plan: Sequence[Asset]


def coverage(assets: Iterable[Asset], rows: Sequence[PlanRow], systems: Systems, today: date) -> Covered:
    """Which assets in use no row applies to that makes work from ``today`` on. Rows that are not in effect yet count;
    those that others have taken the place of do not. O(assets x rows)."""
    in_use = [asset for asset in assets if asset.status not in AT_REST]
    by_class: dict[tuple[str, str, bool], bool] = {}
    named = {key for row in rows for key in row.applies_to.assets}
    without: list[Asset] = []
    for asset in in_use:
        place = (asset.site, asset.equipment_class, asset.key in named)
        if asset.key in named or place not in by_class:
            by_class[place] = _has_rows(asset, rows, systems, today)
        if not by_class[place]:
            without.append(asset)
    return Covered(len(in_use), len(in_use) - len(without), without)


NO_MACHINE = LocalName("站点还没有这类设备，未作安排", "no machine of this class on the site yet: nothing is planned")
NOT_THERE = LocalName(
    "所列设备都已不在站点上，未作安排", "none of the machines that it names is on the site any more: nothing is planned"
)


def rows_without_machines(
    site: str, assets: Iterable[Asset], rows: Iterable[PlanRow], systems: Systems, today: date
) -> list[tuple[PlanRow, LocalName]]:
    """The rows that are in force on a site and plan nothing, since no machine is there that they are for, with the
    reason; by code. ``assets``: all of the site's, whether in use or not.

    Of the default profile only the lines of the user's own table are among them: its other rows are for whatever a
    site may have. O(assets + rows)."""
    there = [one for one in assets if one.site == site]
    classes, keys = {one.equipment_class for one in there}, {one.key for one in there}
    rows = list(rows)
    own = {row.code for row in rows if row.site == site}
    found = []
    for row in rows:
        is_asked = row.site == site or (row.site is None and row.code not in own and "user_row" in row.custom)
        to = row.applies_to
        if not is_asked or to.site or (row.ends or date.max) <= today:
            continue
        if classes.isdisjoint((*systems.get(to.system or "", ()), *to.classes)) and keys.isdisjoint(to.assets):
            found.append((row, NO_MACHINE if to.system or to.classes else NOT_THERE))
    return sorted(found, key=lambda one: one[0].code)


def _has_rows(asset: Asset, rows: Sequence[PlanRow], systems: Systems, today: date) -> bool:
    subject = asset_subject(asset)
    dated = rows_for(rows, subject, systems)
    ends: Mapping[str, date] = replaced_from(dated, today)
    hourly = hour_rows_for(rows, subject, systems)
    return any(ends.get(row.code, row.ends or date.max) > today for row in (*dated, *hourly))
