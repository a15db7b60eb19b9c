"""Safety events of devices that the ledger does not know: a dead letter, and people hear of it."""

import json

import pytest

from ingest.event_messages import event_objects
from ingest.events import EventRules
from ingest.matching import Matcher, Route, SeriesTable
from ingest.strangers import StrangerRules
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import UNCLASSIFIED, Severity
from plantroom.domain.findings import FindingRaised
from plantroom.ports.spool import Lane, SpoolRecord
from tests.unit.ingest.house import House, until
from tests.unit.ingest.plants import NOON_MS, plant_of, pump

CATALOGUE = equipment_classes()
FLOODED = json.dumps({"event": "flooded"}).encode()


def found(house: House) -> list[FindingRaised]:
    return [finding for finding in house.findings() if isinstance(finding, FindingRaised)]


def test_a_safety_event_of_an_unknown_asset_is_a_finding_and_stays_a_dead_letter(house: House) -> None:
    house.raw(b'{"event": "hatch_open", "severity": "safety"}', code="EL-9", channel="event")
    house.start(Lane.SAFETY)
    house.settle()
    (finding,) = found(house)
    assert (finding.asset, finding.severity, finding.safety) == ("", Severity.CRITICAL, True)
    assert (finding.detail["code"], finding.detail["event"]) == ("EL-9", "hatch_open")
    assert house.reasons() == ["unknown_asset"]


def test_one_that_names_no_event_is_told_all_the_same(house: House) -> None:
    house.raw(b'{"evnet": "flooded", "severity": "safety"}', code="P-9", channel="event")
    house.start(Lane.SAFETY)
    house.settle()
    assert [finding.subject for finding in found(house)] == ["unnamed_event"]


def test_what_any_class_knows_as_a_safety_event_needs_no_word_of_its_own(house: House) -> None:
    house.raw(FLOODED, code="P-9", channel="event")
    house.start(Lane.SAFETY)
    house.settle()
    assert [finding.subject for finding in found(house)] == ["flooded"]


def test_an_event_that_strayed_onto_a_telemetry_topic_is_told_too(house: House) -> None:
    house.raw(b'[{"values": {"vibration": 1}}, {"event": "flooded"}]', code="P-9")
    house.start()
    house.settle()
    assert [finding.subject for finding in found(house)] == ["flooded"]


@pytest.mark.parametrize("event", sorted({one.key for known in CATALOGUE.values() for one in known.events}))
@pytest.mark.parametrize("equipment_class", ["generic", "bas", "fire_panel", "of_nobody"])
def test_to_enter_a_device_silences_no_safety_event(event: str, equipment_class: str) -> None:
    payload = json.dumps({"ts": NOON_MS, "event": event}).encode()
    record = SpoolRecord(1, NOON_MS, "plantroom/demo/P-1/event", payload)
    matcher = Matcher("demo", SeriesTable())
    matcher.follow(plant_of([pump(equipment_class=equipment_class)]))
    route = matcher.route(record.topic)
    assert isinstance(route, Route)
    known = CATALOGUE.get(equipment_class)
    own = next((one for one in known.events if one.key == event), None) if known is not None else None

    before = StrangerRules("demo", "safety", CATALOGUE).take(record)
    out = EventRules("demo", "safety", CATALOGUE).take(route.asset, record, event_objects(record)[0])
    after = [one for one in out.findings if isinstance(one, FindingRaised) and one.safety]
    if own is None and not before:
        # A machine of the fire system may mean a fire by whatever it says, but for the end of something.
        assert not after or equipment_class == "fire_panel"
        assert all(one.detail["tags"] == ["unknown_event", "unknown_severity"] for one in after)
    elif own is None:
        assert [(one.subject, one.severity) for one in after] == [(one.subject, one.severity) for one in before]
        assert all(one.detail["tags"] == ["unknown_event"] for one in after)
        assert all(one.failure_mode == UNCLASSIFIED for one in after)
        assert [one.detail["name"] for one in after] == [one.detail["name"] for one in before]
        assert [one.safety for one in out.events] == [bool(after)]
    else:
        assert bool(after) is own.safety, "what its class says of it stands"


@pytest.mark.parametrize(
    ("payload", "channel"),
    [
        (b'{"event": "door_held"}', "event"),
        (b'{"event": "tripped", "severity": "general"}', "event"),
        (b"not json", "event"),
        (b'{"values": {"vibration": 1}}', "telemetry"),
        (b'"event"', "telemetry"),
        (FLOODED, "status"),
    ],
)
def test_everything_else_of_an_unknown_asset_is_a_dead_letter_alone(house: House, payload: bytes, channel: str) -> None:
    house.raw(payload, code="P-9", channel=channel)
    house.start(Lane.SAFETY)
    house.settle()
    assert found(house) == []
    assert house.reasons() == ["unknown_asset"]


def test_it_is_told_while_the_readings_store_is_away(house: House) -> None:
    house.store.away = True
    house.send({"vibration": 1.0})
    house.raw(FLOODED, code="P-9", channel="event")
    worker = house.start(Lane.SAFETY)
    until(lambda: found(house))
    until(worker.problems)


def test_processing_again_gives_the_same_finding(house: House) -> None:
    house.raw(FLOODED, code="P-9", channel="event")
    house.start(Lane.SAFETY)
    house.settle()
    house.stop()
    house.spool.commit(0, b"")
    house.start(Lane.SAFETY)
    house.settle()
    assert len({finding.finding_id for finding in found(house)}) == 1
