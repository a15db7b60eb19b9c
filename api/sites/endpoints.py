"""Sites."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Admin, Viewer
from api.paging import bad_field, cut
from api.retrying import BeginAgain
from api.services import Parts
from api.shapes import ListQuery
from api.sites.schemas import Site, SiteChange, SiteCreate, SiteList
from plantroom.domain.assets import LocalName
from plantroom.domain.assets import Site as DomainSite
from plantroom.domain.calendars import ALWAYS_OPEN
from plantroom.errors import BadData
from plantroom.wire import check_topic_level

router = APIRouter(prefix="/api/v1", tags=["sites"], route_class=BeginAgain)


@router.get("/sites", operation_id="listSites")
def list_sites(query: Annotated[ListQuery, Query()], caller: Viewer, services: Parts) -> SiteList:
    """The sites that the caller may see."""
    with services.ledger.read() as tx:
        seen = [s for s in tx.assets.sites() if caller.scope.allows(s.code)]
    page = cut(seen, query, lambda s: s.code, ["code"])
    return SiteList(items=[Site.of(s) for s in page.items], next_cursor=page.next_cursor)


@router.post("/sites", operation_id="createSite", status_code=201)
def create_site(form: SiteCreate, caller: Admin, services: Parts) -> Site:
    """A new site; collectors take it up within two seconds."""
    caller.require_everywhere()
    try:
        check_topic_level(form.code, "site code")
    except BadData as error:
        raise bad_field("code", "not_a_topic_level", str(error)) from None
    name = form.name.to_domain()
    named = name if name.zh else LocalName(form.code, form.code)
    calendar = ALWAYS_OPEN if form.calendar is None else form.calendar.to_domain()
    has = None if form.options is None else tuple(form.options)
    site = DomainSite(form.code, named, form.time_zone, form.max_shelving_h, calendar, has)
    with services.ledger.begin() as tx:
        tx.assets.add_site(site)
        tx.live.note("site", site.code, {"code": site.code, "change": "created"})
    return Site.of(site)


@router.patch("/sites/{site}", operation_id="changeSite")
def patch_site(site: str, form: SiteChange, caller: Admin, services: Parts) -> Site:
    """Change a site's name, how long its alarms may be shelved, its calendar, or what it has. Dates and checklists that
    are not made yet follow from the next run of the plan on."""
    caller.require_change(site)
    given = {name: getattr(form, name) for name in form.model_fields_set}
    if form.name is not None:
        given["name"] = form.name.to_domain()
    if form.calendar is not None:
        given["calendar"] = form.calendar.to_domain()
    if form.options is not None:
        given["options"] = tuple(form.options)
    kept = {"name", "calendar"}
    given = {name: value for name, value in given.items() if name not in kept or value is not None}
    with services.ledger.begin() as tx:
        changed = replace(tx.assets.site(site), **given)
        tx.assets.change_site(changed)
        tx.live.note("site", site, {"code": site, "change": "changed"})
    return Site.of(changed)
