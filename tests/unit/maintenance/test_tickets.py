"""What a repair ticket says."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from maintenance.episodes import Episode, EpisodeState
from maintenance.tickets import Words, compose
from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import SENSOR_FAULT, Asset, LocalName, Point, PointKind, PointTemplate, Severity
from plantroom.domain.findings import Evidence, FindingSource

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
PUMP = Asset("pump-1", "demo", "P-1", "pump", LocalName("1号泵", "Pump 1"))


def own(key: str, zh: str, en: str) -> Point:
    return Point("pump-1", PointTemplate(key, LocalName(zh, en), "", PointKind.MEASURE))


def words(*points: Point, evidence: tuple[str, ...] = ("vibration",), **given: Any) -> Words:
    episode = Episode(
        "e1", "demo", "pump-1", given.pop("mode", "bearing"), given.pop("source", FindingSource.MODEL),
        EpisodeState.OPEN, Severity.MAJOR,
        False, opened_observed_at=NOW, opened_at=NOW, last_observed_at=NOW,
        evidence=tuple(Evidence(point, 1.0, 7.0, 2.0) for point in evidence), detail=given.pop("detail", None),
    )  # fmt: skip
    return compose([episode], PUMP, given.pop("of_class", equipment_classes()["pump"]), points, ZONE)


def test_a_point_of_the_class_is_called_as_the_class_calls_it() -> None:
    name = next(p.name for p in equipment_classes()["pump"].points if p.key == "vibration")
    assert words().reason.zh.endswith(f"相关测点：{name.zh}。")
    assert words().reason.en.endswith(f"points: {name.en}.")


def test_a_replayed_column_is_called_by_its_heading() -> None:
    said = words(own("c17", "3号轴承温度", "Bearing 3 temperature"), evidence=("c17",)).reason
    assert said.zh.endswith("相关测点：3号轴承温度。")
    assert said.en.endswith("points: Bearing 3 temperature.")


def test_the_assets_own_name_stands_before_that_of_the_class() -> None:
    said = words(own("vibration", "驱动端振动", "Drive-end vibration")).reason
    assert (said.zh[-6:], said.en[-21:]) == ("驱动端振动。", " Drive-end vibration.")


@pytest.mark.parametrize(("zh", "en"), [("驱动端", ""), ("", "Drive end")])
def test_a_name_in_one_language_stands_for_both(zh: str, en: str) -> None:
    said = words(own("vibration", zh, en)).reason
    assert said.zh.endswith(f"：{zh or en}。")
    assert said.en.endswith(f": {zh or en}.")


def test_a_point_without_a_name_is_called_by_its_class_and_else_by_its_key() -> None:
    said = words(own("vibration", "", ""), own("c17", "", ""), evidence=("vibration", "c17", "c18"))
    assert said.reason.en.endswith(f"{words().reason.en.rpartition('points: ')[2][:-1]}, c17, c18.")
    assert words(of_class=None).reason.en.endswith("points: vibration.")


def test_a_sensor_fault_names_the_assets_own_point_in_the_title() -> None:
    said = words(own("c17", "3号轴承温度", "Bearing 3 temperature"), evidence=("c17",), mode=SENSOR_FAULT)
    assert said.title == LocalName("1号泵：传感器异常（3号轴承温度）", "Pump 1: sensor fault (Bearing 3 temperature)")


def broken(point: str, value: float, reason: str, **more: object) -> dict[str, object]:
    since = NOW.isoformat()
    return {
        "subject": f"limit:{point}:sensor",
        "point": point,
        "value": value,
        "reason": reason,
        "bad_since": since,
    } | more


def test_a_sensor_fault_says_what_the_sensors_said_last_why_that_is_bad_and_since_when() -> None:
    level = own("tank_level", "消防水池水位", "Fire tank level")
    level = replace(level, template=replace(level.template, unit="%"))
    detail = {"sensors": [broken("tank_level", -25.0, "out_of_range"), broken("c18", 0.41, "stuck")]}
    said = words(level, evidence=("tank_level",), mode=SENSOR_FAULT, source=FindingSource.LIMIT, detail=detail)
    assert said.reason == LocalName(
        "传感器没有有效读数：消防水池水位（最后读数 -25 %，超出传感器量程，自2026-03-02 09:00起）；"
        "c18（最后读数 0.41，数值长时间不变，自2026-03-02 09:00起）。期间这些测点的限值报警和状态模型不起作用。",
        "Sensors without a good reading: Fire tank level (last said -25 %, outside what it can show, since 2026-03-02"
        " 09:00); c18 (last said 0.41, the same for too long, since 2026-03-02 09:00). Take note: meanwhile no limit"
        " and no model judges these points.",
    )


def test_the_loss_of_a_safety_signal_says_so_and_what_to_do_meanwhile() -> None:
    detail = {"sensors": [broken("tank_level", 0.0, "said_bad", safety_source=True)]}
    said = words(evidence=("tank_level",), mode=SENSOR_FAULT, source=FindingSource.LIMIT, detail=detail).reason
    assert "安全信号" in said.zh
    assert "设备自报无效" in said.zh
    assert "a safety signal" in said.en
    assert "rounds" in said.en


def test_of_many_sensors_the_first_are_described() -> None:
    detail = {"sensors": [broken(f"p{n}", 0.0, "stuck") for n in range(9)]}
    said = words(mode=SENSOR_FAULT, source=FindingSource.LIMIT, detail=detail).reason
    assert ("另有4个" in said.zh, "and 4 more" in said.en, "p5" in said.en) == (True, True, False)


def test_a_title_names_three_events_and_counts_the_others() -> None:
    events = [{"event": f"event_{n}", "name": {"zh": f"事件{n}", "en": f"Event {n}"}} for n in range(5)]
    said = words(mode="unclassified", source=FindingSource.RULE, detail=events[0] | {"also": events[1:]})
    assert said.title == LocalName("1号泵：事件0、事件1、事件2 +2", "Pump 1: Event 0, Event 1, Event 2 +2")
    assert all(f"事件{n}" in said.reason.zh and f"Event {n}" in said.reason.en for n in range(5))
