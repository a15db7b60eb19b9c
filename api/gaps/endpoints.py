"""Gaps: numbers of publishers that have not come."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Supervisor, Viewer
from api.gaps.schemas import Gap, GapList, GapQuery
from api.paging import page_request
from api.retrying import BeginAgain
from api.services import Parts
from plantroom.ports.gaps import GapFilter, GiveUp

router = APIRouter(prefix="/api/v1/gaps", tags=["gaps"], route_class=BeginAgain)


@router.get("", operation_id="listGaps")
def list_gaps(query: Annotated[GapQuery, Query()], caller: Viewer, services: Parts) -> GapList:
    """Gaps in what publishers numbered, those found last first."""
    filters = GapFilter(caller.scope, query.site, query.asset, query.state)
    with services.ledger.read() as tx:
        page = tx.gaps.list(filters, page_request(query))
    return GapList(items=[Gap.of(gap) for gap in page.items], next_cursor=page.next_cursor)


@router.post("/{gap_id}/ask", operation_id="askForGap", status_code=202)
def ask_for_gap(gap_id: str, caller: Supervisor, services: Parts) -> Gap:
    """Have its publisher asked for the numbers within seconds, as if for the first time: an open gap, or one that was
    given up. A healed one stays as it is."""
    with services.ledger.begin() as tx:
        caller.require_change(tx.gaps.get(gap_id).site)
        tx.gaps.ask_again([gap_id], services.clock.now())
        return Gap.of(tx.gaps.get(gap_id))


@router.post("/{gap_id}/give-up", operation_id="giveUpGap")
def give_up_gap(gap_id: str, caller: Supervisor, services: Parts) -> Gap:
    """Count its numbers as lost: they are asked for no more and stay on the list; should they come, they are stored. A
    gap that is not open stays as it is."""
    with services.ledger.begin() as tx:
        caller.require_change(tx.gaps.get(gap_id).site)
        tx.gaps.give_up([gap_id], GiveUp.BY_HAND, services.clock.now())
        return Gap.of(tx.gaps.get(gap_id))
