"""A reader that looks ahead in its spool reads on as if it had not."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.spool import Spool
from plantroom.ports.spool import SpoolRecord
from tests.examples import examples

KIND = st.sampled_from(["put", "read", "look", "look again", "commit", "rewind"])
STEPS = st.lists(st.tuples(KIND, st.integers(1, 40)), max_size=60)


@settings(max_examples=examples(150), deadline=None)
@given(steps=STEPS)
def test_looking_ahead_changes_nothing_of_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    spool = Spool(tmp_path_factory.mktemp("spool"), segment_bytes=400)
    spool.open()
    written, read, committed, looked = 0, 0, 0, 0
    for kind, count in steps:
        if kind == "put":
            for number in range(written + 1, written + count + 1):
                spool.put(b"t", str(number).encode(), 1)
            spool.sync()
            written += count
        elif kind == "read":
            read += follows(spool.read(count, 0), read)
        elif kind == "commit" and read > committed:
            spool.commit(read, b"")
            committed = read
        elif kind == "rewind":
            spool.rewind()
            read = committed
        elif kind.startswith("look"):
            behind = max(looked, read) if kind == "look again" else read
            found = follows(spool.look_ahead(behind, count, 0), behind)
            assert found or behind == written
            looked = behind + found
    spool.close()
    assert spool.damaged == 0


def follows(records: Sequence[SpoolRecord], behind: int) -> int:
    positions = [record.position for record in records]
    assert positions == list(range(behind + 1, behind + len(positions) + 1))
    assert [int(record.payload) for record in records] == positions
    return len(positions)


def test_nothing_ahead_is_waited_for_no_longer_than_said(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.open()
    spool.put(b"t", b"1", 1)
    spool.sync()
    assert [record.payload for record in spool.look_ahead(0, 10, 0.01)] == [b"1"]
    assert spool.look_ahead(1, 10, 0.01) == []
    assert [record.payload for record in spool.read(10, 0.01)] == [b"1"]
