"""What every memory of given instants keeps; what SQLite's does beyond that with its file."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from plantroom.errors import Unreachable
from plantroom.ports.instants import GivenInstant, InstantLog
from plantroom.storage.instants import NAME, SqliteInstants
from tests.instants import MemoryInstants

KEPT = 10
FIRST = GivenInstant(1000, "safety", 7)


@pytest.fixture(params=["memory", "sqlite"])
def instants(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InstantLog]:
    made = MemoryInstants(KEPT) if request.param == "memory" else SqliteInstants(tmp_path / "spool", KEPT)
    yield made
    made.close()


def put(instants: InstantLog, asset: str, said: int, given: GivenInstant) -> None:
    with instants.begin() as tx:
        tx.put(asset, said, given)


def found(instants: InstantLog, asset: str, said: int) -> GivenInstant | None:
    with instants.begin() as tx:
        return tx.find(asset, said)


def test_what_was_given_is_found_by_what_was_said_and_by_its_instant(instants: InstantLog) -> None:
    put(instants, "泵-1", -(1 << 63), FIRST)
    with instants.begin() as tx:
        assert tx.find("泵-1", -(1 << 63)) == FIRST
        assert tx.find("泵-1", 1) is tx.find("other", -(1 << 63)) is None
        assert tx.is_taken("泵-1", 1000)
        assert not tx.is_taken("泵-1", 1001)
        assert not tx.is_taken("other", 1000)


def test_a_transaction_sees_what_it_put(instants: InstantLog) -> None:
    with instants.begin() as tx:
        tx.put("a", 1, FIRST)
        assert tx.find("a", 1) == FIRST
        assert tx.is_taken("a", 1000)


def test_what_ends_in_an_error_never_was(instants: InstantLog) -> None:
    def fail() -> None:
        with instants.begin() as tx:
            tx.put("a", 1, FIRST)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert found(instants, "a", 1) is None
    assert list(instants.assets()) == []
    put(instants, "a", 1, FIRST)
    assert found(instants, "a", 1) == FIRST


def test_an_instant_never_changes_only_the_other_lane_comes_to_it(instants: InstantLog) -> None:
    put(instants, "a", 1, FIRST)
    put(instants, "a", 1, GivenInstant(2000, "normal", 8, 9))
    assert found(instants, "a", 1) == FIRST._replace(other=9)
    with instants.begin() as tx:
        assert not tx.is_taken("a", 2000)


def test_nothing_gets_an_instant_that_something_else_has(instants: InstantLog) -> None:
    put(instants, "a", 1, FIRST)
    put(instants, "a", 2, FIRST)
    assert found(instants, "a", 2) is None
    put(instants, "b", 2, FIRST)
    assert found(instants, "b", 2) == FIRST


def test_assets_are_kept_for_good_and_the_oldest_instants_are_not(instants: InstantLog) -> None:
    instants.add_assets(["x", "a"])
    instants.add_assets(["a"])
    for said in range(3 * KEPT):
        put(instants, "a" if said % 2 else "b", said, FIRST._replace(ts_ms=said))
    assert sorted(instants.assets()) == ["a", "b", "x"]
    kept = [said for said in range(3 * KEPT) if found(instants, "a" if said % 2 else "b", said) is not None]
    assert kept == list(range(2 * KEPT, 3 * KEPT))
    with instants.begin() as tx:
        assert not tx.is_taken("a", 1)


def test_what_was_put_is_there_after_it_was_closed(instants: InstantLog) -> None:
    put(instants, "a", 1, FIRST)
    instants.close()
    assert list(instants.assets()) == ["a"]
    assert found(instants, "a", 1) == FIRST


def test_two_that_have_the_file_open_see_each_others_instants(tmp_path: Path) -> None:
    first, second = SqliteInstants(tmp_path), SqliteInstants(tmp_path)
    put(first, "a", 1, FIRST)
    assert found(second, "a", 1) == FIRST
    put(second, "b", 2, FIRST)
    assert found(first, "b", 2) == FIRST
    first.close()
    second.close()


def test_there_is_no_file_before_there_is_anything_to_keep(tmp_path: Path) -> None:
    instants = SqliteInstants(tmp_path / "spool")
    assert list(instants.assets()) == []
    instants.close()
    assert not (tmp_path / "spool").exists()


def test_a_kill_leaves_what_was_put_and_nothing_of_what_was_not_ended(tmp_path: Path) -> None:
    victim = (
        "import os, pathlib, signal, sys\n"
        "from plantroom.ports.instants import GivenInstant\n"
        "from plantroom.storage.instants import SqliteInstants\n"
        "instants = SqliteInstants(pathlib.Path(sys.argv[1]))\n"
        "with instants.begin() as tx:\n"
        "    tx.put('a', 1, GivenInstant(1000, 'safety', 7))\n"
        "with instants.begin() as tx:\n"
        "    tx.put('a', 2, GivenInstant(1001, 'safety', 8))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", victim, str(tmp_path)], check=False, timeout=30)
    instants = SqliteInstants(tmp_path)
    assert (found(instants, "a", 1), found(instants, "a", 2)) == (FIRST, None)
    instants.close()


def test_on_a_full_disk_what_is_there_can_be_read_and_more_is_kept_when_there_is_room(tmp_path: Path) -> None:
    victim = (
        "import pathlib, resource, sys\n"
        "from plantroom.errors import Unreachable\n"
        "from plantroom.ports.instants import GivenInstant\n"
        "from plantroom.storage.instants import SqliteInstants\n"
        "instants = SqliteInstants(pathlib.Path(sys.argv[1]))\n"
        "def put(first, count):\n"
        "    with instants.begin() as tx:\n"
        "        for said in range(first, first + count):\n"
        "            tx.put('a', said, GivenInstant(said, 'safety', said))\n"
        "put(0, 10)\n"
        "_, most = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 17, most))\n"
        "try:\n"
        "    put(10, 20_000)\n"
        "except Unreachable:\n"
        "    print('full')\n"
        "with instants.begin() as tx:\n"
        "    print(tx.find('a', 9) is not None, tx.find('a', 10))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))\n"
        "put(10, 20_000)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", victim, str(tmp_path)], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines()[0] == "full"
    assert done.stdout.splitlines()[-1] == "True None"
    instants = SqliteInstants(tmp_path)
    assert found(instants, "a", 20_009) == GivenInstant(20_009, "safety", 20_009)
    instants.close()


def test_a_damaged_file_is_put_aside_and_a_new_one_begun(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"no database at all" * 1000)
    instants = SqliteInstants(tmp_path)
    with pytest.raises(Unreachable):
        instants.assets()
    put(instants, "a", 1, FIRST)
    assert found(instants, "a", 1) == FIRST
    assert [path.name for path in tmp_path.glob(f"{NAME}.damaged-*")]
    instants.close()


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    instants = SqliteInstants(tmp_path / "file" / "spool")
    with pytest.raises(Unreachable, match="instants"):
        instants.add_assets(["a"])


def test_at_least_one_instant_is_remembered(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one"):
        SqliteInstants(tmp_path, 0)
