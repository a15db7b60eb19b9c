"""Presence: online, late or offline, from status messages, from data seen and from silence.

One tracker serves both lanes of a site (any thread may call it), since a fire pump set's status and its
telemetry come on different lanes. Its memory is the ledger's last word, so nothing depends on retained
messages. Assets whose source's clock is simulated stay unknown and are never judged; so are those that were
never heard from.

How long silence may last follows the publisher: the delays that class and points ask for, or a few of its usual
intervals (``ingest.pace``) where these are longer. The reasons stand in docs/commissioning.md.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ingest.instants import LEAD_MS, from_ms
from ingest.matching import AssetRoute
from ingest.pace import SHORTEST_MS, Pace
from ingest.rejections import stable_id
from plantroom.domain.assets import OFFLINE, EquipmentClass, Presence, Severity
from plantroom.domain.findings import Finding, FindingCleared, FindingRaised, FindingSource
from plantroom.ports.clock import to_ms
from plantroom.ports.ledger import PresenceChange

OFFLINE_CONFIRM_MS = 60_000
"""How long an asset must stay away after it said goodbye before that is a finding."""

JUDGE_EVERY_MS = 500
"""How often silence is judged at most."""

SEEN_EVERY_MS = 60_000
"""How often the ledger's "last seen" of an asset that stays online is renewed."""

LATE_INTERVALS = 2.0
OFFLINE_INTERVALS = 3.0
"""So many of its usual intervals may a publisher miss before it is late, or offline."""

UNLEARNED_LATE_MS = 20 * 60_000
UNLEARNED_OFFLINE_MS = 75 * 60_000
"""The same while the usual interval is not known: beyond the slowest publisher whose interval can be learned."""

RACE_MS = 180_000
"""A goodbye so soon after the asset came again may be the last will of its connection before, which the broker gave up
late (one and a half times a keep-alive of up to two minutes)."""

RETAINED_MS = 5_000
"""A word so soon after we came to the broker, or asked it for topics, may be one that it retained from long ago. An
``online`` says nothing then, a goodbye is doubted."""

HOLD_MS = 1_000
"""How long any goodbye waits to be believed, so that we learn first that our own connection is a new one."""

JUMP_MS = 5_000
"""By how much our clock may part from a steady one between two looks before it counts as set."""

_DEFAULT_OFFLINE_S = 900.0


@dataclass(frozen=True, slots=True)
class PresenceNote:
    """A change for the ledger, with the finding that goes with it."""

    asset: str
    change: PresenceChange | None
    finding: Finding | None = None


@dataclass(slots=True)
class _Followed:
    """One asset: the delays of its class, and where it stands. ``raised``: its offline finding is out; ``doubtful``:
    it was offline when we started, and an earlier process may have raised it. ``greeted_ms``: when it last said that
    it is online, ``came_again``: not for the first time; ``goodbye_ms``: when somebody said the
    contrary and was not believed yet, ``doubted``: because it may be an old story. ``gap_from_ms``: where the next
    gap begins (``None``: nothing can be said of it)."""

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


