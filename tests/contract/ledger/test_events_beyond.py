"""How many events a site keeps, and which stay."""

from collections.abc import Sequence

from maintenance.episodes import EpisodeState
from plantroom.ports.events import AssetEvent
from plantroom.storage.ledger import SqlLedger
from tests.contract.ledger.given import MINUTE, NOW, episode
from tests.contract.ledger.test_collect import event


def store(ledger: SqlLedger, *events: AssetEvent) -> None:
    with ledger.begin() as tx:
        tx.collect.add_events(events)


def beyond(ledger: SqlLedger, keep: int, most: int = 1000) -> Sequence[str]:
    with ledger.read() as tx:
        return tx.collect.events_beyond(keep, most)


def test_those_that_were_received_first_go_whatever_their_own_time(ledger: SqlLedger) -> None:
    store(ledger, *(event(n, observed_at=NOW - n * MINUTE) for n in range(5)))
    assert beyond(ledger, keep=5) == []
    assert beyond(ledger, keep=3) == ["e000", "e001"]
    assert beyond(ledger, keep=0, most=3) == ["e000", "e001", "e002"]


def test_each_site_has_its_own_bound(ledger: SqlLedger) -> None:
    store(ledger, *(event(n) for n in range(4)), *(event(10 + n, site="other") for n in range(2)))
    assert beyond(ledger, keep=2) == ["e000", "e001"]
    assert beyond(ledger, keep=1, most=4) == ["e000", "e001", "e002", "e010"]


def test_those_of_an_open_episode_stay_until_there_are_twice_as_many(planted: SqlLedger) -> None:
    with planted.begin() as tx:
        tx.episodes.add(episode(opened_observed_at=NOW + 2 * MINUTE))
        tx.episodes.add(episode("e2", failure_mode="seal_leak", opened_observed_at=NOW, state=EpisodeState.CLOSED))
    store(planted, *(event(n) for n in range(8)), *(event(20 + n, asset="p2") for n in range(2)))
    assert beyond(planted, keep=6) == ["e000", "e001", "e020", "e021"]
    assert beyond(planted, keep=3) == ["e000", "e001", "e020", "e021"]
    assert beyond(planted, keep=2) == ["e000", "e001", "e020", "e021", "e002", "e003"]


def test_what_is_let_go_is_gone_and_nothing_else(ledger: SqlLedger) -> None:
    store(ledger, *(event(n) for n in range(4)))
    with ledger.begin() as tx:
        assert tx.collect.let_events_go(["e000", "e002", "e009", "e000"]) == 2
        assert tx.collect.let_events_go([]) == 0
    with ledger.read() as tx:
        assert [one.id for one in tx.collect.events("p1", 10)] == ["e003", "e001"]
