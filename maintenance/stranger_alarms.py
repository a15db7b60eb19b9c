"""Alarms of devices that the ledger does not know. An episode is of a machine, and there is none: each open ticket for
strangers is a line of the alarm list instead, as long as an event on it waits for its device to be entered.

Somebody has taken note of it who acknowledged it or accepted its ticket, later than something came anew; a tablet may
tell of that afterwards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from maintenance.episode_rules import work_is_done
from maintenance.episodes import Episode, EpisodeState
from maintenance.heard import SHOWN, Heard, heard
from maintenance.orders import keep, steps_taken
from maintenance.ports import MaintenanceTx
from maintenance.strangers import device_of, is_strangers_ticket, rang_on, strangers_tickets
from maintenance.work_orders import State, WorkOrder
from plantroom.domain.assets import UNCLASSIFIED, LocalName
from plantroom.domain.findings import FindingSource
from plantroom.errors import NotFound
from plantroom.ports.paging import Scope

NOTED = "noted"
"""Among what the ticket gathers: who acknowledged it as an alarm, and when."""


def strangers_alarms(tx: MaintenanceTx, scope: Scope, site: str | None) -> list[tuple[Episode, LocalName]]:
    """Each as the episode that it would be, without an asset and with its ticket's id, and what its devices are called.
    Two queries, and one more for each ticket that was accepted; a site has at most ``MAX_TICKETS`` of them."""
    found = (_alarm(tx, order) for order in strangers_tickets(tx, scope, site))
    return [one for one in found if one is not None]


def stranger_alarm(tx: MaintenanceTx, alarm_id: str) -> tuple[Episode, LocalName] | None:
    """That of one id; ``None`` for one of another kind, and for one that is over."""
    try:
        order = tx.orders.get(alarm_id)
    except NotFound:
        return None
    standing = is_strangers_ticket(order) and not work_is_done(order)
    return _alarm(tx, order) if standing else None


def acknowledge_stranger(tx: MaintenanceTx, alarm_id: str, by: str, now: datetime) -> Episode:
    """Somebody has taken note of it; the first one stands. ``NotFound`` for what is none (any more)."""
    order = tx.orders.lock(alarm_id)
    if _noted(tx, order) is None:
        note = {"at": now.isoformat(), "by": by}
        order = keep(tx, replace(order, gathered={**(order.gathered or {}), NOTED: note}))
    found = _alarm(tx, order) if is_strangers_ticket(order) and not work_is_done(order) else None
    if found is None:
        raise NotFound(f"there is no alarm {alarm_id!r}")
    return found[0]


def _alarm(tx: MaintenanceTx, order: WorkOrder) -> tuple[Episode, LocalName] | None:
    listed = heard(order)
    waiting = [one for one in listed if not one.ticket]
    if listed and not waiting:
        return None
    opened = order.opened_at or datetime.min.replace(tzinfo=UTC)
    at, by = _noted(tx, order) or (None, None)
    episode = Episode(
        id=order.id,
        site=order.site,
        asset="",
        failure_mode=UNCLASSIFIED,
        source=FindingSource.RULE,
        state=EpisodeState.OPEN,
        severity=order.severity,
        safety=True,
        opened_observed_at=opened,
        opened_at=opened,
        last_observed_at=max((one.last for one in waiting), default=opened),
        work_order=order.id,
        open_subjects=tuple(dict.fromkeys(f"{FindingSource.RULE}:{one.event}" for one in waiting)),
        tags=order.tags,
        detail=_detail(waiting),
        findings=sum(one.times for one in waiting) or 1,
        acknowledged_at=at,
        acknowledged_by=by,
    )
    return episode, _devices(waiting) if waiting else order.title


def _devices(waiting: Sequence[Heard]) -> LocalName:
    first = device_of(waiting[0])
    others = len({one.code for one in waiting}) - 1
    more = f" +{others}" if others else ""
    return LocalName(f"{first.zh}{more}", f"{first.en}{more}")


def _detail(waiting: Sequence[Heard]) -> dict[str, object]:
    """As an episode keeps its events. Of more than ``SHOWN`` the first ones; of several devices each with its code."""
    codes = list(dict.fromkeys(one.code for one in waiting))
    entries: list[dict[str, object]] = []
    for one in waiting[:SHOWN]:
        zh, en = (f"{one.code}：", f"{one.code}: ") if len(codes) > 1 else ("", "")
        entries.append({"event": one.event, "name": {"zh": zh + one.name.zh, "en": en + one.name.en}})
    return {**(entries[0] if entries else {}), "also": entries[1:], "devices": codes}


def _noted(tx: MaintenanceTx, order: WorkOrder) -> tuple[datetime, str] | None:
    gathered = order.gathered or {}
    since = rang_on(order)
    found: list[tuple[datetime, str]] = []
    noted = gathered.get(NOTED)
    if isinstance(noted, Mapping):
        found.append((datetime.fromisoformat(str(noted["at"])), str(noted["by"])))
    if order.acknowledged_at is not None:
        steps = steps_taken(tx, order.id)
        found += [(step.at, step.by) for step in steps if step.to in (State.ACKNOWLEDGED, State.IN_PROGRESS)]
    return min((one for one in found if since is None or one[0] >= since), default=None)