class PresenceTracker:
    """Presence of a site's assets. Nobody is judged silent until its delay has gone by after ``begin``, after a lost
    broker was found again, and after our own clock was set; nor before each of ``lanes`` has said how far it is.
    ``asked_ms`` says when the broker was last asked for topics."""

    def __init__(
        self, classes: Mapping[str, EquipmentClass], lanes: Iterable[str] = (), asked_ms: Callable[[], int] = int
    ) -> None:
        self._asked_ms = asked_ms
        self._classes = classes
        self._lock = threading.Lock()
        self._followed: dict[str, _Followed] = {}
        self._known: Mapping[str, PresenceChange] = {}
        self._started_ms: int | None = None
        self._horizons: dict[str, int | None] = dict.fromkeys(lanes)
        self._clocks: tuple[int, float] | None = None
        self._judged_ms = 0
        self._notes: list[PresenceNote] = []
        self._taken: set[int] = set()
        self._link_down = False

    def begin(self, known: Mapping[str, PresenceChange], now_ms: int) -> None:
        """Start from the ledger's last word on every asset; only the first call counts."""
        with self._lock:
            if self._started_ms is None:
                self._known, self._started_ms = known, now_ms

    def follow(self, routes: Iterable[AssetRoute]) -> None:
        """Watch these assets from now on, each by its class's and points' delays."""
        with self._lock:
            before, self._followed = self._followed, {}
            for route in routes:
                if route.simulated:
                    continue
                key = route.asset.key
                now = self._delays(route)
                old = before.get(key) or self._remembered(key, now)
                old.severity, old.late_ms, old.offline_ms = now.severity, now.late_ms, now.offline_ms
                self._followed[key] = old

    def seen(self, asset: str, received_ms: int) -> None:
        """Something sound came from the asset's publisher."""
        self.seen_all(asset, (received_ms,))

    def seen_all(self, asset: str, received_ms: Sequence[int]) -> None:
        """As ``seen`` for several messages, in the order in which they came. Cost: O(1) unless they span more than
        ``SHORTEST_MS``."""
        with self._lock:
            self._seen(asset, received_ms)

    def _seen(self, asset: str, received_ms: Sequence[int]) -> None:
        one = self._followed.get(asset)
        last_ms = received_ms[-1]
        if one is None or (one.seen_ms is not None and last_ms < one.seen_ms):
            return
        _learn(one, received_ms)
        one.seen_ms = one.gap_from_ms = last_ms
        one.goodbye_ms = None
        if one.presence is not Presence.ONLINE:
            self._move(asset, one, Presence.ONLINE, last_ms)
        elif last_ms - one.written_ms >= SEEN_EVERY_MS:
            self._renew(asset, one, last_ms)

    def _renew(self, asset: str, one: _Followed, at_ms: int) -> None:
        one.written_ms = at_ms
        self._notes.append(PresenceNote(asset, _change(asset, one)))

    def told(self, asset: str, presence: Presence, received_ms: int, *, certain: bool = False) -> None:
        """The asset's publisher, or its last will, says where it stands. ``certain``: a goodbye that cannot be that of
        an earlier connection."""
        with self._lock:
            one = self._followed.get(asset)
            if one is None:
                return
            if presence is Presence.ONLINE:
                one.came_again = one.greeted_ms is not None
                one.greeted_ms = max(received_ms, one.greeted_ms or received_ms)
                before = len(self._notes)
                if not self._may_be_retained(received_ms):
                    self._seen(asset, (received_ms,))
                if not certain and len(self._notes) == before:
                    self._renew(asset, one, one.written_ms)
                return
            raced = one.came_again and received_ms - (one.greeted_ms or 0) <= RACE_MS
            if received_ms < (one.seen_ms or 0) or one.presence is presence:
                return
            if certain:
                self._say_goodbye(asset, one, received_ms)
            else:
                one.goodbye_ms, one.doubted = received_ms, raced or self._may_be_retained(received_ms)

    def link(self, up: bool, now_ms: int) -> None:
        """The gateway lost its broker, or has it again: silence meanwhile says nothing about the assets."""
        with self._lock:
            self._link_down = not up
            if up:
                self._begin_again(now_ms)

    def keep_time(self, now_ms: int, steady_ms: float) -> None:
        """To be told often: our clock, and one that nobody sets (its zero does not matter). When the two part, our
        clock was set, and silence as it shows says nothing about the assets."""
        with self._lock:
            before, self._clocks = self._clocks, (now_ms, steady_ms)
            if before is None:
                return
            jump_ms = round((now_ms - before[0]) - (steady_ms - before[1]))
            if abs(jump_ms) < JUMP_MS:
                return
            if self._started_ms is not None:
                self._begin_again(now_ms)
            self._horizons = dict.fromkeys(self._horizons)
            for one in self._followed.values():
                one.greeted_ms = None if one.greeted_ms is None else one.greeted_ms + jump_ms
                one.goodbye_ms = None if one.goodbye_ms is None else one.goodbye_ms + jump_ms
                _not_after(one, now_ms)

    def tick(self, lane: str, now_ms: int) -> None:
        """Judge silence. ``now_ms`` is up to when ``lane`` has processed its messages; the laggard counts."""
        with self._lock:
            self._horizons[lane] = now_ms
            horizons = [one for one in self._horizons.values() if one is not None]
            horizon_ms, latest_ms = min(horizons), max(horizons)
            if self._started_ms is None or self._link_down:
                return
            whole = len(horizons) == len(self._horizons)
            if whole and 0 <= horizon_ms - self._judged_ms < JUDGE_EVERY_MS:
                return
            self._judged_ms = horizon_ms if whole else self._judged_ms
            for asset, one in self._followed.items():
                if (one.seen_ms or 0) > latest_ms + LEAD_MS:  # our own clock was set back
                    _not_after(one, latest_ms)
                if whole:
                    self._judge(asset, one, horizon_ms, self._started_ms)

    def _may_be_retained(self, received_ms: int) -> bool:
        began_ms = self._started_ms
        if self._link_down or began_ms is None:
            return True
        return received_ms - max(began_ms, self._asked_ms()) <= RETAINED_MS

    def _begin_again(self, now_ms: int) -> None:
        self._started_ms = now_ms
        for one in self._followed.values():
            one.gap_from_ms = None
            one.doubted = True

    def pending(self) -> Sequence[PresenceNote]:
        """What the ledger has not been told yet."""
        with self._lock:
            return list(self._notes)

    def take(self) -> Sequence[PresenceNote]:
        """As ``pending``, for one lane to write: what concerns an asset of which the other lane is writing an
        earlier note has to wait, so that the ledger hears them in order. To be given back, told or not."""
        with self._lock:
            busy = {note.asset for note in self._notes if id(note) in self._taken}
            notes = [note for note in self._notes if note.asset not in busy]
            self._taken.update(map(id, notes))
            return notes

    def told_ledger(self, notes: Sequence[PresenceNote]) -> None:
        """These notes are in the ledger."""
        done = set(map(id, notes))
        with self._lock:
            self._notes = [note for note in self._notes if id(note) not in done]

    def give_back(self, notes: Sequence[PresenceNote]) -> None:
        """These notes are no longer being written; those that the ledger was not told come again."""
        with self._lock:
            self._taken.difference_update(map(id, notes))

    def _judge(self, asset: str, one: _Followed, now_ms: int, started_ms: int) -> None:
        if one.presence is Presence.OFFLINE:
            wait_ms = one.offline_after_ms if one.doubtful else OFFLINE_CONFIRM_MS
            if not one.raised and now_ms - max(one.since_ms, started_ms) >= wait_ms:
                self._raise(asset, one, now_ms)
            return
        if one.presence is Presence.UNKNOWN and one.goodbye_ms is None:
            return
        silent_ms = now_ms - max(one.seen_ms or 0, started_ms)
        if one.goodbye_ms is not None and self._believed(one, one.goodbye_ms, now_ms, started_ms):
            self._say_goodbye(asset, one, one.goodbye_ms)
        elif one.presence is Presence.UNKNOWN:
            return
        elif silent_ms > one.offline_after_ms:
            self._move(asset, one, Presence.OFFLINE, now_ms)
            self._raise(asset, one, now_ms)
        elif silent_ms > one.late_after_ms and one.presence is Presence.ONLINE:
            self._move(asset, one, Presence.LATE, now_ms)

    def _say_goodbye(self, asset: str, one: _Followed, at_ms: int) -> None:
        self._move(asset, one, Presence.OFFLINE, at_ms)
        one.told_away = True

    @staticmethod
    def _believed(one: _Followed, goodbye_ms: int, now_ms: int, started_ms: int) -> bool:
        """Whether nothing was heard after a goodbye for long enough."""
        if one.doubted:
            return now_ms - max(goodbye_ms, started_ms) > one.late_after_ms
        return now_ms - goodbye_ms >= HOLD_MS

    def _move(self, asset: str, one: _Followed, presence: Presence, at_ms: int) -> None:
        away = (one.raised or one.doubtful) and presence is not Presence.OFFLINE
        cleared = _cleared(asset, one, at_ms) if away else None
        one.raised = one.doubtful = one.told_away = False
        one.goodbye_ms = None
        one.presence, one.since_ms, one.written_ms = presence, at_ms, at_ms
        self._notes.append(PresenceNote(asset, _change(asset, one), cleared))

    def _raise(self, asset: str, one: _Followed, now_ms: int) -> None:
        one.raised = True
        self._notes.append(PresenceNote(asset, None, _raised(asset, one, now_ms)))

    def _delays(self, route: AssetRoute) -> _Followed:
        known = self._classes.get(route.asset.equipment_class)
        offline_ms = 1000 * (known.offline_after_s if known is not None else _DEFAULT_OFFLINE_S)
        stale = [p.template.stale_after_s for p in route.points.values() if p.template.stale_after_s is not None]
        late_ms = min(1000 * min(stale), offline_ms) if stale else offline_ms / 2
        weighty = route.safety or route.asset.criticality == "A"
        return _Followed(route.asset.site, Severity.GENERAL if weighty else Severity.INFO, late_ms, offline_ms)

    def _remembered(self, asset: str, fresh: _Followed) -> _Followed:
        known = self._known.get(asset)
        if known is not None:
            fresh.presence, fresh.since_ms = known.presence, to_ms(known.since)
            fresh.seen_ms = None if known.last_seen is None else to_ms(known.last_seen)
            fresh.doubtful = known.presence is Presence.OFFLINE
            fresh.pace = Pace(known.interval_ms)
            fresh.greeted_ms = None if known.greeted_at is None else to_ms(known.greeted_at)
            fresh.came_again = known.greeted_at is not None
        return fresh


