"""Gaps: numbers of publishers that have not come."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Viewer
from api.gaps.schemas import Gap, GapList, GapQuery
from api.paging import page_request
from api.services import Parts
from plantroom.ports.gaps import GapFilter

router = APIRouter(prefix="/api/v1/gaps", tags=["gaps"])


@router.get("", operation_id="listGaps")
def list_gaps(query: Annotated[GapQuery, Query()], caller: Viewer, services: Parts) -> GapList:
    """Gaps in what publishers numbered, those found last first."""
    filters = GapFilter(caller.scope, query.site, query.asset, query.state)
    with services.ledger.read() as tx:
        page = tx.gaps.list(filters, page_request(query))
    return GapList(items=[Gap.of(gap) for gap in page.items], next_cursor=page.next_cursor)
