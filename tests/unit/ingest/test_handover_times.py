"""A site goes from one collector to another: messages without ``ts`` keep instants of their own.

The collectors share the house's stores; each has a spool of its own.
"""

import json

from hypothesis import given
from hypothesis import strategies as st

from ingest.receive_times import AHEAD_MAX_MS, ReceiveTimes
from plantroom.ports.spool import Lane
from tests.unit.ingest.house import House, until
from tests.unit.ingest.plants import ListSpool
from tests.unit.ingest.test_handover import collect, hand_over

QUEUED = 6_000
LATER_MS = 3_000
MANY = 100_000


def untimed(house: House, spool: ListSpool, first: float, count: int, at_ms: int = 0, every_ms: int = 0) -> set[float]:
    """So many messages without an instant, received at ``at_ms``, and every ``every_ms`` from then on."""
    house.spool = spool
    values = [first + n / MANY for n in range(count)]
    for n, value in enumerate(values):
        body = json.dumps({"values": {"pressure": value}}).encode()
        house.raw(body, received_ms=house.now_ms + at_ms + n * every_ms)
    return set(values)


def kept(house: House) -> set[float]:
    return {value for _, value in house.readings("pressure")}


def test_the_next_holder_gives_no_instant_again_that_the_last_one_gave_ahead_of_its_time(house: House) -> None:
    first, second = ListSpool(), ListSpool()
    wanted = untimed(house, first, 0.5, QUEUED)
    collect(house, first, 1, fresh=False)
    wanted |= untimed(house, second, 0.7, 60, LATER_MS, 50)
    collect(house, second, 2, fresh=True)
    assert kept(house) == wanted


def test_nor_does_one_whose_clock_is_behind(house: House) -> None:
    first, second = ListSpool(), ListSpool()
    wanted = untimed(house, first, 0.5, 50, 0, 100)
    collect(house, first, 1, fresh=False)
    wanted |= untimed(house, second, 0.7, 50, -LATER_MS, 100)
    collect(house, second, 2, fresh=True)
    assert kept(house) == wanted


def test_nor_when_the_last_one_was_killed_as_soon_as_it_had_stored(house: House) -> None:
    first, second = ListSpool(), ListSpool()
    wanted = untimed(house, first, 0.5, QUEUED)
    house.spool = first
    worker = house.start(hand_over=hand_over(house, 1, fresh=False))
    house.settle()
    with house.ledger.read() as tx:
        as_killed = tx.leases.state("demo", Lane.NORMAL.value)
    worker.stop()
    with house.ledger.begin() as tx:
        tx.leases.put_state("demo", Lane.NORMAL.value, 1, as_killed)
    wanted |= untimed(house, second, 0.7, 60, LATER_MS, 50)
    collect(house, second, 2, fresh=True)
    assert kept(house) == wanted


def test_what_runs_ahead_is_stored_though_the_ledger_is_away(house: House) -> None:
    spool = ListSpool()
    untimed(house, spool, 0.5, 1)
    worker = house.start(hand_over=hand_over(house, 1, fresh=False))
    house.settle()
    house.ledger.away = True
    wanted = untimed(house, spool, 0.6, 2_000, 1000)
    until(lambda: wanted <= kept(house))
    house.ledger.away = False
    house.settle()
    worker.stop()


def test_late_records_are_given_none_again_that_were_given_before_they_were_left(house: House) -> None:
    spool, other = ListSpool(), ListSpool()
    wanted = untimed(house, spool, 0.5, 200)
    collect(house, spool, 1, fresh=False)
    wanted |= untimed(house, other, 0.6, 20, LATER_MS, 50)
    collect(house, other, 2, fresh=True)
    wanted |= untimed(house, spool, 0.7, 200)
    wanted |= untimed(house, spool, 0.8, 20, LATER_MS, 50)
    collect(house, spool, 3, fresh=True, late_until=400)
    assert kept(house) == wanted


def test_whoever_takes_over_in_the_middle_of_late_records_begins_above_the_last_that_was_live(house: House) -> None:
    first, second, third = ListSpool(), ListSpool(), ListSpool()
    wanted = untimed(house, first, 0.5, QUEUED)
    collect(house, first, 1, fresh=False)
    untimed(house, second, 0.6, 1, -LATER_MS)
    collect(house, second, 2, fresh=True, late_until=1)
    wanted |= {0.6} | untimed(house, third, 0.7, 60, LATER_MS, 50)
    collect(house, third, 3, fresh=True)
    assert kept(house) == wanted


def test_receive_times_that_are_none_are_refused() -> None:
    times = ReceiveTimes()
    for garbage in (b"[1]", b'{"a": {}}', b"{"):
        try:
            times.begin_above(garbage)
        except ValueError:
            continue
        raise AssertionError(garbage)


def test_a_clock_that_was_days_ahead_holds_nobody_back() -> None:
    first, second = ReceiveTimes(), ReceiveTimes()
    first.next_free("a", 10 * AHEAD_MAX_MS)
    second.begin_above(first.hand_over())
    assert [second.next_free("a", 1000 * n) for n in (1, 2)] == [1000, 2000]


@given(
    st.lists(st.integers(0, 20).map(lambda n: 500 + n * 500), max_size=60).map(sorted),
    st.lists(st.integers(0, 20).map(lambda n: 500 + n * 500), max_size=60).map(sorted),
    st.integers(0, 60),
)
def test_two_holders_give_no_instant_twice_however_their_clocks_differ(
    before: list[int], after: list[int], cut: int
) -> None:
    first, second, again = ReceiveTimes(), ReceiveTimes(), ReceiveTimes()
    given = [first.next_free("a", ms) for ms in before]
    second.begin_above(first.hand_over())
    whole = [second.next_free("a", ms) for ms in after]
    assert len({*given, *whole}) == len(before) + len(after)
    again.begin_above(first.hand_over())
    parts = [again.next_free("a", ms) for ms in after[:cut]]
    again.restore(again.snapshot())
    assert parts + [again.next_free("a", ms) for ms in after[cut:]] == whole, "a restart changes nothing"
