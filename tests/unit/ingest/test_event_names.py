"""A safety event in another spelling is that event, and one that nobody knows reaches a person."""

import json
from collections.abc import Mapping

import pytest

from ingest.dialects.json.decoder import decode
from ingest.event_messages import event_objects
from ingest.event_names import AS_SENT, folded
from ingest.events import EventOutcome, EventRules
from ingest.matching import Matcher, Route, SeriesTable
from ingest.strangers import StrangerRules
from plantroom.catalogue import equipment_classes
from plantroom.domain.assets import UNCLASSIFIED, Priority, Severity, Source
from plantroom.domain.findings import FindingCleared, FindingRaised
from plantroom.ports.spool import SpoolRecord
from tests.unit.ingest.plants import NOON_MS, plant_of, pump

CLASSES = equipment_classes()
UNSAID = ["unknown_event", "unknown_severity"]


class Device:
    """One asset of a class of the catalogue; its messages come a second apart."""

    def __init__(self, equipment_class: str, priority: Priority = Priority.NORMAL, channel: str = "event") -> None:
        asset = pump(equipment_class=equipment_class)
        matcher = Matcher("demo", SeriesTable())
        matcher.follow(plant_of([asset], [Source(asset.key, priority=priority)]))
        self.topic, self.own_topic = f"plantroom/demo/P-1/{channel}", channel == "event"
        route = matcher.route(self.topic)
        assert isinstance(route, Route)
        self.route, self.rules, self.position = route.asset, EventRules("demo", "safety", CLASSES), 0

    def send(self, message: Mapping[str, object] | bytes) -> EventOutcome:
        payload = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.position += 1
        record = SpoolRecord(self.position, NOON_MS + 1000 * self.position, self.topic, payload)
        objects = event_objects(record)[0] if self.own_topic else decode([payload]).events
        return self.rules.take(self.route, record, objects, own_numbers=self.own_topic)

    def raised(self, message: Mapping[str, object] | bytes) -> FindingRaised:
        (found,) = self.send(message).findings
        assert isinstance(found, FindingRaised)
        return found


@pytest.mark.parametrize(
    "word",
    [
        "FIRE_ALARM", "fire-alarm", "FireAlarm", "fireAlarm", "Fire Alarm", "fire.alarm", "FIREALARM", "Fire alarm!",
        "ＦＩＲＥ＿ＡＬＡＲＭ", "火警", "【火警】",
    ],
)  # fmt: skip
def test_the_fire_alarm_of_a_panel_is_one_in_every_spelling(word: str) -> None:
    out = Device("fire_panel").send({"event": word, "data": {"zone": 7}})
    (event,), (found,) = out.events, out.findings
    assert isinstance(found, FindingRaised)
    assert (found.subject, found.failure_mode, found.severity, found.safety) == (
        "fire_alarm",
        "fire",
        Severity.CRITICAL,
        True,
    )
    assert found.detail["tags"] == []
    assert (event.event, event.severity, event.safety) == ("fire_alarm", "critical", True)
    assert event.data == found.detail["data"] == {AS_SENT: word, "zone": 7}, "what the device said is kept"
    assert found.detail["origin"] == "zone 7"


def test_the_word_of_the_catalogue_is_kept_without_more() -> None:
    assert Device("fire_panel").raised({"event": "fire_alarm", "data": {"zone": 7}}).detail["data"] == {"zone": 7}


@pytest.mark.parametrize(
    "end", ["FIRE_ALARM_RESET", "FireAlarmReset", "fire-alarm-reset", "火警复位", "fire_alarm_reset"]
)
@pytest.mark.parametrize("begin", ["fire_alarm", "FIRE-ALARM"])
def test_the_end_in_another_spelling_ends_it(begin: str, end: str) -> None:
    panel = Device("fire_panel")
    panel.raised({"event": begin, "data": {"zone": 7}})
    (ended,) = panel.send({"event": end, "data": {"zone": 7}}).findings
    assert isinstance(ended, FindingCleared)
    assert (ended.subject, ended.failure_mode) == ("fire_alarm", "fire")


def test_one_event_in_two_spellings_is_one_that_comes_again() -> None:
    panel = Device("fire_panel")
    panel.raised({"event": "FIRE_ALARM"})
    assert panel.raised({"event": "fire_alarm"}).detail["tags"] == ["repeated"]


def test_what_a_class_knows_to_the_letter_is_what_it_says() -> None:
    """``overrun_top`` of an elevator is none of the other overruns; an emergency stop elsewhere is the escalator's."""
    assert Device("elevator").raised({"event": "OverrunTop"}).subject == "overrun_top"
    found = Device("pump").raised({"event": "EMERGENCY STOP"})
    assert (found.subject, found.failure_mode, found.safety) == ("emergency_stop", UNCLASSIFIED, True)
    assert found.detail["tags"] == ["unknown_event"]


def test_a_name_that_is_not_all_read_is_none_of_the_catalogue() -> None:
    found = Device("fire_panel").raised(b'{"event":"fire_alarm\xff"}')
    assert (found.subject, found.failure_mode, found.safety) == ("fire_alarm\ufffd", UNCLASSIFIED, True)


