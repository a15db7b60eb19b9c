"""A plan table names assets of the ledger by their codes."""

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
