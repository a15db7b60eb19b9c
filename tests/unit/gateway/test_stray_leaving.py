"""The session for all sites and the two lanes of one, at brokers that are made up: none leaves what no other gets."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.leaving import AGAIN_S, answer_to
from gateway.order import next_in_order
from gateway.stray_leaving import AGAIN_MAX_S, AT_ONCE, FIRST_S, MARKS_KEPT, StrayLeaving, began_after
from plantroom.domain.sources import matches
from plantroom.ports.spool import Lane
from plantroom.wire import MARKS
from tests.examples import examples
from tests.unit.gateway.test_leaving import MARK, AtBroker, Broker, Steps, World, live_through

EVENT = "plantroom/s/A/event"
FILTERS = {"plantroom/+/+/event", f"plantroom/+/{MARKS}/+"}


class Plant(World):
    """The lanes' world with a third session, and a site that is entered at some time.

    ``only`` are the messages that were queued for the session for all sites and not for the site's normal lane."""

    def __init__(self, folder: Path) -> None:
        self.strays: dict[int, AtBroker] = {}
        self.images: dict[int, AtBroker] = {}
        self.count, self.begun, self.at = 0, 0, Broker()
        self.online = self.entered = False
        self.proofs = StrayLeaving(lambda: self.count, lambda _: self.lines[Lane.NORMAL].connects())
        self.only: set[int] = set()
        self.thrown_away: set[int] = set()
        self.mid: dict[int, tuple[str, int]] = {}
        super().__init__(folder)

    def publish(self, topic: str, number: int | None = None) -> None:
        if number is None:
            self.sent += 1
            number = self.sent
        super().publish(topic, number)
        mine = self.strays.get(id(self.lives))
        if mine is not None and any(matches(one, topic) for one in mine.filters):
            mine.queue.append((topic, number))
            normal = self.lives.sessions.get(Lane.NORMAL, AtBroker())
            if not any(matches(one, topic) for one in normal.filters):
                self.only.add(number)

    def enter(self) -> None:
        self.entered = True

    def connect(self, lane: Lane) -> None:
        if self.entered:
            super().connect(lane)

    def listen(self) -> None:
        """The session for all sites connects, and is subscribed."""
        self.at, self.online = self.lives, True
        self.count += 1
        self.begun = next_in_order() if self.count == 1 and id(self.at) not in self.strays else 0
        if self.begun:
            self.lines[Lane.NORMAL].book.doubt()
        self.strays.setdefault(id(self.at), AtBroker()).filters |= FILTERS

    def leaves(self) -> bool:
        granted = self.lines[Lane.NORMAL].held().get("plantroom/s/#") if self.entered else None
        return self.proofs.leaves("s") or began_after(self.begun, granted)

    def forget_us(self) -> None:
        """The broker loses the session for all sites."""
        self.strays.pop(id(self.lives), None)
        if self.online and self.at is self.lives:
            self.listen()

    def mute(self) -> None:
        self.online = False

    def keep_image(self) -> None:
        super().keep_image()
        here = id(self.lives)
        self.images[here] = self.strays.get(here, AtBroker()).copy()

    def go_back(self) -> None:
        if self.at is self.lives:
            self.online = False
        super().go_back()
        here = id(self.lives)
        self.strays[here] = self.images.get(here, AtBroker()).copy()

    def take(self, count: int) -> None:
        """The session for all sites receives."""
        for _ in range(count):
            queue = self.strays[id(self.at)].queue if self.online else None
            if not queue:
                return
            topic, number = queue.popleft()
            name = topic.removeprefix(MARK)
            if name != topic and name.endswith(answer_to("")):
                self.proofs.answer_came("s", name.removesuffix(answer_to("")))
            elif name != topic:
                self.proofs.mark_came("s", name)
            elif self.leaves():
                self.thrown_away.add(number)

    def receive(self, lane: Lane, count: int) -> None:
        line = self.lines[lane]
        for _ in range(count):
            before = len(line.waiting)
            super().receive(lane, 1)
            if len(line.waiting) == before:
                return
            name = line.waiting[-1][0].removeprefix(MARK)
            is_mark = name != line.waiting[-1][0] and not name.endswith(answer_to(""))
            if is_mark and self.leaving.answers(lane, name):
                self.publish(MARK + answer_to(name), 0)

    def follow(self, seconds: float) -> None:
        self.now_s += seconds
        normal = self.lines[Lane.NORMAL]
        confirmed = {"s"} if self.online and self.entered and "plantroom/s/#" in normal.held() else set[str]()
        for _, name in self.proofs.turn(self.now_s, confirmed):
            self.publish(MARK + name, 0)

    def settle(self) -> None:
        for _ in range(6):
            if not self.online or self.at is not self.lives:
                self.listen()
            if self.entered:
                super().settle()
            self.follow(2 * AGAIN_S)
            for lane in Lane:
                self.receive(lane, 10_000)
                self.sync(lane)
            self.take(10_000)
            self.follow(0.0)


