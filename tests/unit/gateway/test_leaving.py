"""Two lanes at a broker that is made up, with everything that can happen to them: no message is left by both."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.lane_file import LaneFile, LaneMemory
from gateway.leaving import AGAIN_S, OTHER, SETTLE_S, Leaving
from gateway.order import next_in_order
from gateway.owning import TopicRules
from gateway.subscriptions import Subscriptions
from plantroom.domain.assets import Priority
from plantroom.domain.sources import TopicSource, matches
from plantroom.ports.spool import Lane
from plantroom.wire import MARKS

TOPICS = ("plantroom/s/A/telemetry", "plantroom/s/A/event", "a/x", "a/y")
MARK = f"plantroom/s/{MARKS}/"


def rules_of(number: int) -> TopicRules:
    safety = frozenset({TOPICS[0]} if number & 1 else ())
    wide = Priority.SAFETY if number & 2 else Priority.NORMAL
    narrow = Priority.SAFETY if number & 4 else Priority.NORMAL
    sources = [TopicSource("1", "s", "", "a/#", "", wide), TopicSource("2", "s", "", "a/x", "", narrow)]
    return TopicRules("s", safety, tuple(sources[: 1 + (number >> 3) % 2]))


@dataclass
class AtBroker:
    """A persistent session: subscriptions and queue."""

    filters: set[str] = field(default_factory=set)
    queue: deque[tuple[str, int]] = field(default_factory=deque)


class Line:
    """A lane's session, reduced to what matters: what it takes is durable, and acknowledged, with ``sync``."""

    def __init__(self, rules: TopicRules, lane: Lane) -> None:
        self.book = Subscriptions(lane.value, rules.filters(lane), lambda: 0.0)
        self.connected = False
        self.connect_count = self.acknowledge_count = 0
        self.waiting: list[tuple[str, int, bool]] = []

    def held(self) -> Mapping[str, int]:
        return self.book.held()

    def begun(self) -> int:
        return self.book.begun

    def connects(self) -> int:
        return self.connect_count

    def acknowledged(self) -> int:
        return self.acknowledge_count


