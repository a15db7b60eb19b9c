"""What runs out is told once a stage, to the channels of its site and department: on both databases."""

import threading
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from maintenance.deadlines.looking import tell_deadlines
from plantroom.domain.papers import Licence
from plantroom.domain.parts import PointSensor
from plantroom.ports.accounts import Grant, Role
from tests.contract.maintenance.channels import Office
from tests.contract.maintenance.people.conftest import (
    LIFTS,
    NOW,
    TODAY,
    WATER,
    Books,
    add_contractor,
    add_paper,
    add_person,
)
from tests.contract.maintenance.people.conftest import ledger as ledger  # noqa: PLC0414 - the fixture

DAY = timedelta(days=1)


@pytest.fixture
def office(ledger: Books, tmp_path: Path) -> Office:
    made = Office(ledger, tmp_path)
    made.channel("wecombot://demo", name="demo", site="demo", language="en")
    made.channel("wecombot://lifts", name="lifts", site="demo", department=LIFTS)
    made.channel("wecombot://north", name="north", site="north")
    return made


def licence(ledger: Books, last: date, number: str = "T-1") -> None:
    with ledger.begin() as tx:
        card = tx.assets.get("lift-1").asset
        paper = Licence("periodic_inspection", number, last - 365 * DAY, last)
        tx.assets.update(replace(card, licences=(paper,), department=LIFTS), card.version)


def told(office: Office) -> list[tuple[str, str]]:
    with office.ledger.read() as tx:
        names = {one.id: one.name for one in tx.channels.list()}
    return sorted((names[one.channel], one.title) for one in office.messages())


def test_each_stage_of_a_licence_is_told_once_whoever_looks_and_how_often(ledger: Books, office: Office) -> None:
    licence(ledger, TODAY + 8 * DAY)
    counts = [tell_deadlines(ledger, NOW + n * DAY) for n in (-30, 0, 0, 1, 1, 5, 8, 9, 10, 300)]
    assert counts == [0, 2, 0, 2, 0, 0, 2, 2, 0, 0], counts
    titles = [title for channel, title in told(office) if channel == "demo"]
    assert [title.partition("periodic_inspection ")[2] for title in titles] == [
        "ran out on 2026-03-10", "runs out in 7 days", "runs out in 8 days", "runs out today",
    ]  # fmt: skip
    assert {channel for channel, _ in told(office)} == {"demo", "lifts"}
    licence(ledger, TODAY + 400 * DAY, "T-2")
    assert tell_deadlines(ledger, NOW + 10 * DAY) == 0, "it was renewed"


def test_people_contractors_and_sensors(ledger: Books, office: Office) -> None:
    add_person(ledger, "li", WATER, grants=(Grant(Role.TECHNICIAN, "north"),))
    add_paper(ledger, "li", "electrician_low", TODAY + 7 * DAY)
    add_contractor(ledger, "anda", "elevator_licence", expires=TODAY)
    with ledger.begin() as tx:
        done = PointSensor("pump-1", "pressure", "S-9", TODAY - 360 * DAY, 365)
        tx.sensors.put([done, PointSensor("pump-1", "flow", interval_days=365)])
    assert tell_deadlines(ledger, NOW) > 0
    assert tell_deadlines(ledger, NOW) == 0
    said = told(office)
    assert [channel for channel, title in said if "LI" in title] == ["north"]
    assert [t for c, t in said if c == "demo" and "pressure" in t] == [
        "pump (pump-1) pressure: calibration runs out in 5 days"
    ]
    assert ("demo", "1 sensor was never calibrated") in said
    assert any("runs out today" in title for channel, title in said if channel == "demo")
    assert not any("electrician" in one.body and one.body.count("N2026") for one in office.messages())


def test_several_schedulers_at_once_tell_each_once(ledger: Books, office: Office) -> None:
    licence(ledger, TODAY)
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(tell_deadlines(ledger, NOW))) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(counts) == len(office.messages()) == 2
