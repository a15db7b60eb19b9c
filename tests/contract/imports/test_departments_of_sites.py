"""A department that only a site has, in a table that is for no site."""

import pytest

from maintenance.people.departments import Department
from maintenance.people.owners import save_department
from plantroom.domain.assets import LocalName
from tests.contract.imports.importing import Store, take

TABLES = {
    "plan_table": "系统,内容,周期,部门\n供水系统,换阀门,每2个月,泳池组\n",
    "emergency_plans": "应急预案名称,演练周期,责任部门\n停水应急预案,每年,泳池组\n",
}


@pytest.mark.parametrize("kind", TABLES)
def test_whoever_forgets_the_site_is_told_which_has_the_department(ledger: Store, kind: str) -> None:
    with ledger.begin() as tx:
        save_department(tx, Department("demo", "pool", LocalName("泳池组", "Pool team"), (), ()), None, is_new=True)
    (error,) = take(ledger, kind, TABLES[kind])["errors"]
    assert (error["value"], error["code"]) == ("泳池组", "unknown_department")
    assert "站点 demo 有：请指定站点导入（--site demo）" in error["message"]
    assert "demo has it: import with --site demo" in error["message"]
    assert not take(ledger, kind, TABLES[kind], site="demo")["errors"]


def test_a_department_that_nobody_has_is_answered_with_those_that_there_are(ledger: Store) -> None:
    (error,) = take(ledger, "plan_table", TABLES["plan_table"])["errors"]
    assert "--site" not in error["message"]
    assert "水务管理部门" in error["message"]
