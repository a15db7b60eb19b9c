"""What ``bench fuzz`` expects of its payloads is what the way in does with them, without broker and store."""

import time

from ingest.pipeline import Pipeline
from ingest.presence import PresenceTracker
from plantroom.catalogue import equipment_classes
from plantroom.cli.fuzz_payloads import Payloads, sources
from plantroom.domain.assets import Asset, LocalName, Plant, Point, PointKind, Site, Source, SourceClock
from plantroom.ports.spool import Lane, SpoolRecord

CLASSES = equipment_classes()
PUMP = CLASSES["pump"]
POINTS = [p.key for p in PUMP.points if p.kind is PointKind.MEASURE and p.in_model][:5]
CODES = [f"P-{n:03}" for n in range(20)]


def fuzz_plant() -> Plant:
    assets = [Asset(f"key-{code}", "bench", code, "pump", LocalName(code, code)) for code in CODES]
    return Plant(
        revision=1,
        sites={"bench": Site("bench", LocalName("b", "b"))},
        assets={asset.key: asset for asset in assets},
        codes={("bench", asset.code): asset.key for asset in assets},
        points={asset.key: {p.key: Point(asset.key, p) for p in PUMP.points} for asset in assets},
        sources={asset.key: Source(asset.key, clock=SourceClock.SIMULATED) for asset in assets},
        learn_windows=(),
        topic_sources=sources("bench", POINTS),
    )


def test_every_bad_payload_leaves_a_letter_and_no_sound_one_does() -> None:
    now_ms = time.time_ns() // 1_000_000
    presence = PresenceTracker(CLASSES)
    presence.begin({}, now_ms)
    pipeline = Pipeline("bench", Lane.NORMAL, (), CLASSES, presence)
    pipeline.follow(fuzz_plant())
    made = Payloads(7, "bench", POINTS, frozenset(p.key for p in PUMP.points), now_ms)
    wrong = []
    hostile = [made._hostile() for _ in range(150)]
    for position, one in enumerate([*hostile, *made.take(2_000)], 1):
        batch = pipeline.sort([SpoolRecord(position, now_ms, one.topic, one.payload)])
        letters = list(pipeline.tell_events(batch).letters)
        read = pipeline.read(batch)
        letters += pipeline.conclude(batch, read, [()] * len(read.columns)).letters
        if not one.verdict.open and bool(letters) != one.verdict.bad:
            wrong.append((one.topic[:60], one.payload[:80], one.verdict.bad, [letter.reason for letter in letters]))

    assert wrong == []
