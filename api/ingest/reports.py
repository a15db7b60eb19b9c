"""What the collectors last said."""

from dataclasses import dataclass, replace
from datetime import datetime

from api.services import Services
from plantroom.ports.ledger import CollectorReport


@dataclass(frozen=True, slots=True)
class Reports:
    """The newest word of every collector, by name, and what the ledger's clock says: the hosts' clocks may be apart."""

    told: list[CollectorReport]
    now: datetime


def reports(services: Services) -> Reports:
    """Of the collectors in this process as it is now, of others as they told the ledger."""
    with services.ledger.read() as tx:
        known = {r.collector: r for r in tx.collect.collectors()}
        now = tx.collect.now()
    known |= {r.collector: replace(r, reported_at=now) for r in services.local_stats()}
    return Reports([known[name] for name in sorted(known)], now)
