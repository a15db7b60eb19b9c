"""A write or a sync of the spool that fails: the same records can be written again, or others in their place."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.spool import Spool
from gateway.spool.segments import segments_in


def half_a_write(file: int, data: bytes, at: int) -> int:
    os.pwritev(file, [data[: len(data) // 2]], at)
    raise OSError(errno.ENOSPC, "No space left on device")


def no_sync(file: int) -> None:
    del file
    raise OSError(errno.EIO, "Input/output error")


FAILURES: dict[str, Callable[..., object]] = {"pwrite": half_a_write, "fdatasync": no_sync}


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    made = Spool(tmp_path)
    made.open()
    made.put(b"t", b"first", 1)
    made.sync()
    return made


def fail_once(spool: Spool, what: str) -> None:
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(os, what, FAILURES[what])
        with pytest.raises(OSError, match=r"No space|Input/output"):
            spool.sync()


def on_disk(folder: Path) -> list[tuple[int, bytes]]:
    (segment,) = segments_in(folder)
    return [(one.record.position, one.record.payload) for one in segment.records()]


@pytest.mark.parametrize("what", FAILURES)
def test_the_same_records_are_written_again_and_stand_once(spool: Spool, what: str, tmp_path: Path) -> None:
    before = sum(one.path.stat().st_size for one in segments_in(tmp_path))
    for payload in (b"second" * 50, b"third"):
        spool.put(b"t", payload, 1)
    size = spool.pending_bytes
    fail_once(spool, what)
    assert [one.path.stat().st_size for one in segments_in(tmp_path)] == [before], "cut back to what was durable"
    assert spool.sync() == 2
    assert [one.path.stat().st_size for one in segments_in(tmp_path)] == [before + size]
    assert on_disk(tmp_path) == [(1, b"first"), (2, b"second" * 50), (3, b"third")]


@pytest.mark.parametrize("what", FAILURES)
def test_nothing_is_left_of_records_that_were_given_up(spool: Spool, what: str, tmp_path: Path) -> None:
    """They were never acknowledged, and the broker sends them again."""
    for n in range(20):
        spool.put(b"t", b"%d" % n * 50, 1)
    fail_once(spool, what)
    spool.forget_pending()
    spool.put(b"t", b"other", 1)
    spool.sync()
    spool.close()
    again = Spool(tmp_path)
    again.open()
    assert again.taken == 2
    assert on_disk(tmp_path) == [(1, b"first"), (2, b"other")]
    again.close()
