"""The simulated building comes into the ledger whole, also when its first start was cut short."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from plantroom.bootstrap.demo import prepare_scenario
from plantroom.bootstrap.parts import Parts, open_parts
from plantroom.settings import Settings
from simulators.scenario import load_scenario


@pytest.fixture
def parts(started: Path) -> Iterator[Parts]:
    opened = open_parts(Settings(data_dir=started))
    yield opened
    opened.close()


def learned(parts: Parts) -> tuple[int, int]:
    with parts.ledger.read() as tx:
        plant = tx.assets.plant()
    return len(plant.assets), len({window.asset for window in plant.learn_windows})


def test_a_start_that_was_cut_short_is_made_good_by_the_next(parts: Parts) -> None:
    scenario, cut = load_scenario("demo"), threading.Event()
    cut.set()
    prepare_scenario(parts, scenario, cut)
    assert learned(parts) == (len(scenario.assets), 0)
    prepare_scenario(parts, scenario, threading.Event())
    assert learned(parts) == (len(scenario.assets), len(scenario.assets))
    prepare_scenario(parts, scenario, threading.Event())
    with parts.ledger.read() as tx:
        assert len(tx.assets.plant().learn_windows) == len(scenario.assets)


def test_the_first_lifts_half_month_visit_falls_on_today(parts: Parts) -> None:
    prepare_scenario(parts, load_scenario("demo"), threading.Event())
    with parts.ledger.read() as tx:
        lift = tx.assets.find("demo", "E-1")
    assert lift is not None
    assert lift.in_service_on is not None
    assert (parts.planning_clock.now().date() - lift.in_service_on).days % 15 in {0, 14}
