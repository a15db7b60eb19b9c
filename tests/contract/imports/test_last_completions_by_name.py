"""Last completions name their row in the words that people use."""

import pytest

from tests.contract.imports.importing import Store, take

HEAD = "设备编号,计划项,上次完成日期\n"


@pytest.mark.parametrize(
    ("asset", "name", "code"),
    [
        ("DT-01", "半月保", "EL-HM"),
        ("DT-01", "电梯季度保养", "EL-Q"),
        ("DT-01", "年檢", "EL-INSP"),
        ("DT-01", "困人演练", "EL-DRILL"),
        ("SX-01", "生活水箱清洗消毒", "WA-TANK"),
        ("", "年度全面检测", "FI-Y"),
        ("", "消防年检", "FI-Y"),
        ("DT-01", "Annual inspection", "EL-INSP"),
    ],
)
def test_customary_words_are_the_row_of_the_law(ledger: Store, asset: str, name: str, code: str) -> None:
    assert not take(ledger, "assets", "设备编号,设备类别\nDT-01,电梯\nSX-01,水箱\n")["errors"]
    found = take(ledger, "last_completions", f"{HEAD}{asset},{name},2026-02-20\n")
    assert not found["errors"]
    # What a deeper row contains comes along behind it.
    assert found["rows"][0]["code"] == f"{asset or 'demo'}/{code}"


def test_a_word_for_several_rows_is_answered_with_these(ledger: Store) -> None:
    take(ledger, "assets", "设备编号,设备类别\nDT-01,电梯\n")
    (error,) = take(ledger, "last_completions", f"{HEAD}DT-01,维保,2026-02-20\n")["errors"]
    assert (error["column"], error["value"], error["code"]) == ("计划项", "维保", "unknown_row")
    assert "EL-HM、EL-HY" in error["message"]


def test_a_row_of_the_site_that_is_asked_of_a_machine_by_its_name_says_so(ledger: Store) -> None:
    (error,) = take(ledger, "last_completions", f"{HEAD}X-1,年度全面检测,2026-02-20\n")["errors"]
    assert (error["column"], error["code"]) == ("计划项", "not_for_asset")
    assert "留空" in error["message"]
