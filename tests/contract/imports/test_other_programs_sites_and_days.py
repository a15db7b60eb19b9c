"""Exports of other programs: the site in a column of its own (SITEID), days as instants with a time zone."""

from datetime import date

import pytest

from maintenance.imports.ports import Mode
from plantroom.domain.assets import LocalName, Site
from tests.contract.imports.importing import Store, take

PLAN = "PMNUM,SYSTEM,DESCRIPTION,FREQUENCY,FREQUNIT,SITEID,NEXTDATE,STATUS\n"
LINE = "PM-1,Lighting,Wipe the lamps,3,MONTHS,{site},{day},ACTIVE\n"


def anchor_of(ledger: Store, site: str = "demo") -> date | None:
    with ledger.read() as tx:
        return next(row.anchor for row in tx.plan.rows(site) if row.code == "PM-1")


def other(ledger: Store, zone: str = "America/New_York") -> None:
    with ledger.begin() as tx:
        tx.assets.add_site(Site("other", LocalName("另一处", "Other"), zone))


@pytest.mark.parametrize("said", ["demo", "DEMO", "示范", ""])
def test_a_line_that_names_the_site_by_its_code_or_name_is_its_own(ledger: Store, said: str) -> None:
    done = take(ledger, "plan_table", PLAN + LINE.format(site=said, day="2026-12-10"), site="demo")
    assert (done["created"], done["errors"]) == (1, [])
    assert not [one for one in done["warnings"] if one["code"] == "ignored_column"]


def test_a_line_of_another_site_is_refused(ledger: Store) -> None:
    other(ledger)
    text = PLAN + LINE.format(site="other", day="2026-12-10")
    (error,) = take(ledger, "plan_table", text, site="demo")["errors"]
    assert (error["row"], error["column"], error["value"], error["code"]) == (2, "SITEID", "other", "other_site")
    assert "导入到站点 demo" in error["message"]
    (error,) = take(ledger, "plan_table", text)["errors"]
    assert error["code"] == "other_site"
    assert "默认计划" in error["message"]
    assert "--site" in error["message"]
    assert not take(ledger, "plan_table", text, site="other")["errors"]


@pytest.mark.parametrize(
    ("written", "day", "told"),
    [
        ("2026-05-01T00:00:00+08:00", date(2026, 5, 1), False),
        ("2026-05-01T00:00:00.000+0800", date(2026, 5, 1), False),
        ("2026-05-01T00:00:00+08", date(2026, 5, 1), False),
        ("2026-05-01T15:59:59Z", date(2026, 5, 1), False),
        ("2026-05-01T16:00:00Z", date(2026, 5, 2), True),
        ("2026-05-01T00:00:00+09:00", date(2026, 4, 30), True),
        ("2026-05-01T00:00:00", date(2026, 5, 1), False),
    ],
)
def test_an_instant_is_the_local_day_of_the_site(ledger: Store, written: str, day: date, told: bool) -> None:
    done = take(ledger, "plan_table", PLAN + LINE.format(site="demo", day=written), site="demo")
    assert not done["errors"]
    assert anchor_of(ledger) == day
    warned = [(one["value"], f"{day}" in one["message"]) for one in done["warnings"] if one["code"] == "date_read_as"]
    assert warned == ([(written, True)] if told else [])


def test_in_every_sites_plan_a_line_may_name_the_only_site_or_that_of_its_assets(ledger: Store) -> None:
    text = PLAN.replace("SYSTEM", "ASSETNUM") + LINE.format(site="demo", day="2026-12-10").replace("Lighting", "X-1")
    plain = PLAN + LINE.format(site="demo", day="2026-12-10")
    assert not take(ledger, "plan_table", text, Mode.DRY_RUN)["errors"]
    assert not take(ledger, "plan_table", plain, Mode.DRY_RUN)["errors"]
    other(ledger)
    assert not take(ledger, "plan_table", text, Mode.DRY_RUN)["errors"]
    (error,) = take(ledger, "plan_table", plain, Mode.DRY_RUN)["errors"]
    assert error["code"] == "other_site"
    (error,) = take(ledger, "plan_table", text.replace("demo", "nowhere"), Mode.DRY_RUN)["errors"]
    assert error["value"] == "nowhere"


