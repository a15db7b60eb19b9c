"""Whatever becomes of an outbox: what was appended is sent until it is acknowledged, and nothing else counts as so."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from plantroom.errors import NothingLeft
from plantroom.publisher.outbox import ROW_BYTES, Kept, Limits, Outbox
from tests.examples import examples

DAY_MS = 86_400_000
SHORT = "12345678/0"


def encode(boot: str, seq: int) -> bytes:
    return f"{boot}/{seq}".encode()


def large(boot: str, seq: int) -> bytes:
    return encode(boot, seq).ljust(10_000)


def opened(folder: Path, limits: Limits) -> Outbox:
    box = Outbox(folder, limits, sync=False)
    box.open()
    return box


def to_send(box: Outbox) -> list[Kept]:
    return box.after(box.acked, 10_000)


def acknowledge(box: Outbox, messages: list[Kept]) -> None:
    if messages:
        box.acknowledge(messages[-1].id, len(messages), sum(len(one.payload) for one in messages))


def left_behind(folder: Path, aside: int, limits: Limits) -> Outbox:
    """Five messages, one of them put aside and all others acknowledged and let go; opened again."""
    box = opened(folder, limits)
    for _ in range(5):
        box.append("a", "event", [encode], 0)
    found = box.put_aside(aside)
    assert found is not None
    acknowledge(box, to_send(box))
    box.tidy(8 * DAY_MS)
    box.close()
    return opened(folder, limits)


@pytest.mark.parametrize("limits", [Limits(), Limits(ring_bytes=0)], ids=["quiet-days", "no-ring"])
@pytest.mark.parametrize("aside", [1, 3, 5])
def test_what_was_put_aside_is_sent_after_the_next_start_and_so_is_what_is_new(
    tmp_path: Path, aside: int, limits: Limits
) -> None:
    box = left_behind(tmp_path, aside, limits)
    assert [one.seq for one in to_send(box)] == [aside - 1]
    acknowledge(box, to_send(box))
    box.tidy(16 * DAY_MS)
    assert box.append("a", "event", [encode], 16 * DAY_MS) == 5
    assert [one.seq for one in to_send(box)] == [5]
    assert box.waiting == 1
    box.close()


def test_a_file_in_which_an_id_was_given_twice_takes_new_messages_behind_what_is_acknowledged(tmp_path: Path) -> None:
    """As an earlier version left it."""
    box = left_behind(tmp_path, 5, Limits())
    acknowledge(box, to_send(box))
    box._database.use(lambda db: db.execute("UPDATE sqlite_sequence SET seq = 1"))
    box.tidy(16 * DAY_MS)
    box.close()
    box = opened(tmp_path, Limits())
    box.append("a", "event", [encode], 16 * DAY_MS)
    assert [one.seq for one in to_send(box)] == [5]
    box.close()


class OutboxAsAWhole(RuleBasedStateMachine):
    """``sent`` in the model: what the broker has acknowledged, by number; ``noted`` of it is in the file."""

    @initialize(ring=st.sampled_from([0, 2]))
    def begin(self, ring: int) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.limits = Limits(ring_bytes=ring * (ROW_BYTES + len(SHORT)))
        self.box = opened(self.folder, self.limits)
        self.order: list[int] = []
        self.aside: dict[int, tuple[int, bool]] = {}
        """By number: the message, and whether for sure."""
        self.sent: set[int] = set()
        self.noted: set[int] = set()
        self.appended = 0
        self.now_ms = 0

    def teardown(self) -> None:
        if hasattr(self, "box"):
            self.box.close()
            shutil.rmtree(self.folder)

    @rule(count=st.integers(1, 3))
    def append(self, count: int) -> None:
        assert self.box.append("a", "telemetry", [encode] * count, self.now_ms) == self.appended
        self._appended(count)

    def _appended(self, count: int) -> None:
        self.order += range(self.appended, self.appended + count)
        self.appended += count

    @rule()
    def append_on_a_full_disk(self) -> None:
        self.box._database.use(lambda db: db.execute("PRAGMA max_page_count = 1"))
        try:
            assert self.box.append("a", "telemetry", [large] * 2, self.now_ms) == self.appended
            self._appended(2)
        except NothingLeft:
            pass
        self.box._database.use(lambda db: db.execute("PRAGMA max_page_count = 1000000"))
        self.noted |= self._in_the_file()

    def _in_the_file(self) -> set[int]:
        """What is acknowledged by what the file says, which is all that a start knows."""
        (noted,) = self.box._database.use(
            lambda db: db.execute("SELECT COALESCE(MAX(value), 0) FROM facts WHERE name = 'acked'").fetchone()
        )
        return set(self.sent) if int(noted) == self.box.acked else set()

    @rule(count=st.integers(1, 4))
    def acknowledge(self, count: int) -> None:
        done = to_send(self.box)[:count]
        acknowledge(self.box, done)
        self.sent |= {one.seq for one in done}

    @rule(which=st.integers(-3, 2), sure=st.booleans())
    def put_aside(self, which: int, sure: bool) -> None:
        waiting = to_send(self.box)
        if -len(waiting) <= which < len(waiting):
            chosen = waiting[which]
            assert self.box.put_aside(chosen.id, sure=sure) == chosen
            self.aside[chosen.seq] = chosen.id, sure
            assert self.box.put_aside(chosen.id) is None
            (there,) = self.box.numbered("a", "telemetry", self.box.boot, chosen.seq, chosen.seq, 9)
            assert (there.id, bool(there.aside)) == (chosen.id, True)

    @precondition(lambda self: self.aside)
    @rule(which=st.integers(0, 9))
    def put_back(self, which: int) -> None:
        number = sorted(self.aside)[which % len(self.aside)]
        message, _ = self.aside.pop(number)
        moved = self.box.put_back(message)
        assert moved is not None
        assert (moved.seq, moved.id > message) == (number, True)
        assert self.box.put_back(message) is None
        self.order.remove(number)
        self.order.append(number)

    @rule(days=st.sampled_from([0, 1, 8]))
    def tidy(self, days: int) -> None:
        self.now_ms += days * DAY_MS
        self.box.tidy(self.now_ms)
        self.noted = set(self.sent)

    @rule()
    def all_is_sent_and_a_week_goes_by(self) -> None:
        self.acknowledge(10_000)
        self.tidy(8)

    @rule(killed=st.booleans())
    def restart(self, killed: bool) -> None:
        if killed:
            db = self.box._database._db
            assert db is not None
            db.close()
            self.sent = set(self.noted)
        else:
            self.box.close()
            self.noted = set(self.sent)
        self._open()

    def _open(self) -> None:
        self.box = opened(self.folder, self.limits)
        last = sorted(self.aside, key=lambda number: self.aside[number])
        self.order = [n for n in self.order if n not in self.aside] + last
        self.aside = {}

    @precondition(lambda self: hasattr(self, "box"))
    @invariant()
    def what_is_not_acknowledged_is_to_be_sent_and_counted(self) -> None:
        waiting = to_send(self.box)
        assert [one.seq for one in waiting] == [n for n in self.order if n not in self.sent | self.aside.keys()]
        suspected = [sure for _, sure in self.aside.values()].count(False)
        assert (self.box.queued, self.box.waiting) == (len(waiting), len(waiting) + suspected)
        assert self.box.aside == len(self.aside) - suspected
        assert self.box._waiting_bytes == sum(len(one.payload) + ROW_BYTES for one in waiting)
        kept = [one for one in self.box.after(0, 10_000) if one.id <= self.box.acked]
        assert {one.seq for one in kept} <= self.sent
        assert self.box._ring_bytes == sum(len(one.payload) + ROW_BYTES for one in kept)


TestOutboxAsAWhole = OutboxAsAWhole.TestCase
TestOutboxAsAWhole.settings = settings(max_examples=examples(50), stateful_step_count=40, deadline=None)
