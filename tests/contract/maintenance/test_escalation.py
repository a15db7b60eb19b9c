"""Who is told when nobody acts: step by step, each once, whoever looks and how often."""

import multiprocessing
import os
import signal
import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from maintenance.notify.audience import OnCall, audience_of
from maintenance.notify.messages import Message
from maintenance.ports import MaintenanceTx
from maintenance.sla.escalation import Checked, check_clocks
from maintenance.transitions import apply_transition
from maintenance.work_orders import State, WorkOrder
from plantroom.domain.assets import LocalName, Severity
from plantroom.ports.accounts import Grant, Role, User
from plantroom.storage.ledger import SqlLedger
from tests.contract.maintenance.channels import Office
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.tablet import Store
from tests.contract.maintenance.test_sla import ticket

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PEOPLE = (
    User("u-li", "li", "", (Grant(Role.TECHNICIAN, "demo"),), "李工"),
    User("u-zhao", "zhao", "", (Grant(Role.TECHNICIAN, "demo"),), "赵工"),
    User("u-sun", "sun", "", (Grant(Role.SUPERVISOR, "demo"),), "孙主管"),
    User("u-root", "root", "", (Grant(Role.ADMIN),), "总管"),
    User("u-off", "gone", "", (Grant(Role.SUPERVISOR, "demo"),), "离职", active=False),
)


def roster(tx: MaintenanceTx, at: datetime, site: str, department: str | None, level: int) -> list[str]:
    del tx, at, department
    return [] if site != "demo" else {1: ["li"], 2: ["zhao"]}.get(level, [])


@pytest.fixture
def office(any_ledger: Store, tmp_path: Path) -> Office:
    """A group's channel in English, one of the department, and people's own."""
    made = Office(any_ledger, tmp_path)
    with any_ledger.begin() as tx:
        for user in PEOPLE:
            tx.accounts.put_user(user)
    made.channel("wecombot://group", name="group", site="demo", language="en")
    made.channel("wecombot://lifts", name="lifts", site="demo", department="电梯维修部门")
    for user in ("li", "zhao", "sun", "root"):
        made.channel(f"wecombot://{user}", name=user, user=user)
    return made


def look(office: Office, minutes: float, on_call: OnCall = roster) -> Checked:
    office.clock.instant = NOW + minutes * MINUTE
    return check_clocks(office.ledger, office.clock.now(), on_call, "https://plant.example")


def told(office: Office) -> list[tuple[str, Message]]:
    """Every message with the name of its channel."""
    with office.ledger.read() as tx:
        names = {one.id: one.name for one in tx.channels.list()}
    return [(names[one.channel], one) for one in office.messages()]


def new(office: Office, minutes: float) -> set[str]:
    """The channels that get a message at that minute."""
    before = {one.id for one in office.messages()}
    look(office, minutes)
    return {name for name, one in told(office) if one.id not in before}


def acknowledge(office: Office, order: WorkOrder, minutes: float) -> None:
    with office.ledger.begin() as tx:
        apply_transition(tx, order.id, State.ACKNOWLEDGED, NOW + minutes * MINUTE, "li", person=True)


def test_a_critical_ticket_goes_up_step_by_step_until_somebody_acknowledges(office: Office) -> None:
    order = ticket(office.ledger, Severity.CRITICAL, department="水务管理部门")
    assert new(office, 0) == {"group", "li"}, "at once: the group and who is on call"
    assert new(office, 14) == set()
    assert new(office, 15) == {"group"}, "nobody is assigned: the department is reminded"
    assert new(office, 23) == {"group"}, "three quarters of the time to arrive"
    assert new(office, 30) == {"li", "sun"}, "acknowledging and arriving are both over"
    assert new(office, 45) == {"zhao"}
    assert new(office, 60) == {"sun"}
    assert new(office, 90) == {"root", "sun", "li"}
    assert new(office, 119) == set()
    assert new(office, 120) == {"root", "sun", "li"}, "again until somebody does"
    acknowledge(office, order, 121)
    assert new(office, 150) == set()


