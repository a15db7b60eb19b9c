"""Event messages that are cut off or damaged: what was read is told, nothing is made up, and the message is kept."""

import gzip
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.dialects.json.decoder import UNNAMED, decode
from ingest.event_messages import UNREADABLE, event_objects
from ingest.events import EventOutcome, EventRules
from ingest.matching import Matcher, Route, SeriesTable
from plantroom.catalogue.classes import equipment_classes
from plantroom.domain.assets import Priority, Severity, Source
from plantroom.domain.findings import FindingRaised
from plantroom.ports.spool import Lane, SpoolRecord
from tests.unit.ingest.house import House
from tests.unit.ingest.plants import NOON_MS, plant_of, pump

CATALOGUE = equipment_classes()
GOLDEN = [(key, event.key) for key, known in CATALOGUE.items() for event in known.events if event.safety]
NOON = "2026-11-21T12:00:00.000Z"


class Device:
    """A device of a class of the catalogue, and what its event messages become."""

    def __init__(self, equipment_class: str, source: Source | None = None) -> None:
        matcher = Matcher("demo", SeriesTable())
        asset = pump(equipment_class=equipment_class)
        matcher.follow(plant_of([asset], sources=() if source is None else (source,)))
        route = matcher.route("plantroom/demo/P-1/event")
        assert isinstance(route, Route)
        self.route = route.asset
        self.rules = EventRules("demo", "safety", CATALOGUE)
        self.position = 0

    def send(self, payload: bytes) -> EventOutcome:
        self.position += 1
        record = SpoolRecord(self.position, NOON_MS + self.position, "plantroom/demo/P-1/event", payload)
        objects, rejections = event_objects(record)
        out = self.rules.take(self.route, record, objects)
        out.rejections += [one.reason for one in rejections]
        return out


def raised(out: EventOutcome) -> list[FindingRaised]:
    return [one for one in out.findings if isinstance(one, FindingRaised)]


def shapes(event: str) -> list[bytes]:
    """The ways in which a publisher may write a safety event."""
    canonical = {
        "ts": NOON,
        "boot": "7f3a",
        "seq": 4,
        "event": event,
        "severity": "safety",
        "data": {"floor": [7, "B"]},
    }
    turned = dict(reversed(canonical.items()))
    chatter = {"ts": NOON, "event": "door_opened", "severity": "info"}
    return [
        json.dumps(canonical).encode(),
        json.dumps(turned, indent=1).encode(),
        json.dumps({"event": event}, separators=(",", ":")).encode(),
        json.dumps([chatter, canonical]).encode(),
    ]


@pytest.mark.parametrize(("equipment_class", "event"), GOLDEN)
def test_a_safety_event_cut_at_any_byte_is_told_and_kept_and_no_name_is_half(equipment_class: str, event: str) -> None:
    for payload in shapes(event):
        for end in range(1, len(payload)):
            out = Device(equipment_class).send(payload[:end])
            found = raised(out)
            assert [one for one in found if one.safety], payload[:end]
            assert {one.subject for one in found} <= {event, "door_opened", UNNAMED, UNREADABLE}, payload[:end]
            assert [reason.split(":")[0] for reason in out.rejections] == ["not_json"], payload[:end]


def test_what_was_cut_behind_the_name_has_the_weight_that_its_class_gives_it() -> None:
    out = Device("heating").send(b'{"event":"gas_leak","severity":"safety","data":{"ppm":12')
    (found,) = raised(out)
    assert (found.subject, found.severity, found.safety) == ("gas_leak", Severity.CRITICAL, True)
    assert found.detail["tags"] == ["data_dropped", "damaged"]
    assert [event.event for event in out.events] == ["gas_leak"]


@given(
    st.sampled_from(GOLDEN),
    st.integers(0, 1),
    st.integers(0, 200),
    st.integers(0, 255),
    st.sampled_from(["set", "insert", "delete"]),
)
@example(("elevator", "passenger_trapped"), 0, 0, 0, "set")
def test_no_single_byte_swallows_a_safety_event(
    golden: tuple[str, str], shape: int, place: int, byte: int, how: str
) -> None:
    payload = bytearray(shapes(golden[1])[shape])
    at = place % len(payload)
    if how != "insert":
        del payload[at]
    if how != "delete":
        payload.insert(at, byte)
    out = Device(golden[0]).send(bytes(payload))
    assert [one for one in raised(out) if one.safety], bytes(payload)


