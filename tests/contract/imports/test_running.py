"""Imports on a real ledger of each kind: all or nothing, again without a difference, undone."""

from dataclasses import replace

import pytest

from api.imports.schemas import ImportResult
from maintenance.imports.exporting import export
from maintenance.imports.kinds import Asked
from maintenance.imports.ports import ImportState, Mode
from maintenance.imports.registry import KINDS
from maintenance.imports.running import Wanted, refuse_size
from maintenance.materialise import materialise
from maintenance.people.departments import Department
from maintenance.people.owners import save_department
from maintenance.people.staff import Contractor
from plantroom.domain.assets import LocalName, Site
from plantroom.errors import Conflict, NotFound
from plantroom.ports.accounts import Grant, Role, User
from tests.contract.imports.importing import Store, exported, take, undo
from tests.contract.maintenance.conftest import NOW, SYSTEMS
from tests.unit.maintenance.imports.workbooks import workbook

ASSETS = "设备编号,设备名称,设备类别,上级设备,重要度\nP-1,1号泵,水泵,,A\nP-2,2号泵,水泵,P-1,B\n"
TABLES = {
    "assets": ASSETS,
    "points": "设备编号,测点键,报警上限,单位,传感器编号\nX-1,vibration,9.5,,S-1\nX-1,own_point,7,bar,\n",
    "plan_table": "编号,设施设备类别,维护周期,维护责任部门\n"
    "MY-1,供水系统,每2周,水务管理部门\nPW-M,供电系统,每周,电气管理部门\n",
    "emergency_plans": "应急预案,应急措施,演练周期\n停水应急预案,送水、通知,每季度一次\n",
    "last_completions": "设备编号,计划项,上次完成日期,完成人\nX-1,WA-M,2026-02-10,李工\n",
    "users": "用户名,姓名,角色,站点\nli,李工,技术员,demo\nwang,王,主管,\n",
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_is_taken_once_shown_before_and_undone_byte_for_byte(ledger: Store, kind: str) -> None:
    before = exported(ledger, kind)
    dry = take(ledger, kind, TABLES[kind], Mode.DRY_RUN)
    assert exported(ledger, kind) == before
    done = take(ledger, kind, TABLES[kind])
    assert not done["errors"]
    assert (done["created"], done["updated"], done["rows"]) == (dry["created"], dry["updated"], dry["rows"])
    again = take(ledger, kind, TABLES[kind])
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, len(done["rows"]))
    for form in ("csv", "xlsx"):
        same = take(ledger, kind, exported(ledger, kind, form), Mode.DRY_RUN)
        assert (same["created"], same["updated"], same["errors"]) == (0, 0, [])
    assert undo(ledger, done["import_id"])["errors"] == []
    assert exported(ledger, kind) == before
    with pytest.raises(Conflict):
        undo(ledger, done["import_id"])


def test_one_wrong_row_keeps_all_out_and_is_on_record(ledger: Store) -> None:
    before = exported(ledger, "assets")
    document = take(ledger, "assets", ASSETS + "P-3,x,飞船,,\n")
    assert [(one["row"], one["column"], one["code"]) for one in document["errors"]] == [
        (4, "设备类别", "unknown_class")
    ]
    assert exported(ledger, "assets") == before
    with ledger.read() as tx:
        run = tx.imports.find(document["import_id"])
        assert run is not None
        assert (run.state, run.errors, tx.imports.changes(run.id)) == (ImportState.REFUSED, 1, [])
    with pytest.raises(Conflict):
        undo(ledger, document["import_id"])


@pytest.mark.parametrize(
    "value",
    [
        "[" * 9_000,
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": 12345678901234567890}',
        r'{"a": "\ud83d"}',
        r'{"a": "\u0000"}',
    ],
    ids=["deep", "nan", "infinite", "65 bits", "half a character", "nul"],
)
def test_what_no_ledger_keeps_is_an_error_of_its_cell(ledger: Store, value: str) -> None:
    cell = value.replace('"', '""')
    for heading, code in (("其他字段", "bad_custom"), ("厂家限值", "bad_list")):
        if heading == "厂家限值" and not value.startswith("["):
            continue
        document = take(ledger, "assets", f'设备编号,设备类别,{heading}\nX-2,水泵,"{cell}"\n')
        assert [(one["row"], one["column"], one["code"]) for one in document["errors"]] == [(2, heading, code)]


def test_a_character_in_two_halves_is_one_and_a_half_is_none(ledger: Store) -> None:
    book = workbook([("设备编号", "设备类别", "型号"), ("X-2", "水泵", "_xD83D__xDE00_ _xD83D_")])
    assert not take(ledger, "assets", book)["errors"]
    with ledger.read() as tx:
        found = tx.assets.find("demo", "X-2")
    assert found is not None
    assert found.model == "\U0001f600 \ufffd"


def test_a_circle_of_parents_is_named(ledger: Store) -> None:
    take(ledger, "assets", ASSETS)
    document = take(ledger, "assets", "设备编号,上级设备\nP-1,P-2\n")
    assert [(one["row"], one["column"], one["code"]) for one in document["errors"]] == [(2, "上级设备", "cycle")]
    assert "P-1 > P-2 > P-1" in document["errors"][0]["message"]


