"""What a shelf or maintenance holds back is kept alarm by alarm: an alarm that is held back disturbs no other one."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from maintenance.episode_subjects import HELD_BACK, held_back
from maintenance.episodes import Episode
from maintenance.shelving import acknowledge
from maintenance.work_orders import State
from plantroom.domain.assets import UNCLASSIFIED, AssetStatus, Severity
from plantroom.domain.findings import Evidence, FindingRaised, FindingSource
from plantroom.ports.paging import EVERYTHING
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.test_findings import (
    DAY,
    Store,
    cleared,
    ended,
    episodes,
    feed,
    finish,
    raised,
    tickets,
    under_maintenance,
)
from tests.contract.maintenance.test_shelving import episodes_in, keeper, limit, put_aside

MINUTE = timedelta(minutes=1)
STANDING = "limit:vibration:alarm_high"
HELD = "limit:bearing_temperature:alarm_high"


def at(minutes: float) -> datetime:
    return NOW + minutes * MINUTE


def comes(ledger: Store, minutes: float, point: str = "bearing_temperature", level: str = "alarm_high") -> None:
    feed(ledger, limit(at(minutes), level=level, point=point), now=at(minutes))


def goes(ledger: Store, minutes: float, point: str = "bearing_temperature", level: str = "alarm_high") -> None:
    over = cleared(at(minutes), source=FindingSource.LIMIT, subject=f"{point}:{level}")
    feed(ledger, over, now=at(minutes))


def noted(ledger: Store, minutes: float) -> None:
    with ledger.begin() as tx:
        acknowledge(tx, episodes_in(tx, "pump-1")[-1].id, "li", at(minutes))


def told(ledger: Store) -> list[tuple[str, float]]:
    """What people were told, and how many minutes after the start."""
    with ledger.read() as tx:
        found = tx.alarms.announced(EVERYTHING, NOW - DAY, NOW + DAY, 100)
    return [(one.subject, (one.at - NOW) / MINUTE) for one in found]


def newest(ledger: Store) -> Episode:
    return episodes(ledger)[-1]


def one_stands_the_other_is_shelved(ledger: Store, until: float = 120) -> None:
    """The vibration alarm stands and somebody has taken note of it; that of the temperature is shelved and over."""
    comes(ledger, 0, "vibration")
    comes(ledger, 1)
    put_aside(ledger, now=at(2), subjects=(HELD,), until=at(until))
    goes(ledger, 3)
    noted(ledger, 4)


def test_an_alarm_that_comes_and_goes_under_its_shelf_disturbs_no_other_one(any_ledger: Store) -> None:
    one_stands_the_other_is_shelved(any_ledger)
    before = told(any_ledger)
    for minute in range(10, 30, 4):
        comes(any_ledger, minute)
        assert newest(any_ledger).acknowledged_by == "li"
        goes(any_ledger, minute + 2)
    assert HELD_BACK not in (newest(any_ledger).detail or {})
    keeper(any_ledger, at(120))
    assert (newest(any_ledger).acknowledged_by, told(any_ledger)) == ("li", before)


def test_no_completed_ticket_opens_again_for_what_is_over_when_its_shelf_ends(any_ledger: Store) -> None:
    one_stands_the_other_is_shelved(any_ledger, until=30)
    finish(any_ledger, tickets(any_ledger)[0], at=at(20))
    comes(any_ledger, 22)
    goes(any_ledger, 23)
    keeper(any_ledger, at(30))
    assert [one.state for one in tickets(any_ledger)] == [State.COMPLETED]
    assert newest(any_ledger).acknowledged_by == "li"


def test_only_what_still_stands_is_told_when_the_shelf_ends(any_ledger: Store) -> None:
    one_stands_the_other_is_shelved(any_ledger)
    before = told(any_ledger)
    comes(any_ledger, 10)
    keeper(any_ledger, at(120))
    assert told(any_ledger) == [*before, (HELD, 120)]
    assert newest(any_ledger).acknowledged_by is None
    assert len(tickets(any_ledger)) == 1


def test_the_end_of_maintenance_tells_only_what_still_stands_and_came_meanwhile(any_ledger: Store) -> None:
    comes(any_ledger, 0, "vibration")
    noted(any_ledger, 1)
    under_maintenance(any_ledger)
    comes(any_ledger, 2)
    goes(any_ledger, 3)
    comes(any_ledger, 4, "current")
    assert newest(any_ledger).acknowledged_by == "li"
    ended(any_ledger, at(10))
    assert told(any_ledger) == [(STANDING, 0), ("limit:current:alarm_high", 10)]
    assert newest(any_ledger).acknowledged_by is None


def test_nothing_is_opened_again_after_maintenance_for_what_came_and_went_during_it(any_ledger: Store) -> None:
    comes(any_ledger, 0, "vibration")
    finish(any_ledger, tickets(any_ledger)[0], at=at(1))
    under_maintenance(any_ledger)
    comes(any_ledger, 2)
    goes(any_ledger, 3)
    assert ended(any_ledger, at(10)) == 0
    assert [one.state for one in tickets(any_ledger)] == [State.COMPLETED]


def test_a_warning_that_came_under_its_shelf_is_told_when_the_shelf_ends(any_ledger: Store) -> None:
    comes(any_ledger, 0, "vibration")
    warning = "limit:vibration:warning_high"
    put_aside(any_ledger, now=at(1), subjects=(warning,), until=at(60))
    noted(any_ledger, 2)
    comes(any_ledger, 3, "vibration", "warning_high")
    assert newest(any_ledger).acknowledged_by == "li"
    keeper(any_ledger, at(60))
    assert told(any_ledger) == [(STANDING, 0), (warning, 60)]
    assert newest(any_ledger).acknowledged_by is None


def test_what_one_shelf_still_holds_stays_held_when_another_one_ends(any_ledger: Store) -> None:
    one_stands_the_other_is_shelved(any_ledger, until=60)
    warning = "limit:vibration:warning_high"
    put_aside(any_ledger, now=at(5), subjects=(warning,), until=at(90))
    before = told(any_ledger)
    comes(any_ledger, 10)
    comes(any_ledger, 11, "vibration", "warning_high")
    keeper(any_ledger, at(60))
    assert set(held_back(newest(any_ledger))) == {warning}
    noted(any_ledger, 61)
    keeper(any_ledger, at(90))
    assert told(any_ledger) == [*before, (HELD, 60), (warning, 90)]
    assert newest(any_ledger).acknowledged_by is None


def test_another_alarm_with_a_ticket_does_not_make_a_held_one_forgotten(any_ledger: Store) -> None:
    one_stands_the_other_is_shelved(any_ledger)
    comes(any_ledger, 10)
    comes(any_ledger, 11, "current")
    noted(any_ledger, 12)
    keeper(any_ledger, at(120))
    assert told(any_ledger)[-1] == (HELD, 120)


def test_an_alarm_that_comes_unshelved_after_it_was_held_back_is_told_once(any_ledger: Store) -> None:
    one_stands_the_other_is_shelved(any_ledger, until=30)
    comes(any_ledger, 10)
    goes(any_ledger, 29)
    comes(any_ledger, 31)  # before anybody has ended the shelf
    keeper(any_ledger, at(32))
    assert told(any_ledger)[-1] == (HELD, 31)


def test_what_was_held_back_before_that_was_kept_alarm_by_alarm_gets_its_ticket(any_ledger: Store) -> None:
    comes(any_ledger, 0, "vibration", "warning_high")
    put_aside(any_ledger, now=at(1), subjects=(STANDING,), until=at(60))
    comes(any_ledger, 10, "vibration")
    with any_ledger.begin() as tx:
        (old,) = episodes_in(tx, "pump-1")
        detail = dict(old.detail or {}) | {HELD_BACK: at(10).isoformat()}
        object.__setattr__(old, "detail", detail)
        tx.episodes.update(old)
    keeper(any_ledger, at(60))
    assert len(tickets(any_ledger)) == 1
    assert HELD_BACK not in (newest(any_ledger).detail or {})


def event(name: str, seconds: float, **given: Any) -> FindingRaised:
    fields: dict[str, Any] = {
        "failure_mode": UNCLASSIFIED, "source": FindingSource.RULE, "severity": Severity.MAJOR, "subject": name,
        "evidence": (), "detail": {"event": name, "tags": []},
    }  # fmt: skip
    return raised(NOW + timedelta(seconds=seconds), **(fields | given))


def test_an_event_after_a_pause_is_told_again_however_much_another_one_chatters(any_ledger: Store) -> None:
    feed(any_ledger, event("gas_leak", 0), *(event("door_open", n) for n in range(10, 3600, 58)), now=at(0))
    noted(any_ledger, 59.5)
    feed(any_ledger, event("door_open", 3594), now=at(59.9))
    assert newest(any_ledger).acknowledged_by == "li", "what chatters is no news"
    feed(any_ledger, event("gas_leak", 3600), now=at(60))
    assert newest(any_ledger).acknowledged_by is None
    assert told(any_ledger) == [("rule:gas_leak", 0), ("rule:door_open", 0), ("rule:gas_leak", 60)]


@pytest.mark.parametrize("status", [AssetStatus.UNDER_MAINTENANCE, AssetStatus.OUT_OF_SERVICE])
def test_an_alarm_that_people_took_note_of_stays_so_while_its_machine_is_quiet(
    any_ledger: Store, status: AssetStatus
) -> None:
    comes(any_ledger, 0, "vibration")
    noted(any_ledger, 1)
    with any_ledger.begin() as tx:
        tx.assets.set_status("pump-1", status)
    for minute in range(2, 12, 2):
        comes(any_ledger, minute)
        goes(any_ledger, minute + 1)
    ended(any_ledger, at(20))
    assert newest(any_ledger).acknowledged_by == "li"
    assert told(any_ledger) == [(STANDING, 0)]


def test_the_newest_of_two_limits_speaks_for_the_alarm_first(any_ledger: Store) -> None:
    feed(any_ledger, limit(evidence=(Evidence("vibration", 1.0, 9.0, 8.5),)))
    hot = (Evidence("bearing_temperature", 1.0, 99.0, 85.0),)
    feed(any_ledger, limit(at(1), point="bearing_temperature", evidence=hot), now=at(1))
    assert [one.point for one in newest(any_ledger).evidence] == ["bearing_temperature", "vibration"]
    feed(any_ledger, limit(at(2), level="alarm_low", evidence=(Evidence("vibration", 1.0, 0.1, 0.5),)), now=at(2))
    assert [(one.point, one.value) for one in newest(any_ledger).evidence] == [
        ("vibration", 0.1),
        ("bearing_temperature", 99.0),
    ]