def test_what_came_due_while_nothing_ran_is_told_once(office: Office) -> None:
    ticket(office.ledger, Severity.CRITICAL)
    found = look(office, 300)
    clocks = [one.clock for _, one in told(office) if one.clock.startswith("acknowledge")]
    assert found.steps >= 5
    assert len(clocks) == len({name for name, one in told(office) if one.clock.startswith("acknowledge")})
    assert look(office, 300.1) == Checked(), "and nothing is told twice"


def test_a_message_says_what_where_since_when_and_what_to_do_first_in_the_channel_s_language(office: Office) -> None:
    with office.ledger.begin() as tx:
        tx.channels.remove(tx.channels.named("lifts").id)  # type: ignore[union-attr]
    office.channel("wecombot://zh", name="zh", site="demo")
    first = (LocalName("关闭进水阀", "Close the inlet valve"), LocalName("查看机封", "Look at the seal"))
    order = ticket(
        office.ledger, Severity.CRITICAL, safety=True, first_checks=first, reason=LocalName("水淹泵房", "flooded room")
    )
    look(office, 0)
    by_name = dict(told(office))
    english, chinese = by_name["group"], by_name["zh"]
    assert english.title == f"[CRITICAL, safety] #{order.number} Leak: please acknowledge it by 09:30"
    assert chinese.title == f"【紧急·安全】#{order.number} 漏水：请于09:30前接单"
    for part in ("flooded room", "Demo Pump 1 (P-1)", "Since: 09:00", "1) Close the inlet valve; 2) Look at the seal"):
        assert part in english.body
    assert english.body.endswith(f"Link: https://plant.example/tickets/{order.id}")
    for part in ("水淹泵房", "示范 1号泵（P-1）", "自：09:00", "先做：1）关闭进水阀；2）查看机封"):
        assert part in chinese.body
    assert english.urgent
    assert english.payload["work_order"]["number"] == order.number  # type: ignore[index]


def test_people_without_a_channel_are_named_where_many_read(office: Office) -> None:
    with office.ledger.begin() as tx:
        tx.channels.remove(tx.channels.named("li").id)  # type: ignore[union-attr]
    ticket(office.ledger, Severity.CRITICAL)
    look(office, 0)
    assert "For: whoever is on call 李工" in dict(told(office))["group"].body


def test_without_a_roster_the_group_is_asked_and_with_a_gap_the_next_level(office: Office) -> None:
    def gap(tx: MaintenanceTx, at: datetime, site: str, department: str | None, level: int) -> list[str]:
        return ["zhao"] if level == 2 else []

    ticket(office.ledger, Severity.CRITICAL)
    look(office, 0, gap)
    assert {name for name, _ in told(office)} >= {"zhao"}
    ticket(office.ledger, Severity.CRITICAL)
    look(office, 0, lambda tx, at, site, department, level: [])
    assert any("For: whoever is on call" in one.body for name, one in told(office) if name == "group")


@pytest.mark.parametrize(
    ("role", "to"), [(Role.TECHNICIAN, "on_call:1"), (Role.TECHNICIAN, "assignee"), (Role.SUPERVISOR, "supervisors")]
)
def test_a_contractor_s_people_hear_of_their_own_orders_and_of_no_others(office: Office, role: Role, to: str) -> None:
    with office.ledger.begin() as tx:
        tx.accounts.put_user(User("u-anda", "anda", "", (Grant(role, None, None, "c-anda"),), "安工"))
    office.channel("wecombot://anda", name="anda", user="anda")

    def first_of_all(tx: MaintenanceTx, at: datetime, site: str, department: str | None, level: int) -> list[str]:
        return {1: ["anda"], 2: ["zhao"]}.get(level, [])

    order = replace(ticket(office.ledger, Severity.CRITICAL), assignee="anda")
    for contractor, hears in ((None, False), ("c-kone", False), ("c-anda", True)):
        with office.ledger.read() as tx:
            found = audience_of(tx, [to], replace(order, contractor=contractor), first_of_all, NOW)
        assert ("anda" in {one.name for one in found.channels.values()}) is hears, contractor
        assert not any("安工" in name.zh for names in found.asked.values() for name in names) or hears
        assert found.channels, "somebody else is told: the next level, or the group"


