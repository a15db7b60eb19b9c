"""Alarm floods (ISA-18.2 / IEC 62682): when there are more alarms than a person can take in.

A flood begins when a site has told of more than ten alarms in ten minutes, and ends when it has told of fewer than five
(ANSI/ISA-18.2-2016, 16.5; EEMUA 191 has the same figures). While it lasts, what is no safety alarm shares one ticket;
safety alarms have theirs, each at once. What people were told is kept, and with it the figures.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from maintenance.alarm_ports import Annunciation, Flood
from maintenance.episode_rules import work_is_done
from maintenance.episodes import Episode
from maintenance.flood_summary import FloodSummary, summarise
from maintenance.orders import create_order, keep, tightened
from maintenance.ports import MaintenanceTx
from maintenance.work_orders import Kind, Origin, WorkOrder
from plantroom.catalogue.systems import systems
from plantroom.domain.assets import AlarmPriority, Asset, EquipmentClass, LocalName
from plantroom.domain.findings import FindingSource
from plantroom.domain.keys import new_key
from plantroom.ports.paging import Scope

SPAN = timedelta(minutes=10)
BEGINS_ABOVE = 10
ENDS_BELOW = 5

FLOOD = "flood"
"""Tag of the ticket that the alarms of a flood share, and topic of the live note."""

LOOKED_AT = 500
"""How many alarms of a flood, the first ones, its summary looks at."""

_UNKNOWN = LocalName("尚不清楚", "not known yet")

_BY = "system:floods"
_CHECKS = (
    LocalName("先处理安全报警，再找共同原因", "See to safety alarms first, then look for the common cause"),
    LocalName("查看最先出现的报警及其供电、网关", "Look at what came first, its supply and its gateway"),
    LocalName("逐台确认已恢复；未恢复的将另开工单", "Check each machine; what stays gets a ticket of its own"),
)


def announce(
    tx: MaintenanceTx, episode: Episode, subject: str, priority: AlarmPriority, observed_at: datetime, now: datetime
) -> None:
    """People are told of an alarm now."""
    site, asset, mode = episode.site, episode.asset, episode.failure_mode
    tell(tx, Annunciation(site, asset, mode, subject, priority, episode.safety, now, observed_at))


def tell(tx: MaintenanceTx, one: Annunciation) -> None:
    """Keep what people are told, and see whether that makes a flood."""
    site, now = one.site, one.at
    tx.alarms.announce(one)
    count, first = tx.alarms.announced_since(site, now - SPAN)
    flood = tx.alarms.standing_flood(site)
    if flood is None and count > BEGINS_ABOVE:
        begun = Flood(new_key(), site, first or now, now, count)
        flood = tx.alarms.begin_flood(begun)
        if flood.id == begun.id:
            note_flood(tx, flood)
    elif flood is not None and count > flood.peak:
        tx.alarms.put_flood(replace(flood, peak=count))


def shared_ticket(tx: MaintenanceTx, episode: Episode, asset: Asset, now: datetime) -> WorkOrder | None:
    """The one ticket of the flood that goes on, locked, for an alarm that calls for a ticket; at least as severe as
    that. ``None``: it gets its own, as safety does and what a condition model has noticed. ``tell_flood`` writes what
    the ticket says, once for many alarms."""
    alone = episode.safety or episode.source is FindingSource.MODEL
    flood = None if alone else tx.alarms.standing_flood(asset.site)
    if flood is None:
        return None
    flood = replace(flood, gathered=flood.gathered + 1)
    order = None if flood.work_order is None else tx.orders.lock(flood.work_order)
    if order is None or work_is_done(order):
        order = _new_ticket(tx, flood, episode, now)
        flood = replace(flood, work_order=order.id)
    tx.alarms.put_flood(flood)
    tight = tightened(tx, order, episode.severity, now, _BY)
    return order if tight is order else keep(tx, tight)


def tell_flood(tx: MaintenanceTx, site: str, classes: Mapping[str, EquipmentClass], now: datetime) -> None:
    """Write what is known of a site's flood on its ticket."""
    flood = tx.alarms.standing_flood(site)
    if flood is not None and flood.work_order is not None:
        _write(tx, flood, tx.orders.lock(flood.work_order), classes, now)


