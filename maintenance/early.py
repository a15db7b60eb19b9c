"""Planned work that is begun or done before its window opens: a word on it, never a refusal.

It counts for its date all the same, however early it is. What moves is the next date: the longest gap counts from the
day of completion, so that work done two months early is due again two months early.
"""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from maintenance.ports import MaintenanceTx
from maintenance.recurrence import local_day
from maintenance.stand_ins import floor_of
from maintenance.work_orders import State, WorkOrder
from plantroom.domain.assets import LocalName
from plantroom.domain.wording import counted

_WORKED_ON = (State.IN_PROGRESS, State.ON_HOLD, State.EVIDENCE_PENDING, State.COMPLETED, State.VERIFIED)


@dataclass(frozen=True, slots=True)
class Early:
    """How early work is: ``days`` from ``day``, on which it was done (else begun), to ``opens``, the first day of its
    window; local days of the site. ``text`` says so, and what the next date counts from."""

    days: int
    day: date
    opens: date
    text: LocalName


def early_work(tx: MaintenanceTx, order: WorkOrder) -> Early | None:
    """``None`` for what is in its window, has not begun, or has no days (tickets, patrols by the hour)."""
    at = order.completed_at or order.arrived_at
    if at is None or order.earliest is None or order.state not in _WORKED_ON or not order.occurrences:
        return None
    day = local_day(at, ZoneInfo(tx.assets.site(order.site).time_zone))
    days = (order.earliest - day).days
    if days <= 0 or any(one.nominal_at is not None for one in order.occurrences):
        return None
    return Early(days, day, order.earliest, _text(order, day, days, _next(tx, order, day)))


def _next(tx: MaintenanceTx, order: WorkOrder, day: date) -> LocalName:
    """What the next date counts from, by the rows that the order is for."""
    rows = tx.plan.rows(order.site)
    by_code, lineages = {row.code: row for row in rows}, {one.key.lineage for one in order.occurrences}
    mine = [row for row in rows if row.lineage in lineages]
    floors = [floor for floor in (floor_of(row, by_code) for row in mine) if floor is not None]
    if floors:
        since = LocalName("完成之日", "the day that it is done")
        if order.completed_at is not None:
            since = LocalName(day.isoformat(), day.isoformat())
        gap = min(floors)
        return LocalName(
            f"下一次的最长间隔（{gap}天）自{since.zh}起算",
            f"the longest gap to the next one ({gap} days) counts from {since.en}",
        )
    if any(row.shift_percent for row in mine):
        return LocalName("以后的日期随之提前", "the dates that follow move forward with it")
    return LocalName("以后的日期不变", "the dates that follow stay")


def _text(order: WorkOrder, day: date, days: int, following: LocalName) -> LocalName:
    done, opens = order.completed_at is not None, order.earliest
    zh, en = ("完成", "done") if done else ("开始", "begun")
    return LocalName(
        f"{day}{zh}，比可做期首日（{opens}）早{days}天，照常计入本次；{following.zh}",
        f"{en} on {day}, {counted(days, 'day')} before its window opens on {opens}: it counts for this date; "
        f"{following.en}",
    )
