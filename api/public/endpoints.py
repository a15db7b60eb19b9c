"""Reporting a fault without signing in, and following the report by its secret.

No cookie and no token is looked at here: a request from another page can do no more than anybody can. What does not
exist and what is not shown get one answer.
"""

import base64
import hashlib
import secrets
from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, File, Header, Query, Request, UploadFile

from api.access import digest
from api.paging import bad_field, cut_in_order
from api.public.photos import MAX_PHOTO, photo_chunks, photo_type
from api.public.schemas import (
    Category,
    CategoryList,
    PublicAsset,
    Rating,
    ReportIn,
    ReportSeen,
    ReportTaken,
)
from api.retrying import BeginAgain
from api.services import Parts, Services
from api.shapes import ListQuery, Name
from maintenance.lifecycle import ENDED
from maintenance.ports import MaintenanceTx
from maintenance.seed.codes import owner_faults
from maintenance.ticket_lock import lock_ticket
from maintenance.work.bookkeeping import Books
from maintenance.work.owner_reports import OwnerReport
from maintenance.work.reporting import OWNER, Said, answer_by, answered_within, arrive_by, rate, take_report
from plantroom.domain.assets import Asset, AssetStatus, Severity
from plantroom.errors import Conflict, NotFound
from plantroom.ports.equipment import FileEntry
from plantroom.ports.files import TooLarge

PhotoIn = Annotated[
    UploadFile, File(description="one photo: JPEG, PNG, WebP or HEIC, at most 5 MiB", examples=["leak-at-the-pump.jpg"])
]
KeyIn = Annotated[str | None, Header(alias="Idempotency-Key", min_length=16, max_length=200)]

router = APIRouter(prefix="/api/v1/public", tags=["public"], route_class=BeginAgain)


@router.get("/categories", operation_id="listPublicCategories")
def list_categories(query: Annotated[ListQuery, Query()], request: Request, services: Parts) -> CategoryList:
    """What can be reported, in the owners' words."""
    look(services, request)
    page = cut_in_order(list(owner_faults().values()), query, lambda one: one.key)
    items = [Category(key=one.key, name=Name(zh=one.name.zh, en=one.name.en)) for one in page.items]
    return CategoryList(items=items, next_cursor=page.next_cursor)


@router.get("/assets/{site}/{code}", operation_id="getPublicAsset")
def get_asset(site: str, code: str, request: Request, services: Parts) -> PublicAsset:
    """What the page behind a QR label shows: name and place, and nothing else."""
    look(services, request)
    with services.ledger.read() as tx:
        asset = shown(tx, services, site, code)
        path = tx.places.path(asset.location)
    return PublicAsset(
        name=Name(zh=asset.name.zh, en=asset.name.en),
        place=[Name(zh=one.name.zh, en=one.name.en) for one in path],
    )


@router.post("/reports", operation_id="reportFault", status_code=201)
def post_report(form: ReportIn, request: Request, services: Parts, idempotency_key: KeyIn = None) -> ReportTaken:
    """Report a fault. The answer's `token` is the only way to follow it. Reports about the same machine within ten
    minutes are one ticket. At most five from an address in ten minutes (429); what is
    critical waits for no other limit. The same report sent again with the same `Idempotency-Key` (16 random characters
    or more, made for this one report) is the same report: it gets the same answer and counts once."""
    _require_on(services)
    now, token = services.clock.now(), _token(form, idempotency_key)
    before = None if idempotency_key is None else _known(services, request, token)
    if before is not None:
        return before
    about = f"{form.site}/{form.place}" if form.code is None else f"{form.site} {form.code}"
    category = owner_faults().get(form.category)
    urgent = category is not None and category.severity is Severity.CRITICAL
    if _first_time(request, "report"):
        services.public_limits.report(_address(request), about, now, urgent=urgent)
    if form.website:
        return _unread(services, form, Severity.GENERAL if category is None else category.severity, token, now)
    if category is None:
        known = ", ".join(owner_faults())
        raise bad_field("category", "unknown_category", f"应为其中之一 / should be one of {known}")
    with services.ledger.begin() as tx:
        asset = None if form.code is None else shown(tx, services, form.site, form.code)
        if asset is None:
            require_site(tx, services, form.site)
        said = Said(form.site, asset, form.place, category, form.text, form.name, form.phone)
        report, order = take_report(tx, said, digest(token), now)
        return ReportTaken(number=order.number, token=token, answer_by=answer_by(tx, report, order))


def _unread(services: Services, form: ReportIn, severity: Severity, token: str, now: datetime) -> ReportTaken:
    """The answer to what no person has filled in: that of any report."""
    with services.ledger.read() as tx:
        within = answered_within(tx, form.site, severity, now)
    return ReportTaken(number=None, token=token, answer_by=now + within)


@router.get("/reports/{token}", operation_id="getReport")
def get_report(token: str, request: Request, services: Parts) -> ReportSeen:
    """Where a report stands, in words, and when it will be answered and solved."""
    look(services, request)
    with services.ledger.read() as tx:
        report = followed(tx, token)
        return seen_of(tx, report)


