"""How many dead letters a site keeps: events have a bound of their own, and push nobody else's out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plantroom.domain.assets import LocalName, Site
from plantroom.ports.letters import DeadLetter
from plantroom.ports.paging import EVERYTHING, PageRequest
from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.test_collect import NOW, letter
from tests.examples import examples

ROOM = 1 << 30


def event(seconds: float, topic: str = "P-1", **changes: object) -> DeadLetter:
    """A letter of an event topic."""
    at = NOW + timedelta(seconds=seconds)
    made = letter(0, id=f"e{seconds:07.1f}{topic}", topic=f"plantroom/demo/{topic}/event", received_at=at)
    return replace(made, **changes)  # type: ignore[arg-type]


def beyond(ledger: SqlLedger, keep: int, keep_bytes: int = ROOM, most: int = 1000) -> Sequence[str]:
    with ledger.read() as tx:
        return tx.collect.letters_beyond(keep, keep_bytes, most).get("demo", ())


def store(ledger: SqlLedger, *letters: DeadLetter) -> None:
    with ledger.begin() as tx:
        tx.collect.add_dead_letters(letters)


def test_letters_of_events_push_no_others_out(ledger: SqlLedger) -> None:
    store(ledger, *(event(n) for n in range(12)), *(letter(100 + n) for n in range(4)))
    assert set(beyond(ledger, keep=10)) == {"e00001.0P-1", "e00002.0P-1"}, "two of one minute, but not its first"


def test_letters_that_wait_for_a_replay_push_no_others_out(ledger: SqlLedger) -> None:
    store(ledger, *(letter(n) for n in range(12)))
    with ledger.begin() as tx:
        tx.assets.add_site(Site("demo", LocalName("示范", "Demo")))
        tx.collect.ask_replay(EVERYTHING, [f"d{n:03}" for n in range(8)])
    assert beyond(ledger, keep=4) == ()
    assert beyond(ledger, keep=3) == ["d008"]


def test_of_too_many_events_those_go_first_that_a_minute_of_their_topic_has_besides(ledger: SqlLedger) -> None:
    chatter = [event(600 + n) for n in range(30)]
    store(ledger, event(0, "quiet"), *chatter, event(700, "late"))
    assert beyond(ledger, keep=10) == [one.id for one in chatter[1:23]]
    assert beyond(ledger, keep=3) == [one.id for one in chatter[1:]]
    assert beyond(ledger, keep=1) == [*(one.id for one in chatter[1:]), "e00000.0quiet", chatter[0].id]


def test_large_letters_of_events_go_and_weigh_for_themselves_alone(ledger: SqlLedger) -> None:
    store(ledger, *(event(60 * n, payload=b"x" * 1000) for n in range(10)), letter(1000, payload=b"y" * 900))
    assert beyond(ledger, keep=100, keep_bytes=10_000) == ()
    assert list(beyond(ledger, keep=100, keep_bytes=4_500)) == [event(60 * n).id for n in range(6)]


def test_no_more_are_found_than_asked_for(ledger: SqlLedger) -> None:
    store(ledger, *(event(n) for n in range(10)), *(letter(n) for n in range(10)))
    assert list(beyond(ledger, keep=0, most=12)) == [*(f"d{n:03}" for n in range(10)), "e00001.0P-1", "e00002.0P-1"]


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 400), st.sampled_from("ab")), max_size=40),
    st.integers(0, 20),
)
def test_of_each_kind_as_many_are_left_as_may_be(
    ledger: SqlLedger, told: list[tuple[bool, int, str]], keep: int
) -> None:
    letters = {
        f"{n}": (
            event(s, topic, id=f"{n}") if is_event else letter(0, id=f"{n}", received_at=NOW + timedelta(seconds=s))
        )
        for n, (is_event, s, topic) in enumerate(told)
    }
    with ledger.begin() as tx:
        everything = tx.collect.dead_letters(EVERYTHING, PageRequest(limit=1000)).items
        tx.collect.discard_dead_letters([one.id for one in everything])
    store(ledger, *letters.values())
    gone = beyond(ledger, keep)
    for kind in (True, False):
        of_kind = {one.id for one in letters.values() if one.topic.endswith("/event") is kind}
        assert len(of_kind - set(gone)) == min(keep, len(of_kind))
    minutes = {(one.topic, one.received_at.replace(second=0)) for one in letters.values() if "event" in one.topic}
    left = [one for one in letters.values() if "event" in one.topic and one.id not in gone]
    assert len({(one.topic, one.received_at.replace(second=0)) for one in left}) == min(keep, len(minutes))


def noise(n: int, **changes: object) -> DeadLetter:
    """A letter of telemetry, one a second."""
    made = letter(0, id=f"n{n:04}", topic="plantroom/demo/NOISE/telemetry", received_at=NOW + timedelta(seconds=n))
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_noisy_topic_loses_its_own_letters_before_it_takes_those_of_others(ledger: SqlLedger) -> None:
    quiet = [letter(n, topic="plantroom/demo/P-1/telemetry", reason="clock_in_future: 2 h") for n in range(5)]
    store(ledger, *quiet, *(noise(100 + n) for n in range(40)))
    assert beyond(ledger, keep=20) == [noise(100 + n).id for n in range(25)]
    assert beyond(ledger, keep=10) == [noise(100 + n).id for n in range(35)], "five of each"
    assert set(beyond(ledger, keep=8)) == {*(noise(100 + n).id for n in range(36)), "d000"}, "four of each"
    assert beyond(ledger, keep=20, most=3) == [noise(100 + n).id for n in range(3)]


def test_of_many_topics_that_have_one_letter_each_the_oldest_go(ledger: SqlLedger, monkeypatch) -> None:
    monkeypatch.setattr("plantroom.storage.ledger.letters.GROUPS", 3)
    store(ledger, *(noise(n, topic=f"plantroom/demo/X-{n}/telemetry") for n in range(20)))
    assert len(beyond(ledger, keep=18)) == 2
    assert len(beyond(ledger, keep=5)) == 15
    assert len(beyond(ledger, keep=1000, keep_bytes=40)) == 7, "of 3 bytes each"


def test_reasons_of_one_topic_are_told_apart_by_their_codes(ledger: SqlLedger) -> None:
    rare = noise(0, reason="clock_in_future")
    store(ledger, rare, *(noise(n, reason=f"wrong_unit: {n}") for n in range(1, 12)))
    assert beyond(ledger, keep=6) == [noise(n).id for n in range(1, 7)]


def test_where_bytes_are_too_many_what_weighs_most_goes_and_no_more_than_that(ledger: SqlLedger) -> None:
    small = [letter(n, topic="plantroom/demo/P-1/telemetry", payload=b"x" * 10) for n in range(50)]
    store(ledger, *small, *(noise(100 + n, payload=b"y" * 1000) for n in range(10)))
    assert beyond(ledger, keep=100, keep_bytes=8_000) == [noise(100 + n).id for n in range(3)]


def test_what_was_let_go_is_known_by_site_for_whoever_looks_later(ledger: SqlLedger) -> None:
    store(ledger, *(noise(n) for n in range(5)), noise(6, site="away"))
    with ledger.begin() as tx:
        now = tx.collect.now()
        assert tx.collect.letters_let_go(now - timedelta(days=1)) == {}
        assert tx.collect.let_letters_go([noise(n).id for n in range(2)]) == 2
    with ledger.begin() as tx:
        assert tx.collect.let_letters_go([noise(2).id, noise(6).id, "nope"]) == 2
    with ledger.read() as tx:
        assert tx.collect.letters_let_go(now - timedelta(days=1)) == {"away": 1, "demo": 3}
        assert tx.collect.letters_let_go(now + timedelta(hours=2)) == {}
