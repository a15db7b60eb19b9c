"""Presence: online, late or offline, from status messages, from data seen and from silence.

One tracker serves both lanes of a site (any thread may call it), since a fire pump set's status and its
telemetry come on different lanes. Its memory is the ledger's last word, so nothing depends on retained
messages. Assets whose source's clock is simulated stay unknown and are never judged; so are those that were
never heard from. Whatever is followed no longer (scrapped, or simulated now) is offline no longer, either.

How long silence may last follows the publisher: the delays that class and points ask for, or a few of its usual
intervals (``ingest.pace``) where these are longer. The reasons stand in docs/commissioning.md.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ingest.instants import LEAD_MS, from_ms
from ingest.matching import AssetRoute
from ingest.pace import Pace
from ingest.presence_state import (
    Followed,
    change_of,
    cleared_of,
    come_back,
    learn,
    leave,
    not_after,
    raised_of,
)
from plantroom.domain.assets import EquipmentClass, Presence, Severity
from plantroom.domain.findings import Finding
from plantroom.ports.clock import to_ms
from plantroom.ports.ledger import PresenceChange

OFFLINE_CONFIRM_MS = 60_000
"""How long an asset must stay away after it said goodbye before that is a finding."""

JUDGE_EVERY_MS = 500
"""How often silence is judged at most."""

SEEN_EVERY_MS = 60_000
"""How often the ledger's "last seen" of an asset that stays online is renewed."""

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
        self._followed: dict[str, Followed] = {}
        self._left: dict[str, Followed] = {}
        """What was followed once, as it was left."""
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
        """Watch these assets from now on, each by its class's and points' delays, and the others no longer."""
        with self._lock:
            before, self._followed = self._followed, {}
            simulated = []
            for route in routes:
                key = route.asset.key
                now = self._delays(route)
                if route.simulated:
                    simulated.append((key, now))
                    continue
                old = before.pop(key, None) or self._returned(key) or self._remembered(key, now)
                old.severity, old.late_ms, old.offline_ms = now.severity, now.late_ms, now.offline_ms
                self._followed[key] = old
            for key, now in simulated:
                left = before.pop(key, None)
                if left is not None or key not in self._left:
                    self._leave(key, left or self._remembered(key, now), simulated=True)
            for key, old in before.items():
                self._leave(key, old, simulated=False)

    def _leave(self, asset: str, one: Followed, *, simulated: bool) -> None:
        now_ms = self._now_ms(one)
        cleared = cleared_of(asset, one, now_ms) if one.raised or one.doubtful else None
        heard_of = one.presence is not Presence.UNKNOWN
        leave(one, now_ms)
        self._left[asset] = one
        if simulated and heard_of:
            unknown = replace(change_of(asset, one), presence=Presence.UNKNOWN, since=from_ms(now_ms))
            self._notes.append(PresenceNote(asset, unknown, cleared))
        elif cleared is not None:
            self._notes.append(PresenceNote(asset, change_of(asset, one), cleared))

    def _returned(self, asset: str) -> Followed | None:
        one = self._left.pop(asset, None)
        if one is not None:
            come_back(one, self._now_ms(one))
            if one.presence is not Presence.UNKNOWN:
                self._notes.append(PresenceNote(asset, change_of(asset, one)))
        return one

    def _now_ms(self, one: Followed) -> int:
        """The newest instant that we know of."""
        if self._clocks is not None:
            return self._clocks[0]
        horizons = [known for known in self._horizons.values() if known is not None]
        return max([*horizons, self._started_ms or one.since_ms])

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
        learn(one, received_ms)
        one.seen_ms = one.gap_from_ms = last_ms
        one.goodbye_ms = None
        if one.presence is not Presence.ONLINE:
            self._move(asset, one, Presence.ONLINE, last_ms)
        elif last_ms - one.written_ms >= SEEN_EVERY_MS:
            self._renew(asset, one, last_ms)

    def _renew(self, asset: str, one: Followed, at_ms: int) -> None:
        one.written_ms = at_ms
        self._notes.append(PresenceNote(asset, change_of(asset, one)))

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
                not_after(one, now_ms)

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
                    not_after(one, latest_ms)
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

    def _judge(self, asset: str, one: Followed, now_ms: int, started_ms: int) -> None:
        if one.presence is Presence.OFFLINE:
            wait_ms = one.offline_after_ms if one.doubtful else OFFLINE_CONFIRM_MS
            rested = now_ms - one.back_ms >= one.offline_after_ms
            if not one.raised and rested and now_ms - max(one.since_ms, started_ms) >= wait_ms:
                self._raise(asset, one, now_ms)
            return
        if one.presence is Presence.UNKNOWN and one.goodbye_ms is None:
            return
        silent_ms = now_ms - max(one.seen_ms or 0, started_ms, one.back_ms)
        if one.goodbye_ms is not None and self._believed(one, one.goodbye_ms, now_ms, started_ms):
            self._say_goodbye(asset, one, one.goodbye_ms)
        elif one.presence is Presence.UNKNOWN:
            return
        elif silent_ms > one.offline_after_ms:
            self._move(asset, one, Presence.OFFLINE, now_ms)
            self._raise(asset, one, now_ms)
        elif silent_ms > one.late_after_ms and one.presence is Presence.ONLINE:
            self._move(asset, one, Presence.LATE, now_ms)

    def _say_goodbye(self, asset: str, one: Followed, at_ms: int) -> None:
        self._move(asset, one, Presence.OFFLINE, at_ms)
        one.told_away = True

    @staticmethod
    def _believed(one: Followed, goodbye_ms: int, now_ms: int, started_ms: int) -> bool:
        """Whether nothing was heard after a goodbye for long enough."""
        if one.doubted:
            return now_ms - max(goodbye_ms, started_ms) > one.late_after_ms
        return now_ms - goodbye_ms >= HOLD_MS

    def _move(self, asset: str, one: Followed, presence: Presence, at_ms: int) -> None:
        away = (one.raised or one.doubtful) and presence is not Presence.OFFLINE
        cleared = cleared_of(asset, one, at_ms) if away else None
        one.raised = one.doubtful = one.told_away = False
        one.goodbye_ms = None
        one.presence, one.since_ms, one.written_ms = presence, at_ms, at_ms
        self._notes.append(PresenceNote(asset, change_of(asset, one), cleared))

    def _raise(self, asset: str, one: Followed, now_ms: int) -> None:
        one.raised = True
        self._notes.append(PresenceNote(asset, None, raised_of(asset, one, now_ms)))

    def _delays(self, route: AssetRoute) -> Followed:
        known = self._classes.get(route.asset.equipment_class)
        offline_ms = 1000 * (known.offline_after_s if known is not None else _DEFAULT_OFFLINE_S)
        stale = [p.template.stale_after_s for p in route.points.values() if p.template.stale_after_s is not None]
        late_ms = min(1000 * min(stale), offline_ms) if stale else offline_ms / 2
        weighty = route.safety or route.asset.criticality == "A"
        return Followed(route.asset.site, Severity.GENERAL if weighty else Severity.INFO, late_ms, offline_ms)

    def _remembered(self, asset: str, fresh: Followed) -> Followed:
        known = self._known.get(asset)
        if known is not None:
            fresh.presence, fresh.since_ms = known.presence, to_ms(known.since)
            fresh.seen_ms = None if known.last_seen is None else to_ms(known.last_seen)
            fresh.doubtful = known.presence is Presence.OFFLINE
            fresh.pace = Pace(known.interval_ms)
            fresh.greeted_ms = None if known.greeted_at is None else to_ms(known.greeted_at)
            fresh.came_again = known.greeted_at is not None
        return fresh
