"""What the ledger keeps about people comes back as it was, on both databases."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from maintenance.orders import create_order
from maintenance.people.departments import Department
from maintenance.people.on_call import Cover, Rota
from maintenance.people.owners import (
    department_of,
    departments_of,
    known_department,
    remove_department,
    save_department,
)
from maintenance.people.ports import Assignment
from maintenance.people.rosters import Absence, ChangeKind, Shift, ShiftChange
from maintenance.people.staff import Certificate, Contractor, ContractorLicence, Membership
from maintenance.plan import AppliesTo, Interval, IntervalUnit, PlanRow
from maintenance.work_orders import Kind, Origin
from plantroom.domain.assets import LocalName, Severity
from plantroom.errors import BadData, Conflict, NotFound, VersionConflict
from plantroom.ports.accounts import Grant, Role, User
from plantroom.ports.paging import EVERYTHING, Scope
from plantroom.storage.ledger import SqlLedger

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DAY = date(2026, 3, 2)
NAME = LocalName("早班", "Early")
GARDEN = Department("demo", "garden", LocalName('绿化"部', "Gardens"), ("园林",), ("civil",))


@pytest.fixture
def books(planted: SqlLedger) -> SqlLedger:
    with planted.begin() as tx:
        for name in ("li", "wang"):
            tx.accounts.put_user(User(f"u-{name}", name, "", (Grant(Role.TECHNICIAN, "demo", contractor="c"),), name))
    return planted


def shift(key: str = "s1", **given: object) -> Shift:
    fields = {
        "id": key, "site": "demo", "department": "电气管理部门", "name": NAME, "starts": time(22), "ends": time(6),
        "people": ("li", "wang"), "valid_from": DAY, "cycle_days": 4, "cycle_on": (0, 2), "post": "fire_control_room",
    }  # fmt: skip
    return Shift(**(fields | given))  # type: ignore[arg-type]


def test_departments_are_the_seeded_ones_until_the_first_change_writes_them_all(books: SqlLedger) -> None:
    with books.begin() as tx:
        before = departments_of(tx, "demo")
        assert tx.people.departments("demo") == []
        stored = save_department(tx, GARDEN, None, is_new=True)
    with books.read() as tx:
        assert stored == GARDEN
        assert [d.key for d in departments_of(tx, "demo")] == sorted([*(d.key for d in before), "garden"])
        assert known_department(tx, "demo", " 园林 ") == GARDEN.name.zh
        assert tx.people.departments("north") == []
        with pytest.raises(BadData, match="飞行"):
            known_department(tx, "demo", "飞行")
        with pytest.raises(NotFound):
            department_of(tx, "demo:nope")
        with pytest.raises(NotFound):
            department_of(tx, "nowhere:water")


def test_a_department_stays_as_long_as_anything_names_it(books: SqlLedger) -> None:
    name = GARDEN.name.zh
    row = PlanRow(
        "l1", "G-1", LocalName("修剪", "Prune"), "inspection", AppliesTo(site=True), Interval(1, IntervalUnit.MONTH),
        department=GARDEN.name, site="demo",
    )  # fmt: skip
    with books.begin() as tx:
        save_department(tx, GARDEN, None, is_new=True)
        tx.plan.put_row(row)
        tx.people.put_shift(shift(department=name))
        tx.people.put_rota(Rota("r1", "demo", name, 1, NAME, ("li",), DAY, time(9)))
        tx.people.put_person(replace(tx.people.person("li"), memberships=(Membership("demo", name),)))
        create_order(
            tx, site="demo", kind=Kind.CORRECTIVE, origin=Origin.STAFF, title=NAME, by="li", now=NOW, department=name
        )
        uses = tx.people.uses_of_department("demo", name)
        assert uses == {"work_orders": 1, "plan_rows": 1, "shifts": 1, "on_call": 1, "members": 1}
        assert tx.people.uses_of_department("demo", "绿化_部") == {}, "no pattern"
        with pytest.raises(Conflict, match="plan rows 1"):
            remove_department(tx, GARDEN)
    with books.begin() as tx:
        save_department(tx, Department("demo", "spare", LocalName("备用", "Spare")), None, is_new=True)
        remove_department(tx, department_of(tx, "demo:spare"))
        with pytest.raises(NotFound):
            department_of(tx, "demo:spare")


def test_people_certificates_and_contractors_come_back_as_they_were(books: SqlLedger) -> None:
    licence = ContractorLicence("elevator_licence", "L1", DAY, date(2028, 2, 29), "局", ("elevator",), ("elevator",))
    contractor = Contractor("c1", None, LocalName("安达", "Anda"), (licence,), "王", "021", active=False)
    paper = Certificate("p1", "li", "electrician_low", "N1", DAY, None, "局", ("generator",), ("power",))
    with books.begin() as tx:
        tx.people.put_contractor(contractor)
        person = replace(
            tx.people.person("li"), phone="138", skills=("泵", "阀"), contractor="c1",
            memberships=(Membership("demo", "电气管理部门"), Membership("north", "水务管理部门")),
        )  # fmt: skip
        assert tx.people.put_person(person) == replace(person, version=2)
        assert tx.people.put_certificate(paper) == paper
    with books.read() as tx:
        assert tx.people.person("li") == replace(person, version=2)
        assert [p.username for p in tx.people.people("demo")] == ["li", "wang"]
        assert tx.people.people("north") == []
        assert tx.people.certificates(["li", "wang"]) == [paper]
        assert tx.people.contractor("c1") == contractor
        assert tx.people.contractors(Scope(frozenset({"north"}))) == [contractor], "of every site"
        with pytest.raises(NotFound):
            tx.people.person("nobody")
    with books.begin() as tx:
        with pytest.raises(Conflict, match="N1"):
            tx.people.put_certificate(replace(paper, id="p2"))
        assert tx.people.put_certificate(replace(paper, issuer="所"), 1).version == 2
        with pytest.raises(VersionConflict):
            tx.people.put_certificate(replace(paper, issuer="院"), 1)
        tx.people.drop_certificate("p1")
        with pytest.raises(NotFound):
            tx.people.certificate("p1")


def test_rosters_come_back_as_they_were(books: SqlLedger) -> None:
    change = ShiftChange("x1", "s1", DAY, ChangeKind.REPLACE, "li", "wang", "病", "boss", NOW)
    absence = Absence("a1", "li", DAY, DAY + timedelta(days=3))
    rota = Rota(
        "r1", "demo", None, 2, NAME, ("li",), DAY, time(9, 30), 1, DAY, (Severity.CRITICAL, Severity.MAJOR), ("wang",)
    )
    cover = Cover("v1", "r1", "wang", NOW, NOW + timedelta(hours=1), "", "boss", NOW)
    with books.begin() as tx:
        tx.people.put_shift(shift())
        tx.people.add_shift_change(change)
        tx.people.add_absence(absence)
        tx.people.put_rota(rota)
        tx.people.add_cover(cover)
    with books.read() as tx:
        assert tx.people.shifts("demo") == [shift()] == tx.people.shifts(users=["wang"])
        assert tx.people.shifts(users=["zhao"]) == [] == tx.people.shifts("north")
        assert tx.people.shift_changes(DAY, DAY, ["s1"]) == [change]
        assert tx.people.shifts_changed_for(["wang"], DAY, DAY) == ["s1"]
        assert tx.people.absences(DAY + timedelta(days=3), DAY + timedelta(days=9), ["li"]) == [absence]
        assert tx.people.absences(DAY + timedelta(days=4), DAY + timedelta(days=9)) == []
        assert tx.people.rotas("demo") == [rota]
        assert tx.people.covers(["r1"], NOW, NOW) == [cover]
        assert tx.people.covers(["r1"], NOW + timedelta(hours=2), NOW + timedelta(hours=3)) == []
    with books.begin() as tx:
        assert tx.people.put_shift(shift(minimum=2), 1).version == 2
        tx.people.drop_shift("s1")
        tx.people.drop_rota("r1")
        tx.people.drop_absence("a1")
        for gone in (
            lambda: tx.people.shift("s1"), lambda: tx.people.shift_change("x1"), lambda: tx.people.rota("r1"),
            lambda: tx.people.cover("v1"), lambda: tx.people.absence("a1"), lambda: tx.people.drop_shift("s1"),
        ):  # fmt: skip
            with pytest.raises(NotFound):
                gone()


def test_one_assignment_at_most_stands_for_an_order(books: SqlLedger) -> None:
    with books.begin() as tx:
        order = create_order(
            tx, site="demo", kind=Kind.CORRECTIVE, origin=Origin.STAFF, title=NAME, by="li", now=NOW, asset="p1"
        )
        first = Assignment("a1", order.id, "demo", "li", None, "boss", NOW, "near", automatic=False, minutes=45)
        tx.people.add_assignment(first)
        with pytest.raises(Conflict):
            tx.people.add_assignment(replace(first, id="a2"))
        assert tx.people.loads()["li"].minutes == 45
        ended = tx.people.end_assignment(order.id, NOW, "declined", "ill", "li")
        assert ended == replace(first, ended_at=NOW, ended_how="declined", ended_why="ill", ended_by="li")
        assert tx.people.end_assignment(order.id, NOW, "declined", "ill", "li") is None
        assert tx.people.assignments(order.id) == [ended]
        assert (tx.people.loads()["li"].orders, tx.people.loads()["li"].last_given_at) == (0, NOW)
        assert tx.people.ownerless(DAY, "demo") == [order.id]
        assert tx.people.ownerless(DAY, "north") == []
        stored = tx.orders.update(replace(order, assignee="li"), order.version)
        assert tx.people.given("li") == [order.id] == tx.people.given(site="demo")
        assert tx.people.ownerless(DAY) == [] == tx.people.given("wang")
        assert tx.people.on_time(EVERYTHING, NOW, NOW + timedelta(days=9), "person")[0].open == 1
        assert stored.assignee == "li"
