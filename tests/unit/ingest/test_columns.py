"""A batch in columns is what its messages are one by one, whatever is among them."""

import json
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.outcome import Read
from ingest.pipeline import Pipeline
from ingest.presence import PresenceTracker
from plantroom.domain.assets import Source, SourceClock
from plantroom.ports.spool import Lane, SpoolRecord
from tests.unit.ingest.plants import CLASSES, NOON_MS, plant_of, pump

PLANT = plant_of([pump("P-1"), pump("P-2")], [Source("key-P-2", clock=SourceClock.SIMULATED)])
TOPICS = ("plantroom/demo/P-1/telemetry", "plantroom/demo/P-2/telemetry")
ODD_TOPICS = ("plantroom/demo/P-1/status", "plantroom/demo/P-1/event", "plantroom/demo/P-9/telemetry", "elsewhere")
INSTANTS = st.integers(-3, 3).map(lambda n: NOON_MS + 500 * n) | st.sampled_from([None, "2026-11-21T12:00:00.000Z"])
KNOWN = st.dictionaries(
    st.sampled_from(["pressure", "vibration", "running"]),
    st.integers(-1, 5) | st.sampled_from([0.25, True]),
    max_size=3,
)
ANY = st.dictionaries(st.sampled_from(["pressure", "unheard_of"]), st.integers(0, 5) | st.none(), max_size=2)
COUNTED = st.fixed_dictionaries(
    {"values": KNOWN, "seq": st.integers(0, 3)}, optional={"ts": INSTANTS, "boot": st.sampled_from(["a", "b"])}
)
IMPOSSIBLE = st.sampled_from([1, NOON_MS + 600_000, "not a time"])
FIELDS = COUNTED | st.fixed_dictionaries({"values": KNOWN | ANY}, optional={"ts": INSTANTS | IMPOSSIBLE})
PAYLOADS = (FIELDS | st.lists(FIELDS, max_size=2)).map(lambda one: json.dumps(one).encode()) | st.just(b"{")
MESSAGES = st.lists(st.tuples(st.sampled_from(TOPICS), PAYLOADS), max_size=12)
MIXED = st.lists(st.tuples(st.sampled_from(TOPICS + ODD_TOPICS), PAYLOADS), max_size=12)


def new_pipeline() -> Pipeline:
    pipeline = Pipeline("demo", Lane.NORMAL, (), CLASSES, PresenceTracker(CLASSES))
    pipeline.follow(PLANT)
    return pipeline


def records(messages: Sequence[tuple[str, bytes]]) -> list[SpoolRecord]:
    return [SpoolRecord(n, NOON_MS + 3 * n, topic, payload) for n, (topic, payload) in enumerate(messages, 1)]


def read(pipeline: Pipeline, some: Sequence[SpoolRecord]) -> Read:
    batch = pipeline.sort(some)
    pipeline.tell_events(batch)
    found = pipeline.read(batch)
    pipeline.conclude(batch, found, [()] * len(found.columns))
    return found


def readings(found: Read, first: int = 0) -> list[tuple[object, ...]]:
    """Message, series, instant, value, reason and live of every reading, by message."""
    rows = []
    for columns in found.columns:
        r = columns.readings
        arrays = (columns.message + first, r.series_id, r.ts_ms, r.value, r.reason, columns.live, columns.received_ms)
        rows += list(zip(*(np.asarray(one).tolist() for one in arrays), strict=True))
    return sorted(rows, key=lambda row: row[0])


def rejected(found: Read, first: int = 0) -> list[tuple[int, str, str]]:
    return sorted((one.message + first, one.reason, one.part) for one in found.rejections)


# A repetition of a message that is not stored as a whole is known as one within a batch, and not behind it: what counts
# its messages here is always whole.
@settings(deadline=None)
@given(MESSAGES | MIXED)
def test_a_batch_is_what_its_messages_are_one_by_one(messages: list[tuple[str, bytes]]) -> None:
    together, apart = new_pipeline(), new_pipeline()
    some = records(messages)
    whole = read(together, some)
    single = [read(apart, [one]) for one in some]

    assert readings(whole) == [row for n, one in enumerate(single) for row in readings(one, n)]
    assert rejected(whole) == sorted(row for n, one in enumerate(single) for row in rejected(one, n))
    assert whole.duplicates == sum(one.duplicates for one in single)
    assert (together.totals, together.gaps) == (apart.totals, apart.gaps)
    assert together._assembler.snapshot() == apart._assembler.snapshot()


@settings(deadline=None)
@given(MESSAGES)
def test_the_short_way_of_a_plain_batch_is_that_of_a_mixed_one(messages: list[tuple[str, bytes]]) -> None:
    plain, mixed = new_pipeline(), new_pipeline()
    stray = SpoolRecord(len(messages) + 1, NOON_MS, "elsewhere", b"")
    some = records(messages)

    assert readings(read(plain, some)) == readings(read(mixed, [*some, stray]))
