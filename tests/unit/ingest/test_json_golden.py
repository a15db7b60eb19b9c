"""The golden cases of the ``json`` dialect: raw bytes in, readings and dead letters out."""

import json
from pathlib import Path

import pytest

from ingest.pipeline import Pipeline
from ingest.presence import PresenceTracker
from ingest.rejections import NOT_JSON
from plantroom.ports.spool import Lane, SpoolRecord
from tests.unit.ingest.plants import CLASSES, plant_of

FOLDER = Path(__file__).parents[2] / "testcases" / "json"
CASES = sorted(path.name for path in FOLDER.iterdir())


@pytest.mark.parametrize("name", CASES)
def test_golden_case(name: str) -> None:
    config = json.loads((FOLDER / name / "config.json").read_text())
    payload = (FOLDER / name / "input").read_bytes()
    expected = json.loads((FOLDER / name / "expected.json").read_text())
    pipeline = Pipeline("demo", Lane.NORMAL, (), CLASSES, PresenceTracker(CLASSES))
    pipeline.follow(plant_of())

    batch = pipeline.sort([SpoolRecord(1, config["received_ms"], config["topic"], payload)])
    read = pipeline.read(batch)
    outcome = pipeline.conclude(batch, read, [()] * len(read.columns))

    readings = [
        [r.series[s].point, ts, value, reason]
        for r in (columns.readings for columns in read.columns)
        for s, ts, value, reason in zip(*(c.tolist() for c in (r.series_id, r.ts_ms, r.value, r.reason)), strict=True)
    ]
    assert readings == expected["readings"]
    assert [[without_parser_words(letter.reason), letter.part] for letter in outcome.letters] == expected[
        "dead_letters"
    ]
    assert all(letter.payload == payload and letter.topic == config["topic"] for letter in outcome.letters)


def without_parser_words(reason: str) -> str:
    """``not_json`` ends in the parser's own words, which are not ours to fix."""
    return NOT_JSON if reason.startswith(f"{NOT_JSON}: ") else reason