def test_a_renamed_asset_keeps_its_old_code(ledger: Store) -> None:
    take(ledger, "assets", ASSETS)
    done = take(ledger, "assets", "设备编号,原编号\nP-100,P-1\n")
    assert done["updated"] == 1
    with ledger.read() as tx:
        former, present = tx.assets.find("demo", "P-1"), tx.assets.find("demo", "P-100")
    assert former is not None
    assert former == present
    assert undo(ledger, done["import_id"])["errors"] == []


def test_undoing_refuses_what_was_changed_since_and_puts_nothing_back(ledger: Store) -> None:
    done = take(ledger, "assets", ASSETS)
    with ledger.begin() as tx:
        asset = tx.assets.find("demo", "P-2")
        assert asset is not None
        tx.assets.update(replace(asset, model="X"), None)
    refused = undo(ledger, done["import_id"])
    assert [(one["row"], one["value"], one["code"]) for one in refused["errors"]] == [(3, "P-2", "changed_since")]
    with ledger.read() as tx:
        assert tx.assets.find("demo", "P-1") is not None


def test_undoing_an_update_leaves_alone_what_others_have_changed_beside_it(ledger: Store) -> None:
    take(ledger, "assets", ASSETS)
    done = take(ledger, "assets", "设备编号,重要度\nP-1,C\n")
    with ledger.begin() as tx:
        asset = tx.assets.find("demo", "P-1")
        assert asset is not None
        tx.assets.update(replace(asset, model="X"), None)
    assert undo(ledger, done["import_id"])["errors"] == []
    with ledger.read() as tx:
        after = tx.assets.find("demo", "P-1")
    assert after is not None
    assert (after.criticality, after.model) == ("A", "X")


def test_an_import_that_puts_machines_out_of_service_and_its_undoing_are_kept_with_their_times(ledger: Store) -> None:
    take(ledger, "assets", ASSETS)
    done = take(ledger, "assets", "设备编号,设备类别,使用状态\nP-2,水泵,停用\nP-3,水泵,停用\n")
    assert not done["errors"]
    with ledger.read() as tx:
        found = {code: tx.assets.find("demo", code) for code in ("P-1", "P-2", "P-3")}
        keys = [one.key for one in found.values() if one is not None]
        rests = tx.rests.of(keys)
    assert [rest.since for some in rests.values() for rest in some] == [NOW, NOW]
    assert undo(ledger, done["import_id"])["errors"] == []
    with ledger.read() as tx:
        after = tx.rests.of(keys)
    assert [(rest.asset, rest.until) for some in after.values() for rest in some] == [(keys[1], NOW)]


def test_undoing_a_plan_row_takes_the_orders_that_nobody_has_begun(ledger: Store) -> None:
    done = take(ledger, "plan_table", TABLES["plan_table"])
    materialise(ledger, NOW, SYSTEMS)
    assert undo(ledger, done["import_id"])["errors"] == []
    with ledger.read() as tx:
        assert tx.plan.row("MY-1") is None
        row = tx.plan.row("PW-M")
    assert row is not None
    assert row.interval.unit == "month"
    materialise(ledger, NOW, SYSTEMS)


def occurrences_on(ledger: Store, lineage: str) -> set[tuple[str, str, int]]:
    with ledger.read() as tx:
        return {(o.key.subject, o.site, o.key.cycle) for o in tx.plan.occurrences_of_row(lineage)}


def test_a_row_of_one_sites_table_goes_on_where_every_sites_row_stood(ledger: Store) -> None:
    materialise(ledger, NOW, SYSTEMS)
    stood = occurrences_on(ledger, "default:WA-M")
    assert stood
    same = take(ledger, "plan_table", "编号,设施设备类别,维护周期\nWA-M,水泵,每月一次\n", site="demo")
    assert (same["created"], same["unchanged"]) == (0, 1), "a line that says the same needs no row of its own"
    done = take(ledger, "plan_table", "编号,设施设备类别,维护周期\nWA-M,水泵,每两周\n", site="demo")
    assert done["created"] == 1
    with ledger.read() as tx:
        own = tx.plan.row("WA-M", "demo")
    assert own is not None
    assert (own.site, own.checklist, own.interval.every) == ("demo", "WA-M", 2)
    assert occurrences_on(ledger, own.lineage) == stood
    materialise(ledger, NOW, SYSTEMS)
    assert undo(ledger, done["import_id"])["errors"] == []
    assert occurrences_on(ledger, "default:WA-M") >= stood
    materialise(ledger, NOW, SYSTEMS)


def test_passwords_stay_and_are_never_on_record(ledger: Store) -> None:
    done = take(ledger, "users", "用户名,姓名,角色\nadmin,新名字,管理员\n")
    with ledger.read() as tx:
        assert tx.accounts.user("u-1").password_hash == "hash"
        assert all(getattr(one.after, "password_hash", "") == "" for one in tx.imports.changes(done["import_id"]))
    undo(ledger, done["import_id"])
    with ledger.read() as tx:
        assert (tx.accounts.user("u-1").name, tx.accounts.user("u-1").password_hash) == ("管理员", "hash")


