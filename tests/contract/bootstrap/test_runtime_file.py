"""Where a process says how to reach it: a disk that is full keeps nothing from starting."""

import errno
import os
from pathlib import Path

import pytest

from plantroom.bootstrap.parts import write_private
from plantroom.bootstrap.roles import _write_runtime


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)


@pytest.mark.usefixtures("full_disk")
def test_a_start_goes_on_without_its_runtime_file_and_leaves_nothing_behind(tmp_path: Path) -> None:
    _write_runtime(tmp_path / "runtime.json", {"http_url": "http://127.0.0.1:8000"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("full_disk")
def test_a_private_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    kept = tmp_path / "initial-admin"
    kept.write_text("before")
    with pytest.raises(OSError, match="No space"):
        write_private(kept, "after")
    assert list(tmp_path.iterdir()) == [kept]
    assert kept.read_text() == "before"
