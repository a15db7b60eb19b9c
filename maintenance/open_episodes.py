"""All open episodes, page by page."""

from maintenance.episodes import Episode, EpisodeState
from maintenance.ports import MaintenanceTx
from plantroom.ports.paging import EVERYTHING, PageRequest, Scope


def open_episodes(
    tx: MaintenanceTx, scope: Scope = EVERYTHING, site: str | None = None, asset: str | None = None
) -> list[Episode]:
    """Those of a scope, a site or an asset, newest first."""
    found: list[Episode] = []
    request = PageRequest(limit=1000)
    while True:
        page = tx.episodes.list(scope, request, asset=asset, state=EpisodeState.OPEN.value, site=site)
        found += page.items
        if page.next_cursor is None:
            return found
        request = PageRequest(limit=1000, cursor=page.next_cursor)
