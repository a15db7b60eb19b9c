"""Whatever happens to a spool's files: what is damaged is counted and passed over, all else comes out as it went in."""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.spool import Spool
from gateway.spool.format import HEAD_BYTES, encode
from gateway.spool.inspect import inspect_folder, inspect_spool
from gateway.spool.segments import segments_in
from tests.examples import examples

COUNT = 12
TOPIC = b"plantroom/s/a/telemetry"
SEGMENT = 150
"""Two or three records to a segment."""

FIELDS = {"crc": 0, "length": 4, "position": 8, "received": 16, "topic length": 24, "topic": 30, "payload": -2}


def filled(folder: Path, count: int = COUNT, segment_bytes: int = SEGMENT) -> None:
    spool = Spool(folder, segment_bytes)
    spool.open()
    for n in range(1, count + 1):
        spool.put(TOPIC, f"message {n}".encode(), n)
        spool.sync()
    spool.close()


def delivered(spool: Spool) -> list[int]:
    """Positions that come out; each with the topic, time and payload of its own."""
    found: list[int] = []
    while records := spool.read(1000, 0):
        for record in records:
            n = record.position
            assert record.payload == f"message {n}".encode()
            assert (record.topic, record.received_ms) == (TOPIC.decode(), n)
            found.append(n)
    return found


def reopened(folder: Path) -> tuple[list[int], int]:
    """What comes out of the spool after a restart, and how many it counts as damaged."""
    spool = Spool(folder, SEGMENT)
    spool.open()
    found = delivered(spool)
    assert found == sorted(set(found))
    return found, spool.damaged


def offsets(raw: bytes) -> list[int]:
    """Where records begin."""
    found, at = [], 0
    while at < len(raw):
        found.append(at)
        at += HEAD_BYTES + int.from_bytes(raw[at + 4 : at + 8], "little")
    return found


def edit(path: Path, change: Callable[[bytearray], None]) -> None:
    raw = bytearray(path.read_bytes())
    change(raw)
    path.write_bytes(bytes(raw))


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("record", [0, 1])
@pytest.mark.parametrize("segment", [0, 1, -1])
def test_a_flipped_bit_costs_its_record_and_is_counted(tmp_path: Path, field: str, record: int, segment: int) -> None:
    filled(tmp_path)
    chosen = segments_in(tmp_path)[segment]

    def flip(raw: bytearray) -> None:
        begins = [*offsets(bytes(raw)), len(raw)]
        at = FIELDS[field]
        raw[begins[record] + at if at >= 0 else begins[record + 1] + at] ^= 0x10

    edit(chosen.path, flip)
    looked = inspect_spool(tmp_path)
    found, damaged = reopened(tmp_path)
    hurt = chosen.first + record
    assert [n for n in range(1, COUNT + 1) if n not in found] == [hurt]
    # A last record whose length or position is wrong looks like a write that was cut short.
    last = hurt == COUNT and field in ("length", "position")
    assert damaged == (0 if last else 1)
    assert looked["problem"] is None
    assert looked["damaged"] == (0 if hurt == COUNT else 1)


@pytest.mark.parametrize("fields", [["payload"] * 3, ["payload", "position", "topic"], ["crc", "length", "payload"]])
def test_all_damaged_last_records_count_and_their_positions_are_never_used_again(
    tmp_path: Path, fields: list[str]
) -> None:
    filled(tmp_path, segment_bytes=1 << 20)

    def flip(raw: bytearray) -> None:
        begins = [*offsets(bytes(raw)), len(raw)]
        for back, field in zip((4, 3, 2), fields, strict=True):
            at = FIELDS[field]
            raw[begins[-back] + at if at >= 0 else begins[1 - back] + at] ^= 0x10

    edit(segments_in(tmp_path)[0].path, flip)
    for _ in range(3):
        assert reopened(tmp_path) == (list(range(1, COUNT - 2)), 3)
    spool = Spool(tmp_path)
    spool.open()
    spool.put(TOPIC, f"message {COUNT + 1}".encode(), COUNT + 1)
    spool.sync()
    spool.close()
    assert reopened(tmp_path) == ([*range(1, COUNT - 2), COUNT + 1], 3)


@pytest.mark.parametrize("hurt", [1, 3, COUNT])
def test_a_spool_that_ends_in_damage_is_empty_once_that_was_passed_over(tmp_path: Path, hurt: int) -> None:
    filled(tmp_path, segment_bytes=1 << 20)

    def flip(raw: bytearray) -> None:
        for begin in offsets(bytes(raw))[-hurt:]:
            raw[begin + HEAD_BYTES] ^= 0x10

    edit(segments_in(tmp_path)[0].path, flip)
    spool = Spool(tmp_path)
    spool.open()
    assert spool.depth() == COUNT
    found = delivered(spool)
    assert spool.depth() == (COUNT if found else 0)
    if found:
        spool.commit(found[-1], b"")
    assert (spool.depth(), spool.damaged) == (0, hurt)
    spool.put(TOPIC, b"more", 1)
    spool.sync()
    assert spool.depth() == 1


