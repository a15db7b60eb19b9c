"""More events in one message than are told one by one: the rest is one letter and, if it matters, a safety event."""

import json

import pytest

from ingest.dialects.json.decoder import MAX_EVENTS, UNTOLD, decode
from ingest.rejections import TOO_MANY_EVENTS, code_of
from plantroom.domain.assets import Severity
from plantroom.domain.findings import FindingRaised
from plantroom.ports.spool import Lane
from tests.unit.ingest.house import House
from tests.unit.ingest.test_torn_events import Device, raised


def events(count: int, *behind: dict[str, object], event: str = "door_opened", **fields: object) -> bytes:
    return json.dumps([*({"event": event, **fields} for _ in range(count)), *behind]).encode()


def test_so_many_are_told_one_by_one() -> None:
    out = Device("elevator").send(events(MAX_EVENTS, event="fire", severity="safety"))
    assert ([one.subject for one in raised(out)], out.rejections) == (["fire"] * MAX_EVENTS, [])


def test_beyond_them_one_safety_event_stands_for_the_rest_and_the_message_is_kept() -> None:
    out = Device("elevator").send(events(30_000, event="fire", severity="safety"))
    *told, untold = raised(out)
    assert [one.subject for one in told] == ["fire"] * MAX_EVENTS
    assert (untold.subject, untold.severity, untold.safety) == (UNTOLD, Severity.CRITICAL, True)
    assert untold.detail["data"] == {"events": 29_000}
    assert "unknown_event" not in untold.detail["tags"]  # type: ignore[operator]
    assert out.rejections == ["too_many_events: 30000, of which the first 1000 were told"]


def test_where_safety_is_expected_it_may_be_among_the_rest() -> None:
    chatter = events(MAX_EVENTS + 1, severity="info")
    assert [one.subject for one in raised(Device("elevator").send(chatter))] == [UNTOLD]


@pytest.mark.parametrize(
    ("last", "told"),
    [({"event": "x"}, []), ({"event": "x", "severity": "major"}, []), ({"event": "x", "severity": " Safety"}, [True])],
)
def test_where_none_is_expected_only_the_word_for_it_tells(last: dict[str, object], told: list[bool]) -> None:
    out = Device("no_such_class").send(events(MAX_EVENTS, last))
    assert [one.safety for one in raised(out)] == told
    assert [code_of(one) for one in out.rejections] == [TOO_MANY_EVENTS]


def test_those_of_each_message_of_a_telemetry_topic_are_counted_by_themselves() -> None:
    decoded = decode([events(MAX_EVENTS), events(MAX_EVENTS + 5, severity="safety"), events(1)])
    counts = [sum(one.message == message for one in decoded.events) for message in range(3)]
    assert counts == [MAX_EVENTS, MAX_EVENTS + 1, 1]
    (untold,) = [one for one in decoded.events if one.fields["event"] == UNTOLD]
    assert (untold.message, untold.fields["severity"]) == (1, "safety")
    assert [(one.message, code_of(one.reason)) for one in decoded.rejections] == [(1, TOO_MANY_EVENTS)]


def test_those_of_a_message_that_is_cut_off_are_no_more() -> None:
    torn = events(2000, event="fire", severity="safety")[:-40]
    assert len(raised(Device("elevator").send(torn))) == MAX_EVENTS + 1
    assert len(decode([torn]).events) == MAX_EVENTS + 1


def test_a_device_that_the_ledger_does_not_know_is_told_of_once_for_the_rest(house: House) -> None:
    house.raw(events(MAX_EVENTS + 9), code="P-9", channel="event")
    house.start(Lane.SAFETY)
    house.settle()
    found = [one for one in house.findings() if isinstance(one, FindingRaised)]
    assert [(one.subject, one.asset) for one in found] == [(UNTOLD, "")]
    assert house.reasons() == ["unknown_asset"]
