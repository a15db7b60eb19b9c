"""How often, in the words that people write into plan tables."""

import time
from pathlib import Path

import pytest

from maintenance.frequencies import canonical
from maintenance.imports.frequency_sentences import found_in
from maintenance.imports.frequency_words import read_frequency
from maintenance.imports.problems import CellProblem
from maintenance.imports.rule_words import frequency_text, read_rule
from maintenance.intervals import Interval, IntervalUnit
from maintenance.schedules import BY_INTERVAL, IntervalSchedule, MeterSchedule, SeasonSchedule

UNDERSTOOD = {
    (1, "hour"): ("每小时 hourly PT1H"),
    (2, "hour"): ("每2小时 每两小时 每2個小時 PT2H 每2h 2h/次 每2h一次"),
    (8, "hour"): ("每天3次"),
    (12, "hour"): ("每日两次"),
    (1, "day"): ("每日 每天 每日一次 日检 日巡 daily P1D D 每天1次"),
    (7, "day"): ("每周 每週一次 每星期 周检 一周一次 weekly P1W W 7天 每7天 1次/周"),
    (10, "day"): ("每月3次 每旬"),
    (14, "day"): ("每两周 双周 隔周 隔周一次 每2周一次 fortnightly P2W"),
    (15, "day"): (
        "半月 半月一次 每半月 每半個月 每月两次 每月2次 2次/月 15天一次 15天/次 每15天 每十五天 "
        "half-monthly semimonthly HM"
    ),
    (1, "month"): (
        "每月 每月一次 每个月 每個月 每個月1次 月度 月检 逐月 按月 1次/月 一个月一次 每月至少一次 "
        "不少于每月一次 每月不少于1次 每月检查一次 monthly P1M M 1M 月1次 每月进行一次全面测试 "
        "每月至少進行一次全面測試"
    ),
    (2, "month"): ("双月 隔月 隔月一次 每两个月 每2月 P2M"),
    (3, "month"): (
        "每季 每季度 季度 每季一次 每季度一次 季检 每三个月 每3個月一次 三个月一次 一年四次 "
        "4次/年 每年4次 quarterly P3M Q 每季度進行一次全面檢查"
    ),
    (4, "month"): ("每年三次 一年3次"),
    (6, "month"): (
        "半年 每半年 半年一次 每半年一次 半年检 一年两次 每年2次 2次/年 每6个月 half-yearly semi-annual P6M HY"
    ),
    (12, "month"): (
        "每年 年度 每年一次 年检 每年至少一次 一年一次 1次/年 yearly annually P1Y Y 1Y 年1次 "
        "每年至少进行一次专业的清洁与维护"
    ),
    (24, "month"): ("两年一次 每两年 隔年 biennial P2Y"),
}
PHRASES = {
    (1, "month"): ["once a month", "every month", "once per month"],
    (3, "month"): [
        "once a quarter",
        "four times a year",
        "every 3 months",
        "every three months",
        "3 monthly",
        "3-monthly",
    ],
    (6, "month"): ["twice a year", "every six months", "6 monthly", "two times a year"],
    (2, "month"): ["every other month", "every two months"],
    (15, "day"): ["twice a month", "every 15 days"],
    (2, "day"): ["every other day"],
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [(text, key) for key, texts in UNDERSTOOD.items() for text in texts.split()]
    + [(text, key) for key, texts in PHRASES.items() for text in texts],
)
def test_a_frequency_is_understood(text: str, wanted: tuple[int, str]) -> None:
    found = read_frequency(text)
    assert found.schedule == BY_INTERVAL
    assert canonical(found.interval) == wanted


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        ("供暖前", SeasonSchedule(("heating",))),
        ("採暖季前", SeasonSchedule(("heating",))),
        ("雨季前", SeasonSchedule(("rain",))),
        ("汛期前检查一次", SeasonSchedule(("rain",))),
        ("冬季前", SeasonSchedule(("winter",))),
        ("入冬前", SeasonSchedule(("winter",))),
        ("换季", SeasonSchedule(("cooling", "heating"))),
        ("夏季前和冬季前", SeasonSchedule(("cooling", "winter"))),
        ("before the rainy season", SeasonSchedule(("rain",))),
        ("before heating season", SeasonSchedule(("heating",))),
        ("每运行1500小时", MeterSchedule("run_hours", 1500.0)),
        ("運行500小時", MeterSchedule("run_hours", 500.0)),
        ("每运行1,500小时", MeterSchedule("run_hours", 1500.0)),
        ("every 1500 running hours", MeterSchedule("run_hours", 1500.0)),
        ("每启动1000次", MeterSchedule("starts", 1000.0)),
        ("营业时间内每2小时一次", IntervalSchedule(open_hours=True)),
        ("每2小时（营业时间内）", IntervalSchedule(open_hours=True)),
        ("供暖期每周一次", IntervalSchedule(in_season="heating")),
        ("雨季期间每月一次", IntervalSchedule(in_season="rain")),
    ],
)
def test_seasons_meters_and_opening_hours_are_schedules_of_their_own(text: str, schedule: object) -> None:
    found = read_frequency(text)
    assert found.schedule == schedule
    assert found.read_as is (read_rule(text) is None), "an export's own words are read word for word"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("偶尔", "unknown_frequency"),
        ("视情况", "unknown_frequency"),
        ("定期", "unknown_frequency"),
        ("每班", "unknown_frequency"),
        ("按需", "unknown_frequency"),
        ("一次", "unknown_frequency"),
        ("每0天", "unknown_frequency"),
        ("每周两次", "unknown_frequency"),
        ("three times a week", "unknown_frequency"),
        ("每月/每季", "unknown_frequency"),
        ("biweekly", "ambiguous_frequency"),
        ("bi-monthly", "ambiguous_frequency"),
        ("biannual", "ambiguous_frequency"),
        ("每隔一天", "ambiguous_frequency"),
        ("每月1-2次", "ambiguous_frequency"),
        ("1-2 months", "ambiguous_frequency"),
        ("每2~3个月", "ambiguous_frequency"),
        ("1.5个月", "unknown_frequency"),
        ("1.5 months", "unknown_frequency"),
        ("1,5 months", "unknown_frequency"),
        ("每-1月", "unknown_frequency"),
        ("500小时", "ambiguous_frequency"),
        ("every 1,500 hours", "ambiguous_frequency"),
        ("每周一三五", "frequency_is_a_date"),
        ("每周三", "frequency_is_a_date"),
        ("星期一", "frequency_is_a_date"),
        ("每月15日", "frequency_is_a_date"),
        ("三月", "frequency_is_a_date"),
        ("every Monday", "frequency_is_a_date"),
        ("每季度末", "frequency_is_a_date"),
        ("every 15 of month", "frequency_is_a_date"),
        ("on the 15th of each month", "frequency_is_a_date"),
        ("last day of the quarter", "frequency_is_a_date"),
        ("every 1 of January", "frequency_is_a_date"),
        ("月每增加1", "unknown_frequency"),
        ("Door_cycles每增加5", "unknown_frequency"),
        ("every 5 of Door_cycles", "unknown_frequency"),
        ("30", "frequency_without_unit"),
        ("", "missing_value"),
        ("   ", "missing_value"),
    ],
)
def test_what_nobody_can_tell_is_refused_with_what_to_do(text: str, code: str) -> None:
    with pytest.raises(CellProblem) as refused:
        read_frequency(text)
    assert refused.value.code == code


