"""What ``bench crash`` publishes, and what must have become of it: every kind of message that is hard to follow."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import httpx
import numpy as np
import orjson
from numpy.typing import NDArray

from plantroom.cli.bench_ingest import ASSETS, Publishing, compare_with, stored_readings
from plantroom.cli.bench_site import SITE, BenchSite
from plantroom.domain.assets import Priority, Source, SourceClock
from plantroom.domain.findings import FindingRaised
from plantroom.ports.letters import LetterSummary
from plantroom.ports.paging import EVERYTHING
from plantroom.wire import ROOT, Channel, encode_event, encode_telemetry, event_topic, telemetry_topic

PLAIN, NO_SEQ, UNTIMED, TWICE = "plain", "without seq", "without ts", "twice for the same ts"
COUNTED = "with seq, without ts"
KINDS = (PLAIN, PLAIN, NO_SEQ, UNTIMED, TWICE, COUNTED)
"""What an asset sends, by its number."""

SAFE = (ASSETS - 2, ASSETS - 3)
"""Assets whose telemetry takes the safety lane: the first sends plain messages, the second counted ones. After a
restart both lanes take their topics until it is sure whose they are."""

LIFTS = 5
EVENT_EVERY = 25
"""So many rounds of telemetry for one safety event; the lifts have them in turn."""

EVENT = "passenger_trapped"
TICKETS_S = 60.0
LETTERS_SHOWN = 5


class Verdict(NamedTuple):
    """What is wrong: values and events that are not there; those that nobody published or that are there too often;
    values without ``ts`` and ``seq`` that are there too often, which may be; lifts without their one ticket."""

    lost: int
    duplicates: int
    untimed_doubled: int
    events_lost: int
    events_doubled: int
    tickets_wrong: int
    letters: int
    """Dead letters: every message was good."""
    examples: Sequence[str]
    """What is wrong, asset by asset."""


def kind_of(number: int) -> str:
    """What the asset of this number sends."""
    return {SAFE[0]: PLAIN, SAFE[1]: COUNTED}.get(number, KINDS[number % len(KINDS)])


def numbers_of(*kinds: str) -> list[int]:
    """The assets that send messages of these kinds."""
    return [number for number in range(ASSETS) if kind_of(number) in kinds]


class MixedPublishing(Publishing):
    """As ``Publishing``, with all these kinds, two assets on the safety lane, and safety events of lifts."""

    def __init__(self, site: BenchSite, start_ms: int) -> None:
        super().__init__(site, start_ms)
        self._points = site.points
        self._rounds = 0
        self.counts: Counter[int] = Counter()
        """How many messages without an instant each asset sent; their first values are 1, 2, 3 ..."""
        self.events: Counter[str] = Counter()
        """How many events each lift sent."""
        self.lifts = [f"LIFT-{n}" for n in range(LIFTS)]
        for lift in self.lifts:
            site.add(lift, "elevator")
        with site.ledger.begin() as tx:
            for number in SAFE:
                key = f"key-{site.codes[number]}"
                tx.assets.put_source(Source(key, clock=SourceClock.SIMULATED, priority=Priority.SAFETY))

    def safety_topics(self) -> list[str]:
        """What the safety lane's session hears."""
        return [
            f"{ROOT}/{SITE}/+/{Channel.EVENT}",
            *(telemetry_topic(SITE, self._site.codes[number]) for number in SAFE),
        ]

    def make_live(self) -> list[tuple[bytes, bytes]]:
        """One instant's messages of all assets, some of which come in two; now and then an event before them."""
        made: list[tuple[bytes, bytes]] = []
        self._rounds += 1
        if self._rounds % EVENT_EVERY == 0:
            made.append(self._make_event(self.lifts[self._rounds // EVENT_EVERY % LIFTS]))
        for number, (topic, payload) in enumerate(self.make(ASSETS, 1)):
            kind = kind_of(number)
            if kind in (UNTIMED, COUNTED):
                self.counts[number] += 1
                identity = ("bench", self.counts[number]) if kind == COUNTED else (None, None)
                value = {self._points[0]: float(self.counts[number])}
                made.append((topic, encode_telemetry(None, value, *identity)))
                continue
            if kind == TWICE:
                other = orjson.loads(payload)
                other["values"] = {key: value + 1 for key, value in other["values"].items()}
                made.append((topic, orjson.dumps(other)))
            made.append((topic, _without_seq(payload) if kind == NO_SEQ else payload))
        return made

    def _make_event(self, lift: str) -> tuple[bytes, bytes]:
        number, self.events[lift] = self.events[lift], self.events[lift] + 1
        body = encode_event(
            self.instants[-1] if self.instants else None, EVENT, "safety", {"n": number}, "bench", number
        )
        return event_topic(SITE, lift).encode(), body


def _without_seq(payload: bytes) -> bytes:
    fields = orjson.loads(payload)
    return orjson.dumps({"ts": fields["ts"], "values": fields["values"]})


def judge(client: httpx.Client, site: BenchSite, publishing: MixedPublishing) -> Verdict:
    """Compare all that was published with what the API gives."""
    examples: list[str] = []
    lost = duplicates = 0
    for number in numbers_of(PLAIN, NO_SEQ, TWICE):
        wrong = compare_with(client, site, publishing.instants, [number])
        lost, duplicates = lost + wrong[0], duplicates + wrong[1]
        if any(wrong):
            examples.append(f"{site.codes[number]} ({kind_of(number)}): {wrong[0]} lost, {wrong[1]} not published")
    counted_lost, counted_doubled = _compare_counts(client, site, publishing, numbers_of(COUNTED), examples)
    untimed_lost, untimed_doubled = _compare_counts(client, site, publishing, numbers_of(UNTIMED), examples)
    events_lost, events_doubled = _compare_events(site, publishing)
    letters = _letters(site)
    examples += [f"{one.count} dead letters of {one.topic}: {one.newest.reason}" for one in letters.groups]
    return Verdict(
        lost + counted_lost + untimed_lost,
        duplicates + counted_doubled,
        untimed_doubled,
        events_lost,
        events_doubled,
        sum(_has_not_one_ticket(client, lift) for lift in publishing.events),
        letters.total,
        examples,
    )


def _compare_counts(
    client: httpx.Client, site: BenchSite, publishing: MixedPublishing, numbers: Sequence[int], examples: list[str]
) -> tuple[int, int]:
    """Values without an instant that are not there, and how many are there more than once, wherever they stand."""
    lost = doubled = 0
    for number in numbers:
        count, now_ms = publishing.counts[number], time.time_ns() // 1_000_000 + 3_600_000
        at_ms, found = stored_readings(client, f"key-{site.codes[number]}", site.points[0], 0, now_ms)
        times = np.bincount(found.astype(np.int64), minlength=count + 1)[1 : count + 1]
        lost += int((times == 0).sum())
        doubled += int((times > 1).sum())
        for what, wrong in (("lost", times == 0), ("more than once", times > 1)):
            if wrong.any():
                examples.append(_span(f"{site.codes[number]} ({kind_of(number)}) {what}", wrong, found, at_ms))
    return lost, doubled


def _span(what: str, wrong: NDArray[np.bool_], found: NDArray[np.float64], at_ms: NDArray[np.int64]) -> str:
    """Which values are wrong, and where the first of them stands, in milliseconds."""
    which = np.flatnonzero(wrong) + 1
    places = at_ms[found == which[0]].tolist()
    return f"{what}: {len(which)}, from {which[0]} to {which[-1]}; {which[0]} at {places}"


def _letters(site: BenchSite) -> LetterSummary:
    with site.ledger.read() as tx:
        return tx.collect.dead_letter_groups(EVERYTHING, LETTERS_SHOWN, SITE)


def _compare_events(site: BenchSite, publishing: MixedPublishing) -> tuple[int, int]:
    """Events that made no finding, and those that made more than one."""
    with site.ledger.begin() as tx:
        queued = [one.finding for one in tx.collect.findings_after("bench-crash", 1 << 31)]
    raised = [one for one in queued if isinstance(one, FindingRaised) and one.subject == EVENT]
    times = Counter((one.asset, _number_of(one)) for one in raised)
    wanted = [(f"key-{lift}", n) for lift, count in publishing.events.items() for n in range(count)]
    return sum(not times[one] for one in wanted), sum(times[one] > 1 for one in wanted)


def _number_of(finding: FindingRaised) -> object:
    data = finding.detail.get("data")
    return data.get("n") if isinstance(data, Mapping) else None


def _has_not_one_ticket(client: httpx.Client, lift: str) -> bool:
    """All events of a lift are one failure, whose ticket stays open."""
    deadline = time.monotonic() + TICKETS_S
    while True:
        answer = client.get("/api/v1/work-orders", params={"kind": "corrective", "asset": f"key-{lift}"})
        answer.raise_for_status()
        tickets = len(answer.json()["items"])
        if tickets or time.monotonic() > deadline:
            return tickets != 1
        time.sleep(0.2)
