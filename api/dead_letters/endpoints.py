"""Dead letters: messages that could not be stored, with the reason and the raw bytes."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Supervisor, Viewer
from api.dead_letters.schemas import DeadLetter, DeadLetterList, DeadLetterQuery, ReplayAsked, ReplayRequest
from api.paging import page_request
from api.retrying import BeginAgain
from api.services import Parts
from plantroom.errors import Conflict

router = APIRouter(prefix="/api/v1/dead-letters", tags=["dead letters"], route_class=BeginAgain)


@router.get("", operation_id="listDeadLetters")
def list_dead_letters(query: Annotated[DeadLetterQuery, Query()], caller: Viewer, services: Parts) -> DeadLetterList:
    """Dead letters, newest first."""
    with services.ledger.read() as tx:
        page = tx.collect.dead_letters(caller.scope, page_request(query), query.site, query.reason)
    return DeadLetterList(items=[DeadLetter.of(x) for x in page.items], next_cursor=page.next_cursor)


@router.get("/{letter_id}", operation_id="getDeadLetter")
def get_dead_letter(letter_id: str, caller: Viewer, services: Parts) -> DeadLetter:
    """One dead letter."""
    with services.ledger.read() as tx:
        letter = tx.collect.dead_letter(letter_id)
    caller.require_sight(letter.site)
    return DeadLetter.of(letter)


@router.post("/replay", operation_id="replayDeadLetters", status_code=202)
def replay_dead_letters(form: ReplayRequest, caller: Supervisor, services: Parts) -> ReplayAsked:
    """Have every dead letter that fits processed again, once its cause is mended. Letters of sites that were not
    entered are left."""
    if form.site is not None:
        caller.require_site(form.site)
    with services.ledger.begin() as tx:
        return ReplayAsked(asked=tx.collect.ask_replay(caller.scope, site=form.site, reason=form.reason))


@router.post("/{letter_id}/replay", operation_id="replayDeadLetter", status_code=202)
def replay_dead_letter(letter_id: str, caller: Supervisor, services: Parts) -> DeadLetter:
    """Have a message processed again, once its cause is mended: within seconds it is stored and its letters are gone,
    or it is back with what is wrong with it now. It keeps the time at which it first came. 409: its site was not
    entered, or its topic names none."""
    with services.ledger.begin() as tx:
        letter = tx.collect.dead_letter(letter_id)
        caller.require_change(letter.site)
        if not letter.site:
            raise Conflict("its topic names no site, so that it cannot be replayed: correct the topic in the device")
        if letter.site not in {site.code for site in tx.assets.sites()}:
            raise Conflict(f"there is no site {letter.site!r}: enter it first, then replay")
        tx.collect.ask_replay(caller.scope, [letter_id])
        return DeadLetter.of(tx.collect.dead_letter(letter_id))


@router.delete("/{letter_id}", operation_id="discardDeadLetter", status_code=204)
def discard_dead_letter(letter_id: str, caller: Supervisor, services: Parts) -> None:
    """Throw a dead letter away for good."""
    with services.ledger.begin() as tx:
        caller.require_change(tx.collect.dead_letter(letter_id).site)
        tx.collect.discard_dead_letters([letter_id])
