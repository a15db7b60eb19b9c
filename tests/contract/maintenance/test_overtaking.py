"""A safety event does not wait for the other events of its own machine, and in the end it makes no difference."""

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from maintenance.episode_rules import LOOP_TEST
from maintenance.episodes import EpisodeState
from maintenance.findings import FindingApplier
from maintenance.findings_consumer import FindingsConsumer
from maintenance.loop_tests import CheckResult, Step
from maintenance.unknown_events import UNKNOWN_EVENT
from maintenance.work_orders import State
from plantroom.domain.assets import UNCLASSIFIED, Asset, AssetStatus, LocalName, Severity
from plantroom.domain.findings import FindingCleared, FindingRaised, FindingSource
from plantroom.ports.clock import FixedClock
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.loop_walk import Walk, walk
from tests.contract.maintenance.test_findings import Store, cleared, episodes, raised, step, tickets
from tests.contract.maintenance.test_floods import CLASSES, alarm
from tests.contract.maintenance.test_safety_first import append

__all__ = ["walk"]
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def event(
    name: str, asset: str, at: datetime = NOW, severity: Severity = Severity.GENERAL, *, safety: bool = False
) -> FindingRaised:
    return raised(
        at, asset=asset, failure_mode=UNCLASSIFIED, source=FindingSource.RULE, severity=severity, safety=safety,
        subject=name, evidence=(), detail={"event": name, "tags": [UNKNOWN_EVENT]},
    )  # fmt: skip


def gas(asset: str, at: datetime = NOW) -> FindingRaised:
    return event("gas", asset, at, Severity.CRITICAL, safety=True)


def test_behind_600_unknown_events_of_its_own_machine_it_is_the_first_one_applied(building: Store) -> None:
    append(building, *(event(f"e{n}", "p10", NOW + n * SECOND) for n in range(600)), gas("p10", NOW + 600 * SECOND))
    assert FindingsConsumer(building, FixedClock(NOW + HOUR), CLASSES).run_once() == 1
    (episode,), (ticket,) = episodes(building, "p10"), tickets(building, "p10")
    assert (episode.findings, episode.open_subjects, ticket.safety) == (1, ("rule:gas",), True)


def test_one_that_comes_while_they_are_applied_is_in_the_second_batch_from_then_at_the_latest(building: Store) -> None:
    append(building, *(event(f"e{n}", "p10", NOW + n * SECOND) for n in range(40)))
    applying = FindingsConsumer(building, FixedClock(NOW + HOUR), CLASSES, batch=5, stopwatch=lambda: 0.0)
    assert [applying.run_once(), applying.run_once()] == [5, 5]
    append(building, gas("p10"), event("e0", "p10", NOW + 50 * SECOND), gas("p10", NOW + 60 * SECOND))
    assert [applying.run_once(), [one.safety for one in tickets(building, "p10")]] == [2, [True]]
    while applying.run_once():
        pass
    (episode,) = episodes(building, "p10")
    assert (episode.findings, len(episode.open_subjects)) == (43, 41)


def test_two_instances_apply_each_of_them_once(building: Store) -> None:
    told = [event(f"e{n % 7}", "p10", NOW + n * SECOND) for n in range(30)]
    append(building, *told, gas("p10"), *told[:3], event("e1", "p10", safety=True), gas("p10", NOW + HOUR))
    both = [FindingsConsumer(building, FixedClock(NOW + HOUR), CLASSES, batch=4, stopwatch=lambda: 0.0) for _ in "ab"]
    counts = [one.run_once() for _ in range(12) for one in both]
    assert sum(counts) == len(told) + 3
    (episode,) = episodes(building, "p10")
    assert (episode.findings, len(episode.open_subjects)) == (len(told) + 3, 8)


def nothing(ledger: Store, asset: str) -> None:
    """Nothing was told of the machine before."""


def ticket_open(ledger: Store, asset: str) -> None:
    apply(ledger, event("before", asset))


def ticket_held(ledger: Store, asset: str) -> None:
    ticket_open(ledger, asset)
    step(ledger, tickets(ledger, asset)[0], State.ACKNOWLEDGED, State.ON_HOLD)


def ticket_completed(ledger: Store, asset: str) -> None:
    ticket_open(ledger, asset)
    step(ledger, tickets(ledger, asset)[0], State.IN_PROGRESS, State.COMPLETED)


