"""Whatever comes on both lanes without a ``ts``: each numbered message is one reading, and none is lost, though both
are killed at any moment, in any order, one hours behind the other."""

import json
from collections import Counter
from collections.abc import Callable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.gaps import SiteNumbers
from ingest.pipeline import Pipeline
from ingest.presence import PresenceTracker
from ingest.site_instants import SiteInstants
from plantroom.domain.assets import Plant, Priority, Source
from plantroom.ports.instants import InstantLog
from plantroom.ports.spool import Lane, SpoolRecord
from plantroom.wire import event_topic, telemetry_topic
from tests.examples import examples
from tests.instants import MemoryInstants
from tests.unit.ingest.plants import CLASSES, NOON_MS, plant_of

HOURS_MS = 3 * 3_600_000
TOPIC = telemetry_topic("demo", "P-1")
NORMAL = plant_of()
SAFE = plant_of(sources=[Source("key-P-1", priority=Priority.SAFETY)])
POINT = "vibration"

COUNTED, UNCOUNTED, EVENT, ARRAY, IN_PART = "counted", "uncounted", "event", "array", "in part"


class Site:
    """Two lanes on real pipelines; store, log and what each lane has committed outlive a kill."""

    def __init__(self, log: Callable[[], InstantLog]) -> None:
        self.log = log
        self.store: dict[int, float] = {}
        self.spools: dict[Lane, list[SpoolRecord]] = {lane: [] for lane in Lane}
        self.committed = dict.fromkeys(Lane, (0, b""))
        self.plant = NORMAL
        self.start()

    def start(self) -> None:
        """From what is committed, as after a kill."""
        instants = SiteInstants(self.log())
        instants.open()
        self.instants = instants
        self.numbers = SiteNumbers(Lane, instants)
        self.lanes = {lane: self._lane(lane) for lane in Lane}
        self.done = {lane: position for lane, (position, _) in self.committed.items()}

    def _lane(self, lane: Lane) -> Pipeline:
        pipeline = Pipeline("demo", lane, (), CLASSES, PresenceTracker(CLASSES), self.numbers)
        pipeline.restore(self.committed[lane][1])
        pipeline.follow(self.plant)
        return pipeline

    def follow(self, plant: Plant) -> None:
        self.instants.follow(plant, "demo")
        self.plant = plant
        for pipeline in self.lanes.values():
            pipeline.follow(plant)

    def receive(self, lane: Lane, payload: bytes, received_ms: int, topic: str = TOPIC, *, again: bool = False) -> None:
        spool = self.spools[lane]
        spool.append(SpoolRecord(len(spool) + 1, received_ms, topic, payload, again=again))

    def process(self, lane: Lane, count: int, stored: int | None = None) -> None:
        """The next records; ``stored``: killed when so many of their readings were in the store."""
        pipeline, done = self.lanes[lane], self.done[lane]
        records = self.spools[lane][done : done + count]
        if not records:
            return
        batch = pipeline.sort(records)
        read = pipeline.read(batch)
        for columns in read.columns:
            readings = columns.readings
            for at, (ts_ms, value) in enumerate(zip(readings.ts_ms.tolist(), readings.value.tolist(), strict=True)):
                if stored is not None and at >= stored:
                    break
                self.store[ts_ms] = value
        if stored is not None:
            self.start()
            return
        pipeline.conclude(batch, read, [()] * len(read.columns))
        pipeline.settle_numbers(records[-1].received_ms)
        self.done[lane] += len(records)

    def commit(self, lane: Lane) -> None:
        self.committed[lane] = self.done[lane], self.lanes[lane].snapshot()

    def finish(self) -> None:
        for lane in Lane:
            self.process(lane, 1 << 20)

    def times(self) -> Counter[float]:
        """How often each value is in the store."""
        return Counter(self.store.values())


def payload_of(number: int, kind: str) -> bytes:
    """The message of this number: its value, or of an array both values, is nowhere else."""
    body: dict[str, object] = {"values": {POINT: float(2 * number)}}
    if kind != UNCOUNTED:
        body |= {"boot": "b", "seq": number}
    if kind == EVENT:
        body["event"] = "tripped"
    if kind == IN_PART:
        body["values"] = {POINT: 2.0 * number, "nobody_knows": 1}
    if kind == ARRAY:
        return json.dumps([body, body | {"values": {POINT: 2 * number + 1.0}}]).encode()
    return json.dumps(body).encode()


KINDS = st.sampled_from([COUNTED, COUNTED, COUNTED, UNCOUNTED, EVENT, ARRAY, IN_PART, IN_PART])
WHERE = st.sampled_from([(Lane.NORMAL, Lane.SAFETY), (Lane.NORMAL, Lane.SAFETY), (Lane.SAFETY,), (Lane.NORMAL,)])
MESSAGES = st.lists(st.tuples(KINDS, WHERE, st.integers(0, 2), st.booleans()), min_size=1, max_size=25)
"""What it is, on which lanes it comes, so many ms later, and whether the broker sends it again at once."""

LANES = st.sampled_from(list(Lane))
OP = st.one_of(
    st.tuples(st.just("process"), LANES, st.integers(1, 6)),
    st.tuples(st.just("commit"), LANES, st.just(0)),
    st.tuples(st.just("die"), LANES, st.integers(0, 6)),
)
OPS = st.lists(OP, max_size=25)
"""``die``: killed when so many of a lane's next readings were in the store."""