WHOLE = b'{"ts":"2026-11-21T12:00:00.000Z","event":"passenger_trapped","severity":"safety","data":{"floor":7}}'


@pytest.mark.parametrize(
    ("payload", "subjects", "reason"),
    [
        (WHOLE + b"xyz", ["passenger_trapped"], "not_json"),
        (WHOLE + b"\x00" * 40, ["passenger_trapped"], "not_json"),
        (WHOLE + b"\n" + WHOLE[:-20], ["passenger_trapped"] * 2, "not_json"),
        (WHOLE + b"}", ["passenger_trapped"], "not_json"),
        (b"\xef\xbb\xbf" + WHOLE, ["passenger_trapped"], None),
        (b"\xef\xbb\xbf" + WHOLE[:-9], ["passenger_trapped"], "not_json"),
        (WHOLE.replace(b"7", b"\xff"), ["passenger_trapped"], "not_utf8"),
        (WHOLE.replace(b"7", b'"\xb1\xc3"'), ["passenger_trapped"], "not_utf8"),
        (WHOLE.replace(b"trapped", b"tr\xffpped"), ["passenger_tr�pped"], "not_utf8"),
        (b'{"event":"passenger_tr\xffpped"}', ["passenger_tr�pped"], "not_utf8"),
        (b'{"ev\xffnt":"passenger_trapped"}', [UNREADABLE], "not_utf8"),
        (b'{"event":"passenger_trapped","sev\xffrity":"safety"', ["passenger_trapped"], "not_utf8"),
        (b'{"event":"passenger_trapped\x00\x00","severity":"safety"}', ["passenger_trapped��"], "not_json"),
        (b'{"severity":"safety","event":"passenger_tr', [UNNAMED], "not_json"),
        (gzip.compress(WHOLE, mtime=0), [UNREADABLE], "not_utf8"),
        (WHOLE.decode().encode("utf-16"), [UNREADABLE], "not_utf8"),
        (WHOLE.decode().encode("utf-16-le"), [UNREADABLE], "not_json"),
        (WHOLE[20:], [UNREADABLE], "not_json"),
        (b"\x00" * 64, [UNREADABLE], "not_json"),
        (b"fire!", [UNREADABLE], "not_json"),
        (b"{" * 5000, [UNREADABLE], "not_json"),
        (b"", [], "empty_payload"),
        (b" \n", [], "empty_payload"),
        (b'{"data":{"event":"passenger_trapped","severity":"safety"', [UNREADABLE], "not_json"),
        (b'{"event":"passenger"_trapped","severity":"safety"}', [UNREADABLE], "not_json"),
    ],
)
def test_every_kind_of_damage(payload: bytes, subjects: list[str], reason: str | None) -> None:
    out = Device("elevator").send(payload)
    assert [one.subject for one in raised(out)] == subjects
    assert all(one.safety for one in raised(out))
    assert [one.split(":")[0] for one in out.rejections] == ([] if reason is None else [reason])


NAMING_NOTHING = [
    b'"fire"',
    b'["fire_alarm"]',
    b"17",
    b'{"Event":"fire_alarm","Severity":"safety"}',
    b'{"events":[{"event":"fire_alarm","severity":"safety"}]}',
    b'{"data":{"event":"fire_alarm","severity":"safety"}}',
    b'[[{"event":"fire_alarm","severity":"safety"}]]',
    b'[{"event":"door_opened","severity":"info"},"fire"]',
]


@pytest.mark.parametrize("payload", NAMING_NOTHING)
def test_sound_json_that_names_nothing_is_no_better_than_garbage(payload: bytes) -> None:
    out = Device("elevator").send(payload)
    (found,) = raised(out)
    assert (found.subject, found.safety, found.severity) == (UNREADABLE, True, Severity.CRITICAL)
    assert found.detail["tags"] == ["data_dropped", "damaged"]
    assert [reason.split(":")[0] for reason in out.rejections] == ["wrong_shape"]
    assert raised(Device("lighting").send(payload)) == []


