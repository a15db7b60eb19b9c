"""Where a process says how to reach it: a disk that is full keeps nothing from starting."""

import errno
import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from plantroom.bootstrap.folder import is_held
from plantroom.bootstrap.parts import write_private
from plantroom.bootstrap.roles import COLLECT, RUN, _held_runtime, _write_runtime
from plantroom.cli.common import BrokerNotSet, running_broker
from plantroom.settings import Settings


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fsync)


@pytest.mark.usefixtures("full_disk")
def test_a_start_goes_on_without_its_runtime_file_and_leaves_nothing_behind(tmp_path: Path) -> None:
    _write_runtime(tmp_path / "runtime.json", {"http_url": "http://127.0.0.1:8000"})
    assert list(tmp_path.iterdir()) == []


def test_who_holds_the_folder_leaves_no_words_of_a_killed_other_role(tmp_path: Path) -> None:
    (tmp_path / RUN).write_text('{"mqtt_host": "127.0.0.1", "mqtt_port": 1}')
    with ExitStack() as stack:
        _write_runtime(_held_runtime(Settings(data_dir=tmp_path), COLLECT, stack), {"mqtt_host": "h", "mqtt_port": 2})
        assert is_held(tmp_path)
        assert not (tmp_path / RUN).exists()
        with pytest.raises(BrokerNotSet, match="h:2"):
            running_broker(Settings(data_dir=tmp_path))
    assert not is_held(tmp_path)
    assert not (tmp_path / COLLECT).exists()


@pytest.mark.usefixtures("full_disk")
def test_a_private_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    kept = tmp_path / "initial-admin"
    kept.write_text("before")
    with pytest.raises(OSError, match="No space"):
        write_private(kept, "after")
    assert list(tmp_path.iterdir()) == [kept]
    assert kept.read_text() == "before"
