"""What is known of each machine of a site, read in a few queries. Inside the caller's transaction."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from maintenance.plan import Layer
from maintenance.ports import MaintenanceTx
from maintenance.risk.model import LOOKED_BACK, Facts, OpenEpisode, OpenTicket, Overdue
from plantroom.domain.assets import Asset, AssetStatus, EquipmentClass, Health, LocalName
from plantroom.domain.renewal import ageing
from plantroom.ports.paging import Scope

NOT_IN_USE = frozenset({AssetStatus.OUT_OF_SERVICE, AssetStatus.SCRAPPED})
"""Machines that are not assessed."""

About = TypeVar("About", OpenEpisode, OpenTicket, Overdue)


def gather(tx: MaintenanceTx, site_code: str, classes: Mapping[str, EquipmentClass], now: datetime) -> list[Facts]:
    """What is known of every machine in use on a site, by key. Linear in the machines and in what stands open."""
    site = tx.assets.site(site_code)
    today = now.astimezone(ZoneInfo(site.time_zone)).date()
    assets = {key: asset for key, asset in tx.assets.plant().assets.items() if asset.site == site_code}
    by_law = {row.lineage for row in tx.plan.rows(site_code) if row.layer is Layer.LAW}
    episodes, tickets = _by_asset(tx.risk.episodes(site_code)), _by_asset(tx.risk.tickets(site_code))
    late = [*tx.risk.overdue(site_code, now, by_law)]
    late += [
        Overdue(
            one.asset.key,
            0,
            LocalName(
                f"{one.licence.kind} {one.licence.number}（证照过期）",
                f"licence {one.licence.kind} {one.licence.number}, expired",
            ),
            law=True,
        )
        for one in tx.assets.licences_due(Scope(frozenset({site_code})), today, site_code)
    ]
    overdue = _by_asset(late)
    faults, health = tx.risk.faults(site_code, now - LOOKED_BACK), tx.risk.health(site_code)
    found = []
    for key, asset in sorted(assets.items()):
        if asset.status in NOT_IN_USE:
            continue
        made = classes.get(asset.equipment_class)
        found.append(
            Facts(
                asset=asset,
                systems=frozenset() if made is None else frozenset(made.systems),
                partner=_partner(assets, asset),
                age=ageing(asset, made, today),
                health=health.get(key, Health.UNKNOWN),
                episodes=tuple(episodes.get(key, ())),
                tickets=tuple(tickets.get(key, ())),
                overdue=tuple(overdue.get(key, ())),
                faults=faults.get(key, 0),
            )
        )
    return found


def _partner(assets: Mapping[str, Asset], asset: Asset) -> Asset | None:
    return None if asset.duty_partner is None else assets.get(asset.duty_partner)


def _by_asset(items: Iterable[About]) -> dict[str, list[About]]:
    found: dict[str, list[About]] = defaultdict(list)
    for item in items:
        found[item.asset].append(item)
    return found
