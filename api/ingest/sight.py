"""What a caller sees of a collector that serves other sites too."""

from collections.abc import Collection
from dataclasses import replace

from plantroom.domain.flow import summed_figures, together
from plantroom.ports.ledger import CollectorReport
from plantroom.ports.paging import Scope


def as_seen(report: CollectorReport, scope: Scope, sites: Collection[str]) -> CollectorReport:
    """The report as far as the scope goes. ``sites`` are all there are: who may see each of them sees everything.

    Problems of other sites are left out (those of a site begin with ``site CODE, ``; others concern everybody), and
    figures are those of the sites in scope: none from a collector that does not tell them apart."""
    if all(scope.allows(site) for site in sites):
        return report
    problems = [p for p in report.problems if _concerns(p, scope, sites)]
    troubles = [t for t in report.troubles if not t.site or scope.allows(t.site)]
    ready = report.ready or (bool(report.problems) and not problems)
    mine = {site: stats for site, stats in report.by_site.items() if scope.allows(site)}
    stats = summed_figures([together(figures) for figures in mine.values()])
    return replace(report, ready=ready, problems=problems, stats=stats, by_site=mine, troubles=troubles)


def _concerns(problem: str, scope: Scope, sites: Collection[str]) -> bool:
    if not problem.startswith("site "):
        return True
    return any(scope.allows(site) and problem.startswith(f"site {site}, ") for site in sites)
