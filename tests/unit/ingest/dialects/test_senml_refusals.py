"""What of a SenML record does not fit its point is refused in the sender's own words."""

import json
from dataclasses import replace

import pytest

from ingest.trial import Trial, TriedMessage, try_messages
from plantroom.domain.assets import PointKind, PointTemplate
from plantroom.domain.sources import FieldMapping, TopicSource
from tests.unit.ingest.plants import CLASSES, NAME, NOON_MS, TEMPLATES, plant_of

WARM = PointTemplate("warm", NAME, "Cel", PointKind.MEASURE)


def tried(record: dict[str, object], unit: str = "") -> Trial:
    fields = (FieldMapping("t", "warm", unit=unit),)
    source = TopicSource("s", "demo", "s", "senml/#", "senml", asset="P-1", fields=fields)
    plant = replace(plant_of(templates=(*TEMPLATES, WARM)), topic_sources=[source])
    message = TriedMessage("senml/a", json.dumps([record]).encode())
    return try_messages(plant, CLASSES, "demo", [message], NOON_MS)


def test_a_unit_is_quoted_as_it_was_sent() -> None:
    ((reason, part),) = tried({"n": "t", "u": "%", "v": 1}).rejected
    assert part == "t"
    assert reason.startswith("wrong_unit: '%', which is '1' in UCUM: ")
    ((reason, _),) = tried({"n": "t", "u": "Pa", "v": 1}).rejected
    assert reason.startswith("wrong_unit: Pa cannot be converted")


@pytest.mark.parametrize(("sent", "mapped"), [("K", ""), ("", "[degF]")])
def test_true_is_no_temperature(sent: str, mapped: str) -> None:
    record: dict[str, object] = {"n": "t", "vb": True} | ({"u": sent} if sent else {})
    trial = tried(record, mapped)
    assert trial.readings == []
    assert [(reason.split(":")[0], part) for reason, part in trial.rejected] == [("unsupported_type", "t")]
