"""A plan table names companies, which are contractors of the site or not yet."""

from maintenance.imports.ports import Mode
from maintenance.people.staff import Contractor
from plantroom.domain.assets import LocalName, Site
from tests.contract.imports.importing import Store, take


def test_a_company_is_told_until_it_is_a_contractor_of_the_site(ledger: Store) -> None:
    text = "系统,维护内容,周期,责任部门,外委单位\n水泵,轴承检查,每2个月,水务管理部门,安泰 设备\n"
    tried = take(ledger, "plan_table", text, Mode.DRY_RUN, site="demo")
    assert tried["rows"][0]["changes"]["executor"] == [None, "外包持证单位"]
    assert [one["value"] for one in tried["warnings"] if one["code"] == "contractor_not_set_up"] == ["安泰 设备"]
    for number, (site, active, told) in enumerate([("other", True, 1), ("demo", False, 1), (None, True, 0)]):
        with ledger.begin() as tx:
            if site == "other":
                tx.assets.add_site(Site("other", LocalName("另一处", "Other")))
            name = LocalName("安泰设备", "Antai")
            tx.people.put_contractor(Contractor(f"c-{number}", site, name, active=active))
        tried = take(ledger, "plan_table", text, Mode.DRY_RUN, site="demo")
        assert len([one for one in tried["warnings"] if one["code"] == "contractor_not_set_up"]) == told
