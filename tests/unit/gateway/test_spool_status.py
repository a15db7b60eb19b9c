"""What is said of spools that may not be looked into, and of those that lost a file."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.spool import Spool
from gateway.spool.inspect import inspect_folder
from plantroom.cli.main import main
from plantroom.errors import Unreachable

NOBODY = 65534


@pytest.fixture
def data() -> Iterator[Path]:
    """A data folder with the spool of a site, below folders that everybody may pass."""
    folder = Path(tempfile.mkdtemp(prefix="plantroom-status-"))
    folder.chmod(0o755)
    spool = Spool(folder / "spool" / "demo" / "normal")
    spool.open()
    spool.put(b"t", b"1", 1)
    spool.sync()
    spool.close()
    for each in (folder / "spool", folder / "spool" / "demo", folder / "spool" / "demo" / "normal"):
        each.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def shut(folder: Path) -> Iterator[None]:
    """Nobody but root may look into it, and we are not root."""
    folder.chmod(0)
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)
        folder.chmod(0o755)


def status(data: Path, capsys: pytest.CaptureFixture[str]) -> tuple[object, str]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.argv", ["plantroom", "spool", "status", "--data-dir", str(data)])
        with pytest.raises(SystemExit) as ended:
            main()
    said = capsys.readouterr()
    return ended.value.code, said.out + said.err


def test_spools_that_may_not_be_looked_for_are_not_none(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with shut(data / "spool"):
        with pytest.raises(Unreachable, match="Permission denied"):
            inspect_folder(data / "spool")
        code, said = status(data, capsys)
    assert code == 5
    assert "Permission denied" in said
    assert "no spool yet" not in said


@pytest.mark.parametrize(("where", "line"), [("demo", "demo/?: "), ("demo/normal", "demo/normal: ")])
def test_a_folder_that_may_not_be_looked_into_has_a_line_that_says_so(
    data: Path, where: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with shut(data / "spool" / where):
        (found,) = inspect_folder(data / "spool")
        code, said = status(data, capsys)
    assert "Permission denied" in found["problem"]
    assert code == 5
    assert any(one.startswith(line) and "CANNOT BE READ" in one for one in said.splitlines()), said


@pytest.mark.parametrize("gone", [("cursor.0",), ("cursor.0", "cursor.1")])
def test_a_spool_without_its_cursor_is_one(data: Path, gone: tuple[str, ...]) -> None:
    for name in gone:
        (data / "spool" / "demo" / "normal" / name).unlink()
    (found,) = inspect_folder(data / "spool")
    assert (found["lane"], found["waiting"], found["problem"]) == ("normal", 1, None)


def test_other_folders_and_files_are_no_spools(data: Path) -> None:
    (data / "spool" / "demo" / "lanes.json").write_text("{}")
    (data / "spool" / "demo" / "sketches").mkdir()
    (data / "spool" / "note").write_text("")
    assert [one["lane"] for one in inspect_folder(data / "spool")] == ["normal"]
    assert inspect_folder(data / "nowhere") == []


def test_a_mistyped_data_folder_is_told_and_not_taken_for_an_empty_one(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for wrong, words in ((data / "typo", "there is no folder"), (data / "spool" / "file" / "x", "there is no folder")):
        (data / "spool" / "file").write_text("")
        code, said = status(wrong, capsys)
        assert code == 3
        assert f"PLANTROOM_DATA_DIR: {words} {wrong}" in said
        assert not wrong.exists()
    assert status(data / "spool" / "file", capsys)[0] == 3


def test_a_data_folder_without_a_spool_has_none_yet(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "new").mkdir()
    code, said = status(data / "new", capsys)
    assert (code, "no spool yet" in said) == (0, True)
