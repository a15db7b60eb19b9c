"""A session's book of its subscriptions and a broker, with connections and answers lost anywhere between them."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.subscriptions import Subscriptions
from tests.examples import examples

NAMES = ["a/#", "b/#", "c/#"]
GRANTED = 1


def asked_for(book: Subscriptions, mid: int) -> tuple[str, ...]:
    names = book.missing()
    if names:
        book.asked(mid, names)
    return names


def confirmed(filters: list[str]) -> Subscriptions:
    book = Subscriptions("c", filters)
    book.connected(session_present=False)
    book.answered(1, [GRANTED] * len(asked_for(book, 1)))
    return book


def test_an_unsubscribe_that_was_lost_with_its_connection_is_sent_once_more() -> None:
    book = confirmed(["a/#", "b/#"])
    book.want(["a/#"])
    book.letting_go(2, book.gone())
    assert book.gone() == [], "one is under way"
    book.disconnected()
    assert book.possible() == {"a/#", "b/#"}
    book.connected(session_present=True)
    assert book.gone() == ["b/#"]
    book.letting_go(3, ["b/#"])
    book.let_go(3)
    assert not book.gone()
    assert book.possible() == {"a/#"}


def test_a_subscribe_without_an_answer_may_have_come_and_is_taken_back() -> None:
    book = confirmed(["a/#"])
    book.want(["a/#", "b/#"])
    asked_for(book, 2)
    book.want(["a/#"])
    assert book.gone() == [], "its answer is waited for"
    book.disconnected()
    book.connected(session_present=True)
    asked_for(book, 3)
    book.answered(3, [GRANTED])
    assert book.gone() == ["b/#"]


def test_what_was_asked_for_again_behind_an_unsubscribe_is_not_gone_with_its_answer() -> None:
    book = confirmed(["a/#", "b/#"])
    book.want(["a/#"])
    book.letting_go(2, book.gone())
    book.want(["a/#", "b/#"])
    assert asked_for(book, 3) == ("b/#",)
    book.let_go(2)
    book.want(["a/#"])
    book.disconnected()
    book.connected(session_present=True)
    assert book.gone() == ["b/#"]


def test_what_was_asked_for_behind_an_unsubscribe_is_known_after_a_doubt_as_well() -> None:
    book = confirmed(["a/#"])
    book.want([])
    book.letting_go(2, book.gone())
    book.want(["a/#"])
    assert asked_for(book, 3) == ("a/#",)
    book.want([])
    book.doubt()
    assert not book.missing()
    assert book.gone() == [], "its answers are waited for"
    book.let_go(2)
    book.answered(3, [GRANTED])
    assert book.granted() == frozenset(), "it was asked for before the doubt"
    assert book.gone() == ["a/#"]


def test_what_was_in_doubt_is_let_go_as_well() -> None:
    book = confirmed(["a/#", "b/#"])
    book.doubt()
    book.want(["a/#"])
    assert book.gone() == ["b/#"]


def test_what_the_broker_refuses_it_may_hold_from_before() -> None:
    book = confirmed(["a/#", "b/#"])
    book.disconnected()
    book.connected(session_present=True)
    asked_for(book, 2)
    book.answered(2, [GRANTED, 0x80])
    book.want(["a/#"])
    assert book.gone() == ["b/#"]


def test_a_session_that_the_broker_does_not_know_has_nothing_to_let_go() -> None:
    book = confirmed(["a/#", "b/#"])
    book.want(["a/#"])
    book.letting_go(2, book.gone())
    book.disconnected()
    book.connected(session_present=False)
    assert not book.gone()
    assert book.possible() == {"a/#"}


class Wire:
    """A session's book, a broker that keeps its session, and what is under way between them."""

    def __init__(self) -> None:
        self.wanted = frozenset(NAMES[:1])
        self.book = Subscriptions("c", sorted(self.wanted))
        self.connected = self.known = False
        self.holds: frozenset[str] = frozenset()
        self.packets: list[tuple[str, int, frozenset[str]]] = []
        self.answers: list[tuple[str, int, frozenset[str]]] = []
        self.mid = 0

    def want(self, which: int) -> None:
        self.wanted = frozenset(name for bit, name in enumerate(NAMES) if which & 1 << bit)
        self.book.want(sorted(self.wanted))

    def doubt(self, _which: int) -> None:
        self.book.doubt()

    def turn(self, _which: int) -> None:
        if not self.connected:
            return
        self.mid += 2
        if names := asked_for(self.book, self.mid):
            self.packets.append(("subscribe", self.mid, frozenset(names)))
        if gone := self.book.gone():
            self.book.letting_go(self.mid + 1, gone)
            self.packets.append(("unsubscribe", self.mid + 1, frozenset(gone)))

    def taken(self, _which: int) -> None:
        if self.packets:
            what, mid, names = self.packets.pop(0)
            self.holds = self.holds | names if what == "subscribe" else self.holds - names
            self.answers.append((what, mid, names))

    def answered(self, _which: int) -> None:
        if self.answers:
            what, mid, names = self.answers.pop(0)
            if what == "subscribe":
                self.book.answered(mid, [GRANTED] * len(names))
            else:
                self.book.let_go(mid)

    def connect(self, which: int) -> None:
        """The broker forgets the session at 0, the process is another one at 1."""
        self.packets, self.answers = [], []
        self.book.disconnected()
        self.known &= which != 0
        if which == 1:
            before = self.book.possible()
            self.book = Subscriptions("c", sorted(self.wanted))
            self.book.expect(before)
        if not self.known:
            self.holds = frozenset()
        self.book.connected(session_present=self.known)
        self.connected = self.known = True

    def settle(self, _which: int) -> None:
        for _ in range(3 if self.connected else 0):
            self.turn(0)
            while self.packets:
                self.taken(0)
            while self.answers:
                self.answered(0)


WAYS = (Wire.want, Wire.doubt, Wire.turn, Wire.turn, Wire.taken, Wire.answered, Wire.connect, Wire.settle)


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.tuples(st.sampled_from(WAYS), st.integers(0, 7)), min_size=10, max_size=60))
def test_whatever_is_lost_the_broker_ends_up_with_what_is_wanted_and_never_holds_what_nobody_knows(
    steps: list[tuple[Callable[[Wire, int], None], int]],
) -> None:
    wire = Wire()
    for step, which in [*steps, (Wire.connect, 7), (Wire.settle, 0)]:
        step(wire, which)
        assert wire.holds <= wire.book.possible()
        if step is Wire.settle and wire.connected:
            assert wire.holds == wire.wanted == wire.book.possible() == wire.book.granted()
            assert not wire.book.missing()
            assert not wire.book.gone()