def ticket_cancelled(ledger: Store, asset: str) -> None:
    ticket_open(ledger, asset)
    step(ledger, tickets(ledger, asset)[0], State.CANCELLED)


def under_maintenance(ledger: Store, asset: str) -> None:
    with ledger.begin() as tx:
        tx.assets.set_status(asset, AssetStatus.UNDER_MAINTENANCE)


def in_a_flood(ledger: Store, asset: str) -> None:
    apply(ledger, *(alarm(n) for n in range(20, 32)))


def apply(ledger: Store, *findings: FindingRaised | FindingCleared, at: datetime = NOW) -> None:
    for one in findings:
        with ledger.begin() as tx:
            FindingApplier(tx, at, CLASSES).apply(one)


def outcome(ledger: Store, asset: str) -> dict[str, object]:
    """What people see in the end: what stands, and the tickets that call for work."""
    (standing,) = (one for one in episodes(ledger, asset) if one.state is EpisodeState.OPEN)
    tickets_open = [one for one in tickets(ledger, asset) if one.state is State.OPEN]
    (own,) = (one for one in tickets_open if one.safety)
    assert standing.work_order == own.id
    return {
        "standing": set(standing.open_subjects),
        "episode": (standing.severity, standing.safety, standing.last_observed_at),
        "tickets": [(one.severity, one.safety) for one in tickets_open],
        "first named": own.title.en.partition(": ")[2].partition(",")[0],
    }


def due(ledger: Store, asset: str) -> datetime:
    return min(one.due for one in tickets(ledger, asset) if one.safety and one.due is not None)


@pytest.mark.parametrize(
    "before",
    [
        nothing,
        ticket_open,
        ticket_held,
        ticket_completed,
        ticket_cancelled,
        under_maintenance,
        in_a_flood,
    ],
)
def test_in_both_orders_the_same_stands_and_the_same_work_is_asked_for(
    ledger: Store, before: Callable[[Store, str], None]
) -> None:
    for asset in ("arrived", "overtaken"):
        with ledger.begin() as tx:
            tx.assets.add(Asset(asset, "demo", asset, "generic", LocalName("机", "Machine")), [])
    with ledger.begin() as tx:
        for n in range(20, 32):
            tx.assets.add(Asset(f"p{n}", "demo", f"P-{n}", "pump", LocalName(f"{n}号泵", f"Pump {n}")), [])
    for asset, order in (("arrived", (0, 1, 2, 3, 4)), ("overtaken", (3, 4, 0, 1, 2))):
        told = [
            event("door", asset, NOW + 1 * SECOND),
            event("leak", asset, NOW + 2 * SECOND, Severity.MAJOR),
            cleared(
                NOW + 3 * SECOND, asset=asset, failure_mode=UNCLASSIFIED, source=FindingSource.RULE, subject="before"
            ),
            gas(asset, NOW + 4 * SECOND),
            event("smoke", asset, NOW + 5 * SECOND, Severity.CRITICAL, safety=True),
        ]
        before(ledger, asset)
        apply(ledger, *(told[n] for n in order), at=NOW + 10 * SECOND)
    assert outcome(ledger, "arrived") == outcome(ledger, "overtaken")
    assert due(ledger, "overtaken") <= due(ledger, "arrived")


@pytest.mark.parametrize("order", list(itertools.permutations(range(2))))
def test_what_a_loop_test_asked_for_answers_it_and_what_is_real_has_a_real_ticket(
    walk: Walk, order: tuple[int, int]
) -> None:
    with walk.ledger.begin() as tx:
        tx.assets.add(Asset("ahu-1", "demo", "A-1", "ahu", LocalName("空调", "Air handler")), [])
    walk.start("ahu-1", events=["smoke_in_duct"])
    walk.after(10)
    told = [
        event("filter_dirty", "ahu-1", walk.now - SECOND),
        event("smoke_in_duct", "ahu-1", walk.now, Severity.CRITICAL, safety=True),
    ]
    for n in order:
        walk.comes(told[n])
    (check,) = walk.look()
    assert check.result is CheckResult.ANSWERED
    assert check.step(Step.TICKET).evidence in {one.id for one in walk.tickets("ahu-1")}
    real = [one for one in walk.tickets("ahu-1") if LOOP_TEST not in one.tags]
    assert [one.state for one in real] == [State.OPEN]
    assert "filter dirty" in real[0].title.en
