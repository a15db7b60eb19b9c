"""Properties of the ``json`` decoder: it never raises, and nothing vanishes."""

import json
import math

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.dialects.decoded import Decoded
from ingest.dialects.json import decoder
from ingest.dialects.json.decoder import decode
from ingest.time_hints import EXPECTED
from plantroom.wire import encode_telemetry

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
DEEP = st.builds(lambda depth, inner: b"[" * depth + inner + b"]" * depth, st.integers(1, 2000), st.just(b"1"))
MESSAGE_LIKE = st.fixed_dictionaries(
    {},
    optional={
        "ts": ANY_JSON | st.sampled_from(["2026-11-21T12:00:00Z", "2026-11-21T12:00:00.5+08:00", 1_795_262_400_000]),
        "boot": ANY_JSON,
        "seq": ANY_JSON,
        "event": ANY_JSON,
        "severity": st.sampled_from(["safety", "info", 5]),
        "values": st.dictionaries(st.text(max_size=5), ANY_JSON, max_size=4) | ANY_JSON,
        "vibration": ANY_JSON,
    },
)
PAYLOAD = (
    st.binary(max_size=40)
    | st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | DEEP
    | st.builds(lambda deep: b'{"seq":1,"values":{"a":1,"b":%b}}' % deep, DEEP)
    | (MESSAGE_LIKE | st.lists(MESSAGE_LIKE | ANY_JSON, max_size=3) | ANY_JSON).map(lambda o: json.dumps(o).encode())
)


def summary(decoded: Decoded) -> tuple[object, ...]:
    rejections = sorted((r.message, r.reason, r.part) for r in decoded.rejections)
    return decoded.message, decoded.ts_ms, decoded.keys, decoded.values.tolist(), decoded.seq, rejections


@given(st.lists(PAYLOAD, max_size=5))
def test_every_message_is_stored_rejected_or_an_event(payloads: list[bytes]) -> None:
    decoded = decode(payloads)

    rejected = {r.message for r in decoded.rejections}
    accounted = {*decoded.message, *rejected, *(e.message for e in decoded.events)}
    assert accounted == set(range(len(payloads)))
    assert sum(map(len, decoded.keys)) == len(decoded.values)
    assert np.isfinite(decoded.values).all()
    assert len(decoded.message) == len(decoded.ts_ms) == len(decoded.boot) == len(decoded.seq) == len(decoded.digest)


LIKELY = st.fixed_dictionaries(
    {"values": st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(-9, 9) | st.floats(width=32), max_size=3)},
    optional={
        "ts": st.sampled_from(["2026-11-21T12:00:00.000Z", 1_795_262_400_000]),
        "boot": st.sampled_from(["a1", "", "x" * 64, "x" * 65, 7, None]),
        "seq": st.sampled_from([0, 5, -1, 1 << 62, "5", 5.0, True, None]),
        "event": st.sampled_from(["tripped", 5, " "]),
        "severity": st.sampled_from(["safety", " SAFETY", "info", 5]),
    },
)


@pytest.mark.parametrize("skipped", [("_decode_alike",), ("_decode_alike", "_take_canonical")])
@settings(deadline=None)
@given(st.lists((LIKELY | MESSAGE_LIKE).map(lambda o: json.dumps(o).encode()), max_size=5))
def test_a_short_way_gives_what_the_long_way_gives(skipped: tuple[str, ...], payloads: list[bytes]) -> None:
    short = decode(payloads, truths=True)
    with pytest.MonkeyPatch.context() as patched:
        for name in skipped:
            patched.setattr(decoder, name, lambda *_, **__: None)
        long = decode(payloads, truths=True)
    assert summary(short) == summary(long)
    assert (short.boot, short.digest, short.events) == (long.boot, long.digest, long.events)
    assert short.truths == long.truths


@given(st.lists(PAYLOAD, min_size=1, max_size=5))
def test_a_batch_decodes_as_its_messages_do_one_by_one(payloads: list[bytes]) -> None:
    together = decode(payloads)
    alone = [decode([payload]) for payload in payloads]

    assert together.keys == [keys for one in alone for keys in one.keys]
    assert together.ts_ms == [ts for one in alone for ts in one.ts_ms]
    assert together.values.tolist() == [value for one in alone for value in one.values.tolist()]
    assert sorted((r.message, r.reason, r.part) for r in together.rejections) == sorted(
        (n, r.reason, r.part) for n, one in enumerate(alone) for r in one.rejections
    )


@given(st.dictionaries(st.text(), ANY_JSON, min_size=1, max_size=6))
def test_each_value_is_either_stored_as_sent_or_named_in_a_rejection(values: dict[str, object]) -> None:
    decoded = decode([json.dumps({"values": values}).encode()])

    stored = dict(zip(decoded.keys[0], decoded.values.tolist(), strict=True)) if decoded.keys else {}
    for key, value in values.items():
        if isinstance(value, (bool, int, float)) and math.isfinite(value):
            assert stored[key] == float(value)
        else:
            assert key not in stored
            assert key in [r.part for r in decoded.rejections]


def test_two_broken_halves_do_not_make_one_whole() -> None:
    good = b'{"values":{"a":1}}'
    for payloads in (
        [b"[1", b"2],3"],
        [b'[{"a":1}', b'{"a":2}],{},{"a":3}'],
        [b'{"values":{"a":1}', b'"b":2}'],
        [b'{"a":1},{"a":2}', good],
        [good, b"]", b"["],
    ):
        broken = [n for n, payload in enumerate(payloads) if payload != good]
        assert sorted({r.message for r in decode(payloads).rejections}) == broken


def test_floats_survive_to_the_last_bit() -> None:
    value = 0.1 + 0.2
    assert decode([encode_telemetry(1_795_262_400_000, {"a": value})]).values.tolist() == [value]


@pytest.mark.parametrize(
    "text", ["2026-11-21T12:00:00.1234567890123Z", "2026-13-01T00:00:00.000Z", "2026-11-21", "", "NaT", "T" * 24]
)
def test_a_time_that_is_none_is_rejected_and_its_neighbour_is_not(text: str) -> None:
    payloads = [orjson.dumps({"ts": t, "values": {"a": 1}}) for t in ("2026-11-21T12:00:00.000Z", text)]
    decoded = decode(payloads)
    if decoded.message == [0]:
        assert [(r.message, r.reason) for r in decoded.rejections] == [(1, f"unreadable_time: {EXPECTED}")]
    else:
        assert decoded.ts_ms == [1_795_262_400_000, 1_795_262_400_123]
