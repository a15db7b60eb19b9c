"""Accepting a ticket while a finding comes for it, on PostgreSQL, where both run at once: neither stops the other."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from maintenance.episode_tickets import EpisodeTickets
from maintenance.episodes import Episode
from maintenance.floods import FLOOD
from maintenance.ports import MaintenanceTx
from maintenance.ticket_lock import lock_ticket
from maintenance.transitions import apply_transition
from maintenance.work_orders import State, WorkOrder
from plantroom.domain.assets import Asset, LocalName
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import orders
from tests.contract.maintenance.loop_walk import Walk

Meanwhile = Callable[[Callable[[], None], Callable[[], None]], None]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Runs the second while the first one's finding holds its episode and is about to lock the ticket."""
    real = EpisodeTickets.of
    inside, go = threading.Event(), threading.Event()

    def slow(self: EpisodeTickets, episode: Episode | None, safety: bool = False) -> WorkOrder | None:
        inside.set()
        go.wait(0.3)
        return real(self, episode, safety)

    def run(first: Callable[[], None], second: Callable[[], None]) -> None:
        monkeypatch.setattr(EpisodeTickets, "of", slow)
        with ThreadPoolExecutor(2) as pool:
            finding = pool.submit(first)
            assert inside.wait(10)
            person = pool.submit(second)
            finding.result(20)
            person.result(20)

    return run


def test_a_safety_finding_and_who_accepts_its_ticket_both_go_through(
    postgres: Ledger[MaintenanceTx], meanwhile: Meanwhile
) -> None:
    walk = Walk(postgres)
    walk.comes(walk.limit(safety=True))
    (ticket,) = walk.tickets("pump-1")
    walk.after(90)
    meanwhile(lambda: walk.comes(walk.limit(safety=True)), lambda: walk.accept(ticket))
    assert [one.state for one in walk.tickets("pump-1")] == [State.ACKNOWLEDGED]


def test_nobody_waits_for_the_alarms_of_a_flood_with_its_ticket_in_hand(
    postgres: Ledger[MaintenanceTx], meanwhile: Meanwhile
) -> None:
    walk = Walk(postgres)
    with postgres.begin() as tx:
        for n in range(13):
            tx.assets.add(Asset(f"p{n}", "demo", f"Q-{n}", "pump", LocalName("泵", "Pump")), [])
    for n in range(13):
        walk.comes(walk.limit(asset=f"p{n}"))
    (shared,) = [one for one in orders(postgres, kind="corrective") if FLOOD in one.tags]
    walk.after(90)

    def accept() -> None:
        with postgres.begin() as tx:
            order = lock_ticket(tx, shared.id)
            apply_transition(tx, order.id, State.ACKNOWLEDGED, walk.now, "li", now=walk.now)

    meanwhile(lambda: walk.comes(walk.limit(asset="p12")), accept)
    with postgres.read() as tx:
        noted = [one.acknowledged_by for one in tx.episodes.of_order(shared.id)]
    assert noted.count("li") >= len(noted) - 1
