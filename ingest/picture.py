"""The picture of the way in that conditions are drawn from, out of collectors' reports."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from ingest.conditions import SILENT_S, Picture, Silent
from plantroom.domain.flow import STRAYS, summed_figures
from plantroom.ports.ledger import CollectorReport
from plantroom.ports.letters import LetterGroup


def age_s(report: CollectorReport, now: datetime) -> float:
    """How old a report is, ``now`` being what the ledger's clock says; never below 0."""
    return max(0.0, (now - report.reported_at).total_seconds())


def fresh(reports: Sequence[CollectorReport], now: datetime) -> list[CollectorReport]:
    """The reports of collectors that are not silent."""
    return [report for report in reports if age_s(report, now) < SILENT_S]


def by_site(reports: Sequence[CollectorReport]) -> dict[str, dict[str, float]]:
    """Figures of each site together over its collectors, sites in order; lanes stay told apart."""
    sites = sorted({site for report in reports for site in report.by_site})
    return {site: summed_figures([r.by_site[site] for r in reports if site in r.by_site]) for site in sites}


def silent(reports: Sequence[CollectorReport], now: datetime) -> list[Silent]:
    """Collectors without a word. One whose sites are all served by others was replaced and is not missed."""
    served = {site for report in fresh(reports, now) for site in report.by_site}
    found = []
    for report in reports:
        missing = tuple(sorted(set(report.by_site) - served - {STRAYS}))
        replaced = bool(served) and not missing
        if age_s(report, now) >= SILENT_S and not replaced:
            found.append(Silent(report.collector, report.reported_at, missing))
    return found


def picture_of(
    reports: Sequence[CollectorReport],
    now: datetime,
    letters: Sequence[LetterGroup] = (),
    kept_letters: int = 0,
    given_up: Mapping[str, int] | None = None,
    let_go: Mapping[str, int] | None = None,
) -> Picture:
    """Everything together; troubles and figures of silent collectors are old and left out."""
    speaking = fresh(reports, now)
    troubles = [trouble for report in speaking for trouble in report.troubles]
    sites: Mapping[str, Mapping[str, float]] = by_site(speaking)
    lost = {"given_up": given_up or {}, "let_go": let_go or {}}
    any_collector = bool(reports)
    return Picture(
        now, troubles, sites, silent(reports, now), letters, kept_letters, **lost, any_collector=any_collector
    )
