"""A message leaves one dead letter for each code, however much of it is wrong."""

import contextlib
import json

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dialects.json.decoder import MAX_EVENTS, decode
from ingest.dialects.senml.cbor import check_pack
from ingest.dialects.senml.decoder import MAX_UNITS
from ingest.event_messages import UNREADABLE, event_objects
from ingest.letters import letters_of
from ingest.rejections import (
    MAX_PART,
    MAX_REASON,
    TEXT_VALUE,
    TOO_MANY_EVENTS,
    TOO_MANY_VALUES,
    WRONG_UNIT,
    Rejection,
    code_of,
    merged,
    with_detail,
)
from plantroom.ports.letters import DeadLetter
from plantroom.ports.spool import Lane, SpoolRecord
from tests.unit.ingest.dialects.hostile import pipeline
from tests.unit.ingest.plants import NOON_MS

CODES = st.sampled_from(["wrong_shape", "wrong_unit", "no_values"])
REJECTIONS = st.builds(
    Rejection, st.integers(0, 3), st.builds(with_detail, CODES, st.text(max_size=300)) | CODES, st.text(max_size=30)
)


def letters(topic: str, payload: bytes) -> list[DeadLetter]:
    mine = pipeline()
    batch = mine.sort([SpoolRecord(1, NOON_MS, topic, payload)])
    told = mine.tell_events(batch)
    read = mine.read(batch)
    return [*told.letters, *mine.conclude(batch, read, [()] * len(read.columns)).letters]


@given(st.lists(REJECTIONS, max_size=40))
def test_a_message_has_a_letter_for_each_code_and_every_short_part_is_named(rejections: list[Rejection]) -> None:
    found = merged(rejections)

    assert len(found) == len({(one.message, code_of(one.reason)) for one in rejections})
    assert [one.message for one in found] == sorted(one.message for one in found)
    for one in found:
        assert len(one.reason) <= MAX_REASON
        assert len(one.part) <= MAX_PART
        mine = [r for r in rejections if (r.message, code_of(r.reason)) == (one.message, code_of(one.reason))]
        assert bool(one.part) == any(r.part for r in mine)


def test_details_that_differ_stand_one_behind_the_other() -> None:
    found = merged(
        [Rejection(0, "wrong_unit: a", "x"), Rejection(0, "wrong_unit: b", "y"), Rejection(0, "wrong_unit: a")]
    )

    assert found == [Rejection(0, "wrong_unit: a; b", "x, y")]


def test_ten_thousand_bad_records_are_one_letter() -> None:
    (letter,) = letters("senml/a", b"[" + b",".join([b"{}"] * 10_000) + b"]")

    assert letter.reason == "wrong_shape: no name"
    assert letter.part.startswith("[0], [1], [2]")


def test_of_many_units_that_nobody_knows_one_letter_tells() -> None:
    pack = [{"n": "vibration", "v": n, "u": f"foo{n}"} for n in range(MAX_UNITS + 50)]
    found = letters("senml/a", json.dumps(pack).encode())

    assert [code_of(one.reason) for one in found] == [WRONG_UNIT]


def test_a_bad_value_in_an_array_is_told_when_its_field_is_mapped() -> None:
    assert [(one.reason, one.part) for one in letters("json/one", b'[{"a": "warm", "b": "cold"}]')] == [
        (TEXT_VALUE, "[0].a")
    ]
    assert letters("json/one", b'[{"a": 1, "b": "cold"}]') == []


def test_letters_of_one_message_are_told_apart_by_their_codes_alone() -> None:
    record = SpoolRecord(1, NOON_MS, "t", b"x")
    twice = letters_of(
        "demo", Lane.NORMAL, [record], [Rejection(0, "a", "1"), Rejection(0, "b", "1"), Rejection(0, "a")]
    )

    assert len({one.id for one in twice}) == 2


@pytest.mark.parametrize("severity", ["safety", None])
def test_an_event_among_too_many_values_is_told(severity: str | None) -> None:
    event = {"event": "flooded"} | ({"severity": severity} if severity else {})
    many = [event, {"boot": "b", "seq": 7, "values": {f"k{n}": n for n in range(10_000)}}]
    decoded = decode([json.dumps(many).encode()])

    assert [one.fields["event"] for one in decoded.events] == ["flooded"]
    assert [one.reason for one in decoded.rejections] == [TOO_MANY_VALUES]
    assert [(one[1], one[2]) for one in decoded.unused] == [("b", 7)]


def test_an_array_of_half_a_million_things_that_are_no_events_is_one_short_letter() -> None:
    record = SpoolRecord(1, NOON_MS, "plantroom/demo/P-1/event", b"[" + b"1," * 500_000 + b"1]")
    objects, rejections = event_objects(record)

    assert [one.fields["event"] for one in objects] == [UNREADABLE]
    assert len(rejections) == 100


PLAIN = (
    st.integers(-(2**63), 2**63)
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.decimals(-9, 9, places=2)
)
PACK = st.lists(
    st.dictionaries(st.integers(-6, 8) | st.text(max_size=3), PLAIN | st.lists(PLAIN, max_size=3), max_size=6),
    max_size=5,
)


@given(pack=PACK, canonical=st.booleans())
def test_every_pack_passes_the_look_at_its_heads(pack: list[object], canonical: bool) -> None:
    check_pack(cbor2.dumps(pack, canonical=canonical))


@given(
    st.binary(max_size=60) | PACK.map(cbor2.dumps).flatmap(lambda raw: st.integers(0, len(raw)).map(lambda n: raw[:n]))
)
def test_any_bytes_are_a_pack_or_a_value_error(payload: bytes) -> None:
    with contextlib.suppress(ValueError):
        check_pack(payload)


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"\x81\xd8\x1e\x82\x01\x02", "tag 30"),
        (b"\x82\xd8\x1c\xa0\xd8\x1d\x00", "tag 28"),
        (b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff", "cut off"),
        (b"\x81\xa1\x81\x20\x00", "key"),
        (b"\x81" * 100 + b"\x00", "too many"),
        (b"\x81\x7a\x7f\xff\xff\xffx", "cut off"),
        (b"\x81\xbf\x00\xff", "break"),
        (b"", "cut off"),
    ],
)
def test_what_a_pack_has_no_use_for_is_refused_by_its_head(payload: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check_pack(payload)


def test_more_values_beside_events_than_a_message_may_carry_are_one_letter_and_the_first_events_are_told() -> None:
    payload = (
        b"[" + b'{"event":"flooded","values":{"vibration":1}},' * 10_000 + b'{"event":"flooded","values":{"a":1}}]'
    )

    kept = {one.id: code_of(one.reason) for one in letters("plantroom/demo/P-1/event", payload)}
    assert sorted(kept.values()) == [TOO_MANY_EVENTS, TOO_MANY_VALUES]
    assert len(event_objects(SpoolRecord(1, NOON_MS, "plantroom/demo/P-1/event", payload))[0]) == MAX_EVENTS + 1
