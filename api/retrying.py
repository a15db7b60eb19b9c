"""Requests that lost against another writer are begun again."""

from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.routing import APIRoute

from plantroom.ports.ledger import Contended

log = structlog.get_logger()


class BeginAgain(APIRoute):
    """A route whose endpoint is called a second time when its transaction was undone because of another one. Nothing
    of the first call is left then: endpoints write in one transaction, or (sync) so that repeating does no harm."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint's handler, tried twice."""
        handle = super().get_route_handler()

        async def twice(request: Request) -> Response:
            try:
                return await handle(request)
            except Contended as error:
                log.info("request_begun_again", method=request.method, path=request.url.path, problem=str(error))
                return await handle(request)

        return twice