@router.post("/reports/{token}/photo", operation_id="addReportPhoto", status_code=201)
def add_photo(token: str, file: PhotoIn, request: Request, services: Parts) -> ReportSeen:
    """Add one photo (JPEG, PNG, WebP, HEIC; at most 5 MiB) to a report whose work has not ended."""
    look(services, request)
    if file.size is not None and file.size > MAX_PHOTO:
        raise TooLarge(f"照片最大{MAX_PHOTO >> 20}MB / a photo may have at most {MAX_PHOTO >> 20} MiB")
    with services.ledger.read() as tx:
        _require_photo_wanted(tx, followed(tx, token))
    head = file.file.read(64)
    mime = photo_type(head)
    stored = services.files.put(photo_chunks(head, file.file), mime)
    now = services.clock.now()
    with services.ledger.begin() as tx:
        report = followed(tx, token)
        order = lock_ticket(tx, report.work_order)
        _require_photo_wanted(tx, report)
        tx.files.add(FileEntry(stored.sha256, report.site, f"report-{order.number}", mime, stored.size, OWNER, now))
        Books(tx, order, OWNER, now).attach("photo", stored.sha256)
        report = replace(report, photo=stored.sha256)
        tx.owner_reports.update(report)
        return seen_of(tx, report)


@router.post("/reports/{token}/rating", operation_id="rateReport", status_code=201)
def post_rating(token: str, form: Rating, request: Request, services: Parts) -> ReportSeen:
    """Say how the work was, once, when it is done. 409 before that, and the second time."""
    look(services, request)
    with services.ledger.begin() as tx:
        report = rate(tx, followed(tx, token), form.stars, form.comment, services.clock.now())
        return seen_of(tx, report)


def look(services: Services, request: Request) -> None:
    """Count a look. ``NotFound`` where it is switched off, ``Throttled``."""
    _require_on(services)
    if _first_time(request, "look"):
        services.public_limits.look(_address(request), services.clock.now())


def _first_time(request: Request, what: str) -> bool:
    """Whether a request has not been counted yet: one that met another writer is begun again (``BeginAgain``)."""
    counted = f"counted_{what}"
    first = not hasattr(request.state, counted)
    setattr(request.state, counted, True)
    return first


def _token(form: ReportIn, key: str | None) -> str:
    """A report's secret. Of one that has a key it follows from key and report, so that nothing has to be kept of them;
    whoever does not know both, does not find it."""
    if key is None:
        return secrets.token_urlsafe(24)
    made = hashlib.sha256(f"{len(key)} {key} {form.model_dump_json()}".encode()).digest()
    return base64.urlsafe_b64encode(made[:24]).decode()


def _known(services: Services, request: Request, token: str) -> ReportTaken | None:
    """The answer to a report that is there already."""
    look(services, request)
    with services.ledger.read() as tx:
        report = tx.owner_reports.by_token(digest(token))
        if report is None:
            return None
        order = tx.orders.get(report.work_order)
        return ReportTaken(number=order.number, token=token, answer_by=answer_by(tx, report, order))


def _require_on(services: Services) -> None:
    if services.public_sites is not None and not services.public_sites:
        raise NotFound("reports without signing in are switched off")


def _address(request: Request) -> str:
    """The sender's; behind a proxy of ours (``PLANTROOM_TRUSTED_PROXIES``) the one that it names."""
    return request.client.host if request.client else ""


def require_site(tx: MaintenanceTx, services: Services, site: str) -> None:
    """``NotFound`` unless faults of the site may be reported."""
    if services.public_sites is not None and site not in services.public_sites:
        raise NotFound("there is nothing by that name")
    tx.assets.site(site)


def shown(tx: MaintenanceTx, services: Services, site: str, code: str) -> Asset:
    """The machine of a label; ``NotFound`` for every other."""
    require_site(tx, services, site)
    asset = tx.assets.find(site, code)
    if asset is None or asset.status is AssetStatus.SCRAPPED:
        raise NotFound("there is nothing by that name")
    return asset


def followed(tx: MaintenanceTx, token: str) -> OwnerReport:
    """The report of a secret. ``NotFound``."""
    report = tx.owner_reports.by_token(digest(token))
    if report is None:
        raise NotFound("there is nothing by that name")
    return report


def _require_photo_wanted(tx: MaintenanceTx, report: OwnerReport) -> None:
    if report.photo is not None:
        raise Conflict("已有照片 / has a photo already")
    if tx.orders.get(report.work_order).state in ENDED:
        raise Conflict("工单已结束 / the work has ended")


def seen_of(tx: MaintenanceTx, report: OwnerReport) -> ReportSeen:
    """Where a report stands, for whoever sent it."""
    order = tx.orders.get(report.work_order)
    return ReportSeen.of(report, order, answer_by(tx, report, order), arrive_by(tx, order))