LANES = st.sampled_from(Lane)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.just(EVENT)),
        st.tuples(st.just("take"), st.sampled_from([1, 2, 10])),
        st.tuples(st.just("receive"), LANES, st.sampled_from([1, 10])),
        st.tuples(st.just("sync"), LANES),
        st.tuples(st.just("subscribe"), LANES),
        st.tuples(st.just("turn"), st.sampled_from([0.1, FIRST_S])),
        st.tuples(st.just("follow"), st.sampled_from([0.1, FIRST_S])),
        st.tuples(st.sampled_from(["connect", "drop", "lose"]), LANES),
        st.tuples(
            st.sampled_from(["listen", "mute", "enter", "fail_over", "forget_us", "keep_image", "go_back", "settle"])
        ),
    ),
    max_size=60,
)
KNOWN = {
    "entered at another broker": [
        ("publish", EVENT), ("mute",), ("fail_over",), ("enter",), ("settle",), ("fail_over",), ("listen",),
        ("take", 10),
    ],
    "entered and subscribed before what waits has come": [
        ("publish", EVENT), ("enter",), ("connect", Lane.NORMAL), ("subscribe", Lane.NORMAL), ("follow", 0.1),
        ("follow", FIRST_S), ("take", 10),
    ],
    "the broker comes back from before the site was entered": [
        ("keep_image",), ("enter",), ("settle",), ("go_back",), ("publish", EVENT), ("connect", Lane.NORMAL),
        ("subscribe", Lane.NORMAL), ("listen",), ("take", 10),
    ],
    "the session for all sites is at another broker than the site": [
        ("enter",), ("settle",), ("fail_over",), ("publish", EVENT), ("listen",), ("publish", EVENT), ("follow", 0.1),
        ("follow", FIRST_S), ("take", 10), ("follow", 0.1), ("publish", EVENT), ("take", 10),
    ],
    "the broker loses this session": [
        ("publish", EVENT), ("enter",), ("forget_us",), ("connect", Lane.NORMAL), ("publish", EVENT),
        ("subscribe", Lane.NORMAL), ("take", 10),
    ],
    "the broker loses this session while the site is at another one": [
        ("enter",), ("settle",), ("fail_over",), ("listen",), ("forget_us",), ("publish", EVENT), ("take", 10),
    ],
    "the broker loses the session of the site": [
        ("enter",), ("settle",), ("lose", Lane.NORMAL), ("publish", EVENT), ("take", 10),
    ],
    "the broker loses the session of the site, which is soon back": [
        ("enter",), ("settle",), ("lose", Lane.NORMAL), ("publish", EVENT), ("subscribe", Lane.NORMAL), ("follow", 0.1),
        ("take", 10),
    ],
}  # fmt: skip


def after(steps: Steps, folder: Path) -> Plant:
    world = Plant(folder)
    live_through(world, steps)
    return world


@pytest.mark.parametrize("name", KNOWN)
def test_what_only_the_session_for_all_sites_was_sent_is_not_left(name: str, tmp_path: Path) -> None:
    world = after(KNOWN[name], tmp_path)
    assert world.only
    assert not world.only & world.thrown_away


@settings(max_examples=examples(200), deadline=None)
@given(steps=STEPS)
def test_whatever_happens_nothing_is_left_that_the_site_is_not_sent(
    tmp_path_factory: pytest.TempPathFactory, steps: Steps
) -> None:
    world = after(steps, tmp_path_factory.mktemp("plant"))
    assert not world.only & world.thrown_away
    assert world.leaves() == world.entered
    world.publish(EVENT)
    world.take(10)
    assert (world.sent in world.thrown_away) == world.entered


