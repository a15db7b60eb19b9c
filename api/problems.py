"""The one place where errors become HTTP statuses and problem details (RFC 9457)."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from math import ceil

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api.field_words import words_of
from plantroom.errors import (
    BadData,
    Conflict,
    FieldProblem,
    Forbidden,
    IllegalTransition,
    NotFound,
    NothingLeft,
    NotSignedIn,
    PlantroomError,
    Throttled,
    Unreachable,
    VersionConflict,
)
from plantroom.ports.files import TooLarge
from plantroom.ports.ledger import LEDGER, Contended

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
DEFAULT_RETRY_S = 5.0
NOTHING_THERE = "there is nothing by that name, or it is not for you to see"
"""One text for both, so that an answer never tells what exists on other sites."""

STATUS: Mapping[type[PlantroomError], int] = {
    TooLarge: 413,
    BadData: 422,
    NotFound: 404,
    NotSignedIn: 401,
    Forbidden: 403,
    VersionConflict: 412,
    IllegalTransition: 409,
    Contended: 503,
    Conflict: 409,
    Throttled: 429,
    Unreachable: 503,
}

LEDGER_AWAY, LEDGER_FULL = "ledger_away", "ledger_full"
"""Codes in place of an ``Unreachable``'s own when the ledger is it: of the same request the readings store may be it,
without which a page shows more. On a full disk what is there can be read; nobody can sign in, which is a change."""

TITLE: Mapping[int, str] = {
    400: "The request cannot be read",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    409: "Does not fit the present state",
    412: "Changed by somebody else",
    413: "Too large",
    415: "Send JSON",
    422: "Something in the request is wrong",
    428: "Say which version you read",
    429: "Too many attempts",
    500: "Something went wrong on our side",
    503: "Not available just now",
}


class PreconditionMissing(PlantroomError):
    """A change without ``If-Match``."""

    code = "precondition_missing"


class StaleVersion(VersionConflict):
    """As ``VersionConflict``, with the record as it stands now and the fields in question."""

    def __init__(self, message: str, current: Mapping[str, object], version: int, fields: Sequence[str]) -> None:
        super().__init__(message)
        self.current = current
        self.version = version
        self.fields = tuple(fields)


class Differs(Conflict):
    """As ``Conflict``, with what is there now and in which fields it differs from what the caller went by."""

    def __init__(self, message: str, code: str, current: Mapping[str, object], fields: Sequence[object]) -> None:
        super().__init__(message)
        self.code = code
        self.current = current
        self.fields = tuple(fields)


def status_of(error: PlantroomError) -> int:
    """HTTP status of an error: its own class's, else that of the nearest class above it, else 500."""
    if isinstance(error, PreconditionMissing):
        return 428
    return next((STATUS[c] for c in type(error).__mro__ if c in STATUS), 500)


def problem(
    status: int,
    detail: str,
    code: str,
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, object] | None = None,
) -> Response:
    """A problem document. ``code`` becomes the last part of ``type``."""
    body: dict[str, object] = {
        "type": f"urn:plantroom:problem:{code}",
        "title": TITLE.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "errors": [{"field": e.field, "code": e.code, "message": e.message} for e in errors],
    }
    return Response(
        orjson.dumps(body | dict(more or {})),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers=dict(headers or {}) | {"Cache-Control": "no-store"},
    )


def problem_of(error: PlantroomError) -> Response:
    """The answer to an error of ours."""
    status = status_of(error)
    headers: dict[str, str] = {}
    more: dict[str, object] = {}
    if error.retryable:
        headers["Retry-After"] = str(ceil(error.retry_after_s or DEFAULT_RETRY_S))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, StaleVersion):
        headers["ETag"] = f'"{error.version}"'
        more = {"current": error.current, "conflicts": list(error.fields)}
    if isinstance(error, Differs):
        more = {"current": error.current, "conflicts": list(error.fields)}
    if status >= 500:
        log.warning("request_failed", status=status, problem=str(error))
    errors = error.problems if isinstance(error, BadData) else ()
    detail = NOTHING_THERE if status == 404 else str(error) or TITLE.get(status, "")
    code = error.code
    if isinstance(error, Unreachable) and error.what == LEDGER:
        code = LEDGER_FULL if isinstance(error, NothingLeft) else LEDGER_AWAY
    if code == LEDGER_FULL:
        detail = f"the disk of the ledger is full: nothing can be changed ({str(error).removeprefix(f'{LEDGER}: ')})"
    return problem(status, detail, code, errors, headers, more)


def _field_problems(error: RequestValidationError) -> list[FieldProblem]:
    found = []
    for item in error.errors():
        where = [str(part) for part in item["loc"]]
        if where and where[0] in {"body", "query", "path", "header", "cookie"}:
            where = where[1:]
        code = "unknown_field" if item["type"] == "extra_forbidden" else str(item["type"])
        found.append(
            FieldProblem(".".join(where), code, words_of(str(item["type"]), str(item["msg"]), item.get("ctx", {})))
        )
    return found


def install(app: FastAPI) -> None:
    """Make the application answer every error as a problem."""

    @app.exception_handler(PlantroomError)
    async def ours(_request: Request, error: PlantroomError) -> Response:
        return problem_of(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> Response:
        errors = _field_problems(error)
        detail = "; ".join(f"{e.field}: {e.message}" if e.field else e.message for e in errors[:3])
        return problem(422, detail, "bad_data", errors)

    @app.exception_handler(HTTPException)
    async def framework(_request: Request, error: HTTPException) -> Response:
        code = HTTPStatus(error.status_code).name.lower()
        return problem(error.status_code, str(error.detail), code, headers=error.headers)
