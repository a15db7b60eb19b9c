"""What the numbers of a site's two lanes say together, as the ledger is told of it.

An asset's telemetry changes lanes when its source becomes safety. Each lane's tracker then has one part of a numbering,
and what came on the other lane looks like a hole. So the lanes share what stands in ``SiteNumbers``: a numbering that
both have is missing only what neither got, judged once both have dealt with all that had come by then.
"""

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import orjson

from ingest.giving_up import Key, given_of, in_few_words
from ingest.instants import from_ms
from ingest.matching import AssetRoute
from ingest.publishers import asset_of, numbering_of
from ingest.sequences import RunChange, SequenceTracker
from ingest.site_instants import SiteInstants
from plantroom.domain.spans import Span, merged, within, without
from plantroom.ports.gaps import GapNews, GapsGone, Given
from plantroom.ports.spool import SpoolRecord
from plantroom.wire import MAX_SEQ, ROOT, Channel, boot_text

GRACE_MS = 5_000
"""How long numbers may take to come out of order before anybody is asked for them."""

MAX_GONE = 100
"""Spans that one message may call gone."""

MAX_WAITING = 1_000
"""Batches that gave numbers up of which it is not known yet whether they came on the other lane."""

MAX_WAITING_SPANS = 20_000
"""Spans of numbers in them; beyond either the oldest ones stay given up."""


@dataclass(slots=True)
class _Stand:
    """What one lane has of a numbering, as of ``as_of_ms``; ``changed_ms`` is when it last was otherwise."""

    run: RunChange
    code: str
    as_of_ms: int
    changed_ms: int

    def covered(self) -> list[Span]:
        """The numbers that are in no hole."""
        return merged([*self.run.below, *without([(self.run.first, self.run.highest)], self.run.holes)])

    def came(self) -> list[Span]:
        """Those of them that came, as far as is known."""
        return without(self.covered(), merged(self.run.unknown))


@dataclass(frozen=True, slots=True)
class _GivenUp:
    """What a lane gave up, at a time up to which the other one may not have dealt with what came."""

    lane: str
    key: Key
    code: str
    spans: Sequence[Span]
    at_ms: int


