"""How the collectors are doing."""

from fastapi import APIRouter

from api.access import Viewer
from api.ingest.schemas import CollectorStats, IngestStats
from api.ingest.sight import as_seen
from api.services import Parts, Services
from plantroom.ports.ledger import CollectorReport

router = APIRouter(prefix="/api/v1/ingest", tags=["ingest"])


def reports(services: Services) -> list[CollectorReport]:
    """The newest word of every collector, by name: of those in this process as it is now, else the ledger's."""
    with services.ledger.read() as tx:
        known = {r.collector: r for r in tx.collect.collectors()}
    known |= {r.collector: r for r in services.local_stats()}
    return [known[name] for name in sorted(known)]


@router.get("/stats", operation_id="getIngestStats")
def get_stats(caller: Viewer, services: Parts) -> IngestStats:
    """What came in, what was stored and what waits, summed over all collectors; for those who may not see every site,
    over the sites that they may see."""
    with services.ledger.read() as tx:
        sites = {site.code for site in tx.assets.sites()}
    found = [as_seen(report, caller.scope, sites) for report in reports(services)]
    now = services.clock.now()

    def total(key: str) -> int:
        return round(sum(r.stats.get(key, 0.0) for r in found))

    return IngestStats(
        received=total("received"),
        stored=total("stored"),
        duplicates=total("duplicates"),
        dead_lettered=total("dead_lettered"),
        gaps=total("gaps"),
        spool_depth=total("spool_depth"),
        lag_s=max((r.stats.get("lag_s", 0.0) for r in found), default=0.0),
        collectors=[
            CollectorStats(
                collector=r.collector,
                reported_at=r.reported_at,
                age_s=max(0.0, (now - r.reported_at).total_seconds()),
                ready=r.ready,
                problems=list(r.problems),
                stats=dict(r.stats),
            )
            for r in found
        ],
    )
