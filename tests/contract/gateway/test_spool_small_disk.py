"""The spool on a real disk that is full: what is in it drains, whatever becomes of the state, and over restarts."""

from pathlib import Path

import pytest

from tests.e2e.small_disk import run_on_small_disk

DISK = 24 << 20

COMMON = """\
import os, sys
from contextlib import suppress
from pathlib import Path
from gateway.spool import Spool
from gateway.spool.cursor import RESERVE_BYTES

disk = Path(sys.argv[1])
folder = disk / "spool"

before = []

def opened():
    "The spool as a new process has it."
    while before:
        before.pop().close()
    spool = Spool(folder, segment_bytes=4 << 20)
    spool.open()
    before.append(spool)
    return spool

def fill(spool):
    "Messages until there is no room for more, and what is left for something else; gives how many are durable."
    with suppress(OSError):
        while True:
            for _ in range(100):
                spool.put(b"t", b"x" * 10_000, 1)
            spool.sync()
    spool.forget_pending()
    ballast()
    return spool.taken

def drain(spool, state, grow):
    while spool.depth():
        position = spool.read(500, 0.1)[-1].position
        state += b"s" * grow
        spool.commit(position, state)
    return state

def ballast():
    with (disk / "ballast").open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096):
            pass
"""

GROWING = """\
spool = opened()
spool.put(b"t", b"x", 1)
spool.sync()
state = b"s" * int(sys.argv[2])
spool.commit(1, state)
count = fill(spool)
assert os.statvfs(disk).f_bavail == 0
state = drain(spool, state, 20_000)
assert opened().committed() == (count, state)
assert len(list(folder.glob("*.seg"))) == 1
"""

FIRST_START = """\
hole = disk / "hole"
hole.write_bytes(b"x" * (RESERVE_BYTES // 3))
ballast()
hole.unlink()
for _ in range(3):
    try:
        opened()
    except OSError:
        continue
    raise SystemExit("it was opened without its reserve")
(disk / "ballast").unlink()
spool = opened()
assert {(folder / name).stat().st_size for name in ("cursor.0", "cursor.1")} == {RESERVE_BYTES}
"""

RESTART = """\
spool = opened()
spool.put(b"t", b"x", 1)
spool.sync()
spool.commit(1, b"state")
count = fill(spool)
spool.close()
for name in ("cursor.0", "cursor.1"):
    os.truncate(folder / name, 100)
ballast()
spool = opened()
assert spool.committed() == (1, b"state")
drain(spool, b"state", 0)
assert opened().committed() == (count, b"state")
"""


def on_a_small_disk(folder: Path, script: str, *arguments: str) -> None:
    run_on_small_disk(folder, DISK, COMMON + script, *arguments)


@pytest.mark.parametrize("state", [1_000, 400_000, 600_000, 1_000_000, 1_300_000])
def test_a_state_that_grows_while_a_full_spool_drains_keeps_nothing_from_draining(tmp_path: Path, state: int) -> None:
    on_a_small_disk(tmp_path / "disk", GROWING, str(state))


def test_a_new_spool_does_not_begin_without_its_reserve(tmp_path: Path) -> None:
    on_a_small_disk(tmp_path / "disk", FIRST_START)


def test_a_spool_that_has_something_to_drain_begins_on_a_full_disk(tmp_path: Path) -> None:
    on_a_small_disk(tmp_path / "disk", RESTART)
