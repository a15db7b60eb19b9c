"""Reports of collectors as rows. Problems, troubles and the store share a column; earlier versions wrote problems
only, or no store."""

from collections.abc import Mapping
from typing import Any

from plantroom.domain.flow import Trouble
from plantroom.ports.ledger import CollectorReport
from plantroom.storage.ledger.codec import reader

_read_troubles = reader(tuple[Trouble, ...])


def report_row(report: CollectorReport) -> dict[str, Any]:
    """The columns of a report."""
    return {
        "collector": report.collector,
        "reported_at": report.reported_at,
        "ready": report.ready,
        "problems": {"words": list(report.problems), "troubles": list(report.troubles), "store": report.store},
        "stats": report.stats,
        "by_site": report.by_site,
    }


def report_of(row: Any) -> CollectorReport:
    """The report of a row."""
    told = row.problems if isinstance(row.problems, Mapping) else {"words": row.problems, "troubles": ()}
    return CollectorReport(
        row.collector,
        row.reported_at,
        row.ready,
        tuple(told["words"]),
        row.stats,
        row.by_site,
        _read_troubles(told["troubles"]),
        told.get("store", ""),
    )
