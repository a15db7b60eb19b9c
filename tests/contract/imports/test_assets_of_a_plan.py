"""A plan table names assets of the ledger by their codes and names."""

from maintenance.imports.exporting import export
from maintenance.imports.ports import Mode
from maintenance.imports.registry import KINDS
from plantroom.domain.assets import LocalName, Site
from tests.contract.imports.importing import Store, exported, take

TABLE = "设施设备类别,适用设备编号,维护内容,维护周期\n供水系统,X-1,轴承检查,每月一次\n"


def test_an_assets_code_is_found_without_a_site_where_it_is_the_only_one(ledger: Store) -> None:
    done = take(ledger, "plan_table", TABLE)
    assert (done["created"], done["errors"]) == (1, [])
    again = take(ledger, "plan_table", TABLE)
    assert (again["created"], again["unchanged"]) == (0, 1)
    back = take(ledger, "plan_table", exported(ledger, "plan_table"))
    assert (back["created"], back["updated"], back["errors"]) == (0, 0, [])


def test_a_code_at_two_sites_is_asked_about_and_one_of_another_system_refused(ledger: Store) -> None:
    (error,) = take(ledger, "plan_table", TABLE.replace("供水系统", "消防系统"))["errors"]
    assert (error["column"], error["value"], error["code"]) == ("适用设备编号", "X-1", "asset_elsewhere")
    with ledger.begin() as tx:
        tx.assets.add_site(Site("other", LocalName("另一处", "Other")))
    take(ledger, "assets", "设备编号,设备类别\nX-1,水泵\n", site="other")
    (error,) = take(ledger, "plan_table", TABLE)["errors"]
    assert "demo、other" in error["message"]
    assert not take(ledger, "plan_table", TABLE, site="other")["errors"]


LIFTS = (
    "设备编号,设备名称,英文名称,设备类别\nDT-1,1号客梯,Passenger lift 1,电梯\nDT-2,2号客梯,,电梯\n"
    "DT-3,备用梯,,电梯\nDT-4,备用梯,,电梯\n"
)
NAMED = (
    "系统,设备,维护内容,周期\n电梯系统,1号客梯,钢丝绳检查,每月\n电梯系统,2号客梯,钢丝绳检查,每月\n"
    "Elevators,passenger LIFT 1,Rope grease,Every 2 months\n电梯系统,1号客梯,半月维保,每7天\n"
)


def test_machines_are_found_by_their_names_at_the_site_of_the_table_alone(ledger: Store) -> None:
    with ledger.begin() as tx:
        tx.assets.add_site(Site("other", LocalName("另一处", "Other")))
    for site in ("demo", "other"):
        assert not take(ledger, "assets", LIFTS, site=site)["errors"]
    tried = take(ledger, "plan_table", NAMED, Mode.DRY_RUN, site="other")
    assert [row["changes"]["applies_to"][1] for row in tried["rows"]] == ["DT-1", "DT-2", "DT-1", "DT-1"]
    done = take(ledger, "plan_table", NAMED, site="other")
    assert (done["created"], done["errors"]) == (4, [])
    assert [one["row"] for one in done["warnings"] if one["code"] == "beside_law"] == [5]
    with ledger.read() as tx:
        keys = [key for row in tx.plan.rows("other") for key in row.applies_to.assets]
        named = [tx.assets.several(keys)[key].site for key in keys]
    assert named == ["other"] * 4
    again = take(ledger, "plan_table", NAMED, site="other")
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 4)
    with ledger.read() as tx:
        table = export(tx, KINDS["plan_table"], "csv", "zh", "other").content
    back = take(ledger, "plan_table", table, site="other")
    assert (back["created"], back["updated"], back["errors"]) == (0, 0, [])
    (error,) = take(ledger, "plan_table", NAMED.replace("2号客梯", "3号客梯"), site="other")["errors"]
    assert (error["row"], error["column"], error["value"], error["code"]) == (3, "设备", "3号客梯", "machine_not_there")
    (error,) = take(ledger, "plan_table", NAMED.replace("2号客梯", "备用梯"), site="other")["errors"]
    assert error["code"] == "same_name"
    assert "DT-3、DT-4" in error["message"]


def test_an_export_of_the_law_s_rows_says_nothing_of_their_basis(ledger: Store) -> None:
    back = take(ledger, "plan_table", exported(ledger, "plan_table"))
    assert (back["created"], back["updated"], back["errors"]) == (0, 0, [])
    assert "law_basis" not in {one["code"] for one in back["warnings"]}
