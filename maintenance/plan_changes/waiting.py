"""Changes of rows that somebody has asked for and that are not in effect yet: whatever else changes the plan table
leaves them standing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from maintenance.notify.outbox import ZONE
from maintenance.plan import PlanRow
from maintenance.plan_changes.model import ChangeState, PlanChange
from maintenance.plan_changes.ports import ChangeFilter
from maintenance.ports import MaintenanceTx
from maintenance.recurrence import local_day
from plantroom.domain.assets import LocalName
from plantroom.errors import Conflict
from plantroom.ports.paging import PageRequest

PAGE = 500


@dataclass(frozen=True, slots=True)
class Waiting:
    """By the row's lineage: the approved change that made a version which is not in effect yet, and the changes that
    nobody has decided on."""

    approved: Mapping[str, PlanChange] = field(default_factory=dict)
    requested: Mapping[str, Sequence[PlanChange]] = field(default_factory=dict)


def today_of(tx: MaintenanceTx, site: str | None, now: datetime) -> date:
    """The local day of the site; of every site's rows that of the default zone."""
    return local_day(now, ZoneInfo(ZONE if site is None else tx.assets.site(site).time_zone))


def waiting_changes(tx: MaintenanceTx, rows: Iterable[PlanRow], today: date) -> Waiting:
    """The changes that wait, of some rows at their newest version."""
    known = list(rows)
    approved = {row.lineage: change for row in known if (change := waiting_version(tx, row, today)) is not None}
    lineages = {row.lineage for row in known}
    requested: dict[str, list[PlanChange]] = {}
    for change in _requested(tx):
        if change.before is not None and change.before.lineage in lineages:
            requested.setdefault(change.before.lineage, []).append(change)
    return Waiting(approved, requested)


def waiting_version(tx: MaintenanceTx, row: PlanRow, today: date) -> PlanChange | None:
    """The approved change that made the row's newest version, when another version is in effect until then."""
    if row.effective_from <= today or row.version == 1:
        return None
    return tx.plan_changes.applied(row.lineage).get(row.version)


def require_none_waits(tx: MaintenanceTx, row: PlanRow, now: datetime) -> None:
    """``Conflict`` when a new version would take the place of one that was approved and is not in effect yet."""
    change = waiting_version(tx, row, today_of(tx, row.site, now))
    if change is not None:
        said = said_of(row, change)
        raise Conflict(f"{row.code}: {said.zh} / {said.en}")


def said_of(row: PlanRow, change: PlanChange) -> LocalName:
    """What waits, in words."""
    by, day = change.requested_by, row.effective_from
    return LocalName(
        f"已批准的变更（{by}申请）自{day}起生效", f"a change that {by} asked for was approved and takes effect on {day}"
    )


def _requested(tx: MaintenanceTx) -> Iterable[PlanChange]:
    cursor: str | None = None
    while True:
        page = tx.plan_changes.list(ChangeFilter(state=ChangeState.REQUESTED.value), PageRequest(PAGE, cursor))
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return
