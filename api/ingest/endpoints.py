"""How the collectors are doing."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Access, Viewer
from api.ingest.reports import Reports, reports
from api.ingest.schemas import (
    CollectorStats,
    Condition,
    Conditions,
    Flow,
    History,
    HistoryQuery,
    IngestStats,
    LaneFlow,
    NodeGap,
    SiteFlow,
)
from api.ingest.sight import as_seen
from api.ingest.sums import all_together, sites_together
from api.paging import bad_field
from api.services import Parts, Services
from ingest.conditions import GIVEN_UP_RECENTLY, OF_STORE, conditions
from ingest.node_holes import nodes_missing
from ingest.picture import age_s, by_site, fresh, picture_of
from plantroom.domain.flow import by_lane, summed_figures, together
from plantroom.ports.gaps import GapState

router = APIRouter(prefix="/api/v1/ingest", tags=["ingest"])

SHOWN = timedelta(hours=3)


def _seen(caller: Access, services: Services) -> Reports:
    with services.ledger.read() as tx:
        sites = {site.code for site in tx.assets.sites()}
    found = reports(services)
    return replace(found, told=[as_seen(report, caller.scope, sites) for report in found.told])


@router.get("/stats", operation_id="getIngestStats")
def get_stats(caller: Viewer, services: Parts) -> IngestStats:
    """What came in, what was stored and what waits, summed over all collectors; for those who may not see every site,
    over the sites that they may see. What a silent collector said of how things stand counts only for sites that no
    other serves."""
    seen = _seen(caller, services)
    found, now = seen.told, seen.now
    whole = all_together(found, now)
    sites, speaking = sites_together(found, now), by_site(fresh(found, now))
    return IngestStats(
        **{
            name: round(whole.get(name, 0.0))
            for name in ("received", "stored", "duplicates", "retained", "dead_lettered")
        },
        gaps=round(whole.get("gaps", 0.0)),
        spool_depth=round(whole.get("spool_depth", 0.0)),
        lag_s=whole.get("lag_s", 0.0),
        collectors=[
            CollectorStats(
                collector=r.collector,
                reported_at=r.reported_at,
                age_s=age_s(r, now),
                ready=r.ready,
                problems=list(r.problems),
                stats=dict(r.stats),
            )
            for r in found
        ],
        flow=Flow.of(summed_figures([together(figures) for figures in speaking.values()])),
        sites=[
            SiteFlow.of(
                together(figures),
                site=site,
                age_s=min(age_s(report, now) for report in found if site in report.by_site),
                lanes=[LaneFlow.of(own, lane=lane) for lane, own in by_lane(figures).items()],
            )
            for site, figures in sites.items()
        ],
        nodes=[NodeGap.model_validate(one) for one in nodes_missing(sites)],
    )


@router.get("/conditions", operation_id="getIngestConditions")
def get_conditions(caller: Viewer, services: Parts) -> Conditions:
    """What is wrong with the way in, in words: since when, what is lost, what to do. Empty: all is flowing. A readings
    store that does not answer this process is told, too, when no collector has met it."""
    seen, ours = _seen(caller, services), services.clock.now()
    with services.ledger.read() as tx:
        letters = services.letters.now(tx, caller.scope, ours)
        given_up = tx.gaps.missing(GapState.GIVEN_UP, ours - GIVEN_UP_RECENTLY)
        let_go = tx.collect.letters_let_go(seen.now - GIVEN_UP_RECENTLY)
    lost = [{site: n for site, n in counts.items() if caller.scope.allows(site)} for counts in (given_up, let_go)]
    picture = picture_of(seen.told, seen.now, letters.groups, letters.total, *lost)
    own = services.store.trouble(services.readings.ping, services.clock.now)
    if own is not None and not any(trouble.kind in OF_STORE for trouble in picture.troubles):
        picture = replace(picture, troubles=[*picture.troubles, own])
    return Conditions(items=[Condition.of(one) for one in conditions(picture)])


@router.get("/history", operation_id="getIngestHistory")
def get_history(query: Annotated[HistoryQuery, Query()], caller: Viewer, services: Parts) -> History:
    """How the way in did over the last hours, a row for each step."""
    end = query.end or services.clock.now()
    start = query.start or end - SHOWN
    if start > end:
        raise bad_field("from", "bad_span", "is after `to`")
    step_s, rows = services.history.rows(caller.scope, query.site, start, end)
    return History(step_s=step_s, rows=rows)
