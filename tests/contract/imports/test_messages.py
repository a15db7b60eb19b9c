"""What people are told about tables that are not what they should be."""

import pytest

from maintenance.imports.exporting import export
from maintenance.imports.registry import KINDS
from plantroom.domain.assets import LocalName
from plantroom.domain.custom import CustomField, CustomType
from tests.contract.imports.importing import Store, take
from tests.unit.maintenance.imports.workbooks import workbook

POINTS = "设备编号,测点键,报警上限\nX-1,vibration,9.5\n"


def test_whoever_has_chosen_the_wrong_kind_is_told_the_right_one(ledger: Store) -> None:
    errors = take(ledger, "users", POINTS)["errors"]
    assert [(one["row"], one["code"]) for one in errors] == [(1, "missing_column"), (1, "other_kind")]
    zh, en = errors[1]["message"].split(" / ")
    assert zh == "表头是“测点”表的，请选择该类型后再导入"
    assert en == "the headings are those of points: choose that kind and import it again"
    assert [one["code"] for one in take(ledger, "users", "甲,乙\n1,2\n")["errors"]] == ["missing_column"]


def test_a_title_is_not_taken_for_the_headings_that_were_found(ledger: Store) -> None:
    book = workbook([("2026年清单",), ("甲", "乙", "丙"), (1, 2, 3)])
    (error,) = take(ledger, "assets", book)["errors"]
    assert (error["row"], "找到的表头：甲、乙、丙" in error["message"]) == (2, True)


def test_many_columns_that_are_not_read_are_one_warning(ledger: Store) -> None:
    extra = [f"列{n}" for n in range(100)]
    head, row = ",".join(["设备编号", "设备类别", *extra]), ",".join(["P-1", "水泵", *["x"] * 100])
    (warning,) = take(ledger, "assets", f"{head}\n{row}\n")["warnings"]
    assert (warning["code"], warning["row"]) == ("ignored_column", 1)
    assert "100列未导入：列0、列1" in warning["message"]
    few = take(ledger, "assets", "设备编号,设备类别,甲,乙\nP-2,水泵,1,2\n")["warnings"]
    assert [(one["column"], one["code"]) for one in few] == [("甲", "ignored_column"), ("乙", "ignored_column")]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["zh", "zh-hant", "en"])
def test_an_export_that_comes_back_is_no_change_and_nothing_is_said_of_it(
    ledger: Store, kind: str, language: str
) -> None:
    take(ledger, "emergency_plans", "应急预案,应急措施,演练周期\n停水应急预案,送水、通知,每季度一次\n")
    take(ledger, "last_completions", "设备编号,计划项,上次完成日期\nX-1,WA-M,2026-02-10\n")
    for form in ("csv", "xlsx"):
        with ledger.read() as tx:
            table = export(tx, KINDS[kind], form, language, None).content
        done = take(ledger, kind, table)
        assert (done["created"], done["updated"], done["errors"], done["warnings"]) == (0, 0, [], [])
        assert done["unchanged"] > 0


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("points", "设备编号,测点键,单位\nX-1,own,flurbs\n", "不认识的单位 flurbs，"),
        ("points", "设备编号,测点键,报警上限,报警下限\nX-1,vibration,1,9\n", "限值不成立：下限应低于上限"),
        ("points", "设备编号,测点键,死区\nX-1,vibration,9999\n", "限值不成立：死区不应大于限值之间的范围，"),
        ("assets", "设备编号,设备类别\nA/B,水泵\n", "编号不可用：不能含 / + #"),
        ("assets", "设备编号,设备类别,楼层数\nX-9,水泵,很多\n", "应为数字，"),
        ("plan_table", '编号,设施设备类别,维护周期,排程规则\nR-1,水泵,,"{""type"": ""moon""}"\n', "应为以下之一，请"),
    ],
)
def test_the_chinese_half_of_a_message_is_chinese(ledger: Store, kind: str, text: str, said: str) -> None:
    with ledger.begin() as tx:
        tx.custom_fields.add(CustomField("storeys", LocalName("楼层数", "Storeys"), CustomType.NUMBER))
    (error, *_) = take(ledger, kind, text)["errors"]
    assert said in error["message"]
    assert "should be" not in error["message"].rpartition("，")[0]


def test_a_code_in_full_width_says_what_it_was_read_as(ledger: Store) -> None:
    (warning,) = take(ledger, "emergency_plans", "应急预案,编号,演练周期\n停水应急预案,ＥＰ－９,每季度一次\n")[
        "warnings"
    ]
    assert "：EP-9，" in warning["message"]


def test_bytes_that_only_begin_like_utf_16_are_no_text(ledger: Store) -> None:
    (error,) = take(ledger, "assets", b"\xff\xfe" + "设备编号设备类别".encode()[:22])["errors"]
    assert error["code"] == "bad_text"
    assert not take(ledger, "assets", "设备编号,设备类别\nU-1,水泵\n".encode("utf-16"))["errors"]