class SiteNumbers:
    """The numberings of a site's lanes. Any thread. ``lanes`` are those that begin before any hole is believed: each
    has ``begin`` called with what it has. ``instants`` are given by the lanes together, where there are any."""

    def __init__(self, lanes: Iterable[str] = (), instants: SiteInstants | None = None) -> None:
        self.instants = instants
        self._lock = threading.Lock()
        self._lanes = frozenset(lanes)
        self._awaited = set(self._lanes)
        self._held: dict[Key, str] = {}
        """Numberings with changes that wait for the other lane to begin, and the lane that has them."""
        self._stands: dict[Key, dict[str, _Stand]] = {}
        self._keys: dict[tuple[str, str, str], set[Key]] = {}
        """Keys by lane, channel and asset."""
        self._shared: set[Key] = set()
        self._told: dict[Key, Sequence[Span]] = {}
        """Holes of shared numberings that the ledger was told of last."""
        self._waiting: deque[_GivenUp] = deque(maxlen=MAX_WAITING)
        self._horizons: dict[str, int] = {}
        self._listed: set[str] = set()

    def horizon_ms(self) -> int:
        """Up to when every lane has dealt with what came; 0 before the first word of each."""
        with self._lock:
            return min(self._horizons.values(), default=0) if self._lanes <= self._horizons.keys() else 0

    def listed(self, assets: Iterable[str]) -> None:
        """The ledger has gaps of these: what comes late may heal one. Of others nobody need be told."""
        with self._lock:
            self._listed.update(assets)

    def take(
        self,
        lane: str,
        channel: Channel,
        tracker: SequenceTracker,
        topics: Callable[[], Iterable[tuple[str, AssetRoute]]],
        at_ms: int,
    ) -> list[GapNews]:
        """What is new since the last call. Holes of a numbering that both lanes have are left to ``settle``. ``topics``
        gives those of the batch with their assets: a publisher may know its asset by an earlier code."""
        changes = tracker.changes()
        if not changes:
            return []
        codes = {route.asset.key: _publishers_code(topic, route.asset.code) for topic, route in topics()}
        found = []
        with self._lock:
            for asset in {change.asset for change in changes}:
                self._place(lane, channel, asset, tracker, codes.get(asset, ""), at_ms)
            given = self._given(lane, channel, changes, codes, at_ms)
            for change in changes:
                key = (channel.value, change.asset, change.boot, change.numbering)
                if self._awaited:
                    self._held[key] = lane
                later = key in self._shared or bool(self._awaited)
                code = codes.get(change.asset, "")
                news = _news(change, channel, code, at_ms, () if later else change.holes, given[key])
                if news.holes or news.given or (news.came and news.asset in self._listed):
                    self._listed.add(news.asset)
                    found.append(news)
        return found

    def _given(
        self, lane: str, channel: Channel, changes: Sequence[RunChange], codes: Mapping[str, str], at_ms: int
    ) -> Mapping[Key, Sequence[Given]]:
        """What is given up of each numbering: what the other lane has is not, nor what came here afterwards."""
        exact: dict[Key, Sequence[Given]] = {}
        for change in changes:
            key = (channel.value, change.asset, change.boot, change.numbering)
            others = self._others(lane, key) if change.dropped else ()
            there = merged([*change.came, *(span for one in others for span in one.covered())])
            exact[key] = given = given_of(change.dropped, there)
            if given and self._lanes - {lane}:
                spans = merged((one.first, one.last) for one in given)
                self._wait_for(_GivenUp(lane, key, codes.get(change.asset, ""), spans, at_ms))
        return in_few_words(exact)

    def _wait_for(self, given_up: _GivenUp) -> None:
        self._waiting.append(given_up)
        spans = sum(len(one.spans) for one in self._waiting)
        while spans > MAX_WAITING_SPANS:
            spans -= len(self._waiting.popleft().spans)

    def _others(self, lane: str, key: Key) -> Collection[_Stand]:
        return [one for whose, one in self._stands.get(key, {}).items() if whose != lane]

    def settle(self, lane: str, trackers: Mapping[Channel, SequenceTracker], now_ms: int) -> list[GapNews]:
        """This lane has dealt with all that came up to ``now_ms``; what is new of the numberings that both have."""
        with self._lock:
            self._horizons[lane] = now_ms
            keys = {*self._shared, *(one.key for one in self._waiting)}
            mine = [key for key in keys if lane in self._stands.get(key, ())]
            for channel, asset in {(key[0], key[1]) for key in mine}:
                code = next(self._stands[key][lane].code for key in self._keys[lane, channel, asset])
                self._place(lane, Channel(channel), asset, trackers[Channel(channel)], code, now_ms)
            found = [news for key in mine if key in self._shared for news in self._settled(key, now_ms)]
            for key in mine:
                self._leave_to_others(lane, key, trackers[Channel(key[0])])
            return [*self._released(lane), *self._came_after_all(lane, now_ms), *found]

    def _leave_to_others(self, lane: str, key: Key, tracker: SequenceTracker) -> None:
        """Holes of this lane that the other one has are none, also when that one knows nothing of them any more."""
        own, others = self._stands.get(key, {}).get(lane), self._others(lane, key)
        if own is not None and own.run.holes and others:
            tracker.came_elsewhere(*key[1:], merged(span for one in others for span in one.came()))

    def _came_after_all(self, lane: str, now_ms: int) -> list[GapNews]:
        """What this lane gave up and the other one has, now that it has dealt with all that had come by then."""
        found = []
        for one in [one for one in self._waiting if one.lane == lane]:
            others = self._others(lane, one.key)
            behind = [self._horizons.get(other, 0) for other in self._lanes - {lane}]
            if min([*behind, *(stand.as_of_ms for stand in others)]) < one.at_ms:
                continue
            self._waiting.remove(one)
            missing = without(one.spans, merged(span for stand in others for span in stand.came()))
            if came := without(one.spans, missing):
                channel, asset, boot, numbering = one.key
                change = RunChange(asset, boot, numbering, came[0][0], came[-1][1], came=came)
                found.append(_news(change, Channel(channel), one.code, now_ms, ()))
        return found

    def _released(self, lane: str) -> list[GapNews]:
        """Holes that were held back and are this lane's alone."""
        if self._awaited:
            return []
        held = [key for key, whose in self._held.items() if whose == lane]
        found = []
        for key in held:
            del self._held[key]
            stand = self._stands.get(key, {}).get(lane)
            if stand is not None and key not in self._shared and stand.run.holes:
                self._listed.add(asset_of(key[1]))
                found.append(_news(stand.run, Channel(key[0]), stand.code, stand.as_of_ms, stand.run.holes))
        return found

    def begin(self, lane: str, trackers: Mapping[Channel, SequenceTracker]) -> None:
        """A lane begins (anew), with these numbers; what it has is told again."""
        with self._lock:
            for place in [place for place in self._keys if place[0] == lane]:
                for key in self._keys.pop(place):
                    self._leave(lane, key)
            for channel, tracker in trackers.items():
                for asset in tracker.assets():
                    self._place(lane, channel, asset, tracker, "", 0)
                tracker.listed = self._listed
            self._awaited.discard(lane)

    def _place(self, lane: str, channel: Channel, asset: str, tracker: SequenceTracker, code: str, at_ms: int) -> None:
        place, now = (lane, channel.value, asset), set()
        for run in tracker.runs(asset):
            key = (channel.value, asset, run.boot, run.numbering)
            now.add(key)
            stands = self._stands.setdefault(key, {})
            before = stands.get(lane)
            changed_ms = before.changed_ms if before is not None and before.run == run else at_ms
            stands[lane] = _Stand(run, code, at_ms, changed_ms)
            if len(stands) > 1:
                self._shared.add(key)
        for key in self._keys.get(place, set()) - now:
            self._leave(lane, key)
        self._keys[place] = now
        if not now:
            del self._keys[place]
            self._listed.discard(asset)
        elif asset_of(asset) in self._listed:
            self._listed.add(asset)

    def _leave(self, lane: str, key: Key) -> None:
        stands = self._stands[key]
        stands.pop(lane, None)
        if len(stands) < 2:
            self._shared.discard(key)
            self._told.pop(key, None)
        if not stands:
            del self._stands[key]

    def _settled(self, key: Key, now_ms: int) -> list[GapNews]:
        stands = list(self._stands[key].values())
        if min(one.as_of_ms for one in stands) < max(one.changed_ms for one in stands):
            return []
        first, highest = min(one.run.first for one in stands), max(one.run.highest for one in stands)
        covered = merged(span for one in stands for span in one.covered())
        holes = without([(first, highest)], covered)
        before = self._told.get(key, [(first, highest)])
        certain = merged(span for one in stands for span in one.came())
        came = within(certain, before[0][0], before[-1][1]) if before else []
        self._told[key] = holes
        if holes == before:
            return []
        latest = max(stands, key=lambda one: one.changed_ms)
        news = _news(replace(latest.run, came=came), Channel(key[0]), latest.code, now_ms, holes, inferred=True)
        if not news.holes and not (news.came and news.asset in self._listed):
            return []
        self._listed.add(news.asset)
        return [news]


