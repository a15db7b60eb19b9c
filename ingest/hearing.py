"""What a batch says of publishers' presence, and of numbers that they no longer have."""

from collections import defaultdict
from collections.abc import Iterable

from ingest.gaps import parse_gone
from ingest.matching import AssetRoute
from ingest.outcome import Read
from ingest.presence import PresenceTracker
from ingest.rejections import Rejection
from ingest.sorting import Sorted
from ingest.status import parse_status
from plantroom.domain.assets import Presence


def hear(batch: Sorted, out: Read, presence: PresenceTracker) -> None:
    """Status messages, and that anything came at all; what is replayed says nothing of presence, nor do values that the
    broker had retained. Of a word on presence that it had retained the tracker knows what to think."""
    if not batch.again:
        _hear_all(batch, out, presence)
    for number, route in batch.statuses:
        record, asset = batch.records[number], route.asset.key
        gone = parse_gone(record, asset)
        if gone is not None:
            out.gone.append(gone)
            if not (batch.again or record.retained):
                presence.seen(asset, record.received_ms)
            continue
        said = parse_status(record.payload)
        if not isinstance(said, Presence):
            out.rejections.append(Rejection(number, said))
        elif not batch.again:
            presence.told(asset, said, record.received_ms)


def _hear_all(batch: Sorted, out: Read, presence: PresenceTracker) -> None:
    came: defaultdict[str, list[int]] = defaultdict(list)
    for arrivals in (*(members.arrivals for members in batch.values.values()), *out.heard):
        each: Iterable[tuple[AssetRoute, int]] = zip(arrivals.route, arrivals.received_ms, strict=True)
        if arrivals.retained:
            each = (one for number, one in enumerate(each) if number not in arrivals.retained)
        for route, received_ms in each:
            came[route.asset.key].append(received_ms)
    for asset, received in came.items():
        presence.seen_all(asset, sorted(received))
    # After all that was seen: a goodbye counts only when nothing came later, on whichever topic.
    for asset, word, came_ms, certain in out.words:
        presence.told(asset, word, came_ms, certain=certain)
