"""Dead letters that are to be processed again: asked for, taken up in order, taken away with all of their message."""

from dataclasses import replace

import pytest

from plantroom.domain.assets import LocalName, Site
from plantroom.ports.letters import REPLAY_ASKED
from plantroom.ports.paging import EVERYTHING, PageRequest, Scope
from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.test_collect import letter


@pytest.fixture(autouse=True)
def sites(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        for code in ("demo", "away"):
            tx.assets.add_site(Site(code, LocalName(code, code)))


def asked(ledger: SqlLedger, site: str = "demo", limit: int = 100) -> list[tuple[str, str]]:
    with ledger.read() as tx:
        return [(one.id, one.reason) for one in tx.collect.letters_to_replay(site, limit)]


def test_those_asked_for_come_oldest_first_with_their_own_reasons(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.collect.add_dead_letters([letter(n, reason="unknown_point") for n in (3, 1, 2, 4)])
        assert tx.collect.ask_replay(EVERYTHING, ["d003", "d001", "d002", "nope"]) == 3
    assert asked(ledger) == [("d001", "unknown_point"), ("d002", "unknown_point"), ("d003", "unknown_point")]
    assert asked(ledger, limit=1) == [("d001", "unknown_point")]
    assert asked(ledger, "away") == []


def test_no_more_bytes_than_asked_for_are_read_at_once_but_always_one_letter(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.collect.add_dead_letters([replace(letter(n), payload=bytes(100)) for n in (1, 2, 3)])
        tx.collect.ask_replay(EVERYTHING)
        sizes = {most: len(tx.collect.letters_to_replay("demo", 100, most)) for most in (1, 100, 250, 300)}
    assert sizes == {1: 1, 100: 1, 250: 2, 300: 3}


def test_a_letter_that_is_asked_for_says_so_and_is_asked_for_once(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.collect.add_dead_letters([letter(1, reason="not_json: line 1")])
        assert tx.collect.ask_replay(EVERYTHING, ["d001"]) == 1
        assert tx.collect.ask_replay(EVERYTHING, ["d001"]) == 0
        assert tx.collect.dead_letter("d001").reason == f"{REPLAY_ASKED}: not_json: line 1"
        found = tx.collect.dead_letters(EVERYTHING, PageRequest(), reason=REPLAY_ASKED).items
    assert [one.id for one in found] == ["d001"]


def test_all_of_a_reason_of_a_site_or_of_a_scope_are_asked_for(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.collect.add_dead_letters(
            [
                letter(1, reason="unknown_point"),
                letter(2, reason="unknown_point", site="away"),
                letter(3, reason="not_json: line 1"),
                letter(4, reason="unknown_points"),
            ]
        )
        assert tx.collect.ask_replay(Scope(frozenset()), reason="unknown_point") == 0
        assert tx.collect.ask_replay(EVERYTHING, site="demo", reason="unknown_point") == 1
        assert tx.collect.ask_replay(Scope(frozenset({"away"}))) == 1
        assert tx.collect.ask_replay(EVERYTHING, reason="not_json") == 1
    assert [found for found, _ in asked(ledger)] == ["d001", "d003"]
    assert [found for found, _ in asked(ledger, "away")] == ["d002"]


def test_letters_of_a_site_that_nobody_entered_are_left(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.collect.add_dead_letters([letter(1, site="nosite", reason="unknown_site")])
        assert tx.collect.ask_replay(EVERYTHING, ["d001"]) == 0
        assert tx.collect.dead_letter("d001").reason == "unknown_site"


def test_those_left_for_want_of_their_site_are_counted_by_its_code(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        strays = [letter(n, site="nosite", reason=f"unknown_site: {n} were left out") for n in (1, 2)]
        more = [letter(3, site="", reason="unknown_topic"), letter(4), letter(5, site="away")]
        tx.collect.add_dead_letters([*strays, *more])
        assert tx.collect.letters_without_site(EVERYTHING) == {"": 1, "nosite": 2}
        assert tx.collect.letters_without_site(EVERYTHING, "unknown_site") == {"nosite": 2}
        assert tx.collect.letters_without_site(EVERYTHING, "bad_json") == {}
        assert tx.collect.letters_without_site(Scope(frozenset({"demo"}))) == {}


def test_a_message_goes_with_all_of_its_letters_and_no_other(ledger: SqlLedger) -> None:
    names = ["ab12", "ab12-1", "ab12-f", "ab1", "ab1-2", "ab123-1", "ab13-1"]
    with ledger.begin() as tx:
        tx.collect.add_dead_letters([letter(n, id=name) for n, name in enumerate(names)])
        tx.collect.discard_messages(["ab12", "nope"])
        left = tx.collect.dead_letters(EVERYTHING, PageRequest()).items
    assert sorted(one.id for one in left) == ["ab1", "ab1-2", "ab123-1", "ab13-1"]


def test_all_letters_of_a_message_are_known_asked_for_or_not(ledger: SqlLedger) -> None:
    names = ["ab12", "ab12-1", "ab12-f", "ab1", "ab1-2", "ab123-1", "ab13-1"]
    with ledger.begin() as tx:
        tx.collect.add_dead_letters([letter(n, id=name, reason="not_json") for n, name in enumerate(names)])
        tx.collect.ask_replay(EVERYTHING, ["ab12-1"])
        found = tx.collect.letters_of(["ab12", "nope", "ab13"])
        assert [(one.id, one.reason) for one in found] == [
            (name, "not_json") for name in ("ab12", "ab12-1", "ab12-f", "ab13-1")
        ]
        assert tx.collect.letters_of([]) == []


def test_the_oldest_letters_of_a_site_go_when_there_are_too_many(ledger: SqlLedger) -> None:
    event = "plantroom/demo/x/event"
    with ledger.begin() as tx:
        tx.collect.add_dead_letters([letter(n, topic=event if n == 1 else f"t/{n}") for n in range(10)])
        tx.collect.add_dead_letters([letter(n, site="away") for n in range(100, 103)])
        tx.collect.ask_replay(EVERYTHING, ["d002"])
    with ledger.read() as tx:
        assert tx.collect.letters_beyond(keep=5, keep_bytes=1 << 20, most=2) == {"demo": ["d000", "d003"]}
        assert tx.collect.letters_beyond(keep=7, keep_bytes=1 << 20, most=3) == {"demo": ["d000"]}
        assert tx.collect.letters_beyond(keep=8, keep_bytes=1 << 20, most=3) == {}
        of_all = tx.collect.letters_beyond(keep=0, keep_bytes=1 << 20, most=100)
    assert {site: len(ids) for site, ids in of_all.items()} == {"away": 3, "demo": 9}


def test_letters_go_once_and_not_if_they_were_asked_for_again_meanwhile(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.collect.add_dead_letters([letter(n) for n in range(5)])
        tx.collect.ask_replay(EVERYTHING, ["d001"])
        assert tx.collect.let_letters_go(["d000", "d001", "d002", "d002", "nope"]) == 2
        assert tx.collect.let_letters_go(["d000", "d001", "d002"]) == 0
        left = [one.id for one in tx.collect.dead_letters(EVERYTHING, PageRequest()).items]
    assert left == ["d004", "d003", "d001"]


def test_the_oldest_letters_of_a_site_go_when_they_are_too_large(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        tx.collect.add_dead_letters([letter(n, payload=b"x" * 1000) for n in range(10)])
        assert tx.collect.letters_beyond(keep=100, keep_bytes=10_000, most=100) == {}
        beyond = tx.collect.letters_beyond(keep=100, keep_bytes=4_500, most=100)
    assert beyond == {"demo": [f"d{n:03}" for n in range(6)]}


def test_those_of_a_topic_are_listed_counted_and_asked_for(ledger: SqlLedger) -> None:
    topics = ["t/a", "t/a", "t/b", "t/%"]
    with ledger.begin() as tx:
        tx.collect.add_dead_letters(
            [replace(letter(n, reason="not_json: line 1"), topic=one) for n, one in enumerate(topics)]
        )
        found = tx.collect.dead_letters(EVERYTHING, PageRequest(), reason="not_json", topic="t/a").items
        assert [one.id for one in found] == ["d001", "d000"]
        assert tx.collect.count_dead_letters(EVERYTHING, topic="t/a") == 2
        assert tx.collect.count_dead_letters(EVERYTHING, "demo", "not_json") == 4
        assert tx.collect.count_dead_letters(Scope(frozenset({"away"}))) == 0
        assert tx.collect.ask_replay(EVERYTHING, topic="t/%") == 1
        assert tx.collect.asked_letters() == ["d003"]


def test_what_is_thrown_away_fits_and_waits_for_no_replay(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        letters = [letter(n, reason="unknown_point") for n in range(4)]
        letters += [letter(4, reason="not_json: x"), letter(5, site="away", reason="not_json: y")]
        tx.collect.add_dead_letters([replace(one, topic=f"t/{n % 2}") for n, one in enumerate(letters)])
        tx.collect.ask_replay(EVERYTHING, ["d001"])
        assert tx.collect.discard_fitting(reason="unknown_point", topic="t/0") == 2
        assert tx.collect.discard_fitting(reason="not_json", site="away") == 1
        assert tx.collect.discard_fitting() == 2
        assert [one.id for one in tx.collect.dead_letters(EVERYTHING, PageRequest()).items] == ["d001"]


def test_the_reasons_of_all_letters_of_some_messages(ledger: SqlLedger) -> None:
    with ledger.begin() as tx:
        ids = ["ab12-1", "ab12-2-700", "ab1-3", "ab123-4"]
        tx.collect.add_dead_letters([replace(letter(n), id=one, reason="a: b") for n, one in enumerate(ids)])
        tx.collect.ask_replay(EVERYTHING, ["ab12-1"])
        assert tx.collect.letter_reasons(["ab12", "nope"]) == {"ab12-1": "replay_asked: a: b", "ab12-2-700": "a: b"}
        assert tx.collect.letter_reasons([]) == {}
