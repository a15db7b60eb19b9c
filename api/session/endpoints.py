"""Signing in and out."""

import secrets

from fastapi import APIRouter, Request, Response

from api.access import COOKIE, Principal, Viewer, digest
from api.passwords import verify_password
from api.retrying import BeginAgain
from api.services import Parts, Services
from api.session.schemas import SessionInfo, SignIn
from api.session.schemas import User as UserShape
from api.session.throttle import reserve
from plantroom.errors import NotSignedIn
from plantroom.ports.accounts import SessionRecord, User

router = APIRouter(prefix="/api/v1/session", tags=["session"], route_class=BeginAgain)


def _known_user(services: Services, form: SignIn) -> User | None:
    """The user, when the password is right."""
    with services.ledger.read() as tx:
        user = tx.accounts.user_by_name(form.username)
    usable = user is not None and user.active
    right = verify_password(user.password_hash if user is not None and usable else "", form.password)
    return user if right else None


def _secure(services: Services, request: Request) -> bool:
    if services.secure_cookies == "auto":
        return request.url.scheme == "https"
    return services.secure_cookies == "always"


@router.post("", operation_id="signIn")
def sign_in(form: SignIn, request: Request, response: Response, services: Parts) -> SessionInfo:
    """Start a session: sets its cookie and answers the token that changes need in `X-CSRF-Token`."""
    address = request.client.host if request.client else ""
    attempt = reserve(services, form.username, address)
    user = _known_user(services, form)
    secret, csrf_token = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    now = services.clock.now()
    with services.ledger.begin() as tx:
        tx.accounts.end_sign_in(attempt)
        if user is None:
            tx.accounts.note_failed_sign_in(form.username, address, now)
        else:
            tx.accounts.forget_failed_sign_ins(form.username, address)
            expires = now + services.session_life
            tx.accounts.add_session(SessionRecord(digest(secret), user.id, csrf_token, now, expires))
    if user is None:
        raise NotSignedIn("the user name or the password is wrong")
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(services.session_life.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=_secure(services, request),
    )
    principal = Principal(user.id, user.username, user.name or user.username, user.language, "person", user.grants)
    return SessionInfo(user=UserShape.of(principal), csrf_token=csrf_token)


@router.get("", operation_id="getSession")
def who_am_i(caller: Viewer) -> SessionInfo:
    """Who is signed in."""
    return SessionInfo(user=UserShape.of(caller.principal), csrf_token=caller.principal.csrf_token)


@router.delete("", operation_id="signOut", status_code=204)
def sign_out(_caller: Viewer, request: Request, services: Parts) -> Response:
    """End the session."""
    with services.ledger.begin() as tx:
        tx.accounts.drop_session(digest(request.cookies.get(COOKIE, "")))
    answer = Response(status_code=204)
    answer.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=_secure(services, request))
    return answer