def test_a_channel_of_a_department_and_one_for_severe_things_hear_of_nothing_else(office: Office) -> None:
    office.channel("wecombot://worst", name="worst", site="demo", min_severity=Severity.CRITICAL)
    ticket(office.ledger, Severity.GENERAL, department="电梯维修部门")
    assert new(office, 0) == {"group", "lifts"}
    ticket(office.ledger, Severity.CRITICAL, department="水务管理部门")
    assert new(office, 1) == {"group", "worst", "li"}


def test_acknowledging_takes_back_what_has_not_gone_out_but_not_the_news_itself(office: Office) -> None:
    order = ticket(office.ledger, Severity.CRITICAL)
    look(office, 0)
    look(office, 15)
    acknowledge(office, order, 16)
    states = {(one.topic, one.state) for _, one in told(office) if not one.clock.startswith("arrive")}
    assert states == {("ticket", "waiting"), ("clock", "withdrawn")}


def test_a_pause_keeps_the_resolve_clock_from_calling_anybody(office: Office) -> None:
    order = ticket(office.ledger, Severity.GENERAL, department="电梯维修部门")
    with office.ledger.begin() as tx:
        apply_transition(tx, order.id, State.IN_PROGRESS, NOW + MINUTE, "li")
        apply_transition(tx, order.id, State.ON_HOLD, NOW + HOUR, "li", "parts", code="waiting_part")
    look(office, 1)
    assert new(office, 600) == set()
    with office.ledger.begin() as tx:
        apply_transition(tx, order.id, State.IN_PROGRESS, NOW + 600 * MINUTE, "li")
    assert new(office, 600 + 75) == set()
    assert new(office, 600 + 77) == {"group", "lifts"}, "three quarters, without what was paused"


def test_a_safety_ticket_is_urgent_whatever_its_severity(office: Office) -> None:
    ticket(office.ledger, Severity.GENERAL, safety=True)
    look(office, 0)
    assert all(one.urgent for _, one in told(office))


def test_two_looks_at_the_same_moment_tell_once(office: Office) -> None:
    for _ in range(4):
        ticket(office.ledger, Severity.CRITICAL)
    ready = threading.Barrier(4)

    def go() -> None:
        ready.wait()
        check_clocks(office.ledger, NOW + 31 * MINUTE, roster)

    threads = [threading.Thread(target=go) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    keys = [(one.channel, one.dedup) for one in office.messages()]
    assert len(keys) == len(set(keys))
    per_ticket = {one.work_order: 0 for one in office.messages()}
    for one in office.messages():
        per_ticket[one.work_order] += 1
    assert len(per_ticket) == 4
    assert len(set(per_ticket.values())) == 1


def _keep_looking(url: str, until: float) -> None:
    ledger = SqlLedger(url)
    ledger.open()
    while time.time() < until:
        check_clocks(ledger, NOW + 100 * MINUTE, roster, limit=5)
    ledger.close()


def test_three_processes_of_which_one_is_killed_take_each_step_once(office: Office, request: Any) -> None:
    orders = [ticket(office.ledger, Severity.CRITICAL) for _ in range(12)]
    name = "postgresql_url" if "postgresql" in request.node.name else "sqlite_url"
    url, until = request.getfixturevalue(name), time.time() + 6
    context = multiprocessing.get_context("spawn")
    looking = [context.Process(target=_keep_looking, args=(url, until)) for _ in range(3)]
    for one in looking:
        one.start()
    time.sleep(3)
    assert looking[0].pid is not None
    os.kill(looking[0].pid, signal.SIGKILL)
    for one in looking:
        one.join(30)
    check_clocks(office.ledger, NOW + 100 * MINUTE, roster)
    with office.ledger.read() as tx:
        steps = {order.id: {(s.kind, s.step) for s in tx.sla.steps(order.id)} for order in orders}
    assert len({frozenset(one) for one in steps.values()}) == 1
    told_of = [(one.work_order, one.channel, one.dedup) for one in office.messages()]
    assert len(told_of) == len(set(told_of))
    counts = {order.id: sum(one.work_order == order.id for one in office.messages()) for order in orders}
    assert len(set(counts.values())) == 1
