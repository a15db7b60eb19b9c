"""What a caller sees of a collector that serves other sites too."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from plantroom.ports.ledger import CollectorReport, Scope

_LARGEST = "lag_s"
"""The figure of which the largest counts; all others are summed."""


def as_seen(report: CollectorReport, scope: Scope, sites: Collection[str]) -> CollectorReport:
    """The report as far as the scope goes. ``sites`` are all there are: who may see each of them sees everything.

    Problems of other sites are left out (those of a site begin with ``site CODE, ``; others concern everybody), and
    figures are those of the sites in scope: none from a collector that does not tell them apart."""
    if all(scope.allows(site) for site in sites):
        return report
    problems = [p for p in report.problems if _concerns(p, scope, sites)]
    ready = report.ready or (bool(report.problems) and not problems)
    mine = {site: stats for site, stats in report.by_site.items() if scope.allows(site)}
    return replace(report, ready=ready, problems=problems, stats=summed(mine), by_site=mine)


def _concerns(problem: str, scope: Scope, sites: Collection[str]) -> bool:
    if not problem.startswith("site "):
        return True
    return any(scope.allows(site) and problem.startswith(f"site {site}, ") for site in sites)


def summed(by_site: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The figures of several sites together."""
    total: dict[str, float] = {}
    for stats in by_site.values():
        for key, value in stats.items():
            total[key] = max(total.get(key, 0.0), value) if key == _LARGEST else total.get(key, 0.0) + value
    return total