class World:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.broker: dict[Lane, AtBroker] = {}
        self.now_s, self.sent = 0.0, 0
        self.taken: set[int] = set()
        self.left: dict[int, set[Lane]] = {}
        self.excused: set[int] = set()
        self.wanted = rules_of(0)
        self.begin()

    def begin(self) -> None:
        self.file = LaneFile(self.folder, "s")
        self.lines = {lane: Line(self.wanted, lane) for lane in Lane}
        self.leaving = Leaving(self.wanted, self.lines)
        self.connecting: dict[Lane, int] = {}
        memory = self.file.load()
        if memory is not None:
            for lane, line in self.lines.items():
                line.book.expect(memory.left[OTHER[lane]], memory.held[lane])
            self.leaving.begin(memory.history)

    def save(self) -> None:
        rules = self.leaving.rules
        sure = {lane: self.lines[lane].connect_count > self.connecting.get(lane, -1) for lane in Lane}
        left = {
            lane: set(self.leaving.left(lane)).intersection(rules.filters(OTHER[lane])) if sure[OTHER[lane]] else ()
            for lane in Lane
        }
        held = {lane: line.book.possible() for lane, line in self.lines.items()}
        self.file.save(LaneMemory(held, left, self.leaving.history()))

    def publish(self, topic: str, number: int | None = None) -> None:
        if number is None:
            self.sent += 1
            number = self.sent
        for at in self.broker.values():
            if any(matches(one, topic) for one in at.filters):
                at.queue.append((topic, number))

    def connect(self, lane: Lane) -> None:
        line = self.lines[lane]
        self.connecting[lane] = line.connect_count
        self.save()
        self.drop(lane)
        present = lane in self.broker
        self.broker.setdefault(lane, AtBroker())
        line.book.connected(session_present=present)
        if not present:
            self.lines[OTHER[lane]].book.doubt()
        line.connect_count += 1
        line.connected = True

    def half_connect(self, lane: Lane) -> None:
        """Killed between the broker's making of the session and our hearing of it."""
        self.connecting[lane] = self.lines[lane].connect_count
        self.save()
        self.broker.setdefault(lane, AtBroker())
        self.restart()

    def subscribe(self, lane: Lane) -> None:
        line = self.lines[lane]
        if line.connected:
            names = line.book.missing()
            self.broker[lane].filters |= set(names)
            line.book.asked(1, names)
            line.book.answered(1, [1] * len(names))
            self.broker[lane].filters -= set(line.book.gone())

    def receive(self, lane: Lane, count: int) -> None:
        line = self.lines[lane]
        for _ in range(count):
            if not line.connected or not self.broker[lane].queue:
                return
            topic, number = self.broker[lane].queue.popleft()
            if topic.startswith(MARK):
                self.leaving.mark_came(lane, topic.removeprefix(MARK))
            line.waiting.append((topic, number, topic.startswith(MARK) or not self.leaving.leaves(lane, topic)))

    def sync(self, lane: Lane) -> None:
        line = self.lines[lane]
        for _, number, kept in line.waiting:
            if kept:
                self.taken.add(number)
            else:
                self.left.setdefault(number, set()).add(lane)
        line.acknowledge_count += len(line.waiting)
        line.waiting = []

    def drop(self, lane: Lane) -> None:
        line = self.lines[lane]
        if line.connected:
            line.connected = False
            if lane in self.broker:
                self.broker[lane].queue.extendleft((topic, number) for topic, number, _ in reversed(line.waiting))
            line.waiting = []
            line.book.disconnected()

    def lose(self, lane: Lane) -> None:
        """The broker loses a session that nobody is connected to, with what waits in it."""
        self.drop(lane)
        gone = self.broker.pop(lane, AtBroker())
        self.excused |= {number for _, number in gone.queue}
        if self.lines[lane].connect_count:
            # A session that was there is trusted for a while: what comes meanwhile is not what this is about.
            self.connect(lane)

    def forget(self, lane: Lane) -> None:
        """The broker loses a session, and nobody hears of it."""
        self.broker.pop(lane, None)

    def restart(self) -> None:
        for lane in Lane:
            self.drop(lane)
        self.begin()

    def change(self, number: int) -> None:
        self.wanted = rules_of(number)
        if self.wanted != self.leaving.rules:
            self.leaving.change(self.wanted)
            self.save()
            for lane, line in self.lines.items():
                line.book.want(self.wanted.filters(lane))

    def turn(self, seconds: float) -> None:
        self.now_s += seconds
        self.save()
        mark = self.leaving.turn(self.now_s)
        self.save()
        if mark is not None:
            self.publish(MARK + mark, 0)

    def settle(self) -> None:
        for _ in range(6):
            for lane in Lane:
                if not self.lines[lane].connected:
                    self.connect(lane)
                self.subscribe(lane)
            self.turn(2 * AGAIN_S)
            for lane in Lane:
                self.receive(lane, 10_000)
                self.sync(lane)

    def lost(self) -> set[int]:
        return {number for number in self.left if number not in self.taken and number not in self.excused}


LANES = st.sampled_from(Lane)
SEND = st.tuples(st.just("publish"), st.sampled_from(TOPICS))
TAKE = st.tuples(st.just("receive"), LANES, st.sampled_from([1, 2, 10]))
SYNC = st.tuples(st.just("sync"), LANES)
ASK = st.tuples(st.just("subscribe"), LANES)
CHANGE = st.tuples(st.just("change"), st.integers(0, 15))
TURN = st.tuples(st.just("turn"), st.sampled_from([0.1, SETTLE_S]))
CONNECT = st.tuples(st.just("connect"), LANES)
RARE = st.one_of(
    st.tuples(st.sampled_from(["drop", "lose", "half_connect"]), LANES),
    st.tuples(st.just("restart")),
    st.tuples(st.just("settle")),
)
STEPS = st.lists(st.one_of(SEND, SEND, TAKE, TAKE, SYNC, ASK, ASK, CHANGE, TURN, CONNECT, RARE), max_size=60)


