"""``bench presence``: a day of honest nuisances in a minute, and who was called offline for nothing."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from ingest.pace import LONGEST_MS
from ingest.presence_state import OFFLINE_INTERVALS
from plantroom.catalogue import equipment_classes
from plantroom.cli.bench_figures import percentiles
from plantroom.cli.bench_product import environment
from plantroom.cli.soak_collector import SoakCollector
from plantroom.cli.soak_publishers import SITE, Field, Publisher, make_publishers
from plantroom.domain.assets import Asset, LocalName, Plant, Point, Presence, Priority, Site, Source
from plantroom.domain.findings import FindingRaised
from plantroom.ports.spool import Lane

CLASS = "pump"
STEP_S = 4.0
MARGIN_S = 3 * STEP_S
"""How much later than it happened a thing may show."""

SURELY_S = OFFLINE_INTERVALS * LONGEST_MS / 1000
"""Nobody may be away for longer than this, undisturbed, without being called offline."""

NAME = LocalName("名", "name")


@dataclass(slots=True)
class Calendar:
    """What happened to us, and when each disturbance of ours ended."""

    counts: dict[str, int] = field(default_factory=dict)
    ends_s: list[float] = field(default_factory=list)

    def note(self, what: str, end_s: float | None = None) -> None:
        """One more of a kind; with ``end_s`` it keeps us from judging until then."""
        self.counts[what] = self.counts.get(what, 0) + 1
        if end_s is not None:
            self.ends_s.append(end_s)


def plant_of(publishers: list[Publisher]) -> Plant:
    """A site with one pump for each."""
    templates = equipment_classes()[CLASS].points
    assets = {p.code: Asset(p.code, SITE, p.code, CLASS, NAME) for p in publishers}
    return Plant(
        revision=1,
        sites={SITE: Site(SITE, NAME)},
        assets=assets,
        codes={(SITE, code): code for code in assets},
        points={code: {t.key: Point(code, t) for t in templates} for code in assets},
        sources={p.code: Source(p.code, priority=Priority.SAFETY) for p in publishers if p.safety},
        learn_windows=(),
    )


def measure_presence(assets: int, hours: float, speed: float, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """The document of ``bench presence``. ``speed`` 0: as fast as it goes, else simulated seconds a second."""
    rng = random.Random(seed)  # noqa: S311 - a simulation
    publishers = make_publishers(assets, seed)
    collector = SoakCollector(SITE, plant_of(publishers), equipment_classes())
    lanes = {p.code: Lane.SAFETY if p.safety else Lane.NORMAL for p in publishers}

    def deliver(at_s: float, topic: str, payload: bytes) -> None:
        lane = lanes[topic.split("/")[2]] if topic.endswith("telemetry") else Lane.NORMAL
        collector.take(at_s, lane, topic, payload)

    field_of = Field(publishers, deliver, rng)
    nuisances = Nuisances(field_of, publishers, collector, rng)
    nuisances.plan(hours * 3600)
    begun, now_s, told_s = time.monotonic(), 0.0, 0.0
    while now_s < hours * 3600:
        now_s += STEP_S
        field_of.run_to(now_s)
        collector.step(now_s)
        if speed:
            time.sleep(max(0.0, now_s / speed - (time.monotonic() - begun)))
        if now_s - told_s >= 3 * 3600:
            told_s = now_s
            say(f"{now_s / 3600:.0f} h of {hours:g}, {collector.received} messages")
    document = _verdict(publishers, collector, nuisances.calendar, now_s)
    document["seconds"] = round(time.monotonic() - begun, 1)
    settings = {"assets": assets, "hours": hours, "speed": speed, "seed": seed, "step_s": STEP_S}
    return document | {"settings": settings, "environment": environment()}


class Nuisances:
    """What befalls publishers and us, at random moments."""

    def __init__(
        self, field_of: Field, publishers: list[Publisher], collector: SoakCollector, rng: random.Random
    ) -> None:
        self.calendar = Calendar()
        self._field = field_of
        self._publishers = publishers
        self._collector = collector
        self._rng = rng

    def plan(self, end_s: float) -> None:
        """Spread them over the whole time; those of publishers as many as there are publishers."""
        size = len(self._publishers) / 200
        for per_hour, what in (
            (20 * size, self._network), (2 * size, self._death), (30 * size, self._reconnect), (0.4, self._broker),
            (0.3, self._restart), (0.2, self._clock), (0.3, self._ledger), (0.25, self._stall),
        ):  # fmt: skip
            for _ in range(max(1, round(per_hour * end_s / 3600))):
                self._field.at(self._rng.uniform(0.05 * end_s, 0.95 * end_s), what)

    def _network(self, at_s: float) -> None:
        self.calendar.note("networks_lost")
        for_s = self._rng.choice((20, 60, 150, 600, 1500))
        self._field.cut(self._rng.choice(self._publishers), at_s, for_s, buffered=True)

    def _death(self, at_s: float) -> None:
        self.calendar.note("deaths")
        one = self._rng.choice(self._publishers)
        self._field.cut(one, at_s, self._rng.uniform(10_800, 18_000), buffered=False)

    def _reconnect(self, at_s: float) -> None:
        self.calendar.note("reconnects")
        self._field.cut(self._rng.choice(self._publishers), at_s, self._rng.uniform(1, 25), buffered=True)

    def _broker(self, at_s: float) -> None:
        if self._collector.link and not self._collector.down:
            back_s = at_s + self._rng.choice((1, 20, 120, 600))
            self.calendar.note("brokers_lost", back_s)
            self._collector.set_link(at_s, up=False)
            self._field.at(back_s, lambda now_s: self._collector.set_link(now_s, up=True))

    def _restart(self, at_s: float) -> None:
        if not self._collector.down and self._collector.link:
            back_s = at_s + self._rng.choice((5, 60, 900))
            self.calendar.note("restarts", back_s)
            self._collector.down = True
            self._field.at(back_s, self._collector.start)

    def _clock(self, at_s: float) -> None:
        self.calendar.note("clock_set", at_s)
        self._collector.shift_ms += 1000 * self._rng.choice((-600, -90, 90, 600))

    def _ledger(self, at_s: float) -> None:
        if self._collector.ledger:
            back_s = at_s + self._rng.choice((10, 120, 1200))
            self.calendar.note("ledgers_lost", back_s)
            self._collector.ledger = False
            self._field.at(back_s, lambda _: setattr(self._collector, "ledger", True))

    def _stall(self, at_s: float) -> None:
        if not self._collector.stalled:
            lane = self._rng.choice(list(Lane))
            back_s = at_s + self._rng.choice((60, 900, 3600))
            self.calendar.note("lanes_stalled", back_s)
            self._collector.stalled.add(lane)
            self._field.at(back_s, lambda _: self._collector.stalled.discard(lane))


def _verdict(publishers: list[Publisher], collector: SoakCollector, calendar: Calendar, end_s: float) -> dict[str, Any]:
    by_code = {p.code: p for p in publishers}
    false = {Presence.OFFLINE: 0, Presence.LATE: 0}
    for word in collector.words:
        if word.presence in false and by_code[word.asset].well(word.at_s, MARGIN_S):
            false[word.presence] += 1
    offline: dict[str, list[float]] = {}
    for word in collector.words:
        if word.presence is Presence.OFFLINE:
            offline.setdefault(word.asset, []).append(word.at_s)
    missed, delays = 0, []
    for one in publishers:
        for start_s, stop_s in one.away:
            until_s = min(stop_s, end_s)
            found = [at_s for at_s in offline.get(one.code, ()) if start_s <= at_s <= until_s + MARGIN_S]
            if found:
                delays.append(1000 * (found[0] - start_s))
            elif _surely(start_s, until_s, calendar.ends_s):
                missed += 1
    raised = sum(isinstance(finding, FindingRaised) for finding in collector.findings)
    return {
        "false_offline": false[Presence.OFFLINE],
        "false_late": false[Presence.LATE],
        "missed_offline": missed,
        "offline": sum(map(len, offline.values())),
        "raised": raised,
        "delay_to_offline_ms": percentiles(delays),
        "messages": collector.received,
        "away": sum(len(p.away) for p in publishers),
        "nuisances": dict(sorted(calendar.counts.items())),
    }


def _surely(start_s: float, until_s: float, disturbed_s: list[float]) -> bool:
    """Whether there was time enough, undisturbed, to see that somebody is away."""
    ends = [start_s, *sorted(end for end in disturbed_s if start_s < end < until_s), until_s]
    return any(later - earlier > SURELY_S for earlier, later in pairwise(ends))
