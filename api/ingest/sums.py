"""Figures of several collectors together, some of which have been silent for long.

What was counted stays counted, whoever said so. How things stand is told by those who speak: a dead collector's missing
numbers and what waited for it would be shown for ever beside those of the one that serves its sites now. A site that
nobody speaks for keeps its last word, which its age goes with.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from ingest.picture import by_site, fresh
from plantroom.domain.flow import summed_figures, together
from plantroom.ports.ledger import CollectorReport

COUNTS = frozenset({"received", "stored", "duplicates", "retained", "dead_lettered"})
"""Figures over all time; the others say how things stand."""


def sites_together(reports: Sequence[CollectorReport], now: datetime) -> dict[str, dict[str, float]]:
    """Figures of each site, sites in order; lanes stay told apart."""
    everybody, speaking = by_site(reports), by_site(fresh(reports, now))
    return {site: _mixed(figures, speaking.get(site, figures)) for site, figures in everybody.items()}


def all_together(reports: Sequence[CollectorReport], now: datetime) -> dict[str, float]:
    """Figures of everything."""
    speaking = fresh(reports, now)
    served = {site for report in speaking for site in report.by_site}
    last_words = [_left(report, served) for report in reports if report not in speaking]
    standing = summed_figures([*(report.stats for report in speaking), *last_words])
    return _mixed(summed_figures([report.stats for report in reports]), standing)


def _left(report: CollectorReport, served: set[str]) -> Mapping[str, float]:
    """What a silent collector said of sites that nobody else serves; all of it where it did not tell them apart."""
    if not report.by_site:
        return report.stats
    return summed_figures([together(own) for site, own in report.by_site.items() if site not in served])


def _mixed(counted: Mapping[str, float], standing: Mapping[str, float]) -> dict[str, float]:
    counts = {key: value for key, value in counted.items() if _is_count(key)}
    return counts | {key: value for key, value in standing.items() if not _is_count(key)}


def _is_count(key: str) -> bool:
    return key.rpartition(".")[2] in COUNTS
