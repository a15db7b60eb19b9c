"""Requests that lost against another writer are begun again."""

from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.params import Form
from fastapi.routing import APIRoute
from starlette.datastructures import UploadFile

from plantroom.ports.ledger import Contended

log = structlog.get_logger()


class BeginAgain(APIRoute):
    """A route whose endpoint is called a second time when its transaction was undone because of another one. Nothing
    of the first call is left then: endpoints write in one transaction, or (sync) so that repeating does no harm; files
    that were sent are read from their beginning. What is counted outside the ledger is counted for the request
    (``request.state``), which is the same one."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint's handler, tried twice."""
        handle = super().get_route_handler()
        takes_form = self.body_field is not None and isinstance(self.body_field.field_info, Form)

        async def twice(request: Request) -> Response:
            try:
                return await handle(request)
            except Contended as error:
                log.info("request_begun_again", method=request.method, path=request.url.path, problem=str(error))
                if takes_form:
                    await _rewind(request)
                return await handle(request)

        return twice


async def _rewind(request: Request) -> None:
    for _, value in (await request.form()).multi_items():
        if isinstance(value, UploadFile):
            await value.seek(0)
