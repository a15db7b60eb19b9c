"""Event messages: a safety event is never swallowed."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.dialects.json.decoder import UNNAMED, decode
from ingest.event_messages import event_objects
from ingest.events import OVER, EventOutcome, EventRules
from ingest.matching import Matcher, Route, SeriesTable
from plantroom.domain.assets import UNCLASSIFIED, AssetStatus, Severity
from plantroom.domain.findings import FindingCleared, FindingRaised
from plantroom.ports.spool import SpoolRecord
from tests.unit.ingest.plants import CLASSES, NOON_MS, plant_of, pump

NOON = "2026-11-21T12:00:00Z"


class Bench:
    """Event rules for one pump; messages arrive a second apart unless said otherwise."""

    def __init__(self, status: AssetStatus = AssetStatus.IN_SERVICE, lane: str = "safety") -> None:
        self.rules = EventRules("demo", lane, CLASSES)
        matcher = Matcher("demo", SeriesTable())
        matcher.follow(plant_of([pump(status=status)]))
        route = matcher.route("plantroom/demo/P-1/event")
        assert isinstance(route, Route)
        self.route = route.asset
        self.position = 0

    def send(self, message: object, received_ms: int | None = None) -> EventOutcome:
        payload = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.position += 1
        at = NOON_MS + 1000 * self.position if received_ms is None else received_ms
        record = SpoolRecord(self.position, at, "plantroom/demo/P-1/event", payload)
        objects, rejections = event_objects(record)
        out = self.rules.take(self.route, record, objects)
        out.rejections += [r.reason for r in rejections]
        return out

    def raised(self, message: object, received_ms: int | None = None) -> FindingRaised:
        (finding,) = self.send(message, received_ms).findings
        assert isinstance(finding, FindingRaised)
        return finding


def tags(finding: FindingRaised) -> object:
    return finding.detail["tags"]


def test_a_known_event_has_the_mode_severity_and_safety_of_its_class() -> None:
    found = Bench().raised({"ts": NOON, "event": "flooded", "data": {"floor": -1}})
    assert (found.failure_mode, found.severity, found.safety) == ("flood", Severity.CRITICAL, True)
    assert (found.subject, found.detail["data"], tags(found)) == ("flooded", {"floor": -1}, [])
    assert found.observed_at.timestamp() == NOON_MS / 1000


def test_an_event_is_kept_for_the_history_too() -> None:
    (event,) = Bench().send({"ts": NOON, "event": "tripped", "data": {"a": 1}}).events
    assert (event.event, event.severity, event.safety, event.data) == ("tripped", "major", False, {"a": 1})


def test_neither_history_nor_finding_keeps_a_mebibyte_of_data() -> None:
    out = Bench().send({"ts": NOON, "event": "flooded", "data": {"dump": "x" * 1_000_000, "zone": 3}})
    (event,), (found,) = out.events, out.findings
    assert isinstance(found, FindingRaised)
    assert found.detail["data"] == event.data == {"zone": 3, "…": "1000010 bytes left out"}


def test_an_unknown_event_marked_safety_is_critical_and_unclassified() -> None:
    found = Bench().raised({"ts": NOON, "event": "rope_snapped", "severity": "safety"})
    assert (found.failure_mode, found.severity, found.safety) == ("unclassified", Severity.CRITICAL, True)


@pytest.mark.parametrize(
    ("word", "severity"), [("major", Severity.MAJOR), ("general", Severity.GENERAL), ("terrible", Severity.GENERAL)]
)
def test_an_unknown_event_has_the_severity_that_it_names(word: str, severity: Severity) -> None:
    assert Bench().raised({"ts": NOON, "event": "odd", "severity": word}).severity is severity


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200f", "\u061c", "\u2028", "\x1b", "\n"])
def test_marks_that_turn_or_break_what_people_read_are_seen_in_a_name_and_not_obeyed(mark: str) -> None:
    found = Bench().raised({"ts": NOON, "event": f"Ueberlauf {mark}gas", "severity": "safety"})
    assert (found.subject, found.detail["event"]) == ("Ueberlauf \ufffdgas", "Ueberlauf \ufffdgas")


def test_chatter_is_history_and_no_finding() -> None:
    out = Bench().send({"ts": NOON, "event": "door_opened", "severity": "info"})
    assert (len(out.events), out.findings) == (1, [])


def test_an_event_clears_the_one_that_it_ends() -> None:
    bench = Bench()
    bench.raised({"ts": NOON, "event": "tripped"})
    (cleared,) = bench.send({"ts": NOON, "event": "trip_reset"}).findings
    assert isinstance(cleared, FindingCleared)
    assert (cleared.failure_mode, cleared.subject) == ("trip", "tripped")
    assert tags(bench.raised({"ts": NOON, "event": "tripped"})) == []


def test_an_end_is_one_whatever_severity_its_device_stamps_on_it() -> None:
    bench = Bench()
    bench.raised({"ts": NOON, "event": "tripped", "severity": "safety"})
    out = bench.send({"ts": NOON, "event": "trip_reset", "severity": "safety"})
    assert [type(one) for one in out.findings] == [FindingCleared]
    assert [one.safety for one in out.events] == [False]
    assert tags(bench.raised({"ts": NOON, "event": "tripped"})) == []


@pytest.mark.parametrize("ts", ["1970-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "once", 5, True, {"a": 1}])
def test_a_wrong_clock_is_a_tag_and_the_time_of_receipt_stands_in(ts: object) -> None:
    found = Bench().raised({"ts": ts, "event": "flooded"}, received_ms=NOON_MS + 5)
    assert tags(found) == ["clock_wrong"]
    assert found.observed_at == found.received_at


def test_a_late_event_keeps_its_own_time() -> None:
    found = Bench().raised({"ts": NOON, "event": "flooded"}, received_ms=NOON_MS + 7_200_000)
    assert tags(found) == ["late"]
    assert found.observed_at.timestamp() == NOON_MS / 1000


def test_a_repeated_event_is_a_finding_again() -> None:
    bench = Bench()
    first, second = bench.raised({"event": "flooded"}), bench.raised({"event": "flooded"})
    assert first.finding_id != second.finding_id
    assert tags(second) == ["repeated"]


@pytest.mark.parametrize("numbered", [{}, {"boot": "b", "seq": 1}])
def test_an_event_with_a_time_of_its_own_is_the_same_event_on_both_lanes(numbered: dict[str, object]) -> None:
    message = {"ts": NOON, **numbered, "event": "passenger_trapped", "severity": "safety", "data": {"floor": 7}}
    normal, safety = Bench(lane="normal"), Bench()
    safety.raised({"ts": NOON, "event": "flooded"})
    ours, theirs = normal.send(message), safety.send(message)
    assert [event.id for event in ours.events] == [event.id for event in theirs.events]
    assert [one.finding_id for one in ours.findings] == [one.finding_id for one in theirs.findings]


@pytest.mark.parametrize(
    "other", [{"ts": "2026-11-21T12:00:00.001Z"}, {"data": {"floor": 8}}, {"event": "tripped"}, {"boot": "b", "seq": 2}]
)
def test_events_that_say_something_else_are_others(other: dict[str, object]) -> None:
    bench, message = Bench(), {"ts": NOON, "event": "flooded", "data": {"floor": 7}}
    assert bench.raised(message).finding_id != bench.raised({**message, **other}).finding_id


def test_a_proven_repetition_is_left_out() -> None:
    bench = Bench()
    message = {"ts": NOON, "boot": "b", "seq": 3, "event": "flooded"}
    bench.raised(message)
    out = bench.send(message)
    assert (out.findings, out.events, out.duplicates) == ([], [], 1)


def test_without_a_time_of_its_own_nothing_is_proven() -> None:
    bench = Bench()
    message = {"boot": "b", "seq": 0, "event": "flooded"}
    bench.raised(message)
    assert tags(bench.raised(message)) == ["repeated"]


def test_maintenance_is_a_tag() -> None:
    assert tags(Bench(AssetStatus.UNDER_MAINTENANCE).raised({"ts": NOON, "event": "flooded"})) == ["under_maintenance"]


@pytest.mark.parametrize(
    "payload",
    [
        b'{"event":"flooded","data":{"level":NaN}}',
        b'{"event":"flooded","data":{"place":"\xb1\xc3"}}',
        b'{"event":"flooded","data":"deep"}',
        b'{"event":"flooded","data":{"place":"a\\u0000b"}}',
        b'{"event":"flooded","seq":"x","boot":[]}',
        b'[{"event":"flooded"}]',
    ],
)
def test_odd_bytes_do_not_swallow_it(payload: bytes) -> None:
    found = Bench().raised(payload)
    assert found.safety
    assert "\x00" not in str(found.detail)


@pytest.mark.parametrize(
    "message",
    [
        {"severity": "safety", "data": {"floor": 7}},
        {"event": 5, "severity": "safety"},
        {"event": " ", "severity": "SAFETY"},
        {"evnet": "passenger_trapped", "severity": "safety"},
    ],
)
def test_a_safety_event_without_a_usable_name_is_not_swallowed(message: dict[str, object]) -> None:
    found = Bench().raised({"ts": NOON, **message})
    assert (found.safety, found.severity, found.failure_mode) == (True, Severity.CRITICAL, UNCLASSIFIED)
    assert found.subject == UNNAMED
    assert found.detail["data"] == {"as_sent": {"ts": NOON, **message}}


@pytest.mark.parametrize(
    ("payload", "code"),
    [(b"", "empty_payload"), (b"fire!", "not_json"), (b'{"values":{"a":1}}', "wrong_shape"), (b"[]", "wrong_shape")],
)
def test_what_names_no_event_is_rejected(payload: bytes, code: str) -> None:
    assert [reason.split(":")[0] for reason in Bench().send(payload).rejections] == [code]


def test_processing_again_from_a_snapshot_gives_the_same() -> None:
    messages = [{"event": "flooded", "boot": "b", "seq": n // 2, "ts": NOON} for n in range(6)] + [
        {"event": "tripped"}
    ] * 3
    whole, parts = Bench(), Bench()
    expected = [whole.send(message) for message in messages]
    found = []
    for message in messages:
        again = Bench()
        again.rules.restore(parts.rules.snapshot())
        again.position, parts = parts.position, again
        found.append(parts.send(message))
    assert found == expected


DEPTHS = st.integers(1, 1100) | st.sampled_from([64, 65, 253, 254, 255, 256, 1023, 1024, 5000, 20_000])


def nested(depth: int, core: str, objects: bool) -> str:
    opening, closing = ('{"d":', "}") if objects else ("[", "]")
    return opening * depth + core + closing * depth


@settings(deadline=None)
@given(
    DEPTHS,
    st.sampled_from(["1", '""', '"\\ud800"', "NaN", '"]}\\""', "1e999"]),
    st.booleans(),
    st.sampled_from(["data", "boot", "ts", "values", "seq", "else"]),
    st.booleans(),
)
def test_no_depth_of_nesting_swallows_a_safety_event(
    depth: int, core: str, objects: bool, field: str, in_array: bool
) -> None:
    text = f'{{"seq":1,"{field}":{nested(depth, core, objects)},"event":"flooded","severity":"safety"}}'
    payload = (f"[{text}]" if in_array else text).encode()
    found = Bench().raised(payload)
    assert (found.safety, found.subject) == (True, "flooded")
    if field == "data" and depth > 70:
        assert found.detail["data"] == {}
        assert "data_dropped" in str(tags(found))
    assert [one.fields["event"] for one in decode([payload]).events] == ["flooded"], "on a telemetry topic too"


def test_deep_data_is_no_excuse_to_tell_a_repetition_twice() -> None:
    bench = Bench()
    payload = f'{{"ts":"{NOON}","boot":"b","seq":3,"event":"flooded","data":{nested(300, "1", False)}}}'.encode()
    bench.raised(payload)
    assert bench.send(payload).duplicates == 1


def later(seconds: int) -> str:
    return f"2026-11-21T12:{seconds // 60:02d}:{seconds % 60:02d}Z"


def tripped(seq: int, seconds: int) -> dict[str, object]:
    return {"ts": later(seconds), "boot": "b", "seq": seq, "event": "tripped"}


def reset(seq: int, seconds: int) -> dict[str, object]:
    return {"ts": later(seconds), "boot": "b", "seq": seq, "event": "trip_reset"}


AFTERWARDS = NOON_MS + 120_000


@pytest.mark.parametrize("carried", [EventRules.snapshot, EventRules.hand_over])
def test_an_old_end_that_comes_late_ends_nothing_that_came_after_it(carried: Callable[[EventRules], bytes]) -> None:
    bench = Bench()
    bench.raised(tripped(1, 0), AFTERWARDS)
    bench.raised(tripped(3, 60), AFTERWARDS)
    bench.rules.restore(carried(bench.rules))
    assert bench.send(reset(2, 10), AFTERWARDS).findings == []
    assert "repeated" in str(tags(bench.raised(tripped(4, 70), AFTERWARDS)))
    (over,) = bench.send(reset(5, 80), AFTERWARDS).findings
    assert isinstance(over, FindingCleared)


@pytest.mark.parametrize("carried", [EventRules.snapshot, EventRules.hand_over])
def test_an_old_event_behind_its_own_end_is_told_and_is_over(carried: Callable[[EventRules], bytes]) -> None:
    bench = Bench()
    bench.send(reset(2, 10), AFTERWARDS)
    bench.rules.restore(carried(bench.rules))
    raised, over = bench.send(tripped(1, 0), AFTERWARDS).findings
    assert isinstance(raised, FindingRaised)
    assert tags(raised) == [OVER]
    assert isinstance(over, FindingCleared)
    assert (over.subject, over.observed_at - raised.observed_at) == ("tripped", timedelta(seconds=10))
    assert tags(bench.raised(tripped(3, 20), AFTERWARDS)) == [], "what was over at once does not stand"


@pytest.mark.parametrize(
    "doubtful",
    [{"ts": later(0), "event": "tripped"}, {**tripped(1, 0), "boot": "c"}, tripped(3, 0), tripped(1, 20)],
)
def test_in_doubt_an_event_stands(doubtful: dict[str, object]) -> None:
    bench = Bench()
    bench.send(reset(2, 10))
    assert OVER not in str(tags(bench.raised(doubtful, received_ms=NOON_MS + 60_000)))


def test_a_clock_that_was_ahead_keeps_no_alarm_standing() -> None:
    bench = Bench()
    bench.raised(tripped(1, 240), received_ms=NOON_MS + 1000)
    (over,) = bench.send(reset(2, 30), received_ms=NOON_MS + 30_000).findings
    assert isinstance(over, FindingCleared)


def test_a_snapshot_of_an_earlier_program_is_ended_by_any_end() -> None:
    bench = Bench()
    state = json.loads(bench.rules.snapshot())
    del state["standing"], state["ends"]
    state["open"] = [(bench.route.asset.key, "tripped", NOON_MS + 3_600_000)]
    bench.rules.restore(json.dumps(state).encode())
    assert len(bench.send(reset(2, 10)).findings) == 1
