"""The planner's preview for the site or the asset that a request names."""

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from api.access import Access
from api.assets.lookup import visible_asset
from api.paging import bad_field
from api.plan.schemas import PreviewQuery
from api.services import Services
from maintenance.planner import Subject, asset_subject
from maintenance.ports import MaintenanceTx
from maintenance.preview import Preview
from maintenance.previewing import ledger_preview, subjects_of
from maintenance.recurrence import local_day
from plantroom.domain.assets import Site

DEFAULT_SPAN = timedelta(days=365)


def preview_of(tx: MaintenanceTx, services: Services, caller: Access, query: PreviewQuery) -> Preview:
    """All of the preview, by due day. ``BadData`` for a span that ``check_span`` refuses, and when not
    exactly one of asset and site is named."""
    site, subjects = _subjects(tx, services, caller, query)
    now = services.planning_now()
    start, end = _span(query, local_day(now, ZoneInfo(site.time_zone)))
    systems = services.classes_of_systems()
    return ledger_preview(tx, site, subjects, start, end, now, systems, services.plan_readings)


def _subjects(
    tx: MaintenanceTx, services: Services, caller: Access, query: PreviewQuery
) -> tuple[Site, Sequence[Subject]]:
    if (query.asset is None) == (query.site is None):
        raise bad_field("asset", "one_of", "name either an asset or a site")
    if query.asset is not None:
        asset = visible_asset(tx, caller, query.asset).asset
        return tx.assets.site(asset.site), [asset_subject(asset)]
    assert query.site is not None
    caller.require_sight(query.site)
    site = tx.assets.site(query.site)
    return site, subjects_of(site, list(services.directory.plant(tx).assets.values()))


def _span(query: PreviewQuery, today: date) -> tuple[date, date]:
    """The span that was asked for; what is left out is filled in. Its bounds are the preview's own."""
    start = query.start or today
    try:
        return start, query.end or start + DEFAULT_SPAN
    except OverflowError:
        raise bad_field("from", "out_of_range", "is outside the calendar") from None
