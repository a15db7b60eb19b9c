"""What a change of an asset's status means for its times out of use. Inside the caller's transaction."""

from collections.abc import Iterable
from datetime import datetime

from maintenance.ports import MaintenanceTx
from maintenance.rests import AT_REST, Rest
from plantroom.domain.assets import Asset, AssetStatus
from plantroom.domain.keys import new_key


def assets_were_made(tx: MaintenanceTx, assets: Iterable[Asset], now: datetime) -> None:
    """New assets, some of them out of use from the beginning."""
    tx.rests.begin([Rest(new_key(), one.site, one.key, now) for one in assets if one.status in AT_REST])


def status_was_changed(
    tx: MaintenanceTx, asset: Asset, before: AssetStatus, now: datetime, since: datetime | None = None
) -> None:
    """An asset (as it is now, locked) had another status before. ``since``: from when on it has this one (default:
    ``now``)."""
    rested, rests = before in AT_REST, asset.status in AT_REST
    if rested is rests:
        return
    at = min(since or now, now)
    if rests:
        tx.rests.begin([Rest(new_key(), asset.site, asset.key, at)])
    else:
        tx.rests.end(asset.key, at)
    tx.plan.changed(asset.key, asset.site)
