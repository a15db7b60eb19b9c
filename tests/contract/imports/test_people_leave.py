"""A table of users that switches people off does what switching them off by hand does."""

from dataclasses import replace

from maintenance.orders import create_order
from maintenance.people.assigning import assign
from maintenance.people.desk import Desk
from maintenance.work_orders import Kind, Origin, WorkOrder
from plantroom.domain.assets import LocalName
from plantroom.ports.accounts import Grant, Role, User
from tests.contract.imports.importing import Store, take, undo
from tests.contract.maintenance.conftest import NOW

HEAD = "用户名,角色,站点,启用\n"
OFF = HEAD + "li,技术员,demo,否\n"


def given_to_li(ledger: Store) -> WorkOrder:
    """A ticket that a technician with a telephone number has."""
    with ledger.begin() as tx:
        tx.accounts.put_user(User("u-li", "li", "hash", (Grant(Role.TECHNICIAN, "demo"),), "李工"))
        tx.people.put_person(replace(tx.people.person("li"), phone="138 0000 0000"))
        order = create_order(
            tx, site="demo", kind=Kind.CORRECTIVE, origin=Origin.STAFF, title=LocalName("漏水", "Leak"), by="boss",
            now=NOW,
        )  # fmt: skip
        return assign(tx, tx.orders.lock(order.id), Desk(tx, "demo", NOW), user="li", by="boss", why="x")


def test_their_orders_go_back_and_their_number_is_forgotten(ledger: Store) -> None:
    order = given_to_li(ledger)
    assert order.assignee == "li"
    assert take(ledger, "users", OFF)["updated"] == 1
    with ledger.read() as tx:
        user, person = tx.accounts.user_by_name("li"), tx.people.person("li")
        now, history = tx.orders.get(order.id), tx.orders.transitions(order.id)
    assert user is not None
    assert (user.active, user.password_hash, person.phone) == (False, "hash", "")
    assert now.assignee is None
    assert any("表格导入 / table import" in line.reason and line.by == "somebody" for line in history)


def test_one_table_may_give_the_last_administrators_place_to_another(ledger: Store) -> None:
    document = take(ledger, "users", HEAD + "admin,管理员,,否\n")
    assert [one["code"] for one in document["errors"]] == ["last_admin"]
    done = take(ledger, "users", HEAD + "admin,管理员,,否\nzhao,管理员,,是\n")
    assert (done["updated"], done["created"], done["errors"]) == (1, 1, [])
    with ledger.read() as tx:
        assert {user.username: user.active for user in tx.accounts.users()} == {"admin": False, "zhao": True}


def test_undoing_leaves_an_administrator_and_no_order_without_its_owner(ledger: Store) -> None:
    done = take(ledger, "users", HEAD + "zhao,管理员,,是\n")
    assert take(ledger, "users", HEAD + "admin,管理员,,否\n")["updated"] == 1
    refused = undo(ledger, done["import_id"])
    assert [(one["value"], one["code"]) for one in refused["errors"]] == [("zhao", "last_admin")]
    made = take(ledger, "users", HEAD + "wang,技术员,demo,是\n")
    with ledger.begin() as tx:
        order = create_order(
            tx, site="demo", kind=Kind.CORRECTIVE, origin=Origin.STAFF, title=LocalName("漏水", "Leak"), by="boss",
            now=NOW,
        )  # fmt: skip
        assign(tx, tx.orders.lock(order.id), Desk(tx, "demo", NOW), user="wang", by="boss", why="x")
    refused = undo(ledger, made["import_id"])
    assert [(one["value"], one["code"]) for one in refused["errors"]] == [("wang", "in_use")]


def test_undoing_switches_off_whom_the_table_had_switched_on(ledger: Store) -> None:
    given_to_li(ledger)
    take(ledger, "users", OFF)
    on = take(ledger, "users", OFF.replace("否", "是"))
    with ledger.begin() as tx:
        tx.people.put_person(replace(tx.people.person("li"), phone="139 0000 0000"))
    assert undo(ledger, on["import_id"])["errors"] == []
    with ledger.read() as tx:
        person = tx.people.person("li")
    assert (person.active, person.phone) == (False, "")


def test_the_row_that_takes_the_last_administrator_away_is_the_one_that_is_named(ledger: Store) -> None:
    for line, column, value in (("admin,管理员,,否", "启用", "否"), ("admin,技术员,demo,是", "角色", "技术员")):
        (error,) = take(ledger, "users", f"{HEAD}wang,技术员,demo,是\n{line}\n")["errors"]
        assert (error["row"], error["column"], error["value"], error["code"]) == (3, column, value, "last_admin")
