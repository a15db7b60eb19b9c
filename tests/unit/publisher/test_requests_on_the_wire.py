"""Requests for replays and words on what is gone, as they stand on the wire."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.gaps import MAX_GONE, parse_gone
from plantroom.errors import BadData
from plantroom.ports.spool import SpoolRecord
from plantroom.wire import (
    MAX_BOOT,
    Channel,
    ReplayRequest,
    encode_gone,
    encode_replay_request,
    parse_replay_request,
    replay_topic,
)

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=MAX_BOOT)
channels = st.sampled_from([Channel.TELEMETRY, Channel.EVENT])


def test_a_request_reads_as_the_documentation_says() -> None:
    assert encode_replay_request(ReplayRequest("7f3a", 1038, 1041)) == (
        b'{"boot":"7f3a","from":1038,"to":1041,"channel":"telemetry"}'
    )
    assert encode_gone("7f3a", [(1038, 1039)]) == b'{"boot":"7f3a","gone":[[1038,1039]],"channel":"telemetry"}'
    assert replay_topic("demo", "P-9") == "plantroom/demo/P-9/replay"
    with pytest.raises(BadData):
        replay_topic("demo", "a/b")


@given(words, st.integers(0, 1 << 61), st.integers(0, 1 << 20), channels)
def test_a_request_comes_back_as_it_was(boot: str, first: int, more: int, channel: Channel) -> None:
    request = ReplayRequest(boot, first, first + more, channel)
    assert parse_replay_request(encode_replay_request(request)) == request


@given(words, st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=MAX_GONE), channels)
def test_what_is_gone_is_understood_by_the_other_side(
    boot: str, pairs: list[tuple[int, int]], channel: Channel
) -> None:
    spans = [(min(pair), max(pair)) for pair in pairs]
    found = parse_gone(SpoolRecord(1, 0, "t", encode_gone(boot, spans, channel)), "a")
    assert found is not None
    assert (found.boot, found.channel) == (boot, channel.value)
    assert {n for a, b in found.spans for n in range(a, b + 1)} == {n for a, b in spans for n in range(a, b + 1)}


@given(st.one_of(st.binary(max_size=50), st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.dictionaries(st.sampled_from(["boot", "from", "to", "channel", "x"]), inner, max_size=4),
    max_leaves=6,
).map(lambda value: json.dumps(value).encode())))  # fmt: skip
def test_whatever_comes_is_a_request_or_nothing(payload: bytes) -> None:
    request = parse_replay_request(payload)
    assert request is None or 0 <= request.first <= request.last
