"""The outbox: numbers without holes, nothing given away twice, whatever becomes of process, disk and file."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plantroom.errors import NothingLeft, Unreachable
from plantroom.publisher.database import FILE, OutboxInUse
from plantroom.publisher.outbox import KEPT_BOOTS, ROW_BYTES, Limits, Outbox
from tests.examples import examples


def encoder(word: str):
    return lambda boot, seq: f"{boot}/{seq}/{word}".encode()


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    made = Outbox(tmp_path, Limits(), sync=False)
    made.open()
    yield made
    made.close()


def reopened(outbox: Outbox, folder: Path, **limits: float) -> Outbox:
    outbox.close()
    again = Outbox(folder, Limits(**limits), sync=False)  # type: ignore[arg-type]
    again.open()
    return again


def acknowledge(outbox: Outbox, up_to: int) -> None:
    done = [one for one in outbox.after(outbox.acked, 10_000) if one.id <= up_to]
    outbox.acknowledge(up_to, len(done), sum(len(one.payload) for one in done))


def test_numbers_go_on_after_a_restart_each_asset_and_channel_by_itself(outbox: Outbox, tmp_path: Path) -> None:
    assert outbox.append("a", "telemetry", [encoder("x"), encoder("y")], 1) == 0
    assert outbox.append("a", "event", [encoder("z")], 1) == 0
    assert outbox.append("b", "telemetry", [encoder("z")], 1) == 0
    boot = outbox.boot
    again = reopened(outbox, tmp_path)
    assert again.boot == boot
    assert again.append("a", "telemetry", [encoder("v")], 2) == 2
    assert [one.payload.decode() for one in again.after(0, 10)] == [
        f"{boot}/0/x", f"{boot}/1/y", f"{boot}/0/z", f"{boot}/0/z", f"{boot}/2/v",
    ]  # fmt: skip
    assert again.waiting == 5
    again.close()


def test_what_is_acknowledged_stays_for_replays_and_does_not_wait(outbox: Outbox, tmp_path: Path) -> None:
    outbox.append("a", "telemetry", [encoder(str(n)) for n in range(10)], 1)
    acknowledge(outbox, 6)
    outbox.tidy(1)
    again = reopened(outbox, tmp_path)
    assert (again.acked, again.waiting) == (6, 4)
    assert [one.seq for one in again.numbered("a", "telemetry", again.boot, 2, 7, 3)] == [2, 3, 4]
    assert again.numbered("a", "telemetry", "other", 2, 7, 3) == []
    again.close()


def test_the_ring_lets_go_of_what_is_old_or_too_much_and_never_of_what_waits(tmp_path: Path) -> None:
    size = len("12345678/0/x") + ROW_BYTES
    box = Outbox(tmp_path, Limits(ring_bytes=3 * size, ring_age_s=10), sync=False)
    box.open()
    box.append("a", "telemetry", [encoder("x")] * 9, 1_000)
    acknowledge(box, 5)
    box.tidy(1_000)
    assert [one.seq for one in box.after(0, 100)] == [2, 3, 4, 5, 6, 7, 8]
    box.tidy(11_001)
    assert [one.seq for one in box.after(0, 100)] == [5, 6, 7, 8]
    acknowledge(box, 9)
    box.tidy(11_001)
    assert (box.after(0, 100), box.waiting) == ([], 0)
    assert box.append("a", "telemetry", [encoder("x")], 2) == 9
    box.close()


def test_too_much_that_waits_is_refused_and_uses_no_number(tmp_path: Path) -> None:
    box = Outbox(tmp_path, Limits(waiting_bytes=1_000), sync=False)
    box.open()
    for seq in range(6):
        assert box.append("a", "telemetry", [encoder("x")], 1) == seq
    with pytest.raises(NothingLeft, match="6 messages wait"):
        box.append("a", "telemetry", [encoder("x")], 1)
    acknowledge(box, 1)
    assert box.append("a", "telemetry", [encoder("x")], 1) == 6
    box.close()


def test_an_encoder_that_fails_uses_no_number(outbox: Outbox) -> None:
    def broken(boot: str, seq: int) -> bytes:
        raise ValueError("NaN")

    with pytest.raises(ValueError, match="NaN"):
        outbox.append("a", "telemetry", [encoder("x"), broken], 1)
    assert outbox.append("a", "telemetry", [encoder("x")], 1) == 0
    assert len(outbox.after(0, 10)) == 1


def test_a_second_process_is_refused(outbox: Outbox, tmp_path: Path) -> None:
    with pytest.raises(OutboxInUse):
        Outbox(tmp_path, Limits(), sync=True).open()


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unreachable):
        Outbox(tmp_path / "file" / "box", Limits(), sync=True).open()


@pytest.mark.parametrize("damage", ["text", "middle"])
def test_a_damaged_file_is_put_aside_and_the_boot_is_new(outbox: Outbox, tmp_path: Path, damage: str) -> None:
    outbox.append("a", "telemetry", [encoder("x" * 100)] * 500, 1)
    boot = outbox.boot
    outbox.close()
    file = tmp_path / FILE
    raw = bytearray(file.read_bytes())
    raw[0 if damage == "text" else 20 : 4096] = b"z" * (4096 - (0 if damage == "text" else 20))
    file.write_bytes(raw)
    again = Outbox(tmp_path, Limits(), sync=False)
    again.open()
    assert again.boot != boot
    assert again.append("a", "telemetry", [encoder("x")], 1) == 0
    assert len(list(tmp_path.glob(f"{FILE}.damaged-*"))) == 1
    again.close()


@pytest.mark.parametrize(("sync", "same"), [(True, True), (False, False)])
def test_after_a_power_cut_numbers_go_on_only_where_every_message_was_synced(
    tmp_path: Path, sync: bool, same: bool
) -> None:
    box = Outbox(tmp_path, Limits(), sync=sync)
    box.open()
    box.append("a", "telemetry", [encoder("x")], 1)
    boot = box.boot
    db = box._database._db
    assert db is not None
    db.close()
    with sqlite3.connect(tmp_path / FILE) as other:
        other.execute("UPDATE facts SET value = 'another start of the machine' WHERE name = 'machine'")
    other.close()
    again = Outbox(tmp_path, Limits(), sync=sync)
    again.open()
    assert (again.boot == boot) is same
    assert again.append("a", "telemetry", [encoder("y")], 1) == (1 if same else 0)
    assert [one.payload.decode()[:8] for one in again.after(0, 10)] == [boot, again.boot], "what waits keeps its boot"
    again.close()


def test_it_knows_the_boots_that_were_its_own(tmp_path: Path) -> None:
    box = Outbox(tmp_path, Limits(), sync=False)
    box.open()
    boots = [box.boot]
    for _ in range(KEPT_BOOTS + 3):
        box._database.use(lambda db: db.execute("UPDATE facts SET value = 'no' WHERE name = 'sure'"))
        box._database.use(lambda db: db.execute("UPDATE facts SET value = 'cut' WHERE name = 'machine'"))
        db = box._database._db
        assert db is not None
        db.close()
        box = Outbox(tmp_path, Limits(), sync=False)
        box.open()
        boots.append(box.boot)
    assert len(set(boots)) == KEPT_BOOTS + 4
    assert [boot for boot in boots if box.had(boot)] == boots[-KEPT_BOOTS:]
    assert not box.had("another")
    box.close()


def test_a_file_from_before_boots_were_noted_tells_them_by_its_messages(outbox: Outbox, tmp_path: Path) -> None:
    outbox.append("a", "telemetry", [encoder("x")], 1)
    outbox._database.use(lambda db: db.execute("UPDATE messages SET boot = 'earlier'"))
    outbox._database.use(lambda db: db.execute("DELETE FROM facts WHERE name = 'boots'"))
    boot = outbox.boot
    again = reopened(outbox, tmp_path)
    assert [again.had(word) for word in ("earlier", boot, "another")] == [True, True, False]
    again.close()


VICTIM = """
import sys
from pathlib import Path
from plantroom.publisher.outbox import Limits, Outbox
box = Outbox(Path(sys.argv[1]), Limits(), sync=False)
box.open()
while True:
    n = box.next_number("a", "telemetry")
    first = box.append("a", "telemetry", [lambda boot, seq: f"{boot}/{seq}".encode()] * 3, 1)
    print(first, flush=True)
    if first % 30 == 0:
        box.acknowledge(box.after(0, 1)[0].id, 1, 10)
        box.tidy(1)