def _write(
    tx: MaintenanceTx, flood: Flood, order: WorkOrder, classes: Mapping[str, EquipmentClass], now: datetime
) -> None:
    if work_is_done(order):
        return
    summary, zone = summary_of(tx, flood, classes, now), ZoneInfo(tx.assets.site(flood.site).time_zone)
    n = summary.told.alarms
    title = LocalName(f"报警泛滥：{n}条报警", f"Alarm flood: {_counted(n, 'alarm')}")
    keep(tx, replace(order, title=title, reason=_reason(flood, summary, zone)))


def end_if_over(tx: MaintenanceTx, site: str, classes: Mapping[str, EquipmentClass], now: datetime) -> bool:
    """End a site's flood when it has told of few enough alarms; gives whether it ended now."""
    flood = tx.alarms.standing_flood(site)
    count, _ = tx.alarms.announced_since(site, now - SPAN)
    if flood is None or count >= ENDS_BELOW:
        return False
    flood = replace(flood, ended_at=now)
    tx.alarms.put_flood(flood)
    note_flood(tx, flood)
    order = None if flood.work_order is None else tx.orders.lock(flood.work_order)
    if order is not None:
        _write(tx, flood, order, classes, now)
    return True


def note_flood(tx: MaintenanceTx, flood: Flood) -> None:
    """Tell the live view that a flood began or ended."""
    state = "standing" if flood.ended_at is None else "ended"
    tx.live.note(FLOOD, flood.site, {"id": flood.id, "state": state, "work_order": flood.work_order})


def summary_of(tx: MaintenanceTx, flood: Flood, classes: Mapping[str, EquipmentClass], now: datetime) -> FloodSummary:
    """What is known of a flood up to now, or to its end: how many alarms; of its first ``LOOKED_AT`` their order, by
    system and machine."""
    at = flood.ended_at or now
    end = at + timedelta(microseconds=1)
    found = tx.alarms.announced(Scope(frozenset({flood.site})), flood.first_at, end, LOOKED_AT, flood.site)
    assets = tx.assets.several({one.asset for one in found})
    names = {key: system.name for key, system in systems().items()}
    names |= {place.key: place.name for place in tx.assets.locations(flood.site)}
    zone = ZoneInfo(tx.assets.site(flood.site).time_zone)
    told = tx.alarms.told_counts(flood.site, flood.first_at, end)
    return summarise(told, at, found, assets, classes, names, zone)


def _new_ticket(tx: MaintenanceTx, flood: Flood, episode: Episode, now: datetime) -> WorkOrder:
    return create_order(
        tx,
        site=flood.site,
        kind=Kind.CORRECTIVE,
        origin=Origin(episode.source.value),
        title=LocalName("报警泛滥", "Alarm flood"),
        by=_BY,
        now=now,
        severity=episode.severity,
        first_checks=_CHECKS,
        tags=(FLOOD,),
        gathered={FLOOD: flood.id},
    )


def _reason(flood: Flood, summary: FloodSummary, zone: ZoneInfo) -> LocalName:
    told, gathered = summary.told, flood.gathered
    begin, end = (at.astimezone(zone).strftime("%H:%M:%S") for at in (flood.first_at, summary.at))
    zh = f"10分钟内超过{BEGINS_ABOVE}条报警。{begin}至{end}共{told.alarms}条、{told.machines}台设备"
    en = f"More than {BEGINS_ABOVE} alarms in 10 minutes. From {begin} to {end} {_counted(told.alarms, 'alarm')}"
    en += f" of {_counted(told.machines, 'machine')}"
    if told.safety:
        zh += f"，其中安全报警{told.safety}条"
        en += f", {told.safety} of them safety"
    zh += f"；{gathered}条并入汇总工单，其余各有工单或无需工单"
    en += f"; {gathered} share a ticket, the others have their own or need none"
    zh += f"。最先：{'、'.join(one.zh for one in summary.first)}。"
    en += f". First: {', '.join(one.en for one in summary.first)}. "
    if summary.moment is not None:
        zh += f"{summary.moment.zh}。"
        en += f"{summary.moment.en}. "
    cause = _UNKNOWN if summary.cause is None else summary.cause.text
    return LocalName(f"{zh}可能的共同点：{cause.zh}。", f"{en}What they may have in common: {cause.en}.")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
