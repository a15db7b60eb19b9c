"""Episodes and the evidence behind them."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Viewer
from api.episodes.schemas import Episode as EpisodeShape
from api.episodes.schemas import EpisodeEvidence, EpisodeList, EpisodeQuery
from api.episodes.shaping import shape_episodes, shape_evidence
from api.paging import page_request
from api.services import Parts

router = APIRouter(prefix="/api/v1/episodes", tags=["episodes"])


@router.get("", operation_id="listEpisodes")
def list_episodes(query: Annotated[EpisodeQuery, Query()], caller: Viewer, services: Parts) -> EpisodeList:
    """What was noticed about assets, newest first."""
    sources = None if query.source is None else [s.strip() for s in query.source.split(",")]
    with services.ledger.read() as tx:
        page = tx.episodes.list(caller.scope, page_request(query), query.asset, query.state, query.site, sources)
        items = shape_episodes(tx, services, page.items)
    return EpisodeList(items=items, next_cursor=page.next_cursor)


@router.get("/{episode_id}", operation_id="getEpisode")
def get_episode(episode_id: str, caller: Viewer, services: Parts) -> EpisodeShape:
    """One episode."""
    with services.ledger.read() as tx:
        episode = tx.episodes.get(episode_id)
        caller.require_sight(episode.site)
        return shape_episodes(tx, services, [episode])[0]


@router.get("/{episode_id}/evidence", operation_id="getEvidence")
def get_evidence(episode_id: str, caller: Viewer, services: Parts) -> EpisodeEvidence:
    """What the evidence chart needs: span, points, limits, shares and the baseline if it is known."""
    with services.ledger.read() as tx:
        episode = tx.episodes.get(episode_id)
        caller.require_sight(episode.site)
        shaped = shape_episodes(tx, services, [episode])[0]
        points = tx.assets.points(episode.asset)
    return shape_evidence(episode, shaped, points, services)
