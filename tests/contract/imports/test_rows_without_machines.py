"""Rows of a plan table for machines that the site has not: told at the import, in the preview and in the coverage."""

from dataclasses import replace
from datetime import UTC, date, datetime

from maintenance.imports.ports import Mode
from maintenance.previewing import ledger_preview, subjects_of
from plantroom.catalogue.systems import systems
from plantroom.domain.assets import Asset, AssetStatus, LocalName
from plantroom.domain.keys import new_key
from tests.contract.imports.importing import Store, take

NOW = datetime(2026, 3, 1, 1, tzinfo=UTC)
SYSTEMS = {one.key: one.classes for one in systems().values()}
TEXT = """系统,维护内容,周期
照明系统,楼道灯巡查,每周一次
楼梯,扶手检查,每月一次
水泵,轴承检查,每2个月一次
化粪池,清掏,每年一次
"""


def told(done: dict) -> list[int]:
    return [one["row"] for one in done["warnings"] if one["code"] == "no_machine_of_kind"]


def asset(equipment_class: str) -> Asset:
    name = LocalName("某设备", "Some machine")
    return Asset(new_key(), "demo", equipment_class.upper(), equipment_class, name)


def test_a_row_for_machines_that_the_site_has_not_is_told_until_it_has_one(ledger: Store) -> None:
    with ledger.begin() as tx:
        assert not [one for one in tx.assets.plant().assets.values() if one.equipment_class in ("stairs", "lighting")]
    done = take(ledger, "plan_table", TEXT, Mode.DRY_RUN, site="demo")
    assert told(done) == [2, 3]
    assert told(take(ledger, "plan_table", TEXT, Mode.DRY_RUN)) == []
    with ledger.begin() as tx:
        tx.assets.add(asset("stairs"), [])
        tx.assets.add(replace(asset("lighting"), status=AssetStatus.SCRAPPED), [])
    assert told(take(ledger, "plan_table", TEXT, Mode.DRY_RUN, site="demo")) == [2]


def test_before_there_is_any_machine_nothing_is_told(ledger: Store) -> None:
    with ledger.begin() as tx:
        tx.assets.add_site(replace(tx.assets.site("demo"), code="empty"))
    assert told(take(ledger, "plan_table", TEXT, Mode.DRY_RUN, site="empty")) == []


def test_the_preview_of_the_site_lists_them_and_that_of_an_asset_does_not(ledger: Store) -> None:
    take(ledger, "plan_table", TEXT, Mode.COMMIT, site="demo")
    with ledger.read() as tx:
        site = tx.assets.site("demo")
        subjects = subjects_of(site, list(tx.assets.plant().assets.values()))
        days = date(2026, 3, 1), date(2027, 3, 1), NOW
        whole = ledger_preview(tx, site, subjects, *days, SYSTEMS)
        single = ledger_preview(tx, site, subjects[1:2], *days, SYSTEMS)
    codes = {one.row.code for one in whole.undated}
    assert codes >= {"LIGHTING-7DAY", "STAIRS-1MONTH"}
    assert not codes & {"PUMP-2MONTH", "SITE-化粪池-12MONTH"}
    assert {one.asset for one in whole.undated if one.row.code == "LIGHTING-7DAY"} == {"site:demo"}
    assert not {one.row.code for one in single.undated} & {"LIGHTING-7DAY", "STAIRS-1MONTH"}


def test_as_work_of_the_whole_site_it_has_dates(ledger: Store) -> None:
    text = "系统,维护内容,周期,全站项目\n,楼梯扶手检查,每月一次,是\n"
    done = take(ledger, "plan_table", text, Mode.COMMIT, site="demo")
    assert told(done) == []
    (code,) = [one["code"] for one in done["rows"]]
    with ledger.read() as tx:
        site = tx.assets.site("demo")
        subjects = subjects_of(site, list(tx.assets.plant().assets.values()))
        seen = ledger_preview(tx, site, subjects, date(2026, 3, 1), date(2027, 3, 1), NOW, SYSTEMS)
    assert len([one for one in seen.items if one.job.leader.row.code == code]) >= 11
