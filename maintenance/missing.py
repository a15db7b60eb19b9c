"""When planned work may be recorded as missed: on its last day at the earliest. Inside the caller's transaction.

Until then it can still be done. A miss on record gives the occurrence away: the next one counts from its last day, and
nobody is asked for the work any more. Who knows earlier that it will not be done puts it off, or ends it as bypassed or
cancelled, which say so.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from maintenance.ports import MaintenanceTx
from maintenance.recurrence import local_day
from maintenance.work_orders import State, WorkOrder
from plantroom.errors import Conflict

_INSTANT = timedelta(microseconds=1)


class NotMissedYet(Conflict):
    """The work can still be done: its last day is yet to come."""

    code = "not_missed_yet"


def require_last_day(tx: MaintenanceTx, order: WorkOrder, to: State, now: datetime) -> None:
    """``NotMissedYet`` when planned work is to be ``missed`` before its last day (local to the site; of a patrol by the
    hour before its time begins), with from when on it can be. Orders without occurrences have no such day."""
    if to is not State.MISSED or not order.occurrences or order.due is None:
        return
    zone = ZoneInfo(tx.assets.site(order.site).time_zone)
    moments = [one.nominal_at for one in order.occurrences if one.nominal_at is not None]
    if moments:
        since, comes = f"{min(moments).astimezone(zone):%Y-%m-%d %H:%M}", min(moments) <= now
        words = "工作时间", "its time begins at"
    else:
        # What ends at midnight ends with the day before.
        last = local_day(order.due - _INSTANT, zone)
        since, comes = last.isoformat(), local_day(now, zone) >= last
        words = "最后期限", "its last day is"
    if comes:
        return
    raise NotMissedYet(
        f"#{order.number}: {words[0]}为{since}，自此方可记为漏做（missed）；在此之前可延期（deferral）、"
        f"跳过（bypassed）或取消（cancelled）并说明原因 / {words[1]} {since}: it can be recorded as missed from then "
        "on; until then put it off (deferral), or end it as bypassed or cancelled, with why"
    )