def grants_of(ledger: Store, username: str) -> set[Grant]:
    with ledger.read() as tx:
        user = tx.accounts.user_by_name(username)
    assert user is not None
    return set(user.grants)


def test_a_grant_for_a_contractors_orders_stays_one(ledger: Store) -> None:
    bound = Grant(Role.TECHNICIAN, "demo", contractor="c-1")
    with ledger.begin() as tx:
        tx.people.put_contractor(Contractor("c-1", "demo", LocalName("安达电梯", "Anda Elevators")))
        tx.accounts.put_user(User("u-2", "zhang", "", [bound], "张工"))
    same = take(ledger, "users", exported(ledger, "users"))
    assert (same["created"], same["updated"]) == (0, 0)
    take(ledger, "users", "用户名,姓名,角色,站点\nzhang,张师傅,技术员,demo\n")
    assert grants_of(ledger, "zhang") == {bound}, "a table without the column says nothing of it"
    take(ledger, "users", "用户名,角色,站点\nzhang,主管,demo\n")
    assert grants_of(ledger, "zhang") == {Grant(Role.SUPERVISOR, "demo", contractor="c-1")}
    take(ledger, "users", "用户名,角色,站点,外包单位\nzhou,技术员,demo,Anda elevators\n")
    assert grants_of(ledger, "zhou") == {bound}
    (error,) = take(ledger, "users", "用户名,角色,站点,外包单位\nzhou,技术员,demo,别家\n")["errors"]
    assert (error["column"], error["code"]) == ("外包单位", "unknown_contractor")


def test_the_table_of_one_site_leaves_the_grants_of_the_others(ledger: Store) -> None:
    both = {Grant(Role.SUPERVISOR, "demo"), Grant(Role.SUPERVISOR, "north")}
    with ledger.begin() as tx:
        tx.assets.add_site(Site("north", LocalName("北区", "North")))
        tx.accounts.put_user(User("u-3", "li", "", tuple(both), "李工"))
    with ledger.read() as tx:
        table = export(tx, KINDS["users"], "csv", "zh", "demo").content
    assert take(ledger, "users", table, site="demo")["updated"] == 0
    take(ledger, "users", "用户名,角色\nli,查看者\n", site="demo")
    assert grants_of(ledger, "li") == {Grant(Role.VIEWER, "demo"), Grant(Role.SUPERVISOR, "north")}
    (error,) = take(ledger, "users", "用户名,角色,站点\nli,查看者,north\n", site="demo")["errors"]
    assert error["code"] == "site_not_yours"


def test_the_last_administrator_stays(ledger: Store) -> None:
    document = take(ledger, "users", "用户名,角色\nadmin,技术员\n")
    assert [one["code"] for one in document["errors"]] == ["last_admin"]


def test_the_same_file_under_the_same_id_gives_the_first_answer(ledger: Store) -> None:
    first = take(ledger, "assets", ASSETS, import_id="chosen-by-me")
    assert take(ledger, "assets", ASSETS, import_id="chosen-by-me") == first
    with pytest.raises(Conflict):
        take(ledger, "assets", ASSETS + "P-3,x,水泵,,\n", import_id="chosen-by-me")


def test_an_import_that_nobody_made_cannot_be_undone(ledger: Store) -> None:
    with pytest.raises(NotFound):
        undo(ledger, "nothing")


def test_a_site_that_has_its_own_departments_imports_and_exports_them(ledger: Store) -> None:
    own = Department("demo", "night", LocalName("夜班工程组", "Night crew"), ("夜班",))
    with ledger.begin() as tx:
        save_department(tx, own, None, is_new=True)
    for kind, text in {
        "assets": "站点,设备编号,设备类别,部门\ndemo,X-9,水泵,夜班\n",
        "users": "用户名,角色,站点,部门\nsun,技术员,demo,Night crew\n",
    }.items():
        assert not take(ledger, kind, text)["errors"], kind
        assert "夜班工程组".encode() in exported(ledger, kind)
        assert take(ledger, kind, exported(ledger, kind), Mode.DRY_RUN)["updated"] == 0
    (error,) = take(ledger, "users", "用户名,角色,部门\nzhou,技术员,夜班\n")["errors"]
    assert error["code"] == "unknown_department", "of every site nobody knows it"


def test_every_answer_has_the_same_fields(ledger: Store) -> None:
    wanted = Wanted("assets", "t.csv", Mode.COMMIT, Asked("somebody", NOW, "demo"))
    refused = refuse_size(wanted, 200 << 20)
    assert (refused["kind"], refused["mode"], refused["state"], refused["file"], refused["site"]) == (
        "assets", "commit", "refused", "t.csv", "demo",
    )  # fmt: skip
    answers = [take(ledger, "assets", text) for text in (ASSETS, "设备编号,设备类别\nP-9,飞船\n", "")]
    assert [set(one) for one in answers] == [set(refused)] * 3
    ImportResult.model_validate(refused)
