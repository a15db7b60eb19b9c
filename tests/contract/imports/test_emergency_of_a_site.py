"""The users' third table for one site: the drills that there are, not more of them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from maintenance.emergency.keeping import change_plan
from maintenance.frequencies import canonical
from maintenance.incidents.holding import plan_of
from maintenance.intervals import Interval, IntervalUnit
from maintenance.materialise import materialise
from maintenance.plan import PlanRow
from maintenance.ports import OrderFilter
from plantroom.ports.paging import PageRequest
from tests.contract.imports.importing import Store, take, undo
from tests.contract.maintenance.conftest import NOW, SYSTEMS

THIRD = """序號,類別,應急預案名稱,應急措施,應急物資,應急人員,演練周期
1,自然災害類,自然災害應急預案,疏散居民、保護公共設施,救援物資、防護設備,救援隊伍、志愿者等,每季度一次
2,設備故障類,設備故障應急預案,排查故障、緊急維修,維修工具、備件等,專業維修團隊,每半年一次
3,公共安全事件類,公共安全事件應急預案,控制現場、報警處理,安全防護設備、警示標識等,安保人員、警務人員等,每年一次
"""


def drills(store: Store) -> list[PlanRow]:
    with store.read() as tx:
        return sorted((row for row in tx.plan.rows("demo") if row.kind == "drill"), key=code)


def code(row: PlanRow) -> tuple[str, str]:
    return row.code, row.site or ""


def linked(store: Store) -> list[tuple[str, str | None]]:
    with store.read() as tx:
        return sorted((plan.code, plan.drill_row) for plan in tx.emergency.list("demo"))


@pytest.mark.parametrize("site", [None, "demo"])
def test_the_third_table_links_to_the_drills_of_the_profile(ledger: Store, site: str | None) -> None:
    before = drills(ledger)
    document = take(ledger, "emergency_plans", THIRD, site=site)
    assert not document["errors"]
    assert document["created"] == 3
    assert linked(ledger) == [("EP-EQ", "DR-EQ"), ("EP-NAT", "DR-NAT"), ("EP-PUB", "DR-PUB")]
    assert drills(ledger) == before
    assert take(ledger, "emergency_plans", THIRD, site=site)["unchanged"] == 3


def test_another_period_is_a_row_of_the_site_s_own_in_place_of_every_site_s(ledger: Store) -> None:
    materialise(ledger, datetime(2026, 3, 2, 1, tzinfo=UTC), SYSTEMS)
    document = take(ledger, "emergency_plans", THIRD.replace("每半年一次", "每月一次"), site="demo")
    assert not document["errors"]
    both = [row for row in drills(ledger) if row.code == "DR-EQ"]
    assert [(row.site, canonical(row.interval)) for row in both] == [(None, (6, "month")), ("demo", (1, "month"))]
    assert both[1].department == both[0].department
    assert both[1].department.zh
    assert not [row.code for row in drills(ledger) if row.code.endswith("-2")]
    materialise(ledger, datetime(2026, 3, 2, 2, tzinfo=UTC), SYSTEMS)
    with ledger.read() as tx:
        found = tx.orders.list(OrderFilter(open_only=True), PageRequest(limit=1000)).items
    lineages = {one.key.lineage for order in found for one in order.occurrences if one.plan_row == "DR-EQ"}
    assert lineages <= {both[1].lineage}
    undone = undo(ledger, document["import_id"])
    assert undone["errors"] == []
    assert [row.site for row in drills(ledger) if row.code == "DR-EQ"] == [None]
    assert linked(ledger) == []


def test_a_plan_that_is_changed_by_hand_keeps_its_drill(ledger: Store) -> None:
    take(ledger, "emergency_plans", THIRD, site="demo")
    before = drills(ledger)
    with ledger.begin() as tx:
        plan = next(one for one in tx.emergency.list("demo") if one.code == "EP-NAT")
        change_plan(tx, replace(plan, people=("保安",)), plan.version, NOW)
    assert drills(ledger) == before
    with ledger.begin() as tx:
        plan = tx.emergency.get(plan.key)
        change_plan(tx, replace(plan, drill=Interval(1, IntervalUnit.MONTH)), plan.version, NOW)
    mine = [row for row in drills(ledger) if row.site == "demo"]
    assert [(row.code, canonical(row.interval)) for row in mine] == [("DR-NAT", (1, "month"))]
    assert ("EP-NAT", "DR-NAT") in linked(ledger)


def test_an_order_drills_the_site_s_own_plan_before_every_site_s(ledger: Store) -> None:
    take(ledger, "emergency_plans", THIRD)
    take(ledger, "emergency_plans", THIRD, site="demo")
    materialise(ledger, datetime(2026, 12, 20, 1, tzinfo=UTC), SYSTEMS)
    with ledger.read() as tx:
        orders = tx.orders.list(OrderFilter(open_only=True), PageRequest(limit=1000)).items
        drilled = next(one for one in orders if any(o.plan_row == "DR-NAT" for o in one.occurrences))
        plan = plan_of(tx, drilled)
    assert plan is not None
    assert plan.site == "demo"


def test_a_new_drill_is_called_in_the_script_of_its_plan(ledger: Store) -> None:
    take(ledger, "emergency_plans", "應急預案名稱,演練周期\n停水應急預案,每年\n水管爆裂預案,每年\n", site="demo")
    take(ledger, "emergency_plans", "应急预案名称,演练周期\n停电应急预案,每年\n", site="demo")
    with ledger.read() as tx:
        names = {row.name.zh for row in tx.plan.rows("demo") if row.site == "demo" and row.kind == "drill"}
    assert names >= {"停水應急演練", "水管爆裂應急演練", "停电应急演练"}


def test_a_plan_of_one_emergency_takes_the_drill_of_its_kind_from_nobody(ledger: Store) -> None:
    before = drills(ledger)
    take(ledger, "emergency_plans", "应急预案名称,演练周期\n停水应急预案,每年\n", site="demo")
    assert [row for row in drills(ledger) if row.site is None] == before
    assert [row.name.zh for row in drills(ledger) if row.site == "demo"] == ["停水应急演练"]
