"""What a change of an asset's status means for its times out of use. Inside the caller's transaction.

A rest begins and ends when the status is recorded: nothing that was over before can be excused afterwards.
"""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from maintenance.giving_way import to_be_made_again
from maintenance.ports import MaintenanceTx
from maintenance.recurrence import local_day
from maintenance.rests import AT_REST, Rest
from plantroom.domain.assets import Asset, AssetStatus
from plantroom.domain.keys import new_key


def assets_were_made(tx: MaintenanceTx, assets: Iterable[Asset], now: datetime) -> None:
    """New assets, some of them out of use from the beginning."""
    resting = [one for one in assets if one.status in AT_REST]
    tx.rests.begin([Rest(new_key(), one.site, one.key, now) for one in resting])
    for one in resting:
        if one.status is AssetStatus.SCRAPPED:
            tx.rests.scrap(one.key, now)


def status_was_changed(tx: MaintenanceTx, asset: Asset, before: AssetStatus, now: datetime) -> None:
    """An asset (as it is now, locked) had another status before. What was withdrawn because it had been scrapped and is
    not over yet when it comes back is forgotten, so that the planner makes it again with its own dates."""
    rested, rests = before in AT_REST, asset.status in AT_REST
    if rests and not rested:
        tx.rests.begin([Rest(new_key(), asset.site, asset.key, now)])
    if rests:
        tx.rests.scrap(asset.key, now if asset.status is AssetStatus.SCRAPPED else None)
    elif rested:
        tx.rests.end(asset.key, now)
        today = local_day(now, ZoneInfo(tx.assets.site(asset.site).time_zone))
        tx.plan.forget(to_be_made_again(tx.plan.occurrences_of(asset.site, asset.key), today))
    if rested is not rests:
        tx.plan.changed(asset.key, asset.site)
