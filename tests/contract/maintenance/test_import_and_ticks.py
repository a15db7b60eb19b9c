"""The scheduler's ticks, on a real ledger."""

import time
from collections.abc import Mapping

from maintenance.ports import MaintenanceTx
from maintenance.scheduler import PlanScheduler
from maintenance.seed import seed_default_profile
from plantroom.ports.clock import FixedClock
from plantroom.ports.ledger import Ledger
from tests.contract.maintenance.conftest import NOW, SYSTEMS, orders

Store = Ledger[MaintenanceTx]


def test_the_scheduler_materialises_as_soon_as_it_starts(ledger: Store) -> None:
    with ledger.begin() as tx:
        seed_default_profile(tx)
    runs: list[Mapping[str, int]] = []
    scheduler = PlanScheduler(ledger, FixedClock(NOW), SYSTEMS, after=runs.append)
    scheduler.start()
    try:
        end = time.monotonic() + 5
        while not runs and time.monotonic() < end:
            time.sleep(0.01)
    finally:
        scheduler.stop()
    assert runs[0]["created"] > 0
    assert orders(ledger)
    assert scheduler.failures == 0