@settings(max_examples=examples(150), deadline=None)
@given(segment=st.integers(0, 4), where=st.integers(0, 400), bit=st.integers(0, 7))
def test_any_flipped_bit_costs_one_record_at_most_and_never_gives_a_wrong_one(
    tmp_path_factory: pytest.TempPathFactory, segment: int, where: int, bit: int
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    filled(folder)
    found = segments_in(folder)
    chosen = found[segment % len(found)]
    edit(chosen.path, lambda raw: raw.__setitem__(where % len(raw), raw[where % len(raw)] ^ 1 << bit))
    out, damaged = reopened(folder)
    missing = COUNT - len(out)
    assert missing == 1
    assert damaged == missing or COUNT not in out


@settings(max_examples=examples(100), deadline=None)
@given(
    cuts=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 200), st.integers(0, 60), st.binary(max_size=60))),
    at_first=st.booleans(),
)
def test_cut_out_and_spliced_bytes_are_survived(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[tuple[int, int, int, bytes]], at_first: bool
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    filled(folder)
    for segment, start, length, splice in cuts:
        found = segments_in(folder)
        begin = 0 if at_first else start
        edit(
            found[segment % len(found)].path,
            lambda raw, b=begin, n=length, s=splice: raw.__setitem__(slice(b, b + n), s),
        )
    inspect_spool(folder)
    out, _ = reopened(folder)
    again = Spool(folder, SEGMENT)
    again.open()
    again.put(TOPIC, b"new", 1)
    again.sync()
    assert [record.payload for record in again.read(1000, 0)][-1:] or out == []


def test_what_a_damaged_message_carries_is_not_taken_for_a_message(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.open()
    forged = encode(b"plantroom/s/other/telemetry", b"forged", 2, 2, 0)
    for payload in (b"message 1", forged, b"message 3"):
        spool.put(TOPIC, payload, 1)
    spool.sync()
    spool.close()
    edit(segments_in(tmp_path)[0].path, lambda raw: raw.__setitem__(60 + HEAD_BYTES, raw[60 + HEAD_BYTES] ^ 1))
    again = Spool(tmp_path)
    again.open()
    found = [record.payload for _ in range(2) for record in again.read(10, 0)]
    assert found == [b"message 1", b"message 3"]
    assert again.damaged == 1


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_missing_segment_is_counted_and_the_others_come(tmp_path: Path, missing: int) -> None:
    filled(tmp_path)
    spool = Spool(tmp_path, SEGMENT)
    spool.open()
    first, *_ = spool.read(1, 0)
    assert first.position == 1
    spool.commit(1, b"")
    spool.close()
    gone = segments_in(tmp_path)
    lost = [n for n in range(gone[missing].first, gone[missing + 1].first) if n > 1]
    gone[missing].path.unlink()
    found, damaged = reopened(tmp_path)
    assert [n for n in range(2, COUNT + 1) if n not in found] == lost
    assert damaged == len(lost)


def test_segments_taken_away_while_it_runs_are_counted_and_what_comes_then_is_kept(tmp_path: Path) -> None:
    filled(tmp_path)
    spool = Spool(tmp_path, SEGMENT)
    spool.open()
    for segment in segments_in(tmp_path):
        segment.path.unlink()
    assert delivered(spool) == []
    assert spool.damaged == COUNT
    spool.put(TOPIC, b"message 13", 13)
    spool.sync()
    assert delivered(spool) == [13]
    spool.close()
    assert reopened(tmp_path)[0] == [13]


def test_an_empty_segment_in_the_middle_is_counted(tmp_path: Path) -> None:
    filled(tmp_path)
    chosen, following = segments_in(tmp_path)[1:3]
    chosen.path.write_bytes(b"")
    found, damaged = reopened(tmp_path)
    assert damaged == following.first - chosen.first == COUNT - len(found)


def test_a_rewind_counts_no_damage_twice(tmp_path: Path) -> None:
    filled(tmp_path)
    segments_in(tmp_path)[1].path.write_bytes(b"\0" * 300)
    spool = Spool(tmp_path, SEGMENT)
    spool.open()
    delivered(spool)
    before = spool.damaged
    spool.rewind()
    delivered(spool)
    assert spool.damaged == before > 0


def test_foreign_files_and_folders_are_left_alone(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "notes.seg").write_text("mine")
    (tmp_path / "1.seg").write_text("mine")
    (tmp_path / "lost+found").mkdir()
    (tmp_path / f"{7:020d}.seg.bak").write_text("mine")
    (tmp_path / f"{99:020d}.seg").mkdir()
    assert reopened(tmp_path) == (list(range(1, COUNT + 1)), 0)
    assert inspect_spool(tmp_path)["waiting"] == COUNT
    assert (tmp_path / "notes.seg").read_text() == "mine"


@pytest.mark.parametrize("harm", [b"", b"\0" * 40, b"\xff" * (1 << 20), None])
def test_without_a_readable_cursor_everything_that_is_there_comes_again(tmp_path: Path, harm: bytes | None) -> None:
    filled(tmp_path)
    spool = Spool(tmp_path, SEGMENT)
    spool.open()
    spool.commit(8, b"state")
    left = segments_in(tmp_path)[0].first
    spool.close()
    for name in ("cursor.0", "cursor.1"):
        path = tmp_path / name
        path.unlink() if harm is None else path.write_bytes(harm)
    assert reopened(tmp_path) == (list(range(left, COUNT + 1)), 0)


@pytest.mark.parametrize("byte", [0, 5, 13, 21, 25])
def test_a_flipped_bit_in_the_newest_cursor_leaves_the_earlier_one(tmp_path: Path, byte: int) -> None:
    filled(tmp_path)
    spool = Spool(tmp_path, SEGMENT)
    spool.open()
    spool.commit(3, b"three")
    spool.commit(6, b"sixsix")
    spool.close()
    edit(tmp_path / "cursor.0", lambda raw: raw.__setitem__(byte, raw[byte] ^ 0x41))
    again = Spool(tmp_path, SEGMENT)
    again.open()
    assert again.committed() == (3, b"three")


def test_a_folder_that_cannot_be_used_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "cursor.0").mkdir()
    with pytest.raises(OSError, match=r"cursor\.0"):
        Spool(tmp_path).open()
    lane = tmp_path / "site" / "normal"
    filled(lane)
    shutil.rmtree(lane)
    lane.mkdir()
    os.mkfifo(lane / f"{1:020d}.seg")
    (lane / "cursor.0").mkdir()
    (looked,) = inspect_folder(tmp_path)
    assert "cursor.0" in looked["problem"]


def test_status_says_what_waits_and_since_when(tmp_path: Path) -> None:
    filled(tmp_path)
    looked = inspect_spool(tmp_path)
    assert (looked["waiting"], looked["last"], looked["damaged"]) == (COUNT, COUNT, 0)
    assert looked["oldest_s"] > 1e9
    assert looked["free_bytes"] > 0
    spool = Spool(tmp_path, SEGMENT)
    spool.open()
    spool.commit(COUNT, b"")
    looked = inspect_spool(tmp_path)
    assert (looked["waiting"], looked["oldest_s"], looked["committed"]) == (0, None, COUNT)


class Killed(BaseException):
    """Ends an opening in the middle."""


CALLS = ("open", "fsync", "ftruncate", "unlink", "pwrite", "truncate")


def opened_and_killed(folder: Path, monkeypatch: pytest.MonkeyPatch, after: int) -> bool:
    """Open the spool and die before the call behind so many of those that touch the disk; ``False``: it got through.
    A new file's name is gone again unless its folder was synced."""
    spool, done, unsynced = Spool(folder), 0, set[Path]()

    def watched(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal done
            if done == after:
                raise Killed
            done += 1
            names = set(folder.iterdir())
            result = real(*args, **kwargs)
            unsynced.update(set(folder.iterdir()) - names)
            if name == "fsync" and stat.S_ISDIR(os.fstat(args[0]).st_mode):
                unsynced.clear()
            return result

        return call

    with monkeypatch.context() as patched:
        for name in CALLS:
            patched.setattr(os, name, watched(name))
        try:
            spool.open()
        except Killed:
            killed = True
        else:
            killed = False
    spool.close()
    for path in unsynced if killed else ():
        path.unlink()
    return killed


@pytest.mark.parametrize("lost", [1, 2])
def test_a_kill_at_any_moment_of_an_opening_forgets_no_damaged_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    filled(tmp_path / "before", 5, 1 << 20)
    (segment,) = segments_in(tmp_path / "before")

    def flip(raw: bytearray) -> None:
        begins = [*offsets(bytes(raw)), len(raw)]
        for at in begins[-1 - lost : -1]:
            raw[at + FIELDS["topic"]] ^= 0x10

    edit(segment.path, flip)
    for after in range(100):
        folder = tmp_path / str(after)
        shutil.copytree(tmp_path / "before", folder)
        killed = opened_and_killed(folder, monkeypatch, after)
        spool = Spool(folder)
        spool.open()
        spool.put(TOPIC, b"message 6", 6)
        spool.sync()
        assert delivered(spool) == [*range(1, 6 - lost), 6], f"killed before call {after}"
        assert (spool.damaged, spool.taken) == (lost, 6)
        spool.close()
        if not killed:
            break
    assert after > 5, "there was something to kill"
