"""How far the clocks of devices are off ours.

A message is received after it was stamped, by the delay of its way, which is never negative: so of ``received - ts``
the least of a while is the clock's offset and the least delay, and neither batches (their newest sample counts) nor
late messages disturb it (the minimum filter of NTP, RFC 5905 section 10). The least of each window of ``WINDOW_MS``
is kept. An outbox that is catching up looks like a slow clock that runs too fast, so a measure takes ``WINDOWS``
windows in a row that agree within ``STEADY_MS``. Times before the year 2000 and in the future need not agree: no outbox
is that late or early, and a clock that stands still, or counts in another unit, never does. Nor need times that stand
and are refused as too old. Times that stand and are not refused are no measure: a device that sends what changed last
again and again looks the same. Windows lie on a fixed grid of receive times: the result does not depend on how the
stream is cut into batches.

What was dead-lettered for its clock is measured too; what came without a time of its own, with one that counts from
the receipt, out of what the broker had retained, or from a source whose clock is simulated, is not."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

import numpy as np
import orjson

from ingest.arrivals import Arrivals
from ingest.clock_effects import ClockEffect, effect_of, event_of, severity_of, words_of_clock
from ingest.dialects.decoded import Decoded
from ingest.instants import FUTURE_MS, NO_TIME, from_ms
from ingest.matching import AssetRoute
from ingest.rejections import stable_id
from plantroom.domain.assets import CLOCK
from plantroom.domain.findings import Finding, FindingCleared, FindingRaised, FindingSource
from plantroom.ports.clock import before_2000, to_ms
from plantroom.ports.device_clocks import DeviceClock, says_nothing, times_of
from plantroom.ports.readings import Retention
from plantroom.ports.spool import Lane

WINDOW_MS = 30_000
WINDOWS = 3
STEADY_MS = 5_000

WRONG_MS = 30_000
"""Beyond this a clock is wrong. A quartz that nobody sets drifts about 2 s a day: it is found within weeks, long before
limits and models (dwell times of a minute and more), the order of events, or the borders of late (10 min) and future
(5 min) suffer; a way that always takes seconds is not taken for it."""

RIGHT_MS = 24_000
"""Within this it is right again."""

WRONG_FOR_MS = 120_000
"""How long it must be wrong, by about the same, before it is a finding."""

TELL_MS = 500
TELL_EVERY_MS = 600_000
"""The ledger hears of a measure that moved by so much, or when its last word is so old."""

_FAR_MS = 1 << 50
_WINDOW_BITS = 32


@dataclass(slots=True)
class _Clock:
    """One device: the window at hand, the least of the last whole ones, and what came of them. Offsets are the device's
    clock less ours; ``stamp_ms`` and ``stamps_ms``: the newest time that the device sent in each of those windows."""

    window: int = -1
    low_ms: int = 0
    lows_ms: list[int] = field(default_factory=list)
    offset_ms: int | None = None
    measured_ms: int = 0
    wrong_since_ms: int | None = None
    wrong_by_ms: int = 0
    raised: bool = False
    told_ms: int | None = None
    told_at_ms: int = 0
    effect: str = ClockEffect.NONE.value
    """What the finding said last that it costs; that it costs nothing is not said before the clock is right."""
    stamp_ms: int = 0
    stamps_ms: list[int] = field(default_factory=list)
    told_standing: bool = False

    def next_window(self, window: int, low_ms: int, stamp_ms: int) -> None:
        """Begin a later window: the one at hand is whole."""
        self.lows_ms = [*self.lows_ms, self.low_ms][-WINDOWS:]
        self.stamps_ms = [*self.stamps_ms, self.stamp_ms][-WINDOWS:]
        self.window, self.low_ms, self.stamp_ms = window, low_ms, stamp_ms

    def is_steady(self) -> bool:
        """Whether the last whole windows agree."""
        return max(self.lows_ms) - min(self.lows_ms) <= STEADY_MS

    def stands(self) -> bool:
        """Whether the device's time did not go on during the last whole windows."""
        return len(self.stamps_ms) == WINDOWS and max(self.stamps_ms) - min(self.stamps_ms) <= STEADY_MS


