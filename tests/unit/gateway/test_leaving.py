"""Two lanes at a broker that is made up, with everything that can happen to them: no message is left by both."""

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.lane_file import LaneFile
from gateway.leaving import AGAIN_S, MARKS_MAX, OTHER, SETTLE_S, Leaving
from gateway.order import next_in_order
from gateway.owning import TopicRules
from gateway.subscriptions import Subscriptions
from plantroom.domain.assets import Priority
from plantroom.domain.sources import TopicSource, matches
from plantroom.ports.spool import Lane
from plantroom.wire import MARKS
from tests.examples import examples

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

    def copy(self) -> "AtBroker":
        return AtBroker(set(self.filters), deque(self.queue))


@dataclass
class Broker:
    """Its sessions, and an older image of them."""

    sessions: dict[Lane, AtBroker] = field(default_factory=dict)
    image: dict[Lane, AtBroker] = field(default_factory=dict)


class Line:
    """A lane's session, reduced to what matters: what it takes is durable, and acknowledged, with ``sync``."""

    def __init__(self, rules: TopicRules, lane: Lane) -> None:
        self.book = Subscriptions(lane.value, rules.filters(lane), lambda: 0.0)
        self.connected = False
        self.at = Broker()
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
    """Two lanes and two brokers of one address: publishers are at the one that lives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lives, self.waits = Broker(), Broker()
        self.now_s, self.sent = 0.0, 0
        self.taken: set[int] = set()
        self.left: dict[int, set[Lane]] = {}
        self.excused: set[int] = set()
        self.wanted = rules_of(0)
        self.begin()

    def begin(self) -> None:
        self.file = LaneFile(self.folder)
        self.lines = {lane: Line(self.wanted, lane) for lane in Lane}
        self.leaving = Leaving(self.wanted, self.lines)
        for lane, left_over in self.file.load().items():
            self.lines[lane].book.expect(left_over)

    def save(self) -> None:
        wanted = self.leaving.rules.filters
        self.file.save({lane: line.book.possible() | set(wanted(lane)) for lane, line in self.lines.items()})

    def publish(self, topic: str, number: int | None = None) -> None:
        if number is None:
            self.sent += 1
            number = self.sent
        for at in self.lives.sessions.values():
            if any(matches(one, topic) for one in at.filters):
                at.queue.append((topic, number))

    def connect(self, lane: Lane) -> None:
        line = self.lines[lane]
        self.drop(lane)
        line.at = self.lives
        present = lane in line.at.sessions
        line.at.sessions.setdefault(lane, AtBroker())
        line.book.connected(session_present=present)
        if not present:
            self.lines[OTHER[lane]].book.doubt()
        line.connect_count += 1
        line.connected = True

    def half_connect(self, lane: Lane) -> None:
        """Killed between the broker's making of the session and our hearing of it."""
        self.lives.sessions.setdefault(lane, AtBroker())
        self.restart()

    def fail_over(self) -> None:
        """The other broker has the address now, and what stood at the first one stands as long as nobody sends."""
        self.lives, self.waits = self.waits, self.lives

    def keep_image(self) -> None:
        self.lives.image = {lane: at.copy() for lane, at in self.lives.sessions.items()}

    def go_back(self) -> None:
        """The broker is killed and comes back from what it last kept."""
        for lane in Lane:
            if self.lines[lane].at is self.lives:
                self.drop(lane)
        self.excuse(self.lives)
        self.lives.sessions = {lane: at.copy() for lane, at in self.lives.image.items()}

    def excuse(self, broker: Broker) -> None:
        """What only the broker has: it may lose it, or never be asked again."""
        self.excused |= {number for at in broker.sessions.values() for _, number in at.queue}

    def subscribe(self, lane: Lane) -> None:
        line = self.lines[lane]
        if line.connected and line.at is not self.lives:
            self.drop(lane)
        if line.connected:
            names = line.book.missing()
            line.at.sessions[lane].filters |= set(names)
            line.book.asked(1, names)
            line.book.answered(1, [1] * len(names))
            line.at.sessions[lane].filters -= set(line.book.gone())

    def receive(self, lane: Lane, count: int) -> None:
        line = self.lines[lane]
        for _ in range(count):
            if not line.connected or not line.at.sessions[lane].queue:
                return
            topic, number = line.at.sessions[lane].queue.popleft()
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
            if lane in line.at.sessions:
                again = [(topic, number) for topic, number, _ in reversed(line.waiting)]
                line.at.sessions[lane].queue.extendleft(again)
            line.waiting = []
            line.book.disconnected()

    def lose(self, lane: Lane) -> None:
        """The broker loses a session that nobody is connected to, with what waits in it."""
        self.drop(lane)
        gone = self.lives.sessions.pop(lane, AtBroker())
        self.excused |= {number for _, number in gone.queue}
        if self.lines[lane].connect_count:
            # A session that was there is trusted for a while: what comes meanwhile is not what this is about.
            self.connect(lane)

    def forget(self, lane: Lane) -> None:
        """The broker loses a session, and nobody hears of it."""
        self.lives.sessions.pop(lane, None)

    def begin_anew(self, lane: Lane) -> None:
        """The broker knows a session still, and nothing of what it held."""
        self.lives.sessions[lane] = AtBroker()

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
        mark = self.leaving.turn(self.now_s)
        if mark is not None:
            self.publish(MARK + mark, 0)

    def settle(self) -> None:
        for _ in range(6):
            for lane in Lane:
                self.subscribe(lane)
                if not self.lines[lane].connected:
                    self.connect(lane)
                    self.subscribe(lane)
            self.turn(2 * AGAIN_S)
            for lane in Lane:
                self.receive(lane, 10_000)
                self.sync(lane)

    def lost(self) -> set[int]:
        self.excuse(self.waits)
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
    st.tuples(st.sampled_from(["restart", "fail_over", "keep_image", "go_back"])),
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
    "the broker comes back from before a topic became safety": [
        ("keep_image",), ("change", 1), ("settle",), ("go_back",), ("publish", TOPICS[0]), ("connect", Lane.SAFETY),
        ("connect", Lane.NORMAL), *NORMAL_TAKES,
    ],
    "away to another broker and back, and restarted each time": [
        ("restart",), ("fail_over",), ("settle",), ("change", 1), ("settle",), ("restart",), ("fail_over",),
        ("publish", TOPICS[0]), ("connect", Lane.SAFETY), ("subscribe", Lane.SAFETY), ("connect", Lane.NORMAL),
        *NORMAL_TAKES,
    ],
    "an address moves to another broker, and the quiet lane does not see it": [
        ("fail_over",), ("settle",), ("fail_over",), ("settle",), ("fail_over",), ("forget", Lane.SAFETY),
        ("connect", Lane.NORMAL), ("subscribe", Lane.NORMAL), ("publish", TOPICS[1]), *NORMAL_TAKES, ("turn", 0.1),
        ("turn", 1.1), *NORMAL_TAKES, ("turn", 0.1), ("publish", TOPICS[1]), *NORMAL_TAKES,
    ],
    "a session comes back empty": [
        ("drop", Lane.SAFETY), ("begin_anew", Lane.SAFETY), ("connect", Lane.SAFETY), ("publish", TOPICS[1]),
        *NORMAL_TAKES,
    ],
    "a session that began empty is another one at the next connection": [
        ("fail_over",), ("settle",), ("forget", Lane.SAFETY), ("fail_over",), ("settle",), ("lose", Lane.NORMAL),
        ("subscribe", Lane.NORMAL), ("subscribe", Lane.SAFETY), ("fail_over",), ("publish", TOPICS[1]),
        ("connect", Lane.NORMAL), *NORMAL_TAKES,
    ],
}  # fmt: skip
"""What loses a message where one of the proofs is left out."""

