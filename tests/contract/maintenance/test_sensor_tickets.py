"""The ticket of broken sensors: one for a machine, apart from what is wrong with the machine itself."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from maintenance.episode_rules import RECHECK
from maintenance.episodes import EpisodeState
from maintenance.shelving import SafetyAlarm
from maintenance.transitions import end_maintenance
from maintenance.work_orders import Origin, State
from plantroom.domain.assets import SENSOR_FAULT, Severity
from plantroom.domain.findings import Evidence, FindingCleared, FindingRaised, FindingSource
from plantroom.errors import BadData
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.tablet import op, send
from tests.contract.maintenance.test_findings import (
    Store,
    cleared,
    episodes,
    feed,
    raised,
    step,
    tickets,
    under_maintenance,
)
from tests.contract.maintenance.test_shelving import put_aside
from tests.contract.maintenance.test_still_there import look

LATER = NOW + timedelta(minutes=5)


def broken(point: str, at: datetime = NOW, reason: str = "out_of_range", **more: Any) -> FindingRaised:
    detail = {
        "point": point, "level": "sensor", "value": -25.0, "reason": reason, "bad_since": NOW.isoformat(),
        "safety_source": False, "priority": "medium", "tags": [],
    }  # fmt: skip
    return raised(
        at, failure_mode=SENSOR_FAULT, source=FindingSource.LIMIT, severity=Severity.GENERAL, detail=detail,
        subject=f"{point}:sensor", evidence=(Evidence(point, 1.0, -25.0),), **more,
    )  # fmt: skip


def mended(point: str, at: datetime = LATER) -> FindingCleared:
    return cleared(at, failure_mode=SENSOR_FAULT, source=FindingSource.LIMIT, subject=f"{point}:sensor")


def test_all_broken_sensors_of_a_machine_share_one_ticket_that_names_each(any_ledger: Store) -> None:
    feed(any_ledger, broken("flow"), broken("bearing_temp", LATER, "stuck"))
    (ticket,) = tickets(any_ledger)
    assert (ticket.origin, ticket.severity, ticket.safety) == (Origin.LIMIT, Severity.GENERAL, False)
    assert "流量（最后读数 -25 m³/h，超出传感器量程，自2026-03-02 09:00起）" in ticket.reason.zh
    assert "轴承温度（最后读数 -25 °C，数值长时间不变" in ticket.reason.zh
    assert "Flow (last said -25 m³/h, outside what it can show, since 2026-03-02 09:00)" in ticket.reason.en
    assert ticket.title.en == "Pump 1: sensor fault (Bearing temperature, Flow)"


def test_it_is_over_when_all_of_them_say_something_good_again(ledger: Store) -> None:
    feed(ledger, broken("flow"), broken("vibration"), mended("flow"))
    assert [one.state for one in episodes(ledger)] == [EpisodeState.OPEN]
    feed(ledger, mended("vibration"))
    assert [one.state for one in episodes(ledger)] == [EpisodeState.CLOSED]


def test_a_sensor_that_is_mended_is_not_named_with_the_next_one(ledger: Store) -> None:
    feed(ledger, broken("flow"), mended("flow"), broken("vibration", LATER))
    (ticket,) = tickets(ledger)
    assert ("流量（" in ticket.reason.zh, "振动速度（" in ticket.reason.zh) == (False, True)


def test_a_broken_sensor_never_masks_a_fault_of_its_machine(ledger: Store) -> None:
    feed(ledger, broken("vibration"), raised(LATER))
    assert {episode.failure_mode for episode in episodes(ledger)} == {SENSOR_FAULT, "bearing"}
    assert len(tickets(ledger)) == 2


def test_a_sensor_that_is_still_broken_after_the_work_has_its_ticket_again(ledger: Store) -> None:
    """ "The sensor" as a verdict says of its own ticket what was wrong, not that nothing was."""
    feed(ledger, broken("vibration"))
    (ticket,) = tickets(ledger)
    step(ledger, ticket, State.ACKNOWLEDGED, State.IN_PROGRESS)
    send(ledger, op(ticket, "verdict", value={"verdict": "sensor"}), op(ticket, "complete"))
    assert tickets(ledger)[0].state is State.COMPLETED
    assert look(ledger, NOW + RECHECK + timedelta(minutes=5))[0].state is State.OPEN


def test_under_maintenance_it_waits_for_the_end_of_that(ledger: Store) -> None:
    under_maintenance(ledger)
    feed(ledger, broken("vibration"))
    assert tickets(ledger) == []
    with ledger.begin() as tx:
        assert end_maintenance(tx, "pump-1", LATER) == 1
    assert len(tickets(ledger)) == 1


def test_one_that_mutes_a_safety_alarm_cannot_be_shelved(ledger: Store) -> None:
    """Whatever its source: behind the shelf nobody would look at the speed."""
    feed(ledger, broken("car_speed", asset="lift-1"))
    for subjects in ((), ("limit:car_speed:sensor",)):
        with pytest.raises(SafetyAlarm):
            put_aside(ledger, asset="lift-1", subjects=subjects)


def test_it_can_be_shelved_and_another_one_of_its_machine_before_it_comes(ledger: Store) -> None:
    feed(ledger, broken("vibration"))
    put_aside(ledger, subjects=("limit:vibration:sensor", "limit:flow:sensor"))
    with pytest.raises(BadData):
        put_aside(ledger, subjects=("limit:unknown:sensor",))