def test_the_site_answers_what_comes_behind_the_proof_that_its_queue_has_been_empty(tmp_path: Path) -> None:
    world = Plant(tmp_path)
    world.enter()
    for lane in (Lane.SAFETY, Lane.NORMAL):
        world.connect(lane)
        world.subscribe(lane)
    name = "0123456789abcdef"
    assert not world.leaving.answers(Lane.NORMAL, name), "its subscription is confirmed, and no more"
    world.settle()
    assert world.leaving.answers(Lane.NORMAL, name)
    assert not world.leaving.answers(Lane.SAFETY, name), "which gets marks, and not all topics"
    world.connect(Lane.NORMAL)
    world.subscribe(Lane.NORMAL)
    assert not world.leaving.answers(Lane.NORMAL, name), "nothing outlives a connection"


def fixed() -> StrayLeaving:
    return StrayLeaving(lambda: 1, lambda _: 1)


def test_a_site_that_does_not_answer_is_asked_ever_more_seldom_and_its_old_marks_are_forgotten() -> None:
    proofs = fixed()
    asked = [half / 2 for half in range(1200) for _ in proofs.turn(half / 2, {"s"})]
    assert asked[:5] == [1, 1.5, 2.5, 4.5, 8.5]
    assert asked[-1] - asked[-2] == AGAIN_MAX_S
    assert len(proofs._asked["s"].names) == MARKS_KEPT


def test_many_sites_are_asked_one_after_the_other() -> None:
    proofs, sites = fixed(), {f"s{n}" for n in range(2 * AT_ONCE + 1)}
    assert proofs.turn(0.0, sites) == []
    assert [len(proofs.turn(FIRST_S, sites)) for _ in range(4)] == [AT_ONCE, AT_ONCE, 1, 0]


@pytest.mark.parametrize(("first", "last"), [("mark_came", "answer_came"), ("answer_came", "mark_came")])
def test_a_mark_and_its_answer_have_to_come_both(first: str, last: str) -> None:
    proofs = fixed()
    proofs.turn(0.0, {"s"})
    ((_, name),) = proofs.turn(FIRST_S, {"s"})
    for came in (first, first, last):
        assert not proofs.leaves("s")
        getattr(proofs, came)("s", name)
        getattr(proofs, came)("s", "another")
        getattr(proofs, came)("other", name)
        proofs.turn(FIRST_S, {"s"})
    assert proofs.leaves("s")


def test_a_proof_ends_with_a_connection_of_either_and_when_the_site_is_not_confirmed_any_more() -> None:
    connects, seconds = {"": 1, "s": 1}, 0.0
    proofs = StrayLeaving(lambda: connects[""], connects.__getitem__)

    def prove() -> bool:
        nonlocal seconds
        proofs.turn(seconds, {"s"})
        seconds += FIRST_S
        for _, name in proofs.turn(seconds, {"s"}):
            proofs.answer_came("s", name)
            proofs.mark_came("s", name)
        proofs.turn(seconds, {"s"})
        return proofs.leaves("s")

    for one in ("", "s"):
        assert prove()
        connects[one] += 1
        assert not proofs.leaves("s"), "at once"
        proofs.turn(seconds, {"s"})
        assert not proofs.leaves("s")
    assert prove()
    proofs.turn(seconds, set())
    assert not proofs.leaves("s")


def test_that_a_site_could_be_left_once_is_remembered_as_long_as_our_connection_lasts() -> None:
    connects, seconds = {"": 1, "s": 1}, 0.0
    proofs = StrayLeaving(lambda: connects[""], connects.__getitem__)
    proofs.turn(seconds, {"s"})
    assert not proofs.left_once("s")
    ((_, name),) = proofs.turn(FIRST_S, {"s"})
    proofs.mark_came("s", name)
    proofs.answer_came("s", name)
    proofs.turn(FIRST_S, {"s"})
    connects["s"] += 1
    proofs.turn(FIRST_S, set())
    assert (proofs.leaves("s"), proofs.left_once("s"), proofs.left_once("other")) == (False, True, False)
    connects[""] += 1
    assert not proofs.left_once("s")
    proofs.turn(FIRST_S, set())
    assert not proofs.left_once("s")


def test_a_mark_that_comes_on_another_connection_than_it_was_published_under_proves_nothing() -> None:
    ours = 1
    proofs = StrayLeaving(lambda: ours, lambda _: 1)
    proofs.turn(0.0, {"s"})
    ((_, name),) = proofs.turn(FIRST_S, {"s"})
    ours = 2
    proofs.mark_came("s", name)
    proofs.answer_came("s", name)
    proofs.turn(FIRST_S, {"s"})
    assert not proofs.leaves("s")