Steps = Sequence[tuple[object, ...]]


def live_through(world: World, steps: Steps) -> None:
    world.settle()
    for name, *arguments in steps:
        getattr(world, str(name))(*arguments)
    world.settle()


def after(steps: Steps, folder: Path) -> World:
    world = World(folder)
    live_through(world, steps)
    return world


@pytest.mark.parametrize("name", KNOWN)
def test_what_once_lost_a_message_loses_none(name: str, tmp_path: Path) -> None:
    assert after(KNOWN[name], tmp_path).lost() == set()


@settings(max_examples=examples(200), deadline=None)
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


@pytest.mark.parametrize("which", [0, -1], ids=["first", "newest"])
def test_of_marks_that_do_not_come_few_are_kept_and_the_first_and_the_newest_still_prove(
    tmp_path: Path, which: int
) -> None:
    world = World(tmp_path)
    world.settle()
    world.restart()
    for lane in Lane:
        world.connect(lane)
        world.subscribe(lane)
    named = [world.leaving.turn(second * AGAIN_S) for second in range(20_000)]
    marks = [name for name in named if name is not None]
    assert len(marks) > 100
    assert len(world.leaving._marks) <= MARKS_MAX
    assert all(world.leaving.unproven(lane) for lane in Lane)
    world.publish(MARK + marks[which], 0)
    for lane in Lane:
        world.receive(lane, 10_000)
        world.sync(lane)
    world.leaving.turn(20_000 * AGAIN_S)
    assert not any(world.leaving.unproven(lane) for lane in Lane)
    assert not world.leaving._marks


NOTHING: Mapping[Lane, Collection[str]] = {lane: [] for lane in Lane}


def test_a_file_that_is_none_of_ours_counts_for_nothing(tmp_path: Path) -> None:
    for text in ("", "{", "[]", '{"held": []}', '{"held": {"normal": 1}}', '{"rules": 5}'):
        (tmp_path / "lanes.json").write_text(text)
        assert LaneFile(tmp_path).load() == NOTHING


def test_filters_come_back_as_they_were(tmp_path: Path) -> None:
    kept = {lane: ["a/#", lane.value] for lane in Lane}
    LaneFile(tmp_path).save(kept)
    assert LaneFile(tmp_path).load() == kept


def test_a_file_that_cannot_be_written_keeps_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = LaneFile(tmp_path)

    def full(_: str) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(file, "_write", full)
        file.save({lane: ["a/#"] for lane in Lane})
    assert file.load() == NOTHING
    file.save({lane: ["a/#"] for lane in Lane})
    assert file.load() == {lane: ["a/#"] for lane in Lane}


def test_what_came_first_is_told_by_numbers_that_rise() -> None:
    assert next_in_order() < next_in_order()
