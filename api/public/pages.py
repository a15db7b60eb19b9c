"""What a QR label leads to for whoever has not signed in: a page to report a fault and one to follow the report.

Plain forms, for any phone; everything they do is done by the API beside them (``api.public.endpoints``), with its
limits.
"""

import secrets
from typing import Annotated
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from api.problems import status_of
from api.public.endpoints import add_photo, followed, look, post_rating, post_report, require_site, seen_of, shown
from api.public.page import About, followed_page, report_page, told_page
from api.public.refusals import PublicPages, field_words, page, refused, words
from api.public.schemas import Rating, ReportIn
from api.services import Parts, Services
from maintenance.seed.codes import OwnerFault, owner_faults
from plantroom.domain.labels import asset_address
from plantroom.errors import BadData, PlantroomError, Throttled
from plantroom.ports.ledger import Contended

router = APIRouter(prefix="/faults", include_in_schema=False, route_class=PublicPages)

THANKS = "已收到，谢谢。/ Received, thank you."
Text = Annotated[str, Form()]


def label_page(services: Services, request: Request, site: str, code: str) -> Response | None:
    """The page of a label for somebody who has not signed in; ``None`` where nothing may be reported: the web app then
    asks them to sign in."""
    try:
        look(services, request)
        about = _about(services, site, code)
    except Throttled as error:
        return refused(error)
    except PlantroomError:
        return None
    return page(report_page(about, _categories(about), _new_form(), staff_link=_staff_link(site, code)))


@router.get("", operation_id="faultsPage")
def place_page(request: Request, services: Parts, site: str = "") -> Response:
    """A form for what has no label: a place in words."""
    look(services, request)
    about = _about(services, site, "")
    return page(report_page(about, _categories(about), _new_form()))


@router.post("", operation_id="faultsPageSent")
def send_report(
    request: Request,
    services: Parts,
    site: Text = "",
    code: Text = "",
    category: Text = "",
    text: Text = "",
    place: Text = "",
    name: Text = "",
    phone: Text = "",
    website: Text = "",
    key: Text = "",
) -> Response:
    """Report; the answer leads to the page that follows the report, else the form comes back with what is wrong."""
    given = {"category": category, "text": text, "place": place, "name": name, "phone": phone, "website": website}
    try:
        form = ReportIn.model_validate(given | {"site": site, "code": code or None})
        taken = post_report(form, request, services, key if len(key) >= 16 else None)
    except ValidationError as error:
        return _again(services, site, code, given, field_words(error.errors()[0]), 422)
    except (BadData, Throttled) as error:
        return _again(services, site, code, given, words(error), status_of(error))
    if taken.number is None:
        return page(told_page(THANKS))
    return RedirectResponse(f"/faults/{quote(taken.token, safe='')}", status_code=303)


@router.get("/{token}", operation_id="faultsPageFollowed")
def follow(token: str, request: Request, services: Parts) -> Response:
    """Where the report stands."""
    look(services, request)
    return _seen(services, token)


@router.post("/{token}/photo", operation_id="faultsPagePhoto")
def send_photo(token: str, request: Request, services: Parts, file: UploadFile | None = None) -> Response:
    """Add a photo."""
    try:
        if file is not None:
            add_photo(token, file, request, services)
    except Contended:
        raise
    except PlantroomError as error:
        return _seen(services, token, words(error), status_of(error))
    return RedirectResponse(f"/faults/{quote(token, safe='')}", status_code=303)


@router.post("/{token}/rating", operation_id="faultsPageRating")
def send_rating(token: str, request: Request, services: Parts, stars: Text = "", comment: Text = "") -> Response:
    """Rate the work."""
    try:
        post_rating(token, Rating.model_validate({"stars": stars, "comment": comment}), request, services)
    except Contended:
        raise
    except ValidationError as error:
        return _seen(services, token, field_words(error.errors()[0]), 422)
    except PlantroomError as error:
        return _seen(services, token, words(error), status_of(error))
    return RedirectResponse(f"/faults/{quote(token, safe='')}", status_code=303)


def _about(services: Services, site: str, code: str) -> About:
    with services.ledger.read() as tx:
        if not code:
            require_site(tx, services, site)
            return About(site)
        asset = shown(tx, services, site, code)
        places = [one.name for one in tx.places.path(asset.location)]
    return About(site, asset.code, asset.name, places, asset.equipment_class)


def _categories(about: About) -> list[OwnerFault]:
    """On a machine those of its class, then those of no class."""
    known = list(owner_faults().values())
    if not about.code:
        return known
    return [one for one in known if about.equipment_class in one.classes] + [one for one in known if not one.classes]


def _staff_link(site: str, code: str) -> str:
    return f"/sign-in?{urlencode({'to': asset_address('', site, code)})}"


def _new_form() -> dict[str, str]:
    """What a form that has not been filled in holds: the key by which a second press of the button is known."""
    return {"key": secrets.token_urlsafe(16)}


def _again(services: Services, site: str, code: str, given: dict[str, str], problem: str, status: int) -> HTMLResponse:
    about = _about(services, site, code)
    return page(report_page(about, _categories(about), given | _new_form(), problem), status)


def _seen(services: Services, token: str, problem: str = "", status: int = 200) -> HTMLResponse:
    with services.ledger.read() as tx:
        report = followed(tx, token)
        zone = ZoneInfo(tx.assets.site(report.site).time_zone)
        return page(followed_page(token, seen_of(tx, report), zone, problem), status)
