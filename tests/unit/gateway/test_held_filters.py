"""Since when the broker holds a filter without a break."""

from gateway.subscriptions import Subscriptions
from tests.unit.gateway.test_subscriptions import Clock, confirm, made


def test_a_filter_is_held_since_it_was_granted_without_a_break() -> None:
    book = made(Clock())
    confirm(book)
    first = dict(book.held())
    book.disconnected()
    book.connected(session_present=True)
    confirm(book, 2)
    assert book.held() == first
    book.want(["a/#"])
    book.gone()
    book.want(["a/#", "b/#"])
    confirm(book, 3)
    assert book.held()["a/#"] == first["a/#"]
    assert book.held()["b/#"] > first["b/#"]
    book.disconnected()
    book.connected(session_present=False)
    confirm(book, 4)
    assert book.begun < book.held()["a/#"]


def test_what_is_confirmed_on_the_connection_that_stood_was_never_lost() -> None:
    book = made(Clock())
    confirm(book)
    first = dict(book.held())
    book.doubt()
    confirm(book, 2)
    assert book.held() == first
    book.doubt()
    book.disconnected()
    book.connected(session_present=True)
    confirm(book, 3)
    assert min(book.held().values()) > max(first.values())


def test_what_an_earlier_run_held_counts_if_the_broker_knows_the_session() -> None:
    for present in (True, False):
        book = Subscriptions("c", ["a/#", "b/#"], Clock())
        book.expect(["a/#"], ["b/#", "old/#"])
        assert book.granted() == frozenset()
        assert book.possible() == {"a/#", "b/#", "old/#"}
        book.connected(session_present=present)
        assert book.granted() == ({"a/#"} if present else set())
        assert book.gone() == (["old/#"] if present else [])
        assert book.missing() == ("a/#", "b/#")
