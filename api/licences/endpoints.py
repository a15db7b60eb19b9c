"""What comes due in the ledger by itself: licences that expire, sensors to calibrate, machines to renew."""

from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query

from api.access import Access, Viewer
from api.assets.schemas import Licence
from api.directory import ref_of
from api.licences.schemas import (
    CALIBRATIONS_WITHIN,
    LICENCES_WITHIN,
    CalibrationQuery,
    DueLicence,
    DueLicenceList,
    LicenceQuery,
    Renewal,
    RenewalList,
    RenewalQuery,
)
from api.paging import cut_in_order
from api.points.schemas import DueCalibration, DueCalibrationList, Sensor
from api.services import Parts, Services
from api.shapes import Name
from plantroom.domain.renewal import renewal_list
from plantroom.ports.ledger import LedgerTx

router = APIRouter(prefix="/api/v1", tags=["licences"])


@router.get("/licences", operation_id="listLicences")
def list_licences(query: Annotated[LicenceQuery, Query()], caller: Viewer, services: Parts) -> DueLicenceList:
    """Licences and certificates in force that expire before a day. Of several of one kind the newest counts."""
    with services.ledger.read() as tx:
        today = _today(tx, services, caller, query.site)
        before = query.expiring_before or today + LICENCES_WITHIN
        due = tx.assets.licences_due(caller.scope, before, query.site)
    items = [
        DueLicence(
            asset=ref_of(one.asset),
            site=one.asset.site,
            department=one.asset.department,
            licence=Licence.model_validate(one.licence, from_attributes=True),
            expired=one.licence.expires_on is not None and one.licence.expires_on < today,
        )
        for one in due
    ]
    page = cut_in_order(items, query, lambda d: f"{d.asset.key} {d.licence.kind}")
    return DueLicenceList(items=list(page.items), next_cursor=page.next_cursor)


@router.get("/calibrations", operation_id="listCalibrations")
def list_calibrations(
    query: Annotated[CalibrationQuery, Query()], caller: Viewer, services: Parts
) -> DueCalibrationList:
    """Sensors whose calibration is over by a day, or that were never calibrated."""
    with services.ledger.read() as tx:
        by = query.due_by or _today(tx, services, caller, query.site) + CALIBRATIONS_WITHIN
        due = tx.sensors.due(caller.scope, by, query.site)
        page = cut_in_order(due, query, lambda s: f"{s.asset} {s.point}")
        assets = tx.assets.several({sensor.asset for sensor in page.items})
        points = tx.assets.points_of(assets)
    names = {(key, point.key): point.template.name for key, own in points.items() for point in own}
    items = [
        DueCalibration(
            asset=ref_of(assets[s.asset]),
            site=assets[s.asset].site,
            point=s.point,
            name=Name.model_validate(names[s.asset, s.point])
            if (s.asset, s.point) in names
            else Name(zh=s.point, en=s.point),
            sensor=Sensor.of(s),
        )
        for s in page.items
        if s.asset in assets
    ]
    return DueCalibrationList(items=items, next_cursor=page.next_cursor)


@router.get("/renewals", operation_id="listRenewals")
def list_renewals(query: Annotated[RenewalQuery, Query()], caller: Viewer, services: Parts) -> RenewalList:
    """Machines by their age against their design life. Those without a day of installation are in no such list."""
    with services.ledger.read() as tx:
        on = query.on or _today(tx, services, caller, query.site)
        plant = services.directory.plant(tx)
    assets = [a for a in plant.assets.values() if caller.scope.allows(a.site) and query.site in {None, a.site}]
    due = renewal_list(assets, services.classes, on, query.from_share)
    page = cut_in_order(due, query, lambda one: one.asset.key)
    items = [
        Renewal(
            asset=ref_of(one.asset),
            site=one.asset.site,
            criticality=one.asset.criticality,
            since=one.since,
            age_years=round(one.age_years, 2),
            life_years=one.life_years,
            share=round(one.share, 3),
            ends_on=one.ends_on,
            basis=one.basis,
            status=one.status,
            replacement_cost=one.asset.replacement_cost,
        )
        for one in page.items
    ]
    return RenewalList(items=items, next_cursor=page.next_cursor)


def _today(tx: LedgerTx, services: Services, caller: Access, site: str | None) -> date:
    """The local day: of the site that is asked for, else of the first that the caller sees."""
    if site is not None:
        caller.require_sight(site)
        zone = tx.assets.site(site).time_zone
    else:
        zone = next((one.time_zone for one in tx.assets.sites() if caller.scope.allows(one.code)), "UTC")
    return services.planning_now().astimezone(ZoneInfo(zone)).date()