def test_a_device_that_nobody_entered_is_understood_as_one_that_somebody_did() -> None:
    record = SpoolRecord(1, NOON_MS, "plantroom/demo/NEW/event", b'{"event":"FIRE-ALARM"}')
    (found,) = StrangerRules("demo", "safety", CLASSES).take(record)
    assert (found.subject, found.detail["event"], found.detail[AS_SENT]) == ("fire_alarm", "fire_alarm", "FIRE-ALARM")
    assert found.detail["name"] == {"zh": "火警", "en": "Fire alarm"}


@pytest.mark.parametrize("equipment_class", ["fire_panel", "fire_pump_set", "smoke_fan"])
@pytest.mark.parametrize("said", [{}, {"severity": None}, {"severity": ""}])
def test_what_a_machine_of_the_fire_system_calls_by_an_unknown_name_may_be_a_fire(
    equipment_class: str, said: dict[str, object]
) -> None:
    out = Device(equipment_class).send({"event": "brandmelder", **said})
    (event,), (found,) = out.events, out.findings
    assert isinstance(found, FindingRaised)
    assert (found.subject, found.failure_mode) == ("brandmelder", UNCLASSIFIED)
    assert (found.severity, found.safety, found.detail["tags"]) == (Severity.CRITICAL, True, UNSAID)
    assert (event.severity, event.safety) == ("critical", True)


@pytest.mark.parametrize("name", ["power_cut", "Power Cut"])
def test_so_may_what_another_class_calls_so(name: str) -> None:
    assert Device("fire_pump_set").raised({"event": name}).safety


@pytest.mark.parametrize("priority", Priority)
@pytest.mark.parametrize("equipment_class", ["elevator", "escalator", "pump", "chiller", "heating"])
def test_machines_that_tell_of_every_door_and_start_call_nobody(equipment_class: str, priority: Priority) -> None:
    """Their tickets would be a flood in which nobody sees anything."""
    for name in ("door_opened", "unit_started"):
        out = Device(equipment_class, priority).send({"event": name})
        assert (len(out.events), out.findings) == (1, [])
    assert Device(equipment_class, priority).raised({"event": "stuck", "severity": "safety"}).safety


NO_EVENTS = sorted(key for key, one in CLASSES.items() if not one.events)


@pytest.mark.parametrize("equipment_class", [*NO_EVENTS, "of_no_class"])
@pytest.mark.parametrize("said", [{}, {"severity": None}, {"severity": " "}])
def test_of_a_source_marked_safety_whose_class_knows_no_events_the_word_is_all_there_is(
    equipment_class: str, said: dict[str, object]
) -> None:
    found = Device(equipment_class, Priority.SAFETY).raised({"event": "h2s_high", **said})
    assert (found.subject, found.failure_mode) == ("h2s_high", UNCLASSIFIED)
    assert (found.severity, found.safety, found.detail["tags"]) == (Severity.CRITICAL, True, UNSAID)
    assert Device(equipment_class).send({"event": "h2s_high", **said}).findings == []


def test_there_too_some_words_need_nobody() -> None:
    assert "generic" in NO_EVENTS
    for message in ({"event": "h2s_high", "severity": "info"}, {"event": "MAINS_RESTORED"}):
        assert Device("generic", Priority.SAFETY).send(message).findings == []
    report = {"event": "report", "values": {"vibration": 1}}
    assert Device("generic", Priority.SAFETY, channel="telemetry").send(report).findings == []


@pytest.mark.parametrize(
    ("equipment_class", "message"),
    [
        ("fire_panel", {"event": "brandmelder", "severity": "info"}),
        ("fire_panel", {"event": "brandmelder", "severity": " Info "}),
        ("elevator", {"event": "door_opened", "severity": "info"}),
        ("fire_panel", {"event": "pump_stopped"}),
        ("smoke_fan", {"event": "MAINS_RESTORED"}),
        ("bas", {"event": "anything"}),
        ("generic", {"event": "anything"}),
    ],
    ids=str,
)
def test_what_needs_nobody_is_history(equipment_class: str, message: dict[str, object]) -> None:
    out = Device(equipment_class).send(message)
    assert (len(out.events), out.events[0].severity, out.findings) == (1, "info", [])


@pytest.mark.parametrize(
    "message", [{"event": "report", "values": {"vibration": 1}}, {"event": "report", "vibration": 1}]
)
def test_the_kind_of_a_message_with_readings_calls_nobody(message: dict[str, object]) -> None:
    assert Device("pump", channel="telemetry").send(message).findings == []
    told = Device("fire_panel", channel="telemetry").send(message).findings
    assert bool(told) is ("values" not in message), "a number may say where it burns"
    assert Device("fire_panel").send(message).findings, "on the topic of events it is an event"


def test_an_event_is_named_for_the_ledger_by_the_word_that_came() -> None:
    """So what an earlier version told of is no other event when it is replayed."""
    first, second = (
        Device("fire_panel").raised({"ts": NOON_MS, "event": word}) for word in ("FIRE_ALARM", "fire_alarm")
    )
    assert first.finding_id != second.finding_id


def test_a_word_of_signs_alone_means_nothing() -> None:
    assert (folded("!?_-"), folded("fire\ufffdalarm"), folded(" Fire_ALARM ")) == ("", "", "firealarm")
    assert Device("fire_panel").raised({"event": "!!!"}).subject == "!!!"
