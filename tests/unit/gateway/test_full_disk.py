"""A full disk: what is dealt with makes room for what comes, and a kill at any step loses and doubles nothing."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.spool import Spool
from gateway.spool.segments import segments_in

ROOM = 1_500
"""Bytes that segments may take."""

BODY = b"x" * 900


def used(folder: Path) -> int:
    return sum(one.path.stat().st_size for one in segments_in(folder))


@pytest.fixture(autouse=True)
def _small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes to segments fail once they are too large together; the cursor has its reserve."""
    real = os.pwrite

    def pwrite(file: int, data: bytes, at: int) -> int:
        name = str(Path(f"/proc/self/fd/{file}").readlink())
        if ".seg" in name and used(tmp_path) + len(data) > ROOM:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(file, data, at)

    monkeypatch.setattr(os, "pwrite", pwrite)


def opened(folder: Path) -> Spool:
    spool = Spool(folder)
    spool.open()
    return spool


def put(spool: Spool, payload: bytes) -> None:
    spool.put(b"t", payload, 1)
    spool.sync()


def read(spool: Spool) -> list[tuple[int, bytes]]:
    found = [(one.position, one.payload) for one in spool.read(100, 0.01)]
    if found:
        spool.commit(found[-1][0], b"state")
    return found


def test_a_segment_that_is_wholly_dealt_with_makes_room(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    for number in range(1, 6):
        put(spool, BODY)
        assert read(spool) == [(number, BODY)]
    assert used(tmp_path) <= ROOM
    spool.close()
    again = opened(tmp_path)
    assert again.committed() == (5, b"state")
    put(again, BODY)
    assert read(again) == [(6, BODY)]


def test_what_is_not_dealt_with_stays_and_nothing_more_is_taken(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    put(spool, BODY)
    with pytest.raises(OSError, match="No space"):
        put(spool, BODY)
    assert read(spool) == [(1, BODY)]
    assert spool.sync() == 1, "once it is dealt with, the next try has room"
    assert read(spool) == [(2, BODY)]


def test_without_room_for_a_name_the_old_segment_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = opened(tmp_path)
    put(spool, BODY)
    read(spool)
    real = os.open

    def no_new_name(path: Path, flags: int, *more: int) -> int:
        if flags & os.O_CREAT and str(path).endswith(".seg") and used(tmp_path):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, flags, *more)

    monkeypatch.setattr(os, "open", no_new_name)
    put(spool, BODY)
    assert read(spool) == [(2, BODY)]


class Killed(BaseException):
    """The process ends here."""


def _kill_at(monkeypatch: pytest.MonkeyPatch, what: str, *, after: bool) -> None:
    target: object = Path if what == "unlink" else os
    real: Callable[..., object] = getattr(target, what)

    def killed(*given: object, **named: object) -> object:
        concerns = any(".seg" in str(one) for one in given) or what in ("fsync", "fdatasync")
        if not concerns:
            return real(*given, **named)
        if after:
            real(*given, **named)
        raise Killed

    monkeypatch.setattr(target, what, killed)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("what", ["open", "fsync", "unlink", "fdatasync"])
def test_a_kill_in_between_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, after: bool
) -> None:
    spool = opened(tmp_path)
    put(spool, BODY)
    read(spool)
    spool.put(b"t", BODY, 1)
    with monkeypatch.context() as at:
        _kill_at(at, what, after=after)
        with pytest.raises(Killed):
            spool.sync()
    spool.close()

    again = opened(tmp_path)
    assert again.committed() == (1, b"state")
    kept = read(again)
    assert kept in ([], [(2, BODY)]), "not acknowledged yet: it may be there or not"
    for number in range(2 + len(kept), 6):
        put(again, BODY)
        assert read(again) == [(number, BODY)]
    assert again.damaged == 0