def test_an_instant_for_every_sites_plan_is_refused_with_what_to_write(ledger: Store) -> None:
    other(ledger)
    text = PLAN + LINE.format(site="", day="2026-05-01T00:00:00+08:00")
    (error,) = take(ledger, "plan_table", text)["errors"]
    assert (error["column"], error["code"]) == ("NEXTDATE", "bad_date")
    assert "请写成站点当地的日期" in error["message"]
    assert "write the site's local date" in error["message"]


def test_assets_go_by_the_zone_of_their_own_site(ledger: Store) -> None:
    other(ledger)
    done = take(
        ledger,
        "assets",
        "ASSETNUM,ASSETTYPE,SITEID,INSTALLDATE\n"
        "M-1,Pump,demo,2026-05-01T00:00:00+08:00\nM-2,Pump,other,2026-05-01T00:00:00+08:00\n",
    )
    assert (done["created"], done["errors"]) == (2, [])
    with ledger.read() as tx:
        found = tx.assets.find_many([("demo", "M-1"), ("other", "M-2")])
    assert found["demo", "M-1"].installed_on == date(2026, 5, 1)
    assert found["other", "M-2"].installed_on == date(2026, 4, 30)
    assert [one["row"] for one in done["warnings"] if one["code"] == "date_read_as"] == [3]


def test_last_completions_are_of_the_local_day_too(ledger: Store) -> None:
    take(ledger, "plan_table", PLAN + LINE.format(site="demo", day=""), site="demo")
    text = "PMNUM,SITEID,LASTCOMPDATE\nPM-1,demo,2026-05-01T16:00:00Z\n"
    done = take(ledger, "last_completions", text)
    assert not [one for one in done["errors"] if one["code"] == "bad_date"], done["errors"]
    assert [one["code"] for one in done["warnings"]].count("date_read_as") == 1


@pytest.mark.parametrize("said", ["DEMO", "ｄｅｍｏ", "示范", "Demo"])
@pytest.mark.parametrize("site", [None, "demo"])
def test_every_table_names_the_site_so(ledger: Store, said: str, site: str | None) -> None:
    other(ledger)
    take(ledger, "plan_table", PLAN + LINE.format(site=said, day=""), site="demo")
    tables = {
        "assets": f"设备编号,设备类别,站点\nM-1,水泵,{said}\n",
        "points": f"站点,设备编号,点位\n{said},X-1,vibration\n",
        "users": f"用户名,角色,站点\nneu,技术员,{said}\n",
        "last_completions": f"PMNUM,SITEID,LASTCOMPDATE\nPM-1,{said},2026-05-01T16:00:00Z\n",
    }
    for kind, text in tables.items():
        done = take(ledger, kind, text, site=site)
        assert not [one for one in done["errors"] if one["code"] == "site_not_yours"], (kind, done["errors"])
        assert not [one for one in done["warnings"] if one["code"] == "ignored_column"], (kind, done["warnings"])
        assert kind not in ("assets", "users") or done["created"] == 1, (kind, done["errors"])
    with ledger.read() as tx:
        assert ("demo", "M-1") in tx.assets.find_many([("demo", "M-1")])
        assert [grant.site for user in tx.accounts.users() if user.username == "neu" for grant in user.grants] == [
            "demo"
        ]


def test_a_name_of_two_sites_is_neither_and_a_code_counts_before_a_name(ledger: Store) -> None:
    with ledger.begin() as tx:
        tx.assets.add_site(Site("north", LocalName("示范", "South")))
        tx.assets.add_site(Site("south", LocalName("南区", "North")))
    (error,) = take(ledger, "assets", "设备编号,设备类别,站点\nM-1,水泵,示范\n")["errors"]
    assert (error["code"], error["value"]) == ("site_not_yours", "示范")
    assert take(ledger, "assets", "设备编号,设备类别,站点\nM-2,水泵,NORTH\n")["created"] == 1
    assert take(ledger, "assets", "设备编号,设备类别,站点\nM-3,水泵,示范\n", site="demo")["created"] == 1
    with ledger.read() as tx:
        assert set(tx.assets.find_many([("north", "M-2"), ("demo", "M-3")])) == {("north", "M-2"), ("demo", "M-3")}
