"""Where one asset stands on the way from online to offline, and how that is told. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.instants import from_ms
from ingest.pace import SHORTEST_MS, Pace
from ingest.rejections import stable_id
from plantroom.domain.assets import OFFLINE, Presence, Severity
from plantroom.domain.findings import FindingCleared, FindingRaised, FindingSource
from plantroom.ports.ledger import PresenceChange

LATE_INTERVALS = 2.0
OFFLINE_INTERVALS = 3.0
"""So many of its usual intervals may a publisher miss before it is late, or offline."""

UNLEARNED_LATE_MS = 20 * 60_000
UNLEARNED_OFFLINE_MS = 75 * 60_000
"""The same while the usual interval is not known: beyond the slowest publisher whose interval can be learned."""


@dataclass(slots=True)
class Followed:
    """One asset: the delays of its class, and where it stands. ``raised``: its offline finding is out; ``doubtful``:
    it was offline when we started, and an earlier process may have raised it. ``greeted_ms``: when it last said that
    it is online, ``came_again``: not for the first time; ``goodbye_ms``: when somebody said the
    contrary and was not believed yet, ``doubted``: because it may be an old story. ``gap_from_ms``: where the next
    gap begins (``None``: nothing can be said of it). ``back_ms``: when it was followed again after a while without."""

    site: str
    severity: Severity
    late_ms: float
    offline_ms: float
    pace: Pace = field(default_factory=Pace)
    gap_from_ms: int | None = None
    greeted_ms: int | None = None
    came_again: bool = False
    goodbye_ms: int | None = None
    doubted: bool = False
    told_away: bool = False
    presence: Presence = Presence.UNKNOWN
    since_ms: int = 0
    seen_ms: int | None = None
    written_ms: int = 0
    raised: bool = False
    doubtful: bool = False
    back_ms: int = 0

    @property
    def late_after_ms(self) -> float:
        """How long it may be silent before it is late."""
        usual_ms = self.pace.usual_ms
        return max(self.late_ms, UNLEARNED_LATE_MS if usual_ms is None else LATE_INTERVALS * usual_ms)

    @property
    def offline_after_ms(self) -> float:
        """How long it may be silent before it is offline."""
        usual_ms = self.pace.usual_ms
        return max(self.offline_ms, UNLEARNED_OFFLINE_MS if usual_ms is None else OFFLINE_INTERVALS * usual_ms)


def learn(one: Followed, received_ms: Sequence[int]) -> None:
    """What the gaps before and between these messages say of the usual interval. A silence after a goodbye says
    nothing, one that was noticed as such half as much as another."""
    last_ms = received_ms[-1]
    before_ms = one.gap_from_ms
    if one.told_away or before_ms is None:
        before_ms = received_ms[0]
    gaps = len(received_ms) - (before_ms == received_ms[0])
    if last_ms - before_ms < SHORTEST_MS:
        one.pace.short(gaps, last_ms)
        return
    weight = 1.0 if one.presence is Presence.ONLINE else 0.5
    for at_ms in received_ms:
        if at_ms - before_ms >= SHORTEST_MS:
            one.pace.long(at_ms - before_ms, at_ms, weight)
        elif at_ms > before_ms:
            one.pace.short(1, at_ms)
        before_ms = at_ms


def not_after(one: Followed, now_ms: int) -> None:
    """Nothing of an asset lies in the future of our clock."""
    one.seen_ms = None if one.seen_ms is None else min(one.seen_ms, now_ms)
    one.greeted_ms = None if one.greeted_ms is None else min(one.greeted_ms, now_ms)
    one.goodbye_ms = None if one.goodbye_ms is None else min(one.goodbye_ms, now_ms)
    one.since_ms = min(one.since_ms, now_ms)
    one.gap_from_ms, one.written_ms = None, 0


def leave(one: Followed, now_ms: int) -> None:
    """Nobody follows it from now on: what it left behind is where it stands, without what is under way."""
    one.raised = one.doubtful = one.doubted = one.told_away = False
    one.goodbye_ms = None
    if one.presence is Presence.OFFLINE:
        one.since_ms = max(one.since_ms, now_ms)


def come_back(one: Followed, now_ms: int) -> None:
    """It is followed again: it gets its whole delay before anybody is called, and what is raised then is news."""
    not_after(one, now_ms)
    one.back_ms = now_ms
    if one.presence is Presence.OFFLINE:
        one.since_ms = now_ms


def change_of(asset: str, one: Followed) -> PresenceChange:
    """Where it stands, for the ledger."""
    seen = None if one.seen_ms is None else from_ms(one.seen_ms)
    greeted = None if one.greeted_ms is None else from_ms(one.greeted_ms)
    return PresenceChange(asset, one.presence, from_ms(one.since_ms), seen, one.pace.usual_ms, greeted)


def raised_of(asset: str, one: Followed, now_ms: int) -> FindingRaised:
    """It has been offline for so long that people have to know."""
    return FindingRaised(
        finding_id=stable_id("presence", "raised", one.site, asset, one.since_ms),
        site=one.site,
        asset=asset,
        failure_mode=OFFLINE,
        source=FindingSource.PRESENCE,
        severity=one.severity,
        safety=False,
        observed_at=from_ms(one.since_ms),
        received_at=from_ms(now_ms),
        detail={"last_seen": None if one.seen_ms is None else from_ms(one.seen_ms).isoformat(), "tags": []},
    )


def cleared_of(asset: str, one: Followed, at_ms: int) -> FindingCleared:
    """It is offline no longer, or nobody expects anything of it any more."""
    return FindingCleared(
        finding_id=stable_id("presence", "cleared", one.site, asset, one.since_ms),
        site=one.site,
        asset=asset,
        failure_mode=OFFLINE,
        source=FindingSource.PRESENCE,
        observed_at=from_ms(at_ms),
        received_at=from_ms(at_ms),
    )
