"""Since when the broker holds a filter without a break."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.subscriptions import Subscriptions
from tests.unit.gateway.test_subscriptions import Clock, confirm, made


def test_a_filter_is_held_since_it_was_granted_on_this_connection() -> None:
    book = made(Clock())
    confirm(book)
    old = dict(book.held())
    book.disconnected()
    assert book.held() == old, "the broker queues on"
    book.connected(session_present=True)
    assert book.held() == {}
    assert book.begun == 0
    confirm(book, 2)
    first = dict(book.held())
    assert min(first.values()) > max(old.values())
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


def test_what_an_earlier_run_held_is_asked_for_anew_or_let_go() -> None:
    for present in (True, False):
        book = Subscriptions("c", ["a/#", "b/#"], Clock())
        book.expect(["b/#", "old/#"])
        assert book.possible() == {"a/#", "b/#", "old/#"}
        book.connected(session_present=present)
        assert book.granted() == frozenset()
        assert book.gone() == (["old/#"] if present else [])
        assert book.missing() == ("a/#", "b/#")


def test_what_was_let_go_while_nobody_was_there_is_taken_back_at_the_next_connection() -> None:
    book = made(Clock())
    confirm(book)
    book.disconnected()
    book.want(["a/#"])
    book.connected(session_present=True)
    assert book.gone() == ["b/#"]
    book.letting_go(2, ["b/#"])
    assert book.gone() == []


@given(st.lists(st.sampled_from(["connect", "lose", "drop", "ask", "doubt", "want", "let go", "wait"]), max_size=40))
def test_looking_again_only_after_a_change_misses_none(steps: list[str]) -> None:
    """Against the same book that looks through everything each time."""
    clock = Clock()
    kept, plain = made(clock), made(clock)
    for mid, step in enumerate(steps, 1):
        for book in (kept, plain):
            if book is plain:
                book._asked_all, book._let_go_all = None, -1
            match step:
                case "connect" | "lose":
                    book.disconnected()
                    book.connected(session_present=step == "connect")
                case "drop":
                    book.disconnected()
                case "ask":
                    confirm(book, mid, 1, 0x80)
                case "doubt":
                    book.doubt()
                case "want":
                    book.want(["a/#", f"c/{mid}/#"])
                case "wait":
                    clock.now += 20
            if book is plain:
                book._asked_all, book._let_go_all = None, -1
        assert kept.missing() == plain.missing()
        gone = kept.gone()
        assert gone == plain.gone()
        for book in (kept, plain):
            book.letting_go(mid, gone)
            book.let_go(mid - 3)
        assert kept.granted() == plain.granted()
