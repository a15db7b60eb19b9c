"""Live changes as server-sent events."""

import time
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from api.access import Access, Viewer, authenticate
from api.events.hub import Listener, LiveHub
from api.events.schemas import EventsQuery
from api.paging import bad_field
from api.services import Parts, Services
from plantroom.errors import NotSignedIn, Unreachable
from plantroom.ports.accounts import Role
from plantroom.ports.live import LiveEvent

router = APIRouter(prefix="/api/v1/events", tags=["events"])

HEARTBEAT_S = 15.0
RETRY_MS = 2000
FAR_BEHIND = 10_000
"""A client that missed more than this is told to ask for everything again."""


def _start(given: str | None, query: EventsQuery) -> int | None:
    if given is None or not given.strip():
        return query.after
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise bad_field("Last-Event-ID", "bad_position", "should be the id of an earlier event")
    return int(given)


def _last_position(services: Services) -> int:
    with services.ledger.read() as tx:
        return tx.live.last_position()


def _frame(event: LiveEvent) -> bytes:
    body = {"position": event.position, "topic": event.topic, "site": event.site, "data": dict(event.data)}
    return b"id: %d\ndata: %b\n\n" % (event.position, orjson.dumps(body, default=str))


STREAM_SHAPE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Each event's `data` is one of these",
        "content": {"text/event-stream": {"schema": {"$ref": "#/components/schemas/LiveMessage"}}},
    }
}


@router.get("", operation_id="streamEvents", response_class=StreamingResponse, responses=STREAM_SHAPE)
async def stream_events(
    request: Request,
    query: Annotated[EventsQuery, Query()],
    caller: Viewer,
    services: Parts,
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
) -> StreamingResponse:
    """Changes as they happen, on the sites that the caller may see. `Last-Event-ID` resumes; each event's
    `data` is a `LiveMessage`. A comment line every 15 s keeps the connection open."""
    asked = _start(last_event_id, query)
    last = await run_in_threadpool(_last_position, services)
    missed = asked is not None and (asked > last or last - asked > FAR_BEHIND)
    position = last if asked is None or missed else asked
    first = LiveEvent(position, "reload" if missed else "hello", None)
    hub: LiveHub = request.app.state.live
    return StreamingResponse(
        _stream(request, caller, hub, first),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _still_allowed(request: Request) -> Access | None:
    try:
        principal = authenticate(request)
    except NotSignedIn:
        return None
    return Access(principal, Role.VIEWER, principal.scope(Role.VIEWER))


async def _stream(request: Request, caller: Access, hub: LiveHub, first: LiveEvent) -> AsyncIterator[bytes]:
    listener = Listener()
    hub.join(listener)
    try:
        yield b"retry: %d\n\n" % RETRY_MS
        yield _frame(first)
        position = first.position
        checked = time.monotonic()
        while not hub.closed:
            events = await _next(hub, position)
            for event in events:
                position = event.position
                if event.site is None or caller.scope.allows(event.site):
                    yield _frame(event)
            heard = bool(events) or await listener.wait(HEARTBEAT_S)
            if heard and time.monotonic() - checked < HEARTBEAT_S:
                continue
            checked = time.monotonic()
            again = await run_in_threadpool(_still_allowed, request)
            if again is None:
                return
            caller = again
            yield b": still here\n\n"
    finally:
        hub.leave(listener)


async def _next(hub: LiveHub, position: int) -> Sequence[LiveEvent]:
    try:
        return await run_in_threadpool(hub.after, position)
    except Unreachable:
        return ()