def _news(
    change: RunChange,
    channel: Channel,
    code: str,
    at_ms: int,
    holes: Sequence[Span],
    given: Sequence[Given] = (),
    *,
    inferred: bool = False,
) -> GapNews:
    return GapNews(
        asset=asset_of(change.asset),
        code=code,
        channel=channel.value,
        boot=change.boot,
        numbering=numbering_of(change.asset, change.numbering),
        at=from_ms(at_ms),
        ask_at=from_ms(at_ms + GRACE_MS),
        holes=holes,
        came=change.came,
        given=given,
        inferred=inferred,
    )


def _publishers_code(topic: str, code: str) -> str:
    levels = topic.split("/")
    return levels[2] if len(levels) == 4 and levels[0] == ROOT else code


def parse_gone(record: SpoolRecord, asset: str) -> GapsGone | None:
    """A publisher's word on ``.../status`` that it no longer has numbers:
    ``{"boot": "7f3a", "gone": [[5, 9]], "channel": "telemetry"}``; ``None`` when it is no such word."""
    if b'"gone"' not in record.payload:
        return None
    try:
        document = orjson.loads(record.payload)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(document, dict):
        return None
    gone, boot, channel = document.get("gone"), boot_text(document.get("boot")), document.get("channel", "telemetry")
    if not isinstance(gone, list) or boot is None or channel not in ("telemetry", "event"):
        return None
    spans = [_span(one) for one in gone]
    if not 0 < len(spans) <= MAX_GONE or None in spans:
        return None
    found = merged(span for span in spans if span is not None)
    return GapsGone(asset, channel, boot, found, from_ms(record.received_ms))


def _span(one: object) -> Span | None:
    if not isinstance(one, list) or len(one) != 2 or not all(type(n) is int and 0 <= n < MAX_SEQ for n in one):
        return None
    return (one[0], one[1]) if one[0] <= one[1] else None
