"""Several frequencies in one text: none is left out without a word, and what may mean something else is refused."""

import pytest

from maintenance.imports.frequency_sentences import found_in, says_often
from maintenance.imports.frequency_words import read_frequency
from maintenance.imports.outcome import Outcome
from maintenance.imports.plan import compare
from maintenance.imports.problems import CellProblem
from maintenance.imports.reading import read_plan_table
from maintenance.seed.loader import plan_rows


def table(text: str) -> Outcome:
    rows, problems = read_plan_table(text.encode(), "plan.csv")
    return compare(rows, plan_rows(), problems=problems)


WAYS = [
    ("每月检查，每年预防性试验", "每月一次、每年一次", "monthly, yearly"),
    ("每月检查；每年预防性试验", "每月一次、每年一次", "monthly, yearly"),
    ("每月檢查和每年試驗", "每月一次、每年一次", "monthly, yearly"),
    ("每月检查及每年预防性试验", "每月一次、每年一次", "monthly, yearly"),
    ("每月一次+每年一次", "每月一次、每年一次", "monthly, yearly"),
    ("每月检查并每年做预防性试验", "每月一次、每年一次", "monthly, yearly"),
    ("每半月一次，每季度一次", "每15天一次、每季度一次", "every 15 days, quarterly"),
    ("日检、月保", "每日一次、每月一次", "daily, monthly"),
    ("每日巡查/每月保养", "每日一次、每月一次", "daily, monthly"),
    ("每日巡查，每月保养，每年大修", "每日一次、每月一次、每年一次", "daily, monthly, yearly"),
    ("monthly check, yearly test", "每月一次、每年一次", "monthly, yearly"),
    ("Monthly check and yearly test", "每月一次、每年一次", "monthly, yearly"),
    ("monthly check; annual test", "每月一次、每年一次", "monthly, yearly"),
    ("monthly check + test once a year", "每月一次、每年一次", "monthly, yearly"),
]


@pytest.mark.parametrize(("text", "zh", "en"), WAYS)
def test_a_cell_with_several_is_refused_and_names_them(text: str, zh: str, en: str) -> None:
    with pytest.raises(CellProblem) as refused:
        read_frequency(text)
    assert refused.value.code == "unknown_frequency"
    assert f"有几个周期：{zh}，请分行填写" in refused.value.said.zh
    assert f"({en})" in refused.value.said.en


UNSURE = [
    ("每月检查，冬季每周检查", "每月一次、每周一次", "monthly, weekly"),
    ("每月检查，每两周或每季度试验", "每月一次、每2周一次、每季度一次", "monthly, every 2 weeks, quarterly"),
    ("每季度检查，包括每月更换滤网", "每季度一次、每月一次", "quarterly, monthly"),
]


@pytest.mark.parametrize(("text", "zh", "en"), UNSURE)
def test_a_line_without_columns_is_refused_with_all_that_it_says(text: str, zh: str, en: str) -> None:
    found = table(f"供电系统：{text}\n照明系统：每月检查一次\n")
    (error,) = found.problems.errors
    assert (error.row, error.column, error.code) == (1, "A", "unknown_frequency")
    assert f"有几个周期：{zh}，请分行填写" in error.message
    assert en in error.message


@pytest.mark.parametrize(
    "text",
    [
        "每半年进行全面检测，包括每月更换滤网",
        "每季度清洗滤网，夏季每月清洗",
        "每季度检查，以及biweekly",
        "quarterly, filters every 2 months",
    ],
)
def test_a_frequency_within_other_words_is_none_that_may_be_left_out(text: str) -> None:
    with pytest.raises(CellProblem):
        found_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "每月进行一次测试，每月清理传感器",
        "每月至少进行一次全面测试，确保所有传感器正常",
        "monthly, with monthly greasing",
    ],
)
def test_one_frequency_said_twice_is_one(text: str) -> None:
    found = found_in(text)
    assert found is not None
    assert found.interval.every == 1


def test_a_task_that_says_how_often_in_place_of_a_column_is_refused_where_it_is_unsure() -> None:
    head = "设施设备类别,维护内容\n"
    (error,) = table(f"{head}供电系统,每月检查，冬季每周检查\n照明系统,每月检查\n").problems.errors
    assert (error.row, error.column) == (2, "维护内容")
    assert "每月一次、每周一次" in error.message


def test_what_was_not_word_for_word_in_a_sentence_is_told() -> None:
    found = table("照明系统：每月两次检查，清洁灯罩\n电梯：每月检查一次\n")
    (told,) = [one for one in found.problems.warnings if one.code == "frequency_read_as"]
    assert (told.row, told.column) == (1, "A")
    assert "每15天一次" in told.message


def test_whether_a_sentence_says_how_often() -> None:
    assert says_often("每月检查一次，每年一次")
    assert says_often("每月检查和每年试验")
    assert not says_often("检查制动系统")
