"""Which state a holder goes on from: its own where nobody had the lane since, else what the last one left.

Each collector has a spool of its own; what it alone knows is the part ``own`` of its checkpoint.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.checkpoint import pack, unpack
from ingest.handover import HandOver, Overtaken
from plantroom.errors import Unreachable
from plantroom.storage.ledger import SqlLedger
from plantroom.storage.ledger.engine import SqlTx
from tests.examples import examples
from tests.unit.ingest.plants import ListSpool

HANDED, OWN = "stage:alarms", "own"
UNDONE, UNANSWERED = "undone", "unanswered"


class Breaking:
    """The real ledger, whose transactions are ``undone`` in place of their commit, or whose commit nobody hears of."""

    def __init__(self, ledger: SqlLedger, how: str) -> None:
        self._ledger = ledger
        self._how = how

    @contextmanager
    def begin(self) -> Iterator[SqlTx]:
        with self._ledger.begin() as tx:
            yield tx
            if self._how == UNDONE:
                raise Unreachable("ledger", "went away")
        raise Unreachable("ledger", "went away")


def begin(
    ledger: SqlLedger, spool: ListSpool, epoch: int, *, fresh: bool = False, lane: str = "normal", how: str = ""
) -> HandOver:
    used = Breaking(ledger, how) if how else ledger
    made = HandOver(used, "demo", lane, epoch, fresh=fresh)  # type: ignore[arg-type]
    made.begin(spool)
    return made


def work(hand_over: HandOver, spool: ListSpool, word: bytes) -> None:
    """What a worker does when it has told a finding, and later moves its cursor."""
    hand_over.keep_now({HANDED: word})
    spool.commit(spool.position + 1, pack({**unpack(spool.state), HANDED: word, OWN: word}))


def known(spool: ListSpool) -> tuple[bytes | None, bytes | None]:
    parts = unpack(spool.state)
    return parts.get(HANDED), parts.get(OWN)


def test_who_begins_again_goes_on_from_its_own_state(ledger: SqlLedger) -> None:
    anna = ListSpool()
    work(begin(ledger, anna, 1), anna, b"a")
    for epoch in (2, 3, 3, 7):
        begin(ledger, anna, epoch)
        assert known(anna) == (b"a", b"a")


def after_ben(ledger: SqlLedger) -> tuple[ListSpool, ListSpool]:
    """Anna had the lane, then Ben."""
    anna, ben = ListSpool(), ListSpool()
    work(begin(ledger, anna, 1), anna, b"a")
    work(begin(ledger, ben, 2, fresh=True), ben, b"b")
    return anna, ben


def test_killed_between_the_lease_and_the_state_it_goes_on_from_what_the_last_one_left(ledger: SqlLedger) -> None:
    anna, _ = after_ben(ledger)
    begin(ledger, anna, 4, fresh=False)
    assert known(anna) == (b"b", None), "its lease of epoch 3 was never begun, and 4 names itself as the last holder"


def test_who_holds_a_lease_that_it_never_begins_leaves_the_last_one_its_own_state(ledger: SqlLedger) -> None:
    _, ben = after_ben(ledger)
    begin(ledger, ben, 4, fresh=False)
    assert known(ben) == (b"b", b"b")


@pytest.mark.parametrize("how", [UNDONE, UNANSWERED])
def test_killed_while_it_claims_the_state_it_takes_over_all_the_same(ledger: SqlLedger, how: str) -> None:
    anna, _ = after_ben(ledger)
    with pytest.raises(Unreachable):
        begin(ledger, anna, 3, fresh=True, how=how)
    begin(ledger, anna, 4)
    assert known(anna) == (b"b", None)


@pytest.mark.parametrize("how", [UNDONE, UNANSWERED])
def test_killed_while_it_claims_what_is_its_own_it_keeps_it(ledger: SqlLedger, how: str) -> None:
    anna = ListSpool()
    work(begin(ledger, anna, 1), anna, b"a")
    with pytest.raises(Unreachable):
        begin(ledger, anna, 2, how=how)
    begin(ledger, anna, 3)
    assert known(anna) == (b"a", b"a")


def test_who_still_writes_while_the_next_claim_comes_to_nothing_is_not_forgotten(ledger: SqlLedger) -> None:
    anna, ben = ListSpool(), ListSpool()
    work(begin(ledger, anna, 1), anna, b"a")
    holding = begin(ledger, ben, 2)
    with pytest.raises(Unreachable):
        begin(ledger, anna, 3, how=UNDONE)
    work(holding, ben, b"b")
    begin(ledger, anna, 4)
    assert known(anna) == (b"b", None)


def test_a_data_folder_that_was_put_back_does_not_count_any_more(ledger: SqlLedger) -> None:
    anna = ListSpool()
    work(begin(ledger, anna, 1), anna, b"old")
    backup = anna.state
    work(begin(ledger, anna, 2), anna, b"new")
    anna.state = backup
    begin(ledger, anna, 3)
    assert known(anna) == (b"new", None)


def test_a_checkpoint_of_an_earlier_version_counts_only_where_no_state_was_ever_claimed(ledger: SqlLedger) -> None:
    for lane, handed in (("normal", (b"a", b"a")), ("safety", (b"b", None))):
        spool = ListSpool()
        spool.commit(3, pack({HANDED: b"a", OWN: b"a"}))
        if lane == "safety":
            with ledger.begin() as tx:
                assert tx.leases.put_state("demo", lane, 1, pack({HANDED: b"b"}))
        begin(ledger, spool, 2, lane=lane)
        assert known(spool) == handed
        assert spool.position == 3


@pytest.mark.parametrize("state", [b"garbage", b""])
def test_a_checkpoint_that_cannot_be_read_counts_as_none(ledger: SqlLedger, state: bytes) -> None:
    after_ben(ledger)
    spool = ListSpool()
    spool.state = state
    begin(ledger, spool, 3)
    assert known(spool) == (b"b", None)


def test_who_is_overtaken_changes_nothing_of_its_checkpoint(ledger: SqlLedger) -> None:
    anna, _ = after_ben(ledger)
    before = anna.state
    with pytest.raises(Overtaken):
        begin(ledger, anna, 1)
    assert anna.state == before


LANES = count()
steps = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from(["begin", "begin", "work", "work", UNDONE, UNANSWERED])),
    min_size=5,
    max_size=15,
)


@settings(max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_whoever_is_killed_whenever_nobody_goes_on_from_what_is_not_the_last_state(
    ledger: SqlLedger, steps: list[tuple[int, str]]
) -> None:
    lane = f"lane-{next(LANES)}"
    spools = [ListSpool(), ListSpool()]
    holder, word, holding = None, None, None
    for epoch, (who, how) in enumerate(steps, 1):
        spool, before = spools[who], known(spools[who])
        if how == "work":
            if who == holder and holding is not None:
                word = str(epoch).encode()
                work(holding, spool, word)
        elif how == "begin":
            holding = begin(ledger, spool, epoch, lane=lane)
            assert known(spool) == (before if holder in (who, None) else (word, None))
            assert known(spool)[0] == word
            holder = who
        else:
            with pytest.raises(Unreachable):
                begin(ledger, spool, epoch, lane=lane, how=how)
            if how == UNANSWERED:
                holder, holding = who, None
