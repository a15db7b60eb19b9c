"""What an import tells of rows that it creates."""

from maintenance.imports.ports import Mode
from tests.contract.imports.importing import Store, take


def test_a_last_completion_and_a_person_are_told_as_they_were_understood(ledger: Store) -> None:
    text = "设备编号,计划项,上次完成日期,完成人,记录编号\nX-1,水泵月度保养,2026-02-20,李工,WX-17\n"
    (row,) = take(ledger, "last_completions", text, Mode.DRY_RUN)["rows"]
    assert (row["action"], row["code"]) == ("created", "X-1/WA-M")
    assert row["changes"] == {
        "plan_row": [None, "水泵月度保养"],
        "done_on": [None, "2026-02-20"],
        "done_by": [None, "李工"],
        "record": [None, "WX-17"],
    }
    (row,) = take(ledger, "users", "用户名,姓名,角色,站点\nli,李工,技术员,demo\n", Mode.DRY_RUN)["rows"]
    assert row["changes"]["name"] == [None, "李工"]
    assert "demo" in row["changes"]["grants"][1]


def test_assets_are_told_by_their_codes_alone(ledger: Store) -> None:
    (row,) = take(ledger, "assets", "设备编号,设备类别\nX-2,水泵\n", Mode.DRY_RUN)["rows"]
    assert (row["action"], row["code"], row["changes"]) == ("created", "X-2", {})
