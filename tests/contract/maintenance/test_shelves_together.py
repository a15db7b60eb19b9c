"""What holds an alarm quiet together: two shelves, a shelf and a machine's status."""

import pytest

from maintenance.alarm_rules import AlarmState
from maintenance.shelving import EXPIRED, REPLACED, acknowledge, unshelve
from plantroom.domain.assets import AssetStatus, Severity
from plantroom.domain.findings import FindingRaised, FindingSource
from plantroom.errors import BadData
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.test_findings import episodes, feed, raised, tickets
from tests.contract.maintenance.test_shelving import (
    CLASSES,
    HOUR,
    Store,
    episodes_in,
    keeper,
    limit,
    put_aside,
    state,
    warned,
)

WARNING, ALARM = "limit:vibration:warning_high", "limit:vibration:alarm_high"


def offline(hours: float = 0) -> FindingRaised:
    return raised(
        NOW + hours * HOUR, source=FindingSource.PRESENCE, failure_mode="offline", severity=Severity.GENERAL,
        subject="", evidence=(),
    )  # fmt: skip


def status(ledger: Store, to: AssetStatus) -> None:
    with ledger.begin() as tx:
        tx.assets.set_status("pump-1", to)


@pytest.mark.parametrize(
    ("of_the_machine", "tickets_then"), [(AssetStatus.UNDER_MAINTENANCE, 1), (AssetStatus.OUT_OF_SERVICE, 0)]
)
def test_a_silence_whose_shelf_is_over_waits_only_for_what_keeps_silences_quiet(
    any_ledger: Store, of_the_machine: AssetStatus, tickets_then: int
) -> None:
    feed(any_ledger, raised(failure_mode="offline", severity=Severity.INFO, source=FindingSource.PRESENCE, subject=""))
    put_aside(any_ledger, subjects=("presence:",))
    status(any_ledger, of_the_machine)
    feed(any_ledger, offline(1), now=NOW + HOUR)
    assert tickets(any_ledger) == []
    keeper(any_ledger, NOW + 2 * HOUR)
    assert len(tickets(any_ledger)) == tickets_then


def test_a_limit_whose_shelf_is_over_waits_for_the_end_of_the_maintenance(any_ledger: Store) -> None:
    warned(any_ledger)
    put_aside(any_ledger, subjects=(WARNING, ALARM))
    status(any_ledger, AssetStatus.UNDER_MAINTENANCE)
    feed(any_ledger, limit(NOW + HOUR), now=NOW + HOUR)
    keeper(any_ledger, NOW + 2 * HOUR)
    assert tickets(any_ledger) == []


@pytest.mark.parametrize("foreign", ["limit:flow:alarm_low", "limit:vibration:loud", "limit:nothing:alarm_low"])
def test_a_limit_of_another_failure_mode_cannot_be_shelved_here(ledger: Store, foreign: str) -> None:
    warned(ledger)
    with pytest.raises(BadData):
        put_aside(ledger, subjects=(foreign,))


def test_one_of_two_shelves_that_ends_wakes_nothing_that_the_other_holds(any_ledger: Store) -> None:
    warned(any_ledger)
    with any_ledger.begin() as tx:
        acknowledge(tx, episodes_in(tx, "pump-1")[-1].id, "li", NOW)
    put_aside(any_ledger, 4, subjects=(WARNING, ALARM))
    short = put_aside(any_ledger, 1, subjects=(WARNING,))
    with any_ledger.begin() as tx:
        unshelve(tx, short.id, "li", CLASSES, NOW + HOUR)
    assert episodes(any_ledger)[-1].acknowledged_by == "li"
    assert state(any_ledger, NOW + HOUR) is AlarmState.SHELVED
    keeper(any_ledger, NOW + 4 * HOUR)
    assert episodes(any_ledger)[-1].acknowledged_by is None


@pytest.mark.parametrize("hours", [1, 6])
def test_shelved_anew_the_newer_word_counts_be_it_longer_or_shorter(any_ledger: Store, hours: float) -> None:
    warned(any_ledger)
    first = put_aside(any_ledger, 4)
    put_aside(any_ledger, hours)
    with any_ledger.read() as tx:
        assert (tx.alarms.shelf(first.id).ended_by, tx.alarms.shelf(first.id).ended_at) == (REPLACED, NOW)
    assert state(any_ledger, NOW + hours * HOUR - HOUR / 60) is AlarmState.SHELVED
    assert tickets(any_ledger) == []
    keeper(any_ledger, NOW + hours * HOUR)
    assert state(any_ledger, NOW + hours * HOUR) is AlarmState.ACTIVE_UNACKNOWLEDGED


def test_a_shelf_whose_time_is_over_is_not_replaced_but_over(any_ledger: Store) -> None:
    warned(any_ledger)
    first = put_aside(any_ledger, 1)
    put_aside(any_ledger, 1, now=NOW + 2 * HOUR)
    with any_ledger.read() as tx:
        assert tx.alarms.shelf(first.id).ended_by == EXPIRED