WAYS = Path(__file__).parent / "words" / "frequencies.txt"


def ways() -> list[tuple[str, str]]:
    lines = [
        line.partition(": ") for line in WAYS.read_text(encoding="utf-8").splitlines() if line[:1] not in ("", "#")
    ]
    return [(said.strip(), wanted) for wanted, _, rest in lines for said in rest.split(" | ")]


@pytest.mark.parametrize(("said", "wanted"), ways())
def test_the_ways_in_which_plan_tables_say_how_often(said: str, wanted: str) -> None:
    assert meant(said) == wanted


def meant(said: str) -> str:
    try:
        found = read_frequency(said)
    except CellProblem as problem:
        return f"?{problem.code}"
    match found.schedule:
        case SeasonSchedule(seasons, _):
            return " ".join(seasons)
        case MeterSchedule(point, every):
            return f"{point} {every:g}"
        case _:
            return "{} {}".format(*canonical(found.interval))


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("每年一次（国庆前）", "国庆前"), ("每月一次，遇节假日加密", "遇节假日加密"), ("每逢单月", "每逢单月"),
        ("每季度一次（由厂家实施）", "由厂家实施"), ("每年一次（雨季前）", ""),
        ("每季度（3个月）一次", ""), ("每季度（90天）", "90天"), ("每年一次（每年国庆前）", "每年国庆前"),
    ],
)  # fmt: skip
def test_what_is_not_taken_over_is_said(said: str, left: str) -> None:
    found = read_frequency(said)
    assert (found.read_as, found.left_out) == (True, left)


@pytest.mark.parametrize(
    "text",
    [
        "每运行500小时或每3个月（先到为准）", "每3个月或运行500小时，以先到为准", "每季度或累计运行500小时",
        "每3个月（或运行500小时）",
        "every 500 running hours or every 3 months, whichever comes first",
    ],
)  # fmt: skip
def test_running_hours_that_an_interval_caps_are_both_kept(text: str) -> None:
    found = read_frequency(text)
    assert (found.schedule, canonical(found.interval)) == (MeterSchedule("run_hours", 500.0), (3, "month"))


