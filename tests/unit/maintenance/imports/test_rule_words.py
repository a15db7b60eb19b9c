"""A schedule in words: what an export writes, read again as the same; in both scripts and in English."""

import pytest

from maintenance.imports.frequency_words import read_frequency
from maintenance.imports.plan_columns import read_schedule, write_schedule
from maintenance.imports.problems import CellProblem
from maintenance.imports.rule_words import frequency_text, read_rule, rule_text
from maintenance.intervals import Interval, IntervalUnit
from maintenance.schedules import (
    SEASONS,
    AgeSchedule,
    BeforeSchedule,
    ConditionSchedule,
    IntervalSchedule,
    MeterSchedule,
    Schedule,
    SeasonSchedule,
    implied_interval,
)
from maintenance.seed.rows import seed_rows

YEAR = Interval(1, IntervalUnit.YEAR)
LIFT = AgeSchedule((1, 4, 7, 9, 11, 13, 15), then=YEAR)
SAID: list[tuple[Schedule, str, str]] = [
    (
        LIFT,
        "安装后第1、4、7、9、11、13、15年，之后每年一次",
        "in years 1, 4, 7, 9, 11, 13, 15 after its installation, then yearly",
    ),
    (AgeSchedule((2,), "in_service_on"), "投用后第2年", "in years 2 after its first day of service"),
    (SeasonSchedule(("heating",)), "供暖季前，提前14天", "before the heating season, 14 days ahead"),
    (
        SeasonSchedule(("cooling", "rain"), 1),
        "制冷季前、雨季前，提前1天",
        "before the cooling season and the rainy season, 1 day ahead",
    ),
    (MeterSchedule("run_hours", 1500.0), "每运行1500小时", "every 1500 running hours"),
    (MeterSchedule("starts", 0.5), "每启动0.5次", "every 0.5 starts"),
    (MeterSchedule("Door_cycles", 2e7), "Door_cycles每增加2e+07", "every 2e+07 of Door_cycles"),
    (BeforeSchedule("EL-Insp", 30), "在EL-Insp之前，提前30天", "before EL-Insp, 30 days ahead"),
    (
        ConditionSchedule(("bearing", "seal")),
        "出现以下故障时：bearing, seal",
        "when one of these faults begins: bearing, seal",
    ),
    (IntervalSchedule(in_season="winter"), "仅在冬季", "only in the winter"),
    (
        IntervalSchedule("rain", open_hours=True),
        "仅在雨季，仅在营业时间内",
        "only in the rainy season, only in opening hours",
    ),
]


@pytest.mark.parametrize(("schedule", "zh", "en"), SAID)
def test_a_schedule_is_written_in_words_and_read_again(schedule: Schedule, zh: str, en: str) -> None:
    assert (write_schedule(schedule, "zh"), write_schedule(schedule, "en")) == (zh, en)
    assert read_schedule(zh) == read_schedule(en) == schedule


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        ("安裝後第1、4年，之後每年一次", AgeSchedule((1, 4), then=YEAR)),
        ("製冷季前、供暖季前，提前7天", SeasonSchedule(("cooling", "heating"), 7)),
        ("僅在雨季，僅在營業時間內", IntervalSchedule("rain", open_hours=True)),
        ("每啟動100次", MeterSchedule("starts", 100.0)),
        ("出現以下故障時：bearing、seal", ConditionSchedule(("bearing", "seal"))),
    ],
)
def test_traditional_words_mean_the_same(text: str, schedule: Schedule) -> None:
    assert read_rule(text) == schedule


@pytest.mark.parametrize(
    "schedule",
    [
        AgeSchedule((1,), then=Interval(36_525, IntervalUnit.DAY)),
        MeterSchedule("run_hours", 1234.5678),
        BeforeSchedule("the heating season", 3),
        BeforeSchedule("A, 3 days ahead"),
        ConditionSchedule(("a, b",)),
        MeterSchedule("a b", 3.0),
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_words_cannot_say_is_written_as_its_object(schedule: Schedule, language: str) -> None:
    cell = write_schedule(schedule, language)
    assert read_schedule(cell) == schedule
    if rule_text(schedule, "en") is None:
        assert str(write_schedule(schedule, "en")).startswith("{")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_frequency_of_a_row_by_age_or_season_says_when_and_comes_back_without_a_warning(language: str) -> None:
    rows = [
        one.row for one in seed_rows() if isinstance(one.row.schedule, AgeSchedule | SeasonSchedule | MeterSchedule)
    ]
    assert {row.schedule.type for row in rows} == {"age", "season", "meter"}
    for row in rows:
        text = frequency_text(row.interval, row.schedule, language)
        assert text, row.code
        found = read_frequency(text)
        assert found.interval == row.interval or row.interval != implied_interval(row.schedule), row.code
        assert not found.read_as


def test_every_season_has_words() -> None:
    for season in SEASONS:
        for language in ("zh", "en"):
            text = frequency_text(YEAR, SeasonSchedule((season,)), language)
            assert read_frequency(text).schedule == SeasonSchedule((season,)), text


def test_words_of_a_frequency_are_a_rule_where_they_are_no_plain_interval() -> None:
    for text in ("供暖前", "before heating season", "before the heating season"):
        assert read_schedule(text) == SeasonSchedule(("heating",))
    for text in ("每月一次", "有空时", "安装后第4、1年", "供暖季前，提前999天"):
        with pytest.raises(CellProblem) as refused:
            read_schedule(text)
        assert refused.value.code == "unknown_choice"
        assert "提前14天" in refused.value.said.zh
        assert "14 days ahead" in refused.value.said.en


@pytest.mark.parametrize("language", ["zh", "en"])
def test_another_meter_is_said_by_the_rule_alone(language: str) -> None:
    schedule = MeterSchedule("Door_cycles", 5.0)
    assert not frequency_text(implied_interval(schedule), schedule, language)
    assert read_schedule(write_schedule(schedule, language)) == schedule
    for point in ("run_hours", "starts"):
        assert frequency_text(implied_interval(schedule), MeterSchedule(point, 5.0), language)