class DeviceClocks:
    """Clocks of the devices whose telemetry comes on one site's lane. ``retention``: what is refused as too old. One
    thread."""

    def __init__(self, site: str, lane: Lane, retention: Retention) -> None:
        self._site = site
        self._lane = lane
        self._retention = retention
        self._assets: list[str] = []
        self._clocks: dict[str, _Clock] = {}
        self._words: dict[str, DeviceClock] = {}
        self._findings: list[Finding] = []

    def follow(self, routes: Iterable[AssetRoute]) -> None:
        """Measure these assets from now on: writes each route's place into it."""
        self._assets, there = [], set()
        for route in routes:
            there.add(route.asset.key)
            ours = route.lane is self._lane and not route.simulated
            route.clock = len(self._assets) if ours else -1
            if ours:
                self._assets.append(route.asset.key)
        for asset in sorted(self._clocks.keys() - set(self._assets)):
            clock = self._clocks.pop(asset)
            if clock.raised:
                self._findings.append(self._cleared(asset, clock))
                if asset in there:
                    self._words[asset] = DeviceClock(asset, clock.offset_ms or 0, from_ms(clock.measured_ms), None)

    def know(self, words: Mapping[str, DeviceClock]) -> None:
        """The ledger's last word on clocks: one that another holder of the site found wrong is wrong until it is
        measured to be right. Of clocks that were measured here that says nothing new."""
        for asset in set(self._assets) & words.keys() - self._clocks.keys():
            word = words[asset]
            if word.wrong_since is not None:
                since_ms, at_ms = to_ms(word.wrong_since), to_ms(word.measured_at)
                self._clocks[asset] = _Clock(
                    offset_ms=word.offset_ms,
                    measured_ms=at_ms,
                    wrong_since_ms=since_ms,
                    wrong_by_ms=word.offset_ms,
                    raised=True,
                    told_ms=word.offset_ms,
                    told_at_ms=at_ms,
                    told_standing=word.stands,
                )

    def note(self, decoded: Decoded, arrivals: Arrivals) -> None:
        """Take a batch in: a few array operations over its samples, and Python only for each device and window."""
        if not len(arrivals):
            return
        place = np.array([route.clock for route in arrivals.route], np.int64)
        received_ms = np.array(arrivals.received_ms, np.int64)
        message, ts_ms = np.asarray(decoded.message, np.int64), np.asarray(decoded.ts_ms, np.int64)
        place[list(arrivals.retained)] = -1
        own = ts_ms != NO_TIME
        own[list(decoded.relative)] = False
        measured = np.flatnonzero(own & (place[message] >= 0))
        if not len(measured):
            return
        message, ts_ms = message[measured], ts_ms[measured]
        behind_ms = np.clip(received_ms[message] - ts_ms, -_FAR_MS, _FAR_MS)
        key = (place[message] << _WINDOW_BITS) | (received_ms[message] // WINDOW_MS)
        order = np.argsort(key, kind="stable")
        key = key[order]
        starts = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
        lows = np.minimum.reduceat(behind_ms[order], starts)
        stamps = np.maximum.reduceat(ts_ms[order], starts)
        for one, low_ms, stamp_ms in zip(key[starts].tolist(), lows.tolist(), stamps.tolist(), strict=True):
            self._add(self._assets[one >> _WINDOW_BITS], one & ((1 << _WINDOW_BITS) - 1), low_ms, stamp_ms)

    def take(self) -> tuple[list[DeviceClock], list[Finding]]:
        """What the ledger has to hear since the last call."""
        told = list(self._words.values()), self._findings
        self._words, self._findings = {}, []
        return told

    def wrong(self) -> int:
        """How many devices' clocks are wrong now."""
        return sum(clock.raised for clock in self._clocks.values())

    def suffering(self, effect: ClockEffect) -> int:
        """Of how many devices the clock is so wrong that it has this effect now."""
        return sum(
            clock.raised and self._effect(clock.offset_ms or 0, clock.measured_ms) is effect
            for clock in self._clocks.values()
        )

    def largest_ms(self) -> int:
        """The largest offset that is measured now, without its sign; of those that say something."""
        known = ((c.offset_ms, c.measured_ms) for c in self._clocks.values() if c.offset_ms is not None)
        return max((abs(offset_ms) for offset_ms, at_ms in known if not says_nothing(offset_ms, at_ms)), default=0)

    def snapshot(self) -> bytes:
        """The whole state."""
        return orjson.dumps({asset: list(asdict(clock).values()) for asset, clock in self._clocks.items()})

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot (empty: from nothing). Raises ``ValueError`` on what is not a snapshot."""
        self._words, self._findings = {}, []
        try:
            self._clocks = {asset: _Clock(*values) for asset, values in orjson.loads(state or b"{}").items()}
        except (TypeError, AttributeError) as error:
            raise ValueError("not a snapshot of devices' clocks") from error

    def _add(self, asset: str, window: int, low_ms: int, stamp_ms: int) -> None:
        clock = self._clocks.get(asset)
        if clock is None:
            clock = self._clocks[asset] = _Clock(window, low_ms, stamp_ms=stamp_ms)
        elif clock.window < 0:
            clock.window, clock.low_ms, clock.stamp_ms = window, low_ms, stamp_ms
        elif window == clock.window:
            clock.low_ms, clock.stamp_ms = min(clock.low_ms, low_ms), max(clock.stamp_ms, stamp_ms)
        elif window < clock.window:  # our own clock was set back
            clock.window, clock.low_ms, clock.stamp_ms = window, low_ms, stamp_ms
            clock.lows_ms, clock.stamps_ms = [], []
        else:
            at_ms = (clock.window + 1) * WINDOW_MS
            clock.next_window(window, low_ms, stamp_ms)
            if len(clock.lows_ms) == WINDOWS:
                if self._need_not_agree(clock, at_ms):
                    self._measure(asset, clock, -clock.lows_ms[-1], at_ms, by_amount=False)
                elif clock.is_steady():
                    self._measure(asset, clock, -min(clock.lows_ms), at_ms, by_amount=True)

    def _need_not_agree(self, clock: _Clock, at_ms: int) -> bool:
        """Whether times are surely the clock's, by however much it is off: of steady ones only before 2000."""
        offsets_ms = [-low_ms for low_ms in clock.lows_ms]
        if all(before_2000(offset_ms, at_ms) for offset_ms in offsets_ms):
            return True
        if clock.is_steady():
            return False
        refused = all(self._effect(offset_ms, at_ms) is ClockEffect.REFUSED for offset_ms in offsets_ms)
        return refused and (min(offsets_ms) > FUTURE_MS or clock.stands())

    def _effect(self, offset_ms: int, at_ms: int) -> ClockEffect:
        return effect_of(offset_ms, at_ms, self._retention)

    def _alike(self, offset_ms: int, at_ms: int, before_ms: int, before_at_ms: int) -> bool:
        """Whether two measures say the same but for the amount."""
        effects = self._effect(offset_ms, at_ms), self._effect(before_ms, before_at_ms)
        return effects[0] is effects[1] and times_of(offset_ms, at_ms) is times_of(before_ms, before_at_ms)

    def _measure(self, asset: str, clock: _Clock, offset_ms: int, at_ms: int, *, by_amount: bool) -> None:
        """``by_amount`` off: another amount is nothing new."""
        clock.offset_ms, clock.measured_ms = offset_ms, at_ms
        if abs(offset_ms) > WRONG_MS:
            if clock.wrong_since_ms is None or not (
                abs(offset_ms - clock.wrong_by_ms) <= 2 * STEADY_MS
                or (not by_amount and self._alike(offset_ms, at_ms, clock.wrong_by_ms, clock.wrong_since_ms))
            ):
                clock.wrong_since_ms, clock.wrong_by_ms = at_ms, offset_ms
            effect = self._effect(offset_ms, at_ms)
            worse = effect is not ClockEffect.NONE and effect.value != clock.effect
            if (not clock.raised or worse) and at_ms - clock.wrong_since_ms >= WRONG_FOR_MS:
                clock.raised, clock.effect = True, effect.value
                self._findings.append(self._raised(asset, clock, effect))
                clock.told_ms = None
        elif abs(offset_ms) <= RIGHT_MS:
            if clock.raised:
                self._findings.append(self._cleared(asset, clock))
                clock.told_ms = None
            clock.wrong_since_ms, clock.raised, clock.effect = None, False, ClockEffect.NONE.value
        stands = clock.stands()
        moved = clock.told_ms is None or (
            abs(offset_ms - clock.told_ms) >= TELL_MS
            and (by_amount or not self._alike(offset_ms, at_ms, clock.told_ms, clock.told_at_ms))
        )
        if moved or stands is not clock.told_standing or at_ms - clock.told_at_ms >= TELL_EVERY_MS:
            clock.told_ms, clock.told_at_ms, clock.told_standing = offset_ms, at_ms, stands
            since_ms = clock.wrong_since_ms if clock.raised else None
            since = None if since_ms is None else from_ms(since_ms)
            self._words[asset] = DeviceClock(asset, offset_ms, from_ms(at_ms), since, stands)

    def _raised(self, asset: str, clock: _Clock, effect: ClockEffect) -> FindingRaised:
        offset_ms = clock.offset_ms or 0
        words = words_of_clock(offset_ms, clock.measured_ms, effect, stands=clock.stands())
        more = () if effect is ClockEffect.NONE else (effect.value,)
        return FindingRaised(
            finding_id=stable_id("clock", "raised", self._site, asset, clock.wrong_since_ms, *more),
            site=self._site,
            asset=asset,
            failure_mode=CLOCK,
            source=FindingSource.RULE,
            severity=severity_of(effect),
            safety=False,
            observed_at=from_ms(clock.measured_ms),
            received_at=from_ms(clock.measured_ms),
            subject=CLOCK,
            detail={
                "event": event_of(effect),
                "name": {"zh": words.zh, "en": words.en},
                "offset_ms": offset_ms,
                "tags": [],
            },
        )

    def _cleared(self, asset: str, clock: _Clock) -> FindingCleared:
        return FindingCleared(
            finding_id=stable_id("clock", "cleared", self._site, asset, clock.wrong_since_ms),
            site=self._site,
            asset=asset,
            failure_mode=CLOCK,
            source=FindingSource.RULE,
            observed_at=from_ms(clock.measured_ms),
            received_at=from_ms(clock.measured_ms),
            subject=CLOCK,
        )
