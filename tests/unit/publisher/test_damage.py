"""Damage to the outbox's file, wherever in it and whenever it shows: put aside, and everything goes on."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from plantroom.publisher.database import FILE
from plantroom.publisher.outbox import Limits, Outbox

PARTS = ["messages", "messages_number", "messages_events", "counters", "facts"]


def encoder(word: str):
    return lambda boot, seq: f"{boot}/{seq}/{word}".encode()


def filled(folder: Path) -> Outbox:
    box = Outbox(folder, Limits(), sync=False)
    box.open()
    box.append("a", "telemetry", [encoder("x" * 40)] * 50, 1)
    box.append("a", "event", [encoder("y")] * 5, 1)
    return box


def damage(folder: Path, part: str) -> None:
    with closing(sqlite3.connect(folder / FILE)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (part,)).fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    raw = bytearray((folder / FILE).read_bytes())
    raw[(page - 1) * size : (page - 1) * size + 64] = b"\xa5" * 64
    (folder / FILE).write_bytes(raw)


@pytest.mark.parametrize("part", PARTS)
def test_damage_anywhere_is_found_at_the_start_and_put_aside(tmp_path: Path, part: str) -> None:
    box = filled(tmp_path)
    boot = box.boot
    box.close()
    damage(tmp_path, part)
    again = Outbox(tmp_path, Limits(), sync=False)
    again.open()
    assert again.boot != boot
    assert (again.waiting, again.append("a", "telemetry", [encoder("x")], 1)) == (0, 0)
    assert len(list(tmp_path.glob(f"{FILE}.damaged-*"))) == 1
    again.close()
    last = Outbox(tmp_path, Limits(), sync=False)
    last.open()
    assert (last.boot, last.next_number("a", "telemetry")) == (again.boot, 1)
    last.close()


USES = {
    "append": lambda box: box.append("a", "telemetry", [encoder("x")], 1),
    "next_number": lambda box: box.next_number("a", "telemetry"),
    "after": lambda box: box.after(0, 10),
    "numbered": lambda box: box.numbered("a", "telemetry", box.boot, 0, 9, 9),
    "put_aside": lambda box: box.put_aside(1),
}


@pytest.mark.parametrize("use", sorted(USES))
def test_damage_that_shows_while_it_is_used_is_put_aside_as_well(tmp_path: Path, use: str) -> None:
    box = filled(tmp_path)
    boot, generation = box.boot, box.generation
    db = box._database._db
    assert db is not None
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.execute("PRAGMA cache_size = 0")
    db.execute("PRAGMA shrink_memory")
    raw = bytearray((tmp_path / FILE).read_bytes())
    with (tmp_path / FILE).open("r+b") as file:  # the schema stays readable, or SQLite would not get so far
        file.seek(4096)
        file.write(b"\xa5" * (len(raw) - 4096))
    USES[use](box)
    box.tidy(1)
    assert box.boot != boot
    assert box.had(boot), "it says that its messages are gone"
    assert box.generation > generation
    number = box.next_number("a", "telemetry")
    assert number == (1 if use == "append" else 0)
    assert box.append("a", "telemetry", [encoder("x")], 1) == number
    assert box.waiting == number + 1
    assert [one.seq for one in box.after(box.acked, 10)] == list(range(number + 1))
    assert len(list(tmp_path.glob(f"{FILE}.damaged-*"))) == 1
    box.close()


def test_a_counter_that_fell_back_gives_no_number_a_second_time(tmp_path: Path) -> None:
    box = filled(tmp_path)
    boot = box.boot
    db = box._database._db
    assert db is not None
    db.execute("UPDATE counters SET next = 3")
    assert box.append("a", "telemetry", [encoder("x")], 1) == 0
    assert box.boot != boot
    box.close()
