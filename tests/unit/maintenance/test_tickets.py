"""What a repair ticket says."""

from datetime import UTC, datetime
from typing import Any

import pytest

from maintenance.episodes import Episode, EpisodeState
from maintenance.tickets import Words, compose
from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import SENSOR_FAULT, Asset, LocalName, Point, PointKind, PointTemplate, Severity
from plantroom.domain.findings import Evidence, FindingSource

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
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
    return compose([episode], PUMP, given.pop("of_class", equipment_classes()["pump"]), points)


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


def test_a_title_names_three_events_and_counts_the_others() -> None:
    events = [{"event": f"event_{n}", "name": {"zh": f"事件{n}", "en": f"Event {n}"}} for n in range(5)]
    said = words(mode="unclassified", source=FindingSource.RULE, detail=events[0] | {"also": events[1:]})
    assert said.title == LocalName("1号泵：事件0、事件1、事件2 +2", "Pump 1: Event 0, Event 1, Event 2 +2")
    assert all(f"事件{n}" in said.reason.zh and f"Event {n}" in said.reason.en for n in range(5))