@pytest.mark.parametrize(
    ("text", "zh"),
    [
        ("必要时", "每月一次、每季度一次"), ("每周二", "最接近的是“每周一次”"), ("每月15日", "最接近的是“每月一次”"),
        ("每隔一月", "每月一次，也可能是每2个月一次"), ("biweekly", "每2周一次，也可能是每周两次"),
        ("国庆前", "供暖季前、制冷季前、雨季前、冬季前"), ("月检、季检", "每月一次、每季度一次，请分行填写"),
        ("每季度（每月）", "每季度一次、每月一次，请分行填写"), ("1/2年", "也可能是每几个一次（如每2年一次）"),
        ("每季度（每运行500小时）", "每季度一次、每运行500小时，请分行填写"), ("不超过2次/年", "只说了最多几次"),
        ("每五百小时", "是运行小时还是日历时间"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_nearest_known_words(text: str, zh: str) -> None:
    with pytest.raises(CellProblem) as refused:
        read_frequency(text)
    assert zh in refused.value.said.zh


@pytest.mark.parametrize(
    ("number", "unit", "wanted"),
    [
        ("4", "次/年", (3, "month")), ("2", "次/月", (15, "day")), ("1", "times/year", (12, "month")),
        ("0.5", "年", (6, "month")), ("0.5", "月", (15, "day")), ("1.5", "years", (18, "month")),
        ("7", "d", (7, "day")),
    ],
)  # fmt: skip
def test_a_number_goes_by_what_its_heading_counts(number: str, unit: str, wanted: tuple[int, str]) -> None:
    assert canonical(read_frequency(number, unit).interval) == wanted


def test_a_plain_number_takes_the_unit_of_its_heading() -> None:
    assert read_frequency("30", "天").interval == Interval(30, IntervalUnit.DAY)
    assert read_frequency("6", "months").interval == Interval(6, IntervalUnit.MONTH)
    assert read_frequency("3", "个月").interval == Interval(3, IntervalUnit.MONTH)
    with pytest.raises(CellProblem):
        read_frequency("500", "小时")


def test_twice_a_month_is_read_as_the_laws_fifteen_days_and_that_is_said() -> None:
    assert read_frequency("每月两次").read_as
    assert not read_frequency("每月检查一次").read_as


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("unit", IntervalUnit)
def test_what_an_export_writes_is_read_again(unit: IntervalUnit, language: str) -> None:
    for every in (*range(1, 40), 90, 365, 4000, 36_525):
        text = frequency_text(Interval(every, unit), BY_INTERVAL, language)
        assert canonical(read_frequency(text).interval) == canonical(Interval(every, unit)), text


def test_the_frequency_inside_a_sentence_is_found_when_there_is_one() -> None:
    found = found_in("每季度進行一次全面檢查,包括制動系統、安全裝置等")
    assert found is not None
    assert canonical(found.interval) == (3, "month")
    assert found_in("检查制动系统") is None
    assert found_in("记录日期、月") is None


def test_a_long_text_of_the_same_words_is_answered_at_once() -> None:
    begun = time.process_time()
    for text in ("每月" + "检查" * 500, "检查" * 35 + "x", "每" * 70, "one" * 26, "供暖" * 20 + "前x"):
        with pytest.raises(CellProblem):
            read_frequency(text)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("每年3月", (3,)), ("每年3月、9月", (3, 9)), ("每季末月", (3, 6, 9, 12)), ("每季度首月", (1, 4, 7, 10)),
        ("Q2", (4,)), ("每年二次（4月、10月）", (4, 10)), ("每年一次（3月）", (3,)), ("March and September", (3, 9)),
        ("每半年一次（每年6月和12月）", (6, 12)), ("每年十二月", (12,)), ("每年一次", ()),
    ],
)  # fmt: skip
def test_months_that_are_named_are_where_it_begins(text: str, months: tuple[int, ...]) -> None:
    found = read_frequency(text)
    assert (tuple(found.months), found.read_as) == (months, bool(months))


@pytest.mark.parametrize("text", ["每日2次", "一日两次", "每天早晚各一次", "twice a day", "早中晚各一次"])
def test_so_many_times_a_day_do_not_say_at_which_hours(text: str) -> None:
    assert read_frequency(text).times_of_day
    assert read_frequency(text).read_as


@pytest.mark.parametrize("text", ["每2小时", "2h/次", "每12小时", "hourly", "PT2H", "每日一次"])
def test_hours_that_are_written_are_word_for_word(text: str) -> None:
    assert not read_frequency(text).times_of_day


@pytest.mark.parametrize(
    ("text", "unit"), [("-3", "天"), ("＋3", "天"), ("−3", "月"), ("–3", "天"), ("0", "天"), ("-3天", "")]
)
def test_a_number_with_a_sign_or_none_at_all_is_refused(text: str, unit: str) -> None:
    with pytest.raises(CellProblem) as refused:
        read_frequency(text, unit)
    assert "大于0" in refused.value.said.zh
    assert "above 0" in refused.value.said.en
