"""From messages of a device whose clock is wrong to the ledger's word and the finding."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from plantroom.domain.findings import FindingRaised
from tests.unit.ingest.house import House, until


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


def test_a_device_that_is_behind_shows_in_the_ledger_in_the_figures_and_as_a_finding(house: House) -> None:
    for s in range(0, 400, 5):
        at = house.now_ms + 1000 * s
        payload = b'{"ts": %d, "values": {"vibration": 1}}' % (at - 42_000)
        house.raw(payload, received_ms=at + 30)
    worker = house.start()
    house.settle()
    with house.ledger.read() as tx:
        clock = tx.assets.get("key-P-1").clock
    assert clock is not None
    assert (clock.offset_ms, clock.wrong_since is not None) == (-42_030, True)
    (raised,) = [one for one in house.findings() if isinstance(one, FindingRaised)]
    assert (raised.failure_mode, raised.subject) == ("clock", "clock")
    until(lambda: worker.stats().clocks_wrong == 1)
    assert worker.stats().clock_offset_largest_ms == 42_030
