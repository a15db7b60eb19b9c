"""Maintenance by hand: a machine is out of monitoring for a while, with a reason and an end."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Access, Supervisor, Viewer
from api.assets.lookup import visible_asset
from api.maintenance.schemas import MaintenanceRequest, MaintenanceSpell, MaintenanceSpellList
from api.paging import page_request
from api.retrying import BeginAgain
from api.services import Parts
from api.shapes import ListQuery
from maintenance.by_hand import begin_by_hand, end_by_hand
from maintenance.ports import MaintenanceTx

router = APIRouter(prefix="/api/v1/assets/{key}/maintenance", tags=["assets"], route_class=BeginAgain)


@router.get("", operation_id="listAssetMaintenance")
def list_maintenance(
    key: str, query: Annotated[ListQuery, Query()], caller: Viewer, services: Parts
) -> MaintenanceSpellList:
    """Who took this asset out of monitoring, why and until when, newest first; `ended_at` is `null` while it lasts."""
    with services.ledger.read() as tx:
        visible_asset(tx, caller, key)
        page = tx.spells.of(key, page_request(query))
    return MaintenanceSpellList(items=[MaintenanceSpell.of(one) for one in page.items], next_cursor=page.next_cursor)


@router.post("", operation_id="beginAssetMaintenance", status_code=201)
def post_maintenance(key: str, form: MaintenanceRequest, caller: Supervisor, services: Parts) -> MaintenanceSpell:
    """Put an asset under maintenance until an end: limits and models make no tickets, safety events do. What still
    holds at the end gets its ticket then. Again: another end. 409 for an asset that is out of service."""
    now = services.clock.now()
    until = form.until or now + timedelta(minutes=form.minutes or 0)
    with services.ledger.begin() as tx:
        _changeable(tx, caller, key)
        return MaintenanceSpell.of(begin_by_hand(tx, key, until, form.reason, caller.principal.name, now))


@router.delete("", operation_id="endAssetMaintenance")
def delete_maintenance(key: str, caller: Supervisor, services: Parts) -> MaintenanceSpell:
    """End it before its time. An order that isolates the asset goes on. 404 when none stands."""
    with services.ledger.begin() as tx:
        _changeable(tx, caller, key)
        return MaintenanceSpell.of(end_by_hand(tx, key, caller.principal.name, services.clock.now()))


def _changeable(tx: MaintenanceTx, caller: Access, key: str) -> None:
    asset = visible_asset(tx, caller, key, lock=True).asset
    caller.require_change(asset.site, [asset.department])
