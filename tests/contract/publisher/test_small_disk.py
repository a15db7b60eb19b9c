"""The outbox on a real disk that is full: what is acknowledged makes room, over restarts, and nothing is lost."""

from pathlib import Path

import pytest

from tests.e2e.small_disk import run_on_small_disk
from tests.servers.mosquitto import Mosquitto

DISK = 24 << 20

COMMON = """\
import os, sys, time
from contextlib import suppress
from pathlib import Path
from plantroom.errors import NothingLeft
from plantroom.publisher import Limits, Publisher
from plantroom.publisher.outbox import Outbox

disk = Path(sys.argv[1])
SMALL = Limits(ring_bytes=100_000)

def encoder(size):
    return lambda boot, seq: f"{boot}/{seq}/".encode().ljust(size, b"x")

def opened(limits=SMALL, sync=True):
    box = Outbox(disk / "box", limits, sync=sync)
    box.open()
    return box

def fill(box, at_once=50, size=200):
    "Messages until the disk is full; gives how many there are then."
    number = box.next_number("a", "telemetry")
    with suppress(NothingLeft):
        while True:
            assert box.append("a", "telemetry", [encoder(size)] * at_once, 1) == number
            number += at_once
    assert number > 100
    return number

def acknowledge_all(box):
    while waiting := box.after(box.acked, 1000):
        box.acknowledge(waiting[-1].id, len(waiting), sum(len(one.payload) for one in waiting))

def ballast():
    with (disk / "ballast").open("ab", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096):
            pass
"""

AGAIN_AND_AGAIN = """\
box = opened(sync=bool(int(sys.argv[2])))
size, at_once = int(sys.argv[3]), int(sys.argv[4])
for turn in range(3):
    number = fill(box, at_once, size)
    assert [one.seq for one in box.after(box.acked, 1_000_000)] == list(range(number - box.waiting, number))
    acknowledge_all(box)
    box.tidy(1)
    assert box.waiting == 0
    kept = box.after(0, 1_000_000)
    assert sum(len(one.payload) for one in kept) <= SMALL.ring_bytes + size, len(kept)
    for _ in range(100):
        assert box.append("a", "telemetry", [encoder(size)], 1) == number
        number += 1
    acknowledge_all(box)
    box.tidy(1)
    if turn == 1:
        boot = box.boot
        box.close()
        box = opened()
        assert (box.boot, box.next_number("a", "telemetry"), box.waiting) == (boot, number, 0)
"""

FILLED = """\
box = opened()
number = fill(box)
acknowledge_all(box)
if sys.argv[2] == "closed":
    box.close()
ballast()
os.execv(sys.executable, [sys.executable, "-c", *sys.argv[3:5], str(number)])
"""

FOUND_FULL = """\
box = opened()
number = int(sys.argv[2])
assert box.next_number("a", "telemetry") == number
acknowledge_all(box)
box.tidy(1)
assert box.append("a", "telemetry", [encoder(200)], 1) == number
"""

A_LARGE_RING = """\
box = opened(Limits())
number = fill(box)
acknowledge_all(box)
box.tidy(1)
for _ in range(50):
    assert box.append("a", "telemetry", [encoder(200)] * 50, 1) == number
    number += 50
assert [one.seq for one in box.after(box.acked, 1_000_000)] == list(range(number - 2500, number))
waiting = fill(box)
acknowledged = [one for one in box.after(0, 1_000_000) if one.id <= box.acked]
assert not acknowledged, "what is new comes before what is kept for replays"
assert [one.seq for one in box.after(0, 1_000_000)] == list(range(number - 2500, waiting))
"""

OTHERS_FILL_IT = """\
box = opened()
for _ in range(10):
    box.append("a", "telemetry", [encoder(200)] * 50, 1)
ballast()
number = fill(box, 1)
acknowledge_all(box)
box.tidy(1)
assert len(box.after(0, 100_000)) <= 500
assert box.append("a", "telemetry", [encoder(200)], 1) == number
(disk / "ballast").unlink()
fill(box)
"""

DAMAGED = """\
box = opened()
boot = box.boot
box.append("a", "telemetry", [encoder(200)] * 2000, 1)
db = box._database._db
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
with (disk / "box" / "outbox.db").open("r+b") as file:
    file.seek(8192)
    file.write(os.urandom(100 * 4096))
db.execute("PRAGMA shrink_memory")
ballast()
for _ in range(3):
    try:
        box.append("a", "telemetry", [encoder(200)], 1)
    except NothingLeft:
        continue
    raise SystemExit("there is no room")
box.tidy(1)
(disk / "ballast").unlink()
assert box.append("a", "telemetry", [encoder(200)], 1) == 0
assert box.append("a", "telemetry", [encoder(200)], 1) == 1
assert (box.boot == boot, box.had(boot), box.waiting) == (False, True, 2)
assert len([one for one in os.listdir(disk / "box") if "damaged" in one and one[-1].isdigit()]) == 1
"""

PUBLISHED = """\
sensor = Publisher(sys.argv[2], "full", "P-1", disk / "box", limits=SMALL, sync=False)
sensor.start()
number = 0
with suppress(NothingLeft):
    while True:
        sensor.telemetry_batch([(None, {"v": float(n), "text" * 200: 1.0}) for n in range(50)])
        number += 50
assert sensor.wait_sent(60)
time.sleep(2)
for _ in range(30):
    assert sensor.telemetry({"v": 1.0}) == number
    number += 1
sensor.close()
with Publisher(sys.argv[2], "full", "P-1", disk / "box", limits=SMALL) as sensor:
    assert sensor.telemetry({"v": 1.0}) == number
    assert sensor.wait_sent(10)
"""


def on_a_small_disk(folder: Path, script: str, *arguments: str) -> None:
    run_on_small_disk(folder, DISK, COMMON + script, *arguments)


@pytest.mark.parametrize(
    ("sync", "size", "at_once"), [("1", "200", "50"), ("0", "200", "50"), ("0", "30", "1000"), ("0", "100000", "2")]
)
def test_a_disk_that_the_outbox_filled_is_used_again_and_again(
    tmp_path: Path, sync: str, size: str, at_once: str
) -> None:
    on_a_small_disk(tmp_path / "disk", AGAIN_AND_AGAIN, sync, size, at_once)


@pytest.mark.parametrize("how", ["closed", "killed"])
def test_an_outbox_that_filled_its_disk_is_opened_again(tmp_path: Path, how: str) -> None:
    on_a_small_disk(tmp_path / "disk", FILLED, how, COMMON + FOUND_FULL, str(tmp_path / "disk"))


def test_on_a_full_disk_what_is_new_takes_the_room_of_what_is_acknowledged(tmp_path: Path) -> None:
    on_a_small_disk(tmp_path / "disk", A_LARGE_RING)


def test_a_disk_that_others_filled_leaves_the_outbox_its_own_room(tmp_path: Path) -> None:
    on_a_small_disk(tmp_path / "disk", OTHERS_FILL_IT)


def test_an_outbox_found_damaged_on_a_full_disk_is_begun_anew_once_there_is_room(tmp_path: Path) -> None:
    on_a_small_disk(tmp_path / "disk", DAMAGED)


def test_a_publisher_that_filled_its_disk_goes_on_once_all_is_sent(mosquitto: Mosquitto, tmp_path: Path) -> None:
    on_a_small_disk(tmp_path / "disk", PUBLISHED, mosquitto.url)
