"""The spool keeps what was synced, in order, whatever happens to the process or the file."""

import resource
import signal
import struct
import threading
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.spool import Spool
from gateway.spool.segments import segments_in
from plantroom.ports.spool import SpoolRecord
from tests.examples import examples


def opened(folder: Path, segment_bytes: int = 1 << 20) -> Spool:
    spool = Spool(folder, segment_bytes)
    spool.open()
    return spool


def fill(spool: Spool, count: int, start: int = 0) -> None:
    for n in range(start, start + count):
        spool.put(b"plantroom/s/a/telemetry", f"message {n}".encode(), 1_000 + n)
    spool.sync()


def payloads(spool: Spool, limit: int = 10_000) -> list[bytes]:
    out: list[bytes] = []
    while records := spool.read(limit, 0.01):
        out += [r.payload for r in records]
    return out


def test_messages_come_out_in_order_with_rising_positions(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    fill(spool, 5)
    records = spool.read(10, 0.1)
    assert [r.position for r in records] == [1, 2, 3, 4, 5]
    assert [r.payload for r in records] == [f"message {n}".encode() for n in range(5)]
    assert records[0].topic == "plantroom/s/a/telemetry"
    assert records[0].received_ms == 1_000


def test_what_the_broker_says_of_a_message_is_known_again_from_memory_and_from_the_disk(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    expected = [(b"old", True, False), (b"new", False, False), (b"", True, True), (b"again", False, True)]
    for payload, retained, again in expected:
        spool.put(b"t", payload, 1, retained, again)
    spool.sync()
    assert [(r.payload, r.retained, r.again) for r in spool.read(10, 0.1)] == expected
    spool.close()
    assert [(r.payload, r.retained, r.again) for r in opened(tmp_path).read(10, 0.1)] == expected


def test_a_record_of_an_earlier_version_is_read_as_it_was(tmp_path: Path) -> None:
    body = struct.pack("<IQqH", 8, 1 ^ 5, 1_000, 1) + b"t" + b"message"
    (tmp_path / f"{1:020d}-{5:016x}.seg").write_bytes(struct.pack("<I", crc32(body)) + body)
    assert opened(tmp_path).read(10, 0.1) == [SpoolRecord(1, 1_000, "t", b"message", retained=False)]


def test_what_was_put_but_not_synced_is_not_readable(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    spool.put(b"t", b"x", 1)
    assert not spool.read(10, 0.01)
    spool.sync()
    assert len(spool.read(10, 0.01)) == 1


def test_what_was_read_but_not_committed_comes_again_after_a_restart(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    fill(spool, 10)
    records = spool.read(4, 0.1)
    spool.commit(records[1].position, b"state")
    spool.close()
    again = opened(tmp_path)
    assert again.committed() == (2, b"state")
    assert payloads(again) == [f"message {n}".encode() for n in range(2, 10)]


def test_a_spool_is_opened_by_one_at_a_time(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    fill(spool, 3)
    with pytest.raises(OSError, match="in use"):
        opened(tmp_path)
    fill(spool, 3, 3)
    spool.close()
    again = opened(tmp_path)
    assert len(payloads(again)) == 6
    spool.close()
    with pytest.raises(OSError, match="in use"):
        opened(tmp_path)
    del again
    assert opened(tmp_path).depth() == 6, "nobody has it any more"


def test_rewind_starts_again_behind_the_commit(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    fill(spool, 6)
    spool.read(5, 0.1)
    spool.commit(3, b"")
    spool.rewind()
    assert [r.position for r in spool.read(10, 0.1)] == [4, 5, 6]


def test_finished_segments_are_unlinked_and_positions_go_on(tmp_path: Path) -> None:
    spool = opened(tmp_path, segment_bytes=500)
    for start in range(0, 100, 5):
        fill(spool, 5, start)
    assert len(segments_in(tmp_path)) > 3
    assert payloads(spool) == [f"message {n}".encode() for n in range(100)]
    spool.commit(100, b"")
    assert len(segments_in(tmp_path)) == 1
    spool.close()
    again = opened(tmp_path, segment_bytes=500)
    fill(again, 1, 100)
    assert [r.position for r in again.read(10, 0.1)] == [101]


@pytest.mark.parametrize("cut", [1, 5, 17, 30])
def test_a_torn_last_write_is_cut_off_and_the_rest_stands(tmp_path: Path, cut: int) -> None:
    spool = opened(tmp_path)
    fill(spool, 3)
    spool.close()
    path = segments_in(tmp_path)[0].path
    path.write_bytes(path.read_bytes()[:-cut])
    again = opened(tmp_path)
    assert payloads(again) == [b"message 0", b"message 1"]
    fill(again, 1, 9)
    assert payloads(again) == [b"message 9"]


def test_a_flipped_bit_is_reported_and_only_that_record_is_passed_over(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    fill(spool, 4)
    spool.close()
    path = segments_in(tmp_path)[0].path
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"message 1") + 3] ^= 4
    path.write_bytes(bytes(raw))
    again = opened(tmp_path)
    assert payloads(again) == [b"message 0", b"message 2", b"message 3"]
    assert again.damaged == 1


def test_a_damaged_length_costs_only_its_record_and_shifts_no_position(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    fill(spool, 6)
    spool.commit(2, b"")
    spool.close()
    path = segments_in(tmp_path)[0].path
    raw = bytearray(path.read_bytes())
    record = len(raw) // 6
    raw[record * 3 + 4 : record * 3 + 8] = b"\xff\xff\xff\x7f"
    path.write_bytes(bytes(raw))
    again = opened(tmp_path)
    assert [(r.position, r.payload) for records in iter(lambda: again.read(10, 0.1), []) for r in records] == [
        (3, b"message 2"),
        (5, b"message 4"),
        (6, b"message 5"),
    ]
    assert again.damaged == 1
    fill(again, 1, 6)
    assert [r.position for r in again.read(10, 0.1)] == [7]


def test_a_segment_that_is_all_damage_is_passed_over(tmp_path: Path) -> None:
    spool = opened(tmp_path, segment_bytes=100)
    for n in range(6):
        fill(spool, 2, 2 * n)
    spool.close()
    second = segments_in(tmp_path)[1]
    second.path.write_bytes(b"\0" * second.path.stat().st_size)
    again = opened(tmp_path, segment_bytes=100)
    assert payloads(again) == [f"message {n}".encode() for n in range(12) if n not in {2, 3}]
    assert again.damaged == 2


def test_a_cursor_that_cannot_be_written_whole_leaves_the_earlier_one(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    fill(spool, 4)
    spool.commit(1, b"one")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, limits[1]))
    try:
        for _ in range(3):
            with pytest.raises(OSError):
                spool.commit(3, b"x" * (3 << 20))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert spool.committed() == (1, b"one")
    spool.close()
    assert opened(tmp_path).committed() == (1, b"one")


def test_an_older_cursor_stands_in_for_a_torn_one(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    fill(spool, 9)
    spool.commit(3, b"three")
    spool.commit(6, b"six")
    newest = tmp_path / "cursor.0"
    raw = bytearray(newest.read_bytes())
    raw[10] ^= 1
    newest.write_bytes(bytes(raw))
    spool.close()
    assert opened(tmp_path).committed() == (3, b"three")


def test_depth_counts_what_is_durable_and_not_committed(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    fill(spool, 7)
    spool.read(5, 0.1)
    spool.commit(5, b"")
    assert spool.depth() == 2


def test_a_waiting_reader_is_woken_by_a_sync(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    threading.Timer(0.05, lambda: fill(spool, 1)).start()
    assert len(spool.read(10, 5.0)) == 1


@settings(max_examples=examples(60), deadline=None)
@given(
    batches=st.lists(st.lists(st.binary(max_size=300), max_size=12), max_size=12),
    chunk=st.integers(1, 7),
    restart_every=st.integers(1, 5),
)
def test_every_synced_message_comes_out_once_in_order_across_restarts(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[bytes]], chunk: int, restart_every: int
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    spool = opened(folder, segment_bytes=400)
    got: list[bytes] = []
    for turn, batch in enumerate(batches):
        for payload in batch:
            spool.put(b"t", payload, 1)
        spool.sync()
        records = spool.read(chunk, 0)
        if records:
            got += [r.payload for r in records]
            spool.commit(records[-1].position, b"")
        if turn % restart_every == 0:
            spool.close()
            spool = opened(folder, segment_bytes=400)
    got += payloads(spool)
    assert got == [payload for batch in batches for payload in batch]


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_the_names_of_new_folders_are_made_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr("gateway.spool.segments.sync_folder", synced.append)
    opened(tmp_path / "spool" / "s" / "normal")
    assert synced[:3] == [tmp_path, tmp_path / "spool", tmp_path / "spool" / "s"]


def test_a_folder_that_cannot_be_synced_holds_no_file_open_for_each_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = opened(tmp_path, segment_bytes=10)
    fill(spool, 1)

    def refuse(folder: Path) -> None:
        raise OSError(5, "Input/output error", str(folder))

    spool.put(b"t", b"next", 1)
    with monkeypatch.context() as patched:
        patched.setattr("gateway.spool.segments.sync_folder", refuse)
        before = open_files()
        for _ in range(20):
            with pytest.raises(OSError, match="Input/output"):
                spool.sync()
        assert open_files() == before
    spool.sync()
    assert payloads(spool) == [b"message 0", b"next"]
    spool.close()
    assert payloads(opened(tmp_path)) == [b"message 0", b"next"]
