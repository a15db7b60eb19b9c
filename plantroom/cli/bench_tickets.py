"""How the benches wait for a safety event's ticket, and end it again.

A request that fails is sent again: what is measured is the ticket, and a moment without an answer only makes it late.
"""

import time
from collections.abc import Callable, Collection, Mapping
from http import HTTPStatus
from typing import Any

import httpx

from plantroom.errors import Unreachable

TAIL_S = 10.0
STAYS_S = 30.0
"""An error that is still there after so long stays."""

AGAIN_S = 0.2
ENDING = {"to": "rejected", "reason": "measurement"}


def answer_of(request: Callable[[], httpx.Response], fine: Collection[int] = ()) -> Any:
    """The answer's document, or ``None`` for a status in ``fine``. Raises ``Unreachable`` with the last error when it
    is still there ``STAYS_S`` after the first."""
    first: float | None = None
    while True:
        try:
            answer = request()
            return None if answer.status_code in fine else answer.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            first = first or time.monotonic()
            if time.monotonic() - first > STAYS_S:
                words = f"still fails after {STAYS_S:.0f} s: {type(error).__name__}: {str(error).partition(chr(10))[0]}"
                raise Unreachable("the API under measurement", words) from error
            time.sleep(AGAIN_S)


def open_ticket(client: httpx.Client, query: Mapping[str, str], begun: float, poll_s: float = 0.005) -> str | None:
    """The open work order that comes, asked for every ``poll_s``, or ``None`` when none did ``TAIL_S`` after ``begun``
    (monotonic seconds). Raises ``Unreachable`` when the API stays in error."""
    while True:
        looked = time.monotonic()
        items = answer_of(lambda: client.get("/api/v1/work-orders", params={**query, "state": "open"}))["items"]
        if items:
            return str(items[0]["id"])
        if looked - begun >= TAIL_S:
            return None
        time.sleep(poll_s)


def reject(client: httpx.Client, ticket: str) -> None:
    """End a ticket, so that the next event gets another one. Raises ``Unreachable`` when it cannot be ended."""
    order = f"/api/v1/work-orders/{ticket}"
    done = answer_of(lambda: client.post(f"{order}/transitions", json=ENDING), {HTTPStatus.CONFLICT})
    # A request that was applied and whose answer was lost finds it ended.
    if done is None and (state := answer_of(lambda: client.get(order))["state"]) != ENDING["to"]:
        raise Unreachable("the API under measurement", f"work order {ticket} cannot be ended, it is {state}")
