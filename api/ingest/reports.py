"""What the collectors last said."""

from api.services import Services
from plantroom.ports.ledger import CollectorReport


def reports(services: Services) -> list[CollectorReport]:
    """The newest word of every collector, by name: of those in this process as it is now, else the ledger's."""
    with services.ledger.read() as tx:
        known = {r.collector: r for r in tx.collect.collectors()}
    known |= {r.collector: r for r in services.local_stats()}
    return [known[name] for name in sorted(known)]
