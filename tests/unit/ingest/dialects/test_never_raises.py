"""Properties of every dialect: nothing makes it raise, nothing vanishes, nothing infinite comes out, and a state that
was saved goes on as if it had not been."""

import json
import math
from collections.abc import Callable
from dataclasses import replace

import cbor2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.dialects import DIALECTS
from ingest.dialects.dialect import Dialect, Heard, Message
from ingest.dialects.sparkplug_b.wire import Payload
from ingest.letters import letters_of
from ingest.mapping import Foreign, ForeignReader
from ingest.matching import Matcher, SeriesTable, SourceRoute
from ingest.rejections import code_of
from plantroom.domain.sources import FieldMapping, TopicSource
from plantroom.ports.spool import Lane, SpoolRecord
from tests.unit.ingest.plants import plant_of

NOW = 1_795_262_400_000

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["ON", "off"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
TIMES = st.sampled_from(
    ["2026-11-21T12:00:00", "2026-11-21T12:00:00Z", "0001-01-01T00:00:00", "9999-12-31T23:59:59", NOW, 0, -1, None]
)
RECORD = st.dictionaries(
    st.sampled_from(["bver", "bn", "bt", "bu", "bv", "bs", "n", "u", "v", "vs", "vb", "vd", "s", "t", "ut", "x_"]),
    st.floats() | st.integers(-(2**70), 2**70) | st.sampled_from(["urn:a", "temp", "Cel", "10*99999999"]) | ANY,
)
CBOR_RECORD = st.dictionaries(st.integers(-6, 8) | st.text(max_size=2), st.floats() | st.integers() | st.text() | ANY)
STATE = st.dictionaries(st.sampled_from(["Time", "last_seen", "state", "ENERGY", "StatusSNS", "a"]), ANY | TIMES)


def metric(draw: st.DrawFn, payload: Payload) -> None:
    one = payload.metrics.add()
    if draw(st.booleans()):
        one.name = draw(st.sampled_from([b"speed", b"bdSeq", b"Node Control/Rebirth", b"\xff"]))
    if draw(st.booleans()):
        one.alias = draw(st.integers(0, 3))
    if draw(st.booleans()):
        one.datatype = draw(st.integers(0, 40))
    if draw(st.booleans()):
        one.timestamp = draw(st.sampled_from([NOW, 0, 2**64 - 1]))
    one.is_null, one.is_historical = draw(st.booleans()), draw(st.booleans())
    field, value = draw(
        st.sampled_from(
            [
                ("int_value", 2**32 - 1), ("long_value", 2**64 - 1), ("float_value", math.nan), ("double_value", 1.5),
                ("double_value", math.inf), ("boolean_value", True), ("string_value", b"\xff"), ("bytes_value", b"x"),
                ("dataset_value", b""), ("template_value", b"y"), ("is_null", True),
            ]
        )
    )  # fmt: skip
    setattr(one, field, value)


@st.composite
def sparkplug(draw: st.DrawFn) -> bytes:
    payload = Payload()
    if draw(st.booleans()):
        payload.seq = draw(st.sampled_from([0, 1, 2, 255, 2**64 - 1]))
    if draw(st.booleans()):
        payload.timestamp = NOW
    for _ in range(draw(st.integers(0, 3))):
        metric(draw, payload)
    return bytes(payload.SerializeToString())


PAYLOAD = (
    st.binary(max_size=40)
    | sparkplug()
    | st.lists(RECORD, max_size=4).map(lambda pack: json.dumps(pack).encode())
    | st.lists(CBOR_RECORD, max_size=4).map(cbor2.dumps)
    | STATE.map(lambda state: json.dumps(state).encode())
    | st.sampled_from([b"online", b"Offline", b'"online"', b'{"state":"offline"}', b"", b" ", b"[" * 3000])
)
TOPIC = st.sampled_from(
    [
        "spBv1.0/g/NBIRTH/e", "spBv1.0/g/NDATA/e", "spBv1.0/g/NDEATH/e", "spBv1.0/g/DBIRTH/e/d", "spBv1.0/g/DDATA/e/d",
        "spBv1.0/g/DDEATH/e/d", "spBv1.0/STATE/h", "spBv1.0/g/NCMD/e", "spBv1.0/g", "spBv1.0", "zigbee2mqtt/kitchen",
        "zigbee2mqtt/a/b/availability", "zigbee2mqtt/bridge/state", "tele/plug/SENSOR", "tele/plug/LWT",
        "tele/plug/STATE", "stat/plug/STATUS8", "tele/plug/INFO1", "SENSOR", "a//b", "/",
    ]
)  # fmt: skip
MESSAGE = st.builds(
    Message, TOPIC, st.integers(NOW, NOW + 60_000), PAYLOAD, st.integers(0, 3), st.sampled_from(["", "Europe/Berlin"])
)
EVERY = pytest.mark.parametrize("make", DIALECTS.values(), ids=DIALECTS)


FIELDS = st.sampled_from(["speed", "temp", "a", "state", "urn:a", "ENERGY"])
UNITS = st.sampled_from(["", "Cel", "kPa", "nonsense", "10*99999999", "(" * 40 + "m" + ")" * 40])
MAPPING = st.lists(
    st.builds(FieldMapping, FIELDS, st.sampled_from(["vibration", "pressure", "none"]), st.just("P-1"), UNITS),
    max_size=3,
).map(tuple)


@EVERY
@settings(deadline=None)
@given(messages=st.lists(MESSAGE, min_size=1, max_size=6), fields=MAPPING, again=st.booleans())
def test_nor_does_the_way_from_fields_to_points(
    make: Callable[[], Dialect], messages: list[Message], fields: tuple[FieldMapping, ...], again: bool
) -> None:
    name = next(key for key, value in DIALECTS.items() if value is make)
    matcher = Matcher("demo", SeriesTable())
    matcher.follow(
        replace(plant_of(), topic_sources=(TopicSource("s", "demo", "s", "a/#", name, asset="P-1", fields=fields),))
    )
    route = matcher.route("a/x")
    assert isinstance(route, SourceRoute)
    records = [SpoolRecord(n, one.received_ms, one.topic, one.payload) for n, one in enumerate(messages, 1)]

    (mapped,) = ForeignReader(matcher.route, lambda _topic: True).read(
        [Foreign(n, route, record) for n, record in enumerate(records)], again=again
    )
    letters = letters_of("demo", Lane.NORMAL, records, mapped.rejections)

    assert np.isfinite(mapped.decoded.values).all()
    assert len(mapped.decoded.values) == sum(map(len, mapped.decoded.keys))
    assert len(letters) == len({(one.message, code_of(one.reason)) for one in mapped.rejections})


def summary(heard: Heard) -> str:
    return repr(heard)


@EVERY
@given(messages=st.lists(MESSAGE, max_size=6))
def test_every_message_is_accounted_for_and_values_are_finite(
    make: Callable[[], Dialect], messages: list[Message]
) -> None:
    heard = make().decode(messages)

    told = [*heard.samples, *heard.rejections, *heard.presence, *heard.events]
    assert {one.message for one in told} | set(heard.understood) == set(range(len(messages)))
    for sample in heard.samples:
        assert sample.values
        assert all(math.isfinite(value) for value in sample.values.values())
        assert -(1 << 62) <= sample.ts_ms < 1 << 62


@EVERY
@given(messages=st.lists(MESSAGE, min_size=1, max_size=8), cut=st.integers(0, 8))
def test_a_state_that_was_saved_goes_on_as_if_it_had_not_been(
    make: Callable[[], Dialect], messages: list[Message], cut: int
) -> None:
    steady, first, second = make(), make(), make()

    steady.decode(messages[:cut])
    expected = summary(steady.decode(messages[cut:]))
    first.decode(messages[:cut])
    second.restore(first.snapshot())

    assert summary(second.decode(messages[cut:])) == expected
    assert second.snapshot() == steady.snapshot()
    assert second.gaps == steady.gaps


@EVERY
def test_what_is_no_snapshot_is_refused_or_not_needed(make: Callable[[], Dialect]) -> None:
    dialect = make()
    if dialect.snapshot() == b"" and type(dialect).restore is Dialect.restore:
        return
    for garbage in (b"x", b"[]", b'{"g/e":1}', b'{"g/e":{"head":[1]}}', b'{"g/e":{"head":"12345","metrics":[1]}}'):
        with pytest.raises(ValueError):
            dialect.restore(garbage)
