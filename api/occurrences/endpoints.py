"""What the plan has made due, and what became of it."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Viewer
from api.occurrences.schemas import Occurrence, OccurrenceList, OccurrenceQuery
from api.paging import page_request
from api.services import Parts
from maintenance.ports import OccurrenceFilter

router = APIRouter(prefix="/api/v1/occurrences", tags=["plan"])


@router.get("", operation_id="listOccurrences")
def list_occurrences(query: Annotated[OccurrenceQuery, Query()], caller: Viewer, services: Parts) -> OccurrenceList:
    """Occurrences of the sites that the caller may see, by nominal date."""
    wanted = OccurrenceFilter(
        scope=caller.scope,
        subject=query.asset,
        site=query.site,
        plan_row=query.plan_row,
        state=query.state,
        start=query.start,
        end=query.end,
    )
    with services.ledger.read() as tx:
        page = tx.plan.list_occurrences(wanted, page_request(query))
        refs = services.directory.refs(tx)
        items = [Occurrence.of(one, refs(one.key.subject)) for one in page.items]
    return OccurrenceList(items=items, next_cursor=page.next_cursor)