"""


def test_killed_at_any_moment_no_number_is_lost_or_given_twice(tmp_path: Path) -> None:
    told = -3
    for turn in range(6):
        process = subprocess.Popen([sys.executable, "-c", VICTIM, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        for _ in range(20 + 37 * turn):
            line = process.stdout.readline()
            assert int(line) >= told + 3, "a number that was given out came again"
            told = int(line)
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read().split("\n")
        told = max([told, *(int(line) for line in rest[:-1] if line)])
        process.wait()
        process.stdout.close()
    box = Outbox(tmp_path, Limits(), sync=False)
    box.open()
    kept = box.after(0, 1_000_000)
    assert [one.seq for one in kept] == list(range(len(kept)))
    assert len(kept) >= told + 3
    assert {one.payload.decode() for one in kept} == {f"{box.boot}/{one.seq}" for one in kept}
    box.close()


steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 5)),
        st.tuples(st.just("ack"), st.integers(0, 6)),
        st.tuples(st.just("tidy"), st.integers(0, 1)),
        st.tuples(st.just("reopen"), st.integers(0, 1)),
    ),
    max_size=25,
)


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_whatever_happens_what_waits_is_there_in_order(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("box")
    box = Outbox(folder, Limits(ring_bytes=600), sync=False)
    box.open()
    given_out = acked = 0
    for what, number in steps:
        if what == "append":
            assert box.append("a", "telemetry", [encoder("x")] * number, 1) == given_out
            given_out += number
        elif what == "ack" and number:
            acked = min(acked + number, given_out)
            if acked > box.acked:
                acknowledge(box, acked)
        elif what == "tidy":
            box.tidy(1)
        elif what == "reopen":
            box = reopened(box, folder, ring_bytes=600)
        assert box.waiting == given_out - acked
        assert [one.seq for one in box.after(box.acked, 1000)] == list(range(acked, given_out))
    box.close()