NORMAL_TAKES = [("receive", Lane.NORMAL, 10), ("sync", Lane.NORMAL)]
SAFETY_BEGINS = [("publish", TOPICS[1]), ("connect", Lane.SAFETY), ("subscribe", Lane.SAFETY)]
KNOWN = {
    "a topic becomes safety": [("publish", TOPICS[0]), ("change", 1), ("subscribe", Lane.SAFETY), *NORMAL_TAKES],
    "a session is lost": [("lose", Lane.SAFETY), *SAFETY_BEGINS, *NORMAL_TAKES],
    "a session is lost while nobody is there": [
        ("restart",), ("lose", Lane.SAFETY), *SAFETY_BEGINS, ("connect", Lane.NORMAL), *NORMAL_TAKES
    ],
    "killed while a lost session begins anew": [
        ("restart",), ("lose", Lane.SAFETY), ("publish", TOPICS[1]), ("half_connect", Lane.SAFETY), *SAFETY_BEGINS,
        ("connect", Lane.NORMAL), *NORMAL_TAKES,
    ],
    "killed while a session that was lost meanwhile begins anew": [
        ("drop", Lane.SAFETY), ("forget", Lane.SAFETY), ("publish", TOPICS[1]), ("half_connect", Lane.SAFETY),
        *SAFETY_BEGINS, ("connect", Lane.NORMAL), *NORMAL_TAKES,
    ],
    "a source goes and a wider one has its topic": [
        ("change", 10), ("settle",), ("publish", "a/x"), ("receive", Lane.SAFETY, 10), ("sync", Lane.SAFETY),
        ("change", 2), *NORMAL_TAKES,
    ],
    "a mark came and was not durable": [
        ("lose", Lane.SAFETY), *SAFETY_BEGINS, ("turn", 0.1), ("turn", 1.1), ("receive", Lane.NORMAL, 10),
        ("turn", 0.1), ("drop", Lane.NORMAL), ("connect", Lane.NORMAL), *NORMAL_TAKES,
    ],
}  # fmt: skip
"""What loses a message where one of the proofs is left out."""

Steps = Sequence[tuple[object, ...]]


def after(steps: Steps, folder: Path) -> World:
    world = World(folder)
    world.settle()
    for name, *arguments in steps:
        getattr(world, str(name))(*arguments)
    world.settle()
    return world


@pytest.mark.parametrize("name", KNOWN)
def test_what_once_lost_a_message_loses_none(name: str, tmp_path: Path) -> None:
    assert after(KNOWN[name], tmp_path).lost() == set()


@settings(max_examples=200, deadline=None)
@given(steps=STEPS)
def test_whatever_happens_no_message_is_left_by_both_lanes(
    tmp_path_factory: pytest.TempPathFactory, steps: Steps
) -> None:
    world = after(steps, tmp_path_factory.mktemp("lanes"))
    assert world.lost() == set()
    assert not any(world.leaving.unproven(lane) for lane in Lane)
    before = len(world.left)
    for topic in TOPICS:
        world.publish(topic)
    world.settle()
    assert world.lost() == set()
    came = [number for number in range(world.sent - len(TOPICS) + 1, world.sent + 1) if number in world.taken]
    assert len(came) == len(TOPICS), "and each topic is some lane's"
    assert len(world.left) > before, "what both get one of them leaves"


def test_a_file_that_is_no_memory_counts_as_none(tmp_path: Path) -> None:
    for text in ("", "{", "[]", '{"rules": []}', '{"rules": [{}], "held": {}, "left": {}}', '{"rules": 5}'):
        (tmp_path / "lanes.json").write_text(text)
        assert LaneFile(tmp_path, "s").load() is None


def test_a_memory_comes_back_as_it_was(tmp_path: Path) -> None:
    kept = LaneMemory({lane: ["a/#"] for lane in Lane}, {lane: [] for lane in Lane}, [rules_of(0), rules_of(15)])
    LaneFile(tmp_path, "s").save(kept)
    assert LaneFile(tmp_path, "s").load() == kept


def test_a_file_that_cannot_be_written_anew_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = LaneFile(tmp_path, "s")
    memory = LaneMemory({lane: [] for lane in Lane}, {lane: [] for lane in Lane}, [rules_of(0)])
    file.save(memory)

    def full(_: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(file, "_write", full)
    file.save(LaneMemory(memory.held, memory.left, [rules_of(1)]))
    assert file.load() is None


def test_what_came_first_is_told_by_numbers_that_rise() -> None:
    assert next_in_order() < next_in_order()
