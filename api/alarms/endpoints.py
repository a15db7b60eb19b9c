"""Alarms: open episodes that a limit, a rule or silence raised."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Viewer
from api.alarms.schemas import AlarmQuery, EpisodeList
from api.episodes.shaping import shape_episodes
from api.paging import page_request
from api.services import Parts
from maintenance.episodes import EpisodeState
from plantroom.domain.findings import FindingSource

router = APIRouter(prefix="/api/v1/alarms", tags=["alarms"])

SOURCES = (FindingSource.LIMIT.value, FindingSource.RULE.value, FindingSource.PRESENCE.value)


@router.get("", operation_id="listAlarms")
def list_alarms(query: Annotated[AlarmQuery, Query()], caller: Viewer, services: Parts) -> EpisodeList:
    """What is wrong right now by a limit, a rule or silence, newest first."""
    with services.ledger.read() as tx:
        page = tx.episodes.list(
            caller.scope, page_request(query), query.asset, EpisodeState.OPEN.value, query.site, SOURCES
        )
        items = shape_episodes(tx, services, page.items)
    return EpisodeList(items=items, next_cursor=page.next_cursor)