@pytest.mark.parametrize("payload", [b"[]", b"{}", b"null", b'""', b"[null,{}]"])
def test_what_says_nothing_at_all_is_a_dead_letter_alone(payload: bytes) -> None:
    out = Device("elevator").send(payload)
    assert (out.events, out.findings) == ([], [])
    assert {reason.split(":")[0] for reason in out.rejections} == {"wrong_shape"}


def test_beside_a_safety_event_what_names_nothing_adds_no_alarm() -> None:
    for payload in (b'["fire",%b]' % WHOLE, b'[%b,"fire"]' % WHOLE):
        assert [one.subject for one in raised(Device("elevator").send(payload))] == ["passenger_trapped"]


def test_sound_json_that_names_nothing_has_a_finding_and_a_letter(house: House) -> None:
    house.raw(b'{"Event":"flooded","Severity":"safety"}', channel="event")
    house.raw(b'{"Event":"flooded","Severity":"safety"}', code="P-9", channel="event")
    house.start(Lane.SAFETY)
    house.settle()
    assert [one.subject for one in house.findings()] == [UNREADABLE]
    assert sorted(reason.split(":")[0] for reason in house.reasons()) == ["unknown_asset", "wrong_shape"]


def test_where_no_safety_event_is_expected_what_was_read_decides() -> None:
    def of(payload: bytes, source: Source | None = None) -> list[tuple[str, Severity, bool]]:
        return [(one.subject, one.severity, one.safety) for one in raised(Device("lighting", source).send(payload))]

    assert of(b'{"event":"arc","severity":"safety","da') == [("arc", Severity.CRITICAL, True)]
    assert of(b'{"event":"arc","severity":"sa') == [("arc", Severity.GENERAL, False)]
    assert of(b'{"event":"arc","severity":"info","da') == []
    assert of(b'{"event":"ar') == []
    marked = Source("key-P-1", priority=Priority.SAFETY)
    assert of(b'{"event":"ar', marked) == [(UNREADABLE, Severity.CRITICAL, True)]


def test_a_damaged_end_ends_nothing_and_a_whole_one_beside_damage_does() -> None:
    device = Device("heating")
    device.send(b'{"event":"gas_leak"}')
    torn = device.send(b'{"event":"gas_leak_cleared","data":{')
    assert [event.event for event in torn.events] == ["gas_leak_cleared"]
    assert torn.findings == []
    assert len(device.send(b'{"event":"gas_leak_cleared"}\x00').findings) == 1


def test_the_number_of_a_damaged_message_stays_missing_so_that_it_is_asked_for_again() -> None:
    def message(seq: int) -> bytes:
        return json.dumps([{"boot": "b", "seq": seq, "ts": NOON, "event": f"e{seq}", "severity": "safety"}]).encode()

    device = Device("elevator")
    device.send(message(1))
    torn = raised(device.send(message(2)[:-1]))
    device.send(message(3))
    assert device.rules.sequences.missing == 1
    (again,) = raised(device.send(message(2)))
    assert device.rules.sequences.missing == 0
    assert [one.finding_id for one in torn if one.subject == "e2"] == [again.finding_id], (
        "whole in itself: the same event"
    )


def test_a_torn_event_on_a_telemetry_topic_is_told_too() -> None:
    def on_telemetry(payload: bytes) -> list[tuple[object, bool]]:
        return [(one.fields["event"], one.damaged) for one in decode([payload]).events]

    assert on_telemetry(WHOLE[:-3]) == [("passenger_trapped", True)]
    assert on_telemetry(b'{"severity":"safety","event":"pass') == [(UNNAMED, True)]
    assert on_telemetry(b'{"values":{"flow":1},"event":"pass') == []


def test_a_cut_safety_event_has_a_finding_and_a_letter(house: House) -> None:
    house.raw(b'{"event":"gas_leak","severity":"safety","da', channel="event")
    house.raw(b'{"event":"gas_l', channel="event")
    house.raw(b'{"event":"hatch","severity":"safety","da', code="P-9", channel="event")
    house.start(Lane.SAFETY)
    house.settle()
    found = [one for one in house.findings() if isinstance(one, FindingRaised)]
    assert [(one.subject, one.safety) for one in found] == [("gas_leak", True), (UNREADABLE, True), ("hatch", True)]
    assert [reason.split(":")[0] for reason in house.reasons()] == ["not_json", "not_json", "unknown_asset"]
