"""What holds for every request: a limit on its size, security headers, a log line and a figure, an author for the
history, and an answer even when something unforeseen happens."""

import re
import time
from collections.abc import MutableMapping
from http import HTTPStatus
from urllib.parse import unquote

import structlog
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import Metrics
from api.problems import problem
from api.public.photos import MAX_PHOTO
from api.public.refusals import refused_with
from maintenance.imports.grids import MAX_BYTES as MAX_TABLE
from maintenance.imports.problems import in_words
from plantroom.domain.authorship import MAX_REASON, Author, AuthorKind, acting
from plantroom.domain.keys import new_key
from plantroom.ports.files import MAX_BYTES

log = structlog.get_logger()

TOO_LARGE = HTTPStatus(413).name.lower()
MAX_BODY = 1 << 20
IMPORTS = "/api/v1/imports"
MAX_BODY_BY_PATH = {
    "/api/v1/sync": 16 << 20,
    "/api/v1/files": MAX_BYTES + (1 << 20),
    IMPORTS: MAX_TABLE + (1 << 20),
}

REQUEST_ID = b"x-request-id"
"""Of a request: its own name for itself, else one is made; in every answer."""

REASON = b"x-reason"
"""Why a change is made, UTF-8 in percent encoding: kept in the history."""

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")

PAGES = "/faults"
PUBLIC = ("/api/v1/public/", PAGES)
MAX_PUBLIC_BODY = 32 << 10
MAX_PUBLIC_PHOTO = MAX_PHOTO + (64 << 10)
"""Bodies of those who have not signed in, and a photo of theirs with what is around it."""

_CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "worker-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

SECURITY_HEADERS = (
    (b"content-security-policy", _CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), geolocation=(), microphone=()"),
)


class Envelope:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        author = _unknown_author(scope)
        answer = _Answer(scope, send, author.request_id)
        begun = time.perf_counter()
        try:
            with acting(author):
                await self._serve(scope, receive, answer)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            self._metrics.observe(str(scope["method"]), str(route), answer.status, time.perf_counter() - begun)

    async def _serve(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        refused = _refusal(scope)
        if refused is not None:
            page = str(scope["path"]).startswith(PAGES)
            await (refused_with(refused[0]) if page else problem(*refused))(scope, receive, answer)
            return
        try:
            await self._app(scope, _limited(scope, receive), answer)
        except Exception as error:
            log.exception("request_crashed", method=scope["method"], path=_told(scope), error=repr(error))
            if answer.started:
                raise
            detail = "the error has been written to the log; trying again may help"
            await problem(500, detail, "internal")(scope, receive, answer)


class _Answer:
    """Passes messages on, adds the security headers, and remembers the status."""

    def __init__(self, scope: Scope, send: Send, request_id: str) -> None:
        self._scope = scope
        self._send = send
        self._request_id = request_id
        self.status = 500
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = int(message["status"])
            _add_headers(self._scope, message, self._request_id)
        await self._send(message)


def _unknown_author(scope: Scope) -> Author:
    """Whoever sends the request, before anybody knows who that is (``api.access`` says it)."""
    headers = dict(scope["headers"])
    given = headers.get(REQUEST_ID, b"")
    request_id = given.decode() if _REQUEST_ID.fullmatch(given) else new_key()
    reason = unquote(headers.get(REASON, b"").decode("latin-1"), errors="replace").strip()[:MAX_REASON]
    return Author("anonymous", AuthorKind.PUBLIC, "", reason, request_id, f"{scope['method']} {_told(scope)}")


def _told(scope: Scope) -> str:
    """The path as it may be kept: those of public pages have the secret of a report in them."""
    path = str(scope["path"])
    return next((f"{public}..." for public in PUBLIC if path.startswith(public)), path)


def _add_headers(scope: Scope, message: MutableMapping[str, object], request_id: str) -> None:
    present = message.get("headers", ())
    headers = [(bytes(k), bytes(v)) for k, v in present]  # type: ignore[attr-defined]
    names = {k.lower() for k, _ in headers}
    headers += [(k, v) for k, v in SECURITY_HEADERS if k not in names]
    if str(scope["path"]).startswith("/api/") and b"cache-control" not in names:
        headers.append((b"cache-control", b"no-store"))
    headers.append((REQUEST_ID, request_id.encode()))
    message["headers"] = headers


def _limit(scope: Scope) -> int:
    path = str(scope["path"])
    if path.startswith(PUBLIC):
        return MAX_PUBLIC_PHOTO if path.endswith("/photo") else MAX_PUBLIC_BODY
    return MAX_BODY_BY_PATH.get(str(scope["path"]).rstrip("/"), MAX_BODY)


def _too_large(scope: Scope) -> str:
    if str(scope["path"]).rstrip("/") == IMPORTS:
        return in_words("too_large")
    most = _limit(scope)
    return f"请求内容最多{most}字节 / the body may have at most {most} bytes"


def _refusal(scope: Scope) -> tuple[int, str, str] | None:
    """Status, detail and code for a request that is not worth reading."""
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > _limit(scope):
        return 413, _too_large(scope), TOO_LARGE
    if "\x00" in scope["path"] or b"%00" in scope.get("query_string", b""):
        return 422, "the address must not contain the character U+0000", "bad_data"
    return None


def _limited(scope: Scope, receive: Receive) -> Receive:
    left = _limit(scope)

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413, _too_large(scope))
        return message

    return counted
