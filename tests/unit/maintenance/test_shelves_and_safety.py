"""What cannot be shelved is what the ingest calls a safety alarm, or the sensor that it needs: one answer for both."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from ingest.alarms import LimitAlarms
from ingest.sensor_faults import SensorFaults
from maintenance.episode_rules import level_of, new_episode
from maintenance.episodes import Episode
from maintenance.shelving import can_shelve, sources_in_doubt
from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import UNCLASSIFIED, Plant, PointTemplate, Priority, Source
from plantroom.domain.findings import FindingRaised
from plantroom.domain.quality import Reason
from plantroom.domain.sources import TopicSource
from plantroom.ports.readings import ReadingBatch, SeriesRef
from plantroom.ports.stages import StreamBatch, StreamStage
from tests.unit.ingest.plants import NOON_MS, plant_of, pump

CLASSES = equipment_classes()
NOW = datetime(2026, 11, 21, 13, tzinfo=UTC)
OPEN = TopicSource("k", "demo", "pumps", "fire/+/data", "json", priority=Priority.SAFETY, asset_from=2)


def fed(stage: StreamStage, plant: Plant, point: str, value: float, reason: int = 0) -> list[FindingRaised]:
    """What it finds while a point says the same thing for two hours, every 50 s."""
    (asset,) = plant.assets.values()
    ts = NOON_MS + 1000 * np.arange(0, 7200, 50, dtype=np.int64)
    count = len(ts)
    series = [SeriesRef("demo", asset.equipment_class, asset.key, point)]
    columns = np.zeros(count, np.int32), ts, np.full(count, value), np.full(count, reason, np.uint8)
    found = stage.process(StreamBatch(ReadingBatch(series, *columns), np.full(count, True), ts, "demo"), plant)
    return [one for one in found if isinstance(one, FindingRaised)]


def limits_of(plant: Plant, template: PointTemplate) -> Iterator[FindingRaised]:
    limits = template.limits
    if limits.alarm_high is not None or limits.warning_high is not None:
        yield from fed(LimitAlarms(CLASSES), plant, template.key, 1e9)
    if limits.alarm_low is not None or limits.warning_low is not None:
        yield from fed(LimitAlarms(CLASSES), plant, template.key, -1e9)


def template_of(kind: str, point: str) -> PointTemplate:
    return next(one for one in CLASSES[kind].points if one.key == point)


def episode_of(finding: FindingRaised) -> Episode:
    return new_episode("e", finding, level_of(finding, None), NOW, under_maintenance=False)


def shelvable(plant: Plant, finding: FindingRaised, classes: object = CLASSES) -> bool:
    return can_shelve(episode_of(finding), plant, classes, sources_in_doubt(plant))  # type: ignore[arg-type]


def plant_with(kind: str, templates: Sequence[PointTemplate], priority: Priority | None) -> Plant:
    asset = pump(equipment_class=kind)
    return plant_of([asset], [] if priority is None else [Source(asset.key, priority=priority)], templates)


@pytest.mark.parametrize("priority", [None, *Priority])
@pytest.mark.parametrize("kind", sorted(CLASSES))
def test_of_every_point_of_the_catalogue(kind: str, priority: Priority | None) -> None:
    for template in CLASSES[kind].points:
        plant = plant_with(kind, [template], priority)
        raised = list(limits_of(plant, template))
        for one in raised:
            told = replace(one, safety=False)  # as one that an earlier version raised
            assert shelvable(plant, told) is not one.safety, one.subject
        (fault,) = fed(SensorFaults(CLASSES), plant, template.key, -1e9, Reason.OUT_OF_RANGE)
        mutes = any(one.safety for one in raised)
        assert fault.detail["safety_source"] is mutes, template.key
        assert shelvable(plant, fault) is not mutes, template.key


def faults(kind: str, point: str, plant: Plant) -> list[FindingRaised]:
    return [
        *limits_of(plant, template_of(kind, point)),
        *fed(SensorFaults(CLASSES), plant, point, -1e9, Reason.OUT_OF_RANGE),
    ]


def test_in_doubt_no_alarm_can_be_shelved() -> None:
    """Neither that of an asset or a class that nobody knows, nor where an open safety source may have brought it."""
    plant = plant_with("pump", CLASSES["pump"].points, None)
    told = faults("pump", "vibration", plant)
    of = {one.subject.partition(":")[2]: one for one in told}
    assert of.keys() == {"warning_high", "alarm_high", "sensor"}
    assert all(shelvable(plant, one) for one in told)
    doubts = (
        (replace(plant, assets={}), CLASSES),
        (plant, {}),
        (replace(plant, topic_sources=[OPEN]), CLASSES),
    )
    for doubtful, classes in doubts:
        assert {level for level in of if shelvable(doubtful, of[level], classes)} == {"warning_high"}
    named = replace(plant_with("pump", CLASSES["pump"].points, Priority.NORMAL), topic_sources=[OPEN])
    assert all(shelvable(named, one) for one in told)


def test_of_a_point_that_nobody_knows_the_source_decides() -> None:
    plant = plant_with("pump", CLASSES["pump"].points, None)
    fault = faults("pump", "vibration", plant)[-1]
    for priority, may in ((Priority.NORMAL, True), (Priority.SAFETY, False)):
        assert shelvable(plant_with("pump", (), priority), fault) is may


@pytest.mark.parametrize("gone", [True, False])
def test_what_an_alarm_was_raised_as_counts_whatever_its_point_says_by_now(*, gone: bool) -> None:
    """A point of the site's own spoke of fire when an earlier version raised its alarm; then somebody changed it."""
    fire = replace(template_of("fire_panel", "active_alarms"), key="zone_7")
    (raised,) = limits_of(plant_with("fire_panel", [fire], None), fire)
    told = replace(raised, safety=False)
    later = plant_with("fire_panel", [] if gone else [replace(fire, failure_mode=None)], None)
    assert (raised.safety, shelvable(later, told)) == (True, False)
    assert shelvable(later, replace(told, failure_mode=UNCLASSIFIED))


def test_what_an_orders_own_work_brings_about_is_no_safety_alarm_whatever_is_in_doubt() -> None:
    plant = plant_with("fire_pump_set", CLASSES["fire_pump_set"].points, Priority.SAFETY)
    for one in faults("fire_pump_set", "pump_running", replace(plant, topic_sources=[OPEN])):
        assert (one.safety, shelvable(plant, one)) == (False, True)
