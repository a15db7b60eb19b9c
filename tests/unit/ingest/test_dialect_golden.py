"""The golden cases of the foreign dialects: raw bytes in; readings, dead letters, presence and requests out."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest.dialects import DIALECTS
from ingest.outcome import Outcome, Read
from ingest.pipeline import Pipeline
from ingest.presence import HOLD_MS, PresenceTracker
from ingest.rejections import NOT_CBOR, NOT_JSON, NOT_PROTOBUF
from plantroom.domain.sources import FieldMapping, TopicSource
from plantroom.ports.spool import Lane, SpoolRecord
from tests.unit.ingest.plants import CLASSES, plant_of, pump

TESTCASES = Path(__file__).parents[2] / "testcases"
CASES = [path for name in DIALECTS if name != "json" for path in sorted((TESTCASES / name).iterdir())]
PARSERS_WORDS = (NOT_JSON, NOT_CBOR, NOT_PROTOBUF)


@pytest.mark.parametrize("folder", CASES, ids=[f"{path.parent.name}/{path.name}" for path in CASES])
def test_golden_case(folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text())

    assert json.loads(json.dumps(outcome_of(folder))) == expected


def outcome_of(folder: Path) -> dict[str, Any]:
    """What becomes of the messages in ``before`` and then of ``input``; readings and letters are those of the last."""
    config = json.loads((folder / "config.json").read_text())
    presence = PresenceTracker(CLASSES)
    presence.begin({}, config["received_ms"] - 60_000)
    pipeline = Pipeline("demo", Lane.NORMAL, (), CLASSES, presence)
    pipeline.follow(replace(plant_of((pump("P-1"), pump("P-2"))), topic_sources=[source_of(folder, config["source"])]))
    messages = [*config.get("before", []), {"topic": config["topic"], "file": "input"}]
    for position, message in enumerate(messages, 1):
        payload = (folder / message["file"]).read_bytes()
        record = SpoolRecord(position, config["received_ms"] + position - len(messages), message["topic"], payload)
        batch = pipeline.sort([record])
        read = pipeline.read(batch)
        outcome = pipeline.conclude(batch, read, [()] * len(read.columns))
    presence.tick(Lane.NORMAL.value, config["received_ms"] + config.get("silent_ms", HOLD_MS))
    changes = [note.change for note in presence.pending() if note.change is not None]
    return document(read, outcome) | {
        "presence": [[change.asset.removeprefix("key-"), change.presence.value] for change in changes],
        "gaps": pipeline.gaps,
    }


def source_of(folder: Path, given: dict[str, Any]) -> TopicSource:
    fields = tuple(FieldMapping(**one) for one in given.pop("fields", []))
    return TopicSource("s", "demo", "source", dialect=folder.parent.name, fields=fields, **given)


def document(read: Read, outcome: Outcome) -> dict[str, Any]:
    return {
        "readings": [
            [r.series[s].asset.removeprefix("key-"), r.series[s].point, ts, value, reason]
            for r in (columns.readings for columns in read.columns)
            for s, ts, value, reason in zip(
                *(c.tolist() for c in (r.series_id, r.ts_ms, r.value, r.reason)), strict=True
            )
        ],
        "live": [live for columns in read.columns for live in columns.live.tolist()],
        "dead_letters": [[without_parsers_words(letter.reason), letter.part] for letter in outcome.letters],
        "requests": [[request.topic, request.payload.hex()] for request in read.requests],
    }


def without_parsers_words(reason: str) -> str:
    """Reasons that end in a parser's own words, which are not ours to fix."""
    return next((code for code in PARSERS_WORDS if reason.startswith(f"{code}: ")), reason)
