"""Whatever text comes, reading it costs its length and not the square of it."""

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.dialects.json.decoder import decode
from ingest.dialects.json.parse import MAX_DEPTH, nesting, shallow
from ingest.event_messages import event_objects, values_beside
from ingest.status import parse_status
from plantroom.ports.spool import SpoolRecord
from plantroom.wire import parse_replay_request
from tests.examples import examples
from tests.unit.ingest.plants import NOON_MS

BYTES = 400_000
WITHIN_S = 3.0
"""Of CPU for all that reads a payload. Linear ways take 0.1 to 0.6; a quadratic one takes minutes."""

PIECE = st.sampled_from(
    ['"', '\\"', "\\", "\\\\", "\\u", "\\ud800", "[", "]", "{", "}", ":", ",", " ", "\n", "1", "-", ".", "e", "NaN",
     '"event"', '"event":', '"values":', '{"event":"x",', '"a":', "é", "😀", "\x00", "x"]
)  # fmt: skip
REPEATED = st.lists(PIECE, min_size=1, max_size=4).map("".join)
HEAD = st.lists(PIECE, max_size=4).map("".join) | st.sampled_from(['{"event":"x', '[{"event":"x","values":{"a":"'])


@settings(max_examples=examples(40), deadline=None)
@given(head=HEAD, piece=REPEATED, tail=HEAD)
def test_no_repetition_of_anything_is_quadratic(head: str, piece: str, tail: str) -> None:
    payload = (head + piece * (BYTES // len(piece.encode())) + tail).encode()

    begun = time.process_time()
    decode([payload])
    event_objects(SpoolRecord(1, NOON_MS, "plantroom/demo/P-1/event", payload))
    values_beside(payload)
    parse_status(payload)
    parse_replay_request(payload)
    assert time.process_time() - begun < WITHIN_S


def test_a_string_of_escapes_that_nobody_closed_is_read_at_once() -> None:
    for end in (b"", b"\\"):
        payload = b'{"event":"x' + b'\\"' * (1 << 19) + end
        begun = time.process_time()
        decode([payload])
        event_objects(SpoolRecord(1, NOON_MS, "plantroom/demo/P-1/event", payload))
        assert time.process_time() - begun < WITHIN_S


@given(st.lists(PIECE, max_size=30).map("".join))
def test_brackets_in_strings_do_not_count_closed_or_not(inside: str) -> None:
    quoted = inside.replace("\\", "\\\\").replace('"', '\\"')

    assert nesting(f'["{quoted}"]') == 1
    assert nesting(f'[["{quoted}') == 2
    deep = f'{"[" * (MAX_DEPTH + 3)}"{quoted}"{"]" * (MAX_DEPTH + 3)}'
    assert shallow(deep) == "[" * MAX_DEPTH + "null" + "]" * MAX_DEPTH


def test_values_that_cannot_be_written_again_are_read_once_for_the_message_and_not_for_each() -> None:
    deep = b"[" * 300 + b"]" * 300
    payload = b"[" + b",".join([b'{"event":"x","values":{"a":' + deep + b"}}"] * 1_000) + b"]"

    assert values_beside(payload) == [payload]
