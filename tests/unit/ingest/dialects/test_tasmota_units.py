"""Tasmota says itself whether its temperatures are Celsius or Fahrenheit."""

import json
from dataclasses import replace

import pytest

from ingest.dialects.dialect import Message
from ingest.dialects.tasmota.decoder import TasmotaDialect
from ingest.trial import Trial, TriedMessage, try_messages
from plantroom.domain.assets import PointKind, PointTemplate
from plantroom.domain.sources import FieldMapping, TopicSource
from tests.unit.ingest.plants import CLASSES, NAME, NOON_MS, TEMPLATES, plant_of

WARM = PointTemplate("warm", NAME, "Cel", PointKind.MEASURE)
BARO = PointTemplate("baro", NAME, "kPa", PointKind.MEASURE)
SENSOR = {"SI7021": {"Temperature": 77, "Humidity": 50, "DewPoint": 50}}


def units(message: dict[str, object]) -> dict[str, str]:
    (sample,) = TasmotaDialect().decode([Message("tele/a/SENSOR", NOON_MS, json.dumps(message).encode())]).samples
    return dict(sample.units)


def tried(message: dict[str, object], *fields: FieldMapping, topic: str = "tele/a/SENSOR") -> Trial:
    source = TopicSource("s", "demo", "plug", "+/a/#", "tasmota", asset="P-1", fields=fields)
    plant = replace(plant_of(templates=(*TEMPLATES, WARM, BARO)), topic_sources=[source])
    return try_messages(plant, CLASSES, "demo", [TriedMessage(topic, json.dumps(message).encode())], NOON_MS)


def stored(trial: Trial) -> list[tuple[str, float]]:
    return [(one.point, one.value) for one in trial.readings]


def test_temperatures_alone_have_it() -> None:
    others = {"DS18B20-1": {"Temperature": 60}, "ANALOG": {"Temperature1": 61, "A0": 4}, "Temperatures": {"Count": 2}}
    found = units({**SENSOR, **others, "TempUnit": "F"})
    fahrenheit = ("SI7021.Temperature", "SI7021.DewPoint", "DS18B20-1.Temperature", "ANALOG.Temperature1")
    assert found == dict.fromkeys(fahrenheit, "[degF]")
    assert set(units({**SENSOR, "TempUnit": "C"}).values()) == {"Cel"}
    assert units({"HDC": {"Temperature": [70, 71]}, "TempUnit": "F"}) == {
        "HDC.Temperature.0": "[degF]",
        "HDC.Temperature.1": "[degF]",
    }


@pytest.mark.parametrize("without", [{}, {"TempUnit": ""}, {"TempUnit": None}, {"TempUnit": 5}])
def test_without_a_word_of_it_there_is_none(without: dict[str, object]) -> None:
    assert units({**SENSOR, **without}) == {}


def test_fahrenheit_is_stored_as_the_points_own_unit() -> None:
    field = FieldMapping("SI7021.Temperature", "warm")
    trial = tried({**SENSOR, "TempUnit": "F"}, field)
    assert (stored(trial), trial.rejected) == ([("warm", 25.0)], [])
    assert stored(tried({**SENSOR, "TempUnit": "C"}, field)) == [("warm", 77.0)]
    assert stored(tried(SENSOR, field)) == [("warm", 77.0)]


def test_in_the_answer_to_a_question_too() -> None:
    answer: dict[str, object] = {"StatusSNS": {**SENSOR, "TempUnit": "F"}}
    trial = tried(answer, FieldMapping("SI7021.Temperature", "warm"), topic="stat/a/STATUS8")
    assert stored(trial) == [("warm", 25.0)]


def test_a_unit_of_the_source_counts_first() -> None:
    field = FieldMapping("SI7021.Temperature", "warm", unit="Cel")
    assert stored(tried({**SENSOR, "TempUnit": "F"}, field)) == [("warm", 77.0)]


def test_what_is_no_unit_of_a_temperature_stores_nothing_wrong() -> None:
    for word in ("X", "kPa", "F" * 500):
        trial = tried({**SENSOR, "TempUnit": word}, FieldMapping("SI7021.Temperature", "warm"))
        assert stored(trial) == []
        assert [reason.split(":")[0] for reason, _ in trial.rejected] == ["wrong_unit"]


def test_it_is_understood_and_no_text_value() -> None:
    assert ("text_value", "TempUnit") not in tried({"running": 1, "TempUnit": "F"}).rejected


def test_pressures_have_the_unit_of_pressures_and_speeds_that_of_speeds() -> None:
    baro = {"BMP280": {"Temperature": 21.5, "Pressure": 758.2, "SeaPressure": 760}}
    wind = {"TX23": {"Speed": {"Act": 14.8, "Avg": 8.5}, "Dir": {"Deg": 247.5}}, "FanSpeed": 2}
    found = units({**baro, **wind, "PressureUnit": "mmHg", "TempUnit": "C", "SpeedUnit": "kn"})
    assert found == {
        "BMP280.Temperature": "Cel",
        **dict.fromkeys(("BMP280.Pressure", "BMP280.SeaPressure"), "mm[Hg]"),
        **dict.fromkeys(("TX23.Speed.Act", "TX23.Speed.Avg"), "[kn_i]"),
    }
    assert units(baro) == {}


@pytest.mark.parametrize(("word", "kpa"), [("hPa", 75.82), ("mmHg", 101.085034138), ("inHg", 2567.5597)])
def test_a_pressure_is_stored_in_the_unit_of_its_point(word: str, kpa: float) -> None:
    field = FieldMapping("BMP280.Pressure", "baro")
    trial = tried({"BMP280": {"Pressure": 758.2}, "PressureUnit": word}, field)
    assert stored(trial) == [("baro", pytest.approx(kpa))]
    assert trial.rejected == []


def test_a_unit_of_pressures_that_is_none_rejects_them() -> None:
    trial = tried({"BMP280": {"Pressure": 758.2}, "PressureUnit": "мм рт.ст."}, FieldMapping("BMP280.Pressure", "baro"))
    assert stored(trial) == []
    ((reason, part),) = trial.rejected
    assert (reason.split(":")[0], part) == ("wrong_unit", "a/BMP280.Pressure")
