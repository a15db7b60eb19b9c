"""What counts as granted by the broker."""

import time

from hypothesis import given
from hypothesis import strategies as st

from gateway.subscriptions import (
    ANSWER_S,
    PACKET_BYTES,
    PACKET_FILTERS,
    REFUSED_RETRY_S,
    TRUST_S,
    Subscriptions,
    in_packets,
)

GRANTED, REFUSED = 1, 0x80


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def made(clock: Clock) -> Subscriptions:
    book = Subscriptions("c", ["a/#", "b/#"], clock)
    book.connected(session_present=False)
    return book


def confirm(book: Subscriptions, mid: int = 1, *codes: int) -> None:
    names = book.missing()
    book.asked(mid, names)
    book.answered(mid, codes or [GRANTED] * len(names))


def test_what_the_broker_confirmed_counts_and_is_not_asked_for_again() -> None:
    book = made(Clock())
    confirm(book)
    assert book.granted() == {"a/#", "b/#"}
    assert book.missing() == ()


def test_a_lost_connection_changes_nothing_for_a_while_and_then_all() -> None:
    clock = Clock()
    book = made(clock)
    confirm(book)
    book.disconnected()
    clock.now += TRUST_S
    assert book.granted()
    clock.now += 1
    assert not book.granted()
    book.connected(session_present=True)
    assert not book.granted()
    assert book.missing() == ("a/#", "b/#"), "every connection confirms anew"


def test_what_is_not_confirmed_is_known_at_once_at_first_and_later_after_a_while() -> None:
    clock = Clock()
    book = made(clock)
    book.asked(1, book.missing())
    assert book.unanswered().endswith(" to a/#, b/#"), "nothing can come as long as the broker holds nothing"
    book.answered(1, [GRANTED, GRANTED])
    book.want(["a/#", "b/#", "c/#"])
    book.asked(2, book.missing())
    clock.now += ANSWER_S
    assert not book.unanswered()
    clock.now += 0.1
    assert book.unanswered().endswith(" to c/#")
    book.want(["a/#", "b/#"])
    assert not book.unanswered()
    book.want(["a/#", "b/#", "c/#"])
    book.disconnected()
    assert not book.unanswered(), "that is another trouble"
    book.asked(3, ("c/#",))
    book.answered(3, [REFUSED])
    clock.now += 2 * ANSWER_S
    assert not book.unanswered()


def test_a_broker_without_the_session_holds_nothing() -> None:
    book = made(Clock())
    confirm(book)
    book.disconnected()
    book.connected(session_present=False)
    assert not book.granted()


def test_in_doubt_only_an_answer_to_a_later_question_counts() -> None:
    book = made(Clock())
    names = book.missing()
    book.asked(1, names)
    book.doubt()
    book.answered(1, [GRANTED, GRANTED])
    assert not book.granted()
    confirm(book, 2)
    assert book.granted() == set(names)


def test_a_refused_filter_is_named_and_tried_again_later() -> None:
    clock = Clock()
    book = made(clock)
    confirm(book, 1, GRANTED, REFUSED)
    assert (book.granted(), book.refused(), book.missing()) == ({"a/#"}, ["b/#"], ())
    clock.now += REFUSED_RETRY_S
    assert book.missing() == ("b/#",)
    confirm(book, 2)
    assert book.refused() == []


def test_an_unwanted_filter_no_longer_counts() -> None:
    book = made(Clock())
    confirm(book)
    book.want(["a/#", "c/#"])
    assert book.gone() == ["b/#"]
    assert book.granted() == {"a/#"}
    assert book.missing() == ("c/#",)


@given(st.lists(st.sampled_from(["泵", "p" * 60, "泵" * 3_000, "p" * 40_000]), max_size=500))
def test_filters_are_divided_into_packets_of_bounded_size_in_their_order(filters: list[str]) -> None:
    packets = list(in_packets(filters))
    assert [name for names in packets for name in names] == filters
    for names in packets:
        assert 1 <= len(names) <= PACKET_FILTERS
        assert len(names) == 1 or sum(len(name.encode()) + 3 for name in names) <= PACKET_BYTES


def test_ten_thousand_filters_cost_nothing_while_nothing_changes() -> None:
    book = Subscriptions("c", [f"plantroom/s/FP-{n}/telemetry" for n in range(10_000)])
    book.connected(session_present=False)
    confirm(book)
    assert (book.missing(), book.gone()) == ((), [])
    began = time.process_time()
    for _ in range(1_000):
        assert (book.missing(), book.gone()) == ((), [])
    assert time.process_time() - began < 0.5
