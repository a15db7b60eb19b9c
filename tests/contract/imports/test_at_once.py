"""What somebody changes while a table is written, or between its comparison and its writing, is not lost."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from maintenance import plan_run
from maintenance.emergency.keeping import change_plan
from maintenance.imports.kinds import Asked
from maintenance.imports.outcome import Change
from maintenance.imports.registry import KINDS
from maintenance.materialise import materialise
from maintenance.point_limits import point_of, set_limits
from maintenance.ports import MaintenanceTx
from maintenance.site_plan import SitePlan
from maintenance.work_orders import State
from plantroom.errors import Conflict
from tests.contract.imports.importing import Store, take, undo
from tests.contract.maintenance.conftest import NOW
from tests.contract.maintenance.planning import every_order

PLAN = "应急预案,编号,应急措施,演练周期\n停水应急预案,EP-1,送水、通知,每季度一次\n"
USER = "用户名,角色,站点,语言\nli,技术员,demo,中文\n"


@dataclass(frozen=True)
class Case:
    """A table, what a person changes beside it, and what is to be there afterwards."""

    kind: str
    before: str
    table: str
    by_hand: Callable[[MaintenanceTx], object]
    found: Callable[[MaintenanceTx], tuple[Any, ...]]
    wanted: tuple[Any, ...]


def pump(tx: MaintenanceTx) -> str:
    found = tx.assets.find("demo", "X-1")
    assert found is not None
    return found.key


def model_by_hand(tx: MaintenanceTx) -> None:
    tx.assets.update_many([replace(tx.assets.lock(pump(tx)).asset, model="by hand")])


def asset_found(tx: MaintenanceTx) -> tuple[Any, ...]:
    found = tx.assets.find("demo", "X-1")
    assert found is not None
    return found.serial, found.model


def deadband_by_hand(tx: MaintenanceTx) -> None:
    point = point_of(tx, tx.assets.lock(pump(tx)).asset.key, "vibration")
    set_limits(tx, "demo", point, {"deadband": 0.31}, "by hand", "li", NOW)


def limits_found(tx: MaintenanceTx) -> tuple[Any, ...]:
    limits = point_of(tx, pump(tx), "vibration").template.limits
    return limits.alarm_high, limits.deadband


def serial_by_hand(tx: MaintenanceTx) -> None:
    key = tx.assets.lock(pump(tx)).asset.key
    sensor = tx.sensors.of([key])[key, "vibration"]
    tx.sensors.put([replace(sensor, serial="by hand", version=sensor.version + 1)])


def sensor_found(tx: MaintenanceTx) -> tuple[Any, ...]:
    sensor = tx.sensors.of([pump(tx)])[pump(tx), "vibration"]
    return sensor.certificate, sensor.serial


def name_by_hand(tx: MaintenanceTx) -> None:
    tx.accounts.lock_users()
    user = tx.accounts.user_by_name("li")
    assert user is not None
    tx.accounts.put_user(replace(user, name="by hand"))


def user_found(tx: MaintenanceTx) -> tuple[Any, ...]:
    user = tx.accounts.user_by_name("li")
    assert user is not None
    return user.language, user.name


def supplies_by_hand(tx: MaintenanceTx) -> None:
    key = next(one.key for one in tx.emergency.list() if one.code == "EP-1")
    change_plan(tx, replace(tx.emergency.lock(key), supplies=("by hand",)), None, NOW)


def plan_found(tx: MaintenanceTx) -> tuple[Any, ...]:
    plan = next(one for one in tx.emergency.list() if one.code == "EP-1")
    return plan.measures, plan.supplies


def drill_by_hand(tx: MaintenanceTx) -> None:
    code = next(one.drill_row for one in tx.emergency.list() if one.code == "EP-1") or ""
    known = tx.plan.row(code)
    assert known is not None
    row = tx.plan.lock_row(known.lineage)
    assert row is not None
    tx.plan.put_row(replace(row, basis="by hand"))


def drill_found(tx: MaintenanceTx) -> tuple[Any, ...]:
    code = next(one.drill_row for one in tx.emergency.list() if one.code == "EP-1") or ""
    row = tx.plan.row(code)
    assert row is not None
    return row.interval.every, row.basis


CASES = {
    "asset": Case(
        "assets", "", "设备编号,出厂编号\nX-1,S-9\n", model_by_hand, asset_found, ("S-9", "by hand")
    ),
    "point": Case(
        "points", "", "设备编号,测点键,报警上限\nX-1,vibration,9.5\n", deadband_by_hand, limits_found, (9.5, 0.31)
    ),
    "sensor": Case(
        "points", "设备编号,测点键,传感器编号\nX-1,vibration,S-1\n", "设备编号,测点键,校准证书\nX-1,vibration,C-9\n",
        serial_by_hand, sensor_found, ("C-9", "by hand"),
    ),
    "user": Case(
        "users", USER, USER.replace("中文", "英文"), name_by_hand, user_found, ("en", "by hand"),
    ),
    "emergency plan": Case(
        "emergency_plans", PLAN, PLAN.replace("送水、通知", "停泵"), supplies_by_hand, plan_found,
        (("停泵",), ("by hand",)),
    ),
    "drill": Case(
        "emergency_plans", PLAN, PLAN.replace("每季度", "每月"), drill_by_hand, drill_found, (1, "by hand")
    ),
}  # fmt: skip


def changed_by_hand(ledger: Store, case: Case) -> None:
    with ledger.begin() as tx:
        case.by_hand(tx)


@pytest.mark.parametrize("name", CASES)
def test_while_it_is_written(ledger: Store, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    case = CASES[name]
    if case.before:
        take(ledger, case.kind, case.before)
    kind = type(KINDS[case.kind])
    person, write = threading.Thread(target=changed_by_hand, args=(ledger, case)), kind.write

    def slowly(self: Any, tx: MaintenanceTx, changes: Sequence[Change], asked: Asked) -> None:
        person.start()
        person.join(0.3)
        write(self, tx, changes, asked)

    monkeypatch.setattr(kind, "write", slowly)
    assert take(ledger, case.kind, case.table)["updated"] == 1
    person.join(20)
    with ledger.read() as tx:
        assert case.found(tx) == case.wanted


@pytest.mark.parametrize("name", CASES)
def test_after_it_was_compared(ledger: Store, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    case = CASES[name]
    if case.before:
        take(ledger, case.kind, case.before)
    kind, compared = type(KINDS[case.kind]), []
    compare = kind.compare

    def then_by_hand(self: Any, tx: MaintenanceTx, *rest: Any) -> Any:
        outcome = compare(self, tx, *rest)
        compared.append(outcome)
        if len(compared) == 1:
            person = threading.Thread(target=changed_by_hand, args=(ledger, case))
            person.start()
            person.join(20)
        return outcome

    monkeypatch.setattr(kind, "compare", then_by_hand)
    assert take(ledger, case.kind, case.table)["updated"] == 1
    assert len(compared) == 2
    with ledger.read() as tx:
        assert case.found(tx) == case.wanted


NEW = {
    "points": (
        "设备编号,测点键,报警上限,单位\nX-1,own_point,7,bar\n",
        "设备编号,测点键,单位,名称\nX-1,own_point,bar,乙\n",
    ),
    "users": ("用户名,角色,站点,语言\nli,技术员,demo,英文\n", "用户名,角色,站点,姓名\nli,技术员,demo,乙\n"),
}


@pytest.mark.parametrize("kind", NEW)
def test_of_two_tables_with_one_new_record_the_second_changes_it(
    ledger: Store, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    first, second = NEW[kind]
    of, begun = type(KINDS[kind]), []
    compare = of.compare

    def then_the_first(self: Any, tx: MaintenanceTx, *rest: Any) -> Any:
        outcome = compare(self, tx, *rest)
        if not begun:
            begun.append(True)
            other = threading.Thread(target=take, args=(ledger, kind, first))
            other.start()
            other.join(20)
        return outcome

    monkeypatch.setattr(of, "compare", then_the_first)
    done = take(ledger, kind, second)
    assert (done["created"], done["updated"]) == (0, 1)


def test_two_people_do_not_switch_off_the_last_two_administrators(ledger: Store) -> None:
    take(ledger, "users", "用户名,角色,启用\nzhao,管理员,是\n")
    start, ends = threading.Barrier(2), []

    def off(name: str) -> None:
        start.wait()
        try:
            ends.append(
                [one["code"] for one in take(ledger, "users", f"用户名,角色,启用\n{name},管理员,否\n")["errors"]]
            )
        except Conflict:
            ends.append(["conflict"])

    threads = [threading.Thread(target=off, args=(name,)) for name in ("admin", "zhao")]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    with ledger.read() as tx:
        assert [user.active for user in tx.accounts.users()].count(True) == 1
    assert [] in ends


def test_no_work_is_left_of_a_plan_row_whose_import_is_undone_while_the_plan_is_made(
    ledger: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scheduler has seen that the rows are as they were, and is about to write what it has made of them."""
    done = take(
        ledger, "plan_table", "编号,适用设备类,维护内容,维护周期,维护责任部门\nX-W,水泵,盘车,每周,水务管理部门\n"
    )
    assert not done["errors"]
    seen, go, of = threading.Event(), threading.Event(), plan_run.has_changed
    checks: list[bool] = []

    def has_changed(tx: MaintenanceTx, plan: SitePlan) -> bool:
        checks.append(of(tx, plan))
        if len(checks) == 2:  # the machines come behind the site itself
            seen.set()
            go.wait(3)
        return checks[-1]

    monkeypatch.setattr(plan_run, "has_changed", has_changed)
    scheduler = threading.Thread(target=lambda: materialise(ledger, NOW, {}, 60))
    scheduler.start()
    assert seen.wait(60)
    undone: list[dict[str, Any]] = []
    other = threading.Thread(target=lambda: undone.append(undo(ledger, done["import_id"])))
    other.start()
    other.join(2)
    go.set()
    other.join(60)
    scheduler.join(60)
    assert [one["errors"] for one in undone] == [[]]
    with ledger.read() as tx:
        left = [one for one in tx.plan.occurrences_of("demo") if one.plan_row == "X-W"]
        assert (tx.plan.row("X-W"), left) == (None, [])
    made = [order for order in every_order(ledger) if any(one.plan_row == "X-W" for one in order.occurrences)]
    assert {order.state for order in made} == {State.CANCELLED}