def _learn(one: _Followed, received_ms: Sequence[int]) -> None:
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


def _not_after(one: _Followed, now_ms: int) -> None:
    """Nothing of an asset lies in the future of our clock."""
    one.seen_ms = None if one.seen_ms is None else min(one.seen_ms, now_ms)
    one.greeted_ms = None if one.greeted_ms is None else min(one.greeted_ms, now_ms)
    one.goodbye_ms = None if one.goodbye_ms is None else min(one.goodbye_ms, now_ms)
    one.since_ms = min(one.since_ms, now_ms)
    one.gap_from_ms, one.written_ms = None, 0


def _change(asset: str, one: _Followed) -> PresenceChange:
    seen = None if one.seen_ms is None else from_ms(one.seen_ms)
    greeted = None if one.greeted_ms is None else from_ms(one.greeted_ms)
    return PresenceChange(asset, one.presence, from_ms(one.since_ms), seen, one.pace.usual_ms, greeted)


def _raised(asset: str, one: _Followed, now_ms: int) -> FindingRaised:
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


def _cleared(asset: str, one: _Followed, at_ms: int) -> FindingCleared:
    return FindingCleared(
        finding_id=stable_id("presence", "cleared", one.site, asset, one.since_ms),
        site=one.site,
        asset=asset,
        failure_mode=OFFLINE,
        source=FindingSource.PRESENCE,
        observed_at=from_ms(at_ms),
        received_at=from_ms(at_ms),
    )
