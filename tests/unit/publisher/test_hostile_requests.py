"""Whatever is asked of a publisher: it goes on sending, and answers what is a request, each number once."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.gaps import parse_gone
from plantroom.ports.spool import SpoolRecord
from plantroom.publisher import Publisher
from plantroom.publisher.outbox import Limits, Outbox
from plantroom.publisher.replays import MAX_REQUESTS, Replays
from plantroom.wire import MAX_SEQ, Channel, ReplayRequest, parse_replay_request, replay_topic
from tests.examples import examples

KEPT = 7
numbers = st.integers(-3, KEPT + 3) | st.integers() | st.sampled_from([MAX_SEQ - 1, MAX_SEQ, 1 << 63, 1 << 64, 10**40])
odd = st.none() | st.booleans() | st.floats() | st.text(max_size=3) | st.lists(st.integers(), max_size=2)
boots = st.just("OWN") | st.text(max_size=80) | st.just("\ud800") | odd
requests = st.fixed_dictionaries(
    {"boot": boots, "from": numbers | odd, "to": numbers | odd},
    optional={"channel": st.sampled_from(["telemetry", "event", "status", "x"]) | odd},
)


def as_payload(request: dict[str, object], boot: str) -> bytes:
    return json.dumps(request | ({"boot": boot} if request["boot"] == "OWN" else {})).encode()


@pytest.fixture(scope="module")
def outbox(tmp_path_factory: pytest.TempPathFactory) -> Outbox:
    made = Outbox(tmp_path_factory.mktemp("outbox"), Limits(), sync=False)
    made.open()
    made.append("P-1", "telemetry", [lambda boot, seq: f"{boot}/{seq}".encode()] * KEPT, 1)
    return made


@pytest.mark.parametrize("to", ["9223372036854775808", "100000000000000000000000", str(MAX_SEQ), "1e3", "null", "-1"])
def test_a_number_that_nobody_can_have_given_is_no_request(to: str) -> None:
    assert parse_replay_request(b'{"boot":"b","from":0,"to":%s}' % to.encode()) is None


def test_a_boot_that_nobody_can_have_sent_is_no_request() -> None:
    assert parse_replay_request(b'{"boot":"\\ud800","from":0,"to":1}') is None
    assert parse_replay_request(json.dumps({"boot": "b" * 65, "from": 0, "to": 1}).encode()) is None


@settings(deadline=None)
@given(st.lists(requests, max_size=5), st.integers(1, 4))
@example([{"boot": "OWN", "from": 0, "to": 10**23}, {"boot": "OWN", "from": 0, "to": 1}], 2)
def test_every_number_that_is_asked_for_is_sent_or_gone_and_none_is_both(
    outbox: Outbox, asked: list[dict[str, object]], limit: int
) -> None:
    for request in asked:
        payload = as_payload(request, outbox.boot)
        parsed = parse_replay_request(payload)
        if parsed is None:
            continue
        replays = Replays(outbox)
        replays.ask("P-1", parsed)
        sent, gone = answer(replays, limit)
        if parsed.boot != outbox.boot:
            assert (sent, gone) == ([], []), "another publisher of the asset may have them"
            continue
        here = parsed.channel is Channel.TELEMETRY
        kept = [seq for seq in range(KEPT) if here and parsed.first <= seq <= parsed.last]
        assert sent == kept
        assert sum(last - first + 1 for first, last in gone) == parsed.last - parsed.first + 1 - len(kept)
        assert not any(first <= seq <= last for first, last in gone for seq in kept)


def answer(replays: Replays, limit: int) -> tuple[list[int], list[tuple[int, int]]]:
    """All that comes of the requests that wait, until none does."""
    sent: list[int] = []
    gone: list[tuple[int, int]] = []
    for _ in range(2 * MAX_REQUESTS):
        again = replays.next(KEPT, limit)
        sent += [one.seq for one in again.messages]
        for _, payload in again.gone:
            told = parse_gone(SpoolRecord(1, 0, "t", payload), "a")
            assert told is not None, payload
            gone += told.spans
        replays.answered(again, again.last)
        if again.asked is None:
            return sent, gone
    raise AssertionError("there is no end to it")


def test_more_requests_than_can_wait_are_left_out(outbox: Outbox) -> None:
    replays = Replays(outbox)
    for n in range(2 * MAX_REQUESTS):
        replays.ask("P-1", ReplayRequest(outbox.boot, KEPT + n, KEPT + n))
    assert len(answer(replays, 10)[1]) == MAX_REQUESTS


def test_a_piece_stays_until_it_is_said_to_be_sent_and_goes_on_behind_what_was(outbox: Outbox) -> None:
    replays = Replays(outbox)
    replays.ask("P-1", ReplayRequest(outbox.boot, 1, KEPT + 1))
    first = replays.next(KEPT, 4)
    assert [one.seq for one in first.messages] == [1, 2, 3, 4]
    assert replays.next(KEPT, 4) == first
    replays.answered(first, 2)
    assert [one.seq for one in replays.next(KEPT, 4).messages] == [3, 4, 5, 6]
    replays.answered(replays.next(KEPT, 4), 6)
    last = replays.next(KEPT, 4)
    assert (last.messages, len(last.gone)) == ([], 1)
    replays.answered(last, last.last)
    assert replays.next(KEPT, 4).asked is None


@settings(deadline=None, max_examples=examples(60))
@given(st.lists(requests.map(json.dumps).map(str.encode) | st.binary(max_size=30), max_size=6))
@example([b'{"boot":"OWN","from":0,"to":100000000000000000000000}', b'{"boot":"OWN","from":2,"to":1}'])
def test_a_publisher_goes_on_whatever_is_published_on_its_topic(
    tmp_path_factory: pytest.TempPathFactory, payloads: list[bytes]
) -> None:
    sensor = Publisher("mqtt://127.0.0.1:1", "demo", "P-1", tmp_path_factory.mktemp("sensor"), sync=False)
    sensor._outbox.open()
    sensor._connection._client_id = "sensor"
    sensor._connection._client = sensor._connection._make_client()
    sensor._connection._sent_again = True
    sender = sensor._sender
    try:
        for payload in payloads:
            sender._heard(replay_topic("demo", "P-1"), payload.replace(b"OWN", sensor.boot.encode()))
        first = sensor.telemetry({"vibration": 1.0})
        for _ in range(10):
            if not sender._turn():
                break
        assert not sender._turn(), "there is no end to it"
        assert sender._read == sensor._outbox.after(0, 10)[0].id
        assert first == 0
    finally:
        sensor._outbox.close()
