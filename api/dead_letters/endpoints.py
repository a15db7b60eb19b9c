"""Dead letters: messages that could not be stored, with the reason and the raw bytes."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Viewer
from api.dead_letters.schemas import DeadLetter, DeadLetterList, DeadLetterQuery
from api.paging import page_request
from api.services import Parts

router = APIRouter(prefix="/api/v1/dead-letters", tags=["dead letters"])


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
