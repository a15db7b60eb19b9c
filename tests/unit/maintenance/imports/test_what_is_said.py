"""What an entry of an import says: the cell as it stands, no empty list, English in the right number."""

import pytest

from maintenance.imports.asset_places import Places
from maintenance.imports.plan import PlanImport
from maintenance.imports.problems import CellProblem
from maintenance.imports.reading import read_plan_table
from maintenance.imports.users_kind import Contractors
from maintenance.imports.vocabulary import Departments
from maintenance.intervals import Interval, IntervalUnit
from maintenance.reasons import frequency
from maintenance.schedule_words import often_in_words, rule_in_words
from maintenance.schedules import MeterSchedule, SeasonSchedule
from maintenance.seed.loader import plan_rows
from plantroom.domain.wording import counted

HEADINGS = ("设施设备类别", "维护周期", "维护责任部门")
LINES = (
    ("电梯", "1次/季", "电梯维修部门"), ("电梯", "每月二次", ""), ("消防系统", " 每年 一次（国庆前）", "消防管理部门"),
    ("供水系统", "每季度一次", ""), ("电梯、扶梯", "每月壹次", ""), ("空调系统", "半年/次", "空调维修部门"),
    ("楼梯、扶手", "每季", "清洁维护部门"), ("会议室空调", "每年", ""), ("飞船", "偶尔", "太空部"),
    ("供暖系统", "同上", "同上"),
    ("照明系统", "=B2", ""),
)  # fmt: skip


def test_the_value_of_an_entry_is_what_stands_in_its_cell() -> None:
    text = "\n".join([",".join(HEADINGS), *(",".join(line) for line in LINES)])
    for data in (text, text.replace("飞船,偶尔,太空部\n", "").replace("照明系统,=B2,", "照明系统,每周,")):
        rows, problems = read_plan_table(data.encode(), "plan.csv")
        PlanImport(plan_rows(), None, problems=problems).run(rows)
        lines = [line.split(",") for line in data.split("\n")]
        entries = [*problems.errors, *problems.warnings]
        assert len(entries) > 4
        for one in entries:
            assert one.value == lines[one.row - 1][HEADINGS.index(one.column)], one


@pytest.mark.parametrize(
    "read", [Contractors().read, Departments(()).read, Places({}).read], ids=["contractor", "department", "place"]
)
def test_where_there_is_none_yet_no_empty_list_is_shown(read: object) -> None:
    with pytest.raises(CellProblem) as refused:
        read("甲")  # type: ignore[operator]
    assert refused.value.said.zh.endswith("；目前还没有")
    assert refused.value.said.en.endswith("; there is none yet")


def test_one_of_a_thing_is_no_plural_in_english() -> None:
    assert [counted(n, "day") for n in (0, 1, 2)] == ["0 days", "1 day", "2 days"]
    assert counted(1.5, "year") == "1.5 years"
    assert counted(1, "person", "people") == "1 person"
    assert often_in_words(Interval(0, IntervalUnit.DAY), MeterSchedule("run_hours", 1.0)).en == "every 1 running hour"
    assert rule_in_words(SeasonSchedule(("rain",), 1)).en == "before the rainy season, 1 day ahead"
    assert frequency(Interval(1, IntervalUnit.HOUR)).en == "every hour"
