"""What a payload carries never comes out as a message, and never keeps the messages behind it from coming out."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.spool import Spool
from gateway.spool.format import HEAD_BYTES, encode
from gateway.spool.inspect import inspect_spool
from gateway.spool.segments import segments_in
from tests.examples import examples

MIB = 1 << 20
HONEST = b"plantroom/s/a/telemetry"
EVIL = b"plantroom/s/evil/telemetry"
FIRE = b"plantroom/s/fire/event"


def forged(positions: Sequence[int], size: int, salt: int = 0) -> bytes:
    """A payload of ``size`` bytes, full of records that nobody sent."""
    found = b"".join(encode(FIRE, b'{"event": "x", "severity": "safety"}', 1, p, salt) for p in positions)
    return (found + b" " * size)[:size]


def opened(folder: Path, segment_bytes: int = 16 * MIB) -> Spool:
    spool = Spool(folder, segment_bytes)
    spool.open()
    return spool


def from_disk(folder: Path, segment_bytes: int = 16 * MIB) -> tuple[list[tuple[int, str, bytes]], int]:
    """What comes out after a restart, and how many records count as damaged."""
    spool = opened(folder, segment_bytes)
    found: list[tuple[int, str, bytes]] = []
    while records := spool.read(5_000, 0):
        found += [(r.position, r.topic, r.payload) for r in records]
    damaged = spool.damaged
    spool.close()
    return found, damaged


def fill(folder: Path, messages: Sequence[tuple[bytes, bytes]], segment_bytes: int = 16 * MIB) -> None:
    spool = opened(folder, segment_bytes)
    for topic, payload in messages:
        spool.put(topic, payload, 1)
        spool.sync()
    spool.close()


def as_sent(messages: Sequence[tuple[bytes, bytes]]) -> list[tuple[int, str, bytes]]:
    return [(n, topic.decode(), payload) for n, (topic, payload) in enumerate(messages, 1)]


@pytest.mark.parametrize("size", [MIB // 2, MIB - 100, MIB - 30, MIB, MIB + 100, 4 * MIB, 20 * MIB])
def test_a_message_of_any_size_comes_out_whole_and_what_it_carries_does_not(tmp_path: Path, size: int) -> None:
    evil = forged(range(1, 200_000, 11), size)
    messages = [(HONEST, b"first"), (EVIL, evil), *((HONEST, b"%d" % n) for n in range(50))]
    fill(tmp_path, messages)
    assert inspect_spool(tmp_path)["damaged"] == 0
    assert from_disk(tmp_path) == (as_sent(messages), 0)


def test_a_large_message_costs_no_search(tmp_path: Path) -> None:
    fill(tmp_path, [(EVIL, forged(range(1, 100_000), 4 * MIB))] * 3)
    before = time.thread_time()
    assert len(from_disk(tmp_path)[0]) == 3
    assert time.thread_time() - before < 0.5, "a search byte by byte takes a second for each"


def test_a_reader_that_goes_on_in_a_segment_finds_its_place_behind_a_large_message(tmp_path: Path) -> None:
    messages = [(EVIL, forged(range(1, 100_000), 3 * MIB)), (HONEST, b"one"), (EVIL, b"\0" * 3 * MIB), (HONEST, b"two")]
    fill(tmp_path, messages)
    spool = opened(tmp_path)
    spool.commit(spool.read(2, 0)[-1].position, b"")
    spool.close()
    assert from_disk(tmp_path) == (as_sent(messages)[1:], 0)


EDITS = st.lists(st.tuples(st.integers(0, 1 << 30), st.binary(min_size=1, max_size=40)), max_size=4)


@settings(max_examples=examples(150), deadline=None)
@given(edits=EDITS, cut=st.integers(0, 3_000), sizes=st.lists(st.integers(0, 3_000), min_size=1, max_size=8))
def test_whatever_is_damaged_only_what_was_sent_comes_out(
    tmp_path_factory: pytest.TempPathFactory,
    edits: list[tuple[int, bytes]],
    cut: int,
    sizes: list[int],
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    messages = [(EVIL, forged(range(1, 40), size)) for size in sizes]
    fill(folder, messages, 4_000)
    segments = segments_in(folder)
    for where, harm in edits:
        path = segments[where % len(segments)].path
        raw = bytearray(path.read_bytes())
        begin = where // len(segments) % len(raw)
        raw[begin : begin + len(harm)] = harm
        path.write_bytes(bytes(raw))
    last = segments[-1].path
    last.write_bytes(last.read_bytes()[: max(0, last.stat().st_size - cut)])
    found, _ = from_disk(folder, 4_000)
    assert set(found) <= set(as_sent(messages))
    assert found == sorted(found)


@pytest.mark.parametrize("field", ["length", "payload"])
def test_a_damaged_message_full_of_forged_ones_costs_itself_alone(tmp_path: Path, field: str) -> None:
    messages = [(HONEST, b"first"), (EVIL, forged(range(1, 40_000), MIB)), (HONEST, b"second"), (HONEST, b"third")]
    fill(tmp_path, messages)
    path = segments_in(tmp_path)[0].path
    raw = bytearray(path.read_bytes())
    begin = HEAD_BYTES + len(HONEST) + len(b"first")
    raw[begin + (4 if field == "length" else HEAD_BYTES + 5_000)] ^= 0x10
    path.write_bytes(bytes(raw))
    before = time.thread_time()
    found, damaged = from_disk(tmp_path)
    assert time.thread_time() - before < 0.5
    assert (found, damaged) == ([each for each in as_sent(messages) if each[0] != 2], 1)


@pytest.mark.parametrize("size", [5_000, 3 * MIB])
def test_a_write_that_was_cut_short_leaves_nothing_that_it_carried(tmp_path: Path, size: int) -> None:
    messages = [(HONEST, b"first"), (EVIL, forged(range(1, 40_000), size))]
    fill(tmp_path, messages)
    path = segments_in(tmp_path)[0].path
    path.write_bytes(path.read_bytes()[:-7])
    assert from_disk(tmp_path) == (as_sent(messages)[:1], 0)


def test_every_segment_has_a_salt_of_its_own_that_is_nowhere_to_be_guessed(tmp_path: Path) -> None:
    fill(tmp_path, [(HONEST, b"x" * 500)] * 12, 1_000)
    salts = {segment.salt for segment in segments_in(tmp_path)}
    assert len(salts) == len(segments_in(tmp_path)) > 3
    assert 0 not in salts


def test_a_restart_goes_on_in_the_newest_segment(tmp_path: Path) -> None:
    for n in range(4):
        fill(tmp_path, [(HONEST, b"%d" % n)])
    assert len(segments_in(tmp_path)) == 1
    assert from_disk(tmp_path) == (as_sent([(HONEST, b"%d" % n) for n in range(4)]), 0)


def old_segment(folder: Path, messages: Sequence[tuple[bytes, bytes]]) -> None:
    """A segment of the first format, without a salt."""
    raw = b"".join(encode(topic, payload, 1, n, 0) for n, (topic, payload) in enumerate(messages, 1))
    (folder / f"{1:020d}.seg").write_bytes(raw)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_segments_of_the_first_format_are_read_to_the_end_and_not_written_to(tmp_path: Path, count: int) -> None:
    old = [(HONEST, b"old %d" % n) for n in range(count)]
    new = [(HONEST, b"new %d" % n) for n in range(3)]
    old_segment(tmp_path, old)
    fill(tmp_path, new)
    assert [segment.salt == 0 for segment in segments_in(tmp_path)] == [True, False]
    assert inspect_spool(tmp_path)["waiting"] == count + 3
    assert from_disk(tmp_path) == (as_sent([*old, *new]), 0)
    spool = opened(tmp_path)
    spool.commit(count, b"")
    assert [segment.first for segment in segments_in(tmp_path)] == [count + 1]


def test_a_large_message_of_the_first_format_comes_out_whole(tmp_path: Path) -> None:
    messages = [(HONEST, b"first"), (EVIL, forged(range(1, 40_000), 2 * MIB)), (HONEST, b"last")]
    old_segment(tmp_path, messages)
    assert from_disk(tmp_path) == (as_sent(messages), 0)
