"""``Idempotency-Key``: a request that is sent again, because its answer was lost on the way, is not done again.

A key is one account's own. The answer is kept in the transaction that does what was asked for, so that it is there
exactly when that was done; a request that was refused leaves its key free.
"""

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Annotated, TypeVar

from fastapi import Depends, FastAPI, Header, Request, Response
from pydantic import BaseModel

from api.access import Access
from api.paging import bad_field
from api.services import Services, services_of
from plantroom.errors import BadData
from plantroom.ports.answers import KeptAnswer
from plantroom.ports.ledger import LedgerTx

KEY = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
"""Header of an answer that was given before."""

HEADERS_KEPT = ("etag", "location")

M = TypeVar("M", bound=BaseModel)

KeyIn = Annotated[
    str | None,
    Header(
        alias=KEY,
        min_length=1,
        max_length=200,
        pattern=r"^[!-~]+$",
        description="Up to 200 characters, made for this one request (a UUID, say). The same request sent again with it"
        f" within 24 hours gets the first answer (with `{REPLAYED}: true`) and changes nothing; another request with it"
        " gets 422. One that was refused may be mended and sent with the same key.",
    ),
]


class AnsweredBefore(Exception):
    """The request was done before: its transaction is left, and the first answer is given again."""

    def __init__(self, answer: KeptAnswer) -> None:
        super().__init__(answer.request)
        self.answer = answer


class Once:
    """One request, with its key or without one (then every request is done)."""

    def __init__(self, services: Services, key: str | None, request: str, body_sha256: str, status: int) -> None:
        self._clock = services.clock
        self._key, self._request, self._body_sha256, self._status = key, request, body_sha256, status
        self._account = ""

    def begin(self, tx: LedgerTx, caller: Access, may_see: Callable[[KeptAnswer], None] | None = None) -> None:
        """Go on if this is the first time. To be called once it is known that the caller may, before anything is
        written; where that cannot be known before, ``may_see`` raises for a first answer that the caller may not have
        any more. Raises ``AnsweredBefore``, ``BadData`` for a key that another request of the caller's had."""
        if self._key is None:
            return
        self._account = f"{caller.principal.kind}:{caller.principal.id}"
        known = tx.accounts.kept_answer(self._account, self._key, self._clock.now())
        if known is None:
            return
        if (known.request, known.body_sha256) != (self._request, self._body_sha256):
            raise _used_otherwise(known, self._request)
        if may_see is not None:
            may_see(known)
        raise AnsweredBefore(known)

    def keep(self, tx: LedgerTx, answer: M, headers: Mapping[str, str] | None = None) -> M:
        """Keep the answer beside what was done, with the ``headers`` that tell where it is; gives it. After
        ``begin``."""
        if self._key is not None:
            body = answer.model_dump_json(by_alias=True)
            kept = {name: value for name, value in (headers or {}).items() if name.lower() in HEADERS_KEPT}
            now = self._clock.now()
            tx.accounts.keep_answer(
                KeptAnswer(
                    self._account, self._key, self._request, self._body_sha256, self._status, body, now, kept
                )
            )  # fmt: skip
        return answer


def _used_otherwise(known: KeptAnswer, request: str) -> BadData:
    if known.request == request:
        zh, en = "内容与首次不同", "had another body the first time"
    else:
        zh, en = f"首次用于{known.request}", f"was used for {known.request}"
    words = f"该键{zh}；不同的请求请用新的键 / this key {en}: make a new one for another request"
    return bad_field(KEY, "key_used_otherwise", words)


async def _once_of(request: Request, idempotency_key: KeyIn = None) -> Once:
    """What the request says of itself. Its body has been read before."""
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    status = getattr(request.scope.get("route"), "status_code", None) or 200
    digest = sha256(_said(await request.body(), request.headers.get("content-type", ""))).hexdigest()
    return Once(services_of(request), idempotency_key, f"{request.method} {path}", digest, status)


def _said(body: bytes, content_type: str) -> bytes:
    """What a body says: of JSON the values, in whatever order and with whatever blanks; of all else the bytes."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        return body
    try:
        return json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")).encode()
    except (ValueError, RecursionError):
        return body


OnlyOnce = Annotated[Once, Depends(_once_of)]


def install_replays(app: FastAPI) -> None:
    """Make the application give first answers again."""

    @app.exception_handler(AnsweredBefore)
    async def again(_request: Request, error: AnsweredBefore) -> Response:
        headers = {**error.answer.headers, REPLAYED: "true"}
        return Response(error.answer.body, error.answer.status, headers, "application/json")