AWAY = st.tuples(st.just("away"), LANES, st.integers(0, 1))
"""From now on the log cannot be written (1), or can be again (0)."""


def run(site: Site, ops: Sequence[tuple[str, Lane, int]]) -> None:
    for what, lane, count in ops:
        if what == "process":
            site.process(lane, count)
        elif what == "commit":
            site.commit(lane)
        elif what == "away":
            log = site.log()
            assert isinstance(log, MemoryInstants)
            log.away = bool(count)
        else:
            site.process(lane, 6, stored=count)


def fill(site: Site, messages: Sequence[tuple[str, Sequence[Lane], int, bool]], first: int, behind_ms: int) -> int:
    """Into the spools: the normal lane gets each message ``behind_ms`` after the safety lane."""
    at_ms = NOON_MS + 10 * first
    for number, (kind, lanes, step_ms, again) in enumerate(messages, first):
        at_ms += step_ms
        topic = event_topic("demo", "P-1") if kind == EVENT else TOPIC
        for lane in lanes:
            received_ms = at_ms + (behind_ms if lane is Lane.NORMAL else 0)
            site.receive(lane, payload_of(number, kind), received_ms, topic)
            if again and kind != UNCOUNTED:
                # Behind an event's first copy by hours, as on the lane that is late, it is known by the mark alone.
                site.receive(lane, payload_of(number, kind), received_ms, topic, again=kind == EVENT)
    return first + len(messages)


def check(site: Site, messages: Sequence[tuple[str, Sequence[Lane], int, bool]], first: int) -> None:
    times = site.times()
    expected: set[float] = set()
    for number, (kind, lanes, _, _) in enumerate(messages, first):
        for value in (2.0 * number, 2.0 * number + 1)[: 2 if kind == ARRAY else 1]:
            expected.add(value)
            assert 1 <= times[value] <= (len(lanes) if kind == UNCOUNTED else 1), (number, kind, value, times[value])
    assert times.keys() >= expected


def lived_through(
    messages: Sequence[tuple[str, Sequence[Lane], int, bool]], ops: list[tuple[str, Lane, int]], behind_ms: int
) -> Site:
    """A site that got these messages, in the end all of them."""
    log = MemoryInstants()
    site = Site(lambda: log)
    site.follow(SAFE)
    fill(site, messages, 1, behind_ms)
    run(site, ops)
    site.finish()
    return site


@settings(deadline=None, max_examples=examples(300))
@given(MESSAGES, OPS, st.sampled_from([0, 1, 7, HOURS_MS]))
def test_each_numbered_message_is_one_reading_and_nothing_is_lost(
    messages: list[tuple[str, tuple[Lane, ...], int, bool]], ops: list[tuple[str, Lane, int]], behind_ms: int
) -> None:
    site = lived_through(messages, ops, behind_ms)
    check(site, messages, 1)


@settings(deadline=None, max_examples=examples(200))
@given(MESSAGES, st.lists(st.one_of(AWAY, OP), max_size=25), st.sampled_from([0, 1, 7, HOURS_MS]))
def test_nothing_is_lost_on_a_full_disk_and_nothing_doubled_unless_it_is_killed_then(
    messages: list[tuple[str, tuple[Lane, ...], int, bool]], ops: list[tuple[str, Lane, int]], behind_ms: int
) -> None:
    site = lived_through(messages, ops, behind_ms)
    if any(what == "die" for what, _, _ in ops):
        assert {2.0 * number for number in range(1, len(messages) + 1)} <= site.times().keys()
    else:
        check(site, messages, 1)


@settings(deadline=None, max_examples=examples(150))
@given(MESSAGES, OPS, MESSAGES, OPS, MESSAGES, OPS, st.sampled_from([0, 1, HOURS_MS]))
def test_nor_is_anything_when_a_source_becomes_safe_and_is_no_longer(
    before: list[tuple[str, tuple[Lane, ...], int, bool]],
    ops_before: list[tuple[str, Lane, int]],
    messages: list[tuple[str, tuple[Lane, ...], int, bool]],
    ops: list[tuple[str, Lane, int]],
    after: list[tuple[str, tuple[Lane, ...], int, bool]],
    ops_after: list[tuple[str, Lane, int]],
    behind_ms: int,
) -> None:
    log = MemoryInstants()
    site = Site(lambda: log)
    # What came before the safety lane asked for the topic came on the normal one alone.
    early: list[tuple[str, Sequence[Lane], int, bool]] = [
        (COUNTED if kind == EVENT else kind, (Lane.NORMAL,), step_ms, again) for kind, _, step_ms, again in before
    ]
    first = fill(site, early, 1, 0)
    run(site, [(what, Lane.NORMAL, count) for what, _, count in ops_before])
    site.follow(SAFE)
    second = fill(site, messages, first, behind_ms)
    run(site, ops)
    site.follow(NORMAL)
    fill(site, after, second, behind_ms)
    run(site, ops_after)
    site.finish()
    check(site, early, 1)
    check(site, messages, first)
    check(site, after, second)
